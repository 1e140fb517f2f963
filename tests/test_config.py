"""sources.yml: what is taken, what is refused, and where messages point."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dango_dbt.config import (
    STAGING_DATASET_SUFFIX,
    SourcesConfig,
    json_schema,
    load,
    problems,
)
from dango_dbt.errors import ConfigError, ExitCode

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "dango_dbt" / "sources.schema.json"

#: One good source on the lines 2 to 6; what follows begins on line 7.
SHOP = """\
sources:
  - name: shop
    type: dlt_native
    dlt_native:
      source_module: shop_api
      source_function: shop
"""
SECOND = SHOP.partition("\n")[2].replace("name: shop", "name: second")  # lines 7 to 11

FULL = """\
version: '1.0'
sources:
  - name: ecommerce                # a comment
    type: dlt_native
    enabled: true
    description: E-commerce data from DummyJSON API
    dlt_native:
      source_module: ecommerce_api
      source_function: ecommerce_api
      function_kwargs:
        api_key: ${DUMMY_API_KEY}
        auth: {scopes: [read, "${SCOPE}"]}
    dataset_name: raw_ecommerce
    resources: [products, carts]
    pipeline_name: ecommerce
    max_table_nesting: 2
    nested_keys: false
    on_empty: allow
    schedule: "0 2 * * *"
    freshness: {warn_after: {count: 12, period: hour}, error_after: {count: 2, period: day}}
    staging:
      include: ["c*", products]
      exclude: ["*__images"]
      deduplicate: true
      incremental: false
      variants: coalesce
      dlt_columns: hide
      tables:
        carts: {deduplicate: false, incremental: true, variants: keep, dlt_columns: keep}
dbt_project: ../dbt
generate: {target: dev}
shared_targets: [dev, ci]
"""


@pytest.fixture
def sources_yml(tmp_path: Path) -> Path:
    """The path of a sources.yml that is yet to be written."""
    path = tmp_path / ".dango" / "sources.yml"
    path.parent.mkdir()
    return path


def load_text(path: Path, text: str) -> SourcesConfig:
    path.write_text(text, encoding="utf-8")
    return load(path)


# ---------------------------------------------------------------- what is taken


def test_all_keys_are_read(sources_yml: Path) -> None:
    config = load_text(sources_yml, FULL)
    (source,) = config.sources
    assert config.version == "1.0"
    assert config.dbt_project == "../dbt"
    assert config.generate.target == "dev"
    assert config.shared_targets == ("dev", "ci")
    assert source.model_dump(exclude={"rest_api", "sql_database", "filesystem"}) == {
        "name": "ecommerce",
        "type": "dlt_native",
        "enabled": True,
        "description": "E-commerce data from DummyJSON API",
        "dlt_native": {
            "source_module": "ecommerce_api",
            "source_function": "ecommerce_api",
            "function_kwargs": {
                "api_key": "${DUMMY_API_KEY}",
                "auth": {"scopes": ["read", "${SCOPE}"]},
            },
        },
        "dataset_name": "raw_ecommerce",
        "resources": ("products", "carts"),
        "pipeline_name": "ecommerce",
        "max_table_nesting": 2,
        "nested_keys": False,
        "on_empty": "allow",
        "schedule": "0 2 * * *",
        "freshness": {
            "warn_after": {"count": 12, "period": "hour"},
            "error_after": {"count": 2, "period": "day"},
        },
        "staging": {
            "include": ("c*", "products"),
            "exclude": ("*__images",),
            "deduplicate": True,
            "incremental": False,
            "variants": "coalesce",
            "dlt_columns": "hide",
            "tables": {
                "carts": {
                    "deduplicate": False,
                    "incremental": True,
                    "variants": "keep",
                    "dlt_columns": "keep",
                }
            },
        },
    }


def test_all_but_name_type_and_code_has_a_default(sources_yml: Path) -> None:
    config = load_text(sources_yml, SHOP)
    (source,) = config.sources
    assert (config.dbt_project, config.generate.target) == ("dbt_project", None)
    assert (source.enabled, source.dataset, source.pipeline) == (True, "raw_shop", "shop")
    assert (source.resources, source.max_table_nesting) == (None, None)
    assert source.code.kwargs == {}


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("", 0),
        ("timezone:\n", 0),
        ("timezone: UTC\n", 0),
        ("timezone: Asia/Tokyo\n", 9),
        ("timezone: Etc/GMT+5\n", -5),
    ],
)
def test_the_time_zone_of_schedules_is_utc_or_as_named(
    sources_yml: Path, text: str, hours: int
) -> None:
    zone = load_text(sources_yml, text + "sources: []").zone
    assert dt.datetime(2026, 1, 1, tzinfo=zone).utcoffset() == dt.timedelta(hours=hours)


@pytest.mark.parametrize("schedule", ["@daily", "*/5 9-17 1,15 jan-mar mon", "0 0 29 2 *"])
def test_a_schedule_that_comes_round_is_taken(sources_yml: Path, schedule: str) -> None:
    (source,) = load_text(sources_yml, in_source(f"schedule: {schedule!r}")).sources
    assert source.schedule == schedule


def test_names_given_replace_the_default_ones(sources_yml: Path) -> None:
    text = SHOP + "    dataset_name: _lake\n    pipeline_name: Old-pipeline\n"
    (source,) = load_text(sources_yml, text).sources
    assert (source.dataset, source.pipeline) == ("_lake", "Old-pipeline")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("# nothing yet\n", []),
        ("sources:\n", []),
        ("sources: []\ngenerate:\n", []),
        ("[]", []),
        ("version: 1.0\n" + SHOP, ["shop"]),
        (SHOP.partition("\n")[2], ["shop"]),
        ("\ufeff" + SHOP, ["shop"]),
        (SHOP.replace("\n", "\r\n"), ["shop"]),
        (SHOP + "      function_kwargs:\n    resources:\n    description:\n", ["shop"]),
        (
            SHOP.replace("- name: shop", "- &shop\n    name: shop")
            + "  - <<: *shop\n    name: b\n  - {<<: *shop, name: c}\n",
            ["shop", "b", "c"],
        ),
    ],
)
def test_short_forms_are_taken(sources_yml: Path, text: str, names: list[str]) -> None:
    assert [source.name for source in load_text(sources_yml, text).sources] == names


def test_values_are_those_of_safe_load(sources_yml: Path) -> None:
    kwargs = (
        "{since: 2024-01-31, on: [1, 2.5, yes, ~], x: &x {a: 1}, y: {<<: *x, b: !!binary aGk=}}"
    )
    text = f"{SHOP}      function_kwargs: {kwargs.replace('on:', 'flags:')}\n"
    values = load_text(sources_yml, text).sources[0].code.kwargs
    assert values == {
        "since": dt.date(2024, 1, 31),
        "flags": [1, 2.5, True, None],
        "x": {"a": 1},
        "y": {"a": 1, "b": b"hi"},
    }


@pytest.mark.parametrize("word", ["true", "yes", "On", "false", "no", "OFF"])
def test_all_of_yaml_s_words_for_true_and_false_are_taken(sources_yml: Path, word: str) -> None:
    config = load_text(sources_yml, f"{SHOP}    enabled: {word}\n")
    assert config.sources[0].enabled is (word in {"true", "yes", "On"})


# ---------------------------------------------------------------- places


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("sources", 0), "3:5"),
        (("sources", 0, "name"), "3:11"),
        (("sources", 0, "dlt_native", "function_kwargs", "api_key"), "11:18"),
        (("sources", 0, "dlt_native", "function_kwargs", "auth", "scopes", 1), "12:31"),
        (("sources", 0, "max_table_nesting", "no", "such", 1), "16:24"),
        (("sources", 7), "3:3"),
        ((), "1:1"),
    ],
)
def test_a_config_knows_where_its_values_stand(
    sources_yml: Path, path: tuple[str | int, ...], place: str
) -> None:
    assert str(load_text(sources_yml, FULL).place(*path)) == f".dango/sources.yml:{place}"


@pytest.mark.parametrize(
    ("text", "line"), [(SHOP + SECOND, 10), ((SHOP + SECOND).partition("\n")[2], 9)]
)
def test_a_config_knows_where_its_sources_stand(sources_yml: Path, text: str, line: int) -> None:
    config = load_text(sources_yml, text)
    place = config.place_of(config.sources[1], "dlt_native", "source_module")
    assert (place.line, place.column) == (line, 22)


# ---------------------------------------------------------------- what is refused


def in_source(lines: str) -> str:
    return f"{SHOP}    {lines}\n"


def in_kwargs(lines: str) -> str:
    return f"{SHOP}      function_kwargs:\n        {lines}\n"


REFUSED: list[tuple[str | bytes, str, str]] = [
    # (file, place, part of the message)
    # unknown and missing keys
    ("surces: []", "1:1", "unknown key `surces`, did you mean `sources`?"),
    (
        SHOP.partition("\n")[2].replace("- name", "- nam"),
        "1:5",
        "unknown key `nam`, did you mean `name`?",
    ),
    (SHOP.replace("source_module", "source_modul"), "5:7", "did you mean `source_module`?"),
    (SHOP + "generate:\n  targets: dev\n", "8:3", "`targets`, did you mean `target`?"),
    (in_source("zzz:"), "7:5", "unknown key `zzz`"),
    (in_source("1: x"), "7:5", "key `1` must be text"),
    (in_kwargs("1: x"), "8:9", "key `1` must be text"),
    (SHOP.replace("      source_function: shop\n", ""), "4:5", "missing key `source_function`"),
    (SHOP.replace("name: shop", "name:"), "2:5", "`name` has no value"),
    (SHOP.partition("    dlt_native:")[0], "3:5", "missing key `dlt_native`"),
    # values of the wrong type
    (in_source('enabled: "yes"'), "7:14", "`enabled` must be true or false, not 'yes'"),
    (in_source("enabled: maybe"), "7:14", "`enabled` must be true or false, not 'maybe'"),
    (in_source("enabled: 1"), "7:14", "`enabled` must be true or false, not `1`"),
    (SHOP.replace(": shop\n    t", ": on\n    t"), "2:11", "`on`, which YAML reads as true"),
    (SHOP.replace(": shop\n    t", ": 12\n    t"), "2:11", "`12`, which YAML reads as a number"),
    (in_source("description: 2024-01-01"), "7:18", "which YAML reads as a date"),
    (in_source("description: [x]"), "7:18", "`description` must be text, not a list"),
    (in_source("max_table_nesting: true"), "7:24", "must be a whole number, not `true`"),
    (in_source("max_table_nesting: 1.0"), "7:24", "must be a whole number, not `1.0`"),
    (in_source("max_table_nesting: '1'"), "7:24", "must be a whole number, not '1'"),
    (in_source("max_table_nesting: -1"), "7:24", "must be 0 or more, not `-1`"),
    (in_source("schedule: daily"), "7:15", "`schedule` must be five fields of cron, such as"),
    (in_source("schedule: 5"), "7:15", "`schedule` must be text, not `5`"),
    (in_source("schedule: R R * * *"), "7:15", "`schedule` must be five fields of cron"),
    (in_source("schedule: 0 0 31 2 *"), "7:15", "must be times that come round, not '0 0 31 2 *'"),
    (in_source("schedule: 61 * * * *"), "7:15", "must be times that come round"),
    (in_source("schedule: 0 2 * * foo"), "7:15", "must be times that come round"),
    (in_source("schedule: 0 2 * * */0"), "7:15", "must be times that come round"),
    ("timezone: Berlin", "1:11", "must be the IANA name of a time zone, such as Europe/Berlin"),
    ("timezone: europe/berlin", "1:11", "must be the IANA name of a time zone"),
    ("timezone: Europe", "1:11", "must be the IANA name of a time zone"),
    ("timezone: Europe/../Europe/Berlin", "1:11", "must be the IANA name of a time zone"),
    ("timezone: localtime", "1:11", "must be the IANA name of a time zone"),
    ("timezone: /etc/localtime", "1:11", "must be the IANA name of a time zone"),
    ("timezone: ''", "1:11", "must be the IANA name of a time zone"),
    ("timezone: 1", "1:11", "`timezone` must be text, not `1`"),
    (in_source("staging: hide"), "7:14", "`staging` must be a mapping of keys and values"),
    (in_source("staging: {dedup: true}"), "7:15", "`dedup`, did you mean `deduplicate`?"),
    (in_source("staging: {exclude: '*'}"), "7:24", "`exclude` must be a list, not '*'"),
    (in_source("staging: {exclude: []}"), "7:24", "`exclude` must be a list with at least one"),
    (in_source("staging: {variants: merge}"), "7:25", "must be 'keep' or 'coalesce', not 'merge'"),
    (
        in_source("staging: {tables: {carts: {increment: true}}}"),
        "7:32",
        "unknown key `increment`, did you mean `incremental`?",
    ),
    (in_source("staging: {tables: {carts: true}}"), "7:31", "`carts` must be a mapping of keys"),
    (in_source("staging: {tables: {carts: {exclude: [x]}}}"), "7:32", "unknown key `exclude`"),
    (in_source("freshness: 12"), "7:16", "`freshness` must be a mapping of keys and values"),
    (in_source("freshness: {}"), "7:16", "`freshness` must be a mapping with `warn_after`,"),
    (
        in_source("freshness: {warn-after: 1}"),
        "7:17",
        "unknown key `warn-after`, did you mean `warn_after`?",
    ),
    (in_source("freshness: {warn_after: {count: 1}}"), "7:17", "missing key `period`"),
    (in_source("freshness: {warn_after: {count: 0, period: day}}"), "7:37", "must be 1 or more"),
    (
        in_source("freshness: {error_after: {count: 1, period: days}}"),
        "7:49",
        "`period` must be 'minute', 'hour' or 'day', not 'days'",
    ),
    (
        in_source("freshness: {warn_after: {count: 1, period: day, filter: x}}"),
        "7:53",
        "unknown key `filter`",
    ),
    (in_source("resources: carts"), "7:16", "`resources` must be a list, not 'carts'"),
    (in_source("resources: []"), "7:16", "at least one name"),
    (in_source("resources: [a, 1]"), "7:20", "entry 2 of `resources` must be text"),
    (in_source("resources: ['']"), "7:17", "at least one character"),
    (SHOP.replace("source_module: shop_api", "[]"), "6:7", "not valid YAML"),
    ("sources: {name: a}", "1:10", "`sources` must be a list, not a mapping"),
    ("sources:\n  - shop\n", "2:5", "entry 1 of `sources` must be a mapping"),
    ("sources:\n  -\n", "2:4", "entry 1 of `sources` must be a mapping"),
    ("hello", "1:1", "the file must be a mapping"),
    (in_kwargs("- a"), "8:9", "`function_kwargs` must be a mapping"),
    ("generate: dev", "1:11", "`generate` must be a mapping"),
    ("dbt_project: ''", "1:14", "at least one character"),
    ("version: 2", "1:10", "`version` must be '1.0', not `2`"),
    ("version: true", "1:10", "`version` must be '1.0', not `true`"),
    (SHOP.replace("type: dlt_native", "type: csv"), "3:11", "`type` must be 'dlt_native'"),
    # names
    *[
        (SHOP.replace("name: shop", f"name: {name}"), "2:11", "`name` must be lower-case letters")
        for name in ("Shop", "my-shop", "a__b", "a_", "_a", "1a", "ä", "'a\\n'", "''")
    ],
    (in_source("dataset_name: Raw"), "7:19", "dlt would rename the dataset"),
    (in_source("dataset_name: raw__a"), "7:19", "dlt would rename the dataset"),
    (in_source("pipeline_name: a/b"), "7:20", "`pipeline_name` must be letters"),
    (SHOP.replace("shop_api", "custom/shop.py"), "5:22", "a Python module's name"),
    (SHOP.replace("function: shop", "function: shop()"), "6:24", "a Python function's name"),
    # what two sources share
    (SHOP + SECOND.replace("second", "shop"), "7:11", "name `shop`: the other is on line 2"),
    (SHOP + SECOND + "    dataset_name: raw_shop\n", "12:19", "the other is on line 2"),
    (SHOP + SECOND + "    pipeline_name: SHOP\n", "12:20", "the other is on line 2"),
    (SHOP + SECOND.replace("second", "shop_dlt_staging"), "7:11", "dlt stages the loads"),
    # keys that are there twice
    (SHOP + "sources: []\n", "7:1", "key `sources` is there twice: first on line 1"),
    (in_source("type: dlt_native"), "7:5", "key `type` is there twice: first on line 3"),
    (in_kwargs("a: {b: 1, 'b': 2}"), "8:19", "key `b` is there twice: first on line 8"),
    (in_kwargs("<<: {a: 1, a: 2}"), "8:20", "key `a` is there twice"),
    # no YAML
    ("sources:\n\t- name: a\n", "2:1", "not valid YAML"),
    ("sources:\n  - a: 1\n b: 2\n", "3:2", "not valid YAML"),
    ("a: b: c", "1:5", "not valid YAML"),
    ("a: 'x", "1:6", "not valid YAML"),
    ("a: *x", "1:4", "not valid YAML"),
    ("a: !env X", "1:4", "not valid YAML"),
    ("--- {}\n--- {}\n", "2:1", "expected a single document"),
    ("a: {{ x }}", "1:5", "a list or mapping as a key"),
    ("a: &x [*x]", "1:4", "an alias stands inside"),
    ("<<: 3", "1:5", "not valid YAML"),
    (in_kwargs("since: 2024-13-45"), "8:16", "looks like a YAML timestamp but is none"),
    (in_kwargs("size: !!int x"), "8:15", "looks like a YAML int but is none"),
    ("[" * 100_000, "1:101", "nested deeper than 100 levels"),
    ("é: é\x07", "1:5", "character '\\x07' is not allowed"),
    (b"a: 1\nb: \xff", "2:4", "this is not UTF-8"),
    ("a: 1".encode("utf-16"), "1:1", "this is not UTF-8"),
]


@pytest.mark.parametrize(("text", "place", "message"), REFUSED)
def test_a_mistake_is_named_with_its_place(
    sources_yml: Path, text: str | bytes, place: str, message: str
) -> None:
    sources_yml.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert [(str(error.place), message in error.message) for error in problems(sources_yml)] == [
        (f".dango/sources.yml:{place}", True)
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("sources:\n\t- name: a\n", "indent with spaces, not tabs"),
        ("a: !env X", "put text that begins with ! in quotes"),
        (in_source("enabled: 'no'"), "write it without quotes"),
        (in_source("max_table_nesting: '1'"), "write it without quotes"),
        (in_source("description: on"), "put it in quotes: 'on'"),
        (in_source("schedule: 0 24 * * *"), "`24` is no hour: these are 0 to 23"),
        (in_source("schedule: 0 0 31 2 *"), "no month has such a day"),
        (in_source("resources: carts"), "begin each item with `- `"),
        (
            "zzz: 1",
            f"the keys here are: {', '.join(SourcesConfig.model_fields)}",
        ),
    ],
)
def test_a_mistake_comes_with_what_to_do(sources_yml: Path, text: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(sources_yml, text)
    assert caught.value.hint == hint


def test_all_problems_are_reported_at_once_in_the_order_of_the_lines(sources_yml: Path) -> None:
    text = SHOP + SECOND.replace("second", "shop") + "    enabled: maybe\n    typ: x\nversion: 3\n"
    with pytest.raises(ConfigError) as caught:
        load_text(sources_yml, text)
    first, *lines = str(caught.value).splitlines()
    assert first == "4 problems"
    assert [line.split(" ")[0] for line in lines] == [
        f".dango/sources.yml:{place}:" for place in ("7:11", "12:14", "13:5", "14:10")
    ]
    assert len(problems(sources_yml)) == 4


def test_one_problem_is_raised_as_itself(sources_yml: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(sources_yml, "version: 2")
    assert str(caught.value) == ".dango/sources.yml:1:10: `version` must be '1.0', not `2`"
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_missing_file_names_the_command_that_makes_it(sources_yml: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no \.dango/sources\.yml") as caught:
        load(sources_yml)
    assert caught.value.hint == "create a project with `dango-dbt init`"


def test_a_folder_in_the_file_s_place_is_no_traceback(sources_yml: Path) -> None:
    sources_yml.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load(sources_yml)


# Documents near enough to valid ones to get past the first check, and anything at all.
_KEYS = st.sampled_from([*FULL.replace(":", " ").replace("-", " ").split(), "<<", "1", "on"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text() | _KEYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6),
)
_TEXTS = st.lists(st.sampled_from([*"\n\t:-#&*<![]{}'\"|>%@ ae1", "<<: ", "\n  - ", "!!int "]))


@given(
    content=st.binary()
    | st.text().map(str.encode)
    | _TEXTS.map(lambda parts: "".join(parts).encode())
    | _VALUES.map(lambda value: yaml.safe_dump({"sources": [value]}).encode())
    | _VALUES.map(lambda value: yaml.safe_dump(value).encode())
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_the_file_holds_only_a_config_error_is_raised(
    sources_yml: Path, content: bytes
) -> None:
    sources_yml.write_bytes(content)
    for error in problems(sources_yml):
        assert error.place is not None
        assert error.message


# ---------------------------------------------------------------- the JSON Schema


def errors_by_schema(data: Any) -> list[str]:  # noqa: ANN401 - whatever YAML gives
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    return [error.message for error in validator.iter_errors(data)]


def test_the_shipped_schema_is_current() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    shipped = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert shipped == json_schema(), "run scripts/sources_schema.py"


@pytest.mark.parametrize(
    "text",
    [FULL, SHOP, SHOP.partition("\n")[2], "", "sources:\n", "version: 1.0\ngenerate:\n"],
)
def test_the_schema_takes_what_load_takes(sources_yml: Path, text: str) -> None:
    load_text(sources_yml, text)
    assert errors_by_schema(yaml.safe_load(text)) == []


def test_the_schema_takes_the_bundled_file() -> None:
    path = ROOT / ".dango" / "sources.yml"
    assert problems(path) == []
    assert errors_by_schema(yaml.safe_load(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("zone", ["Berlin", "europe/berlin"])
def test_a_time_zone_s_right_name_is_told(sources_yml: Path, zone: str) -> None:
    sources_yml.write_text(f"timezone: {zone}\n", encoding="utf-8")
    (problem,) = problems(sources_yml)
    assert problem.hint == "did you mean `Europe/Berlin`?"


@pytest.mark.parametrize(
    "text",
    [
        text
        for text, _, message in REFUSED
        if isinstance(text, str) and message.startswith(("unknown", "missing", "`"))
    ],
)
def test_the_schema_refuses_what_load_refuses_in_one_source(text: str) -> None:
    data = yaml.safe_load(text)
    if text == in_source("max_table_nesting: 1.0"):
        assert errors_by_schema(data) == []  # JSON knows no difference between 1 and 1.0
    else:
        assert errors_by_schema(data) != []


@pytest.mark.parametrize(
    "model",
    [
        "SourcesConfig",
        "SourceConfig",
        "DltNativeConfig",
        "GenerateConfig",
        "FreshnessConfig",
        "AgeConfig",
    ],
)
def test_every_key_is_described(model: str) -> None:
    definitions = json_schema()["$defs"]
    for name, key in definitions[model]["properties"].items():
        assert key.get("description"), name


# ---------------------------------------------------------------- dlt's rules, by dlt itself


@pytest.mark.parametrize("dataset", ["raw_shop", "_lake", "raw_a1_2b"])
def test_dlt_keeps_the_datasets_that_we_take(sources_yml: Path, dataset: str) -> None:
    (source,) = load_text(sources_yml, in_source(f"dataset_name: {dataset}")).sources
    assert dataset_in_warehouse(source.dataset) == (dataset, f"{dataset}_dlt_staging")


def dataset_in_warehouse(dataset: str) -> tuple[str, str]:
    from dlt.common.destination.client import DestinationClientDwhConfiguration
    from dlt.common.schema import Schema

    client = DestinationClientDwhConfiguration()
    client.staging_dataset_name_layout = f"%s{STAGING_DATASET_SUFFIX}"
    client = client._bind_dataset_name(dataset)
    schema = Schema("any")
    staging = client.normalize_staging_dataset_name(schema)
    return client.normalize_dataset_name(schema), staging

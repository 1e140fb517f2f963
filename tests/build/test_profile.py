from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dango_dbt.build import adapter_type, default_target, resolve_target, taken_target
from dango_dbt.build.rendering import (
    TemplateError,
    render,
    render_with_dbt,
    render_with_jinja,
)
from dango_dbt.errors import ConfigError
from dango_dbt.project import DbtProject

#: Writes a dbt project from its files; again: more files, or others.
Write = Callable[[Mapping[str, str]], DbtProject]

PROFILES = """\
shop:
  target: "{{ env_var('SHOP_TARGET', 'dev') }}"
  outputs:
    dev:
      type: duckdb
      path: ../data/dev.duckdb
      schema: analytics
      threads: 4
      config_options: {memory_limit: "{{ env_var('SHOP_MEMORY', '1GB') }}"}
      attach:
        - {path: "{{ env_var('SHOP_ATTACH', 'other.duckdb') }}", read_only: true}
    prod:
      type: postgres
      schema: marts
      port: "{{ env_var('SHOP_PORT') | as_number }}"
      password: "{{ env_var('DBT_ENV_SECRET_SHOP') }}"
      user: hunter2
    big: {type: bigquery, dataset: marts}
    bare: {type: duckdb}
    none:
other:
  outputs:
    default: {type: duckdb, path: x.duckdb}
"""


def test_rendered_fields_are_dbts_types(project: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PORT", "5432")
    monkeypatch.setenv("DBT_ENV_SECRET_SHOP", "p{{ w")
    shop = project({"profiles.yml": PROFILES})
    dev = resolve_target(shop)
    assert (dev.name, dev.type, dev.schema) == ("dev", "duckdb", "analytics")
    assert dev.directory == shop.directory
    assert dev.fields["threads"] == 4
    assert dev.fields["config_options"] == {"memory_limit": "1GB"}
    assert dev.fields["attach"] == [{"path": "other.duckdb", "read_only": True}]
    prod = resolve_target(shop, "prod")
    assert (prod.fields["port"], prod.fields["password"]) == (5432, "p{{ w")


def test_the_adapter_is_known_without_the_credentials(project: Write) -> None:
    shop = project({"profiles.yml": PROFILES})
    assert adapter_type(shop, "prod") == "postgres"
    assert taken_target(shop) == "dev"
    with pytest.raises(ConfigError, match="SHOP_PORT"):
        resolve_target(shop, "prod")


@pytest.mark.parametrize(
    ("target", "schema"), [("dev", "analytics"), ("big", "marts"), ("bare", "main")]
)
def test_the_schema_is_the_adapters(project: Write, target: str, schema: str) -> None:
    assert resolve_target(project({"profiles.yml": PROFILES}), target).schema == schema


@pytest.mark.parametrize(
    ("variables", "profile", "expected"),
    [
        ({}, "shop", "dev"),
        ({"SHOP_TARGET": "bare"}, "shop", "bare"),
        ({"SHOP_TARGET": "bare", "DBT_TARGET": "big"}, "shop", "big"),
        ({"DBT_TARGET": "bare", "DBT_ENGINE_TARGET": "big"}, "shop", "big"),
        ({}, "other", "default"),
        ({"DBT_PROFILE": "other"}, "shop", "default"),
        ({"SHOP_PROFILE": "other"}, "{{ env_var('SHOP_PROFILE') }}", "default"),
    ],
)
def test_the_target_is_the_one_that_dbt_takes(
    project: Write,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    profile: str,
    expected: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    shop = project(
        {"dbt_project.yml": f'name: shop\nprofile: "{profile}"\n', "profiles.yml": PROFILES}
    )
    assert resolve_target(shop).name == expected


def test_the_default_target_does_not_depend_on_the_environment(
    project: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_TARGET", "bare")
    assert default_target(project({"profiles.yml": PROFILES})) == "dev"


@pytest.mark.parametrize(
    ("profiles", "target", "message", "line"),
    [
        (PROFILES, "zz", "no target 'zz'; it has: dev, prod, big, bare, none", 3),
        (PROFILES, "prod", "`port` of profile 'shop'.*SHOP_PORT is not set", 15),
        (PROFILES.replace("SHOP_PORT", "HOME"), "prod", "`port` .*[Cc]ould not convert", 15),
        (PROFILES, "none", "target 'none' of profile 'shop' needs fields", 20),
        (
            "blog: {outputs: {dev: {type: duckdb}}}",
            None,
            "no profile 'shop'; there are: blog",
            None,
        ),
        ("shop: {target: dev}", None, "profile 'shop' has no `outputs:`", 1),
        ("shop:\n  a: [hunter2\n", None, "not valid YAML", 3),
        ("", None, "needs a profile", None),
        (
            PROFILES.replace("env_var('SHOP_PORT') | as_number", "hunter2 oops"),
            "prod",
            "`port` of profile 'shop' cannot be rendered",
            15,
        ),
        (PROFILES.replace("{{ env_var('DBT_ENV", "{{ nv('DBT_ENV"), "prod", "`port`", 15),
    ],
)
def test_errors_say_where_and_tell_no_secret(
    project: Write, profiles: str, target: str | None, message: str, line: int | None
) -> None:
    shop = project({"profiles.yml": profiles})
    with pytest.raises(ConfigError, match=message) as caught:
        resolve_target(shop, target)
    error = caught.value
    assert error.place is not None
    assert (error.place.path, error.place.line) == (shop.directory / "profiles.yml", line)
    assert "\n" not in str(error)
    assert "hunter2" not in f"{error} {error.hint}"


def test_an_unset_password_is_named(project: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PORT", "1")
    with pytest.raises(ConfigError, match=r"`password` .* DBT_ENV_SECRET_SHOP is not set"):
        resolve_target(project({"profiles.yml": PROFILES}), "prod")


def test_a_missing_file_says_where_it_should_be(
    project: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match=r"there is no .*nowhere.profiles.yml") as caught:
        resolve_target(project({}))
    assert "DBT_PROFILES_DIR" in str(caught.value.hint)


def test_an_unset_variable_in_the_projects_profile_is_named(project: Write) -> None:
    shop = project({"dbt_project.yml": "name: shop\nprofile: \"{{ env_var('NOT_SET') }}\"\n"})
    with pytest.raises(ConfigError, match="NOT_SET is not set"):
        resolve_target(shop)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1",
        "1.5",
        "true",
        "None",
        "'1'",
        "",
        "a\n",
        "a\n\n",
        "a\r\nb\rc",
        " a ",
        "}}",
        "[1, 2]",
    ],
)
def test_text_without_jinja_is_what_dbt_makes_of_it(text: str) -> None:
    assert render(text) == render_with_dbt(text)


RENDERED = {
    "{{ env_var('SHOP') }}": "7",
    "{{ env_var('SHOP') | as_number }}": 7,
    "{{ env_var('SHOP') | int }}": 7,
    "{{ env_var('SHOP') | as_native }}": 7,
    "{{ env_var('SHOP') | as_text }}": "7",
    "{{ env_var('NOT_SET', 'True') | as_bool }}": True,
    "{{ env_var('NOT_SET', '') }}": "",
    "a{{ env_var('SHOP') }}b": "a7b",
    "{{ 'x' if env_var('SHOP') == '7' else 'y' }}": "x",
    "{# nothing #}": "",
    "{% if true %}yes{% endif %}": "yes",
    "{{ env_var('DBT_ENV_SECRET_SHOP') }}": "{{ s }}",
    "pre-{{ env_var('DBT_ENV_SECRET_SHOP') }}": "pre-{{ s }}",
}


@pytest.mark.parametrize("with_what", [render_with_dbt, render_with_jinja])
@pytest.mark.parametrize(("text", "expected"), RENDERED.items())
def test_jinja_is_rendered_alike_with_and_without_dbt(
    monkeypatch: pytest.MonkeyPatch, with_what: Callable[..., object], text: str, expected: object
) -> None:
    monkeypatch.setenv("SHOP", "7")
    monkeypatch.setenv("DBT_ENV_SECRET_SHOP", "{{ s }}")
    rendered = with_what(text)
    assert (rendered, type(rendered)) == (expected, type(expected))


@pytest.mark.parametrize("with_what", [render_with_dbt, render_with_jinja])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ env_var('NOT_SET') }}", "the environment variable NOT_SET is not set"),
        ("{{ nothing() }}", "'nothing' is undefined"),
        ("{{ 'x' | as_number }}", "number"),
        ("secret\n{{ (", "unexpected"),
    ],
)
def test_what_cannot_be_rendered_is_said_in_one_line(
    with_what: Callable[..., object], text: str, message: str
) -> None:
    with pytest.raises(TemplateError, match=message) as caught:
        with_what(text)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("with_what", [render_with_dbt, render_with_jinja])
def test_a_password_that_looks_like_jinja_stays(with_what: Callable[..., object]) -> None:
    assert with_what("a{{(b", is_password=True) == "a{{(b"


def run_python(code: str, folder: Path) -> str:
    completed = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"SHOP_TARGET": "dev"},
    )
    return completed.stdout


def test_neither_the_import_nor_a_plain_profile_loads_dbt(project: Write) -> None:
    shop = project({})
    code = """if True:
        import sys
        from pathlib import Path
        from dango_dbt.build import resolve_target
        from dango_dbt.project import DbtProject
        assert resolve_target(DbtProject.read(Path(sys.argv[1]))).name == "dev"
        print(sorted({"dbt", "dbt_common", "jinja2", "duckdb"} & set(sys.modules)))
    """
    assert run_python(code, shop.directory) == "[]\n"


def test_without_dbt_the_profile_is_still_resolved_and_building_says_what_to_do(
    project: Write,
) -> None:
    shop = project({"profiles.yml": PROFILES})
    code = """if True:
        import sys
        sys.modules["dbt"] = None  # importing it fails, as where it is not installed
        from pathlib import Path
        from dango_dbt.build import resolve_target, runner
        from dango_dbt.errors import ConfigError
        from dango_dbt.project import DbtProject
        print(resolve_target(DbtProject.read(Path(sys.argv[1]))).fields["config_options"])
        try:
            runner()
        except ConfigError as error:
            print(error.hint)
    """
    printed = run_python(code, shop.directory)
    assert "{'memory_limit': '1GB'}" in printed
    assert "DANGO_DBT" in printed

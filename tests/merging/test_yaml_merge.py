"""Edits of a properties file that meet a new schema; what people have written stays as it is."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dango_dbt import yaml_files
from dango_dbt.merging import merged
from dango_dbt.merging.yaml_text import read_yaml, write_yaml

ROOT = Path(__file__).parents[2]
FILES = [
    *ROOT.glob("tests/generate/golden/*/*/*.yml"),
    *ROOT.glob("dbt_project/models/**/*.yml"),
]
FILE = PurePath("_shop__models.yml")

BASE = """\
version: 2
models:
  - name: stg_shop__orders
    description: Rows of `orders` as shop delivers them.
    columns:
      - name: id
        data_type: BIGINT
        data_tests:
          - unique:
              config:
                tags: [dlt_key]
          - not_null:
              config:
                tags: [dlt_key]
      - name: price
        data_type: BIGINT

  - name: stg_shop__users
    description: Rows of `users` as shop delivers them.
    columns:
      - name: name
        description: |-
          First line.
          # no comment
        data_type: VARCHAR
"""
NOT_NULL = "          - not_null:\n"
VIP = "      - name: vip\n        data_type: BOOLEAN\n"
NEW = BASE.replace("        data_type: BIGINT\n\n", f"        data_type: BIGINT\n{VIP}\n")
ITEMS = """
  - name: stg_shop__items
    description: Rows of `items` as shop delivers them.
    columns:
      - name: id
        data_type: BIGINT
"""


def merge(base: str, mine: str, theirs: str) -> str | None:
    return merged(FILE, base, mine, theirs, "duckdb")


@pytest.mark.parametrize("path", FILES, ids=lambda path: "-".join(path.parts[-3:]))
def test_taking_apart_and_putting_together_changes_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert write_yaml(read_yaml(text)) == text


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(
            (
                "description: Rows of `orders` as shop delivers them.",
                "description: What people buy.",
            ),
            id="a description",
        ),
        pytest.param(
            (
                "description: Rows of `orders` as shop delivers them.",
                "description: >\n      What people\n      buy.\n\n      # all of it",
            ),
            id="a description in a block",
        ),
        pytest.param(
            ("      - name: price\n", "      - name: price\n        description: In EUR.\n"),
            id="a description that was not there",
        ),
        pytest.param(
            ("      - name: price\n", "      # net\n\n      - name: price # in EUR\n"),
            id="comments",
        ),
        pytest.param(("version: 2\n", "# ours\nversion: 2 # of the format\n\n"), id="at the top"),
        pytest.param(
            (
                NOT_NULL,
                f"          - accepted_values: {{arguments: {{values: [1, 2]}}}}\n{NOT_NULL}",
            ),
            id="a test of one's own",
        ),
        pytest.param(
            (
                "              config:\n                tags: [dlt_key]\n          - not",
                "          - not",
            ),
            id="a test without its tag",
        ),
        pytest.param(
            ("              config:\n", "              config:\n                severity: warn\n"),
            id="a severity",
        ),
        pytest.param(
            ("    columns:\n", "    config: {contract: {enforced: true}}\n    columns:\n"),
            id="a contract",
        ),
        pytest.param(
            (
                "        data_type: VARCHAR\n",
                "        data_type: VARCHAR\n\n  # mine\n  - name: by_hand\n    description: x\n",
            ),
            id="a model of one's own",
        ),
        pytest.param(
            ("          # no comment\n", "          # a comment?\n"), id="in a block of text"
        ),
        pytest.param(
            ("        data_type: VARCHAR\n", "        data_type: VARCHAR\n# the end\n\n"),
            id="at the end",
        ),
        pytest.param(
            (
                "          - unique:\n              config:\n                tags: [dlt_key]\n",
                "",
            ),
            id="a test taken out",
        ),
    ],
)
def test_an_edit_stays_and_new_things_join(edit: tuple[str, str]) -> None:
    mine = BASE.replace(*edit, 1)
    assert mine != BASE
    assert merge(BASE, mine, BASE) == mine
    assert merge(BASE, mine, NEW) == NEW.replace(*edit, 1)
    text = merge(BASE, mine, NEW + ITEMS)
    assert text is not None
    assert ITEMS in text
    assert "stg_shop__items" in {model["name"] for model in yaml.safe_load(text)["models"]}


def test_a_type_changes_below_a_description_of_ones_own() -> None:
    """By lines these are neighbours, and a conflict."""
    described = "      - name: price\n        description: In EUR.\n        data_type: "
    mine = BASE.replace("      - name: price\n        data_type: ", described)
    theirs = BASE.replace(
        "- name: price\n        data_type: BIGINT", "- name: price\n        data_type: DOUBLE"
    )
    assert merge(BASE, mine, theirs) == mine.replace(described + "BIGINT", described + "DOUBLE")


def test_columns_in_another_order_keep_it_and_their_descriptions() -> None:
    id_block = BASE[BASE.index("      - name: id") : BASE.index("      - name: price")]
    mine = BASE.replace(id_block, "").replace(
        "      - name: price\n        data_type: BIGINT\n",
        f"      - name: price\n        description: In EUR.\n        data_type: BIGINT\n{id_block}",
    )
    text = merge(BASE, mine, NEW)
    columns = yaml.safe_load(str(text))["models"][0]["columns"]
    assert [column["name"] for column in columns] == ["price", "vip", "id"]
    assert columns[0]["description"] == "In EUR."


def test_another_indentation_is_kept_and_new_things_take_it() -> None:
    data = yaml.safe_load(BASE)
    mine = yaml.safe_dump(data, sort_keys=False, indent=4)
    assert mine != BASE
    text = merge(BASE, mine, NEW)
    assert text is not None
    assert yaml.safe_load(text) == yaml.safe_load(NEW)
    assert "    -   name: vip\n" in text


def test_a_column_that_goes() -> None:
    without = BASE.replace("      - name: price\n        data_type: BIGINT\n", "")
    mine = BASE.replace("Rows of `orders` as shop delivers them.", "Mine.")
    assert merge(BASE, mine, without) == without.replace(
        "Rows of `orders` as shop delivers them.", "Mine."
    )
    described = BASE.replace("- name: price\n", "- name: price\n        description: In EUR.\n")
    assert merge(BASE, described, without) is None


def test_both_change_one_thing() -> None:
    mine, theirs = (BASE.replace("VARCHAR", each) for each in ("varchar(20)", "TEXT"))
    assert merge(BASE, mine, theirs) is None
    assert merge(BASE, mine, mine) == mine


def test_a_description_of_ones_own_stays_whatever_is_generated() -> None:
    """It is written for people: what generation adds to its own is no reason for a conflict."""
    mine, theirs = (
        BASE.replace("Rows of `users` as shop delivers them.", each) for each in ("Mine.", "New.")
    )
    assert merge(BASE, mine, theirs) == mine


def test_both_add_one_thing() -> None:
    assert merge(BASE, NEW, NEW) == NEW
    mine = NEW.replace("BOOLEAN", "VARCHAR")
    assert merge(BASE, mine, NEW) is None


@pytest.mark.parametrize("mine", ["", "- 1\n", "models: [\n", "{version: 2}\n", "a: 1\n a: 2\n"])
def test_what_cannot_be_taken_apart_is_a_conflict(mine: str) -> None:
    assert merge(BASE, mine, NEW) is None


words = st.sampled_from(
    ["id", "name", "price", "a b", "x: y", "# c", "- d", "é", "first\nsecond\n"]
)
columns = st.lists(
    st.fixed_dictionaries({"name": words}, optional={"description": words, "data_type": words}),
    min_size=1,
    max_size=4,
    unique_by=lambda column: column["name"],
)
models = st.lists(
    st.fixed_dictionaries({"name": words, "columns": columns}, optional={"description": words}),
    min_size=1,
    max_size=3,
    unique_by=lambda model: model["name"],
)


def text_of(found: list[dict[str, Any]]) -> str:
    return yaml_files.render({"version": 2, "models": found}, blank_line_at=2)


@settings(max_examples=60, deadline=None)
@given(models, models)
def test_with_one_side_unchanged_the_other_one_is_the_result(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    base, changed = text_of(before), text_of(after)
    assert merge(base, changed, base) == changed
    found = merge(base, base, changed)
    assert found is not None
    assert by_name(yaml.safe_load(found)) == by_name(yaml.safe_load(changed))


def by_name(document: Any) -> Any:  # noqa: ANN401 - any YAML
    """Forget the order of what has a name."""
    if isinstance(document, dict):
        return {key: by_name(value) for key, value in document.items()}
    if isinstance(document, list):
        return {item["name"]: by_name(item) for item in document}
    return document

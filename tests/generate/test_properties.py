"""The properties files: golden text, tests that follow from hints, and text that stays text."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dango_dbt import dlt_schema
from dango_dbt.naming import test_name as name_of_test
from dango_dbt.schema import Column, SourceTables, Table
from dango_dbt.source_properties import sources_yaml
from tests.generate.rendering import models_of

MODELS = """\
version: 2
models:
  - name: stg_shop__slots
    description: Rows of `slots` as shop delivers them.
    data_tests:
      - dango_unique_combination:
          arguments:
            columns: [day, place]
          config:
            tags: [dlt_key]
      - dango_relationship:
          name: relationships__stg_shop__slots__day_place__slots
          arguments:
            columns: [day, place]
            to: ref('stg_shop__slots')
            to_columns: [day, place]
          config:
            severity: warn
            tags: [dlt_key]
    columns:
      - name: day
        data_type: DATE
        data_tests:
          - not_null:
              config:
                tags: [dlt_key]
      - name: place
        data_type: VARCHAR
        data_tests:
          - not_null:
              config:
                tags: [dlt_key]

  - name: stg_shop__users
    description: Rows of `users` as shop delivers them.
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
      - name: name
        data_type: VARCHAR
"""


def tables(shop: dict[str, Any], *names: str) -> SourceTables:
    found = tuple(table for table in dlt_schema.tables(shop, "duckdb") if table.name in names)
    return SourceTables("shop", "raw_shop", found, "A shop.")


def test_the_models_file_is_golden(shop: dict[str, Any]) -> None:
    assert models_of(tables(shop, "users", "slots")) == MODELS


def column_tests(table: str, column: str, shop: dict[str, Any]) -> dict[str, Any]:
    models = yaml.safe_load(models_of(tables(shop, *shop["tables"])))["models"]
    (model,) = [each for each in models if each["name"] == f"stg_shop__{table}"]
    (found,) = [each for each in model["columns"] if each["name"] == column]
    return {name: body for test in found.get("data_tests", []) for name, body in test.items()}


@pytest.mark.parametrize(
    ("table", "column", "expected"),
    [
        pytest.param("users", "id", {"unique", "not_null"}, id="primary key"),
        pytest.param("events", "id", {"not_null"}, id="append: dlt keeps every row"),
        pytest.param("slots", "day", {"not_null"}, id="part of a key"),
        pytest.param("carts", "code", {"unique"}, id="declared unique"),
        pytest.param("carts", "user_id", {"relationships"}, id="declared reference"),
        pytest.param("carts", "_dlt_id", set(), id="another key is declared"),
        pytest.param("carts__items", "_dlt_id", {"unique", "not_null"}, id="no declared key"),
        pytest.param("carts__items", "_dlt_parent_id", {"relationships"}, id="nested"),
    ],
)
def test_tests_follow_from_hints(
    table: str, column: str, expected: set[str], shop: dict[str, Any]
) -> None:
    assert set(column_tests(table, column, shop)) == expected


def test_a_key_with_a_history_is_not_unique(shop: dict[str, Any]) -> None:
    shop["tables"]["users"]["x-merge-strategy"] = "scd2"
    assert set(column_tests("users", "id", shop)) == {"not_null"}


def test_a_broken_link_is_an_error_only_where_dlt_keeps_it(shop: dict[str, Any]) -> None:
    nested = column_tests("carts__items", "_dlt_parent_id", shop)["relationships"]
    declared = column_tests("carts", "user_id", shop)["relationships"]
    assert "severity" not in nested["config"]
    assert declared["config"]["severity"] == "warn"


def rendered(text: str) -> str:
    """As dbt renders a description: every text with Jinja marks in it is a template."""
    environment = jinja2.Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701 - text, not HTML
    return environment.from_string(text).render()


texts = st.text(
    st.one_of(st.sampled_from("{}%#\"'\n:- "), st.characters(codec="utf-8", categories=["L", "P"])),
    min_size=1,
    max_size=40,
)


@given(texts)
def test_any_description_comes_out_as_itself(description: str) -> None:
    table = Table("t", (Column("a", "a", "INT", description=description),), description=description)
    source = SourceTables("s", "raw_s", (table,), description)
    (model,) = yaml.safe_load(models_of(source))["models"]
    (declared,) = yaml.safe_load(sources_yaml(source))["sources"]
    found = (model["description"], model["columns"][0]["description"], declared["description"])
    assert [rendered(text) for text in found] == [description] * 3


def test_names_of_tests_hold_nothing_that_a_file_name_cannot() -> None:
    assert name_of_test("relationships", "stg_a__b", ["x/y", "Größe"], ["t u"]) == (
        "relationships__stg_a__b__x_y_Gr_e__t_u"
    )

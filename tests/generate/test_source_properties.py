"""The file that declares a source: golden text, and what dlt and dagster call its tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jinja2
import pytest
import yaml

from dango_dbt import dlt_schema
from dango_dbt.config import AgeConfig, DltNativeConfig, FreshnessConfig, SourceConfig
from dango_dbt.freshness import thresholds
from dango_dbt.schema import Age, Freshness, SourceTables, Table
from dango_dbt.source_properties import sources_yaml

SOURCES = """\
version: 2
sources:
  - name: shop
    description: A shop.
    schema: raw_shop
    loader: dlt
    config:
      tags: [dlt]
      loaded_at_query: |
        select max(inserted_at)
        from {{ this.incorporate(path={"identifier": "_dlt_loads"}) }}
        where schema_name = 'shop_api' and status = 0
      freshness:
        warn_after:
          count: 12
          period: hour
        error_after:
          count: 2
          period: day
    tables:
      - name: slots
        description: Rows of `slots` as shop delivers them.
        config:
          meta:
            dlt:
              pipeline: old_shop
              resource: slots
              write_disposition: merge
            dagster:
              asset_key: [dlt_shop_api_slots]
        columns:
          - name: day
            data_type: DATE
          - name: place
            data_type: VARCHAR

      - name: users
        description: Rows of `users` as shop delivers them.
        config:
          meta:
            dlt:
              pipeline: old_shop
              resource: users
              write_disposition: replace
            dagster:
              asset_key: [dlt_shop_api_users]
        columns:
          - name: id
            data_type: BIGINT
          - name: name
            data_type: VARCHAR
"""


def tables(shop: dict[str, Any], *names: str) -> SourceTables:
    found = tuple(table for table in dlt_schema.tables(shop, "duckdb") if table.name in names)
    return SourceTables("shop", "raw_shop", found, "A shop.")


def declared(source: SourceTables) -> dict[str, Any]:
    (found,) = yaml.safe_load(sources_yaml(source))["sources"]
    assert isinstance(found, dict)
    return found


def asset_keys(source: SourceTables) -> dict[str, list[str] | None]:
    return {
        table["name"]: table["config"]["meta"].get("dagster", {}).get("asset_key")
        for table in declared(source)["tables"]
    }


def test_the_sources_file_is_golden(shop: dict[str, Any]) -> None:
    source = replace(
        tables(shop, "users", "slots"),
        dlt_name="shop_api",
        pipeline="old_shop",
        freshness=Freshness(Age(12, "hour"), Age(2, "day")),
    )
    assert sources_yaml(source) == SOURCES


def test_without_thresholds_the_query_is_there_all_the_same(shop: dict[str, Any]) -> None:
    """So that `+freshness` in dbt_project.yml is all that it takes."""
    config = declared(tables(shop, "users"))["config"]
    assert "_dlt_loads" in config["loaded_at_query"]
    assert "freshness" not in config


def test_a_threshold_may_stand_alone(shop: dict[str, Any]) -> None:
    source = replace(tables(shop, "users"), freshness=Freshness(error_after=Age(1, "day")))
    assert declared(source)["config"]["freshness"] == {"error_after": {"count": 1, "period": "day"}}


def test_nested_tables_tell_their_resource_and_have_no_asset_of_their_own(
    shop: dict[str, Any],
) -> None:
    """dagster-dlt makes one asset a resource, and dagster-dbt refuses two sources with one key."""
    source = tables(shop, "carts", "carts__items")
    assert asset_keys(source) == {"carts": ["dlt_shop_carts"], "carts__items": None}
    nested = declared(source)["tables"][1]["config"]["meta"]
    assert nested == {
        "dlt": {"pipeline": "shop", "resource": "carts", "write_disposition": "replace"}
    }


@pytest.mark.parametrize(
    ("names", "owner"), [(["a", "b"], "a"), (["a", "events"], "events"), (["events"], "events")]
)
def test_of_several_tables_of_a_resource_one_is_its_asset(names: list[str], owner: str) -> None:
    found = tuple(Table(name, (), resource="events") for name in names)
    keys = asset_keys(SourceTables("shop", "raw_shop", found))
    assert keys == {name: ["dlt_shop_events"] if name == owner else None for name in names}


def test_no_table_is_an_asset_where_two_sources_would_have_the_same_keys() -> None:
    found = (Table("t", (), resource="t"),)
    assert asset_keys(SourceTables("a", "raw_a", found, dlt_name="sql_database")) == {
        "t": ["dlt_sql_database_t"]
    }
    shared = SourceTables(
        "a", "raw_a", found, dlt_name="sql_database", dlt_name_shared=True, pipeline="p"
    )
    assert asset_keys(shared) == {"t": None}


def test_a_table_of_an_unknown_resource_has_no_asset() -> None:
    assert asset_keys(SourceTables("s", "raw_s", (Table("t", ()),))) == {"t": None}


STRANGE = ["{{ env_var('HOME') }}", 'it\'s "so"', "one\ntwo", "100 %}", "{% do x %}", "{# no #}"]


@pytest.mark.parametrize("text", STRANGE)
def test_names_and_texts_come_out_as_themselves(text: str) -> None:
    """dbt renders names and meta when it parses, and the query when it runs it."""
    source = SourceTables(
        "s",
        "raw_s",
        (Table(text, (), description=text, resource=text),),
        description=text,
        dlt_name=text,
        pipeline=text,
    )
    found = declared(source)
    (table,) = found["tables"]
    meta = table["config"]["meta"]
    texts = [found["description"], table["name"], table["description"]]
    texts += [meta["dlt"]["pipeline"], meta["dlt"]["resource"]]
    environment = jinja2.Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701 - text, not HTML
    assert [environment.from_string(each).render() for each in texts] == [text] * 5
    (key,) = meta["dagster"]["asset_key"]
    assert environment.from_string(key).render() == f"dlt_{text}_{text}"
    quoted = text.replace("'", "''")
    # the table itself is dbt's to name
    query = found["config"]["loaded_at_query"].replace("this.incorporate", "dict")
    assert f"schema_name = '{quoted}' and" in environment.from_string(query).render()


def configured(**keys: Any) -> SourceConfig:  # noqa: ANN401 - keys of sources.yml
    code = DltNativeConfig(source_module="shop", source_function="shop")
    return SourceConfig(name="shop", type="dlt_native", dlt_native=code, **keys)


@pytest.mark.parametrize(
    ("schedule", "warn", "error"),
    [
        pytest.param("0 2 * * *", Age(2, "day"), Age(4, "day"), id="daily"),
        pytest.param("@hourly", Age(2, "hour"), Age(4, "hour"), id="word"),
        pytest.param("*/15 * * * *", Age(30, "minute"), Age(1, "hour"), id="quarters"),
        pytest.param("0 0,23 * * *", Age(46, "hour"), Age(92, "hour"), id="pause within a day"),
        pytest.param("0 2 * * mon-fri", Age(6, "day"), Age(12, "day"), id="weekend"),
        pytest.param("*/5 9-17 * * 1-5", Age(7570, "minute"), Age(15140, "minute"), id="office"),
        pytest.param("0 2 1 * *", Age(62, "day"), Age(124, "day"), id="monthly"),
        pytest.param("0 0 29 2 *", Age(2922, "day"), Age(5844, "day"), id="leap years"),
    ],
)
def test_a_schedule_lets_expect_two_and_four_of_its_longest_pauses(
    schedule: str, warn: Age, error: Age
) -> None:
    assert thresholds(configured(schedule=schedule)) == Freshness(warn, error)


def test_what_is_given_goes_before_the_schedule() -> None:
    given = FreshnessConfig(warn_after=AgeConfig(count=3, period="hour"))
    source = configured(schedule="@daily", freshness=given)
    assert thresholds(source) == Freshness(Age(3, "hour"), None)


def test_nothing_given_means_no_thresholds() -> None:
    assert thresholds(configured()) is None

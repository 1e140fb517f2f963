"""`Table`s → dbt's properties file of the source: freshness, and what dlt and dagster call it.

`freshness`, `loaded_at_query`, `meta` and `tags` stand under `config:`, as dbt 1.11 wants them:
https://docs.getdbt.com/reference/source-configs
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dango_dbt import yaml_files
from dango_dbt.jinja import as_text
from dango_dbt.properties import column_properties, description_of
from dango_dbt.schema import Freshness, SourceTables, Table

__all__ = ["SOURCE_TAG", "sources_yaml"]

#: Carried by every generated source: `dbt source freshness --select tag:dlt`.
SOURCE_TAG = "dlt"

_Yaml = dict[str, Any]


def sources_yaml(source: SourceTables, *, loads: bool = False) -> str:
    """Render `_<source>__sources.yml`.

    Args:
        source: what to declare.
        loads: whether models select from dlt's table of loads.
    """
    tables = [_table(source, table) for table in source.tables]
    if loads and source.loads:
        tables.append(_loads(source.loads))
    declared: _Yaml = {"name": source.name}
    if source.description:
        declared["description"] = as_text(source.description)
    declared |= {
        "schema": source.dataset,
        "loader": "dlt",
        "config": _config(source),
        "tables": tables,
    }
    return yaml_files.render({"version": 2, "sources": [declared]}, blank_line_at=6)


def _config(source: SourceTables) -> _Yaml:
    config: _Yaml = {"tags": [SOURCE_TAG], "loaded_at_query": _loaded_at(source)}
    if source.freshness:
        config["freshness"] = _freshness(source.freshness)
    return config


def _loaded_at(source: SourceTables) -> str:
    """Ask when dlt has last finished a load of this source, one without rows included.

    dbt renders it with the table as `this`, so that quoting and database are those of the source.
    """
    schema = as_text((source.dlt_name or source.name).replace("'", "''"))
    loads = 'this.incorporate(path={"identifier": "_dlt_loads"})'
    if source.loads and not source.loads.identifier and any(t.identifier for t in source.tables):
        loads += ".quote(identifier=False)"  # where quotes keep the case, it is not the stored one
    return (  # dlt's name of the source is a literal in it
        "select max(inserted_at)\n"
        f"from {{{{ {loads} }}}}\n"
        f"where schema_name = '{schema}' and status = 0\n"
    )


def _freshness(freshness: Freshness) -> _Yaml:
    ages = {"warn_after": freshness.warn_after, "error_after": freshness.error_after}
    return {threshold: asdict(age) for threshold, age in ages.items() if age}


def _table(source: SourceTables, table: Table) -> _Yaml:
    return {
        "name": as_text(table.name),
        **_identifier(table),
        "description": as_text(description_of(source, table)),
        "config": {"meta": _meta(source, table)},
        "columns": [column_properties(column) for column in table.columns],
    }


def _loads(table: Table) -> _Yaml:
    columns = [column_properties(column) for column in table.columns]
    return {
        "name": table.name,
        **_identifier(table),
        "description": table.description,
        "columns": columns,
    }


def _identifier(table: Table) -> _Yaml:
    """Have dbt quote a name that cannot do without: on some warehouses it quotes none by itself."""
    if table.identifier is None:
        return {}
    named = {} if table.identifier == table.name else {"identifier": as_text(table.identifier)}
    return {**named, "quoting": {"identifier": True}}


def _meta(source: SourceTables, table: Table) -> _Yaml:
    about: _Yaml = {"pipeline": as_text(source.pipeline or source.name)}
    if table.resource:
        about["resource"] = as_text(table.resource)
    about["write_disposition"] = table.write_disposition
    meta: _Yaml = {"dlt": about}
    if key := _asset_key(source, table):
        meta["dagster"] = {"asset_key": [as_text(key)]}
    return meta


def _asset_key(source: SourceTables, table: Table) -> str | None:
    """Name the asset that dagster-dlt makes of the table's resource.

    A resource is one asset, and dagster-dbt refuses two tables with one key. So only one table has
    it: the one that is called like the resource, or else its first root table. And none has it
    where two sources would have the same keys.
    """
    if table.resource is None or source.dlt_name_shared:
        return None
    roots = [
        other for other in source.tables if other.resource == table.resource and not other.parent
    ]
    named = [other for other in roots if other.name == table.resource]
    if (named or roots)[:1] != [table]:
        return None
    return f"dlt_{source.dlt_name or source.name}_{table.resource}"

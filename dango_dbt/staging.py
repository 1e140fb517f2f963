"""`Table` → the SQL of its staging model. Pure.

The layout is written directly, in the style of sqlfmt, which leaves it unchanged; each expression
in it is rendered by sqlglot for the dialect generated for. The comments that head the groups also
keep a formatter from folding short lists into one line, so that a diff shows one column a line.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp  # noqa: TID253 - generation is what sqlglot is for; the CLI imports it late

from dango_dbt.layout import jinja_text, source_cte
from dango_dbt.schema import Column, Table

__all__ = ["staging_sql"]

_INDENT = " " * 12


def staging_sql(source: str, table: Table, dialect: str) -> str:
    """Render the staging model of one table.

    Args:
        source: name of the dbt source.
        table: what to select; every column is named.
        dialect: sqlglot's name of the dialect.
    """
    return (
        "with\n"
        f"{source_cte(source, table.name)}\n"
        "    renamed as (\n"
        "        select\n"
        f"{_select_list(table, dialect)}\n"
        "        from source\n"
        "    )\n"
        "select *\n"
        "from renamed\n"
    )


def _select_list(table: Table, dialect: str) -> str:
    lines: list[str] = []
    columns = len(table.columns)
    written = 0
    for heading, group in _groups(table):
        lines.extend(f"{_INDENT}-- {heading}" for _ in group[:1])
        for column in group:
            written += 1
            comma = "," if written < columns else ""
            lines.append(f"{_INDENT}{_expression(column, dialect)}{comma}")
    return "\n".join(lines)


def _groups(table: Table) -> Iterable[tuple[str, list[Column]]]:
    keys = [column for column in table.columns if column.primary_key or column.root_key]
    others = [column for column in table.columns if column not in keys]
    system = [column for column in others if column.system]
    plain = [column for column in others if not column.system]
    return ("keys", keys), ("columns", plain), ("loaded by dlt", system)


def _expression(column: Column, dialect: str) -> str:
    """Render one line of the select list; Jinja or line ends in a name come out as the name."""
    quoted = column.quoted != column.name
    sql = exp.column(exp.to_identifier(column.name, quoted=quoted)).sql(dialect=dialect)
    if not sql.isprintable() or any(mark in sql for mark in ("{{", "{%", "{#")):
        return jinja_text(sql)
    return sql

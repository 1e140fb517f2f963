"""Whether tables have rows, stable types, and a shape that a warehouse and people can do with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dango_dbt.sampled import Check
from dango_dbt.sampling.tested import Tested, check, counted
from dango_dbt.schema import Table

__all__ = ["DEEPEST", "WIDEST", "check_shapes"]

#: From here on a table is hard to work with: columns that the source delivers, levels of nesting.
WIDEST, DEEPEST = 250, 4

_TYPES, _ROWS, _PAGES, _SHAPE = "types-stable", "has-rows", "next-page", "table-shape"


def check_shapes(tested: Tested) -> Iterator[Check]:
    """Check the resources for rows and pages, and the tables for types, width and depth."""
    yield from _rows(tested)
    last = tested.second or tested.first
    for table in last.tables:
        found = [*_variants(table, tested), *_retyped(table, tested)]
        yield from found
        if not found:
            columns = counted(sum(not column.system for column in table.columns), "column")
            runs = "in both runs" if tested.second else "in the first run"
            evidence = f"{columns}, each of one type {runs}"
            yield check(_TYPES, table.name, "passed", evidence)
        yield _shape(table, last.tables)


def _rows(tested: Tested) -> Iterator[Check]:
    for resource in tested.first.resources:
        if not resource.selected:
            continue
        subject = resource.name
        if resource.rows:
            more = "" if resource.ended else "; the source may have more"
            pages = f"{counted(resource.rows, 'row')} in {counted(resource.pages, 'page')}"
            yield check(_ROWS, subject, "passed", f"{pages}{more}")
            if resource.pages > 1 and resource.repeated is not None:
                yield _next_page(subject, resource.pages, resource.repeated)
        elif tested.first.failed:
            yield check(_ROWS, subject, "unchecked", "no row had come when the load failed")
        elif resource.ended:
            evidence = "brought no row: nothing of it could be checked"
            hint = "see whether the account has such data, and whether the request is right"
            yield check(_ROWS, subject, "finding", evidence, hint)
        else:
            yield check(_ROWS, subject, "unchecked", "no row in the pages of the sample")


def _next_page(name: str, pages: int, repeated: int) -> Check:
    if not repeated:
        return check(_PAGES, name, "passed", f"{pages} pages, each with other rows")
    evidence = f"{repeated} of {pages} pages brought the rows of the page before"
    hint = (
        "the source does not get on to its next page, and a sync may never end: see how the API"
        " hands out pages, and which `paginator` that is"
    )
    return check(_PAGES, name, "finding", evidence, hint)


def _variants(table: Table, tested: Tested) -> Iterator[Check]:
    """Find columns whose values came in several types: dlt puts the others beside them."""
    before = tested.first.table(table.name)
    early = {column.name for column in before.columns} if before else set()
    for column in table.columns:
        if column.variant_of is None:
            continue
        first = tested.rows.of_run(1, table) if column.name in early else None
        now = first or tested.rows.now(table)
        rows = tested.rows.count(now, f"{column.quoted} is not null")
        base = next((one for one in table.columns if one.name == column.variant_of), None)
        fits = tested.rows.count(now, f"{base.quoted} is not null") if base else 0
        evidence = (
            f"{counted(fits, 'value')} as {base.data_type if base else 'its type'},"
            f" {rows:,} as {column.data_type}, which are in {column.name}"
        )
        hint = "declare the column's type (`columns={…}`), convert the values in the source's code"
        subject = f"{table.name}.{column.variant_of}"
        yield check(_TYPES, subject, "finding", evidence, f"{hint}, or set `variants: coalesce`")


def _retyped(table: Table, tested: Tested) -> Iterator[Check]:
    before = tested.first.table(table.name) if tested.second else None
    types = {column.name: column.data_type for column in before.columns} if before else {}
    for column in table.columns:
        known = types.get(column.name, column.data_type)
        if known != column.data_type:
            evidence = f"{known} in the first run, {column.data_type} in the second"
            hint = "declare the column's type in the source's code: `columns={…}`"
            subject = f"{table.name}.{column.name}"
            yield check(_TYPES, subject, "finding", evidence, hint)


def _shape(table: Table, tables: Sequence[Table]) -> Check:
    parents = {one.name: one.parent for one in tables}
    depth, parent = 0, table.parent
    while parent is not None:
        depth, parent = depth + 1, parents.get(parent)
    width = sum(not column.system for column in table.columns)
    nested = f"nested {counted(depth, 'level')} deep" if depth else "not nested"
    evidence = f"{counted(width, 'column')}, {nested}"
    if depth > DEEPEST:
        hint = "set `max_table_nesting` for the source in sources.yml: what is deeper becomes JSON"
        return check(_SHAPE, table.name, "finding", f"{evidence}: more than {DEEPEST} levels", hint)
    if width > WIDEST:
        hint = "an object with data in its keys? Give it the type `json`: `columns={…}`"
        evidence = f"{evidence}: more than {WIDEST} columns"
        return check(_SHAPE, table.name, "finding", evidence, hint)
    return check(_SHAPE, table.name, "passed", evidence)

"""Whether declared keys are keys: never null, and each in one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dango_dbt.sampled import Check
from dango_dbt.sampling.rows import content
from dango_dbt.sampling.tested import Run, Tested, check, counted, listed
from dango_dbt.schema import Column, Table

__all__ = ["check_keys"]

_NOT_NULL, _UNIQUE = "key-not-null", "key-unique"


def check_keys(tested: Tested) -> Iterator[Check]:
    """Check the keys of all tables in the rows of the first load, as the source delivered them.

    Nulls are looked for in what a resource yielded: dlt loads no row whose key is null, so that a
    load with such rows fails.
    """
    for resource in tested.first.resources:
        if resource.selected and resource.key_nulls:
            for name, nulls in resource.key_nulls.items():
                yield _not_null(f"{resource.name}.{name}", nulls, resource.rows)
    for table in tested.first.tables:
        relation = tested.rows.of_run(1, table)
        if relation is None:
            continue
        source = tested.first.resource(table.resource)
        if table.parent or source is None or source.key_nulls is None:
            key = _key(table)
            rows = tested.rows.count(relation)
            for column, nulls in zip(key, tested.rows.nulls(relation, key), strict=True):
                yield _not_null(f"{table.name}.{column.name}", nulls, rows)
        yield from _unique(table, relation, tested)


def _not_null(subject: str, nulls: int, rows: int) -> Check:
    if not rows:
        return check(_NOT_NULL, subject, "unchecked", "there is no row")
    if nulls:
        evidence = f"null or missing in {nulls:,} of {counted(rows, 'row')}"
        hint = "declare another `primary_key`, or leave such rows out with `add_filter`"
        return check(_NOT_NULL, subject, "finding", evidence, hint)
    return check(_NOT_NULL, subject, "passed", f"never null in {counted(rows, 'row')}")


def _unique(table: Table, relation: str, tested: Tested) -> Iterator[Check]:
    key = _key(table)
    if not key and table.parent is None:
        yield check(_UNIQUE, table.name, "unchecked", "no key is declared")
    for columns in ([key] if key else []) + [[each] for each in _unique_columns(table)]:
        yield _unique_in(table, columns, relation, tested)


def _unique_in(table: Table, key: Sequence[Column], relation: str, tested: Tested) -> Check:
    subject = f"{table.name}.{listed(key)}"
    rows = tested.rows.count(relation)
    others = [column for column in content(table) if column not in key]
    found = tested.rows.duplicates(relation, key, others)
    if not rows:
        return check(_UNIQUE, subject, "unchecked", "there is no row")
    if not found.values:
        more = "" if _ended(table, tested.first) else "; the source may have more"
        evidence = f"no value comes twice in {counted(rows, 'row')}{more}"
        return check(_UNIQUE, subject, "passed", evidence)
    evidence = (
        f"{counted(found.values, 'value')} in {found.rows:,} of {counted(rows, 'row')},"
        f" such as {found.example}"
    )
    merged = table.write_disposition == "merge" and table.parent is None and table.keyed
    if not merged or table.history:
        hint = "declare a `primary_key` that tells rows apart, or load with `merge`"
        return check(_UNIQUE, subject, "finding", evidence, hint)
    sort = next((column for column in table.columns if column.sort), None)
    if not found.differing:
        return check(_UNIQUE, subject, "passed", f"{evidence}: each time the same rows")
    if sort is not None:
        evidence += f": the row with the {_end(sort)} {sort.name} counts"
        return check(_UNIQUE, subject, "passed", evidence)
    return check(
        _UNIQUE,
        subject,
        "finding",
        f"{evidence}: the rows differ, and dlt merges them into one, whichever it is",
        "declare a `primary_key` that tells rows apart, or which one counts: a `dedup_sort` hint",
    )


def _end(column: Column) -> str:
    return "highest" if column.sort == "desc" else "lowest"


def _key(table: Table) -> list[Column]:
    return [column for column in table.columns if column.primary_key]


def _unique_columns(table: Table) -> list[Column]:
    return [
        column
        for column in table.columns
        if column.unique and not column.system and not column.primary_key
    ]


def _ended(table: Table, run: Run) -> bool:
    resource = run.resource(table.resource)
    return resource is not None and resource.ended

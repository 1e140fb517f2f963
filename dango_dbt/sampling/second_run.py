"""What a second load of the same source has done to the tables of the first."""

from __future__ import annotations

from collections.abc import Iterator

from dango_dbt.sampled import Check, ResourceSeen
from dango_dbt.sampling.rows import content
from dango_dbt.sampling.tested import Run, Tested, check, counted
from dango_dbt.schema import Table

__all__ = ["check_second_run"]

_NAME = "second-run-rows"


def check_second_run(tested: Tested) -> Iterator[Check]:
    """Check each root table of the first load: what the second added, changed or took away."""
    if tested.second is None:
        return
    for table in tested.first.tables:
        resource = tested.second.resource(table.resource)
        after = tested.second.table(table.name)
        if table.parent is None and resource is not None and after is not None:
            yield _checked(after, resource, tested.second, tested)


def _checked(table: Table, resource: ResourceSeen, second: Run, tested: Tested) -> Check:
    had, has = tested.first.counts[table.name], second.counts[table.name]
    loaded = tested.rows.of_run(2, table)
    brought = tested.rows.count(loaded) if loaded else 0
    if table.write_disposition == "replace":
        return _replaced(table, resource, had, has)
    if table.history:
        evidence = f"{counted(brought, 'row')} compared, {has - had:,} of them as new versions"
        return check(_NAME, table.name, "passed", evidence)
    if table.write_disposition == "merge" and table.keyed:
        return _merged(table, resource, brought, has - had)
    return _appended(table, resource, brought, tested)


def _replaced(table: Table, resource: ResourceSeen, had: int, has: int) -> Check:
    if has < had:
        return check(
            _NAME,
            table.name,
            "finding",
            f"of {counted(had, 'row')} the second run has left {has:,}: what it brings takes the"
            " place of all (`replace`)",
            "load with `merge` or `append` what a run brings only in part",
        )
    why = "dlt forgets the cursor of what it replaces" if resource.cursor else "as it has no cursor"
    evidence = f"loaded whole again, {why}: {counted(has, 'row')} for {had:,}"
    return check(_NAME, table.name, "passed", evidence)


def _merged(table: Table, resource: ResourceSeen, brought: int, more: int) -> Check:
    how = f"{counted(brought, 'row')} merged by key, {more:,} of them new"
    if resource.cursor is None:
        evidence = f"loaded whole again, as it has no cursor: {how}"
        return check(_NAME, table.name, "passed", evidence)
    return check(_NAME, table.name, "passed", how)


def _appended(table: Table, resource: ResourceSeen, brought: int, tested: Tested) -> Check:
    earlier, later = tested.rows.of_run(1, table), tested.rows.of_run(2, table)
    if not brought or earlier is None or later is None:
        return check(_NAME, table.name, "passed", "the second run added no row")
    known = {column.name for column in (tested.first.table(table.name) or table).columns}
    columns = [column for column in content(table) if column.name in known]
    again = tested.rows.again(earlier, later, columns) if columns else 0
    if not again:
        evidence = f"the second run added {counted(brought, 'row')}, none of which was there"
        return check(_NAME, table.name, "passed", evidence)
    without = "" if resource.cursor else ", as it has no cursor"
    appends = "merge" if table.write_disposition == "merge" else "append"
    why = "which has no key, so that dlt appends" if appends == "merge" else "which only adds"
    return check(
        _NAME,
        table.name,
        "finding",
        f"{again:,} of {counted(brought, 'row')} of the second run were there already{without}:"
        f" they are there twice now (`{appends}`, {why})",
        "give it an incremental cursor, or load with `merge` and a `primary_key`, or `replace`",
    )

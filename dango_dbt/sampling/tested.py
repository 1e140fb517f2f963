"""What the checks of `source test` look at: two loads of a sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dango_dbt.sampled import Check, CheckStatus, ResourceSeen
from dango_dbt.sampling.rows import SampleRows
from dango_dbt.schema import Column, Table

__all__ = ["Run", "Tested", "check", "counted"]


@dataclass(frozen=True)
class Run:
    """One load of a sample.

    Attributes:
        resources: what each yielded.
        tables: as they are after it, for DuckDB; none where it failed.
        counts: their rows after it, by table.
        failed: it has not come to its end.
    """

    resources: Sequence[ResourceSeen]
    tables: Sequence[Table] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    failed: bool = False

    def resource(self, name: str | None) -> ResourceSeen | None:
        """Find a resource."""
        return next((one for one in self.resources if one.name == name), None)

    def table(self, name: str) -> Table | None:
        """Find a table."""
        return next((one for one in self.tables if one.name == name), None)

    def roots(self, resource: str) -> Iterator[Table]:
        """Go through the root tables of a resource."""
        for table in self.tables:
            if table.resource == resource and table.parent is None:
                yield table


@dataclass(frozen=True)
class Tested:
    """The loads, and the rows that they have left; `second` is None where that failed."""

    first: Run
    second: Run | None
    rows: SampleRows

    @property
    def runs(self) -> Iterator[tuple[int, Run]]:
        """Go through the loads, numbered from 1 on."""
        yield 1, self.first
        if self.second is not None:
            yield 2, self.second


def check(name: str, subject: str, status: CheckStatus, evidence: str, hint: str = "") -> Check:
    """Make a check; its hint counts only where something was found."""
    return Check(name, subject, status, evidence, (hint or None) if status == "finding" else None)


def counted(number: int, noun: str) -> str:
    """Count things: `1 row`, `1,234 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(columns: Sequence[Column]) -> str:
    """Name columns: `id`, or `order_id, line`."""
    return ", ".join(column.name for column in columns)

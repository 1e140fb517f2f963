"""How values that came in another type than their column's find back into it. Pure.

dlt puts them into a column of their own: `price__v_text` beside `price`
(https://dlthub.com/docs/general-usage/schema-evolution). Where both are numbers, the wider type
holds all of them; any other value is cast where it can be, and else null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dango_dbt.layout import Call, Doc
from dango_dbt.schema import Column
from dango_dbt.staging.casts import NUMBERS, cast, fits

__all__ = ["coalesced", "merged_type", "remark_on"]


def merged_type(column: Column, variants: Sequence[Column]) -> Column:
    """Tell which of a column and its variants has the type that the merged values have."""
    if column.kind not in NUMBERS:
        return column
    numbers = [other for other in (column, *variants) if other.kind in NUMBERS]
    return max(numbers, key=lambda other: NUMBERS.index(other.kind))


def remark_on(column: Column, variants: Sequence[Column]) -> str | None:
    """Say which values may become null."""
    into = merged_type(column, variants)
    lossy = [f"`{other.name}`" for other in (column, *variants) if not fits(other, into)]
    if not lossy:
        return None
    return f"Values of {' and '.join(lossy)} that are no {into.data_type} are null."


def coalesced(
    column: Column, variants: Sequence[Column], dialect: str, name: Callable[[Column], str]
) -> Doc:
    """Write the merged values of a column and its variants, of which a row has one at most.

    Args:
        column: the column.
        variants: its variants.
        dialect: sqlglot's name of the dialect.
        name: how a column's name is written.
    """
    into = merged_type(column, variants)
    values = [cast(other, into, dialect, name(other)) for other in (column, *variants)]
    return Call("coalesce(", tuple(values))

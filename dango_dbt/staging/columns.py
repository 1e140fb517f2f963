"""Which columns a staging model has, and what they are made of. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dango_dbt.schema import Column, Table
from dango_dbt.staging.model import Group, StagedColumn, StagingModel
from dango_dbt.staging.variants import merged_type, remark_on

__all__ = ["HISTORY", "columns_of", "hidden"]


def columns_of(table: Table) -> tuple[StagedColumn, ...]:
    """Say what a table's columns become."""
    columns = [_plain(column) for column in table.columns]
    if table.staging.coalesce_variants:
        columns = _coalesced(columns)
    return tuple(_with_history(table, columns))


def _plain(column: Column) -> StagedColumn:
    if column.primary_key or column.root_key:
        group: Group = "keys"
    else:
        group = "loaded by dlt" if column.system else "columns"
    return StagedColumn(
        column.name,
        column.quoted,
        column.data_type,
        group,
        column,
        description=column.description,
    )


def _coalesced(columns: Sequence[StagedColumn]) -> list[StagedColumn]:
    """Merge variants into their columns."""
    variants: dict[str, list[Column]] = {}
    for staged_column in columns:
        if base := staged_column.column.variant_of:
            variants.setdefault(base, []).append(staged_column.column)
    joined = []
    for staged_column in columns:
        column = staged_column.column
        if column.variant_of:
            continue
        own = tuple(variants.get(column.name, ()))
        if own:
            description = " ".join(filter(None, (column.description, remark_on(column, own))))
            staged_column = replace(  # noqa: PLW2901 - what it becomes
                staged_column,
                data_type=merged_type(column, own).data_type,
                variants=own,
                description=description or None,
            )
        joined.append(staged_column)
    return joined


#: What the columns hold that a history has.
HISTORY = {
    "valid_from": "When the source began to deliver this version of the row.",
    "valid_to": "When the source ceased to deliver it.",
    "is_current": "Whether the source still delivers this version of the row.",
}


def _with_history(table: Table, columns: Sequence[StagedColumn]) -> list[StagedColumn]:
    """Name the columns of a history `valid_from`, `valid_to` and `is_current`.

    A column of the source's that is called so already keeps its name, and ours is `_dlt_…`.
    """
    validity = table.validity
    if validity is None:
        return list(columns)
    ends = {validity.valid_from: "valid_from", validity.valid_to: "valid_to"}
    taken = {column.name for column in columns} - set(ends)

    def renamed(column: StagedColumn, name: str) -> StagedColumn:
        description = column.description or HISTORY[name]
        name = f"_dlt_{name}" if name in taken else name
        return replace(column, name=name, quoted=name, group="history", description=description)

    found = {column.name: column for column in columns}
    end = found[validity.valid_to]
    flag = replace(end, data_type=validity.flag_type, flag=True, description=None)
    return [
        *(column for column in columns if column.name not in ends),
        *(renamed(found[name], usual) for name, usual in ends.items()),
        renamed(flag, "is_current"),
    ]


def hidden(model: StagingModel, *, parent: bool) -> StagingModel:
    """Leave dlt's columns out where the user does not want them and nothing needs them.

    Args:
        model: the model.
        parent: whether models of nested tables look their rows' parents up in it. Such a table may
            join later, when an incremental model cannot get the column for its older rows any more.
    """
    if not model.table.staging.hide_dlt_columns:
        return model
    may_be_parent = model.incremental and (model.latest or model.within)
    needed = {model.table.row_key} if parent or may_be_parent else set()
    if incremental := model.incremental:
        needed |= {incremental.load_id, *incremental.unique_key, incremental.gone.column}
    kept = [
        column
        for column in model.columns
        if column.group != "loaded by dlt" or {column.name, column.quoted} & needed
    ]
    return replace(model, columns=tuple(kept)) if kept else model  # a list of nothing but lists

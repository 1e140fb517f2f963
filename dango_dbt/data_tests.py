"""Staging models → their data tests. Pure.

They follow from what the source declares (dlt's hints) and from how dlt keeps rows, never from a
column's name. A test whose column or parent is not in the dbt project is left out.
https://docs.getdbt.com/reference/resource-properties/data-tests
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dango_dbt.jinja import as_text
from dango_dbt.naming import test_name
from dango_dbt.schema import Reference
from dango_dbt.staging import StagedColumn, StagingModel

__all__ = ["TEST_TAG", "DataTests", "tests_of"]

#: Carried by every generated test: `--exclude tag:dlt_key` saves their cost where data is large.
TEST_TAG = "dlt_key"

_Yaml = dict[str, Any]


@dataclass(frozen=True)
class DataTests:
    """The tests of one model, as dbt's YAML has them: of the model, and by column."""

    of_model: list[_Yaml] = field(default_factory=list)
    of_columns: dict[str, list[_Yaml]] = field(default_factory=dict)

    def add(self, columns: Sequence[StagedColumn], test: _Yaml) -> None:
        """Put a test where dbt has it: at its column, or at the model if it is about several."""
        if len(columns) > 1:
            self.of_model.append(test)
        elif columns[0].escaped:  # dbt would take the name for SQL as it is
            ((name, about),) = test.items()
            arguments = {"column_name": _sql(columns)[0], **about.get("arguments", {})}
            self.of_model.append({name: {**about, "arguments": arguments}})
        else:
            self.of_columns.setdefault(columns[0].name, []).append(test)


def tests_of(model: StagingModel, by_table: Mapping[str, StagingModel]) -> DataTests:
    """Say what must hold for a model's rows.

    Args:
        model: the model.
        by_table: all staging models of its source, by their tables' names.
    """
    tests = DataTests()
    _keys(model, tests)
    for reference in model.table.references:
        if parent := by_table.get(reference.table):
            _relationship(model, parent, reference, tests)
    return tests


def _keys(model: StagingModel, tests: DataTests) -> None:
    """Have the declared key tested or, where rows of one key may be many, dlt's id of the row."""
    declared = [column for column in model.columns if column.column.primary_key]
    row_key = _columns(model, [model.table.row_key] if model.table.row_key else []) or []
    key = declared if declared and model.kept_unique else row_key
    if len(key) > 1:
        tests.add(key, _test("dango_unique_combination", model, columns=_sql(key)))
    for column in model.columns:
        if key == [column] or _is_unique(column, model):
            tests.add([column], _test("unique", model))
        if column in key or column in declared:
            tests.add([column], _test("not_null"))


def _is_unique(column: StagedColumn, model: StagingModel) -> bool:
    """Whether the source declares it to be, and what dlt does with its rows keeps it so."""
    return column.column.unique and model.kept_unique and not model.latest


def _relationship(
    model: StagingModel, parent: StagingModel, reference: Reference, tests: DataTests
) -> None:
    """dlt keeps nested rows whole, so a broken link there is an error; no API keeps its own."""
    columns = _columns(model, reference.columns)
    referenced = _columns(parent, reference.referenced)
    if columns is None or referenced is None:
        return
    arguments: _Yaml = {"to": f"ref('{parent.name}')"}
    if len(columns) == 1:
        arguments |= {"field": _sql(referenced)[0]}
    else:
        arguments = {"columns": _sql(columns), **arguments, "to_columns": _sql(referenced)}
    severity: _Yaml = {} if reference.nested else {"severity": "warn"}
    about = (column.name for column in columns)
    test = {
        "name": test_name("relationships", model.name, about, [reference.table]),
        "arguments": arguments,
        "config": {**severity, "tags": [TEST_TAG]},
    }
    tests.add(columns, {"relationships" if len(columns) == 1 else "dango_relationship": test})


def _columns(model: StagingModel, names: Iterable[str]) -> list[StagedColumn] | None:
    """Find what columns of the table have become; None: one of them is not in the model."""
    found = [model.column(name) for name in names]
    return None if None in found else [column for column in found if column]


def _test(name: str, among: StagingModel | None = None, **arguments: object) -> _Yaml:
    """Write a test; where a model keeps a history, it is about the rows that are current."""
    config: _Yaml = {"tags": [TEST_TAG]}
    if among and (current := among.current):
        config = {"where": current, **config}
    return {name: {**({"arguments": arguments} if arguments else {}), "config": config}}


def _sql(columns: Iterable[StagedColumn]) -> list[str]:
    """Write columns as SQL needs them: tests put their arguments into it as they are."""
    return [as_text(column.quoted) for column in columns]

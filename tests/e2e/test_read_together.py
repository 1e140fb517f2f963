"""A selection and a refresh lose no row of a transformer, nor of what it depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.e2e.conftest import Workspace

pytestmark = pytest.mark.slow

#: `orders` and `visits` go on from where they stopped, `accounts` brings everything each time.
SOURCE = """
    import dlt

    @dlt.source
    def shop(upto: str):
        numbers = range(1, int(upto) + 1)

        @dlt.resource(write_disposition="append")
        def orders(cursor=dlt.sources.incremental("id")):
            yield [{"id": id, "items": [{"sku": id}]} for id in numbers]

        @dlt.transformer(data_from=orders, write_disposition="append")
        def payments(found):
            yield [{"order_id": order["id"]} for order in found]

        @dlt.resource(write_disposition="append")
        def visits():
            state = dlt.current.resource_state()
            yield [{"id": id} for id in numbers if id > state.get("last", 0)]
            state["last"] = max(numbers)

        @dlt.transformer(data_from=visits, write_disposition="append")
        def clicks(found):
            yield [{"visit_id": visit["id"]} for visit in found]

        @dlt.resource(write_disposition="merge", primary_key="id")
        def accounts():
            yield [{"id": id} for id in numbers]

        @dlt.transformer(data_from=accounts, write_disposition="merge", primary_key="id")
        def notes(found):
            yield [{"id": account["id"]} for account in found]

        return orders, payments, visits, clicks, accounts, notes
"""
TABLES = ("orders", "orders__items", "payments", "visits", "clicks", "accounts", "notes")


def _loaded(workspace: Workspace, upto: int) -> Workspace:
    workspace.code("shop", SOURCE)
    workspace.declare(shop={"kwargs": {"upto": f"${{UPTO:-{upto}}}"}})
    assert workspace.sync().exit_code == 0
    return workspace


@pytest.fixture(scope="module")
def loaded(new_workspace: Callable[[], Workspace]) -> Workspace:
    return _loaded(new_workspace(), 3)


def _rows(workspace: Workspace) -> dict[str, int]:
    return {table: workspace.count(f"raw_shop.{table}") for table in TABLES}


def _tables(*names: str) -> list[str]:
    return [f"source:shop.{name}" for name in names]


def test_each_selection_and_then_all_gives_each_row_once(
    loaded: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = (
        (["payments"], {"orders", "orders__items", "payments"}),
        (["orders__items"], {"orders", "orders__items", "payments"}),
        (["clicks"], {"visits", "clicks"}),
        (["notes"], {"notes"}),
    )
    for upto, (selected, brought) in enumerate(cases, 4):
        monkeypatch.setenv("UPTO", str(upto))
        before = _rows(loaded)
        assert loaded.sync(select=_tables(*selected)).exit_code == 0
        assert _rows(loaded) == {**before, **dict.fromkeys(brought, upto)}, selected
        assert loaded.sync().exit_code == 0
        assert _rows(loaded) == dict.fromkeys(TABLES, upto), selected


@pytest.mark.parametrize(
    "refresh", [pytest.param("drop_data", marks=pytest.mark.exhaustive), "drop_resources"]
)
def test_a_refresh_drops_just_what_is_selected(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    refresh: Any,  # noqa: ANN401 - a Literal
) -> None:
    _loaded(workspace, 5)
    monkeypatch.setenv("UPTO", "3")  # what is dropped comes back shorter
    whole = dict.fromkeys(TABLES, 5)

    assert workspace.sync(select=_tables("notes"), refresh=refresh).exit_code == 0
    assert _rows(workspace) == {**whole, "notes": 3}

    for selected in ("payments", "orders"):
        result = workspace.sync(select=_tables(selected), refresh=refresh)
        assert _refused(result.sources), result
        assert _rows(workspace) == {**whole, "notes": 3}

    result = workspace.sync(select=_tables("orders", "payments"), refresh=refresh)
    assert result.exit_code == 0
    left = {**whole, **dict.fromkeys(("notes", "orders", "orders__items", "payments"), 3)}
    assert _rows(workspace) == left

    monkeypatch.setenv("UPTO", "6")
    assert workspace.sync().exit_code == 0
    assert _rows(workspace) == dict.fromkeys(TABLES, 6)


def _refused(sources: Sequence[Any] | None) -> bool:
    (source,) = sources or ()
    return source.status == "failed" and "cannot be refreshed without" in source.error.message


def test_a_parent_that_is_never_loaded_is_read_from_the_beginning_by_a_refresh(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `resources:` its cursor serves the transformer alone."""
    _loaded(workspace, 3)
    monkeypatch.setenv("UPTO", "4")
    workspace.declare(shop={"kwargs": {"upto": "${UPTO}"}, "resources": ["payments"]})
    result = workspace.sync(refresh="drop_data", generate=False)
    assert result.exit_code == 0
    assert _rows(workspace) == {**dict.fromkeys(TABLES, 3), "payments": 4}
    monkeypatch.setenv("UPTO", "5")
    assert workspace.sync(generate=False).exit_code == 0
    assert _rows(workspace) == {**dict.fromkeys(TABLES, 3), "payments": 5}

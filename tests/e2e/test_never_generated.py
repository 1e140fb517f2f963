"""Sources that dbt does not know of yet are loaded for a selection only where it needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Workspace

pytestmark = pytest.mark.slow

THINGS = """
    import dlt

    @dlt.source
    def things(name: str, broken: bool = False):
        @dlt.resource(name="rows", primary_key="id")
        def rows():
            if broken:
                raise ValueError("the API is down")
            yield [{"id": 1, "name": name}]

        return rows
"""


def _source(name: str, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - arguments of a source
    return {"module": "things", "function": "things", "kwargs": {"name": name, **kwargs}}


@pytest.fixture(scope="module")
def built(new_workspace: Callable[[], Workspace]) -> Workspace:
    """Give a project with one source that was loaded, and one that was not, and cannot be."""
    workspace = new_workspace()
    workspace.code("things", THINGS)
    workspace.declare(shop=_source("shop"))
    workspace.mart("constants", "select 1 as id")
    assert workspace.sync().exit_code == 0
    return workspace


@pytest.mark.parametrize(
    ("select", "tried"),
    [
        (["constants"], []),
        (["+stg_shop__rows"], ["shop"]),
        (["source:shop+"], ["shop"]),
        (["source:fresh+"], ["fresh"]),
        (["+stg_fresh__rows", "constants"], ["fresh"]),
        (["path:models/staging/fresh"], ["fresh"]),
        (["source:*"], ["fresh", "shop"]),
        (["of_no_known_source"], ["fresh"]),
    ],
)
def test_one_that_cannot_be_loaded_is_tried_only_where_the_selection_may_mean_it(
    built: Workspace, select: list[str], tried: list[str]
) -> None:
    built.declare(shop=_source("shop"), fresh=_source("fresh", broken=True))
    result = built.sync(select=select)
    assert sorted(source.name for source in result.sources or ()) == tried
    assert result.exit_code == int("fresh" in tried)


def test_an_unset_variable_of_one_that_is_not_selected_stops_nothing(built: Workspace) -> None:
    built.declare(shop=_source("shop"), fresh=_source("${NOT_SET_ANYWHERE}"))
    result = built.run(select=["constants"])
    assert (result.exit_code, result.sources) == (0, ())


def test_files_written_for_sources_loaded_first_are_in_the_result(workspace: Workspace) -> None:
    workspace.code("things", THINGS)
    workspace.declare(shop=_source("shop"), crm=_source("crm"))
    workspace.mart("fct_rows", "select id from {{ ref('stg_shop__rows') }}")
    result = workspace.run(select=["+fct_rows"])
    assert result.exit_code == 0, result
    files = {file.path: file.action for file in result.files or ()}
    assert "dbt_project/models/staging/shop/stg_shop__rows.sql" in files
    assert set(files.values()) == {"created"}
    assert [source.name for source in result.sources or ()] == ["shop"]  # crm is not needed


@pytest.mark.parametrize("select", [[], ["+fct_one"]])
def test_all_failed_sources_without_which_dbt_cannot_parse_are_explained(
    workspace: Workspace, select: list[str]
) -> None:
    workspace.code("things", THINGS)
    names = ("one", "two", "three", "unused")
    workspace.declare(**{name: _source(name, broken=True) for name in names})
    for name in names[:3]:
        workspace.mart(f"fct_{name}", f"select id from {{{{ ref('stg_{name}__rows') }}}}")
    result = workspace.run(select=select)
    failure = result.error or (result.build and result.build.error)
    assert failure
    assert failure.hint
    for name in names[:3]:
        assert f"dbt_project/models/marts/fct_{name}.sql (`{name}`)" in failure.hint
    assert "unused" not in failure.hint

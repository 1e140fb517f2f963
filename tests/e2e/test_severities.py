"""How bad a broken link is: generated as an error or a warning, and changed in dbt's own files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dango_dbt.results import RunResult
    from tests.e2e.conftest import Workspace

SHOP = """\
import dlt


@dlt.source
def shop():
    @dlt.resource(
        primary_key="id",
        write_disposition="replace",
        references=[
            {"columns": ["user_id"], "referenced_table": "users", "referenced_columns": ["id"]}
        ],
    )
    def carts():
        yield [{"id": number, "user_id": number, "items": ["a"]} for number in (1, 2)]

    @dlt.resource(primary_key="id", write_disposition="replace")
    def users():
        yield [{"id": 1}, {"id": 2}]

    return carts, users
"""
NESTED = "relationships__stg_shop__carts__items___dlt_parent_id__carts"
DECLARED = "relationships__stg_shop__carts__user_id__users"


@pytest.fixture
def shop(workspace: Workspace) -> Workspace:
    """Give a warehouse in which a cart and a user have gone."""
    import duckdb

    workspace.code("shop", SHOP)
    workspace.declare(shop={})
    assert workspace.sync().exit_code == 0
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("delete from raw_shop.carts where id = 1")
        connection.execute("delete from raw_shop.users where id = 2")
    return workspace


def _build(workspace: Workspace) -> RunResult:
    from dango_dbt import Project

    return Project.find(workspace.root).build()


def _statuses(workspace: Workspace) -> dict[str, str]:
    build = _build(workspace).build
    assert build is not None
    names = {node.unique_id.split(".")[2]: node.status for node in build.nodes}
    return {name: names[name] for name in (NESTED, DECLARED)}


def test_a_nested_row_without_parent_is_an_error_a_declared_one_a_warning(shop: Workspace) -> None:
    assert _statuses(shop) == {NESTED: "fail", DECLARED: "warn"}


def test_dbt_project_yml_makes_the_errors_of_a_source_warnings(shop: Workspace) -> None:
    project = shop.root / "dbt_project/dbt_project.yml"
    severity = "data_tests: {shop: {staging: {shop: {+severity: warn}}}}\n"
    project.write_text(project.read_text("utf-8") + severity, "utf-8")
    assert _statuses(shop) == {NESTED: "warn", DECLARED: "warn"}


def test_a_severity_in_the_properties_file_counts_and_is_kept(shop: Workspace) -> None:
    path = shop.root / "dbt_project/models/staging/shop/_shop__models.yml"
    text = path.read_text("utf-8")
    assert text.count("severity: warn") == 1
    path.write_text(text.replace("severity: warn", "severity: error"), "utf-8")
    assert _statuses(shop) == {NESTED: "fail", DECLARED: "fail"}
    assert shop.sync().exit_code == 0
    assert "severity: error" in path.read_text("utf-8")

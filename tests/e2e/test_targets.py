"""Two targets of a profile load into one database only where sources.yml says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dango_dbt.errors import ConfigError

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

PROFILES = """\
shop:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: ../data/warehouse.duckdb
    other: {fields}
"""
SAME = "{type: duckdb, path: ../data/warehouse.duckdb, schema: other}"


def _profiles(workspace: Workspace, text: str, shared: str = "") -> None:
    workspace.declare()
    file = workspace.root / ".dango/sources.yml"
    file.write_text(file.read_text(encoding="utf-8") + shared, encoding="utf-8")
    workspace.write("dbt_project/profiles.yml", text)


@pytest.mark.parametrize(
    "fields",
    [
        SAME,
        "{type: duckdb, path: ../other/../data/./warehouse.duckdb}",
        "{type: duckdb, path: ../link/warehouse.duckdb}",
        "{type: duckdb, path: \"../data/{{ env_var('FILE', 'warehouse') }}.duckdb\"}",
        # what tells the database is known, and another field is not
        "{type: duckdb, path: ../data/warehouse.duckdb, password: \"{{ env_var('UNSET') }}\"}",
    ],
)
def test_a_target_with_the_database_of_another_one_is_refused(
    workspace: Workspace, fields: str
) -> None:
    _profiles(workspace, PROFILES.replace("{fields}", fields))
    (workspace.root / "link").symlink_to(workspace.root / "data")
    with pytest.raises(ConfigError) as refused:
        workspace.sync()
    assert str(refused.value).startswith(f"{workspace.root}/dbt_project/profiles.yml:4:5: ")
    assert "target `dev` has the same database as `other` (line 7)" in str(refused.value)
    assert "`shared_targets: [dev, other]` into .dango/sources.yml" in str(refused.value.hint)


def test_it_is_refused_whichever_of_them_is_in_use(workspace: Workspace) -> None:
    _profiles(workspace, PROFILES.replace("{fields}", SAME))
    with pytest.raises(ConfigError, match=r":7:5: target `other` has .* as `dev` \(line 4\)"):
        workspace.sync(target="other")


@pytest.mark.parametrize(
    "fields",
    [
        "{type: duckdb, path: ../data/prod.duckdb}",
        "{type: duckdb, path: \"{{ env_var('UNSET') }}\"}",
        "{type: \"{{ env_var('UNSET') }}\", path: ../data/warehouse.duckdb}",
        "{type: duckdb}",
        '{type: duckdb, path: ":memory:"}',
        "{type: duckdb, path: 'md:shop'}",
        "{type: postgres, path: ../data/warehouse.duckdb}",
        "{path: ../data/warehouse.duckdb}",
        "not a mapping",
        "",
    ],
)
def test_a_target_with_a_database_of_its_own_is_not(workspace: Workspace, fields: str) -> None:
    _profiles(workspace, PROFILES.replace("{fields}", fields))
    assert workspace.sync().exit_code == 0


def test_targets_that_are_named_may_share_a_database_and_no_others(workspace: Workspace) -> None:
    text = PROFILES.replace("{fields}", SAME)
    _profiles(workspace, text, "shared_targets: [other, dev]\n")
    assert workspace.sync().exit_code == 0
    assert workspace.sync(target="other").exit_code == 0

    third = f"    third: {SAME}\n"
    _profiles(workspace, text + third, "shared_targets: [dev, other]\n")
    with pytest.raises(ConfigError, match=r"`dev` has the same database as `third` \(line 8\)"):
        workspace.sync()
    with pytest.raises(ConfigError, match=r"as `dev` \(line 4\), `other` \(line 7\): ") as refused:
        workspace.sync(target="third")
    assert "[dev, other, third]" in str(refused.value.hint)


@pytest.mark.parametrize("command", ["sync", "sync-and-build", "validate"])
def test_the_command_exits_with_2_and_loads_nothing(workspace: Workspace, command: str) -> None:
    workspace.code("one", "import dlt\n\n@dlt.resource\ndef one():\n    yield {'id': 1}\n")
    workspace.declare(one={})
    workspace.write("dbt_project/profiles.yml", PROFILES.replace("{fields}", SAME))
    done = workspace.command(command)
    assert done.returncode == 2
    said = " ".join((done.stdout + done.stderr).split())
    assert "profiles.yml:4:5: target `dev` has the same database as `other` (line 7)" in said
    assert "shared_targets: [dev, other]" in said
    assert not workspace.warehouse.exists()


SHOP = """\
import dlt

@dlt.resource(primary_key="id", write_disposition="merge")
def shop():
    yield {"id": 1, "order": 2, "at": "2026-01-02T03:04:05Z"}
"""
SNOWFLAKE = "{type: snowflake, account: \"{{ env_var('UNSET') }}\"}"


def _follow(workspace: Workspace, fields: str) -> None:
    workspace.code("shop", SHOP)
    workspace.declare(shop={})
    file = workspace.root / ".dango/sources.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"generate: {{target: other}}\n{text}", encoding="utf-8")
    workspace.write("dbt_project/profiles.yml", PROFILES.replace("{fields}", fields))


def test_code_is_generated_for_a_warehouse_that_is_out_of_reach(workspace: Workspace) -> None:
    """Its types and its case need no driver, no connection and no credentials."""
    _follow(workspace, SNOWFLAKE)
    assert workspace.sync().exit_code == 0
    folder = "dbt_project/models/staging/shop"
    sql = (workspace.root / folder / "stg_shop__shop.sql").read_text(encoding="utf-8")
    assert '"ORDER",' in sql
    assert "            id,\n" in sql
    models = (workspace.root / folder / "_shop__models.yml").read_text(encoding="utf-8")
    assert "data_type: NUMBER(19,0)" in models
    assert "data_type: TIMESTAMP_LTZ" in models
    before = workspace.generated()
    assert workspace.command("generate").returncode == 0
    assert workspace.generated() == before


def test_loading_into_one_that_is_not_installed_says_what_to_install(workspace: Workspace) -> None:
    _follow(workspace, "{type: snowflake, account: a}")
    with pytest.raises(ConfigError) as refused:
        workspace.sync(target="other")
    said = str(refused.value)
    assert "profiles.yml:7:5: target `other` is of type `snowflake`" in said
    assert str(refused.value.hint) == "pip install 'dango-dbt[snowflake]'"

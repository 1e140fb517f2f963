"""Generated files follow the data, keep what a user wrote, and take nothing away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from dango_dbt.results import RunResult, SyncResult
    from tests.e2e.conftest import Api, Workspace

    NewApi = Callable[[], AbstractContextManager[Api]]

SHOP = """\
import dlt
import requests


@dlt.source
def shop(base_url):
    @dlt.resource(primary_key="id", write_disposition="merge")
    def items():
        yield requests.get(f"{base_url}/items", timeout=10).json()["items"]

    @dlt.resource(primary_key="id", write_disposition="replace")
    def users():
        yield requests.get(f"{base_url}/users", timeout=10).json()["users"]

    return items, users
"""
FOLDER = "dbt_project/models/staging/shop"
ITEMS, MODELS = f"{FOLDER}/stg_shop__items.sql", f"{FOLDER}/_shop__models.yml"


def _stock(api: Api) -> None:
    api.page = 100
    api.lists["items"] = [{"id": 1, "name": "Pot"}, {"id": 2, "name": "Pan"}]


@pytest.fixture(scope="module")
def loaded(new_workspace: Callable[[], Workspace], new_api: NewApi) -> Path:
    """Load items and users, once for all tests."""
    workspace = new_workspace()
    workspace.code("shop", SHOP)
    with new_api() as api:
        _stock(api)
        workspace.declare(shop={"kwargs": {"base_url": api.url}})
        assert workspace.sync().exit_code == 0
    return workspace.root


@pytest.fixture
def shop(workspace: Workspace, loaded: Path, api: Api) -> Workspace:
    """Give a project that has been loaded once, with items and users."""
    workspace.start_from(loaded)
    _stock(api)
    workspace.declare(shop={"kwargs": {"base_url": api.url}})
    return workspace


def _actions(result: RunResult) -> dict[str, str]:
    return {file.path: file.action for file in result.files or ()}


def _changed(result: RunResult) -> dict[str, str]:
    return {path: action for path, action in _actions(result).items() if action != "unchanged"}


def _built(result: RunResult) -> set[str]:
    assert result.build is not None
    return {
        node.unique_id.rpartition(".")[2]
        for node in result.build.nodes
        if node.unique_id.startswith("model.")
    }


def test_new_columns_and_tables_are_reported_generated_and_built(
    shop: Workspace, api: Api, source_of: Callable[[RunResult, str], SyncResult]
) -> None:
    api.lists["items"] = [{"id": 2, "name": "Pan", "price": 59.5, "tags": ["iron", "cooking"]}]
    result = shop.run()
    assert result.exit_code == 0, result
    changes = source_of(result, "shop").schema_changes
    assert {(change.table, change.column, change.change) for change in changes} == {
        ("items", "price", "added"),
        ("items__tags", None, "added"),
    }
    assert _changed(result) == {
        ".dango/schemas/shop.yaml": "updated",
        f"{FOLDER}/_shop__sources.yml": "updated",
        MODELS: "updated",
        ITEMS: "updated",
        f"{FOLDER}/stg_shop__items__tags.sql": "created",
    }
    assert shop.rows("select id, price from main_staging.stg_shop__items order by id") == [
        (1, None),
        (2, 59.5),
    ]
    assert shop.count("main_staging.stg_shop__items__tags") == 2

    # a load with less takes nothing away, in this or in a fresh state
    before = shop.generated()
    api.lists["items"] = [{"id": 3}]
    for fresh in (False, True):
        if fresh:
            shutil.rmtree(shop.root / ".dango/state")
            shop.warehouse.unlink()
        result = shop.sync()
        assert result.exit_code == 0, result
        assert source_of(result, "shop").schema_changes == ()
        assert _changed(result) == {}
        assert shop.generated() == before


def test_a_fresh_warehouse_with_less_data_still_builds(shop: Workspace, api: Api) -> None:
    """A laptop with an empty dev account has the columns that production has."""
    api.lists["items"] = [{"id": 1, "name": "Pot", "price": 3.5, "tags": ["tin"]}]
    assert shop.sync().exit_code == 0
    shutil.rmtree(shop.root / ".dango/state")
    shop.warehouse.unlink()
    api.lists["items"] = [{"id": 1, "name": "Pot"}]
    result = shop.run()
    assert result.exit_code == 0, result.build
    assert shop.count("main_staging.stg_shop__items__tags") == 0


def test_an_edited_file_stays_while_the_schema_does(shop: Workspace) -> None:
    edited = (
        (shop.root / ITEMS).read_text(encoding="utf-8").replace(" name", " upper(name) as name")
    )
    (shop.root / ITEMS).write_text(edited, encoding="utf-8")
    result = shop.run()
    assert result.exit_code == 0, result
    assert _changed(result) == {}
    assert (shop.root / ITEMS).read_text(encoding="utf-8") == edited
    assert shop.rows("select name from main_staging.stg_shop__items order by id") == [
        ("POT",),
        ("PAN",),
    ]


def test_an_edited_file_takes_in_what_is_new(shop: Workspace, api: Api) -> None:
    edited = (
        (shop.root / ITEMS).read_text(encoding="utf-8").replace(" name", " upper(name) as name")
    )
    (shop.root / ITEMS).write_text(edited, encoding="utf-8")
    api.lists["items"] = [{"id": 3, "name": "Cup", "price": 34.9}]
    result = shop.run()
    assert result.exit_code == 0, result
    assert _actions(result)[ITEMS] == "merged"
    merged = (shop.root / ITEMS).read_text(encoding="utf-8")
    assert " upper(name) as name,\n            price,\n" in merged
    assert shop.rows("select name, price from main_staging.stg_shop__items where id = 3") == [
        ("CUP", 34.9)
    ]
    assert _changed(shop.run()) == {}


@pytest.fixture
def in_conflict(shop: Workspace) -> tuple[Workspace, str]:
    """Give a project with a column that you and generation have changed, and your text."""
    items = shop.root / ITEMS
    mine = items.read_text(encoding="utf-8").replace(" name,", " trim(name) as name,")
    items.write_text(mine, encoding="utf-8")
    copy = shop.root / ".dango/generated/models/staging/shop/stg_shop__items.sql"
    copy.write_text(
        copy.read_text(encoding="utf-8").replace(" name,", " nam as name,"), encoding="utf-8"
    )
    return shop, mine


def test_what_both_have_changed_is_a_conflict_until_it_is_settled(
    in_conflict: tuple[Workspace, str],
) -> None:
    shop, mine = in_conflict
    proposed = shop.root / ".dango/conflicts" / ITEMS
    for step in (shop.sync, shop.run):  # it stays one
        result = step()
        assert result.exit_code == 3, result
        assert _changed(result) == {ITEMS: "conflict"}
        assert (shop.root / ITEMS).read_text(encoding="utf-8") == mine
        assert " name,\n" in proposed.read_text(encoding="utf-8")
    assert result.build is not None
    assert result.build.status == "success"
    said = shop.command("generate")
    assert said.returncode == 3
    assert f"conflict  {ITEMS}" in said.stdout
    assert "--accept mine|theirs FILE" in said.stdout
    assert not [path for path in (shop.root / FOLDER).iterdir() if "conflict" in path.name]


@pytest.mark.parametrize("side", ["mine", "theirs"])
def test_a_conflict_is_settled(in_conflict: tuple[Workspace, str], side: str) -> None:
    shop, mine = in_conflict
    assert shop.command("generate").returncode == 3
    proposed = shop.root / ".dango/conflicts" / ITEMS
    theirs = proposed.read_text(encoding="utf-8")
    done = shop.command("generate", "--accept", side, ITEMS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (shop.root / ITEMS).read_text("utf-8") == (mine if side == "mine" else theirs)
    assert not proposed.exists()
    assert shop.command("generate", "--check").returncode == 0
    again = shop.command("generate", "--accept", side, ITEMS)
    assert again.returncode == 2
    assert f"{ITEMS} is not in conflict" in again.stderr + again.stdout


@pytest.mark.parametrize("side", ["mine", "theirs"])
def test_what_is_declared_of_a_model_in_conflict_waits_with_it(
    workspace: Workspace, side: str
) -> None:
    """A new column in the properties alone would break a contract, and be offered no more."""
    code = """\
        import dlt

        @dlt.source
        def shop():
            yield dlt.resource({rows}, name="orders", write_disposition="replace")
            yield dlt.resource({rows}, name="others", write_disposition="replace")
        """
    workspace.code("shop", code.replace("{rows}", "[{'id': 1, 'flag': 1}]"))
    workspace.declare(shop={"staging": {"variants": "coalesce"}})
    assert workspace.run().exit_code == 0
    model = f"{FOLDER}/stg_shop__orders.sql"
    path = workspace.root / model
    mine = path.read_text("utf-8").replace("            flag,", "            flag as is_flagged,")
    path.write_text(mine, "utf-8")
    rows = "[{'id': 1, 'flag': 1, 'new': 1}, {'id': 2, 'flag': 'x', 'new': 1}]"
    workspace.code("shop", code.replace("{rows}", rows))
    assert workspace.sync().exit_code == 3

    def declared() -> dict[str, list[str]]:
        text = (workspace.root / MODELS).read_text("utf-8")
        models = yaml.safe_load(text)["models"]
        return {model["name"]: [c["name"] for c in model["columns"]] for model in models}

    assert "new" not in declared()["stg_shop__orders"]
    assert "new" in declared()["stg_shop__others"]
    assert workspace.command("generate", "--accept", side, model).returncode == 0
    assert workspace.command("generate").returncode == 0
    assert workspace.command("generate", "--check").returncode == 0
    assert ("new" in declared()["stg_shop__orders"]) is (side == "theirs")
    assert (path.read_text("utf-8") == mine) is (side == "mine")


def test_a_conflict_that_is_gone_leaves_no_proposal(in_conflict: tuple[Workspace, str]) -> None:
    shop, mine = in_conflict
    assert shop.command("generate").returncode == 3
    (shop.root / ITEMS).write_text(mine.replace("trim(name) as name", "name"), encoding="utf-8")
    assert shop.command("generate").returncode == 0
    assert not (shop.root / ".dango/conflicts" / ITEMS).exists()


def test_a_model_that_was_handed_over_is_left_alone(shop: Workspace, api: Api) -> None:
    models = shop.root / MODELS
    text = models.read_text("utf-8").replace(
        "  - name: stg_shop__items\n",
        "  - name: stg_shop__items\n    config: {meta: {dango: {managed: false}}}\n",
    )
    models.write_text(text, "utf-8")
    own = (shop.root / ITEMS).read_text("utf-8")
    api.lists["items"] = [{"id": 1, "name": "Pot", "price": 34.9}]
    api.lists["users"] = [{"id": 1, "vip": True}]
    for _ in range(2):
        result = shop.run()
        assert result.exit_code == 0, result
        assert (shop.root / ITEMS).read_text("utf-8") == own
        now = yaml.safe_load(models.read_text("utf-8"))["models"]
        items, users = now if now[0]["name"].endswith("items") else reversed(now)
        assert [column["name"] for column in items["columns"]][:2] == ["id", "name"]
        assert "price" not in {column["name"] for column in items["columns"]}
        assert "vip" in {column["name"] for column in users["columns"]}
    assert shop.command("generate", "--check").returncode == 0
    (shop.root / ITEMS).unlink()
    assert shop.command("generate").returncode == 0
    assert not (shop.root / ITEMS).exists()


GOING = """\
import os
import dlt


@dlt.source
def going():
    for name in os.environ.get("NAMES", "stays,goes").split(","):
        yield dlt.resource([{"id": 1, "parts": [1]}], name=name, primary_key="id")
"""


@pytest.mark.slow
def test_tables_that_a_source_has_no_more_go_when_asked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.code("going", GOING)
    workspace.declare(going={})
    assert workspace.run().exit_code == 0
    monkeypatch.setenv("NAMES", "stays")
    done = workspace.command("sync-and-build")
    assert done.returncode == 0, done.stdout
    assert "no resource for table `goes` any more" in done.stderr
    folder = workspace.root / "dbt_project/models/staging/going"
    models = {"stg_going__goes.sql", "stg_going__goes__parts.sql"}
    assert models <= {path.name for path in folder.iterdir()}

    nested = folder / "stg_going__goes__parts.sql"
    text = nested.read_text("utf-8")
    nested.write_text(f"-- mine\n{text}", "utf-8")
    edited = workspace.command("generate", "--prune")
    assert edited.returncode == 0
    assert "its models stay, since you have edited" in edited.stderr
    assert models <= {path.name for path in folder.iterdir()}
    nested.write_text(text, "utf-8")

    planned = workspace.command("plan", "--prune", "--json")
    removed = [f for f in json.loads(planned.stdout)["files"] if f["action"] == "removed"]
    assert {file["path"].rpartition("/")[2] for file in removed} == models
    assert models <= {path.name for path in folder.iterdir()}
    assert workspace.command("generate", "--prune").returncode == 0
    assert not models & {path.name for path in folder.iterdir()}
    assert "goes" not in (workspace.root / ".dango/schemas/going.yaml").read_text("utf-8")
    # dlt never forgets a table, and the next load does not bring it back
    done = workspace.command("sync-and-build")
    assert done.returncode == 0, done.stdout
    assert not models & {path.name for path in folder.iterdir()}
    assert "goes" not in done.stderr
    # it comes back when the source has it again
    monkeypatch.delenv("NAMES")
    assert workspace.run().exit_code == 0
    assert models <= {path.name for path in folder.iterdir()}
    assert workspace.count("main_staging.stg_going__goes") == 2


def test_line_ends_of_windows_stay(shop: Workspace, api: Api) -> None:
    models = shop.root / MODELS
    edited = (
        models.read_text("utf-8")
        .replace("- name: price", "- name: price")
        .replace(
            "description: Rows of `items` as shop delivers them.", "description: What is sold."
        )
    )
    models.write_bytes(edited.replace("\n", "\r\n").encode())
    api.lists["items"] = [{"id": 1, "name": "Pot", "price": 34.9}]
    result = shop.sync()
    assert result.exit_code == 0, result
    assert _actions(result)[MODELS] == "merged"
    raw = models.read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n")
    text = raw.decode().replace("\r\n", "\n")
    assert "description: What is sold." in text
    assert "- name: price" in text
    assert _changed(shop.sync()) == {}


def test_plan_and_check_say_what_generate_would_do_and_write_nothing(
    shop: Workspace, api: Api
) -> None:
    assert shop.command("generate", "--check").returncode == 0
    api.lists["items"] = [{"id": 1, "name": "Pot", "price": 34.9, "tags": ["tin"]}]
    assert shop.sync(generate=False).exit_code == 0
    before = shop.files("dbt_project", ".dango")
    planned = shop.command("plan", "--json", "--diff")
    assert planned.returncode == 0, planned.stderr
    document = json.loads(planned.stdout)
    assert document["command"] == "plan"
    assert document["schema_changes"] == [
        {"source": "shop", "table": "items", "column": "price", "change": "added"},
        {"source": "shop", "table": "items__tags", "column": None, "change": "added"},
    ]
    actions = {file["path"]: file["action"] for file in document["files"]}
    assert actions[ITEMS] == actions[MODELS] == "updated"
    assert actions[f"{FOLDER}/stg_shop__items__tags.sql"] == "created"
    (items,) = [file for file in document["files"] if file["path"] == ITEMS]
    assert "+            price,\n" in items["diff"]
    said = shop.command("plan")
    assert "items: column price added" in said.stdout
    checked = shop.command("generate", "--check")
    assert checked.returncode == 3
    assert f"updated   {ITEMS}" in checked.stdout
    assert shop.files("dbt_project", ".dango") == before
    assert shop.command("generate").returncode == 0
    assert shop.command("generate", "--check").returncode == 0


def test_a_check_opens_no_warehouse(shop: Workspace) -> None:
    """A file that cannot be opened and a profile with no driver make no difference."""
    shop.warehouse.write_bytes(b"no database")
    assert shop.command("generate", "--check").returncode == 0
    assert shop.command("plan").returncode == 0


def test_only_the_sources_named_are_generated(three: Workspace) -> None:
    shutil.rmtree(three.root / "dbt_project/models/staging")
    done = three.command("generate", "--source", "aa")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (three.root / "dbt_project/models/staging").iterdir()] == ["aa"]
    unknown = three.command("generate", "--source", "ab")
    assert unknown.returncode == 2
    assert "there is no source `ab`" in unknown.stdout + unknown.stderr


def test_frozen_builds_what_is_committed_and_tells_the_drift(shop: Workspace, api: Api) -> None:
    assert shop.run().exit_code == 0
    before = shop.generated()
    api.lists["items"] = [{"id": 3, "name": "Cup", "price": 34.9}]
    done = shop.command("sync-and-build", "--frozen", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["files"] == []
    assert document["sources"][0]["schema_changes"] == [
        {"table": "items", "column": "price", "change": "added"}
    ]
    assert document["build"]["status"] == "success"
    assert shop.generated() == before
    assert shop.count("main_staging.stg_shop__items") == 3


def test_a_file_of_the_users_own_is_never_overwritten(workspace: Workspace, api: Api) -> None:
    api.page = 100
    api.lists["items"] = [{"id": 1, "name": "Pot"}]
    workspace.code("shop", SHOP)
    workspace.declare(shop={"kwargs": {"base_url": api.url}})
    own = workspace.write(ITEMS, "select 1 as id\n")
    result = workspace.sync()
    assert result.exit_code == 3
    assert _actions(result)[ITEMS] == "conflict"
    assert own.read_text(encoding="utf-8") == "select 1 as id\n"


def test_a_deleted_file_comes_back(shop: Workspace) -> None:
    before = shop.generated()
    (shop.root / ITEMS).unlink()
    result = shop.sync()
    assert _changed(result) == {ITEMS: "created"}
    assert shop.generated() == before


def test_no_generate_leaves_the_dbt_project_as_it_is(shop: Workspace, api: Api) -> None:
    before = shop.files("dbt_project", ".dango/schemas", ".dango/generated")
    api.lists["items"] = [{"id": 1, "name": "Pot", "price": 34.9}]
    done = shop.command("sync", "--no-generate", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["files"] == []
    assert document["build"]["status"] == "not_run"
    assert document["sources"][0]["schema_changes"] == [
        {"table": "items", "column": "price", "change": "added"}
    ]
    assert shop.files("dbt_project", ".dango/schemas", ".dango/generated") == before
    assert shop.rows("select price from raw_shop.items where id = 1") == [(34.9,)]

    # what was loaded is known to the next `generate`
    from dango_dbt import Project

    result = Project.find(shop.root).generate()
    assert _actions(result)[ITEMS] == "updated"


def test_sync_generates_and_does_not_build(shop: Workspace, api: Api) -> None:
    api.lists["items"] = [{"id": 1, "name": "Pot", "tags": ["tin"]}]
    result = shop.sync()
    assert result.exit_code == 0
    assert result.build is None
    assert _actions(result)[f"{FOLDER}/stg_shop__items__tags.sql"] == "created"
    assert shop.relations("main_staging") == set()


def test_a_fresh_clone_generates_the_same_bytes_without_data(shop: Workspace) -> None:
    from dango_dbt import Project

    before = shop.generated()
    shutil.rmtree(shop.root / ".dango/state")
    shutil.rmtree(shop.root / "data")
    assert _changed(Project.find(shop.root).generate()) == {}
    shutil.rmtree(shop.root / "dbt_project/models/staging")
    shutil.rmtree(shop.root / "dbt_project/macros")
    shutil.rmtree(shop.root / ".dango/generated")
    result = Project.find(shop.root).generate()
    assert result.exit_code == 0
    assert shop.generated() == before
    assert not (shop.root / "data").exists()


INCREMENTAL = """\
import dlt


@dlt.resource(write_disposition="append")
def ticks(upto, at=dlt.sources.incremental("at", initial_value=0)):
    yield [{"at": number} for number in range(1, int(upto) + 1) if number > at.last_value]
"""


@pytest.fixture(scope="module")
def ticking(new_workspace: Callable[[], Workspace]) -> Workspace:
    workspace = new_workspace()
    workspace.code("ticks", INCREMENTAL)
    workspace.declare(ticks={"kwargs": {"upto": "${UPTO:-3}"}})
    assert workspace.sync().exit_code == 0
    return workspace


def test_refresh_needs_a_yes_where_no_one_can_be_asked(ticking: Workspace) -> None:
    done = ticking.command("sync", "--refresh", "drop_sources", UPTO="5")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert ticking.rows('select "at" from raw_ticks.ticks order by 1') == [(1,), (2,), (3,)]


@pytest.mark.parametrize("refresh", ["drop_sources", "drop_resources", "drop_data"])
def test_refresh_drops_rows_and_the_incremental_state(
    ticking: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    refresh: Any,  # noqa: ANN401 - a Literal
) -> None:
    before = ticking.generated()
    monkeypatch.setenv("UPTO", "4")
    assert ticking.sync().exit_code == 0
    monkeypatch.setenv("UPTO", "2")
    result = ticking.sync(refresh=refresh)
    assert result.exit_code == 0, result
    assert ticking.rows('select "at" from raw_ticks.ticks order by 1') == [(1,), (2,)]
    assert ticking.generated() == before
    monkeypatch.setenv("UPTO", "3")
    assert ticking.sync().exit_code == 0
    assert ticking.rows('select "at" from raw_ticks.ticks order by 1') == [(1,), (2,), (3,)]


def test_refresh_with_yes_starts_anew(ticking: Workspace) -> None:
    done = ticking.command("sync", "--refresh", "drop_sources", "--yes", UPTO="3")
    assert done.returncode == 0, done.stderr
    assert ticking.rows('select "at" from raw_ticks.ticks order by 1') == [(1,), (2,), (3,)]


THREE = """\
import dlt


@dlt.resource(primary_key="id", write_disposition="append")
def rows():
    yield {"id": 1}
"""


@pytest.fixture
def three(workspace: Workspace) -> Workspace:
    """Give a project with the sources a, b and c, a mart on each, and one on a and b."""
    workspace.code("rows", THREE)
    entry = {"module": "rows", "function": "rows"}
    workspace.declare(aa=entry, bb=entry, cc=entry)
    for name in ("aa", "bb", "cc"):
        workspace.mart(f"mart_{name}", "from {{ ref('stg_NAME__rows') }}".replace("NAME", name))
    workspace.mart("both", "select a.id from {{ ref('mart_aa') }} as a, {{ ref('mart_bb') }} as b")
    assert workspace.run().exit_code == 0
    return workspace


def test_only_the_sources_named_are_loaded_and_built_with_what_follows(three: Workspace) -> None:
    result = three.run("aa")
    assert result.exit_code == 0, result
    assert [source.name for source in result.sources or ()] == ["aa"]
    assert _built(result) == {"stg_aa__rows", "mart_aa", "both"}
    assert [three.count(f"raw_{name}.rows") for name in ("aa", "bb", "cc")] == [2, 1, 1]

    result = three.run("cc", "aa")
    assert result.exit_code == 0, result
    assert [source.name for source in result.sources or ()] == ["aa", "cc"]
    assert _built(result) == {"stg_aa__rows", "mart_aa", "both", "stg_cc__rows", "mart_cc"}


def test_a_source_disabled_later_keeps_its_models_out_of_the_build(three: Workspace) -> None:
    entry = {"module": "rows", "function": "rows"}
    before = three.generated()
    three.declare(aa={**entry, "enabled": False}, bb=entry, cc=entry)
    result = three.run()
    assert result.exit_code == 0, result
    assert [source.name for source in result.sources or ()] == ["bb", "cc"]
    assert _built(result) == {"stg_bb__rows", "mart_bb", "stg_cc__rows", "mart_cc"}
    assert three.generated() == before
    assert three.count("raw_aa.rows") == 1

    from dango_dbt import Project

    built = Project.find(three.root).build()
    assert _built(built) == {"stg_bb__rows", "mart_bb", "stg_cc__rows", "mart_cc"}


STRANGE_TEXTS = {
    "jinja": "costs {{ env_var('HOME') }} {{ 1 / 0 }}",
    "raw": "{% raw %}never closed",
    "statement": "{% do exceptions.raise('no') %}",
    "comment": "{# hidden #} and #} alone, }} and %}",
    "quotes": 'it\'s "quoted" and `ticked` \\ and \\n',
    "lines": "first\nsecond\n\n  third: yes\n# no comment",
    "yaml": "- [a, {b: *c}] & d ! | > % @",
    "unicode": "Größe, 価格, 🦆",
    "brace": "{ {{ { {{{ x }}} {% {# {",
}
STRANGE_COLUMNS = [
    "order",
    "at",
    "Größe",
    "{{ x }}",
    "select",
    "group by",
    "0day",
    "%s",
    "a;b",
    "'",
]


@pytest.mark.slow
def test_texts_and_names_from_data_are_never_code(workspace: Workspace) -> None:
    code = f"""\
import dlt

TEXTS = {STRANGE_TEXTS!r}
COLUMNS = {STRANGE_COLUMNS!r}

@dlt.source
def strange():
    for name, text in TEXTS.items():
        yield dlt.resource(
            [{{"id": 1, name: 2}}],
            name=name,
            primary_key="id",
            write_disposition="replace",
            columns={{name: {{"name": name, "description": text}}}},
        ).apply_hints(additional_table_hints={{"description": text}})
    row = {{column: number for number, column in enumerate(COLUMNS)}}
    yield dlt.resource([row], name="order", primary_key=["at", "order"])
    yield dlt.resource([row], name="{{{{ table }}}}", primary_key="{{{{ x }}}}")
"""
    (workspace.root / "custom_sources").mkdir()
    (workspace.root / "custom_sources/strange.py").write_text(code, encoding="utf-8")
    workspace.declare(strange={"description": STRANGE_TEXTS["jinja"]})
    result = workspace.run()
    assert result.exit_code == 0, result
    manifest = json.loads((workspace.root / "dbt_project/target/manifest.json").read_text("utf-8"))
    for name, text in STRANGE_TEXTS.items():
        model = manifest["nodes"][f"model.shop.stg_strange__{name}"]
        source = manifest["sources"][f"source.shop.strange.{name}"]
        for node in (model, source):
            assert node["description"] == text
            assert node["columns"][name]["description"] == text
        assert source["source_description"] == STRANGE_TEXTS["jinja"]
    tables = workspace.relations("raw_strange") - set(STRANGE_TEXTS)
    assert len(tables) == 2
    for table in tables:
        columns = [row[0] for row in workspace.rows(f'describe raw_strange."{table}"')]
        staged = workspace.rows(f'describe main_staging."stg_strange__{table}"')
        assert {row[0] for row in staged} == set(columns)
        assert len(columns) == len(STRANGE_COLUMNS) + 2

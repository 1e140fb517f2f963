"""`source discover`: what a sample shows of a source, and that it leaves nothing behind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from dango_dbt import Project, report
from dango_dbt.cli import main
from dango_dbt.errors import SyncError
from dango_dbt.report.console import SerialConsole

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from dango_dbt.sampled import Discovery, FoundTable
    from tests.e2e.conftest import Api, Workspace

CLUB = """\
import dlt
import requests


@dlt.source
def club(base_url):
    def pages(name):
        skip = 0
        while True:
            page = requests.get(f"{base_url}/{name}?skip={skip}", timeout=10).json()[name]
            if not page:
                return
            yield page
            skip += len(page)

    @dlt.resource(primary_key="id", write_disposition="merge")
    def members(seen=dlt.sources.incremental("updatedAt")):
        \"\"\"People of the club.\"\"\"
        yield from pages("members")

    @dlt.resource(write_disposition="replace", columns={"code": {"unique": True}})
    def courts():
        yield from pages("courts")

    @dlt.resource(
        write_disposition="replace",
        references=[
            {
                "referenced_table": "courts",
                "columns": ["court_code"],
                "referenced_columns": ["code"],
            }
        ],
    )
    def bookings():
        yield from pages("bookings")

    @dlt.transformer(data_from=members, write_disposition="replace")
    def cards(page):
        yield [{"number": f"C-{member['id']}", "member_id": member["id"]} for member in page]

    return members, courts, bookings, cards
"""


def _lists() -> dict[str, list[dict[str, Any]]]:
    members = [
        {
            "id": number,
            "name": f"Member {number}",
            "updatedAt": f"2024-01-{number:02}T00:00:00Z",
            "about": "x" * 1000 if number == 1 else None,
        }
        for number in range(1, 9)
    ]
    courts = [{"code": f"K{number}", "size": number} for number in range(3)]
    bookings = [
        {
            "id": number,
            "member_id": number % 8 + 1,
            "court_code": f"K{number % 3}",
            "players": [{"member_id": player, "score": player} for player in (1, 2)],
        }
        for number in range(40)
    ]
    return {"members": members, "courts": courts, "bookings": bookings}


@pytest.fixture(scope="module")
def club(
    new_workspace: Callable[[], Workspace], serve: Callable[..., AbstractContextManager[Api]]
) -> Iterator[Workspace]:
    workspace = new_workspace()
    with serve(_lists(), page=5) as api:
        workspace.code("club", CLUB)
        workspace.declare(club={"kwargs": {"base_url": api.url}})
        yield workspace


@pytest.fixture(scope="module")
def found(club: Workspace) -> Discovery:
    return Project.find(club.root).source("club").discover()


def _table(found: Discovery, name: str) -> FoundTable:
    return next(table for table in found.tables if table.name == name)


def test_resources_say_how_much_of_them_was_read(found: Discovery) -> None:
    read = {one.name: (one.pages, one.rows, one.ended, one.parent) for one in found.resources}
    assert read == {
        "members": (2, 8, True, None),
        "courts": (1, 3, True, None),
        "bookings": (3, 15, False, None),
        "cards": (2, 8, True, "members"),
    }


def test_tables_have_keys_nesting_rows_and_descriptions(found: Discovery) -> None:
    tables = {
        one.name: (one.resource, one.parent, one.write_disposition, one.rows, one.complete)
        for one in found.tables
    }
    assert tables == {
        "bookings": ("bookings", None, "replace", 15, False),
        "bookings__players": ("bookings", "bookings", "replace", 30, False),
        "cards": ("cards", None, "replace", 8, True),
        "courts": ("courts", None, "replace", 3, True),
        "members": ("members", None, "merge", 8, True),
    }
    members = _table(found, "members")
    assert members.description == "People of the club."
    marks = {
        column.name: (column.data_type, column.primary_key, column.cursor, column.nulls)
        for column in members.columns
        if not column.system
    }
    assert marks == {
        "id": ("BIGINT", True, False, 0),
        "name": ("VARCHAR", False, False, 0),
        "updated_at": ("TIMESTAMP WITH TIME ZONE", False, True, 0),
        "about": ("VARCHAR", False, False, 7),
    }
    assert [column.name for column in _table(found, "courts").columns if column.unique] == ["code"]


def test_rows_are_shown_without_what_dlt_adds_and_long_texts_are_cut(found: Discovery) -> None:
    first = _table(found, "members").samples[0]
    assert list(first) == ["id", "name", "updated_at", "about"]
    assert (first["id"], first["updated_at"][:10]) == (1, "2024-01-01")
    assert first["about"] == "x" * 199 + "…"


def test_relationships_are_declared_nested_or_guessed_with_evidence(found: Discovery) -> None:
    pairs = {
        (one.kind, f"{one.table}.{one.columns[0]}", one.referenced_table): one.evidence
        for one in found.references
    }
    nested = ("nested", "bookings__players._dlt_parent_id", "bookings")
    declared = ("declared", "bookings.court_code", "courts")
    guesses = {
        "bookings.member_id": "8 of 8",
        "bookings__players.member_id": "2 of 2",
        "cards.member_id": "8 of 8",
    }
    expected = {
        ("guess", column, "members"): f"{values} distinct values of {column} are in members.id,"
        " which is unique in its 8 rows"
        for column, values in guesses.items()
    }
    assert pairs == {nested: None, declared: None, **expected}


def test_types_are_those_of_the_warehouse_that_code_is_generated_for(club: Workspace) -> None:
    """No server is needed, nor its driver: nothing is loaded there."""
    profiles = club.root / "dbt_project/profiles.yml"
    sources = club.root / ".dango/sources.yml"
    before = profiles.read_text(encoding="utf-8"), sources.read_text(encoding="utf-8")
    prod = {"type": "snowflake", "account": "x", "user": "x", "password": "x", "schema": "x"}
    profiles.write_text(f"{before[0]}    prod: {json.dumps(prod)}\n", encoding="utf-8")
    sources.write_text(f"{before[1]}generate: {{target: prod}}\n", encoding="utf-8")
    try:
        found = Project.find(club.root).source("club").discover(resources=["courts"], pages=1)
    finally:
        profiles.write_text(before[0], encoding="utf-8")
        sources.write_text(before[1], encoding="utf-8")
    assert found.adapter == "snowflake"
    types = {one.name: one.data_type for one in _table(found, "courts").columns}
    assert (types["code"], types["size"]) == ("VARCHAR", "NUMBER(19,0)")


@dataclass(frozen=True)
class Printed:
    """What the command printed in each form, and the project's files before and after."""

    text: str
    document: dict[str, Any]
    diagram: list[str]
    before: dict[str, bytes]
    after: dict[str, bytes]


@pytest.fixture(scope="module")
def printed(club: Workspace) -> Printed:
    """Run the command in a project with a filled warehouse, where dlt keeps copies of schemas."""
    assert Project.find(club.root).sync(["club"], generate=False).exit_code == 0
    config = club.root / ".dlt/config.toml"
    text = config.read_text(encoding="utf-8")
    paths = "".join(f'{what}_schema_path = "{what}ed"\n' for what in ("export", "import"))
    config.write_text(f"{paths}{text}", encoding="utf-8")
    before, outputs = club.files("."), []
    command = ("source", "discover", "club", "--resource", "bookings", "--resource", "courts")
    for options in ([], ["--json"]):
        done = club.command(*command, *options)
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
    here = ("--project-dir", str(club.root))
    outputs.append(CliRunner().invoke(main, [*command, "--format", "mermaid", *here]).stdout)
    after = club.files(".")
    config.write_text(text, encoding="utf-8")
    return Printed(outputs[0], json.loads(outputs[1]), outputs[2].splitlines(), before, after)


def test_nothing_of_the_project_changes(printed: Printed) -> None:
    """Not its files, its state, its warehouse or its code's bytecode."""
    assert any(name.endswith(".duckdb") for name in printed.before)
    assert any(name.startswith(".dango/state/dev/club/") for name in printed.before)
    assert printed.after == printed.before


def test_the_text_says_how_much_was_read_and_what_points_where(printed: Printed) -> None:
    text = printed.text
    assert re.search(r"bookings +at least 15 rows, read in 3 pages, 5\.0 rows a page", text)
    assert re.search(r"courts +3 rows, read in 1 page\n", text)
    assert re.search(r"court_code +VARCHAR +→ courts\.code", text)
    assert "members" not in text


def test_the_document_has_what_the_text_has(printed: Printed) -> None:
    document = printed.document
    assert document["command"] == "source discover"
    tables = [table["name"] for table in document["tables"]]
    assert tables == ["bookings", "bookings__players", "courts"]
    complete = {resource["name"]: resource["complete"] for resource in document["resources"]}
    assert complete == {"bookings": False, "courts": True}
    assert {one["kind"] for one in document["relationships"]} == {"declared", "nested"}


def test_the_diagram_has_the_tables_and_their_lines(printed: Printed) -> None:
    assert printed.diagram[0] == "erDiagram"
    assert "        VARCHAR court_code FK" in printed.diagram
    assert '    t2 ||--o{ t0 : "court_code"' in printed.diagram
    assert '    t0 ||--o{ t1 : "nested"' in printed.diagram


def test_rows_are_cut_to_the_terminals_width(found: Discovery) -> None:
    stream = StringIO()
    console = SerialConsole(file=stream, force_terminal=True, width=60, markup=False)
    report.source_discovered(found, console)
    text = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    rows = [line.strip() for line in text.splitlines() if line.startswith("    id: 1 | name")]
    assert rows == ["id: 1 | name: Member 1 | updated_at: 2024-01-01T00:00…"]
    assert max(len(line) for line in text.splitlines() if " | " in line) <= 60


def test_a_sample_that_cannot_be_loaded_is_an_error_with_the_line(workspace: Workspace) -> None:
    workspace.code(
        "broken", 'import dlt\n\n\n@dlt.resource\ndef broken():\n    raise ValueError("no")\n'
    )
    workspace.declare(broken={})
    with pytest.raises(SyncError, match=r"custom_sources/broken\.py:6.*ValueError: no"):
        Project.find(workspace.root).source("broken").discover()


def test_secrets_stay_out_of_errors(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUB_TOKEN", "s3cr3t-t0k3n")
    workspace.code(
        "broken",
        "import dlt\n\n\n@dlt.resource\ndef broken(token):\n    raise ValueError(token)\n",
    )
    workspace.declare(broken={"kwargs": {"token": "${CLUB_TOKEN}"}})
    with pytest.raises(SyncError) as raised:
        Project.find(workspace.root).source("broken").discover()
    assert "***" in str(raised.value)
    assert "s3cr3t" not in str(raised.value)


def test_a_source_without_code_is_sampled_too(workspace: Workspace, api: Api) -> None:
    workspace.write(
        ".dango/sources.yml",
        f"""\
        version: '1.0'
        sources:
          - name: shop
            type: rest_api
            rest_api:
              client: {{base_url: "{api.url}/"}}
              resource_defaults:
                endpoint: {{paginator: {{type: offset, limit: 5, offset_param: skip}}}}
              resources: [products, carts, users]
        """,
    )
    found = Project.find(workspace.root).source("shop").discover(pages=1)
    assert [(one.name, one.rows, one.ended) for one in found.resources] == [
        ("products", 5, False),
        ("carts", 5, False),
        ("users", 5, False),
    ]
    guesses = [f"{one.table} → {one.referenced_table}" for one in found.references if one.evidence]
    assert "carts → users" in guesses
    assert api.calls == {"products": 1, "carts": 1, "users": 1}


def test_a_transformer_reads_no_more_than_the_limit_either(workspace: Workspace, api: Api) -> None:
    """A large file is one item of its parent's, and asking for details costs a request each."""
    workspace.code(
        "files",
        """\
        import dlt
        import requests


        @dlt.source
        def files(base_url):
            @dlt.resource(selected=False)
            def names():
                yield ["products"] * 8

            @dlt.transformer(data_from=names)
            def chunks(names):
                for name in names:
                    yield requests.get(f"{base_url}/{name}", timeout=10).json()[name]

            @dlt.transformer(data_from=names)
            def whole(names):
                return [{"name": name} for name in names]

            return names, chunks, whole
        """,
    )
    workspace.declare(files={"kwargs": {"base_url": api.url}})
    found = Project.find(workspace.root).source("files").discover(pages=2)
    assert api.calls == {"products": 2}
    read = {one.name: (one.pages, one.rows, one.ended, one.selected) for one in found.resources}
    assert read == {
        "names": (1, 8, True, False),
        "chunks": (2, 10, False, True),
        "whole": (1, 8, True, True),
    }

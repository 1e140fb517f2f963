"""What `status` tells of tables, code and loads, beside a run, and where an entry is broken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dango_dbt import Project, destinations
from dango_dbt.locking import alone
from dango_dbt.progress import Progress
from dango_dbt.report.status import status_lines

if TYPE_CHECKING:
    from dango_dbt.findings import ProjectStatus, SourceStatus
    from tests.e2e.conftest import Workspace
    from tests.postgres import Server

CODE = """\
import dlt

@dlt.source
def events():
    @dlt.resource(write_disposition="append")
    def clicks(id=dlt.sources.incremental("id", initial_value=-1, range_start="open")):
        yield [{"id": id_, "parts": [1, 2]} for id_ in range(id.last_value + 1, 5)]

    @dlt.resource(primary_key="id", write_disposition="merge")
    def people():
        yield [{"id": 1, "name": "Ada"}]

    return clicks, people

@dlt.resource
def other():
    yield {"id": 1}
"""
EVENTS = {"clicks": 5, "clicks__parts": 10, "people": 1}


def new(workspace: Workspace) -> Workspace:
    workspace.code("events", CODE)
    workspace.declare(events={}, other={"module": "events", "function": "other"})
    return workspace


@pytest.fixture(scope="module")
def loaded(new_workspace: Callable[[], Workspace]) -> Workspace:
    workspace = new(new_workspace())
    assert workspace.sync().exit_code == 0
    return workspace


def status(workspace: Workspace, **options: Any) -> ProjectStatus:  # noqa: ANN401 - the API's
    return Project.find(workspace.root).status(**options)


def of(found: ProjectStatus, name: str) -> SourceStatus:
    (source,) = (source for source in found.sources if source.name == name)
    return source


def change(workspace: Workspace, statement: str) -> None:
    """Change something in the warehouse."""
    import duckdb

    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute(statement)


def test_rows_and_what_is_not_built_are_told_by_table(loaded: Workspace) -> None:
    before = loaded.files(".")
    found = status(loaded)
    assert [source.rows for source in found.sources] == [EVENTS, {"other": 1}]
    assert of(found, "events").unbuilt == ("clicks", "clicks__parts", "people")
    assert [source.rows for source in status(loaded, rows=False).sources] == [None, None]
    assert loaded.files(".") == before


def test_what_was_never_generated_here_is_told_as_well(loaded: Workspace) -> None:
    """Without a schema in git, dlt's state in the warehouse says which one is the source's."""
    hidden = loaded.root / "hidden"
    (loaded.root / ".dango/schemas").rename(hidden)
    try:
        found = status(loaded)
    finally:
        hidden.rename(loaded.root / ".dango/schemas")
    assert [source.rows for source in found.sources] == [EVENTS, {"other": 1}]
    assert all(source.loaded for source in found.sources)


def test_only_finished_loads_of_the_source_count(loaded: Workspace) -> None:
    last = of(status(loaded), "events").loaded
    late = "'2999-01-01 00:00:00+00'"
    change(
        loaded,
        "insert into raw_events._dlt_loads (load_id, schema_name, status, inserted_at)"
        f" values ('x', 'events', 1, {late}), ('y', 'other', 0, {late})",
    )
    try:
        assert of(status(loaded), "events").loaded == last
    finally:
        change(loaded, "delete from raw_events._dlt_loads where load_id in ('x', 'y')")


def test_a_file_that_a_run_may_write_is_left_alone(loaded: Workspace) -> None:
    with alone(loaded.root / ".dango/state/dev", "sync", 0, Progress()):
        found = status(loaded)
    assert found.exit_code == 1
    assert found.running is not None
    assert "`dango-dbt sync` (PID " in found.running
    assert "is not read while it may be written" in str(found.unreachable)
    lines = ["".join(map(str, line.parts)) for line in status_lines(found)]
    assert sum(found.running in line for line in lines) == 1  # it is named once
    events = of(found, "events")
    assert events.loaded is not None
    assert (events.rows, events.code) == (None, "up to date")
    assert status(loaded).running is None


def test_a_run_that_begins_meanwhile_waits_for_the_file(
    loaded: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB lets nobody write while another process reads: a look must not make a run fail."""
    done: list[int] = []
    run = threading.Thread(
        target=lambda: done.append(loaded.sync("other", lock_timeout=0).exit_code)
    )
    warehouse = destinations.warehouse

    def slow(target: Any) -> Any:  # noqa: ANN401 - as it is
        if threading.current_thread() is run:
            return warehouse(target)
        found = warehouse(target)
        look = found.look

        def looked() -> Any:  # noqa: ANN401
            run.start()
            run.join(0.3)
            assert not done
            return look()

        object.__setattr__(found, "look", looked)
        return found

    monkeypatch.setattr(destinations, "warehouse", slow)
    assert status(loaded).exit_code == 0
    run.join(60)
    assert done == [0]


def test_a_broken_entry_is_told_beside_the_others(loaded: Workspace) -> None:
    config = loaded.root / ".dango/sources.yml"
    text = config.read_text("utf-8")
    config.write_text(text.replace("name: other\n", "name: other\n  enabeld: true\n"), "utf-8")
    try:
        found = status(loaded)
    finally:
        config.write_text(text, "utf-8")
    assert found.exit_code == 0
    assert of(found, "events").rows == EVENTS
    other = of(found, "other")
    assert (other.code, other.last_run) == ("unknown", "success")
    assert any("enabeld" in warning for warning in found.warnings)


def test_what_generate_would_take_in_is_named(loaded: Workspace) -> None:
    loaded.code("events", CODE.replace('"name": "Ada"', '"name": "Ada", "born": 1815'))
    try:
        assert loaded.sync("events", generate=False).exit_code == 0
        events = of(status(loaded), "events")
        assert events.code == "out of date"
        assert [(c.table, c.column) for c in events.schema_changes] == [("people", "born")]
    finally:
        loaded.code("events", CODE)
    assert Project.find(loaded.root).generate().exit_code == 0
    events = of(status(loaded), "events")
    assert (events.code, events.schema_changes) == ("up to date", ())


@pytest.mark.slow
def test_a_warehouse_that_is_another_one_has_no_load(loaded: Workspace) -> None:
    away = loaded.warehouse.rename(loaded.root / "away.duckdb")
    try:
        done = loaded.command("status")
        assert not loaded.warehouse.exists()
    finally:
        away.rename(loaded.warehouse)
    assert done.returncode == 0, done.stderr
    assert "! events: it was loaded from here, and the warehouse has no load of it" in done.stdout
    heading, events = (line for line in done.stdout.splitlines() if "up to date" in line)
    assert heading.split() == ["events", "never", "up", "to", "date"]
    assert events.split()[0] == "other"


@pytest.fixture
def postgres_profile(workspace: Workspace, postgres: Server) -> Callable[..., str]:
    fields = {**postgres.database().fields, "schema": "main"}

    def point_at(**changed: Any) -> str:  # noqa: ANN401 - YAML
        profile = {"shop": {"target": "dev", "outputs": {"dev": {**fields, **changed}}}}
        workspace.write("dbt_project/profiles.yml", yaml.safe_dump(profile))
        return str(fields["pass"])

    return point_at


@pytest.mark.slow
def test_on_postgres_it_is_the_same_and_a_run_hinders_nobody(
    workspace: Workspace, postgres_profile: Callable[..., str]
) -> None:
    password = postgres_profile()
    new(workspace)
    assert [source.loaded for source in status(workspace).sources] == [None, None]
    assert workspace.sync().exit_code == 0
    with alone(workspace.root / ".dango/state/dev", "sync", 0, Progress()):
        found = status(workspace)
    assert found.exit_code == 0
    assert found.running is not None
    assert [source.rows for source in found.sources] == [EVENTS, {"other": 1}]

    postgres_profile(port=1)
    found = status(workspace)
    assert found.exit_code == 1
    assert str(found.unreachable).startswith("dbt_project/profiles.yml:")
    assert "cannot be reached" in str(found.unreachable)
    assert password not in str(found.unreachable)
    assert of(found, "events").loaded is not None

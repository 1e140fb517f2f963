"""Whole projects on disk, and a shop's API on loopback, for tests from end to end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from tests.forking import command

if TYPE_CHECKING:
    from dango_dbt.results import RunResult, SyncResult
    from tests.postgres import Database, Server

REPOSITORY = Path(__file__).parents[2]
DUMMYJSON = REPOSITORY.parent / "shared" / "dummyjson"
SHOP = Path(__file__).parent / "shop"
LISTS = ("products", "carts", "users")

_FILES = {
    ".dlt/config.toml": """\
        [runtime]
        dlthub_telemetry = false
        log_level = "ERROR"
        request_max_attempts = 1
        """,
    "dbt_project/dbt_project.yml": """\
        name: shop
        profile: shop
        flags: {send_anonymous_usage_stats: false}
        models:
          shop:
            staging: {+schema: staging}
            marts: {+schema: marts, +materialized: table}
        """,
    "dbt_project/profiles.yml": """\
        shop:
          target: dev
          outputs:
            dev:
              type: duckdb
              path: ../data/warehouse.duckdb
              schema: main
              threads: 2
        """,
}


@dataclass(frozen=True)
class Workspace:
    """A project of a user's, and what a user does with it."""

    root: Path

    def write(self, name: str, text: str) -> Path:
        """Write a file below the root; the text may be indented."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def start_from(self, root: Path) -> None:
        """Become a copy of a project that another test or fixture has brought so far."""
        shutil.rmtree(self.root)
        shutil.copytree(root, self.root)

    def remove(self, name: str) -> None:
        """Remove a folder below the root, with all that is in it."""
        shutil.rmtree(self.root / name)

    def code(self, module: str, text: str) -> Path:
        """Write a module of custom_sources/."""
        return self.write(f"custom_sources/{module}.py", text)

    def mart(self, name: str, sql: str) -> Path:
        """Write a model by hand."""
        return self.write(f"dbt_project/models/marts/{name}.sql", sql)

    def declare(self, **sources: Mapping[str, Any]) -> None:
        """Write sources.yml: source name → its entry; `module`, `function`, `kwargs` for short.

        Module and function are named like the source unless the entry says otherwise.
        """
        entries = []
        for name, given in sources.items():
            rest = dict(given)
            dlt_native = {
                "source_module": rest.pop("module", name),
                "source_function": rest.pop("function", name),
                "function_kwargs": rest.pop("kwargs", {}),
            }
            entries.append({"name": name, "type": "dlt_native", **rest, "dlt_native": dlt_native})
        text = yaml.safe_dump({"version": "1.0", "sources": entries}, sort_keys=False)
        self.write(".dango/sources.yml", text)

    def ecommerce(self, base_url: str) -> None:
        """Declare the bundled source `ecommerce_api`, as source `ecommerce`."""
        bundled = REPOSITORY / "custom_sources" / "ecommerce_api.py"
        self.code("ecommerce_api", bundled.read_text(encoding="utf-8"))
        kwargs = {"base_url": base_url}
        self.declare(
            ecommerce={"module": "ecommerce_api", "function": "ecommerce_api", "kwargs": kwargs}
        )

    def run(self, *sources: str, **options: Any) -> RunResult:  # noqa: ANN401 - the API's options
        """`sync-and-build` in this process."""
        from dango_dbt import Project

        return Project.find(self.root).sync_and_build(sources, **options)

    def sync(self, *sources: str, **options: Any) -> RunResult:  # noqa: ANN401 - the API's options
        """`sync` in this process."""
        from dango_dbt import Project

        return Project.find(self.root).sync(sources, **options)

    def command(
        self, *args: str, cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `dango-dbt` as a process, with no terminal."""
        return command(args, cwd or self.root, variables)

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.root / "data" / "warehouse.duckdb"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the warehouse."""
        import duckdb

        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def count(self, table: str) -> int:
        """Count the rows of a table or view."""
        return int(self.rows(f"select count(*) from {table}")[0][0])

    def relations(self, schema: str) -> set[str]:
        """Name the tables and views of a schema that hold data, so not dlt's own."""
        found = self.rows(
            "select table_name from information_schema.tables"
            f" where table_schema = '{schema}' and table_name not like '\\_dlt%' escape '\\'"
        )
        return {str(name) for (name,) in found}

    def files(self, *folders: str) -> dict[str, bytes]:
        """Read all files below these folders, by their path from the root."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for folder in folders
            for path in sorted((self.root / folder).rglob("*"))
            if path.is_file()
        }

    def generated(self) -> dict[str, bytes]:
        """Read all that generation writes: committed files and the copies of them."""
        return self.files(
            "dbt_project/models", "dbt_project/macros", ".dango/schemas", ".dango/generated"
        )


@dataclass
class Api:
    """Answers like DummyJSON, in pages of at most `page` items; `failing` lists give a 500.

    `calls` counts the requests for each list.
    """

    lists: dict[str, list[dict[str, Any]]]
    page: int = 5
    failing: set[str] = field(default_factory=set)
    url: str = ""
    calls: Counter[str] = field(default_factory=Counter)

    def answer(self, name: str, limit: int, skip: int) -> dict[str, Any]:
        items = self.lists[name]
        page = items[skip : skip + min(limit, self.page)]
        return {name: page, "total": len(items), "skip": skip, "limit": len(page)}

    def nested(self, name: str, key: str) -> int:
        """Count the items of a list in all items of another one."""
        return sum(len(item.get(key) or ()) for item in self.lists[name])


@contextmanager
def _serve(api: Api) -> Iterator[Api]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            name = url.path.strip("/")
            api.calls[name] += 1
            if name in api.failing or name not in api.lists:
                self.send_error(500 if name in api.failing else 404)
                return
            query = {key: int(values[0]) for key, values in parse_qs(url.query).items()}
            body = json.dumps(api.answer(name, query.get("limit", 100), query.get("skip", 0)))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _lists(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {name: json.loads((folder / f"{name}.json").read_text("utf-8")) for name in LISTS}


@dataclass(frozen=True)
class OnPostgres(Workspace):
    """The same project, whose target `dev` is a Postgres."""

    database: Database

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the warehouse, or change something in it."""
        return self.database.rows(sql)

    @property
    def profiles(self) -> str:
        """The text of profiles.yml."""
        return yaml.safe_dump({"shop": {"target": "dev", "outputs": {"dev": self.database.fields}}})


def _workspace(root: Path) -> Workspace:
    return _filled(Workspace(root), _FILES["dbt_project/profiles.yml"])


_W = TypeVar("_W", bound=Workspace)


def _filled(workspace: _W, profiles: str) -> _W:
    for name, text in {**_FILES, "dbt_project/profiles.yml": profiles}.items():
        workspace.write(name, text)
    parsed = workspace.root / "dbt_project/target/partial_parse.msgpack"
    parsed.parent.mkdir()
    parsed.write_bytes(_parsed(profiles))
    return workspace


@cache
def _parsed(profiles: str) -> bytes:
    """What dbt keeps of an empty project, once it has parsed its own 500 macros.

    That takes most of a small project's first run, and is the same in all of them. dbt parses all
    anew where the project or its profile is another one.
    """
    from dbt.cli.main import dbtRunner

    with TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        for name, text in {**_FILES, "dbt_project/profiles.yml": profiles}.items():
            workspace.write(name, text)
        project = workspace.root / "dbt_project"
        result = dbtRunner().invoke(
            ["parse", "--project-dir", str(project), "--profiles-dir", str(project), "--quiet"]
        )
        assert result.success, result.exception
        return (project / "target/partial_parse.msgpack").read_bytes()


@pytest.fixture(scope="session", autouse=True)
def _no_variables_of_the_developer() -> None:
    for name in [name for name in os.environ if name.startswith("DBT_") or name == "DANGO_DBT"]:
        del os.environ[name]


@pytest.fixture(autouse=True)
def _environment_as_before() -> Iterator[None]:
    """A project's `.env` is loaded into this process; the next test's must not see it."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Give a project with no source yet."""
    return _workspace(tmp_path / "project")


@pytest.fixture
def on_postgres(tmp_path: Path, postgres: Server) -> OnPostgres:
    """Give a project on Postgres with no source yet."""
    workspace = OnPostgres(tmp_path / "on_postgres", postgres.database())
    return _filled(workspace, workspace.profiles)


@pytest.fixture(scope="module")
def new_workspace(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Workspace]:
    """Make projects that several tests of a module share."""
    return lambda: _workspace(tmp_path_factory.mktemp("shared") / "project")


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[Api]]:
    """Serve lists of one's own: their names and items, and `page`."""
    return lambda lists, **options: _serve(Api(lists, **options))


@pytest.fixture(scope="session")
def new_api() -> Callable[[], AbstractContextManager[Api]]:
    """Serve the small shop's API, for tests that share it."""
    return lambda: _serve(Api(_lists(SHOP)))


@pytest.fixture
def api(new_api: Callable[[], AbstractContextManager[Api]]) -> Iterator[Api]:
    """Serve the small shop's API."""
    with new_api() as api:
        yield api


@pytest.fixture(scope="module", params=["small", "dummyjson"])
def shared_api(request: pytest.FixtureRequest) -> Iterator[Api]:
    """Serve the small shop's API, and then real data where the folder with it is there."""
    folder = SHOP if request.param == "small" else DUMMYJSON
    if not folder.is_dir():
        pytest.skip("the DummyJSON data is not here")
    with _serve(Api(_lists(folder), page=5 if request.param == "small" else 100)) as api:
        yield api


@pytest.fixture(scope="session")
def source_of() -> Callable[[RunResult, str], SyncResult]:
    """Find what became of one source."""

    def find(result: RunResult, name: str) -> SyncResult:
        (found,) = (source for source in result.sources or () if source.name == name)
        return found

    return find

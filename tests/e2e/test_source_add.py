"""`source add`: what comes into a project, that it loads, and that nothing else changes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dango_dbt.scaffold import scaffold

if TYPE_CHECKING:
    from dango_dbt.results import RunResult, SyncResult
    from tests.e2e.conftest import Workspace

Find = Callable[["RunResult", str], "SyncResult"]

#: A repository as `dlt init` expects it. `chess` is laid out like dlt's own: its function is called
#: `source`. `crm` has secrets, settings, arguments that dlt fills in nowhere, two sources, and
#: imports itself by its full names; one of its libraries is not installed here.
REPOSITORY = {
    "sources/chess/__init__.py": """\
        '''Loads the profiles of chess players.'''

        from typing import Iterator, List, Sequence

        import dlt
        from dlt.common.typing import TDataItem
        from dlt.sources import DltResource

        from .helpers import profile


        @dlt.source(name="chess")
        def source(players: List[str], month: str = None) -> Sequence[DltResource]:
            return (players_profiles(players),)


        @dlt.resource(write_disposition="replace")
        def players_profiles(players: List[str]) -> Iterator[TDataItem]:
            for player in players:
                yield profile(player)
        """,
    "sources/chess/helpers.py": """\
        from .settings import TITLE


        def profile(player):
            return {"player": player, "title": TITLE}
        """,
    "sources/chess/settings.py": "TITLE = 'GM'\n",
    "sources/chess/README.md": "# Chess\n",
    "sources/chess/requirements.txt": "dlt>=0.3.5\n",
    "sources/chess_pipeline.py": """\
        import dlt
        from chess import source

        if __name__ == "__main__":
            pipeline = dlt.pipeline("chess", destination="duckdb", dataset_name="chess")
            pipeline.run(source(["magnuscarlsen"]))
        """,
    "sources/crm/__init__.py": """\
        import dlt
        from dlt.sources.credentials import ConnectionStringCredentials

        try:
            from a_library_that_is_not_here import Client
        except ImportError:
            Client = None

        from crm.helpers import row
        from sources.crm.nested.more import NOTE


        @dlt.source
        def crm_events(api_key: str = dlt.secrets.value):
            return dlt.resource([{"id": 1}], name="events")


        @dlt.source
        def crm(
            account: str,
            api_key: str = dlt.secrets.value,
            region: str = dlt.config.value,
            credentials: ConnectionStringCredentials = dlt.secrets.value,
            since: str = "2020",
        ):
            host = credentials.host
            return dlt.resource([row(account, api_key, region, host, NOTE)], name="given")
        """,
    "sources/crm/helpers.py": """\
        def row(*values):
            return dict(zip(("account", "api_key", "region", "host", "note"), values))
        """,
    "sources/crm/nested/__init__.py": "",
    "sources/crm/nested/more.py": "from crm import helpers\n\nNOTE = helpers.row.__name__\n",
    "sources/crm/requirements.txt": """\
        dlt[parquet]>=0.5
        Requests>=2.0
        some_package[extra]>=1.0; python_version > "3.8"
        """,
    "sources/crm_pipeline.py": """\
        import dlt
        from crm import crm

        if __name__ == "__main__":
            pipeline = dlt.pipeline("crm", destination="duckdb", dataset_name="crm")
            pipeline.run(crm("account"))
        """,
    "sources/broken/__init__.py": "import dlt\n",
    "sources/commented/__init__.py": "import dlt\n",
    "sources/commented/requirements.txt": "# dlt's own reader takes no comment\n",
    "sources/commented_pipeline.py": "import dlt\n",
    "sources/future/__init__.py": """\
        import dlt


        @dlt.resource
        def rows():
            yield {"id": 1}
        """,
    "sources/future/requirements.txt": "dlt>=99\n",
    "sources/future_pipeline.py": """\
        import dlt
        from future import rows

        if __name__ == "__main__":
            dlt.pipeline("future", destination="duckdb").run(rows())
        """,
    "sources/hubspot/__init__.py": """\
        import dlt


        @dlt.source
        def hubspot(api_key: str = dlt.secrets.value):
            return dlt.resource([{"api_key": api_key}], name="given")
        """,
    "sources/hubspot/requirements.txt": "dlt>=0.5\n",
    "sources/hubspot_pipeline.py": """\
        import dlt
        from hubspot import hubspot

        if __name__ == "__main__":
            dlt.pipeline("hubspot", destination="duckdb").run(hubspot())
        """,
    "sources/.dlt/config.toml": "",
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("verified") / "verified-sources"
    for name, text in REPOSITORY.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    git("init", "-q", cwd=root)
    git("add", "-A", cwd=root)
    git("commit", "-q", "-m", "sources", cwd=root)
    return root


@pytest.fixture
def project(workspace: Workspace) -> Workspace:
    """Give a project as `init` writes it."""
    shutil.rmtree(workspace.root)
    scaffold(workspace.root)
    return workspace


def add(
    project: Workspace, name: str, verified: str, location: Path | str, *args: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    options = ["--verified", verified, "--location", str(location), *args]
    return project.command("source", "add", name, *options, cwd=None, **variables)


def added(project: Workspace, name: str, verified: str, location: Path | str) -> dict[str, Any]:
    done = add(project, name, verified, location, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def git(*arguments: str | Path, cwd: Path | None = None) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=cwd, check=True)  # noqa: S607 - found on the PATH


def tree(root: Path) -> dict[str, bytes | None]:
    """All below a folder, folders too."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
    }


def entry(project: Workspace, name: str) -> dict[str, Any]:
    data = yaml.safe_load((project.root / ".dango" / "sources.yml").read_text("utf-8"))
    (found,) = (one for one in data["sources"] if one["name"] == name)
    return dict(found["dlt_native"])


# ---------------------------------------------------------------- what comes into the project


@pytest.mark.parametrize("form", ["path", "file url", "relative", "bare clone"])
def test_a_source_without_secrets_is_there_and_loads(
    project: Workspace, repository: Path, source_of: Find, form: str, tmp_path: Path
) -> None:
    location = {
        "path": str(repository),
        "file url": repository.as_uri(),
        "relative": os.path.relpath(repository, project.root),
        "bare clone": str(tmp_path / "bare.git"),
    }[form]
    if form == "bare clone":
        git("clone", "-q", "--bare", repository, location)
    before, theirs = tree(project.root), tree(repository)
    document = added(project, "chess", "chess", location)

    assert tree(repository).keys() == theirs.keys(), "something was written into the repository"
    after = tree(project.root)
    new = {path: text for path, text in after.items() if path not in before}
    package = {
        name.removeprefix("sources/"): textwrap.dedent(text).encode()
        for name, text in REPOSITORY.items()
        if name.startswith("sources/chess/") and not name.endswith("requirements.txt")
    }
    assert new == {
        "custom_sources/chess": None,
        **{f"custom_sources/{path}": text for path, text in package.items()},
    }
    changed = {path for path in before if before[path] != after[path]}
    assert changed == {".dango/sources.yml", ".env.example"}
    assert (after[".env.example"] or b"") == (before[".env.example"] or b"") + (
        b"\nCHESS_PLAYERS=\n"
    )
    assert document["files"] == [
        {"path": "custom_sources/chess/", "action": "created"},
        {"path": ".env.example", "action": "updated"},
        {"path": ".dango/sources.yml", "action": "updated"},
    ]
    assert (document["module"], document["function"]) == ("chess", "source")
    assert document["variables"] == ["CHESS_PLAYERS"]
    assert entry(project, "chess") == {
        "source_module": "chess",
        "source_function": "source",
        "function_kwargs": {"players": ["${CHESS_PLAYERS}"]},
    }

    if form != "path":
        return
    unset = project.command("sync", "--source", "chess")
    assert unset.returncode == 2
    assert "variable CHESS_PLAYERS is not set" in unset.stderr + unset.stdout
    project.write(".env", "CHESS_PLAYERS=magnus\n")
    result = project.sync("chess")
    assert source_of(result, "chess").tables == {"players_profiles": 1}
    rows = "select player, title from raw_chess.players_profiles"
    import duckdb

    with duckdb.connect(str(project.root / "data" / "warehouse.duckdb")) as connection:
        assert connection.execute(rows).fetchall() == [("magnus", "GM")]


SOURCES_YML = "sources: [] # none yet\ndbt_project: dbt_project # here\n"
SECRETS = (
    "# mine\n[destination]\nother   = 'x' # kept\n\n[sources.my_crm] # mine, too\nregion='z'\n"
)
CONFIG = "[runtime]\ndlthub_telemetry = false # off\nlog_level = 'ERROR'"
REQUIREMENTS = "dango-dbt\r\nrequests==2.*  # pinned by us\r\n-r more.txt"


def test_a_source_with_secrets_under_another_name_loads_what_the_files_say(
    project: Workspace, repository: Path, source_of: Find
) -> None:
    before = {
        ".dango/sources.yml": SOURCES_YML,
        ".dlt/secrets.toml": SECRETS,
        ".dlt/config.toml": CONFIG,
        "requirements.txt": REQUIREMENTS,
    }
    for path, text in before.items():
        (project.root / path).write_bytes(text.encode())
    (project.root / ".dlt" / "secrets.toml").chmod(0o644)
    (project.root / ".env.example").unlink()
    document = added(project, "my_crm", "crm", repository)

    def now(path: str) -> str:
        return (project.root / path).read_bytes().decode()

    assert now(".dango/sources.yml") == (
        "sources: # none yet\n"
        "  - name: my_crm\n"
        "    type: dlt_native\n"
        "    enabled: true\n"
        "    dlt_native:\n"
        "      source_module: my_crm\n"
        "      source_function: crm\n"
        "      function_kwargs:\n"
        "        account: ${MY_CRM_ACCOUNT}\n"
        "dbt_project: dbt_project # here\n"
    )
    mark = '= "<configure me>" # fill this in!\n'
    assert now(".dlt/secrets.toml") == SECRETS.replace("too\n", f"too\napi_key {mark}") + (
        f"\n[sources.my_crm.credentials]\ndrivername {mark}database {mark}password {mark}"
        f"username {mark}host {mark}port = 0 # fill this in!\n"
    )
    assert (project.root / ".dlt" / "secrets.toml").stat().st_mode & 0o777 == 0o600
    assert now(".dlt/config.toml") == f"{CONFIG}\n\n[sources.my_crm]\nregion {mark}"
    assert now("requirements.txt") == (
        f'{REQUIREMENTS}\r\ndlt[parquet]\r\nsome_package[extra]>=1.0; python_version > "3.8"\r\n'
    )
    assert now(".env.example").endswith("\n\nMY_CRM_ACCOUNT=\n")
    assert (project.root / "custom_sources/my_crm/nested/more.py").read_text() == (
        "from .. import helpers\n\nNOTE = helpers.row.__name__\n"
    )
    assert document["secrets"] == [
        "api_key",
        *(
            f"credentials.{key}"
            for key in ("drivername", "database", "password", "username", "host", "port")
        ),
    ]
    assert document["config"] == ["region"]
    assert document["next"] == [
        "pip install -r requirements.txt",
        "dango-dbt source configure my_crm",
        "dango-dbt sync-and-build",
    ]
    assert ["`crm_events`" in note for note in document["notes"]] == [True]

    project.write(".env", "MY_CRM_ACCOUNT=acme\n")
    error = source_of(project.sync("my_crm"), "my_crm").error
    assert error is not None
    assert error.message == ".dlt/secrets.toml: `api_key` is not filled in yet"
    assert "[sources.my_crm]" in str(error.hint)

    secrets = now(".dlt/secrets.toml").replace(f"api_key {mark}", "api_key = 'the-key'\n")
    secrets = secrets.replace(f"host {mark}", "host = 'db.example.com'\n")
    secrets = secrets.replace(f"drivername {mark}", "drivername = 'postgresql'\n")
    project.write(".dlt/secrets.toml", secrets.replace("<configure me>", "filled"))
    project.write(".dlt/config.toml", now(".dlt/config.toml").replace("<configure me>", "eu"))
    result = project.sync("my_crm")
    assert source_of(result, "my_crm").error is None
    import duckdb

    columns = "account, api_key, region, host, note"
    with duckdb.connect(str(project.root / "data" / "warehouse.duckdb")) as connection:
        rows = connection.execute(f"select {columns} from raw_my_crm.given").fetchall()
    # secrets.toml wins over config.toml, and had a region already
    assert rows == [("acme", "the-key", "z", "db.example.com", "row")]


def test_people_are_told_what_was_written_and_what_to_do(
    project: Workspace, repository: Path
) -> None:
    git("init", "-q", cwd=project.root)
    (project.root / ".gitignore").write_text(".env\n")
    done = add(project, "my_crm", "crm", repository)
    assert done.stdout == textwrap.dedent(
        """\
        + custom_sources/my_crm/
        ~ requirements.txt
        ~ .dlt/config.toml
        + .dlt/secrets.toml
        ~ .env.example
        ~ .dango/sources.yml

        Fill in:
          .dlt/secrets.toml under [sources.my_crm]: KEYS
          .dlt/config.toml under [sources.my_crm]: region
          .env, or the environment: MY_CRM_ACCOUNT
        ! `crm` is the function of the entry; OTHER
        ! git does not ignore .dlt/secrets.toml: add it to .gitignore

        Next: NEXT
        """
    ).replace(
        "NEXT",
        "pip install -r requirements.txt && dango-dbt source configure my_crm"
        " && dango-dbt sync-and-build",
    ).replace(
        "KEYS",
        "api_key, credentials.drivername, credentials.database, credentials.password,"
        " credentials.username, credentials.host, credentials.port",
    ).replace(
        "OTHER",
        "the module has `crm_events` as well: for another one change `source_function` and"
        " `function_kwargs`",
    )


def test_a_source_made_for_another_dlt_comes_with_a_word_about_it(
    project: Workspace, repository: Path
) -> None:
    document = added(project, "later", "future", repository)
    assert (document["function"], entry(project, "later")["source_function"]) == ("rows", "rows")
    (note,) = document["notes"]
    assert "`future` was made for dlt>=99" in note


def test_a_source_is_added_where_sources_yml_is_missing(
    project: Workspace, repository: Path
) -> None:
    (project.root / ".dango" / "sources.yml").unlink()
    added(project, "chess", "chess", repository)
    text = (project.root / ".dango" / "sources.yml").read_text()
    assert text.startswith("version: '1.0'\n\nsources:\n  - name: chess\n")


# ---------------------------------------------------------------- the guide's HubSpot steps


def test_the_guides_hubspot_entry_is_mended_by_what_the_message_says(
    project: Workspace, repository: Path, source_of: Find
) -> None:
    steps = """\
        version: '1.0'
        sources:
          - name: my_hubspot
            type: dlt_native
            enabled: true
            dlt_native:
              source_module: dlt.sources.hubspot  # From dlt verified sources
              source_function: hubspot            # Function name from docs
              function_kwargs:
                api_key: ${HUBSPOT_API_KEY}      # Reference from env/secrets
        """
    file = project.write(".dango/sources.yml", steps)
    secrets = project.write(".dlt/secrets.toml", "[sources.my_hubspot]\napi_key = 'the-key'\n")
    kept = (file.read_bytes(), secrets.read_bytes())
    error = source_of(project.sync(), "my_hubspot").error
    assert error is not None
    command = str(error.hint).split("`")[1]
    assert command == "dango-dbt source add my_hubspot --verified hubspot"
    assert "`source_module: my_hubspot`" in str(error.hint)
    assert "`pip install dlt[hubspot]` does not bring it" in error.message

    done = project.command(*command.split()[1:], "--location", str(repository))
    assert done.returncode == 0, done.stderr
    assert "which stays as it is: write `source_module: my_hubspot` in it" in done.stdout
    assert (file.read_bytes(), secrets.read_bytes()) == kept
    assert "HUBSPOT_API_KEY=\n" in (project.root / ".env.example").read_text()

    file.write_text(file.read_text().replace("dlt.sources.hubspot ", "my_hubspot "))
    result = project.sync()
    assert source_of(result, "my_hubspot").tables == {"given": 1}


def test_an_entry_written_by_hand_gets_its_code(
    project: Workspace, repository: Path, source_of: Find
) -> None:
    """What the message about a file that no entry can be put into asks for."""
    file = project.write(".dango/sources.yml", "{version: '1.0', sources: []}\n")
    done = add(project, "chess", "chess", repository)
    assert done.returncode == 2
    by_hand = done.stderr.partition("run the command again: - ")[2].strip()
    file.write_text(f"{{version: '1.0', sources: [{by_hand}]}}\n")
    kept = file.read_bytes()
    document = added(project, "chess", "chess", repository)
    assert document["notes"] == []
    assert file.read_bytes() == kept
    project.write(".env", "CHESS_PLAYERS=magnus\n")
    assert source_of(project.sync(), "chess").tables == {"players_profiles": 1}


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("name", "verified", "location", "said", "hint"),
    [
        ("solar_system", "chess", "{}", "custom_sources/solar_system.py is there", "another name"),
        (
            "mine",
            "chess",
            "{}",
            "there is a source `mine` already, whose code is `other`",
            "choose",
        ),
        ("taken", "chess", "{}", "custom_sources/taken is there already", "another name"),
        ("Chess", "chess", "{}", "`Chess` is no name for a source", "lower-case"),
        ("a__b", "chess", "{}", "`a__b` is no name", "single underscores"),
        ("../x", "chess", "{}", "`../x` is no name", ""),
        ("solar_dlt_staging", "chess", "{}", "is where dlt stages the loads", "dataset_name"),
        ("new", "ches", "{}", "has no source `ches`", "did you mean `chess`?"),
        ("new", "zzz", "{}", "has no source `zzz`", "broken, chess, commented, crm, future, hub"),
        ("new", "broken", "{}", "init broken` failed: Pipeline example script broken_pip", ""),
        ("new", "commented", "{}", "failed: Expected package name at the start of", ""),
        ("new", "rest_api", "{}", "part of dlt", "`source_module: dlt.sources.rest_api`"),
        ("new", "chess", "{}/nothing", "cannot be reached: fatal: repository", "--location"),
        ("new", "chess", "{}/sources/chess", "cannot be reached", "--location"),
        ("new", "chess", "http://me:word@127.0.0.1:9/x.git", "//***@127.0.0.1:9", "the network"),
        ("new", "chess", "--upload-pack=x", "cannot be reached", ""),
        ("new", "chess", "x" * 5000, "cannot be reached: fatal:", "--location"),
        ("new", "chess", "~nobody_here/x", "cannot be reached: fatal:", "--location"),
        ("new", "chess", "http://me:p@ss/word@127.0.0.1:9/x.git", "http://***@127.0.0.1:9", ""),
    ],
)
def test_a_refusal_says_why_and_leaves_nothing_behind(
    project: Workspace,
    repository: Path,
    tmp_path: Path,
    name: str,
    verified: str,
    location: str,
    said: str,
    hint: str,
) -> None:
    sources = project.root / ".dango" / "sources.yml"
    native = {"source_module": "other", "source_function": "other"}
    others = [
        {"name": "mine", "type": "dlt_native", "dlt_native": native},
        {"name": "solar", "type": "dlt_native", "dlt_native": native},
    ]
    sources.write_text(sources.read_text() + "".join(f"# {name}\n" for name in ("a", "b")))
    text = sources.read_text().replace(
        "\nsources:\n", f"\nsources:\n  - {json.dumps(others[0])}\n  - {json.dumps(others[1])}\n"
    )
    sources.write_text(text)
    (project.root / "custom_sources" / "taken").mkdir()
    before = tree(project.root)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    done = add(
        project, name, verified, location.format(repository), "--json", TMPDIR=str(temporary)
    )
    assert done.returncode == 2, done.stdout + done.stderr
    error = json.loads(done.stdout)["error"]
    assert said in error["message"]
    assert hint in str(error["hint"])
    assert "word" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert tree(project.root) == before
    assert list(temporary.iterdir()) == []


def test_the_same_source_is_not_added_twice(project: Workspace, repository: Path) -> None:
    added(project, "chess", "chess", repository)
    before = tree(project.root)
    done = add(project, "chess", "chess", repository)
    assert done.returncode == 2
    assert "custom_sources/chess is there already" in done.stderr
    assert tree(project.root) == before
    added(project, "chess_2", "chess", repository)
    assert (project.root / "custom_sources" / "chess_2" / "helpers.py").is_file()


def test_a_folder_that_is_no_repository_is_refused(
    project: Workspace, repository: Path, tmp_path: Path
) -> None:
    shutil.copytree(repository, tmp_path / "copy", ignore=lambda *_: {".git"})
    done = add(project, "chess", "chess", tmp_path / "copy")
    assert done.returncode == 2
    assert "is no git repository" in done.stderr
    empty = tmp_path / "empty"
    git("init", "-q", empty)
    done = add(project, "chess", "chess", empty)
    assert done.returncode == 2
    assert "has no folder sources/" in done.stderr


def test_without_git_the_message_says_so(
    project: Workspace, repository: Path, tmp_path: Path
) -> None:
    done = add(project, "chess", "chess", repository, PATH=str(tmp_path))
    assert done.returncode == 2
    assert "there is no `git`" in done.stderr


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (".dlt/secrets.toml", "a = \n", ".dlt/secrets.toml:1:"),
        (".dlt/secrets.toml", "[sources]\nmy_crm = {api_key = 'x'}\n", "as it is written"),
        (".dango/sources.yml", "{version: '1.0', sources: []}\n", "as it is written"),
        (".dango/sources.yml", "sources:\n - nam: x\n", ".dango/sources.yml:2"),
    ],
)
def test_a_file_that_cannot_be_added_to_stops_it_all(
    project: Workspace, repository: Path, path: str, text: str, said: str
) -> None:
    project.write(path, text)
    before = tree(project.root)
    done = add(project, "my_crm", "crm", repository)
    assert done.returncode == 2
    assert said in done.stderr
    assert tree(project.root) == before


def test_what_fails_half_way_is_undone(
    project: Workspace, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder in the last file's way, where the temporary file beside it would be."""
    from dango_dbt.adding import add_verified
    from dango_dbt.errors import GenerateError

    secrets = project.write(".dlt/secrets.toml", "# mine\n")
    secrets.chmod(0o640)
    (project.root / "custom_sources" / "solar_system.py").unlink()
    (project.root / "custom_sources").rmdir()
    (project.root / ".dango" / f".sources.yml.{os.getpid()}.tmp").mkdir()
    before = tree(project.root)
    monkeypatch.chdir(project.root)
    with pytest.raises((GenerateError, OSError)):
        add_verified(project.root, "my_crm", "crm", location=str(repository))
    assert tree(project.root) == before
    assert secrets.stat().st_mode & 0o777 == 0o640


def test_the_users_git_and_dlt_variables_lead_nowhere(
    project: Workspace, repository: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = add(
        project,
        "chess",
        "chess",
        repository.as_uri(),
        GIT_DIR=str(elsewhere),
        DLT_PROJECT_DIR=str(elsewhere),
        DLT_CONFIG_FOLDER="other",
    )
    assert done.returncode == 0, done.stderr
    assert list(elsewhere.iterdir()) == []


# ---------------------------------------------------------------- .env.example


def test_generate_keeps_env_example_in_step_with_the_variables(workspace: Workspace) -> None:
    workspace.declare(
        one={"kwargs": {"a": "${ONE_A}", "deep": [{"b": "x${ONE_B:-1}y"}], "c": "$${NOT}"}},
        off={"enabled": False, "kwargs": {"a": "${ONE_A}"}},
    )
    example = workspace.root / ".env.example"
    done = workspace.command("generate", "--json")
    assert json.loads(done.stdout)["files"] == [{"path": ".env.example", "action": "created"}]
    assert example.read_text().splitlines()[2:] == ["ONE_A=", "ONE_B="]
    stamp = example.stat().st_mtime_ns
    done = workspace.command("generate", "--json")
    assert json.loads(done.stdout)["files"] == []
    assert example.stat().st_mtime_ns == stamp


def test_the_command_imports_neither_dlt_nor_dbt(project: Workspace, repository: Path) -> None:
    code = (
        "import sys\n"
        "from dango_dbt.cli import main\n"
        "try:\n"
        "    command = ['source', 'add', 'c', '--verified', 'chess', '--location']\n"
        f"    main([*command, {str(repository)!r}])\n"
        "except SystemExit as exit:\n"
        "    print(exit.code)\n"
        "heavy = {'dlt', 'dbt', 'duckdb', 'pyarrow', 'sqlglot', 'chess'}\n"
        "print('LOADED', sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.root, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-2:] == ["0", "LOADED []"]

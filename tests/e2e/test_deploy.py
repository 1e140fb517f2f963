"""`deploy` writes files that their platforms take, that work, and that are the user's to edit."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from croniter import croniter

from dango_dbt import Project
from dango_dbt.deploy import PLATFORMS
from dango_dbt.errors import ConfigError
from dango_dbt.scaffold import scaffold

if TYPE_CHECKING:
    from dango_dbt.deployment import Deployment
    from tests.e2e.conftest import Workspace

CODE = "import dlt\n\n@dlt.resource\ndef one(key=None, url=None):\n    yield {'n': 1}\n"
PROFILES = """\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: ../data/warehouse.duckdb, schema: main}
    prod:
      type: postgres
      host: "{{ env_var('PG_HOST', 'localhost') }}"
      user: "{{ env_var('PG_USER') }}"
      password: "{{ env_var(\\"PG_PASSWORD\\") }}"
      port: "{{ env_var( 'PG_PORT' , '5432') | as_number }}"
"""
RUFF = [sys.executable, "-m", "ruff"]


@pytest.fixture
def project(workspace: Workspace) -> Workspace:
    """Give a project with variables in all places, and three schedules."""
    workspace.code("one", CODE)
    workspace.declare(
        one={"schedule": "*/10 * * * *", "kwargs": {"key": "${ONE_KEY}", "url": "${ONE_URL:-x}"}},
        two={"schedule": "0 2 * * *", "module": "one", "function": "one"},
        three={"module": "one", "function": "one", "kwargs": {"key": "${THREE_KEY}"}},
        off={
            "schedule": "* * * * *",
            "enabled": False,
            "module": "one",
            "function": "one",
            "kwargs": {"key": "${OFF_KEY}"},
        },
    )
    workspace.write("dbt_project/profiles.yml", PROFILES)
    workspace.write("requirements.txt", "dango-dbt\n")
    workspace.write(
        ".dlt/secrets.toml",
        '[sources.one]\nkey = "s3cret"\n[sources.two]\nkey = "s3cret"\nauth.token = "s3cret"\n',
    )
    return workspace


def deploy(workspace: Workspace, platform: Any, **options: Any) -> Deployment:  # noqa: ANN401
    return Project.find(workspace.root).deploy(platform, **options)


def written(workspace: Workspace, done: Deployment) -> str:
    return (workspace.root / done.file.path).read_text(encoding="utf-8")


# ---------------------------------------------------------------- each platform's file


def test_github_takes_the_workflow(project: Workspace) -> None:
    done = deploy(project, "github", target="prod")
    assert (done.file.path, done.file.action) == (".github/workflows/dango.yml", "created")
    check = ["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    command = [sys.executable, *check, done.file.path]
    subprocess.run(command, cwd=project.root, check=True, capture_output=True)
    workflow = yaml.safe_load(written(project, done))
    assert workflow[True]["schedule"] == [{"cron": "*/10 * * * *"}]  # YAML takes `on` for true
    job = workflow["jobs"]["sync-and-build"]
    secrets = ("ONE_KEY", "SOURCES__TWO__KEY", "SOURCES__TWO__AUTH__TOKEN", "THREE_KEY", "PG_USER")
    assert job["env"] == {name: f"${{{{ secrets.{name} }}}}" for name in (*secrets, "PG_PASSWORD")}
    step = job["steps"][-1]["run"]
    assert "event_name == 'schedule' && '--frozen --due --target prod' || ''" in step
    assert "s3cret" not in written(project, done)
    assert not done.notes


def test_what_is_needed_is_named_with_where_it_comes_from(project: Workspace) -> None:
    """Of the sources that the job loads: those with a schedule; on GitHub a push loads all."""
    done = deploy(project, "airflow", target="prod")
    assert [(each.name, each.required, each.used_by) for each in done.variables] == [
        ("ONE_KEY", True, (".dango/sources.yml",)),
        ("ONE_URL", False, (".dango/sources.yml",)),
        ("SOURCES__TWO__KEY", True, (".dlt/secrets.toml",)),
        ("SOURCES__TWO__AUTH__TOKEN", True, (".dlt/secrets.toml",)),
        ("PG_HOST", False, ("profiles.yml",)),
        ("PG_USER", True, ("profiles.yml",)),
        ("PG_PASSWORD", True, ("profiles.yml",)),
        ("PG_PORT", False, ("profiles.yml",)),
    ]
    names = {each.name for each in deploy(project, "github").variables}
    assert "THREE_KEY" in names
    assert not names & {"OFF_KEY", "PG_USER"}


def test_a_variable_from_dlts_secrets_file_reaches_the_source(project: Workspace) -> None:
    """The name that `deploy` gives is the one that dlt looks for."""
    code = "import dlt\n\n@dlt.resource\ndef two(key=dlt.secrets.value):\n    yield {'key': key}\n"
    project.code("two", code)
    project.declare(two={"schedule": "@daily"})
    (needed,) = deploy(project, "cron").variables[:1]
    assert needed.name == "SOURCES__TWO__KEY"
    project.remove(".dlt")
    os.environ[needed.name] = "from a variable"
    assert project.sync(due=True, generate=False).exit_code == 0
    assert project.rows("select key from raw_two.two") == [("from a variable",)]


@pytest.mark.skipif(os.name == "nt", reason="there is no cron")
@pytest.mark.slow
def test_the_line_of_the_crontab_loads_what_is_due(workspace: Workspace, tmp_path: Path) -> None:
    """Run as cron does: by sh, from the home folder, with hardly a variable."""
    root = tmp_path / "a shop"
    workspace.code("one", CODE)
    workspace.declare(one={"schedule": "*/15 * * * *"})
    assert workspace.sync().exit_code == 0
    shutil.move(workspace.root, root)
    done = Project.find(root).deploy("cron")
    (line,) = [
        line
        for line in (root / done.file.path).read_text("utf-8").splitlines()
        if line and line[0] != "#"
    ]
    fields = line.split(" ", 5)
    assert croniter(" ".join(fields[:5])).get_next() > 0
    assert "%" not in fields[5], "it would end the command"
    _age(root)
    subprocess.run(
        ["/bin/sh", "-c", fields[5]],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=True,
    )
    assert _loads(root) == 2
    log = (root / ".dango/state/cron.log").read_text("utf-8").splitlines()
    assert [json.loads(each)["event"] for each in log] == ["run_finished"]


def _age(root: Path) -> None:
    import duckdb

    with duckdb.connect(str(root / "data/warehouse.duckdb")) as connection:
        connection.execute("update raw_one._dlt_loads set inserted_at = '2026-01-01'")


def _loads(root: Path) -> int:
    import duckdb

    with duckdb.connect(str(root / "data/warehouse.duckdb"), read_only=True) as connection:
        return int(connection.execute("select count(*) from raw_one._dlt_loads").fetchall()[0][0])


@pytest.mark.parametrize("platform", ["airflow", "dagster"])
@pytest.mark.parametrize("many", [False, True])
def test_python_files_are_as_a_linter_wants_them(
    project: Workspace, platform: str, *, many: bool
) -> None:
    if not many:
        project.remove(".dlt")
        project.declare(one={"schedule": "@daily", "kwargs": {"key": "${KEY}"}})
    done = deploy(project, platform, target="prod" if many else None)
    compile(written(project, done), done.file.path, "exec")
    for command in (["check", "--isolated"], ["format", "--isolated", "--check"]):
        ran = subprocess.run(
            [*RUFF, *command, done.file.path],
            cwd=project.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout
    text = written(project, done)
    assert ('"PG_USER"' in text, '"KEY"' in text) == (many, not many)
    assert '"PG_HOST"' not in text, "what has a default need not be set"
    folder = text.partition("PROJECT = ")[2].partition("\n")[0]
    found = eval(folder, {"Path": Path, "__file__": project.root / done.file.path})  # noqa: S307 - ours
    assert found == project.root


# ---------------------------------------------------------------- whose file it is


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_file_is_written_anew_unless_it_is_a_persons(project: Workspace, platform: str) -> None:
    assert deploy(project, platform).file.action == "created"
    before = project.files(".github", "deploy", ".dango/generated")
    assert deploy(project, platform).file.action == "unchanged"
    assert project.files(".github", "deploy", ".dango/generated") == before

    done = deploy(project, platform, schedule="7 * * * *")
    assert done.file.action == "updated"
    assert "7 * * * *" in written(project, done)

    path = project.root / done.file.path
    path.write_text(path.read_text("utf-8") + "# mine\n", encoding="utf-8")
    same = deploy(project, platform, schedule="7 * * * *")
    assert same.file.action == "unchanged"
    assert any("your edits" in note for note in same.notes)
    with pytest.raises(ConfigError, match="has edits of yours, and is not overwritten"):
        deploy(project, platform)
    assert path.read_text("utf-8").endswith("# mine\n")

    other = deploy(project, platform, output=project.root / "other.txt")
    assert (other.file.path, other.file.action) == ("other.txt", "created")
    assert deploy(project, platform, force=True).file.action == "updated"
    assert "# mine" not in path.read_text("utf-8")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_file_that_is_not_ours_stays(project: Workspace, platform: str) -> None:
    path = project.write("mine/file", "mine\n")
    with pytest.raises(ConfigError, match=r"mine/file was not written by `dango-dbt deploy`"):
        deploy(project, platform, output=path)
    assert path.read_text("utf-8") == "mine\n"


def test_the_workflow_of_init_becomes_that_of_deploy(tmp_path: Path) -> None:
    scaffold(tmp_path / "shop")
    path = tmp_path / "shop/.dango/sources.yml"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("    type: dlt_native\n", "    type: dlt_native\n    schedule: '@daily'\n", 1),
        encoding="utf-8",
    )
    done = Project.find(tmp_path / "shop").deploy("github")
    assert done.file.action == "updated"
    workflow = yaml.safe_load((tmp_path / "shop" / done.file.path).read_text("utf-8"))
    assert workflow[True]["schedule"] == [{"cron": "0 * * * *"}]
    assert any("is gone when the job ends" in note for note in done.notes)


def test_a_project_in_a_folder_of_a_repository(project: Workspace) -> None:
    """GitHub looks for workflows at the repository's root alone."""
    (project.root.parent / ".git").mkdir()
    done = deploy(project, "github", target="prod")
    assert done.file.path == "../.github/workflows/dango.yml"
    job = yaml.safe_load(written(project, done))["jobs"]["sync-and-build"]
    assert job["defaults"] == {"run": {"working-directory": "project"}}
    setup = next(step for step in job["steps"] if "setup-python" in step.get("uses", ""))
    assert setup["with"]["cache-dependency-path"] == "project/requirements.txt"
    assert deploy(project, "github", target="prod").file.action == "unchanged"
    moved = project.root.rename(project.root.with_name("shop: its #1"))
    done = Project.find(moved).deploy("github", target="prod")
    job = yaml.safe_load((moved / done.file.path).read_text("utf-8"))["jobs"]["sync-and-build"]
    assert job["defaults"] == {"run": {"working-directory": "shop: its #1"}}


# ---------------------------------------------------------------- what is refused, and told


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"schedule": "often"}, "`often` are no five fields of cron"),
        ({"schedule": "@daily"}, "`@daily` are no five fields of cron"),
        ({"target": "nowhere"}, "has no target 'nowhere'"),
    ],
)
def test_wrong_options_are_refused(
    project: Workspace, options: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        deploy(project, "cron", **options)
    assert not (project.root / "deploy").exists()


def test_without_a_schedule_there_is_nothing_to_deploy(workspace: Workspace) -> None:
    workspace.declare(one={}, off={"schedule": "@daily", "enabled": False})
    with pytest.raises(ConfigError, match="no enabled source has a `schedule:`") as found:
        deploy(workspace, "github")
    assert str(found.value).startswith(".dango/sources.yml:")


def test_github_runs_at_most_every_five_minutes(workspace: Workspace) -> None:
    workspace.declare(one={"schedule": "* * * * *"})
    workspace.write("requirements.txt", "dango-dbt\n")
    done = deploy(workspace, "github")
    assert done.schedule == "*/5 * * * *"
    assert any("github runs at `*/5 * * * *` at most" in note for note in done.notes)
    assert deploy(workspace, "cron").schedule == "* * * * *"


def test_github_keeps_names_that_begin_with_its_own_to_itself(workspace: Workspace) -> None:
    workspace.declare(one={"schedule": "@daily", "kwargs": {"key": "${GITHUB_PAT}"}})
    done = deploy(workspace, "github")
    job = yaml.safe_load(written(workspace, done))["jobs"]["sync-and-build"]
    assert job["env"] == {"GITHUB_PAT": "${{ secrets.DANGO_GITHUB_PAT }}"}
    assert "gh secret set DANGO_GITHUB_PAT" in done.next_steps


def test_the_command_tells_what_it_has_written(project: Workspace) -> None:
    told = project.command("deploy", "dagster", "--target", "prod", "--json", cwd=project.root)
    document = json.loads(told.stdout)
    assert (told.returncode, document["status"]) == (0, "success")
    assert document["files"] == [{"path": "deploy/dagster_definitions.py", "action": "created"}]
    assert document["runs"] == "dango-dbt sync-and-build --frozen --due --target prod"
    assert document["schedule"] == "*/10 * * * *"
    assert {each["name"] for each in document["variables"] if each["required"]} >= {"PG_USER"}
    again = project.command("deploy", "dagster", "--target", "prod").stdout
    assert "deploy/dagster_definitions.py is up to date: nothing to do" in again
    (project.root / "deploy/dagster_definitions.py").write_text("mine\n", encoding="utf-8")
    refused = project.command("deploy", "dagster")
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert shlex.join(["--output", "FILE"]) in refused.stderr

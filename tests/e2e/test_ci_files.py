"""The action, the hooks and the examples for CI: valid, and what they run works on a project."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import yaml

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

REPOSITORY = Path(__file__).parents[2]
ACTION = REPOSITORY / "action.yml"
HOOKS = REPOSITORY / ".pre-commit-hooks.yaml"
BASH = shutil.which("bash") or "bash"
EXAMPLES = REPOSITORY / "docs" / "examples"
CODE = """\
import dlt

@dlt.resource(primary_key="id", write_disposition="replace")
def shop():
    yield [{"id": 1}, {"id": 2}]
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the scripts are for bash")


def read(path: Path) -> Any:  # noqa: ANN401 - whatever is in it
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-actions", [ACTION]),
        (
            "github-workflows",
            [
                EXAMPLES / "github-action.yml",
                EXAMPLES / "github-workflow.yml",
                REPOSITORY / "dango_dbt" / "templates" / "workflow.yml",
            ],
        ),
        ("gitlab-ci", [EXAMPLES / "gitlab-ci.yml"]),
    ],
)
def test_files_are_what_their_service_takes(schema: str, files: list[Path]) -> None:
    transform = ["--data-transform", "gitlab-ci"] if schema == "gitlab-ci" else []
    done = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"),
            *(*transform, *map(str, files)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_hooks_are_what_pre_commit_takes() -> None:
    """The rules are those of `pre-commit validate-manifest`."""
    for hook in read(HOOKS):
        assert {"id", "name", "entry", "language"} <= set(hook)
        assert hook["language"] == "python"  # installs this repository
        assert hook["pass_filenames"] is False
        re.compile(hook["files"])


@pytest.mark.parametrize(
    ("path", "checked"),
    [
        (".dango/schemas/shop.yaml", {"dango-dbt-generate-check"}),
        (".dango/sources.yml", {"dango-dbt-generate-check", "dango-dbt-validate"}),
        ("in/here/.dango/sources.yml", {"dango-dbt-generate-check", "dango-dbt-validate"}),
        ("dbt_project/models/staging/shop/stg_shop__a.sql", {"dango-dbt-generate-check"}),
        ("custom_sources/shop.py", {"dango-dbt-validate"}),
        ("README.md", set()),
        ("other.py", set()),
    ],
)
def test_hooks_run_for_the_files_that_they_judge(path: str, checked: set[str]) -> None:
    assert {hook["id"] for hook in read(HOOKS) if re.search(hook["files"], path)} == checked


# ---------------------------------------------------------------- the action


def test_no_input_is_put_into_a_script() -> None:
    action = read(ACTION)
    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
    inputs = set(re.findall(r"inputs\.([\w-]+)", ACTION.read_text(encoding="utf-8")))
    assert inputs == set(action["inputs"])


@pytest.fixture(scope="module")
def project(new_workspace: Callable[[], Workspace]) -> Workspace:
    """Give a project that was loaded, generated and built once."""
    workspace = new_workspace()
    workspace.code("shop", CODE)
    workspace.declare(shop={})
    workspace.mart("total", "select count(*) as n from {{ ref('stg_shop__shop') }}")
    workspace.mart("other", "select 1 as n")
    workspace.write("requirements.txt", "dango-dbt\n")
    assert workspace.run().exit_code == 0
    return workspace


def bash(
    workspace: Workspace, script: str, options: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a script as CI services do; pip finds what is installed here, and no index."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [BASH, "--noprofile", "--norc", "-e", *shlex.split(options), "-c", script],
        cwd=workspace.root,
        env={**os.environ, "PATH": path, "PIP_NO_INDEX": "1", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def run_action(
    workspace: Workspace, *, install: bool = True, **given: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Run the scripts of the action, as the runner does; gives the last one, and all outputs."""
    action = read(ACTION)
    inputs = {name: str(each.get("default", "")) for name, each in action["inputs"].items()}
    assert set(given) <= {name.replace("-", "_") for name in inputs}
    inputs |= {name.replace("_", "-"): value for name, value in given.items()}

    def filled(env: Mapping[str, str]) -> dict[str, str]:
        return {
            name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], value)
            for name, value in env.items()
        }

    outputs = workspace.write("outputs.txt", "")
    for step in action["runs"]["steps"]:
        if "run" in step and (install or "pip install" not in step["run"]):
            assert step["shell"] == "bash"
            env = filled(step.get("env", {}))
            done = bash(workspace, step["run"], "-o pipefail", GITHUB_OUTPUT=str(outputs), **env)
            if done.returncode:
                break
    lines = outputs.read_text(encoding="utf-8").splitlines()
    return done, dict(line.split("=", 1) for line in lines)


@pytest.mark.slow
def test_the_action_builds_what_it_is_asked_to(project: Workspace) -> None:
    done, outputs = run_action(
        project, select="+total\n  other*", target="dev", frozen="true", extra="demo"
    )

    assert done.returncode == 0, done.stderr
    assert outputs == {"cache": "pip", "exit-code": "0"}
    root = ET.parse(project.root / ".dango/state/junit.xml").getroot()  # noqa: S314 - our own
    cases = {case.get("name") for case in root.iter("testcase")}
    assert {"shop", "stg_shop__shop", "total", "other"} <= cases


@pytest.mark.slow
@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"command": "sync; touch hacked"}, 2),
        ({"target": "$(touch hacked)\"; touch 'hacked'; `touch hacked`"}, 2),
        # selects nothing, and drops nothing
        ({"command": "sync", "select": "--refresh=drop_data $(touch hacked) `touch hacked`"}, 0),
        ({"command": "sync", "frozen": "true"}, 2),
    ],
    ids=["command", "target", "select", "frozen"],
)
def test_an_input_is_text_and_wrong_ones_fail(
    project: Workspace, inputs: dict[str, str], code: int
) -> None:
    rows = project.count("raw_shop.shop")
    done, outputs = run_action(project, install=False, **inputs)

    assert done.returncode == code, done.stdout + done.stderr
    assert outputs.get("exit-code", str(code)) == str(code)
    assert not list(project.root.rglob("hacked"))
    assert project.count("raw_shop.shop") == rows


def test_the_action_installs_what_it_is_asked_for(workspace: Workspace) -> None:
    (install,) = [
        step["run"]
        for step in read(ACTION)["runs"]["steps"]
        if "pip install" in step.get("run", "")
    ]
    fine = bash(workspace, install, DANGO_EXTRA="", DANGO_VERSION="")
    none = bash(workspace, install, DANGO_EXTRA="demo", DANGO_VERSION="99.0 --index-url=x")

    assert fine.returncode == 0, fine.stderr
    assert "Requirement already satisfied: dango-dbt" in fine.stdout
    assert none.returncode == 1
    assert "dango-dbt[demo]==99.0" in none.stderr


# ---------------------------------------------------------------- hooks and examples


@pytest.mark.slow
def test_the_gitlab_example_and_the_hooks_run(project: Workspace) -> None:
    example = read(EXAMPLES / "gitlab-ci.yml")
    before = example["default"]["before_script"]
    check, build = example["check"]["script"], example["sync-and-build"]["script"]
    done = bash(project, "\n".join([*before, *check, *build]))
    assert done.returncode == 0, done.stdout + done.stderr
    junit = project.root / example["sync-and-build"]["artifacts"]["reports"]["junit"]
    assert ET.parse(junit).getroot().get("errors") == "0"  # noqa: S314 - our own

    assert {hook["entry"] for hook in read(HOOKS)} == set(check)
    model = project.root / "dbt_project/models/staging/shop/stg_shop__shop.sql"
    text = model.read_text(encoding="utf-8")
    model.unlink()
    codes = {hook["id"]: bash(project, hook["entry"]).returncode for hook in read(HOOKS)}
    assert codes == {"dango-dbt-generate-check": 3, "dango-dbt-validate": 0}
    model.write_text(text, encoding="utf-8")


def test_examples_of_workflows_use_the_commands_options() -> None:
    """The steps of the plain workflow are commands of ours; those of the action are its inputs."""
    from click.testing import CliRunner

    from dango_dbt.cli import main

    steps = read(EXAMPLES / "github-workflow.yml")["jobs"]["sync-and-build"]["steps"]
    runs = [step["run"] for step in steps if step.get("run", "").startswith("dango-dbt ")]
    assert len(runs) == 3
    for run in runs:
        command, *options = shlex.split(run)[1:]
        names = [option for option in options if option.startswith("--")]
        said = CliRunner().invoke(main, [command, "--help"]).output
        assert all(name in said for name in names), json.dumps(names)
    used = read(EXAMPLES / "github-action.yml")["jobs"]["sync-and-build"]["steps"][-1]
    assert set(used["with"]) <= set(read(ACTION)["inputs"])

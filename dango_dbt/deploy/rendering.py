"""The text of each platform's file."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dango_dbt.deployment import Variable

__all__ = ["PLATFORMS", "Job", "Platform", "first_workflow", "github_secret", "rendered"]

Platform = Literal["github", "cron", "airflow", "dagster"]
PLATFORMS: tuple[Platform, ...] = ("github", "cron", "airflow", "dagster")

_TEMPLATES = Path(__file__).parents[1] / "templates"

#: What `init` writes in place of a schedule and of variables, which it cannot know yet.
_NO_SCHEDULE = """\
  # With the DuckDB file of this project, data is gone when the run ends. Once `dbt_project/` has a
  # target in a warehouse that lasts, and sources a `schedule:`, `dango-dbt deploy github` writes
  # this file anew, with a schedule and the variables that are needed."""
_NO_VARIABLES = """\
    # One line for each ${VAR} of .dango/sources.yml, and for what profiles.yml needs:
    # env:
    #   MY_API_KEY: ${{ secrets.MY_API_KEY }}"""


@dataclass(frozen=True)
class Job:
    """What a platform is to run.

    Attributes:
        root: the project's root.
        name: the project's name, of letters, digits and underscores.
        options: of `dango-dbt sync-and-build`.
        schedule: when, as five fields of cron.
        variables: what it needs.
        file: where the platform's file goes.
        folder: the project's folder, relative to the git repository's root; `.`: it is that.
        executable: the path of dango-dbt on this machine.
    """

    root: Path
    name: str
    options: Sequence[str]
    schedule: str
    variables: Sequence[Variable]
    file: Path
    folder: str
    executable: Path

    @property
    def required(self) -> list[str]:
        """The names of the variables that have to be set."""
        return [each.name for each in self.variables if each.required]


def first_workflow() -> str:
    """Give the text of GitHub's workflow of a project that has no schedules yet."""
    return _workflow(_NO_SCHEDULE, _NO_VARIABLES, ".", ("--frozen", "--due"))


def rendered(platform: Platform, job: Job) -> str:
    """Give the text of a platform's file."""
    return _RENDERERS[platform](job)


def github_secret(name: str) -> str:
    """Name the secret that holds a variable: GitHub keeps names with its own prefix to itself."""
    return f"DANGO_{name}" if name.upper().startswith("GITHUB_") else name


def _github(job: Job) -> str:
    schedule = f'  schedule:\n    - cron: "{job.schedule}" # in UTC; what is due then is loaded'
    lines = []
    for each in job.variables:
        line = f"{each.name}: ${{{{ secrets.{github_secret(each.name)} }}}}"
        lines.append(f"      {line}" if each.required else f"      # {line} # has a default")
    env = ["    env:" if job.required else "    # env:", *lines] if lines else []
    return _workflow(schedule, "\n".join(env), job.folder, job.options)


def _workflow(schedule: str, env: str, folder: str, options: Sequence[str]) -> str:
    text = _template("workflow.yml")
    if folder != ".":
        here = _yaml_text(folder)
        env = f"    defaults:\n      run:\n        working-directory: {here}\n{env}".rstrip()
    return _filled(
        text,
        {
            "  # __SCHEDULE__": schedule,
            "    # __ENV__\n": f"{env}\n" if env else "",
            "__FOLDER__/requirements.txt": _yaml_text(
                "requirements.txt" if folder == "." else f"{folder}/requirements.txt"
            ),
            "__OPTIONS__": " ".join(options),
        },
    )


def _cron(job: Job) -> str:
    names = [
        f"#   {each.name}{'' if each.required else ' (has a default)'}" for each in job.variables
    ]
    variables = [
        "#",
        f"# Variables come from {job.root}/.env, which only its owner should be able to read:",
        *names,
    ]
    command = shlex.join([str(job.executable), "sync-and-build", *job.options])
    log = ".dango/state/cron.log"
    line = (
        f"{job.schedule} cd {shlex.quote(str(job.root))} && mkdir -p .dango/state && {command}"
        f" --lock-timeout 0 --quiet --log-format json >> {log} 2>&1"
    )
    # In a crontab `%` ends the command.
    values = {
        "__VARIABLES__\n": "\n".join(variables) + "\n" if names else "",
        "__LINE__": line.replace("%", r"\%"),
    }
    return _filled(_template("deploy/crontab"), values)


def _airflow(job: Job) -> str:
    values = {**_python(job), "__COMMAND__": shlex.join(["sync-and-build", *job.options])}
    return _filled(_template("deploy/airflow_dag.py"), values)


def _dagster(job: Job) -> str:
    values = {**_python(job), '("__ARGUMENTS__",)': _tuple(["sync-and-build", *job.options])}
    return _filled(_template("deploy/dagster_definitions.py"), values)


def _python(job: Job) -> Mapping[str, str]:
    inside = job.file.is_relative_to(job.root)
    depth = len(job.file.relative_to(job.root).parts) - 1 if inside else 0
    here = f"Path(__file__).resolve().parents[{depth}]"
    return {
        'Path("__PROJECT__")': here if inside else f"Path({_text(str(job.root))})",
        '("__VARIABLES__",)': _tuple(job.required),
        "__NAME__": f"dango_{job.name}",
        "__SCHEDULE__": job.schedule,
    }


def _tuple(items: Sequence[str]) -> str:
    """Write a tuple as ruff lays it out: on one line, or a line for each item."""
    inner = ", ".join(map(_text, items))
    short = f"({inner},)" if len(items) == 1 else f"({inner})"
    if len(short) <= 60:  # noqa: PLR2004 - with what is before it, within 88 columns
        return short
    return "(\n" + "".join(f"    {_text(item)},\n" for item in items) + ")"


def _text(text: str) -> str:
    """Write a string as Python has it, in double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _yaml_text(text: str) -> str:
    """Write a path as YAML has it, in double quotes where it needs some."""
    return text if re.fullmatch(r"\w[\w./-]*", text) else json.dumps(text, ensure_ascii=False)


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _filled(text: str, values: Mapping[str, str]) -> str:
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


_RENDERERS = {"github": _github, "cron": _cron, "airflow": _airflow, "dagster": _dagster}

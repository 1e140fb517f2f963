"""Plans a platform's file, and writes it where it is ours to write."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from dango_dbt import build as dbt
from dango_dbt.config import SourcesConfig, is_schedule
from dango_dbt.deploy.rendering import (
    Job,
    Platform,
    first_workflow,
    github_secret,
    rendered,
)
from dango_dbt.deploy.variables import needed
from dango_dbt.deployment import Deployment
from dango_dbt.errors import ConfigError
from dango_dbt.files import read_text, write_atomic
from dango_dbt.project import ProjectLayout
from dango_dbt.results import FileAction, FileResult
from dango_dbt.schedules import frequency

__all__ = ["deploy"]

#: Where each platform's file goes, from the project's root; GitHub's from the repository's.
_FILES: dict[Platform, str] = {
    "github": ".github/workflows/dango.yml",
    "cron": "deploy/dango.crontab",
    "airflow": "deploy/airflow_dag.py",
    "dagster": "deploy/dagster_definitions.py",
}
_ENV_VAR = re.compile(r"""env_var\(\s*(["'])([^"']+)\1\s*([,)])""")
#: How many minutes there are at least between two runs: GitHub starts no schedule more often.
_LEAST: dict[Platform, int] = {"github": 5}


def deploy(  # noqa: PLR0913 - the command's options
    layout: ProjectLayout,
    config: SourcesConfig,
    platform: Platform,
    *,
    target: str | None = None,
    output: Path | None = None,
    schedule: str | None = None,
    force: bool = False,
) -> Deployment:
    """Write the file with which a platform runs `sync-and-build --frozen --due`.

    Args:
        layout: where things are.
        config: the sources, their schedules and the time zone of these.
        platform: which file to write.
        target: the dbt target that is named in the command; None: the profile's default is taken.
        output: where to write the file; None: where the platform, or a person, looks for it.
        schedule: when to run; None: as often as the finest of the sources' schedules needs.
        force: take the place of a file that is not ours, or that was edited.

    Raises:
        ConfigError: no source has a schedule, there is no such target, or the file is not ours.
        GenerateError: a file cannot be read or written.
    """
    scheduled = [each for each in config.sources if each.enabled and each.schedule]
    if not scheduled:
        raise ConfigError(
            "no enabled source has a `schedule:`, so nothing would ever be due",
            place=config.place("sources"),
            hint="give a source one, such as `schedule: '0 2 * * *'`",
        )
    if schedule and not (is_schedule(schedule) and schedule[0] != "@"):
        raise ConfigError(
            f"`{schedule}` are no five fields of cron", hint="such as --cron '*/15 * * * *'"
        )
    name = target or dbt.taken_target(layout.dbt)
    fields = dbt.fields_as_written(layout.dbt, name)
    if not re.fullmatch(r"[\w.-]+", name):
        raise ConfigError(
            f"target `{name}` cannot be named in the file",
            hint="give it a name of letters, digits, `_`, `-` and `.`",
        )
    repository = _repository(layout.root)
    base = repository if platform == "github" else layout.root
    file = output.absolute() if output else base / _FILES[platform]
    times = [str(each.schedule) for each in scheduled]
    # What is pushed loads everything on GitHub; elsewhere only what is due is loaded.
    sources = [each for each in config.sources if each.enabled]
    job = Job(
        root=layout.root,
        name=layout.dbt.name,
        options=("--frozen", "--due", *(("--target", target) if target else ())),
        schedule=schedule or frequency(times, config.zone, least=_LEAST.get(platform, 1)),
        variables=needed(
            sources if platform == "github" else scheduled, _in_profile(fields), layout.root
        ),
        file=file,
        folder=layout.root.relative_to(repository).as_posix(),
        executable=_executable(),
    )
    notes = list(_notes(layout, platform, fields, name))
    if not schedule and job.schedule != (wanted := frequency(times, config.zone)):
        notes.append(
            f"the schedules ask for a run at `{wanted}`, and {platform} runs at `{job.schedule}` at"
            " most: what is due by then is loaded"
        )
    action = _write(layout, platform, job, force=force)
    if action == "unchanged" and read_text(file) != rendered(platform, job):
        notes.append("the file has your edits, and nothing new is to be written: it stays")
    return Deployment(
        platform=platform,
        file=FileResult(layout.shown(file), action),
        command=" ".join(("dango-dbt", "sync-and-build", *job.options)),
        schedule=job.schedule,
        variables=tuple(job.variables),
        notes=tuple(notes),
        next_steps=tuple(_next_steps(layout, platform, job)),
    )


def _write(layout: ProjectLayout, platform: Platform, job: Job, *, force: bool) -> FileAction:
    """Write the file, and a copy of it by which it is known to be ours the next time.

    Raises:
        ConfigError: there is a file that is not ours, or that was edited, and the text is another.
    """
    text = rendered(platform, job)
    shown = layout.shown(job.file)
    copy = layout.generated / "deploy" / shown.replace("../", "").lstrip("/")
    current, base = read_text(job.file), read_text(copy)
    untouched = {None, text, base, *([first_workflow()] if platform == "github" else [])}
    if current not in untouched and not force:
        if base == text:
            return "unchanged"
        what = "was not written by `dango-dbt deploy`" if base is None else "has edits of yours"
        raise ConfigError(
            f"{shown} {what}, and is not overwritten",
            hint="write to another file with --output FILE and compare, or take its place with"
            " --force",
        )
    if current != text:
        write_atomic(job.file, text)
    if read_text(copy) != text:
        write_atomic(copy, text)
    if current is None:
        return "created"
    return "unchanged" if current == text else "updated"


def _in_profile(fields: object) -> dict[str, bool]:
    """Name the variables in a target's fields, each with whether it has a default everywhere."""
    found: dict[str, bool] = {}
    for text in _texts(fields):
        for _, name, after in _ENV_VAR.findall(text):
            found[name] = after == "," and found.get(name, True)
    return found


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _notes(
    layout: ProjectLayout, platform: Platform, fields: Mapping[str, object], name: str
) -> Iterator[str]:
    """Say what would keep the job from working."""
    path = str(fields.get("path", ""))
    in_file = fields.get("type") == "duckdb" and not path.startswith(("md:", "motherduck:", "{"))
    if platform == "github" and in_file:
        yield (
            f"target `{name}` is a DuckDB file, which is gone when the job ends, so that all is due"
            " each time: name a target in a warehouse that lasts with --target"
        )
    if platform == "github" and not (layout.root / "requirements.txt").is_file():
        yield "the workflow installs what requirements.txt names, and there is none: write one"
    if not layout.dbt.profiles_dir.resolve().is_relative_to(_repository(layout.root)):
        yield (
            f"profiles.yml is in {layout.dbt.profiles_dir}, outside the project: where the job runs"
            " it has to be there too, or named by DBT_PROFILES_DIR"
        )


def _next_steps(layout: ProjectLayout, platform: Platform, job: Job) -> Iterator[str]:
    file = shlex.quote(layout.shown(job.file))
    names = ", ".join(job.required)
    if platform == "github":
        for name in job.required:
            yield f"gh secret set {github_secret(name)}"
        yield "commit the file and push it to the default branch: GitHub runs schedules of no other"
    elif platform == "cron":
        if names:
            yield f"set {names} in {job.root / '.env'}"
        yield f"(crontab -l; cat {file}) | crontab -   # once; afterwards crontab -e"
    elif platform == "airflow":
        for name in job.required:
            yield f"airflow variables set {name} VALUE"
        yield f"put {file} into Airflow's dags folder, or link to it"
    else:
        if names:
            yield f"set {names} in the deployment's environment variables"
        yield f"dagster dev -f {file}"


def _repository(root: Path) -> Path:
    """Find the root of the git repository that a project is in; without one, the project's own."""
    return next((each for each in (root, *root.parents) if (each / ".git").exists()), root)


def _executable() -> Path:
    beside = Path(sys.executable).parent / "dango-dbt"
    return beside if beside.is_file() else Path(shutil.which("dango-dbt") or beside)

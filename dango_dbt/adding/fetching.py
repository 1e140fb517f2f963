"""A dlt verified source as `dlt init` gives it out: git and dlt run, in a folder of their own.

dlt is run as a process: `dlt init` writes into the project that it runs in, and imports the source.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dango_dbt.adding import toml_keys
from dango_dbt.adding.requirements import DESTINATION
from dango_dbt.errors import ConfigError
from dango_dbt.toml_files import PLACEHOLDER
from dango_dbt.verified import SHIPPED

__all__ = ["LOCATION", "Fetched", "fetched", "git", "without_password"]

#: Where dlt's own verified sources are.
LOCATION = "https://github.com/dlt-hub/verified-sources.git"

#: What would lead git, or dlt, away from the folder that it is run in.
_MISLEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "DLT_PROJECT_DIR", "DLT_CONFIG_FOLDER")


@dataclass(frozen=True)
class Fetched:
    """What `dlt init` has made of a source.

    Attributes:
        package: the folder with its code.
        requirements: the lines of its requirements.txt, with dlt's.
        secrets: what it wants to have in secrets.toml, with examples for values.
        config: likewise in config.toml.
    """

    package: Path
    requirements: tuple[str, ...]
    secrets: Mapping[str, Any]
    config: Mapping[str, Any]


@contextmanager
def fetched(source: str, location: str) -> Iterator[Fetched]:
    """Fetch a verified source into a folder that is gone afterwards.

    Args:
        source: its name, that of a folder below `sources/`.
        location: a folder with a git repository that has `sources/`, which is read as it is; or
            whatever git can clone.

    Raises:
        ConfigError: git is not there, the location cannot be reached or is laid out in another way,
            it has no such source, or `dlt init` refuses it.
    """
    if source in SHIPPED:
        raise ConfigError(
            f"`{source}` is part of dlt: there is no code to bring",
            hint=f"write an entry with `source_module: dlt.sources.{source}`",
        )
    if shutil.which("git") is None:
        raise ConfigError("there is no `git`, which fetches verified sources", hint="install git")
    # A process of git's may still write into the folder when it goes.
    with TemporaryDirectory(prefix="dango-dbt-", ignore_cleanup_errors=True) as folder:
        repository = _repository(location, Path(folder, "repository"))
        _check(source, repository / "sources", without_password(location))
        project = Path(folder, "project")
        project.mkdir()
        _dlt_init(source, repository, project)
        lines = (project / "requirements.txt").read_text(encoding="utf-8").splitlines()
        yield Fetched(
            package=project / source,
            requirements=tuple(lines),
            secrets=_keys(project / ".dlt" / "secrets.toml", source),
            config=_keys(project / ".dlt" / "config.toml", source),
        )


def git(arguments: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run git, which asks nothing; where there is none, the exit code is 127, as a shell's."""
    try:
        return _run(["git", *arguments], cwd)
    except FileNotFoundError:
        return subprocess.CompletedProcess(["git", *arguments], 127, "", "there is no `git`")


def _repository(location: str, clone: Path) -> Path:
    """Give a folder with the repository: the one named, or a clone."""
    here = _local(location)
    if here is not None:
        if git(["rev-parse", "--git-dir"], here).returncode:
            raise ConfigError(
                f"{location} is no git repository, which `dlt init` wants",
                hint="make it one: git init, git add and git commit in it",
            )
        return here.absolute()
    done = git(["clone", "--quiet", "--depth", "1", "--", location, str(clone)], clone.parent)
    if done.returncode:
        raise ConfigError(
            f"{without_password(location)} cannot be reached: {_reason(done)}",
            hint="check the address and the network; --location takes the path or address of"
            " another copy of the repository",
        )
    return clone


def _local(location: str) -> Path | None:
    """Give the folder that a location names, if it is laid out as a repository of sources."""
    try:
        here = Path(location).expanduser()
        return here if (here / "sources").is_dir() else None
    except (OSError, RuntimeError):  # too long for a path; the home of nobody (`~x`)
        return None


def _check(source: str, folder: Path, location: str) -> None:
    if not folder.is_dir():
        raise ConfigError(
            f"{location} has no folder sources/",
            hint="--location takes a repository that is laid out like dlt's: sources/NAME/ and"
            " sources/NAME_pipeline.py",
        )
    names = sorted(
        path.name
        for path in folder.iterdir()
        if path.is_dir() and path.name[0] not in "._" and any(path.glob("*.py"))
    )
    if source not in names:
        close = get_close_matches(source, names, n=3)
        raise ConfigError(
            f"{location} has no source `{source}`",
            hint=f"did you mean {' or '.join(f'`{name}`' for name in close)}?"
            if close
            else f"it has: {', '.join(names) or 'none'}",
        )


def _dlt_init(source: str, repository: Path, project: Path) -> None:
    command = [sys.executable, "-m", "dlt", "--non-interactive", "init", source, DESTINATION]
    done = _run([*command, "--location", str(repository)], project)
    if done.returncode or not (project / source).is_dir():
        raise ConfigError(f"`dlt init {source}` failed: {_reason(done)}")


def _run(command: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    environment |= {
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",  # what git says is quoted in our messages
        "PYTHONDONTWRITEBYTECODE": "1",  # the repository may be the user's own
        "PYTHONUTF8": "1",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }
    return subprocess.run(  # noqa: S603 - git and dlt, with what the user has named
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """Pick what says why a command failed; dlt does not always exit with a code that does."""
    text = done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if line.lower().startswith(("fatal:", "error:"))]
    last = lines[-1:] if "Traceback" in text else lines[-3:]  # what dlt quotes is on several
    return without_password(" ".join(telling[-1:] or last))


def without_password(text: str) -> str:
    """Take out what stands before the host in the addresses in a text.

    A password may hold `@` and `/` itself, so all goes that may be a part of it.
    """
    return re.sub(r"://[^\s'\"]*@", "://***@", text)


def _keys(path: Path, source: str) -> dict[str, Any]:
    """Read a source's own section out of a file that dlt has written."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    section = toml_keys.read(text, path).get("sources", {}).get(source, {})
    return _examples(section)


def _examples(section: Mapping[str, Any]) -> dict[str, Any]:
    """Give what dlt knows no type of the same placeholder: its example is the key's own name."""
    return {
        key: _examples(value)
        if isinstance(value, Mapping)
        else (PLACEHOLDER if value == key else value)
        for key, value in section.items()
    }

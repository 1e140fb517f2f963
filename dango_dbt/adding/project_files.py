"""The files of a project that a new source is put into."""

from __future__ import annotations

import keyword
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dango_dbt.adding.fetching import git
from dango_dbt.config import add_entry, is_source_name, load
from dango_dbt.errors import ConfigError, Place
from dango_dbt.project import SOURCES_FILE, find_root

__all__ = [
    "CONFIG",
    "REQUIREMENTS",
    "SECRETS",
    "not_ignored",
    "project_root",
    "refuse_taken",
    "refuse_tracked",
    "with_entry",
]

SECRETS = Path(".dlt", "secrets.toml")
CONFIG = Path(".dlt", "config.toml")
REQUIREMENTS = Path("requirements.txt")

#: What the code of a source names itself.
_IN_CODE = frozenset(
    {"dlt", "filesystem", "pipeline", "print", "read_parquet", "requests", "rest_api_resources"}
    | {"sql_database"}
)


def project_root(start: Path) -> Path:
    """Find the project; one whose sources.yml is missing is known by what else is there."""
    here = start.resolve()
    if not (here / SOURCES_FILE).is_file() and any(
        (here / folder).is_dir() for folder in (SOURCES_FILE.parent, "custom_sources")
    ):
        return here
    return find_root(start)


def refuse_taken(root: Path, name: str) -> None:
    """Refuse a name that is none for a source's code, or that code in custom_sources/ has.

    A file named like a module of Python's would take that module's place where a file beside it is
    run by itself.

    Raises:
        ConfigError: so it is.
    """
    if not is_source_name(name):
        raise ConfigError(
            f"`{name}` is no name for a source",
            hint="names are lower-case letters, digits and single underscores, such as my_source",
        )
    if keyword.iskeyword(name) or name in _IN_CODE | sys.stdlib_module_names:
        raise ConfigError(
            f"`{name}` is a name of Python's or dlt's own, which code of this name would hide",
            hint=f"choose another, such as my_{name}",
        )
    for file in (name, f"{name}.py"):
        if os.path.lexists(root / "custom_sources" / file):
            raise ConfigError(f"custom_sources/{file} is there already", hint="choose another name")


def with_entry(text: str | None, entry: Mapping[str, Any]) -> str:
    """Add an entry to the text of sources.yml.

    Raises:
        ConfigError: it cannot be put in, or would not go with another one.
    """
    added = add_entry(text or "", entry, SOURCES_FILE)
    with TemporaryDirectory(prefix="dango-dbt-") as folder:
        path = Path(folder) / SOURCES_FILE
        path.parent.mkdir()
        path.write_bytes(added.encode())
        load(path)
    return added


def not_ignored(root: Path, secrets: Collection[str]) -> Iterator[str]:
    """Warn where git would track the file that secrets are to go into."""
    if secrets and git(["check-ignore", "-q", str(SECRETS)], root).returncode == 1:
        yield f"git does not ignore {SECRETS.as_posix()}: add it to .gitignore"


def refuse_tracked(root: Path) -> None:
    """Refuse to write secrets into a file that git tracks, or would with the next `git add`.

    Raises:
        ConfigError: so it is.
    """
    tracked = git(["ls-files", "--error-unmatch", str(SECRETS)], root).returncode == 0
    if tracked:
        raise ConfigError(
            f"git tracks {SECRETS.as_posix()}: a secret in it would be in the next commit",
            place=Place(SECRETS),
            hint=f"git rm --cached {SECRETS.as_posix()}, and add it to .gitignore",
        )
    if git(["check-ignore", "-q", str(SECRETS)], root).returncode == 1:
        raise ConfigError(
            f"git does not ignore {SECRETS.as_posix()}: a secret in it would be in the next commit",
            hint=f"add {SECRETS.as_posix()} to .gitignore",
        )

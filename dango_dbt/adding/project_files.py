"""The files of a project that a new source is put into."""

from __future__ import annotations

import keyword
import os
import sys
import sysconfig
from collections.abc import Collection, Iterator, Mapping
from importlib.machinery import PathFinder
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
    "refuse_hiding",
    "refuse_taken",
    "refuse_tracked",
    "with_entry",
]

SECRETS = Path(".dlt", "secrets.toml")
CONFIG = Path(".dlt", "config.toml")
REQUIREMENTS = Path("requirements.txt")

#: What the code of sources calls, beside modules and what it may rename.
_CALLED = frozenset({"pipeline", "print", "read_parquet", "rest_api_resources"})


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
    if keyword.iskeyword(name):
        raise ConfigError(f"`{name}` is a word of Python's own", hint=_another(name))
    for file in (name, f"{name}.py"):
        if os.path.lexists(root / "custom_sources" / file):
            raise ConfigError(f"custom_sources/{file} is there already", hint="choose another name")


def refuse_hiding(name: str) -> None:
    """Refuse a name whose module would be found, by code that runs by itself, for another.

    Raises:
        ConfigError: so it is, or what is written calls something of that name.
    """
    if name in _CALLED:
        raise ConfigError(f"what is written calls `{name}` itself", hint=_another(name))
    installed = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    if name in sys.stdlib_module_names or PathFinder.find_spec(name, installed):
        raise ConfigError(
            f"custom_sources/{name}.py would hide the module `{name}` of Python or a package",
            hint=_another(name),
        )


def _another(name: str) -> str:
    return f"choose another name, such as {name}_data"


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

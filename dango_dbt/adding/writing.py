"""Several files written together: all of them, or none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dango_dbt.errors import ConfigError, GenerateError
from dango_dbt.files import read_exactly, write_atomic

__all__ = ["Edit", "write_all"]


@dataclass(frozen=True)
class Edit:
    """A text file before and after.

    Attributes:
        before: None: there was none.
        private: only its owner may read it.
    """

    path: Path
    before: str | None
    after: str
    private: bool = False


def write_all(edits: Iterable[Edit], package: tuple[Path, Path] | None = None) -> None:
    """Copy a package to where there is nothing yet, and write the files; undo all if one fails.

    Args:
        edits: in the order in which they are written.
        package: a folder, and where it goes; None: there is none.

    Raises:
        ConfigError: the package cannot be copied.
        GenerateError: a file cannot be written.
    """
    edits = tuple(edits)
    parents = {
        parent
        for path in (*(package[1:] if package else ()), *(edit.path for edit in edits))
        for parent in path.parents
    }
    new = [parent for parent in parents if not parent.exists()]
    copied = False
    done: list[Edit] = []
    modes = {}
    try:
        if package:
            _copy(*package)
            copied = True
        for edit in edits:
            modes[edit.path] = edit.path.stat().st_mode & 0o777 if edit.before is not None else 0
            done.append(edit)
            write_atomic(edit.path, edit.after, private=edit.private)
    except BaseException:  # Ctrl-C too
        for edit in reversed(done):
            with suppress(GenerateError, OSError):  # the others are put back all the same
                _undo(edit, modes[edit.path])
        if package and copied:  # else it is not ours
            shutil.rmtree(package[1], ignore_errors=True)
        for folder in sorted(new, reverse=True):  # the inner ones first
            with suppress(OSError):
                folder.rmdir()
        raise


def _undo(edit: Edit, mode: int) -> None:
    if edit.before is None:
        edit.path.unlink(missing_ok=True)
    elif read_exactly(edit.path) != edit.before:
        write_atomic(edit.path, edit.before, private=edit.private)
        edit.path.chmod(mode)


def _copy(source: Path, package: Path) -> None:
    """Copy a folder so that it is there whole, or not at all."""
    part = package.with_name(f".{package.name}.{os.getpid()}.tmp")
    try:
        package.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copytree(source, part)
            part.rename(package)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise ConfigError(f"cannot write {package}: {error.strerror or error}") from error

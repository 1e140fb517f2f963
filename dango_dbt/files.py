"""Planned files against the disk: what the user edited stays, the rest is brought up to date.

Of each generated file a pristine copy is kept, in git. A file that differs from its copy has been
edited: it is left alone while generation wants what it wanted before, and is a conflict otherwise.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dango_dbt.errors import GenerateError
from dango_dbt.results import FileAction

__all__ = ["Generated", "read_exactly", "read_text", "remove_file", "sync_file", "write_atomic"]


@dataclass(frozen=True)
class Generated:
    """One generated file: where it goes, where its pristine copy is, and what it should hold."""

    path: Path
    pristine: Path
    text: str


def sync_file(file: Generated) -> FileAction:
    """Bring one file up to date, and say what was done.

    A file that is there without a pristine copy was not written by us, and is never touched. The
    file is written before its copy: a run that is killed in between is mended by the next one.

    Raises:
        GenerateError: the file cannot be read or written.
    """
    current, pristine = read_text(file.path), read_text(file.pristine)
    if current == file.text:
        if pristine != file.text:
            write_atomic(file.pristine, file.text)
        return "unchanged"
    if current is None and pristine is None:
        action: FileAction = "created"
    elif current is None or current == pristine:
        action = "created" if current is None else "updated"
    else:
        return "unchanged" if pristine == file.text else "conflict"
    write_atomic(file.path, file.text)
    write_atomic(file.pristine, file.text)
    return action


def remove_file(path: Path, pristine: Path) -> bool | None:
    """Remove a generated file that is not wanted any more, with its pristine copy.

    Returns:
        Whether it was removed: not if it was edited. None: it is no file of ours, or not there.

    Raises:
        GenerateError: it cannot be read or removed.
    """
    current, copy = read_text(path), read_text(pristine)
    if copy is None:
        return None
    if current is not None and current != copy:
        return False
    try:
        path.unlink(missing_ok=True)
        pristine.unlink()
    except OSError as error:
        raise GenerateError(f"cannot remove {path}: {error}") from error
    return None if current is None else True


def read_text(path: Path) -> str | None:
    """Read a text file, its line ends made newlines; None where there is none.

    Raises:
        GenerateError: it cannot be read as UTF-8.
    """
    text = read_exactly(path)
    return None if text is None else text.replace("\r\n", "\n").replace("\r", "\n")


def read_exactly(path: Path) -> str | None:
    """Read a text file, its line ends as they are; None where there is none.

    Raises:
        GenerateError: it cannot be read as UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise GenerateError(f"cannot read {path}: {error}") from error


def write_atomic(path: Path, text: str, *, private: bool = False) -> None:
    """Write a file whole or not at all: a temporary file beside it takes its place.

    Args:
        path: the file; its folders are made.
        text: what it is to hold, with its line ends.
        private: only its owner may read it, whatever it was before; else a file keeps its mode.

    Raises:
        GenerateError: the folder or file cannot be written.
    """
    path = path.resolve()  # a link stays one
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            if private:
                temporary.touch(mode=0o600)  # before anything is in it
            temporary.write_text(text, encoding="utf-8", newline="\n")
            if path.exists() and not private:
                temporary.chmod(path.stat().st_mode & 0o777)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise GenerateError(f"cannot write {path}: {error}") from error

"""Planned files against the disk: what is to become of each, and then the writing of it.

Of each generated file a pristine copy is kept, in git. A file that differs from its copy has been
edited: what is generated anew is merged into it, and where that cannot be, the file stays.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from dango_dbt.errors import GenerateError
from dango_dbt.results import FileAction

__all__ = [
    "Change",
    "Generated",
    "Merge",
    "apply",
    "change_of",
    "read_exactly",
    "read_text",
    "removal_of",
    "sweep",
    "write_atomic",
]

#: What `write_atomic` calls a file until it is whole.
_TEMPORARY = re.compile(r"\..+\.(?P<process>\d+)\.tmp")

#: (pristine copy, what the user has made of it, what is generated now) → both; None: a conflict.
Merge = Callable[[str, str, str], str | None]


@dataclass(frozen=True)
class Generated:
    """One generated file.

    Attributes:
        path: where it goes.
        pristine: where its pristine copy is.
        text: what it should hold.
        merge: how an edited one is merged; None: an edited one is a conflict.
        managed: whether it is still ours; if not, the user has taken it over.
    """

    path: Path
    pristine: Path
    text: str
    merge: Merge | None = None
    managed: bool = True


@dataclass(frozen=True)
class Change:
    """What is to become of a file.

    Attributes:
        path: the file.
        action: what is to be done with it.
        before: what it holds, with newlines for line ends; None: it is not there.
        after: what it is to hold; None: it is not to be there.
        wanted: what is generated for it, whether or not it gets there.
        pristine: where its pristine copy is; None: it has none.
        copy: what the copy is to hold; None: it stays as it is, or goes with the file.
        crlf: whether its lines end as on Windows.
        base: what was generated for it the last time, of one in conflict; None: nothing was.
    """

    path: Path
    action: FileAction
    before: str | None
    after: str | None
    wanted: str | None
    pristine: Path | None = None
    copy: str | None = None
    crlf: bool = False
    base: str | None = None


def change_of(file: Generated) -> Change:
    """Say what is to become of a generated file.

    A file that is there without a pristine copy was not written by us, and is never touched. One
    that was deleted comes back.

    Raises:
        GenerateError: the file or its copy cannot be read.
    """
    exactly, base = read_exactly(file.path), read_text(file.pristine)
    current = None if exactly is None else _with_newlines(exactly)
    crlf = exactly is not None and "\r\n" in exactly
    change = Change(
        file.path, "unchanged", current, current, file.text, file.pristine, file.text, crlf
    )
    if current == file.text:
        return change
    if not file.managed:
        return replace(change, copy=None)
    if current is None or current == base:
        action: FileAction = "created" if current is None else "updated"
        return replace(change, action=action, after=file.text)
    if base == file.text:
        return change
    both = file.merge(base, current, file.text) if file.merge and base is not None else None
    if both is None:
        return replace(change, action="conflict", copy=None, base=base)
    return replace(change, action="unchanged" if both == current else "merged", after=both)


def removal_of(path: Path, pristine: Path) -> Change | None:
    """Say what is to become of a generated file that is not wanted any more.

    Returns:
        `removed`, or `conflict` where it was edited; None: it is no file of ours, or not there.

    Raises:
        GenerateError: the file or its copy cannot be read.
    """
    current, base = read_text(path), read_text(pristine)
    if base is None:
        return None
    if current is None or current == base:
        return Change(path, "removed", current, None, None, pristine)
    return Change(path, "conflict", current, current, None, pristine)


def apply(change: Change) -> None:
    """Do what is to be done with a file.

    It is written before its copy: a run that is killed in between is mended by the next one.

    Raises:
        GenerateError: a file cannot be written or removed.
    """
    if change.action == "removed":
        _remove(change.path)
        if change.pristine:
            _remove(change.pristine)
        return
    if change.after is not None and change.after != change.before:
        text = change.after.replace("\n", "\r\n") if change.crlf else change.after
        write_atomic(change.path, text)
    if change.pristine and change.copy is not None and read_text(change.pristine) != change.copy:
        write_atomic(change.pristine, change.copy)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise GenerateError(f"cannot remove {path}: {error}") from error
    with suppress(OSError):  # the folder holds something else
        path.parent.rmdir()


def read_text(path: Path) -> str | None:
    """Read a text file, its line ends made newlines; None where there is none.

    Raises:
        GenerateError: it cannot be read as UTF-8.
    """
    text = read_exactly(path)
    return None if text is None else _with_newlines(text)


def _with_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


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


def sweep(folders: Iterable[Path]) -> None:
    """Remove what processes that were killed have left beside the files that they wrote."""
    for folder in set(folders):
        for path in folder.glob(".*.tmp"):
            found = _TEMPORARY.fullmatch(path.name)
            if found and not _runs(int(found["process"])):
                path.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    """Whether there is such a process; where one cannot ask, yes."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


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

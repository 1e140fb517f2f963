"""Watches the files of a project that a person writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import TypeAlias

from dango_dbt.errors import ConfigError

__all__ = ["FileState", "changed_files", "file_state"]

#: How long no other file may change until the changes are told, in milliseconds: an editor, and
#: more so git, write several.
_QUIET = 50
#: How often to look whether to stop, and at single files, in milliseconds.
_LOOK = 200

#: What a file was like: when it was written and how long it is; None: it was not there.
FileState: TypeAlias = tuple[int, int] | None


def changed_files(
    folders: list[Path], files: list[Path], is_watched: Callable[[Path], bool], stop: Event
) -> Iterator[set[Path]]:
    """Give the files that have changed, come or gone, as it happens.

    The first set is empty and comes at once: from then on nothing is missed. What changes while
    the caller is at work comes next.

    Args:
        folders: what to watch, with all that is in them.
        files: single files to watch, whose folders hold too much (a project's root) or need not be
            there. They are looked at instead: editors put a new file in an old one's place.
        is_watched: whether a file counts.
        stop: ends the watching, too.

    Raises:
        ConfigError: the system does not let us watch them.
        KeyboardInterrupt: Ctrl-C.
    """
    from watchfiles import watch

    begun, states = False, _states(files)
    try:
        for found in watch(
            *_outermost(folders),
            watch_filter=lambda _, path: is_watched(Path(path)),
            step=_QUIET,
            rust_timeout=_LOOK,
            yield_on_timeout=True,
            stop_event=stop,
            ignore_permission_denied=True,
        ):
            if not begun:
                begun = True
                yield set()
            before, states = states, _states(files)
            saved = {file for file in files if states[file] != before[file]}
            if found or saved:
                yield {Path(path) for _, path in found} | saved
    except OSError as error:
        raise ConfigError(
            f"the project's files cannot be watched: {error}",
            hint="let the system watch more files, or set WATCHFILES_FORCE_POLLING=true",
        ) from error


def file_state(path: Path) -> FileState:
    """Look at a file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _states(files: list[Path]) -> dict[Path, FileState]:
    return {file: file_state(file) for file in files}


def _outermost(folders: list[Path]) -> list[Path]:
    """Leave out folders that are not there, or that lie in another one."""
    there = [folder for folder in folders if folder.is_dir()]
    return [
        folder
        for folder in there
        if not any(folder != other and folder.is_relative_to(other) for other in there)
    ]

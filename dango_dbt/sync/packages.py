"""dlt's pending load packages: whether they were begun, and how many rows are in their files."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from dlt.common.storages.load_package import PackageStorage, ParsedLoadJobFileName

if TYPE_CHECKING:
    import dlt
    from dlt.common.schema import Schema

__all__ = ["Package", "UnreadableError", "normalized", "restart", "row_counts"]

#: Jobs that dlt makes while it loads: SQL that merges or replaces, and names of files elsewhere.
_FOLLOWUPS = frozenset({"sql", "reference"})
#: Jobs without rows of their own; a model is a query.
_NO_ROWS = _FOLLOWUPS | {"model"}
_NEW = PackageStorage.NEW_JOBS_FOLDER
#: A package goes back to its beginning from these; failed ones stay as the user's settings want it.
_STATES = (_NEW, PackageStorage.STARTED_JOBS_FOLDER, PackageStorage.COMPLETED_JOBS_FOLDER)


class UnreadableError(Exception):
    """A file of a package is damaged."""


@dataclass(frozen=True)
class Package:
    """A normalized load package: a folder in which each job is a file."""

    load_id: str
    schema: Schema
    folder: Path

    @property
    def begun(self) -> bool:
        """Whether dlt has begun to load it."""
        return (self.folder / PackageStorage.APPLIED_SCHEMA_UPDATES_FILE_NAME).exists() or any(
            job.parent.name != _NEW or _name(job).retry_count for job in self.jobs()
        )

    def jobs(self) -> Iterator[Path]:
        """Go through the files of its jobs."""
        for state in _STATES:
            yield from sorted((self.folder / state).iterdir())


def normalized(pipeline: dlt.Pipeline) -> list[Package]:
    """List the packages that wait for being loaded, or are half loaded, oldest first."""
    infos = map(pipeline.get_load_package_info, pipeline.list_normalized_load_packages())
    return [Package(info.load_id, info.schema, Path(info.package_path)) for info in infos]


def restart(package: Package) -> None:
    """Put a package back to where it was before its first job, for dlt to load all of it anew.

    Dying in here is no harm: what is left is begun still, and is put back again.
    """
    for job in list(package.jobs()):
        name = _name(job)
        if name.file_format in _FOLLOWUPS:
            job.unlink()
        else:
            fresh = name._replace(retry_count=0).file_name()
            job.rename(package.folder / _NEW / fresh)
    for marker in (package.folder / PackageStorage.PENDING_TRANSITIONS_FOLDER).iterdir():
        marker.unlink()
    # Where it finds this file, dlt creates what is missing, and empties the staging dataset.
    update = package.folder / PackageStorage.SCHEMA_UPDATES_FILE_NAME
    if not update.exists():
        update.write_text("{}", encoding="utf-8")
    (package.folder / PackageStorage.APPLIED_SCHEMA_UPDATES_FILE_NAME).unlink(missing_ok=True)


def row_counts(packages: Iterable[Package]) -> Counter[str]:
    """Count the rows in the packages' files by table, 0 where a file is empty.

    Raises:
        UnreadableError: a file is damaged.
    """
    from pyarrow import ArrowException

    rows: Counter[str] = Counter()
    for package in packages:
        for job in package.jobs():
            name = _name(job)
            if name.file_format in _NO_ROWS:
                continue
            try:
                rows[name.table_name] += _row_count(job, name.file_format)
            except (ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
                raise UnreadableError(f"a file of table `{name.table_name}` is damaged") from error
    return rows


def _name(job: Path) -> ParsedLoadJobFileName:
    return ParsedLoadJobFileName.parse(job.name)


def _row_count(path: Path, file_format: str) -> int:
    if file_format == "parquet":
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as file:
            return cast("int", file.metadata.num_rows)
    # Above the rows, insert_values has two lines, and CSV one with the names.
    above = {"insert_values": 2, "csv": 1}.get(file_format, 0)
    with _open(path) as file:
        return max(0, sum(1 for line in file if line.strip()) - above)


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")

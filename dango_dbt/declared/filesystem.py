"""`type: filesystem` → dlt's source of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.util import find_spec
from inspect import signature
from pathlib import Path, PurePosixPath
from typing import Any

import dlt
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema
from dlt.extract import DltResource, DltSource

from dango_dbt.config import in_one
from dango_dbt.declared import readers
from dango_dbt.declared.checking import mistakes
from dango_dbt.errors import ConfigError, Place

__all__ = ["check", "make", "names"]

_KEY = "filesystem"
_FILES_PER_PAGE = 100_000
_FORMATS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
_COMPRESSED = ".gz"  # which dlt reads; the ending before it tells

#: What reads a bucket, and what to install for it.
_S3, _GS, _AZ = ("s3fs", "dango-dbt[s3]"), ("gcsfs", "dlt[gs]"), ("adlfs", "dlt[az]")
_LIBRARIES = {"s3": _S3, "gs": _GS, "gcs": _GS, "az": _AZ, "abfs": _AZ, "abfss": _AZ}

_READERS: Mapping[str, Any] = {
    "csv": readers.read_csv,
    "jsonl": readers.read_jsonl,
    "parquet": readers.read_parquet,
}


def check(
    arguments: Mapping[str, Any],
    place_of: Callable[..., Place],
    *,
    complete: bool = True,  # noqa: ARG001 - one signature for all kinds
) -> list[ConfigError]:
    """Find what is wrong without a look at the files."""
    found: list[ConfigError] = []
    seen: set[str] = set()
    for index, files in enumerate(arguments["files"]):
        place = partial(place_of, _KEY, "files", index)
        if files["name"] in seen:
            found.append(
                ConfigError(f"there are two tables `{files['name']}`", place=place("name"))
            )
        seen.add(files["name"])
        found += _wrong_with(files, place)
    return found


def names(arguments: Mapping[str, Any]) -> list[str]:
    """Name the resources."""
    return [files["name"] for files in arguments["files"]]


def _wrong_with(files: Mapping[str, Any], place_of: Callable[..., Place]) -> Iterator[ConfigError]:
    kind = files.get("format") or _format(files["file_glob"])
    if kind is None:
        yield ConfigError(
            f"`{files['file_glob']}` does not tell what the files hold",
            place=place_of("file_glob"),
            hint="add `format:` with csv, jsonl or parquet",
        )
    elif kind != "csv":
        known = [name for name in signature(_READERS[kind]).parameters if name != "items"]
        for key in files["reader"]:
            if key not in known:
                yield ConfigError(
                    f"files of {kind} are not read with `{key}`",
                    place=place_of("reader", key, at_key=True),
                    hint=f"the keys here are: {', '.join(known)}",
                )
    for one in mistakes(files.get("columns") or {}, dict[str, TColumnSchema], ("columns",)):
        place = place_of(*one.path, at_key=one.at_key)
        yield ConfigError(one.message, place=place, hint=one.hint)


def make(
    name: str, arguments: Mapping[str, Any], root: Path, place_of: Callable[..., Place]
) -> DltSource:
    """Make the source: a resource for each of `files`; no file is opened yet.

    Raises:
        ConfigError: what a file holds cannot be told, a folder or files are not there, or two
            tables share a name.
    """
    if problems := check(arguments, place_of):
        raise in_one(problems)
    bucket = _bucket(str(arguments["bucket_url"]), root, place_of)
    credentials = arguments.get("credentials")
    resources: dict[str, DltResource] = {}
    for index, files in enumerate(arguments["files"]):
        place = partial(place_of, _KEY, "files", index)
        if not files["incremental"]:
            _check_glob(bucket, files["file_glob"], place("file_glob"))
        resources[files["name"]] = _resource(files, bucket, credentials)
    return DltSource(Schema(name), _KEY, list(resources.values()))


def _check_glob(bucket: str, glob: str, place: Place) -> None:
    """Refuse a pattern that no local file matches: it would load nothing, and say nothing."""
    from dlt.common.storages.fsspec_filesystem import fsspec_filesystem, glob_files

    if not bucket.startswith("file:"):
        return
    if next(glob_files(fsspec_filesystem(bucket)[0], bucket, glob), None) is None:
        raise ConfigError(
            f"no file matches `{glob}`",
            place=place,
            hint="patterns begin below `bucket_url`; with `incremental: true` there may be none",
        )


def _resource(
    files: Mapping[str, Any],
    bucket: str,
    credentials: Mapping[str, Any] | None,
) -> DltResource:
    from dlt.sources.filesystem import filesystem

    kind = str(files.get("format") or _format(files["file_glob"]))
    given: dict[str, Any] = {"credentials": dict(credentials)} if credentials else {}
    # All of a load are read together: what they hold is known before the first row.
    listing = filesystem(
        bucket, file_glob=files["file_glob"], files_per_page=_FILES_PER_PAGE, **given
    )
    # dlt keeps cursors by names: each table is to have its own.
    listing = listing.with_name(f"{files['name']}_files")
    incremental = files["incremental"]
    if incremental:
        listing.apply_hints(incremental=dlt.sources.incremental("modification_date"))
    reader = dlt.transformer(_READERS[kind])(**_as_text(files, kind), **files["reader"])
    resource: DltResource = (listing | reader).with_name(files["name"])
    key = files.get("primary_key")
    disposition: Any = "replace"
    if incremental:
        disposition = "merge" if key else "append"
    resource.apply_hints(
        write_disposition=files.get("write_disposition", disposition),
        primary_key=list(key) if key else None,
        columns=files.get("columns"),
    )
    return resource


def _as_text(files: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Have columns of text read as text: once it is a number, it is written otherwise."""
    columns: Mapping[str, Any] = files.get("columns") or {}
    texts = [name for name, hints in columns.items() if hints.get("data_type") == "text"]
    return {"texts": texts} if texts and kind == "csv" else {}


def _format(glob: str) -> str | None:
    """Tell what files hold by the ending of their names; None: it does not say."""
    suffixes = [suffix for suffix in PurePosixPath(glob).suffixes if suffix != _COMPRESSED]
    return _FORMATS.get(suffixes[-1]) if suffixes else None


def _bucket(url: str, root: Path, place_of: Callable[..., Place]) -> str:
    """Give the address; a folder is taken from the project's root, and has to be there."""
    scheme, separator, _ = url.partition("://")
    if separator:
        module, package = _LIBRARIES.get(scheme, ("fsspec", "fsspec"))
        if find_spec(module) is None:
            raise ConfigError(
                f"`{module}` is not installed",
                place=place_of(_KEY, "bucket_url"),
                hint=f"install it: pip install '{package}'",
            )
        return url
    folder = (root / Path(url).expanduser()).resolve()
    if not folder.is_dir():
        raise ConfigError(
            f"there is no folder {url}",
            place=place_of(_KEY, "bucket_url"),
            hint="folders are relative to the project's root",
        )
    return folder.as_uri()

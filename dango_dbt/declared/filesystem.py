"""`type: filesystem` → dlt's source of files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import dlt
from dlt.common.schema import Schema
from dlt.extract import DltResource, DltSource

from dango_dbt.errors import ConfigError, Place

__all__ = ["make"]

_KEY = "filesystem"
_FORMATS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
#: Of compressed files, the ending before it tells.
_COMPRESSED = frozenset({".gz", ".bz2", ".zst", ".zip"})


def make(
    name: str, arguments: Mapping[str, Any], root: Path, place_of: Callable[..., Place]
) -> DltSource:
    """Make the source: a resource for each of `files`; no file is looked at yet.

    Raises:
        ConfigError: what a file holds cannot be told, a folder is not there, or two tables share a
            name.
    """
    bucket = _bucket(str(arguments["bucket_url"]), root, place_of)
    credentials = arguments.get("credentials")
    resources: dict[str, DltResource] = {}
    for index, files in enumerate(arguments["files"]):
        place = place_of(_KEY, "files", index)
        if files["name"] in resources:
            raise ConfigError(f"there are two tables `{files['name']}`", place=place)
        resources[files["name"]] = _resource(files, bucket, credentials, place)
    return DltSource(Schema(name), _KEY, list(resources.values()))


def _resource(
    files: Mapping[str, Any], bucket: str, credentials: Mapping[str, Any] | None, place: Place
) -> DltResource:
    from dlt.sources.filesystem import filesystem, read_csv, read_jsonl, read_parquet

    kind = files.get("format") or _format(files["file_glob"], place)
    readers: Mapping[str, Any] = {"csv": read_csv, "jsonl": read_jsonl, "parquet": read_parquet}
    given: dict[str, Any] = {"credentials": dict(credentials)} if credentials else {}
    listing = filesystem(bucket, file_glob=files["file_glob"], **given)
    incremental = files["incremental"]
    if incremental:
        listing.apply_hints(incremental=dlt.sources.incremental("modification_date"))
    resource: DltResource = (listing | readers[kind](**files["reader"])).with_name(files["name"])
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


def _format(glob: str, place: Place) -> str:
    suffixes = [suffix for suffix in PurePosixPath(glob).suffixes if suffix not in _COMPRESSED]
    found = _FORMATS.get(suffixes[-1]) if suffixes else None
    if found is None:
        raise ConfigError(
            f"`{glob}` does not tell what the files hold",
            place=place,
            hint="add `format:` with csv, jsonl or parquet",
        )
    return found


def _bucket(url: str, root: Path, place_of: Callable[..., Place]) -> str:
    """Give the address; a folder is taken from the project's root, and has to be there."""
    if "://" in url:
        return url
    folder = (root / Path(url).expanduser()).resolve()
    if not folder.is_dir():
        raise ConfigError(
            f"there is no folder {url}",
            place=place_of(_KEY, "bucket_url"),
            hint="folders are relative to the project's root",
        )
    return folder.as_uri()

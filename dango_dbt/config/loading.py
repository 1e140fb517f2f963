"""Reads and checks `.dango/sources.yml`."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from dango_dbt.config.checks import conflicts
from dango_dbt.config.document import Document, read_document
from dango_dbt.config.models import KeyPath, SourcesConfig
from dango_dbt.config.wording import in_words
from dango_dbt.errors import ConfigError, Place

__all__ = ["load", "load_valid", "problems"]


def load(path: Path) -> SourcesConfig:
    """Read the file.

    Args:
        path: `.dango/sources.yml` of a project.

    Raises:
        ConfigError: something is wrong with it. Where it is one thing, the error is about it alone;
            where there are several, the message lists them, each on a line with its place.
    """
    config, found = _read(path)
    if config is not None and not found:
        return config
    if len(found) == 1:
        raise found[0]
    lines = [f"{error} ({error.hint})" if error.hint else str(error) for error in found]
    raise ConfigError("\n".join([f"{len(found)} problems", *lines]))


def problems(path: Path) -> list[ConfigError]:
    """Check the file; gives all that is wrong with it, in the order of the lines."""
    return _read(path)[1]


def load_valid(path: Path) -> tuple[SourcesConfig, list[ConfigError]]:
    """Read as much of the file as is valid by itself, so that the rest can be checked further.

    Returns:
        The config, without broken entries and settings, and all that is wrong with the file.
    """
    config, found = _read(path)
    if config is not None:
        return config, found
    try:
        document = _document(path)
    except ConfigError:
        return SourcesConfig(), found
    data = document.data if isinstance(document.data, dict) else {}
    entries = data.get("sources")
    kept = {
        index: entry
        for index, entry in enumerate(entries if isinstance(entries, list) else ())
        if _is_valid({"sources": [entry]})
    }
    settings = {
        key: value for key, value in data.items() if key != "sources" and _is_valid({key: value})
    }
    moved = {old: new for new, old in enumerate(kept)}
    places: dict[KeyPath, Place] = {}
    for where, place in document.values.items():
        if where[:1] != ("sources",) or len(where) == 1:
            places[where] = place
        elif where[1] in moved:
            places[("sources", moved[int(where[1])], *where[2:])] = place
    settings["sources"] = list(kept.values())
    return SourcesConfig.model_validate(settings, context=places), found


def _document(path: Path) -> Document:
    path = path.absolute()
    return read_document(path, path.relative_to(path.parent.parent), "sources")


def _is_valid(data: object) -> bool:
    try:
        SourcesConfig.model_validate(data)
    except ValidationError:
        return False
    return True


def _read(path: Path) -> tuple[SourcesConfig | None, list[ConfigError]]:
    try:
        document = _document(path)
    except ConfigError as error:
        return None, [error]
    found = [*document.problems, *conflicts(document)]
    data = {} if document.data is None else document.data
    config = None
    try:
        config = SourcesConfig.model_validate(data, context=document.values)
    except ValidationError as error:
        found += in_words(error.errors(include_url=False), document)
    return config, sorted(found, key=_order)


def _order(error: ConfigError) -> tuple[int, int]:
    place = error.place
    return (place.line or 0, place.column or 0) if place else (0, 0)

"""Reads and checks `.dango/sources.yml`."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from dango_dbt.config.checks import conflicts
from dango_dbt.config.document import read_document
from dango_dbt.config.models import SourcesConfig
from dango_dbt.config.wording import in_words
from dango_dbt.errors import ConfigError

__all__ = ["load", "problems"]


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


def _read(path: Path) -> tuple[SourcesConfig | None, list[ConfigError]]:
    path = path.absolute()
    try:
        document = read_document(path, path.relative_to(path.parent.parent), "sources")
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

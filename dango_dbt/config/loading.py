"""Reads and checks `.dango/sources.yml`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePath

from pydantic import ValidationError

from dango_dbt.config.checks import conflicts
from dango_dbt.config.document import Document, read_document
from dango_dbt.config.models import (
    BrokenSource,
    KeyPath,
    Reading,
    SourcesConfig,
)
from dango_dbt.config.names import default_dataset, is_dataset_name, is_source_name
from dango_dbt.config.problem import Problem, in_one
from dango_dbt.config.wording import in_words
from dango_dbt.errors import ConfigError, Place

__all__ = ["load", "load_sound", "load_valid", "problems"]


def load(path: Path) -> SourcesConfig:
    """Read the file.

    Args:
        path: `.dango/sources.yml` of a project.

    Raises:
        ConfigError: something is wrong with it. Where it is one thing, the error is about it alone;
            where there are several, the message lists them, each on a line with its place.
    """
    config = load_sound(path)
    if config.broken:
        raise in_one(error for source in config.broken for error in source.problems)
    return config


def load_sound(path: Path) -> SourcesConfig:
    """Read the file; a source whose entry is wrong is kept apart, and the others can be used.

    Args:
        path: `.dango/sources.yml` of a project.

    Raises:
        ConfigError: as `load`, where what is wrong is not one entry's own.
    """
    document = _document(path)
    found = _problems(document)
    if any(not problem.entries for problem in found):
        raise in_one(problem.error for problem in found)
    wrong = frozenset[int]().union(*(problem.entries for problem in found))
    return _config(document, document.data or {}, wrong, _broken(document, found))


def problems(path: Path) -> list[ConfigError]:
    """Check the file; gives all that is wrong with it, in the order of the lines."""
    return load_valid(path)[1]


def load_valid(path: Path) -> tuple[SourcesConfig, list[ConfigError]]:
    """Read as much of the file as is valid by itself, so that the rest can be checked further.

    Returns:
        The config, without entries and settings that are no valid ones, and all that is wrong with
        the file.
    """
    try:
        document = _document(path)
    except ConfigError as error:
        return SourcesConfig(), [error]
    data = document.data if isinstance(document.data, dict) else {}
    entries = _entries(data)
    settings = {key: value for key, value in data.items() if _is_valid(key, value)}
    invalid = [index for index, entry in enumerate(entries) if not _is_valid("sources", [entry])]
    found = _problems(document)
    config = _config(document, {**settings, "sources": entries}, invalid, _broken(document, found))
    return config, [problem.error for problem in found]


def _document(path: Path) -> Document:
    path = path.absolute()
    return read_document(path, path.relative_to(path.parent.parent), "sources")


def _problems(document: Document) -> list[Problem]:
    """Give all that is wrong with the file, in the order of the lines."""
    found = [*document.problems, *conflicts(document)]
    try:
        SourcesConfig.model_validate({} if document.data is None else document.data)
    except ValidationError as error:
        found += in_words(error.errors(include_url=False), document)
    return sorted(found, key=lambda problem: problem.order)


def _is_valid(key: object, value: object) -> bool:
    try:
        SourcesConfig.model_validate({key: value})
    except ValidationError:
        return False
    return True


def _entries(data: object) -> list[object]:
    entries = data.get("sources") if isinstance(data, dict) else None
    return entries if isinstance(entries, list) else []


def _config(
    document: Document,
    data: dict[str, object],
    left_out: Collection[int],
    broken: tuple[BrokenSource, ...],
) -> SourcesConfig:
    """Make the config of a file's data without some of its entries; places move up with them."""
    entries = _entries(data)
    kept = [index for index in range(len(entries)) if index not in left_out]
    moved = {old: new for new, old in enumerate(kept)}
    values, keys = _moved(document.values, moved), _moved(document.keys, moved)
    data = {**data, "sources": [entries[index] for index in kept]}
    return SourcesConfig.model_validate(data, context=Reading(values, broken, keys))


def _moved(places: Mapping[KeyPath, Place], moved: Mapping[int, int]) -> dict[KeyPath, Place]:
    """Give places their entries' new numbers; those of entries that have none are left out."""
    left: dict[KeyPath, Place] = {}
    for path, place in places.items():
        match path:
            case ("sources", int(index), *below):
                if index in moved:
                    left[("sources", moved[index], *below)] = place
            case _:
                left[path] = place
    return left


def _broken(document: Document, found: Sequence[Problem]) -> tuple[BrokenSource, ...]:
    """Describe the sources that cannot be used; entries of one name are one source."""
    by_name: dict[str, BrokenSource] = {}
    for index, entry in enumerate(_entries(document.data)):
        errors = tuple(problem.error for problem in found if index in problem.entries)
        if errors:
            source = _broken_source(document, index, entry, errors)
            earlier = by_name.get(source.name)
            by_name[source.name] = earlier.and_also(source) if earlier else source
    return tuple(by_name.values())


def _broken_source(
    document: Document, index: int, entry: object, errors: tuple[ConfigError, ...]
) -> BrokenSource:
    given = entry if isinstance(entry, dict) else {}
    name = document.written.get(("sources", index, "name"))
    return BrokenSource(
        name=name or f"entry {index + 1}",
        dataset=_dataset(given, name),
        enabled=given.get("enabled") is not False,
        modules=frozenset(_modules(given, name)),
        problems=errors,
    )


def _dataset(given: Mapping[str, object], name: str | None) -> str | None:
    """Name the dataset that a broken entry means; None where what it says cannot be one."""
    dataset = given.get("dataset_name")
    if dataset is None:
        return default_dataset(name) if name and is_source_name(name) else None
    return dataset if isinstance(dataset, str) and is_dataset_name(dataset) else None


def _modules(given: Mapping[str, object], name: str | None) -> Iterator[str]:
    """Name the modules that a broken entry means: a path's too, and its own name without any."""
    code = given.get("dlt_native")
    module = code.get("source_module") if isinstance(code, dict) else None
    if isinstance(module, str):
        yield module
        yield PurePath(module).stem if "/" in module else module.removesuffix(".py")
    elif name:
        yield name

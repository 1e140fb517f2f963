"""What two sources may not have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dango_dbt.config.document import Document
from dango_dbt.config.names import STAGING_DATASET_SUFFIX, default_dataset
from dango_dbt.config.problem import Problem
from dango_dbt.errors import ConfigError, Place

__all__ = ["conflicts"]


@dataclass(frozen=True)
class _Entry:
    """One entry of `sources:`; whatever else is wrong with it, it has a name."""

    index: int
    name: str
    dataset: str
    pipeline: str

    def place(self, document: Document, key: str) -> Place:
        """Where the key's value stands, or else the name, from which its default comes."""
        path = ("sources", self.index, key)
        return document.place(path if path in document.values else (*path[:2], "name"))


def conflicts(document: Document) -> Iterator[Problem]:
    """Find names, datasets and pipelines that two sources would share.

    Neither of the two can be used: which one the user means is not known, and loading the wrong
    one would mix its rows into the other's. Works on the raw data, so that these are reported
    together with what is wrong in one source.
    """
    entries = list(_entries(document))
    yield from _shared(document, entries, "name", lambda entry: entry.name)
    # Sources of one name share all defaults too: once is enough.
    named = {entry.name: entry for entry in reversed(entries)}
    entries = sorted(named.values(), key=lambda entry: entry.index)
    yield from _shared(document, entries, "dataset_name", lambda entry: entry.dataset)
    yield from _staged_into(document, entries)
    # A pipeline's name is a folder's, and some file systems do not tell case.
    yield from _shared(document, entries, "pipeline_name", lambda entry: entry.pipeline.lower())


def _entries(document: Document) -> Iterator[_Entry]:
    sources = document.data.get("sources") if isinstance(document.data, dict) else None
    for index, raw in enumerate(sources if isinstance(sources, list) else ()):
        name = _text(raw, "name")
        if name is not None:
            dataset = _text(raw, "dataset_name") or default_dataset(name)
            yield _Entry(index, name, dataset, _text(raw, "pipeline_name") or name)


def _text(raw: object, key: str) -> str | None:
    value = raw.get(key) if isinstance(raw, dict) else None
    return value if isinstance(value, str) else None


def _shared(
    document: Document, entries: list[_Entry], key: str, value_of: Callable[[_Entry], str]
) -> Iterator[Problem]:
    first: dict[str, _Entry] = {}
    for entry in entries:
        value = value_of(entry)
        earlier = first.setdefault(value, entry)
        if earlier is not entry:
            line = earlier.place(document, key).line
            error = ConfigError(
                f"two sources have the {key.replace('_', ' ')} `{value}`: the other is on line"
                f" {line}",
                place=entry.place(document, key),
                hint=f"give one of them another `{key}`",
            )
            yield Problem(error, frozenset({entry.index, earlier.index}))


def _staged_into(document: Document, entries: list[_Entry]) -> Iterator[Problem]:
    staging = {_as_dlt(entry.dataset + STAGING_DATASET_SUFFIX): entry for entry in entries}
    for entry in entries:
        stages = staging.get(_as_dlt(entry.dataset))
        if stages is not None:
            line = stages.place(document, "dataset_name").line
            error = ConfigError(
                f"dataset `{entry.dataset}` is where dlt stages the loads of source"
                f" `{stages.name}` (line {line}), and overwrites what is in it",
                place=entry.place(document, "dataset_name"),
                hint="give one of them another `dataset_name`",
            )
            yield Problem(error, frozenset({entry.index, stages.index}))


def _as_dlt(dataset: str) -> str:
    """Name a dataset as dlt does: it makes one underscore of several."""
    return re.sub("_+", "_", dataset)

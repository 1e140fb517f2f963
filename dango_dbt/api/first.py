"""Which nodes are selected: dbt may have to know sources first that were never generated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dango_dbt import build as dbt
from dango_dbt.errors import BuildError
from dango_dbt.graph import Graph
from dango_dbt.naming import staging_folder, staging_model
from dango_dbt.progress import PassedOn, Progress
from dango_dbt.project import ProjectLayout
from dango_dbt.references import needing
from dango_dbt.selection import Selection
from dango_dbt.yaml_files import read_text

__all__ = ["Listed", "list_selected"]

#: Criteria that take in whatever is generated: `*`, packages, and the folders above it.
_WIDE = r"(?:^|[+@:])\*|package:|resource_type:source|(?:path:models|\bstaging)/?(?:$|[+,*])"


@dataclass(frozen=True)
class Listed:
    """What is selected.

    Attributes:
        first: the sources that were loaded for dbt to tell.
        nodes: the nodes; None: the run has ended before.
        error: why dbt cannot tell, although these sources were loaded.
    """

    first: tuple[str, ...]
    nodes: Graph | None = None
    error: BuildError | None = None


def list_selected(  # noqa: PLR0913 - all that it depends on
    layout: ProjectLayout,
    selection: Callable[[], Selection],
    unknown: Sequence[str],
    named: Sequence[str],
    load: Callable[[list[str]], list[str] | None],
    *,
    target: str,
    progress: Progress,
) -> Listed:
    """Ask dbt what is selected, and load no more for that than has to be.

    Sources that dbt does not know of yet are loaded first where the selection names them, where dbt
    cannot parse the project without them, or where nothing is selected without them.

    Args:
        layout: where things are.
        selection: gives what to ask for, by what dbt knows at that time.
        unknown: the sources that dbt does not know of.
        named: sources that are selected by their names.
        load: loads some of them and generates from them, and gives those that it has tried; None:
            the run is to end.
        target: the target to parse for.
        progress: is told what happens.

    Raises:
        BuildError: dbt cannot tell, and nothing was loaded.
    """
    first: list[str] = []
    wanted = _named(layout, selection(), unknown, named)
    while True:
        if wanted:
            tried = load(wanted)
            if tried is None:
                return Listed((*first, *wanted))
            first += tried
            unknown = [name for name in unknown if name not in wanted]
        told = _Kept(progress)
        try:
            nodes = dbt.list_nodes(layout.dbt, selection(), target=target, progress=told)
        except BuildError as error:
            wanted = _needed(layout, error, unknown)
            if not wanted:
                told.tell()
                if not first:
                    raise
                return Listed(tuple(first), error=error)
        else:
            wanted = [] if nodes.nodes else list(unknown)
            if not wanted:
                told.tell()
                return Listed(tuple(first), nodes)


class _Kept(PassedOn):
    """Keeps warnings until it is clear that dbt is not asked again, and repeats them."""

    def __init__(self, shown: Progress) -> None:
        super().__init__(shown)
        self._warnings: list[str] = []

    def warning(self, message: str) -> None:
        """Keep it."""
        self._warnings.append(message)

    def tell(self) -> None:
        """Pass on what was kept."""
        for message in self._warnings:
            super().warning(message)


def _named(
    layout: ProjectLayout, selection: Selection, unknown: Sequence[str], named: Sequence[str]
) -> list[str]:
    """Find the sources that a selection names, or something that is generated from them.

    What is wide enough to take all of them in names them all.
    """
    texts = list(selection.select)
    if not (texts or named or selection.selector):
        return list(unknown)  # all, but for what is excluded
    if selection.selector is not None:
        texts.append(_text_of_selectors(layout))
    return [name for name in unknown if name in named or _names(texts, name)]


def _names(texts: Iterable[str], source: str) -> bool:
    name = re.escape(source)
    folder = re.escape(staging_folder(source).as_posix())
    model = re.escape(staging_model(source, ""))
    # a selector may be written as {method: source, value: shop}
    criterion = rf"(?:source:(?:\w+\.)?|value:\s*['\"]?(?:\w+\.)?)(?:{name}(?!\w)|\*)"
    pattern = re.compile(rf"{criterion}|\b{model}|{folder}(?!\w)|{_WIDE}")
    return any(pattern.search(text) for text in texts)


def _text_of_selectors(layout: ProjectLayout) -> str:
    try:
        return read_text(layout.dbt.directory / "selectors.yml")
    except OSError:
        return ""  # dbt says so


def _needed(layout: ProjectLayout, error: BuildError, unknown: Sequence[str]) -> list[str]:
    """Find the sources without which dbt cannot parse; it names one at a time."""
    missing = dbt.missing_reference(str(error))
    if missing is None or missing.source not in unknown:
        return []
    return [name for name in unknown if name == missing.source or needing(layout, name)]

"""What a source yields, page by page, before dlt's cursor leaves anything out; and no more of it.

dlt's own limit stands behind the cursor and counts what is left of a page there: a source that
sends old rows only would be read to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, cast

from dlt.common import jsonpath
from dlt.common.libs.pyarrow import is_arrow_item
from dlt.extract.hints import HintsMeta
from dlt.extract.incremental import Incremental, IncrementalResourceWrapper
from dlt.extract.items import TableNameMeta
from dlt.extract.items_transform import LimitItem

from dango_dbt.errors import ConfigError
from dango_dbt.sampled import CursorSeen, ResourceSeen

if TYPE_CHECKING:
    from dlt.extract import DltResource, DltSource
    from dlt.extract.items import SupportsPipe
    from dlt.extract.pipe import Pipe

__all__ = ["Watched", "seen", "watch"]

#: How many rows that are yielded one by one count as a page.
_ROWS_PER_PAGE = 100


def watch(
    source: DltSource, name: str, pages: int, resources: Collection[str]
) -> Sequence[Watched]:
    """Read only some pages of each resource, and look at them.

    Args:
        source: with the resources selected that are to be loaded; it is changed.
        name: its name in sources.yml.
        pages: how many pages of each resource to read at most.
        resources: those that were asked for.

    Returns:
        Watchers, for `seen` once the source is extracted.

    Raises:
        ConfigError: one that was asked for is not there.
    """
    selected = set(source.selected_resources)
    if unknown := sorted(set(resources) - selected):
        raise ConfigError(
            f"source `{name}` loads no resource {', '.join(f'`{one}`' for one in unknown)}",
            hint=f"it loads: {', '.join(source.selected_resources) or 'none'}",
        )
    found: dict[str, Watched] = {}
    for resource in source.resources.extracted:
        if resource.name not in found:
            watched = Watched(resource, pages, selected=resource.name in selected)
            resource.add_step(watched)
            found[resource.name] = watched
    return tuple(found.values())


def seen(watchers: Iterable[Watched]) -> tuple[ResourceSeen, ...]:
    """Say what there was, once the source is extracted."""
    found = {watched.name: watched.seen() for watched in watchers}

    def ended(resource: ResourceSeen) -> bool:
        parent = found.get(resource.parent or "")
        return resource.ended and (parent is None or ended(parent))

    return tuple(replace(resource, ended=ended(resource)) for resource in found.values())


@dataclass
class _Counts:
    pages: float = 0.0
    rows: int = 0
    key_nulls: dict[str, int] = field(default_factory=dict)
    own_tables: bool = False
    cursor: list[Any] = field(default_factory=list)
    cursor_missing: int = 0
    last_page: str = ""
    repeated: int = 0


class Watched(LimitItem):
    """A step before the cursor's: counts, notes keys and cursor, and stops after enough pages."""

    placement_affinity: ClassVar[float] = 0.8  # behind the user's own steps

    def __init__(self, resource: DltResource, pages: int, *, selected: bool) -> None:
        super().__init__(pages, None, count_rows=False)
        self.name = resource.name
        self._pages = pages
        self._parent = resource._pipe.parent.name if resource.is_transformer else None  # noqa: SLF001 - dlt names it nowhere else
        self._selected = selected
        self._keys = _declared_key(resource)
        self._counts = _Counts(key_nulls=dict.fromkeys(self._keys or (), 0))
        self._pipe: Pipe | None = None

    def bind(self, pipe: SupportsPipe) -> Watched:
        """Remember the pipe that is extracted: it has the cursor as this run finds it."""
        super().bind(pipe)
        self._pipe = cast("Pipe", pipe)
        if self._pipe.has_parent:
            self._pipe.replace_gen(self._bounded(cast("Callable[..., Any]", pipe.gen)))
        return self

    def __call__(self, item: Any, meta: Any = None) -> Any:  # noqa: ANN401 - dlt's signature
        """Note a page and pass it on; None once there were enough."""
        if item is None or self.exhausted:
            return None
        self._note(item, meta)
        if self._counts.pages >= self._pages:
            self.exhausted = True
            if hasattr(self.gen, "close"):
                self.gen.close()
        return item

    def _bounded(self, transform: Callable[..., Any]) -> Callable[..., Any]:
        """Have a transformer do nothing more after enough pages, which dlt's limit cannot."""

        @wraps(transform)
        def bounded(item: Any, meta: Any = None) -> Any:  # noqa: ANN401 - dlt's signature
            if self.exhausted:
                return None
            made = transform(item, meta=meta)
            return self._until_enough(made) if isinstance(made, Iterator) else made

        return bounded

    def _until_enough(self, items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            yield item
            if self.exhausted:
                return

    def seen(self) -> ResourceSeen:
        """Say what there was; of a transformer, whether it has ended is its parent's."""
        counts, incremental = self._counts, self._incremental()
        return ResourceSeen(
            name=self.name,
            pages=int(counts.pages) + (counts.pages % 1 > 0),
            rows=counts.rows,
            parent=self._parent,
            ended=counts.pages < self._pages,
            selected=self._selected,
            key_nulls=None if self._keys is None or counts.own_tables else counts.key_nulls,
            cursor=self._cursor(incremental) if incremental else None,
            repeated=counts.repeated if counts.last_page else None,
        )

    def _note(self, item: Any, meta: Any) -> None:  # noqa: ANN401 - whatever is yielded
        counts, incremental = self._counts, self._incremental()
        names = [*counts.key_nulls, *([incremental.cursor_path] if incremental else [])]
        rows = _rows(item, names)
        counts.rows += len(rows)
        one_by_one = not isinstance(item, list) and not is_arrow_item(item) and len(rows) == 1
        counts.pages = round(counts.pages + (1 / _ROWS_PER_PAGE if one_by_one else 1), 4)
        if isinstance(item, list) and item and self._parent is None:
            page = repr(item)  # the rows themselves are still going to be changed
            counts.repeated += page == counts.last_page
            counts.last_page = page
        if isinstance(meta, (TableNameMeta, HintsMeta)):
            counts.own_tables = True
        for key in counts.key_nulls:
            counts.key_nulls[key] += sum(_value(row, key) is None for row in rows)
        if incremental:
            found = [_value(row, incremental.cursor_path) for row in rows]
            counts.cursor += [value for value in found if value is not None]
            counts.cursor_missing += sum(value is None for value in found)

    def _incremental(self) -> Incremental[Any] | None:
        for step in self._pipe.steps if self._pipe is not None else ():
            found = step.incremental if isinstance(step, IncrementalResourceWrapper) else step
            if isinstance(found, Incremental):
                return found
        return None

    def _cursor(self, incremental: Incremental[Any]) -> CursorSeen:
        ascending = {max: True, min: False}.get(cast("Any", incremental.last_value_func))
        return CursorSeen(
            incremental.cursor_path,
            incremental.start_value,
            ascending,
            incremental.row_order,
            tuple(self._counts.cursor),
            self._counts.cursor_missing,
        )


def _declared_key(resource: DltResource) -> tuple[str, ...] | None:
    """Name the columns of a resource's key as its items have them; None: that depends on them."""
    if resource.has_dynamic_table_name:
        return None
    try:
        columns = resource.compute_table_schema()["columns"]
    except Exception:  # noqa: BLE001 - hints may be functions of the user's, which want an item
        return None
    return tuple(name for name, column in columns.items() if column.get("primary_key"))


def _rows(item: Any, names: Collection[str]) -> Sequence[Any]:  # noqa: ANN401 - whatever is yielded
    """Give the rows of what a resource yields: a list, a table, a data frame or one item.

    Of a table's columns only those with these names.
    """
    if isinstance(item, list):
        return [row for one in item for row in _rows(one, names)]
    if is_arrow_item(item):
        there = [name for name in item.schema.names if name in names]
        rows = item.select(there).to_pylist() if there else [{}] * item.num_rows
        return cast("Sequence[Any]", rows)
    if type(item).__module__.partition(".")[0] == "pandas":
        from pyarrow import Table

        return _rows(Table.from_pandas(item), names)
    return [item]


def _value(row: Any, path: str) -> Any:  # noqa: ANN401 - whatever is yielded
    """Look something up in an item; None where it is not there."""
    if not isinstance(row, Mapping):
        return getattr(row, path, None)
    if path in row:
        return row[path]
    found: Iterable[Any] = jsonpath.find_values(path, cast("Any", row))
    return next(iter(found), None)

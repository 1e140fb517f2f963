"""A description of an API → a connector, with what was guessed and what was left out; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase

from dango_dbt.connectors import Connector
from dango_dbt.errors import ConfigError
from dango_dbt.openapi.addresses import address_of
from dango_dbt.openapi.assembling import Derived, assembled
from dango_dbt.openapi.keys import cursor_of
from dango_dbt.openapi.lists import LeftOut, Listed, find_lists, find_parents
from dango_dbt.openapi.names import segments
from dango_dbt.openapi.schemas import Document, types
from dango_dbt.openapi.security import Access, access_of, is_open_to
from dango_dbt.openapi.specification import Specification, operations

__all__ = ["connector_of", "derive"]

#: Of how many lists one at least must need a parameter, so that every user is asked for it.
_ASKED_FOR = 10


def connector_of(specification: Specification, name: str, only: Collection[str] = ()) -> Connector:
    """Make a connector of a description; `derive` tells its guesses too."""
    return derive(specification, name, only).connector


def derive(specification: Specification, name: str, only: Collection[str] = ()) -> Derived:
    """Make a connector of a description.

    Args:
        specification: as it was read.
        name: the source's, for where the description has no title.
        only: patterns of resource names (`invoices`, `customer_*`); what they are children of
            comes along. Empty: all, but those that alone need something that no user may have.

    Raises:
        ConfigError: it has no endpoint that gives a list, or none that fits `only`.
    """
    asked = operations(specification)
    lists, left_out = find_lists(specification.document, asked)
    find_parents(specification.document, lists)
    lists, out = _with_parents(lists)
    left_out += out
    if not lists:
        raise ConfigError(
            f"{specification.location}: no endpoint in it gives a list by GET",
            hint="write the source by hand: `dango-dbt source add NAME --rest-api URL`",
        )
    _find_cursors(specification.document, lists)
    lists, out = _chosen(lists, only) if only else _usual(lists)
    left_out += out
    address = address_of(specification, asked)
    access = access_of(specification, [one.operation for one in lists], address.url)
    lists, out = _with_access(lists, access)
    return assembled(specification, name, lists, [*left_out, *out], address, access)


def _with_access(lists: Sequence[Listed], access: Access) -> tuple[list[Listed], list[LeftOut]]:
    """Leave out lists that ask for another way to log in."""
    kept: list[Listed] = []
    out: list[LeftOut] = []
    for one in lists:
        if not is_open_to(one.operation, access):
            names = " or ".join(" and ".join(sorted(each)) for each in one.operation.security or ())
            out.append(LeftOut(one.path, f"it asks for another way to log in: {names}"))
        elif one.parent is not None and one.parent not in kept:
            out.append(_orphan(one, one.parent))
        else:
            kept.append(one)
    return kept, out


def _with_parents(lists: Sequence[Listed]) -> tuple[list[Listed], list[LeftOut]]:
    """Leave out lists of what belongs to one thing that no list gives; parents come first."""
    kept: list[Listed] = []
    out: list[LeftOut] = []
    for one in sorted(lists, key=_depth):
        last = segments(one.path)[-1:]
        unknown = [param.name for param in one.unknown if f"{{{param.name}}}" in last]
        if unknown:
            out.append(LeftOut(one.path, f"it asks for a `{unknown[0]}`, which no list gives"))
        elif one.parent is not None and "object" not in (types(one.answer.item) or {"object"}):
            out.append(
                LeftOut(one.path, "its rows are plain values: dlt adds no parent's key to them")
            )
        elif one.parent is not None and one.parent not in kept:
            out.append(_orphan(one, one.parent))
        else:
            kept.append(one)
    return kept, out


def _find_cursors(document: Document, lists: Sequence[Listed]) -> None:
    """Find what new rows are asked for by, where that loses none.

    A parent must give all its rows, or new rows of old ones are never seen; a child has one cursor
    for all its parents, which would hide what a late one holds.
    """
    parents = {one.parent.name for one in lists if one.parent is not None}
    for one in lists:
        cursor = cursor_of(document, one.operation, one.answer.item)
        if cursor is None:
            continue
        reasons = {
            "it has no key": one.key is None,
            "it has a parent": one.parent is not None,
            "others are read by its rows": one.name in parents,
        }
        why = next((reason for reason, so in reasons.items() if so), None)
        if why:
            text = f"`{cursor.param}` could ask for new rows; all are read, since {why}"
            one.guesses.append(text)
            continue
        one.cursor = cursor
        one.unknown = [param for param in one.unknown if param.name != cursor.param]
        one.guesses.append(
            f"rows are asked for by `{cursor.param}`, which is sent the last `{cursor.path}`"
        )
        if cursor.only_new:
            one.guesses.append("rows that change after they were loaded are not loaded again")


def _depth(listed: Listed) -> int:
    return 0 if listed.parent is None else 1 + _depth(listed.parent)


def _orphan(child: Listed, parent: Listed) -> LeftOut:
    return LeftOut(child.path, f"it belongs to `{parent.name}`, which is left out")


def _usual(lists: Sequence[Listed]) -> tuple[list[Listed], list[LeftOut]]:
    """Leave out the few of many lists that need what no other does: all would wait for it."""
    users = Counter(param.name for one in lists for param in one.unknown)
    kept: list[Listed] = []
    out: list[LeftOut] = []
    for one in lists:
        rare = [
            param.name
            for param in one.unknown
            if users[param.name] * _ASKED_FOR < len(lists) and "default" not in param.schema
        ]
        if rare:
            reason = f"it alone needs `{rare[0]}`; ask for `{one.name}` by name to have it"
            out.append(LeftOut(one.path, reason))
        elif one.parent is not None and one.parent not in kept:
            out.append(_orphan(one, one.parent))
        else:
            kept.append(one)
    return (kept, out) if kept else (list(lists), [])


def _chosen(lists: Sequence[Listed], only: Collection[str]) -> tuple[list[Listed], list[LeftOut]]:
    """Keep the lists that fit some pattern, and their parents."""
    kept: list[Listed] = []
    for one in lists:
        line = [one]
        while line[0].parent is not None:
            line.insert(0, line[0].parent)
        if any(fnmatchcase(one.name, pattern) for pattern in only):
            kept += [each for each in line if each not in kept]
    if not kept:
        raise ConfigError(
            f"no resource fits {', '.join(f'`{one}`' for one in sorted(only))}",
            hint=f"there are: {', '.join(one.name for one in lists)}",
        )
    return kept, [LeftOut(one.path, "not asked for") for one in lists if one not in kept]

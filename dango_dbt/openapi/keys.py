"""Finds in an item's properties its primary key, and what new rows can be asked for by."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dango_dbt.openapi.answers import json_path, scalar
from dango_dbt.openapi.names import identifier, plain, singular
from dango_dbt.openapi.schemas import Document, Level, level, properties, types
from dango_dbt.openapi.specification import Operation, Parameter
from dango_dbt.openapi.vocabulary import CHANGE_TIMES, CHANGED, MADE, MADE_TIMES

__all__ = ["Cursor", "Key", "cursor_of", "field_of", "key_of"]

#: Names that are keys wherever they stand.
_SURE = ("id", "_id", "uuid", "guid", "gid", "sid")

#: Parameters that ask for rows from some time on: their end says so.
_FROM = (
    r"(_?(at|on|date|time|timestamp|datetime))?_?"
    r"(since|after|from|gte?|min|start|begin|start_time|begin_time|start_date|from_date)"
)

FIRST_TIME = "2000-01-01T00:00:00Z"
"""What to begin loading at: before all rows, and after what servers refuse as no time."""


@dataclass(frozen=True)
class Key:
    """A primary key, and why it was taken to be one where the description leaves it open."""

    name: str
    guess: str | None = None


@dataclass(frozen=True)
class Cursor:
    """What new rows can be asked for by.

    Attributes:
        path: the item's property, as a JSONPath.
        param: the parameter that takes its last value.
        initial: the value to begin with.
        only_new: rows that change later are not given again.
    """

    path: str
    param: str
    initial: str | int
    only_new: bool


def key_of(document: Document, item: Level, name: str, detail: str | None) -> Key | None:
    """Find an item's primary key; None where nothing says which it is.

    Args:
        document: the description.
        item: one level of the item's schema.
        name: the resource's.
        detail: the parameter that the path of a single item ends with; None where it has none.
    """
    given = {
        found: level(document, schema)
        for found, schema in properties(item).items()
        if re.fullmatch(r"\w+", found, flags=re.ASCII)
    }
    fit = {found: one for found, one in given.items() if scalar(one) or not types(one)}
    by_name = {identifier(found): found for found in reversed(fit)}
    thing = singular(name)
    short = thing.rpartition("_")[2]
    own = [f"{one}_{end}" for one in (thing, short) for end in ("id", "uuid", "guid", "key")]
    needed = item.get("required")
    required = needed if isinstance(needed, list) else []
    wanted = list(_SURE) + own
    if detail:
        wanted += [identifier(detail), identifier(detail).removeprefix(f"{short}_")]
    for one in wanted:
        found = by_name.get(identifier(one)) if one != "_id" else ("_id" if "_id" in fit else None)
        named = found is not None and found == detail
        if found is None or (given[found].get("nullable") is True and not named):
            continue
        if found in required or detail:
            return Key(found)
        return Key(found, f"`{found}` is taken for the key: nothing says that it is always there")
    return None


def field_of(document: Document, item: Level, name: str, param: str, key: str | None) -> str | None:
    """Find the property of a parent's item that a child's path asks for; None where there is none.

    Args:
        document: the description.
        item: one level of the parent's item.
        name: the parent's name.
        param: the parameter in the path.
        key: the parent's primary key.
    """
    given = {
        found
        for found, schema in properties(item).items()
        if re.fullmatch(r"[A-Za-z_]\w*", found, flags=re.ASCII) and scalar(level(document, schema))
    }
    asked, thing = identifier(param), singular(name)
    short = thing.rpartition("_")[2]
    by_name = {identifier(found): found for found in sorted(given)}
    if key == "id" and asked in {f"{thing}_id", f"{short}_id"}:
        return key  # a `company_id` of a company that has an `id` is another system's
    if asked in by_name:
        return by_name[asked]
    bare = asked.removeprefix(f"{thing}_").removeprefix(f"{short}_")
    if bare != asked and bare in by_name:
        return by_name[bare]
    about_key = re.fullmatch(r"(\w+_)?(id|pk|uuid|guid|key|gid|sid|identifier)", asked)
    if key and (about_key or asked in {thing, short}):
        return key
    return None


def cursor_of(document: Document, operation: Operation, item: Level) -> Cursor | None:
    """Find a parameter that asks for rows from some time on, with the property of that time.

    One for rows that have changed is preferred to one for new rows.
    """
    for words, said, times in (
        (CHANGED, "updat|modif|chang", CHANGE_TIMES),
        (MADE, "creat|added", MADE_TIMES),
    ):
        for param in operation.named("query"):
            if not _asks_since(param, words, said):
                continue
            found = _time_of(document, item, param, times)
            if found is not None and plain(param.name) and plain(found[0]):
                return Cursor(found[0], param.name, found[1], only_new=words == MADE)
    return None


def _asks_since(param: Parameter, words: str, said: str) -> bool:
    name = identifier(param.name)
    if re.fullmatch(rf"(\w+_)?({words}){_FROM}", name):
        return True
    if re.fullmatch(rf"(min|since|after|from)_({words})(_(at|on|date|time))?", name):
        return True
    bare = re.fullmatch(r"since|if_modified_since|changes_since|start_date", name)
    return bool(bare and re.search(said, param.description.lower()))


def _time_of(
    document: Document, item: Level, param: Parameter, times: list[str]
) -> tuple[str, str | int] | None:
    """Find the property of a time that a parameter speaks of, and the value to begin with."""
    by_name = {identifier(found): found for found in reversed(properties(item))}
    for name in times:
        if name not in by_name:
            continue
        place = by_name[name]
        found = level(document, properties(item)[place])
        initial = _initial(param, found)
        if initial is not None:
            return json_path((place,)), initial
    return None


def _initial(param: Parameter, given: Level) -> str | int | None:
    """Give the first value, in the form that both the parameter and the property have."""
    asked = types(param.schema)
    if "integer" in types(given):
        seconds = re.search(r"\b(unix|epoch)\b", param.description.lower())
        return 0 if asked <= {"integer", "number"} or seconds else None
    if "string" not in types(given) or not asked <= {"string"}:
        return None
    forms = {one.get("format") for one in (param.schema, given)} & {"date", "date-time"}
    if len(forms) > 1:
        return None  # a day is no time: the server would refuse what the rows hold
    return FIRST_TIME[:10] if forms == {"date"} else FIRST_TIME

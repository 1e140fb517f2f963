"""JSON schemas of a description, looked at one level at a time: references followed, allOf joined.

A level is a plain mapping; what lies below is looked at only when it is asked for, so a schema that
contains itself costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, TypeAlias
from urllib.parse import unquote

__all__ = ["Document", "Level", "level", "pointed", "properties", "texts", "types"]

Document: TypeAlias = Mapping[str, Any]
Level: TypeAlias = Mapping[str, Any]

#: How many references and allOf lie between a schema and what it says; more is a circle.
_DEEPEST = 30
#: How many schemas are joined to one; circles that meet would double them at each turn.
_MOST_PARTS = 500


def pointed(document: Document, reference: object) -> object:
    """Give what a local reference (`#/components/schemas/User`) points at; None where nothing is.

    References into other files are nothing: only this document is read.
    """
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    found: object = document
    for part in reference[1:].split("/")[1:]:
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping):
            found = found.get(key)
        elif isinstance(found, list) and key.isdigit() and int(key) < len(found):
            found = found[int(key)]
        else:
            return None
    return found


def level(document: Document, schema: object) -> Level:
    """Join a schema with what it refers to and is composed of, one level deep.

    Of `oneOf` and `anyOf` the first alternative that is not null is taken, beside what the schema
    itself says. Where the schema is none, an empty mapping comes out.
    """
    return _level(document, schema, 0, count())


def _level(document: Document, schema: object, depth: int, parts: Iterator[int]) -> dict[str, Any]:
    if not isinstance(schema, Mapping) or depth > _DEEPEST or next(parts) > _MOST_PARTS:
        return {}
    joined: dict[str, Any] = {}
    for part in _parts(document, schema):
        _join(joined, _level(document, part, depth + 1, parts))
    _join(joined, {key: value for key, value in schema.items() if key not in _COMPOSED})
    if not isinstance(joined.get("format", ""), str):
        del joined["format"]
    return joined


def properties(found: Level) -> dict[str, object]:
    """Give the properties of a level by name; their schemas are as the description has them."""
    given = found.get("properties")
    if not isinstance(given, Mapping):
        return {}
    return {str(name): schema for name, schema in given.items()}


def types(found: Level) -> frozenset[str]:
    """Name the JSON types that a level allows, without null; guessed where it does not say."""
    given = found.get("type")
    named = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    if named:
        return frozenset(name for name in named if isinstance(name, str) and name != "null")
    if "properties" in found:
        return frozenset({"object"})
    return frozenset({"array"} if "items" in found else ())


def texts(found: Level) -> str:
    """Give what a level says to people, in lower case, to look for words in."""
    return " ".join(
        str(found[key]).lower() for key in ("title", "description", "example") if key in found
    )


_COMPOSED = frozenset({"$ref", "allOf", "oneOf", "anyOf"})


def _parts(document: Document, schema: Mapping[str, Any]) -> Iterator[object]:
    if "$ref" in schema:
        yield pointed(document, schema["$ref"])
    every = schema.get("allOf")
    yield from every if isinstance(every, list) else ()
    for key in ("oneOf", "anyOf"):
        some = schema.get(key)
        alternatives = some if isinstance(some, list) else ()
        yield from [one for one in alternatives if not _is_null(one)][:1]


def _join(joined: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        before = joined.get(key)
        if key == "properties" and isinstance(before, Mapping) and isinstance(value, Mapping):
            joined[key] = {**before, **value}
        elif key == "required" and isinstance(before, list) and isinstance(value, list):
            joined[key] = [*before, *value]
        else:
            joined[key] = value


def _is_null(schema: object) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "null"

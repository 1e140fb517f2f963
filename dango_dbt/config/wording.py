"""What pydantic found wrong, in plain English and with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel

from dango_dbt.config.document import Document
from dango_dbt.config.models import KeyPath, SourcesConfig
from dango_dbt.config.problem import Problem
from dango_dbt.errors import ConfigError
from dango_dbt.schedules import similar_zones

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["in_words"]

#: What a value must be, by pydantic's type of the error.
_MUST_BE = {
    "string_type": "text",
    "string_too_short": "text with at least one character",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "greater_than_equal": "0 or more",
    "greater_than": "1 or more",
    "tuple_type": "a list",
    "list_type": "a list",
    "too_short": "a list with at least one name (leave the key out for all)",
    "mapping_type": "a mapping of keys and values",
    "dict_type": "a mapping of keys and values",
    "model_type": "a mapping of keys and values",
    "model_attributes_type": "a mapping of keys and values",
    "no_threshold": "a mapping with `warn_after`, `error_after` or both",
    "never": "times that come round",
    "no_zone": "the IANA name of a time zone, such as Europe/Berlin",
}

#: Lists of a declared source, below its own block, that have to be there.
_NOT_LEFT_OUT, _DEEP = frozenset({"resources", "files"}), len(("sources", 0, "resources"))

#: How much of a wrong text a message shows.
_LONGEST = 40

#: What YAML makes of text without quotes.
_KINDS = {int: "number", float: "number", date: "date", datetime: "date"}

#: What the patterns of the models mean, by key.
_PATTERNS = {
    "name": "lower-case letters, digits and single underscores, with a letter first and no"
    " underscore last",
    "dataset_name": "lower-case letters, digits and single underscores, with no underscore last"
    " (dlt would rename the dataset)",
    "pipeline_name": "letters, digits, `_` and `-`",
    "source_module": "a Python module's name, such as `my_api` for custom_sources/my_api.py",
    "source_function": "a Python function's name",
    "schedule": "five fields of cron, such as '0 2 * * *', or @hourly, @daily, @weekly, @monthly",
}


def in_words(errors: Iterable[ErrorDetails], document: Document) -> Iterator[Problem]:
    """Translate pydantic's errors."""
    errors = list(errors)
    meant = {
        (*error["loc"][:-1], _nearest(error["loc"]))
        for error in errors
        if error["type"] == "extra_forbidden"
    }
    for error in errors:
        misspelt = error["type"] == "missing" and error["loc"] in meant
        # pydantic calls a list too short where its only item is wrong.
        wrong_item = error["type"] == "too_short" and error["input"]
        if not misspelt and not wrong_item:
            yield Problem.at(error["loc"], _in_words(error, document))


def _in_words(error: ErrorDetails, document: Document) -> ConfigError:
    path: KeyPath = error["loc"]
    kind, key = error["type"], path[-1] if path else ""
    if kind == "extra_forbidden":
        return _unknown_key(path, document)
    if kind == "invalid_key" or key == "[key]":
        return _key_is_no_text(path, document)
    if kind == "missing":
        what = f"`{key}` has no value" if path in document.keys else f"missing key `{key}`"
        return ConfigError(
            what, place=document.key_place(path if path in document.keys else path[:-1])
        )
    if kind in {"block_missing", "block_unused", "initial_alone"}:
        return _goes_not_together(kind, path, error.get("ctx", {}), document)
    if kind == "string_pattern_mismatch":
        must_be = _PATTERNS[str(key)]
    elif kind in {"literal_error", "kind"}:
        must_be = error["ctx"]["expected"]
    else:
        must_be = _MUST_BE[kind]
    if kind == "too_short" and key in _NOT_LEFT_OUT and len(path) > _DEEP:
        must_be = "a list with at least one item"
    value, written = error["input"], document.written.get(path)
    shown = _shown(value, written, text_wanted=kind == "string_type")
    return ConfigError(
        f"{_name(path)} must be {must_be}, not {shown}",
        place=document.place(path),
        hint=error["ctx"]["why"] if kind == "never" else _hint(kind, value, written),
    )


def _unknown_key(path: KeyPath, document: Document) -> ConfigError:
    nearest = _nearest(path)
    meant = f", did you mean `{nearest}`?" if nearest else ""
    return ConfigError(
        f"unknown key `{path[-1]}`{meant}",
        place=document.key_place(path),
        hint=f"the keys here are: {', '.join(_valid_keys(path))}",
    )


def _goes_not_together(
    kind: str, path: KeyPath, about: Mapping[str, Any], document: Document
) -> ConfigError:
    """Say which keys of one mapping do not go with each other."""
    if kind == "initial_alone":
        return ConfigError(
            "`initial_value` says where `incremental` begins, and there is none",
            place=document.key_place((*path, "initial_value")),
            hint="add `incremental:` with the name of a column that only grows",
        )
    key = about["key"]
    if kind == "block_missing":
        return ConfigError(
            f"missing key `{key}`, which a source of `type: {key}` is described in",
            place=document.key_place((*path, "type")),
            hint=f"add `{key}:`, or change the type",
        )
    return ConfigError(
        f"`{key}` has no effect: the source is of `type: {about['type']}`",
        place=document.key_place((*path, key)),
        hint=f"write `type: {key}`, or remove the key",
    )


def _nearest(path: KeyPath) -> str | None:
    return next(iter(get_close_matches(str(path[-1]), _valid_keys(path), n=1)), None)


def _valid_keys(path: KeyPath) -> list[str]:
    """Which keys there are beside the one at a path."""
    kind: Any = SourcesConfig
    for part in path[:-1]:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[str(part)].annotation
        else:  # an item of a list or a mapping: whatever its place or name, it is of one kind
            kind = get_args(kind)[-1 if get_origin(kind) is Mapping else 0]
        kind = _without_none(kind)
    return [field.alias or name for name, field in kind.model_fields.items()]


def _without_none(kind: Any) -> Any:  # noqa: ANN401 - an annotation
    """Make `X` of `X | None`."""
    kinds = get_args(kind)
    return next(each for each in kinds if each is not NoneType) if NoneType in kinds else kind


def _key_is_no_text(path: KeyPath, document: Document) -> ConfigError:
    path = path[:-1] if path[-1] == "[key]" else path
    return ConfigError(
        f"key `{path[-1]}` must be text",
        place=document.key_place(path),
        hint=f"put it in quotes: '{path[-1]}'",
    )


def _name(path: KeyPath) -> str:
    if not path:
        return "the file"
    if isinstance(path[-1], int):
        return f"entry {path[-1] + 1} of `{path[-2]}`"
    return f"`{path[-1]}`"


def _shown(value: Any, written: str | None, *, text_wanted: bool) -> str:  # noqa: ANN401 - any
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…")
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, dict):
        return "a mapping"
    if value is None:
        return "an empty entry"
    if not text_wanted:
        return f"`{written}`"
    kind = str(value).lower() if isinstance(value, bool) else f"a {_KINDS.get(type(value), 'tag')}"
    return f"`{written}`, which YAML reads as {kind}"


def _hint(kind: str, value: Any, written: str | None) -> str | None:  # noqa: ANN401 - likewise
    if kind == "string_type" and written:
        return f"put it in quotes: '{written}'"
    if kind in {"bool_type", "int_type"} and isinstance(value, str):
        return "write it without quotes" if _is_meant(kind, value) else None
    if kind == "no_zone" and (similar := similar_zones(value)):
        return f"did you mean {' or '.join(f'`{zone}`' for zone in similar)}?"
    if kind == "tuple_type":
        return "begin each item with `- `"
    return None


def _is_meant(kind: str, text: str) -> bool:
    if kind == "int_type":
        return text.isdecimal()
    return text.lower() in {"true", "false", "yes", "no", "on", "off"}

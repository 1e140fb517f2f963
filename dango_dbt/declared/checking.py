"""Plain data against dlt's typed dictionaries: what does not fit, and where.

dlt's own check stops at the first thing, and of a value that may be of several kinds it tells all
that it is not. A user wants each mistake with its line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeAlias, get_args

from dlt.common.schema.typing import TColumnSchema
from dlt.common.typing import (
    extract_union_types,
    get_literal_args,
    is_dict_generic_type,
    is_list_generic_type,
    is_literal_type,
    is_optional_type,
    is_typeddict,
    is_union_type,
)
from dlt.sources.rest_api import typing as dlt_types
from typing_extensions import get_type_hints

__all__ = ["Mistake", "mistakes"]

_KeyPath: TypeAlias = tuple[str | int, ...]

#: Which typed dictionary a mapping is to be, by its `type`: dlt keeps the two apart.
_AUTH: dict[object, Any] = {
    None: dlt_types.BearerTokenAuthConfig,
    "bearer": dlt_types.BearerTokenAuthConfig,
    "api_key": dlt_types.ApiKeyAuthConfig,
    "http_basic": dlt_types.HttpBasicAuthConfig,
    "oauth2_client_credentials": dlt_types.OAuth2ClientCredentialsConfig,
    "oauth2_client_credentials_basic": dlt_types.OAuth2ClientCredentialsConfig,
}
_PAGINATORS: dict[object, Any] = {
    "auto": dlt_types.PaginatorTypeConfig,
    "single_page": dlt_types.PaginatorTypeConfig,
    "cursor": dlt_types.JSONResponseCursorPaginatorConfig,
    "header_cursor": dlt_types.HeaderCursorPaginatorConfig,
    "header_link": dlt_types.HeaderLinkPaginatorConfig,
    "json_link": dlt_types.JSONLinkPaginatorConfig,
    "json_response": dlt_types.JSONLinkPaginatorConfig,
    "offset": dlt_types.OffsetPaginatorConfig,
    "page_number": dlt_types.PageNumberPaginatorConfig,
}
_BY_TYPE = {"auth": _AUTH, "paginator": _PAGINATORS}
#: What is a class in Python, too; in YAML it is plain data.
_PLAIN = {"columns": (dict[str, TColumnSchema], list[TColumnSchema])}
#: Keys of dlt's own whose values are objects of Python.
_NO_DATA = frozenset({"session"})

#: Keys that dlt resolves by itself where they are missing: from its secrets, by the source's name.
_FROM_SECRETS = frozenset(
    {"username", "password", "token", "api_key", "client_id", "client_secret"}
)

_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_LONGEST = 40


@dataclass(frozen=True)
class Mistake:
    """Something that does not fit.

    Attributes:
        path: keys and list indexes of what is wrong.
        at_key: it is the key that is wrong, not its value.
    """

    path: _KeyPath
    message: str
    hint: str | None = None
    at_key: bool = False


def mistakes(value: object, kind: Any, path: _KeyPath = ()) -> Iterator[Mistake]:  # noqa: ANN401 - a type
    """Find all that does not fit.

    Args:
        value: plain data.
        kind: the type that it is to have, as dlt annotates it.
        path: where the value stands.
    """
    if value is None and is_optional_type(kind):
        return
    if is_union_type(kind):
        yield from _in_union(value, extract_union_types(kind, no_none=True), path)
    elif is_literal_type(kind):
        yield from _in_literal(value, list(get_literal_args(kind)), path)
    elif _shape(kind) in {dict, list}:
        yield from _in_collection(value, kind, path)
    elif kind in _NAMES and not _is(value, kind):
        yield _other(value, _NAMES[kind], path)


def _in_collection(value: object, kind: Any, path: _KeyPath) -> Iterator[Mistake]:  # noqa: ANN401 - a type
    if _shape(kind) is list and not isinstance(value, list):
        yield _other(value, "a list", path, "begin each item with `- `")
    elif isinstance(value, list) and _shape(kind) is list:
        for index, item in enumerate(value):
            yield from mistakes(item, get_args(kind)[0], (*path, index))
    elif not isinstance(value, Mapping):
        yield _other(value, "a mapping of keys and values", path)
    elif is_typeddict(kind):
        yield from _in_mapping(value, kind, path)
    else:
        for key, item in value.items():
            yield from mistakes(item, get_args(kind)[1], (*path, key))


def _in_union(value: object, kinds: list[Any], path: _KeyPath) -> Iterator[Mistake]:
    """Judge a value by the kind that it is meant to be."""
    by_type = _BY_TYPE.get(str(path[-1])) if path else None
    if by_type and isinstance(value, Mapping):
        chosen = by_type.get(value.get("type"))
        if chosen is None:
            names = [str(name) for name in by_type if name]
            yield from _of_type(value, names, path)
        else:
            yield from _in_mapping(value, chosen, path)
        return
    if path and path[-1] in _PLAIN:
        as_mapping, as_list = _PLAIN[str(path[-1])]
        yield from mistakes(value, as_list if isinstance(value, list) else as_mapping, path)
        return
    if Any in kinds or any(_fits(value, kind) for kind in kinds):
        return
    literals = [kind for kind in kinds if is_literal_type(kind)]
    if isinstance(value, str) and literals:
        yield from _in_literal(value, list(get_literal_args(literals[0])), path)
        return
    same = [kind for kind in kinds if _shape(kind) is type(value)]
    if same:
        yield from min((list(mistakes(value, kind, path)) for kind in same), key=len)
        return
    wanted = dict.fromkeys(name for kind in kinds if (name := _name(kind)))
    if wanted:
        yield _other(value, " or ".join(wanted), path)
    else:
        yield Mistake(
            path,
            f"`{_key(path)}` is a function of Python, which sources.yml cannot hold",
            "leave it out, or write the source as code: type dlt_native, with rest_api_source()",
        )


def _of_type(value: Mapping[Any, Any], names: list[str], path: _KeyPath) -> Iterator[Mistake]:
    if value.get("type") is None:
        listed = ", ".join(names)
        yield Mistake(path, f"missing key `type` in `{path[-1]}`", f"it is one of: {listed}")
    else:
        yield from _in_literal(value["type"], list(names), (*path, "type"))


def _in_literal(value: object, words: list[Any], path: _KeyPath) -> Iterator[Mistake]:
    if value in words:
        return
    near = get_close_matches(str(value), [str(word) for word in words], n=1)
    meant = f", did you mean `{near[0]}`?" if near else ""
    listed = ", ".join(str(word) for word in words)
    yield Mistake(
        path, f"`{_key(path)}` cannot be {_shown(value)}{meant}", f"it is one of: {listed}"
    )


def _in_mapping(value: Mapping[Any, Any], kind: Any, path: _KeyPath) -> Iterator[Mistake]:  # noqa: ANN401 - a type
    hints = {key: of for key, of in get_type_hints(kind).items() if key not in _NO_DATA}
    for key, item in value.items():
        if str(key).startswith("x-"):  # a hint of the user's own
            continue
        if key not in hints:
            near = get_close_matches(str(key), list(hints), n=1)
            meant = f", did you mean `{near[0]}`?" if near else ""
            listed = ", ".join(hints)
            what = f"unknown key `{key}`{meant}"
            yield Mistake((*path, key), what, f"the keys here are: {listed}", at_key=True)
        else:
            yield from mistakes(item, hints[key], (*path, key))
    required: frozenset[str] = getattr(kind, "__required_keys__", frozenset())
    for key in sorted(required - set(value) - _FROM_SECRETS):
        if not is_optional_type(hints[key]):
            yield Mistake(path, f"missing key `{key}`")


def _fits(value: object, kind: Any) -> bool:  # noqa: ANN401 - a type
    """Tell whether a value is right for one kind of a union, other than classes: YAML has none."""
    if _shape(kind) is None:
        return False
    return not any(mistakes(value, kind))


def _shape(kind: Any) -> type | None:  # noqa: ANN401 - a type
    if is_typeddict(kind) or is_dict_generic_type(kind):
        return dict
    if is_list_generic_type(kind):
        return list
    if is_literal_type(kind):
        return str
    return kind if kind in _NAMES else None


def _is(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def _name(kind: Any) -> str | None:  # noqa: ANN401 - a type
    shape = _shape(kind)
    if shape is dict:
        return "a mapping of keys and values"
    return "a list" if shape is list else _NAMES.get(shape or object)


def _other(value: object, wanted: str, path: _KeyPath, hint: str | None = None) -> Mistake:
    return Mistake(path, f"`{_key(path)}` must be {wanted}, not {_shown(value)}", hint)


def _key(path: _KeyPath) -> str:
    names = [part for part in path if isinstance(part, str)]
    return names[-1] if names else "rest_api"


def _shown(value: object) -> str:
    if isinstance(value, str):
        # A part of a secret would not be known for one any more.
        return repr(value) if len(value) <= _LONGEST else f"a text of {len(value)} characters"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else f"`{value}`"

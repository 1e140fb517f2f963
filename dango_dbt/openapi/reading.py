"""Reads a description from a file or a URL: all that this package does with the outside world."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http.client import HTTPException, InvalidURL
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import yaml

from dango_dbt.errors import ConfigError, Place
from dango_dbt.openapi.specification import Specification
from dango_dbt.yaml_files import LOADER, read_text, syntax_error

__all__ = ["read_specification"]

#: The largest description that is fetched; the largest known ones have about 12 MB.
_LARGEST = 64 * 1024 * 1024
_SECONDS = 30
#: Aliases let a few lines of YAML stand for more than any computer holds: so many characters at
#: most when they are written out, and so many keys of one mapping.
_LARGEST_WRITTEN_OUT = 2 * _LARGEST
_MOST_KEYS = 100_000

_WANTED = "give the address of the JSON or YAML file itself, often …/openapi.json or …/swagger.json"


class _Loader(LOADER):  # type: ignore[misc] # chosen when PyYAML is imported
    """YAML without dates: those in examples stay text, and broken ones break nothing."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Take over what `<<` merges, which may be itself merged (PyYAML calls this)."""
        super().flatten_mapping(node)
        if len(node.value) > _MOST_KEYS:
            raise yaml.constructor.ConstructorError(
                None, None, "more keys than can be read", node.start_mark
            )


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in LOADER.yaml_implicit_resolvers.items()
}


def read_specification(location: str) -> Specification:
    """Read a description of an API.

    Args:
        location: a file's path, or a http(s) URL.

    Raises:
        ConfigError: it is not there, is neither JSON nor YAML, or describes no API by OpenAPI 3 or
            Swagger 2.
    """
    if re.match(r"https?://", location, flags=re.IGNORECASE):
        shown = _without_secrets(location)
        text, url = _fetched(location, shown)
    else:
        shown, url = location, None
        text = _text_of(Path(location))
    return Specification(_checked(_parsed(text, shown), shown), shown, url)


def _text_of(path: Path) -> str:
    try:
        return read_text(path)
    except FileNotFoundError as error:
        raise ConfigError(
            "there is no such file",
            place=Place(path),
            hint="give the path of an OpenAPI or Swagger file, or its address (https://…)",
        ) from error


def _fetched(location: str, shown: str) -> tuple[str, str]:
    """Fetch a URL; gives its text, and where redirects have led."""
    if re.match(r"[^:]+://[^/?#]*@", location):
        raise ConfigError(
            f"{shown}: an address with a user's name and password is not fetched",
            hint="save the file and give its path",
        )
    accept = "application/json, application/yaml, text/yaml, */*;q=0.5"
    try:
        request = Request(location, headers={"Accept": accept, "User-Agent": "dango-dbt"})  # noqa: S310 - http(s) only, see above
        with urlopen(request, timeout=_SECONDS) as response:  # noqa: S310 - likewise
            raw, url = response.read(_LARGEST + 1), _without_secrets(response.geturl())
    except HTTPError as error:
        raise ConfigError(
            f"{shown}: the server answered {error.code} {error.reason}",
            hint="look at the address in a browser; where it needs a login, save the file and give"
            " its path",
        ) from error
    except (URLError, HTTPException, OSError, ValueError) as error:
        # What http.client says of an address quotes it, with its query.
        reason = getattr(error, "reason", None) or error
        if isinstance(error, InvalidURL):
            reason = "it is no address"
        raise ConfigError(
            f"{shown}: cannot be fetched: {reason}",
            hint="check the address and the network, or save the file and give its path",
        ) from error
    if len(raw) > _LARGEST:
        raise ConfigError(f"{shown}: larger than {_LARGEST // 1024**2} MB", hint=_WANTED)
    try:
        return raw.decode("utf-8-sig"), url
    except UnicodeDecodeError as error:
        raise _wrong("this is not UTF-8", shown, _WANTED) from error


def _parsed(text: str, shown: str) -> object:
    start = text.lstrip()[:1000].lower()
    if start.startswith(("<!doctype", "<html")):
        raise _wrong("this is a web page, no description of an API", shown, _WANTED)
    try:
        if start.startswith("{"):
            return json.loads(text)
        return _of_yaml(text, shown)
    except json.JSONDecodeError as error:
        message = f"not valid JSON: {error.msg}"
        raise _wrong(message, shown, _WANTED, line=error.lineno, column=error.colno) from error
    except yaml.YAMLError as error:
        known = syntax_error(Path(shown), error, text)
        line, column = (known.place.line, known.place.column) if known.place else (None, None)
        hint = known.hint or _WANTED
        raise _wrong(known.message, shown, hint, line=line, column=column) from error
    except (RecursionError, ValueError) as error:  # nested too deeply; numbers without end
        raise _wrong(f"cannot be read: {error}", shown, _WANTED) from error


def _of_yaml(text: str, shown: str) -> object:
    document = yaml.load(text, Loader=_Loader)  # noqa: S506 - made of the safe loader
    if _written_out(document, {}) > _LARGEST_WRITTEN_OUT:
        raise _wrong("its aliases stand for more than can be read", shown, _WANTED)
    return document


def _written_out(value: object, known: dict[int, int]) -> int:
    """Count the characters of data whose aliases are written out; in a circle, once."""
    if not isinstance(value, (dict, list)):
        return len(value) if isinstance(value, str) else 1
    if id(value) not in known:
        known[id(value)] = 1
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_written_out(part, known) for part in parts)
    return known[id(value)]


def _checked(document: object, shown: str) -> Mapping[str, Any]:
    """Make sure that it is OpenAPI 3 or Swagger 2, with paths."""
    given = document if isinstance(document, Mapping) else {}
    version = str(given.get("openapi") or given.get("swagger") or "")
    if not version:
        raise _wrong("this describes no API: it has no key `openapi`", shown, _WANTED)
    if not version.startswith("3." if "openapi" in given else "2."):
        hint = "3.0, 3.1 and Swagger 2.0 are; openapi.tools lists converters for others"
        raise _wrong(f"OpenAPI `{version}` is not known", shown, hint)
    if not isinstance(given.get("paths"), Mapping) or not given["paths"]:
        raise _wrong("it describes no paths", shown, "look for the API's full description")
    return given


def _wrong(
    message: str, shown: str, hint: str, *, line: int | None = None, column: int | None = None
) -> ConfigError:
    """Make an error about a file, with its place, or about a URL, which is no place on disk."""
    if "://" not in shown:
        return ConfigError(message, place=Place(Path(shown), line, column), hint=hint)
    where = ":".join(str(part) for part in (shown, line, column) if part)
    return ConfigError(f"{where}: {message}", hint=hint)


def _without_secrets(location: str) -> str:
    """Leave out a URL's user, password and query."""
    return re.sub(r"(?<=//)[^/?#]*@", "", location).partition("?")[0].partition("#")[0]

"""Secrets: the project's `.env`, `${VAR}` in a source's arguments, and keeping them out of text."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote, quote_plus, unquote

from dotenv import load_dotenv
from dotenv.parser import parse_stream

from dango_dbt.errors import ConfigError, Place

__all__ = [
    "Expanded",
    "Unset",
    "expand",
    "load_env_file",
    "redact",
    "secret_values",
    "unset_error",
    "variables",
]

_KeyPath: TypeAlias = tuple[str | int, ...]

# `$${` is a literal `${`; otherwise what is between the braces, and whether they are closed.
_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
_INSIDE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)

_PASSWORD_IN_URL = re.compile(r"://[^/@:\s]*:([^@\s]+)@")
#: Shorter values stand in too many places that are no secret.
_SHORTEST_SECRET = 4
#: The same for what `.env` sets, unless the variable's name says that it is a secret.
_SHORTEST_IN_FILE = 8
_SECRET_NAME = re.compile("KEY|TOKEN|SECRET|PASSWORD|PASSWD|PWD|CREDENTIAL|AUTH", re.IGNORECASE)


@dataclass(frozen=True)
class Unset:
    """A variable that is not set, or empty, and has no default.

    Attributes:
        path: which argument asks for it, such as `("api_key",)`.
        whole: the argument is this `${VAR}` and nothing else.
    """

    variable: str
    path: _KeyPath
    place: Place
    whole: bool


@dataclass(frozen=True)
class Expanded:
    """A source's arguments with their variables replaced.

    Attributes:
        kwargs: the arguments, without those in `unset`.
        unset: arguments that are a `${VAR}` as a whole, with VAR not set. They may still come from
            dlt's secrets files; where they do not, raise `unset_error`.
    """

    kwargs: dict[str, Any] = field(repr=False)
    unset: tuple[Unset, ...]


def load_env_file(root: Path) -> None:
    """Load `.env`, where the project has one, into the process's environment, overriding nothing.

    What an earlier call has set is unset first: two projects may be opened by one process.
    `${VAR}` in it means the environment's value, or that of an earlier line.

    Raises:
        ConfigError: it cannot be read, or has a line that is not `NAME=value`.
    """
    _forget_earlier_file()
    path, shown = root / ".env", Path(".env")
    if not path.exists() or path.is_dir():  # virtual environments are called .env as well
        return
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            "this is not UTF-8", place=Place(shown), hint="save the file as UTF-8"
        ) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", place=Place(shown)) from error
    # dotenv itself would only log a warning, and the variable be reported as unset later.
    broken = [binding.original.line for binding in parse_stream(StringIO(text)) if binding.error]
    if broken:
        others = f" (nor are lines {', '.join(map(str, broken[1:]))})" if broken[1:] else ""
        raise ConfigError(
            f"this line is not NAME=value{others}",
            place=Place(shown, broken[0]),
            hint="close all quotes; begin comments with #",
        )
    before = dict(os.environ)
    try:
        load_dotenv(stream=StringIO(text), override=False)
    except ValueError as error:  # a null character, or a name that holds `=`
        raise ConfigError(f"a variable cannot be set: {error}", place=Place(shown)) from error
    _from_files.update(os.environ.items() - before.items())
    _in_file.update(binding.key for binding in parse_stream(StringIO(text)) if binding.key)


#: What `.env` has set in this process.
_from_files: dict[str, str] = {}
#: The names in it, those that were set already too.
_in_file: set[str] = set()


def _forget_earlier_file() -> None:
    """Unset what another project's `.env` has set: this project is not to get its secrets."""
    for name, value in _from_files.items():
        if os.environ.get(name) == value:
            del os.environ[name]
    _from_files.clear()
    _in_file.clear()


def expand(
    kwargs: Mapping[str, Any],
    source: str,
    place_of: Callable[[_KeyPath], Place],
    found: Mapping[str, str] | None = None,
) -> Expanded:
    """Replace the variables in every text among a source's arguments, nested ones included.

    `${VAR}` becomes the environment's value, `${VAR:-text}` the text where VAR is unset or empty,
    as in a shell, and `$${` a literal `${`. An empty VAR counts as unset in both: a `.env` copied
    from `.env.example` has one. Keys stay as they are, and so does whatever is no text.

    Args:
        kwargs: the source's `function_kwargs`.
        source: the source's name, for messages.
        place_of: says where the value at a path, such as `("auth", "keys", 0)`, stands.
        found: values of variables that are not set in the environment.

    Raises:
        ConfigError: a variable within a longer text or a list is unset, or what follows a `${` is
            no variable. All unset variables of the source are named.
    """
    work = _Expansion(source, place_of, {**(found or {}), **_set_variables()})
    expanded = work.mapping(kwargs, ())
    if work.needed:
        raise unset_error(source, work.unset)
    return Expanded(expanded, tuple(work.unset))


def variables(value: object, *, required: bool = False) -> Iterator[str]:
    """Name the variables in a source's arguments, set or not.

    What `expand` would refuse is passed over.

    Args:
        value: the arguments, or one of them.
        required: leave out those that have a default.
    """
    if isinstance(value, str):
        for match in _REFERENCE.finditer(value):
            inside = _INSIDE.fullmatch(match[1]) if match[1] and match[2] else None
            if inside is not None and not (required and inside[2] is not None):
                yield inside[1]
    elif isinstance(value, (Mapping, list)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from variables(item, required=required)


def secret_values(value: object) -> frozenset[str]:
    """Give the values that no message may hold: any source's code may read any variable.

    Args:
        value: the arguments of all sources.

    Returns:
        The values of the variables in them, and of those that `.env` names: of the latter, short
        ones only where the variable's name says that it is a secret.
    """
    # A default stands in sources.yml, so it is no secret.
    named = {os.environ.get(name, "") for name in variables(value)}
    in_file = {
        found
        for name in _in_file
        if len(found := os.environ.get(name, "")) >= _SHORTEST_IN_FILE or _SECRET_NAME.search(name)
    }
    return frozenset((named | in_file) - {""})


def unset_error(source: str, unset: Sequence[Unset]) -> ConfigError:
    """Make the error for variables (at least one) that nothing else stands in for."""
    names = list(dict.fromkeys(item.variable for item in unset))
    key = next((item.path[0] for item in unset if item.whole and len(item.path) == 1), None)
    if len(names) == 1:
        what = f"variable {names[0]} is {'empty' if names[0] in os.environ else 'not set'}"
    else:
        what = f"variables are not set: {', '.join(_placed(unset))}"
    asked = all(name.startswith(f"SOURCES__{source.upper()}__") for name in names)
    return ConfigError(
        f"source `{source}`: {what}",
        place=unset[0].place,
        hint=(f"`dango-dbt source configure {source}` asks for it; or " if asked else "")
        + "set it in the environment or in .env, or give a default: ${NAME:-default}"
        + (f"; or set `{key}` under [sources.{source}] in .dlt/secrets.toml" if key else ""),
    )


def _placed(unset: Sequence[Unset]) -> Iterator[str]:
    """Name each variable once, with its place where that is another than the first one's."""
    first: dict[str, Unset] = {}
    for item in unset:
        first.setdefault(item.variable, item)
    for name, item in first.items():
        about = ["empty"] if name in os.environ else []
        about += [str(item.place)] if item.place != unset[0].place else []
        yield f"{name} ({', '.join(about)})" if about else name


def redact(text: str, secrets: Iterable[str]) -> str:
    """Replace secrets by `***`, also as they are spelt in URLs and in Python's `repr`.

    So is the password alone where a secret is an address that holds one. Values of less than four
    characters stay: they stand in too many other places.
    """
    secrets = set(secrets)
    passwords = {match[1] for secret in secrets for match in _PASSWORD_IN_URL.finditer(secret)}
    spellings = {
        spelling
        for secret in secrets | passwords | set(map(unquote, passwords))
        if len(secret) >= _SHORTEST_SECRET
        for spelling in _spellings(secret)
    }
    if not spellings:
        return text
    longest_first = sorted(spellings, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), "***", text)


def _spellings(secret: str) -> tuple[str, ...]:
    errors = "surrogateescape"  # as os.environ keeps bytes that are no UTF-8
    in_url = (
        quote(secret, safe="", errors=errors),
        quote(secret, safe="!#$%&'()*+,/:;=?@[]~", errors=errors),  # as requests does
        quote_plus(secret, errors=errors),
    )
    return (secret, *in_url, repr(secret)[1:-1])


def _set_variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if value}


class _Expansion:
    """One pass through a source's arguments, and what it comes across."""

    def __init__(
        self, source: str, place_of: Callable[[_KeyPath], Place], values: Mapping[str, str]
    ) -> None:
        self.source = source
        self.place_of = place_of
        self.values = values
        self.unset: list[Unset] = []
        self.needed = False  # an unset variable that cannot be left out

    def mapping(self, values: Mapping[str, Any], path: _KeyPath) -> dict[str, Any]:
        expanded = {}
        for key, value in values.items():
            name = _whole(value)
            if name is not None and not self.values.get(name):
                self._unset(name, (*path, key), whole=True)
            else:
                expanded[key] = self.value(value, (*path, key))
        return expanded

    def value(self, value: Any, path: _KeyPath) -> Any:  # noqa: ANN401 - whatever YAML gives
        if isinstance(value, str):
            return _REFERENCE.sub(lambda match: self._replacement(match, path), value)
        if isinstance(value, Mapping):
            return self.mapping(value, path)
        if isinstance(value, list):
            return [self.value(item, (*path, index)) for index, item in enumerate(value)]
        return value

    def _replacement(self, match: re.Match[str], path: _KeyPath) -> str:
        if match[1] is None:
            return "${"
        inside = _INSIDE.fullmatch(match[1])
        if inside is None or not match[2]:
            raise ConfigError(
                f"source `{self.source}`: `${{` begins a variable, such as ${{NAME}} or"
                " ${NAME:-default}, and this is none",
                place=self.place_of(path),
                hint="write $${ for a literal ${",
            )
        name, default = inside.groups()
        found = self.values.get(name)
        if found:
            return found
        if default is None:
            self.needed = True
            self._unset(name, path, whole=False)
        return default or ""

    def _unset(self, name: str, path: _KeyPath, *, whole: bool) -> None:
        self.unset.append(Unset(name, path, self.place_of(path), whole))


def _whole(value: object) -> str | None:
    """Name the variable of a value that is one `${VAR}` and nothing else."""
    match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    inside = _INSIDE.fullmatch(match[1]) if match is not None and match[1] and match[2] else None
    return inside[1] if inside is not None and inside[2] is None else None

"""Which secrets and settings a source wants: read from its code, its entry and dlt's files."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from dango_dbt.config import SourceConfig
from dango_dbt.credentials import variables
from dango_dbt.discovery import FunctionNode, module_files, read_module
from dango_dbt.toml_files import PLACEHOLDER

__all__ = ["Key", "State", "Wanted", "settings_with_default", "wanted"]

#: The parts of a key below `[sources.<name>]`.
Key: TypeAlias = tuple[str, ...]
State = Literal["missing", "set", "in the environment"]

#: What dlt's kinds of `auth` need, also as other guides spell them.
_LOGINS: Mapping[str | None, tuple[str, ...]] = {
    "bearer": ("token",),
    "api_key": ("api_key",),
    "http_basic": ("username", "password"),
    "basic": ("username", "password"),
    "oauth2_client_credentials": ("client_id", "client_secret"),
}
#: A line of a docstring's arguments, as in Google's style.
_ARGUMENT = re.compile(r"^\s*(\w+)(?: \([^)]*\))?: (.+)$")


@dataclass(frozen=True)
class Wanted:
    """One thing that a source has to be told.

    Attributes:
        secret: it belongs into secrets.toml; else into config.toml.
        about: what it is and where to get it, as the code says; empty: it does not.
        kind: what a value that is typed in is taken for.
        variable: of what is in the environment, its name there.
    """

    key: Key
    secret: bool
    state: State
    about: str = ""
    kind: Literal["text", "number", "list"] = "text"
    variable: str | None = None

    @property
    def name(self) -> str:
        """The key as it is typed."""
        return ".".join(self.key)


def wanted(
    source: SourceConfig,
    custom_sources: Path,
    secrets: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> list[Wanted]:
    """Find what a source wants.

    Args:
        source: its entry.
        custom_sources: the folder with the user's code, which is read and not imported.
        secrets: what secrets.toml holds under `[sources.<name>]`.
        settings: likewise config.toml.

    Returns:
        First what its code asks dlt for, then what its entry does, then what else stands in the
        files.
    """
    found: dict[Key, Wanted] = {}
    for key, secret, about, kind in _of_code(source, custom_sources):
        found[key] = Wanted(key, secret, "missing", about, kind)
    for key in _left_out(source):
        if _at(secrets, key) is None and _at(settings, key) is None:
            found[key] = Wanted(key, secret=True, state="missing")
    of_code = set(found)
    for variable in variables(source.code.kwargs, required=True):
        key = tuple(variable.lower().split("__"))
        if key[:2] == ("sources", source.name) and len(key) > len(("sources", source.name)):
            in_settings = _at(settings, key[2:]) is not None
            found.setdefault(key[2:], Wanted(key[2:], not in_settings, "missing"))
    only_in_full = set(found) - of_code
    for values, secret in ((secrets, True), (settings, False)):
        for key, value in _leaves(values):
            known = found.get(key) or Wanted(key, secret, "missing", kind=_kind(value))
            state: State = "missing" if value in (PLACEHOLDER, "") else "set"
            found[key] = replace(known, secret=secret, state=state)
    return [
        _with_environment(source.name, one, in_full=one.key in only_in_full)
        for one in found.values()
    ]


def _with_environment(source: str, one: Wanted, *, in_full: bool) -> Wanted:
    """Note what a variable gives: it comes before what stands in the files.

    Args:
        source: the source's name.
        one: what it wants.
        in_full: the entry names the variable; else dlt looks for ever shorter names.
    """
    names = ["__".join(("sources", source, *one.key)).upper()]
    if not in_full:
        names.append("__".join(one.key).upper())
    variable = next((name for name in names if os.environ.get(name)), None)
    return replace(one, state="in the environment", variable=variable) if variable else one


def _of_code(
    source: SourceConfig, custom_sources: Path
) -> Iterator[tuple[Key, bool, str, Literal["text", "number", "list"]]]:
    """Give the arguments that the source's function leaves to dlt's configuration."""
    node = _function(source, custom_sources)
    about = _docs(node) if node else {}
    for argument, default in _defaults(node) if node else ():
        kind = _dlt_value(default)
        if kind and argument.arg not in source.code.kwargs:
            yield (
                (argument.arg,),
                kind == "secrets",
                about.get(argument.arg, ""),
                _annotated(argument),
            )


def _left_out(source: SourceConfig) -> Iterator[Key]:
    """Give what an entry without code leaves to dlt's configuration: a login, or parts of it."""
    given = source.code.kwargs
    if source.type == "sql_database" and not given.get("credentials"):
        yield ("credentials",)
    if source.type == "rest_api" and isinstance(client := given.get("client"), Mapping):
        auth = client.get("auth") or {"type": None}
        login = {"type": auth} if isinstance(auth, str) else auth
        for field in _LOGINS.get(login.get("type", "bearer"), ()):
            if field not in login:
                yield "credentials", field


def settings_with_default(source: SourceConfig, custom_sources: Path) -> Iterator[str]:
    """Name the arguments that a source's function has a value for; dlt's files may give another."""
    node = _function(source, custom_sources)
    for argument, default in _defaults(node) if node else ():
        if not _dlt_value(default):
            yield argument.arg


def _function(source: SourceConfig, custom_sources: Path) -> FunctionNode | None:
    """Find the function in the user's code; None where it cannot be read, which a sync tells."""
    path = module_files(custom_sources).get(source.code.module) if source.code.own else None
    if path is None:
        return None
    try:
        functions = read_module(path, source.code.module).functions
    except (SyntaxError, OSError):
        return None
    return next((one.node for one in functions if one.name == source.code.function), None)


def _defaults(node: FunctionNode) -> Iterator[tuple[ast.arg, ast.expr]]:
    takes = node.args
    positional = [*takes.posonlyargs, *takes.args]
    yield from zip(positional[len(positional) - len(takes.defaults) :], takes.defaults, strict=True)
    for argument, default in zip(takes.kwonlyargs, takes.kw_defaults, strict=True):
        if default is not None:
            yield argument, default


def _dlt_value(default: ast.expr) -> str | None:
    """Tell `dlt.secrets.value` and `dlt.config.value` by their names."""
    match default:
        case ast.Attribute(value=ast.Attribute(attr="secrets" | "config" as kind), attr="value"):
            return kind
    return None


def _annotated(argument: ast.arg) -> Literal["text", "number", "list"]:
    text = ast.unparse(argument.annotation).lower() if argument.annotation else ""
    if text.startswith(("list", "sequence", "iterable", "tuple")):
        return "list"
    return "number" if text in {"int", "float"} else "text"


def _docs(node: FunctionNode) -> dict[str, str]:
    """Read what a docstring says of each argument."""
    found: dict[str, str] = {}
    name = None
    for line in (ast.get_docstring(node) or "").splitlines():
        match = _ARGUMENT.match(line) if line.startswith("    ") else None
        if match and not (name and line.startswith(" " * 8)):
            name = match[1]
            found[name] = match[2].strip()
        elif name and line.startswith("        "):
            found[name] += f" {line.strip()}"
        else:
            name = None
    return found


def _leaves(values: Mapping[str, Any], above: Key = ()) -> Iterator[tuple[Key, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key), value


def _at(values: Mapping[str, Any], key: Key) -> Any:  # noqa: ANN401 - whatever TOML holds
    found: Any = values
    for part in key:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _kind(value: object) -> Literal["text", "number", "list"]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number"
    return "list" if isinstance(value, list) else "text"

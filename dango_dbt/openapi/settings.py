"""What an endpoint needs and a user has to say: parameters that nothing else gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dango_dbt.openapi.names import (
    argument,
    free,
    identifier,
    one_line,
    plain,
    segments,
    singular,
)
from dango_dbt.openapi.schemas import Level
from dango_dbt.openapi.specification import Parameter

__all__ = ["Settings"]

#: Parameters whose names say nothing without what stands before them in the path.
_BARE = frozenset({"id", "uuid", "key", "name", "slug", "code", "number"})


@dataclass
class Settings:
    """The settings of a connector, each with the resources that need it.

    Attributes:
        taken: names of its other credentials.
    """

    taken: frozenset[str] = frozenset()
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    needed_by: dict[str, list[str]] = field(default_factory=dict)

    def value(self, parameter: Parameter, path: str, resource: str) -> str:
        """Give what to send for a parameter: its only value, or a setting's name as `${name}`.

        Args:
            parameter: a needed one.
            path: that it stands in, or belongs to.
            resource: the resource that needs it.
        """
        only = _only(parameter.schema)
        if only is not None:
            return only
        name = free(argument(_full_name(parameter, path)), self.taken)
        if name not in self.found:
            self.found[name] = _setting(parameter)
        users = self.needed_by.setdefault(name, [])
        if resource not in users:
            users.append(resource)
        return f"${{{name}}}"


def _only(schema: Level) -> str | None:
    given = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(given, list) or len(given) != 1:
        return None
    text = _text(given[0])
    return text if text and plain(text) else None


def _full_name(parameter: Parameter, path: str) -> str:
    if parameter.where != "path" or identifier(parameter.name) not in _BARE:
        return parameter.name
    before = segments(path.partition(f"{{{parameter.name}}}")[0])
    named = [part for part in before if "{" not in part]
    return f"{singular(identifier(named[-1]))}_{parameter.name}" if named else parameter.name


def _setting(parameter: Parameter) -> dict[str, Any]:
    schema = parameter.schema
    found: dict[str, Any] = {"title": f"Parameter {one_line(parameter.name, 60)}", "secret": False}
    choices = schema.get("enum")
    some = ", ".join(_text(one) for one in choices[:20]) if isinstance(choices, list) else ""
    said = f"{one_line(parameter.description)}{f' One of: {some}.' if some else ''}"
    if where := one_line(said):
        found["where"] = where
    example, default = _text(schema.get("example")), _text(schema.get("default"))
    if example and example == one_line(example, 100):
        found["example"] = example
    if default and plain(default):
        found["default"] = default
    return found


def _text(value: object) -> str:
    """Write a value as servers read it in an address; lists and objects are nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None or isinstance(value, (list, Mapping)) else str(value)

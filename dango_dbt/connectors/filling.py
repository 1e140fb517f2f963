"""A connector's configuration with its credentials filled in; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dango_dbt.connectors.connector import Relationship

__all__ = ["PLACEHOLDER", "filled", "with_references"]

#: A credential's name in a connector's texts.
PLACEHOLDER = re.compile(r"\$\{([a-z][a-z0-9_]*)\}")


def filled(value: Any, credentials: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever YAML gives
    """Put values in the places of `${name}`, in every text of a configuration.

    Args:
        value: the configuration, or a part of it.
        credentials: values by name. A text that is one placeholder becomes the value itself.

    Raises:
        KeyError: a value is missing.
    """
    if isinstance(value, Mapping):
        return {key: filled(item, credentials) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, credentials) for item in value]
    if not isinstance(value, str):
        return value
    if whole := PLACEHOLDER.fullmatch(value):
        return credentials[whole[1]]
    return PLACEHOLDER.sub(lambda match: str(credentials[match[1]]), value)


def with_references(
    config: Mapping[str, Any], relationships: Iterable[Relationship]
) -> dict[str, Any]:
    """Say in each resource which columns hold another table's key, in dlt's words.

    Args:
        config: dlt's configuration of a REST API.
        relationships: between its tables; those of tables that are none of its resources are left
            out, since dlt has no place for them.
    """
    by_table: dict[str, list[dict[str, Any]]] = {}
    for one in relationships:
        table, _, column = one.source.partition(".")
        referenced, _, key = one.target.partition(".")
        by_table.setdefault(table, []).append(
            {"referenced_table": referenced, "columns": [column], "referenced_columns": [key]}
        )
    resources = []
    for resource in config["resources"]:
        name = resource if isinstance(resource, str) else resource["name"]
        own = {"name": name, "endpoint": name} if isinstance(resource, str) else resource
        references = by_table.get(name)
        resources.append({**own, "references": references} if references else resource)
    return {**config, "resources": resources}

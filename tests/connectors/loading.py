"""A connector's `rest_api` configuration with its credentials filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

CONNECTORS = Path(__file__).parents[2] / "dango_dbt" / "connectors"


def rest_api_config(name: str, credentials: Mapping[str, str]) -> Any:  # noqa: ANN401 - dlt's own type is checked by dlt
    """Fill in a connector's configuration; settings that are not given have their defaults."""
    given = yaml.safe_load((CONNECTORS / f"{name}.yml").read_text("utf-8"))
    defaults = {key: each.get("default") for key, each in given["credentials"].items()}
    return _filled(given["load"]["rest_api"], {**defaults, **credentials})


def _filled(value: Any, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - YAML
    if isinstance(value, dict):
        return {key: _filled(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, values) for each in value]
    if isinstance(value, str):
        whole = re.fullmatch(r"\$\{(\w+)\}", value)
        if whole:
            return values[whole[1]]
        return re.sub(r"\$\{(\w+)\}", lambda found: str(values[found[1]]), value)
    return value

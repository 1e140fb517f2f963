"""Which generated models a user has taken over for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from dango_dbt.files import read_text
from dango_dbt.yaml_files import LOADER

__all__ = ["handed_over"]


def handed_over(properties: Path) -> frozenset[str]:
    """Name the models that say `config: {meta: {dango: {managed: false}}}` in a properties file.

    A file that is no YAML names none: it is in conflict anyway.

    Raises:
        GenerateError: the file cannot be read.
    """
    try:
        document = yaml.load(read_text(properties) or "", Loader=LOADER)  # noqa: S506 - a safe loader
    except yaml.YAMLError:
        return frozenset()
    models = document.get("models") if isinstance(document, dict) else None
    return frozenset(
        str(model["name"])
        for model in (models if isinstance(models, list) else ())
        if isinstance(model, dict) and "name" in model and _managed(model) is False
    )


def _managed(model: dict[str, Any]) -> object:
    value: object = model
    for key in ("config", "meta", "dango", "managed"):
        value = value.get(key) if isinstance(value, dict) else None
    return value

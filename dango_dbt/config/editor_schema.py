"""The JSON Schema of sources.yml, made from the models."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from dango_dbt.config.models import SourceConfig, SourcesConfig
from dango_dbt.config.source_types import SOURCE_TYPES

__all__ = ["json_schema"]


def json_schema() -> dict[str, Any]:
    """Make the JSON Schema of the file, for editors; a bare list of sources is allowed."""
    schema = TypeAdapter(SourcesConfig | list[SourceConfig] | None).json_schema()
    for model in schema["$defs"].values():
        for name, key in model["properties"].items():
            if name not in model.get("required", ()):
                model["properties"][name] = _or_empty(key)
    # Each type wants the key that is named like it.
    schema["$defs"]["SourceConfig"]["allOf"] = [
        {
            "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
            "then": {"required": [kind]},
        }
        for kind in SOURCE_TYPES
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": ".dango/sources.yml of dango-dbt",
        **schema,
    }


def _or_empty(key: dict[str, Any]) -> dict[str, Any]:
    """Allow a key with nothing after it, as the models do."""
    if "anyOf" in key:  # optional in its type already
        return key
    about = {word: key[word] for word in ("title", "description", "default") if word in key}
    rest = {word: value for word, value in key.items() if word not in about}
    return {"anyOf": [rest, {"type": "null"}], **about}

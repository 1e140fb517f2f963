"""What vendors say of their own APIs, cut down to what a connector asks for, for Prism to serve."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dango_dbt.yaml_files import LOADER

REPOSITORY = Path(__file__).parents[2]
#: Intercom's, PayPal's and Square's OpenAPI descriptions, where this checkout has them beside it.
DESCRIPTIONS = REPOSITORY.parent / "shared" / "openapi"
METHODS = ("get", "post")


@dataclass
class Contract:
    """One OpenAPI description made of parts of several.

    A large description takes Prism minutes to read, and a node process a vendor is dear: only the
    operations that are asked for are taken over, with the components that they refer to, under
    names that tell whose they are. What a description has on the web only, or not at all (Square's
    has both), is left open.
    """

    paths: dict[str, Any] = field(default_factory=dict)
    components: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, wanted: Mapping[str, str]) -> None:
        """Take operations over from a file of the vendors' descriptions.

        Args:
            name: the file's name.
            wanted: the method of each path.
        """
        given = _read(DESCRIPTIONS / name)
        owner = name.partition(".")[0]
        common = given.get("security", [])
        for path, method in wanted.items():
            item = given["paths"][path]
            security = [
                {f"{owner}.{scheme}": scopes for scheme, scopes in one.items()}
                for one in item[method].get("security", common)
            ]
            self.paths[path] = {
                method: {**self._own(item[method], given, owner), "security": security},
                "parameters": self._own(item.get("parameters", []), given, owner),
            }
        schemes = self.components.setdefault("securitySchemes", {})
        for scheme, value in given["components"]["securitySchemes"].items():
            schemes[f"{owner}.{scheme}"] = value

    def answer(self, path: str, example: Mapping[str, Any]) -> None:
        """Let an operation give this answer, which has to fit what the vendor says of it."""
        (operation,) = (
            self.paths[path][method] for method in METHODS if method in self.paths[path]
        )
        content = operation["responses"]["200"]["content"]["application/json"]
        content.pop("examples", None)
        content["example"] = example

    def _own(self, value: Any, given: Mapping[str, Any], owner: str) -> Any:  # noqa: ANN401 - JSON
        """Copy a value; what it refers to becomes a component of this description."""
        if isinstance(value, list):
            return [self._own(each, given, owner) for each in value]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("$ref"), str):
            return self._component(value["$ref"], given, owner)
        # `nullable` without `type` has no effect, says OpenAPI; Prism then checks no body at all.
        dropped = {"nullable"} if "type" not in value else set()
        return {
            key: self._own(each, given, owner)
            for key, each in value.items()
            if key not in dropped and not (key == "description" and isinstance(each, str))
        }

    def _component(self, reference: str, given: Mapping[str, Any], owner: str) -> dict[str, Any]:
        _, _, kind, known = f"{reference}///".split("/")[:4]
        if known not in given["components"].get(kind, {}):
            return {}
        name = f"{owner}.{known}"
        components = self.components.setdefault(kind, {})
        if name not in components:
            components[name] = {}  # so that a component may refer to itself
            components[name] = self._own(given["components"][kind][known], given, owner)
        return {"$ref": f"#/components/{kind}/{name}"}

    def text(self) -> str:
        """Write the description."""
        description = {
            "openapi": "3.0.3",
            "info": {"title": "What the connectors ask for", "version": "1"},
            "servers": [{"url": "http://127.0.0.1"}],
            "paths": self.paths,
            "components": self.components,
        }
        return json.dumps(description, default=str)  # YAML has dates


def _read(path: Path) -> Any:  # noqa: ANN401 - JSON
    text = path.read_text("utf-8")
    return json.loads(text) if path.suffix == ".json" else yaml.load(text, LOADER)  # noqa: S506 - the safe loader

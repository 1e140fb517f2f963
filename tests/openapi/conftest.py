"""Descriptions, made into connectors and loaded with dlt's own REST source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dango_dbt.openapi import Specification

HERE = Path(__file__).parent


def described(document: dict[str, Any]) -> Specification:
    """A description, as if it had been read from a file."""
    return Specification({"openapi": "3.0.3", "info": {}, **document}, "api.yaml")


def listing(schema: object, *parameters: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - OpenAPI's keys
    """A path with a GET that answers by a schema."""
    answer: dict[str, Any] = {"content": {"application/json": {"schema": schema}}}
    answer.update({"headers": more.pop("headers")} if "headers" in more else {})
    return {"get": {"parameters": list(parameters), "responses": {"200": answer}, **more}}


def param(name: str, where: str = "query", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - OpenAPI's keys
    """A parameter; what belongs to its schema goes there."""
    own = {key: more.pop(key) for key in ("required", "description", "example") if key in more}
    return {"name": name, "in": where, "schema": more, **own}


@pytest.fixture(scope="module", autouse=True)
def dlt_settings() -> Iterator[None]:
    """Nothing is sent anywhere, and a request that is refused is not tried again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        patch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
        patch.setenv("RUNTIME__LOG_LEVEL", "ERROR")
        yield

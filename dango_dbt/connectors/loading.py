"""Reads the catalogue's files."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from dango_dbt.connectors.connector import Connector
from dango_dbt.errors import ConfigError, Place
from dango_dbt.yaml_files import LOADER

__all__ = ["connector", "names", "parsed"]

_FOLDER = Path(__file__).parent


@cache
def names() -> tuple[str, ...]:
    """Name all connectors, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yml")))


@cache
def connector(name: str) -> Connector:
    """Read a connector of the catalogue.

    Raises:
        ConfigError: there is none of this name.
    """
    if name not in names():
        near = get_close_matches(name, names(), n=1)
        raise ConfigError(
            f"there is no connector `{name}`" + (f", did you mean `{near[0]}`?" if near else ""),
            hint="`dango-dbt source catalog` lists them; for any other API there is"
            " `source add NAME --openapi FILE` or `--rest-api URL`",
        )
    path = _FOLDER / f"{name}.yml"
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506 - the safe loader
    return parsed(data, Place(path))


def parsed(data: Any, place: Place | None = None) -> Connector:  # noqa: ANN401 - plain data
    """Make a connector of a file's data.

    Raises:
        ConfigError: it is no connector.
    """
    try:
        return Connector.model_validate(data)
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
            for one in error.errors(include_url=False)
        ]
        raise ConfigError("this is no connector: " + "; ".join(lines), place=place) from error

"""Names of models, files and folders; dbt's conventions for staging.

The pattern is dbt's: https://docs.getdbt.com/best-practices/how-we-structure/2-staging
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

__all__ = [
    "models_file",
    "relation_name",
    "sources_file",
    "staging_file",
    "staging_folder",
    "staging_model",
    "test_name",
]


def staging_model(source: str, table: str) -> str:
    """Name the staging model of a source's table.

    The name is a file's and an argument of `ref()`: what is no letter or digit becomes `_`. A hash
    of the table's name then tells it from others that differ in nothing else.
    """
    plain = re.sub(r"[^0-9A-Za-z_]+", "_", table)
    return f"stg_{source}__{plain}" if plain == table else f"stg_{source}__{plain}_{_mark(table)}"


def relation_name(model: str, longest: int) -> str:
    """Name the relation of a model whose own name is too long for the warehouse.

    Postgres keeps 63 characters, and dbt refuses more. The end is a hash of the whole name, so that
    two models never meet.
    """
    if len(model) <= longest:
        return model
    mark = _mark(model)
    return f"{model[: longest - len(mark) - 1]}_{mark}"


def _mark(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def staging_folder(source: str) -> PurePosixPath:
    """Name the folder of a source's staging files, below dbt's folder of models."""
    return PurePosixPath("staging", source)


def staging_file(source: str, table: str) -> PurePosixPath:
    """Name the file of a staging model."""
    return staging_folder(source) / f"{staging_model(source, table)}.sql"


def sources_file(source: str) -> PurePosixPath:
    """Name the properties file that declares a dbt source."""
    return staging_folder(source) / f"_{source}__sources.yml"


def models_file(source: str) -> PurePosixPath:
    """Name the properties file of a source's staging models."""
    return staging_folder(source) / f"_{source}__models.yml"


def test_name(test: str, model: str, *parts: Iterable[str]) -> str:
    """Name a test by what it is about; dbt's own name for it would be twice as long.

    Other characters than letters and digits become `_`, as in dbt's own names: dbt makes files of
    them.
    """
    words = [test, model, *("_".join(part) for part in parts)]
    return re.sub(r"[^0-9a-zA-Z_]+", "_", "__".join(words))

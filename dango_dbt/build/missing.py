"""What dbt says where a model refers to something generated that is not there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

__all__ = ["MissingReference", "missing_reference"]

_MISSING = re.compile(
    r"\((?P<file>[^()]+)\)\s+depends\s+on\s+a\s+"
    r"(?:node\s+named\s+'(?P<model>stg_(?P<of_model>.+?)__[^']+)'"
    r"|source\s+named\s+'(?P<table>(?P<of_table>[^'.]+)\.[^']+)')"
)


@dataclass(frozen=True)
class MissingReference:
    """A staging model, or a table of a dbt source, that dbt has not found.

    Attributes:
        file: what refers to it, relative to the dbt project.
        name: as dbt names it: `stg_shop__orders`, or `shop.orders`.
        source: the source, of sources.yml, that it would be generated from.
    """

    file: PurePosixPath
    name: str
    source: str


def missing_reference(message: str) -> MissingReference | None:
    """Find the reference in dbt's message; None: it is about something else."""
    found = _MISSING.search(message)
    if found is None:
        return None
    return MissingReference(
        PurePosixPath(found["file"].strip().replace("\\", "/")),
        found["model"] or found["table"],
        found["of_model"] or found["of_table"],
    )

"""Three-way merge of generated files that people have edited. Pure."""

from __future__ import annotations

from pathlib import PurePath

from dango_dbt.merging.blocks import Conflict, merge_blocks
from dango_dbt.merging.sql_text import parses, read_sql, write_sql
from dango_dbt.merging.yaml_text import read_yaml, write_yaml

__all__ = ["merged"]


def merged(path: PurePath, base: str, mine: str, theirs: str, dialect: str) -> str | None:
    """Merge what a person, and what generation, has made of a file since it was last generated.

    Args:
        path: the file; its ending tells what it holds.
        base: what was generated then.
        mine: what the person has made of it.
        theirs: what is generated now.
        dialect: sqlglot's name of the dialect of its SQL.

    Returns:
        The text with both changes. None: they cannot both be there, or the person has written
        something that cannot be taken apart.
    """
    try:
        if path.suffix == ".sql":
            blocks = (read_sql(text, dialect) for text in (base, mine, theirs))
            text = write_sql(merge_blocks(*blocks))
            return text if parses(text, dialect) or not parses(mine, dialect) else None
        blocks = (read_yaml(text) for text in (base, mine, theirs))
        return write_yaml(merge_blocks(*blocks))
    except (Conflict, ValueError):
        return None

"""Three-way merge of generated files that people have edited. Pure."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePath

from dango_dbt.merging.blocks import Conflict, merge_blocks
from dango_dbt.merging.commas import leading, trailing
from dango_dbt.merging.sql_text import parses, read_sql, write_sql
from dango_dbt.merging.yaml_text import models_in, read_yaml, with_models, write_yaml

__all__ = ["merged", "with_entries"]


def with_entries(text: str, models: Collection[str], other: str) -> str | None:
    """Put the entries of some models from one properties file into another one.

    Args:
        text: the properties file.
        models: their names.
        other: the file that has their entries.

    Returns:
        The text; None: one of the files cannot be taken apart.
    """
    try:
        return write_yaml(with_models(read_yaml(text), models_in(read_yaml(other), models)))
    except ValueError:
        return None


def merged(  # noqa: PLR0913, PLR0917 - three texts, and what they are
    path: PurePath,
    base: str,
    mine: str,
    theirs: str,
    dialect: str,
    handed_over: Collection[str] = (),
) -> str | None:
    """Merge what a person, and what generation, has made of a file since it was last generated.

    Args:
        path: the file; its ending tells what it holds.
        base: what was generated then.
        mine: what the person has made of it.
        theirs: what is generated now.
        dialect: sqlglot's name of the dialect of its SQL.
        handed_over: names of models that are the person's alone.

    Returns:
        The text with both changes. None: they cannot both be there, or the person has written
        something that cannot be taken apart.
    """
    try:
        if path.suffix == ".sql":
            plain, prefix = trailing(mine)
            blocks = (read_sql(text, dialect) for text in (base, plain, theirs))
            text = write_sql(merge_blocks(*blocks))
            text = text if prefix is None else leading(text, prefix)
            return text if parses(text, dialect) or not parses(mine, dialect) else None
        was, own, new = (read_yaml(text) for text in (base, mine, theirs))
        kept = models_in(own, handed_over)
        return write_yaml(merge_blocks(with_models(was, kept), own, with_models(new, kept)))
    except (Conflict, ValueError):
        return None

"""Values into the text of a TOML file; what else is in it stays, to the letter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Item

from dango_dbt.errors import ConfigError, Place
from dango_dbt.toml_files import not_toml

__all__ = ["with_values"]

#: What dlt and `source add` write behind a value that is to be filled in.
_FILL_IN = "fill this in!"


def with_values(
    text: str, section: tuple[str, ...], values: Mapping[tuple[str, ...], Any], shown: Path
) -> str:
    """Set keys of a section, and of those below it.

    Args:
        text: the file's text; empty where there is none.
        section: the section's parts, such as `("sources", "shop")`.
        values: by the parts of their keys below it.
        shown: the file's path as messages show it.

    Raises:
        ConfigError: the file is no TOML, or a value stands where a section is wanted.
    """
    try:
        document = tomlkit.parse(text)
        for key, value in values.items():
            _set(document, (*section, *key), value, shown)
        written = tomlkit.dumps(document)
        tomlkit.parse(written)
    except TOMLKitError as error:
        raise not_toml(shown, error) from error
    return written


def _set(document: Any, path: tuple[str, ...], value: Any, shown: Path) -> None:  # noqa: ANN401 - tomlkit's
    table = document
    for depth, part in enumerate(path[:-1]):
        if part not in table:
            above = depth < len(path) - 2
            table[part] = tomlkit.table(is_super_table=above)
        table = table[part]
        if not isinstance(table, Mapping):
            raise ConfigError(
                f"`{'.'.join(path[: depth + 1])}` is a value, and a section is wanted",
                place=Place(shown),
                hint="remove it, and run the command again",
            )
    table[path[-1]] = value
    stored = table[path[-1]]
    if isinstance(stored, Item) and _FILL_IN in stored.trivia.comment:
        stored.trivia.comment = stored.trivia.comment_ws = ""

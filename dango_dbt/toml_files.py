"""dlt's TOML files, without dlt: whether they are TOML, and what is not filled in yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dango_dbt.errors import ConfigError, Place

__all__ = ["PLACEHOLDER", "not_toml", "placeholders", "toml_problem"]

#: dlt's own word for a value that is yet to be filled in; it warns where it meets it.
PLACEHOLDER = "<configure me>"


def toml_problem(path: Path, shown: Path) -> ConfigError | None:
    """Say why a file is no TOML; None where it is, or is not there.

    Args:
        path: the file.
        shown: its path as messages show it.
    """
    import tomlkit  # dlt's own reader, and one of the libraries that it brings
    from tomlkit.exceptions import TOMLKitError

    try:
        tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (TOMLKitError, UnicodeDecodeError) as error:
        return not_toml(shown, error)
    except OSError as error:
        return ConfigError(f"cannot be read: {error.strerror}", place=Place(shown))
    return None


def placeholders(text: str, section: tuple[str, ...]) -> dict[tuple[str, ...], int | None]:
    """Find the keys of a section, and of those below it, whose values are not filled in yet.

    Args:
        text: a file's text; one that is no TOML has none.
        section: the section's parts, such as `("sources", "my_crm")`.

    Returns:
        All keys of the section, as their parts below it, each with the line of its placeholder;
        None where another value stands.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    # tomlkit does not tell where a value stands, so each placeholder is given its line's number.
    numbered = "\n".join(
        line.replace(PLACEHOLDER, f"{PLACEHOLDER}{number}")
        for number, line in enumerate(text.split("\n"), 1)
    )
    try:
        data: Any = tomlkit.parse(numbered).unwrap()
    except TOMLKitError:
        return {}
    for part in section:
        data = data.get(part) if isinstance(data, dict) else None
    return dict(_placeholders(data)) if isinstance(data, dict) else {}


def _placeholders(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], int | None]]:
    for key, value in data.items():
        if isinstance(value, dict):
            yield from (((key, *below), line) for below, line in _placeholders(value))
        else:
            line = value.removeprefix(PLACEHOLDER) if isinstance(value, str) else ""
            yield (key,), int(line) if value != line and line.isdecimal() else None


def not_toml(shown: Path, error: BaseException | None) -> ConfigError:
    """Make the error for a file that tomlkit cannot read, without its words, which may quote it."""
    line, column = (getattr(error, name, None) for name in ("line", "col"))
    return ConfigError(
        "this is not TOML",
        place=Place(shown, line, None if column is None else column + 1),
        hint="put texts into quotes, and close all quotes and brackets",
    )

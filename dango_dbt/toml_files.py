"""dlt's TOML files: whether they are TOML, without dlt."""

from __future__ import annotations

from pathlib import Path

from dango_dbt.errors import ConfigError, Place

__all__ = ["not_toml", "toml_problem"]


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


def not_toml(shown: Path, error: BaseException | None) -> ConfigError:
    """Make the error for a file that tomlkit cannot read, without its words, which may quote it."""
    line, column = (getattr(error, name, None) for name in ("line", "col"))
    return ConfigError(
        "this is not TOML",
        place=Place(shown, line, None if column is None else column + 1),
        hint="put texts into quotes, and close all quotes and brackets",
    )

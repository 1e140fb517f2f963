"""How we read and write YAML: one loader, one way to say what is wrong, one style of text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from dango_dbt.errors import ConfigError, Place

__all__ = ["LOADER", "decoded", "place_after", "read_text", "render", "syntax_error"]

#: The safe loader, in C where PyYAML was built so.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_text(path: Path) -> str:
    """Read a file's text, without a byte order mark.

    Raises:
        FileNotFoundError: it is not there.
        ConfigError: it cannot be read, or is not UTF-8.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", place=Place(path)) from error
    return decoded(raw, path)


def decoded(raw: bytes, shown: Path) -> str:
    """Decode a file's bytes, without a byte order mark.

    Args:
        raw: all that the file holds.
        shown: its path as messages show it.

    Raises:
        ConfigError: they are not UTF-8.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", errors="replace")
        raise ConfigError(
            "this is not UTF-8", place=place_after(before, shown), hint="save the file as UTF-8"
        ) from error


def place_after(text: str, shown: Path) -> Place:
    """Say where the next character after a file's first ones stands."""
    line = text.count("\n") + 1
    return Place(shown, line, len(text) - text.rfind("\n"))


def syntax_error(path: Path, error: yaml.YAMLError, text: str = "") -> ConfigError:
    """Say in one line where a file is broken, and what is the usual cause.

    Args:
        path: the file, as it is to be shown.
        error: PyYAML's.
        text: the file's text, to look at the line that is wrong.
    """
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return ConfigError(f"not valid YAML: {error}", place=Place(path))
    context = getattr(error, "context", None) or ""
    parts = ["" if context.startswith("while") else context, getattr(error, "problem", None) or ""]
    hint = "check the indentation, and put text with special characters in quotes"
    line = text.splitlines()[mark.line : mark.line + 1]
    if line and "\t" in line[0][: mark.column + 1]:
        hint = "indent with spaces, not tabs"
    elif "tag '!" in parts[1]:
        hint = "put text that begins with ! in quotes"
    what = " ".join(part for part in parts if part)
    place = Place(path, mark.line + 1, mark.column + 1)
    return ConfigError(f"not valid YAML: {what}", place=place, hint=hint)


class _Dumper(yaml.SafeDumper):
    """PyYAML's dumper, changed where its style is not what dbt users write."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002 - PyYAML's signature
        """Indent lists below their key, as dbt's documentation does."""
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Write equal values out each time: `&id001` helps no reader."""
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    """Write text of several lines as a block, where a block brings it back unchanged."""
    plain = all(line == line.strip() for line in value.split("\n")) and "\t" not in value
    style = "|" if "\n" in value and plain else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _list(dumper: yaml.SafeDumper, values: list[object]) -> yaml.SequenceNode:
    """Write a list of words on one line: `tags: [dlt_key]`."""
    words = all(isinstance(value, str) and re.fullmatch(r"\w{1,30}", value) for value in values)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=words)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)


def render(data: object, *, blank_line_at: int | None = None) -> str:
    """Render plain data (dicts, lists, scalars); the same data gives the same bytes.

    Args:
        data: what to render.
        blank_line_at: the indentation of the list items that get a blank line before them.
    """
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    if blank_line_at is None:
        return text
    # Text in a block stands deeper than the list that it belongs to, so no text is touched.
    item = rf"(?<!:\n)^(?={' ' * blank_line_at}- )"
    return re.sub(item, "\n", text, flags=re.MULTILINE)

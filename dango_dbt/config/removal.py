"""Takes one entry out of the text of sources.yml; all other text stays as it is."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from dango_dbt.config.lines import last_line
from dango_dbt.errors import ConfigError, Place
from dango_dbt.yaml_files import LOADER, syntax_error

__all__ = ["without_entry"]


def without_entry(text: str, name: str, shown: Path) -> str:
    """Give the text of sources.yml without a source's entry.

    Whole lines go: those of the entry itself, and the blank lines that parted it from the next one.
    Comments above the entry stay, for they may be about more than it.

    Args:
        text: the file's text.
        name: the source's name.
        shown: the file's path as messages show it.

    Raises:
        ConfigError: the text is no YAML, has no such source, or is not laid out in lines (`[...]`).
    """
    try:
        root = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as error:
        raise syntax_error(shown, error, text) from error
    entries = _entries(root)
    names = [_name(entry) for entry in entries.value] if entries else []
    if entries is None or name not in names:
        close = get_close_matches(name, [other for other in names if other], n=1)
        there_are = f"there are: {', '.join(filter(None, names)) or 'none'}"
        raise ConfigError(
            f"there is no source `{name}`",
            place=Place(shown),
            hint=f"did you mean `{close[0]}`?" if close else there_are,
        )
    index = names.index(name)
    entry = entries.value[index]
    place = Place(shown, entry.start_mark.line + 1, entry.start_mark.column + 1)
    if entries.flow_style:
        raise ConfigError(
            "the sources are a list in brackets, from which no line can be taken",
            place=place,
            hint="write each source on lines of its own that begin with `- `, or remove it by hand",
        )
    lines = text.splitlines(keepends=True)
    first, end = _lines_of(entry, lines, place)
    kept = _content(text)
    if kept is not None:
        del kept[1][index]
    for begin in (_without_blank_end(lines, first, end), first):
        changed = "".join([*lines[:begin], *lines[end:]])
        if kept is not None and _content(changed) == kept:
            return changed
    raise ConfigError(
        "the other entries cannot be kept as they are without this one",
        place=place,
        hint="remove it by hand",
    )


def _without_blank_end(lines: list[str], first: int, end: int) -> int:
    """Take blank lines along that would come to stand at the end of the file."""
    while end == len(lines) and first and not lines[first - 1].strip():
        first -= 1
    return first


def _content(text: str) -> tuple[dict[str, Any], list[Any]] | None:
    """Give what a file says: its settings, and its entries; None where it cannot be read."""
    try:
        data = yaml.load(text, Loader=LOADER)  # noqa: S506 - the safe loader
    except (yaml.YAMLError, ValueError):  # such as an alias of what was in the entry
        return None
    if isinstance(data, dict):
        settings = {key: value for key, value in data.items() if key != "sources"}
        return settings, data.get("sources") or []
    return {}, data or []


def _entries(root: yaml.Node | None) -> yaml.SequenceNode | None:
    """Find the list of sources: below `sources:`, or the whole file."""
    if isinstance(root, yaml.MappingNode):
        root = next((value for key, value in root.value if key.value == "sources"), None)
    return root if isinstance(root, yaml.SequenceNode) else None


def _name(entry: yaml.Node) -> str | None:
    if not isinstance(entry, yaml.MappingNode):
        return None
    return next((value.value for key, value in entry.value if key.value == "name"), None)


def _lines_of(entry: yaml.Node, lines: list[str], place: Place) -> tuple[int, int]:
    """Give the entry's first line, and the one after its last.

    A block's end in YAML lies behind the comments and blank lines after it. Those that stand as
    deep as the entry's keys are its own; the others belong to what comes next.
    """
    first, depth = _dash(entry, lines, place), entry.start_mark.column
    end = last_line(entry) + 1
    for index in range(end, len(lines)):
        line = lines[index]
        if line.strip() and not (line.lstrip().startswith("#") and _indent(line) >= depth):
            break
        if line.strip():
            end = index + 1
    while end < len(lines) and not lines[end].strip():
        end += 1
    return first, end


def _dash(entry: yaml.Node, lines: list[str], place: Place) -> int:
    """Find the line with the entry's dash, which may stand above its first key."""
    line, column = entry.start_mark.line, entry.start_mark.column
    before = lines[line][:column]
    while not before.strip() and line:
        line -= 1
        before = lines[line].partition("#")[0]
    if before.strip() != "-":
        raise ConfigError(
            "the entry does not begin on a line of its own",
            place=place,
            hint="remove it by hand",
        )
    return line


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())

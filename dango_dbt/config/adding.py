"""An entry more in the text of sources.yml, which stays as it is otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dango_dbt.config.lines import last_line
from dango_dbt.errors import ConfigError, Place
from dango_dbt.yaml_files import LOADER, render

__all__ = ["add_entry"]

_BOM = "\ufeff"


def add_entry(text: str, entry: Mapping[str, Any], shown: Path) -> str:
    """Add a source's entry behind the others, indented as these are.

    Args:
        text: the file's text, line ends as they are; empty where there is none yet. It is one that
            `load` accepts.
        entry: the entry as plain data.
        shown: the file's path as messages show it.

    Returns:
        The text with the entry in it and nothing else changed: comments, order and quotes stay.

    Raises:
        ConfigError: the file is written in such a way that the entry cannot be put in.
    """
    plain = text.removeprefix(_BOM)
    try:
        added = _Adding(plain, entry).done()
        # What is unusual (an alias, one line for all) is not foreseen below, but seen here. A last
        # line that does not end gets an end, which counts in a block of text.
        ended = plain if plain.endswith("\n") else f"{plain}\n"
        right = _data(added) == _expected(_data(ended), entry)
    except (yaml.YAMLError, ValueError):
        right = False
    if not right:
        raise ConfigError(
            "an entry cannot be put into this file as it is written",
            place=Place(shown),
            hint=f"add it by hand, and run the command again: - {_one_line(entry)}",
        )
    return text[: len(text) - len(plain)] + added


class _Adding:
    """One entry, and the text that it is put into."""

    def __init__(self, text: str, entry: Mapping[str, Any]) -> None:
        self.text = text
        self.entry = entry
        self.lines = text.splitlines(keepends=True)  # where YAML ends them, in text that it allows
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def done(self) -> str:
        root = yaml.compose(self.text, Loader=LOADER)
        if root is None:
            head = f"version: '1.0'{self.newline}{self.newline}sources:{self.newline}"
            return self._ended(self.text) + head + self._block(2)
        if not isinstance(root, yaml.MappingNode):
            return self._into(root, column=0)
        for key, value in root.value:
            if key.value == "sources":
                return self._into(value, column=key.start_mark.column + 2)
        return self._ended(self.text) + f"sources:{self.newline}" + self._block(2)

    def _into(self, node: yaml.Node, *, column: int) -> str:
        if isinstance(node, yaml.SequenceNode) and node.value:
            return self._in_brackets(node) if node.flow_style else self._behind(node)
        return self._instead(node, column)

    def _behind(self, node: yaml.SequenceNode) -> str:
        """Put the entry behind the last one of a list with an entry a line."""
        column, last = node.start_mark.column, node.value[-1]
        end = last_line(last) + 1
        while end < len(self.lines) and _is_comment_within(self.lines[end], column):
            end += 1
        spaced = len(node.value) > 1 and not self.lines[last.start_mark.line - 1].strip()
        before = self._ended("".join(self.lines[:end])) + (self.newline if spaced else "")
        return before + self._block(column) + "".join(self.lines[end:])

    def _in_brackets(self, node: yaml.SequenceNode) -> str:
        end = self._offset(node.end_mark) - 1
        before = self.text[:end].rstrip()
        comma = "" if before.endswith(",") else ","
        return f"{before}{comma} {_one_line(self.entry)}{self.text[end:]}"

    def _instead(self, node: yaml.Node, column: int) -> str:
        """Put the entry where nothing, or an empty list, stands."""
        start, end = self._offset(node.start_mark), self._offset(node.end_mark)
        if "#" in self.text[start:end]:
            raise ValueError  # a comment would be lost
        line, _, below = self.text[end:].partition("\n")
        above = self.text[:start].rstrip(" ") + line.rstrip("\r")
        return (self._ended(above) if above.strip() else above) + self._block(column) + below

    def _block(self, column: int) -> str:
        lines = render([dict(self.entry)]).splitlines()
        return "".join(f"{' ' * column}{line}{self.newline}" for line in lines)

    def _ended(self, text: str) -> str:
        return text if not text or text.endswith("\n") else text + self.newline

    def _offset(self, mark: yaml.Mark) -> int:
        return sum(map(len, self.lines[: mark.line])) + int(mark.column)


def _is_comment_within(line: str, column: int) -> bool:
    """Tell whether a line is a comment that stands deeper than the list's items."""
    return line.lstrip().startswith("#") and len(line) - len(line.lstrip()) > column


def _one_line(entry: Mapping[str, Any]) -> str:
    width = 10_000  # PyYAML breaks lines
    text = yaml.safe_dump(dict(entry), default_flow_style=True, sort_keys=False, width=width)
    return str(text).strip()


def _data(text: str) -> Any:  # noqa: ANN401 - whatever the file holds
    return yaml.load(text, Loader=LOADER)  # noqa: S506 - the safe loader


def _expected(data: Any, entry: Mapping[str, Any]) -> Any:  # noqa: ANN401 - likewise
    if data is None:
        return {"version": "1.0", "sources": [dict(entry)]}
    if isinstance(data, list):
        return [*data, dict(entry)]
    return {**data, "sources": [*(data.get("sources") or []), dict(entry)]}

"""The one style in which we write YAML: lists indented, keys in our order, no anchors."""

from __future__ import annotations

import re

import yaml

__all__ = ["render"]


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

"""Which lines of a file a YAML node takes."""

from __future__ import annotations

import yaml

__all__ = ["last_line"]


def last_line(node: yaml.Node) -> int:
    """Give the last line, counted from 0, with a part of what a node holds.

    The end that YAML gives to a block lies behind the comments and blank lines after it.
    """
    return max(_end(own) for own in _with_text(node))


def _end(node: yaml.Node) -> int:
    """Give a scalar's last line; text in a block (`|`) ends where the next line begins."""
    mark = node.end_mark
    return int(mark.line - (mark.column == 0 and mark.line > node.start_mark.line))


def _with_text(node: yaml.Node) -> list[yaml.Node]:
    """Give the nodes that have text of their own: scalars, and lists and mappings in brackets."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style:
        return [node]
    children = node.value
    if isinstance(node, yaml.MappingNode):
        children = [part for pair in node.value for part in pair]
    return [own for child in children for own in _with_text(child)]

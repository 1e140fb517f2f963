"""A properties file's text ↔ keyed blocks: by model, column, test and key, byte for byte.

What a person has written is never rendered anew: the blocks hold the lines as they are, less the
indentation that they have from the blocks around them.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, cast

import yaml

from dango_dbt.merging.blocks import Block, Line, Lines
from dango_dbt.yaml_files import LOADER

__all__ = ["models_in", "read_yaml", "with_models", "write_yaml"]

_MODELS = ("key", "models")
#: How the children of a block stand in it: as entries of a mapping or as items of a list, and how
#: much deeper than it. Those of an item stand behind its dash.
_Layout = tuple[Literal["mapping", "list"], int]


def read_yaml(text: str) -> Block:
    """Take a file apart.

    Args:
        text: its text, with newlines for line ends.

    Raises:
        ValueError: it is no YAML, or no mapping with an entry a line.
    """
    try:
        node = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    if not _in_blocks(node, yaml.MappingNode):
        raise ValueError("no mapping with an entry a line")
    reader = _Reader(text)
    entries, end = reader.entries(node, 0)
    rest = Block(("end",), (), reader.lines_of(range(end, len(reader.lines)), 0))
    return Block(("file",), (), (), (*entries, rest), layout=("mapping", 0))


def write_yaml(block: Block) -> str:
    """Put a file together again."""
    return "\n".join(_written(block.children or (), 0))


def models_in(file: Block, names: Collection[str]) -> dict[Hashable, Block]:
    """Find models of a properties file by their names; gives them by their keys."""
    wanted = {("name", name) for name in names}
    return {
        model.key: model
        for entry in file.children or ()
        if entry.key == _MODELS
        for model in entry.children or ()
        if model.key in wanted
    }


def with_models(file: Block, models: Mapping[Hashable, Block]) -> Block:
    """Put these models in the place of the file's own."""
    children = []
    for entry in file.children or ():
        found = entry.children
        if entry.key == _MODELS and found is not None:
            found = tuple(models.get(model.key, model) for model in found)
        children.append(replace(entry, children=found))
    return replace(file, children=tuple(children))


def _in_blocks(node: yaml.Node | None, kind: type[yaml.CollectionNode]) -> bool:
    return isinstance(node, kind) and not node.flow_style and bool(node.value)


class _Reader:
    """Takes a text apart; each method gives blocks and the number of the line behind them."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")

    def entries(self, mapping: Any, line: int) -> tuple[list[Block], int]:  # noqa: ANN401 - PyYAML has no types
        """Read the entries of a mapping, with what stands above each from `line` on."""
        blocks = []
        for key, value in mapping.value:
            column, first = key.start_mark.column, key.start_mark.line
            before = self.lines_of(range(line, first), column)
            block, line = self.entry(key, value)
            blocks.append(replace(block, before=before))
        return _unique(blocks), line

    def entry(self, key: Any, value: Any) -> tuple[Block, int]:  # noqa: ANN401 - likewise
        first, column = key.start_mark.line, key.start_mark.column
        name = ("key", str(key.value))
        if value.start_mark.line > first and self.begins_line(value):
            head = self.lines_of([first], column)
            deeper = value.start_mark.column - column
            if _in_blocks(value, yaml.MappingNode):
                children, end = self.entries(value, first + 1)
                return Block(name, (), head, tuple(children), layout=("mapping", deeper)), end
            if _in_blocks(value, yaml.SequenceNode):
                children, end = self.items(value, first + 1)
                return Block(name, (), head, tuple(children), layout=("list", deeper)), end
        end = self.end(value, first, column)
        text = self.lines_of(range(first, end), column)
        return Block(name, (), text, prose=key.value == "description"), end

    def items(self, sequence: Any, line: int) -> tuple[list[Block], int]:  # noqa: ANN401 - likewise
        """Read the items of a list, with what stands above each from `line` on."""
        blocks, dash = [], sequence.start_mark.column
        for item in sequence.value:
            first = self.dash_line(item, dash)
            before = self.lines_of(range(line, first), dash)
            if _in_blocks(item, yaml.MappingNode) and item.start_mark.line == first:
                children, line = self.entries(item, first)
                deeper = item.start_mark.column - dash
                block = Block(
                    _item_key(item), before, (), tuple(children), layout=("mapping", deeper)
                )
            else:
                end = self.end(item, first, dash)
                block = Block(_item_key(item), before, self.lines_of(range(first, end), dash))
                line = end
            blocks.append(block)
        return _unique(blocks), line

    def begins_line(self, node: Any) -> bool:  # noqa: ANN401 - likewise
        """Whether nothing stands in front of a value: no tag, no anchor."""
        before = self.lines[node.start_mark.line][: node.start_mark.column]
        return not before.strip()

    def dash_line(self, item: Any, dash: int) -> int:  # noqa: ANN401 - likewise
        """Find the line with an item's dash: the item may begin below it."""
        line = int(item.start_mark.line)
        while not self.lines[line][dash:].startswith("-") or self.lines[line][:dash].strip():
            line -= 1
        return line

    def end(self, value: Any, first: int, column: int) -> int:  # noqa: ANN401 - likewise
        """Find the line behind a value; comments and empty lines below it are the next one's."""
        block_text = isinstance(value, yaml.ScalarNode) and value.style in {"|", ">"}
        # Of what is written in blocks, PyYAML gives the beginning of what comes next.
        before_next = block_text or getattr(value, "flow_style", None) is False
        end = int(value.end_mark.line) + (0 if before_next else 1)
        end = min(max(end, first + 1), len(self.lines))
        while end > first + 1 and self.is_between(end - 1, column if block_text else None):
            end -= 1
        return end

    def is_between(self, number: int, column: int | None) -> bool:
        """Whether a line is empty or a comment; in a block of text, deeper ones are text."""
        line = self.lines[number]
        stripped = line.lstrip()
        if not stripped:
            return True
        return stripped.startswith("#") and (column is None or len(line) - len(stripped) <= column)

    def lines_of(self, numbers: Iterable[int], column: int) -> Lines:
        """Take lines, with the indentation that they have beyond a column."""
        return tuple(_line(self.lines[number], column) for number in numbers)


def _line(line: str, column: int) -> Line:
    """Take a line; a dash in front of the column belongs to the item around it."""
    indent = len(line) - len(line.lstrip())
    if not line.strip():
        return 0, line
    if indent < column and not line[:column].strip(" -"):
        return 0, line[column:]
    return indent - column, line[indent:]


def _item_key(item: Any) -> Hashable:  # noqa: ANN401 - likewise
    """Say what an item of a list is about: a model or column by its name, a test by its kind."""
    if not isinstance(item, yaml.MappingNode):
        return "item", str(item.value)
    found = {str(key.value): value for key, value in item.value}
    if "name" in found:
        return "name", str(found["name"].value)
    if len(found) == 1:
        ((test, body),) = found.items()
        names = [
            str(value.value)
            for key, value in (body.value if isinstance(body, yaml.MappingNode) else ())
            if key.value == "name"
        ]
        return ("test", test, *names)
    return "item", *sorted(found)


def _unique(blocks: Sequence[Block]) -> list[Block]:
    """Number blocks that are about the same thing."""
    seen: dict[Hashable, int] = {}
    numbered = []
    for block in blocks:
        count = seen[block.key] = seen.get(block.key, 0) + 1
        numbered.append(block if count == 1 else replace(block, key=(block.key, count)))
    return numbered


def _written(blocks: Iterable[Block], column: int) -> Iterator[str]:
    """Write the entries of a mapping, or what is left at the end."""
    for block in blocks:
        yield from _indented(block.before, column)
        yield from _indented(block.text, column)
        if block.children is None:
            continue
        kind, deeper = cast("_Layout", block.layout)
        inner = column + deeper
        if kind == "mapping":
            yield from _written(block.children, inner)
            continue
        for item in block.children:
            yield from _item(item, inner)


def _item(item: Block, dash: int) -> Iterator[str]:
    yield from _indented(item.before, dash)
    if item.children is None:
        yield from _indented(item.text, dash)
        return
    _, deeper = cast("_Layout", item.layout)
    first, *rest = item.children
    yield from _indented(first.before, dash)
    lines = list(_written([replace(first, before=())], dash + deeper))
    yield " " * dash + "-" + " " * (deeper - 1) + lines[0][dash + deeper :]
    yield from lines[1:]
    yield from _written(rest, dash + deeper)


def _indented(lines: Lines, column: int) -> Iterator[str]:
    for indent, line in lines:
        yield " " * max(column + indent, 0) + line if line.strip() else line

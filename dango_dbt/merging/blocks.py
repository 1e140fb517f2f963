"""Three-way merge of texts made of keyed blocks.

Merging by lines conflicts where two people change neighbouring lines, and may move a line to where
it means something else. Blocks are matched by what they are about, wherever they stand, and each is
taken from the side that has changed it. Where both have changed one, it is a conflict.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

__all__ = ["Block", "Conflict", "Line", "Lines", "merge_blocks"]

#: A line without its end: how much deeper it stands than its block, and what it says.
Line = tuple[int, str]
Lines = tuple[Line, ...]


class Conflict(Exception):  # noqa: N818 - an outcome that callers ask for, not an error
    """Both sides have changed the same thing, each in its own way."""


@dataclass(frozen=True)
class Block:
    """A piece of text that is about one thing.

    Attributes:
        key: what it is about; unique among its siblings.
        before: comments and empty lines that stand above it.
        text: its own lines; of one with children, those above them.
        children: the blocks in it; None: it is not made of blocks.
        prose: it is written for people: where both sides have changed it, mine counts.
        layout: how its children stand in it, for whoever puts it together; no part of what it says.
    """

    key: Hashable
    before: Lines = ()
    text: Lines = ()
    children: tuple[Block, ...] | None = None
    prose: bool = False
    layout: Hashable = None

    @property
    def content(self) -> object:
        """What it says, without what stands above it."""
        children = None if self.children is None else tuple(map(_said, self.children))
        return self.text, children


def _said(block: Block) -> object:
    return block.key, block.before, block.content


def merge_blocks(base: Block, mine: Block, theirs: Block) -> Block:
    """Merge what one side, and what the other side, have made of a block.

    The layout, and the order of what both have, are those of `mine`.

    Raises:
        Conflict: both have changed the same thing.
    """
    before = _merged_lines(base.before, mine.before, theirs.before)
    if theirs.content in {mine.content, base.content}:
        return replace(mine, before=before)
    if mine.prose and mine.content != base.content:
        return replace(mine, before=before)
    if mine.content == base.content:
        return replace(theirs, before=before, layout=_layout(mine, theirs))
    text = _merged_lines(base.text, mine.text, theirs.text)
    if mine.children is None or theirs.children is None:
        raise Conflict
    children = _merged_children(base.children or (), mine.children, theirs.children)
    return replace(mine, before=before, text=text, children=children)


def _layout(mine: Block, theirs: Block) -> Hashable:
    return mine.layout if mine.children and theirs.children else theirs.layout


def _merged_children(
    base: Sequence[Block], mine: Sequence[Block], theirs: Sequence[Block]
) -> tuple[Block, ...]:
    was = {block.key: block for block in base}
    new = {block.key: block for block in theirs}
    merged: list[Block] = []
    for block in mine:
        if block.key in new:
            old = was.get(block.key)
            if old is None and block.content != new[block.key].content:
                raise Conflict  # both have added it
            merged.append(merge_blocks(old or new[block.key], block, new[block.key]))
        elif block.key not in was:
            merged.append(block)  # the user's own
        elif block != was[block.key] and _said(block) != _said(was[block.key]):
            raise Conflict  # gone there, changed here
    _insert(merged, [block for block in theirs if block.key not in was], theirs)
    return tuple(merged)


def _insert(merged: list[Block], added: Sequence[Block], theirs: Sequence[Block]) -> None:
    """Put blocks that only the other side has behind what stands before them there."""
    order = [block.key for block in theirs]
    for block in added:
        there = {each.key: index for index, each in enumerate(merged)}
        if block.key in there:
            continue
        like = next((each for each in merged if each.children and block.children), block)
        earlier = [key for key in order[: order.index(block.key)] if key in there]
        place = there[earlier[-1]] + 1 if earlier else 0
        merged.insert(place, replace(block, layout=like.layout))


def _merged_lines(base: Lines, mine: Lines, theirs: Lines) -> Lines:
    if theirs in {mine, base}:
        return mine
    if mine == base:
        return theirs
    raise Conflict

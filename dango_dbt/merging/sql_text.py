"""A staging model's text ↔ keyed blocks: the select list by source column, the rest around it.

Commas are layout: they are put between the items anew. A comment belongs to what stands below it;
the comments that head the groups are blocks of their own.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from sqlglot import exp, parse_one  # noqa: TID253 - merging comes with generation
from sqlglot.errors import SqlglotError  # noqa: TID253 - likewise

from dango_dbt.jinja import jinja_spans
from dango_dbt.merging.blocks import Block, Lines

__all__ = ["commas", "masked", "parses", "read_sql", "select_list", "write_sql"]

_HEADINGS = re.compile(r"\s*-- (keys|columns|history|loaded by dlt)\s*")
_QUOTED = r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]"""
_COMMENT = r"--[^\n]*|/\*.*?\*/"
_OPAQUE = re.compile(f"(?P<comment>{_COMMENT})|{_QUOTED}", re.DOTALL)
_SELECT = re.compile(r"\brenamed\s+as\s*\(\s*select\b[ \t]*\n?", re.IGNORECASE)
_FROM = re.compile(r"\bfrom\b", re.IGNORECASE)
#: A new column would have to join every part of a union, and may change what is distinct.
_SETS = re.compile(r"\b(?:union|intersect|except|distinct)\b", re.IGNORECASE)


def read_sql(text: str, dialect: str) -> Block:
    """Take a model apart.

    Args:
        text: its text, with newlines for line ends.
        dialect: sqlglot's name of the dialect.

    Raises:
        ValueError: it has no CTE `renamed` with a select list.
    """
    begin, end = select_list(text)
    if any(span.kind == "block" for span in jinja_spans(text[begin:end])):
        raise ValueError("a column may stand where it is not always read")
    items = _items(text[begin:end], dialect)
    children = (
        Block("head", (), _lines(text[:begin])),
        Block("select", (), (), tuple(items)),
        Block("tail", (), _lines(text[end:])),
    )
    return Block("file", (), (), children)


def write_sql(block: Block) -> str:
    """Put a model together again."""
    head, select, tail = block.children or ()
    items = select.children or ()
    last = max((n for n, item in enumerate(items) if not _is_heading(item)), default=-1)
    written = [
        line
        for number, item in enumerate(items)
        for line in _written(item, comma=number < last and not _is_heading(item))
    ]
    return _text(head.text) + "".join(f"{line}\n" for line in written) + _text(tail.text)


def parses(text: str, dialect: str) -> bool:
    """Whether a model is SQL, Jinja set aside."""
    try:
        parse_one(_without_jinja(text), dialect=dialect)
    except (SqlglotError, ValueError):
        return False
    return True


def _without_jinja(text: str) -> str:
    """Put names where Jinja gives text, and nothing where it gives none."""
    parts, place = [], 0
    for number, span in enumerate(jinja_spans(text)):
        config = re.match(r"\{\{-?\s*config\s*\(", text[span.start : span.end])
        named = f"jinja_{number}" if span.is_expression and not config else " "
        parts += [text[place : span.start], named]
        place = span.end
    return "".join([*parts, text[place:]])


# ---------------------------------------------------------------------------------- taking apart


def masked(text: str) -> str:
    """Blank out what is no SQL to look into, place for place; comments become spaces."""
    for span in jinja_spans(text):
        blank = _blank(text[span.start : span.end], "x" if span.is_expression else " ")
        text = text[: span.start] + blank + text[span.end :]
    return _OPAQUE.sub(
        lambda found: _blank(found.group(), " " if found.group("comment") else "x"), text
    )


def _blank(text: str, filler: str) -> str:
    return re.sub(r"[^\n]", filler, text)


def select_list(text: str) -> tuple[int, int]:
    """Find the select list of the CTE `renamed`: where it begins, and the line where it ends.

    Raises:
        ValueError: there is none, or it is none that a column can join.
    """
    hidden = masked(text)
    found = _SELECT.search(hidden)
    if found is None or _SETS.search(hidden):
        raise ValueError("no plain `renamed as (select …)`")
    begin, depth = found.end(), 0
    for place in range(begin, len(hidden)):
        depth += {"(": 1, ")": -1}.get(hidden[place], 0)
        if depth == 0 and _FROM.match(hidden, place) and not hidden[place - 1].isidentifier():
            line = text.rfind("\n", 0, place) + 1
            if line > begin and not text[line:place].strip():
                return begin, line
            break
        if depth < 0:
            break
    raise ValueError("no select list with `from` on a line of its own")


@dataclass(frozen=True)
class _Item:
    """One item of the select list, as it is written."""

    before: Lines
    text: Lines
    heading: bool = False


def _items(text: str, dialect: str) -> list[Block]:
    items = list(_split(text))
    keys = _keys(items, dialect)
    return [Block(key, item.before, item.text) for key, item in zip(keys, items, strict=True)]


def _split(text: str) -> Iterator[_Item]:
    """Split a select list at its commas, and take comments to what stands below them."""
    text = _item_a_line(text)
    hidden, lines = masked(text), text.split("\n")[:-1]
    found = commas(hidden)
    before: list[str] = []
    current: list[str] = []
    offset = 0
    for line in lines:
        plain = hidden[offset : offset + len(line)]
        comma = next((at - offset for at in found if offset <= at < offset + len(line)), None)
        offset += len(line) + 1
        if not plain.strip() and not current:
            if _HEADINGS.fullmatch(line):
                yield _Item(_lines_of(before), _lines_of([line]), heading=True)
                before = []
            else:
                before.append(line)
            continue
        current.append(line if comma is None else (line[:comma] + line[comma + 1 :]).rstrip())
        if comma is not None:
            if plain[comma + 1 :].strip():
                raise ValueError("several items on a line")
            yield _Item(_lines_of(before), _lines_of(current))
            before, current = [], []
    if current:
        yield _Item(_lines_of(before), _lines_of(current))
    elif before:
        yield _Item(_lines_of(before), ())


def _item_a_line(text: str) -> str:
    """Break a short list, which sqlfmt has on one line, behind each comma."""
    hidden = masked(text)
    for comma in reversed(commas(hidden)):
        line = text.rfind("\n", 0, comma) + 1
        rest = hidden[comma + 1 :].partition("\n")[0]
        if rest.strip() and hidden[line:comma].strip():
            indent = len(text[line:]) - len(text[line:].lstrip(" "))
            text = f"{text[: comma + 1]}\n{' ' * indent}{text[comma + 1 :].lstrip(' ')}"
    return text


def commas(hidden: str) -> list[int]:
    """Find the commas between the items of a masked select list."""
    depth, found = 0, list[int]()
    for place, character in enumerate(hidden):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            found.append(place)
    return found


def _keys(items: Sequence[_Item], dialect: str) -> list[Hashable]:
    """Say which column each item is about; plain columns come first, then what is made of them."""
    parsed = [None if item.heading or not item.text else _parsed(item, dialect) for item in items]
    keys: list[Hashable] = [("line", item.text) for item in items]
    taken: set[Hashable] = set()
    for plain in (True, False):
        for number, expression in enumerate(parsed):
            if expression is None or _is_plain(expression) is not plain:
                continue
            source = next((column.name for column in expression.find_all(exp.Column)), None)
            key: tuple[str, ...] = ("column", source or "")
            if not source or key in taken:
                key = ("as", expression.alias_or_name or expression.sql())
            while key in taken:
                key = (*key, "again")
            taken.add(key)
            keys[number] = key
    return keys


def _parsed(item: _Item, dialect: str) -> exp.Expression:
    sql = "\n".join(line for _, line in item.text)
    for span in reversed(jinja_spans(sql)):  # the same Jinja is the same name
        name = f"jinja_{sql[span.start : span.end].encode().hex()}"
        sql = sql[: span.start] + name + sql[span.end :]
    try:
        (expression,) = parse_one(f"select {sql}", dialect=dialect).expressions
    except (SqlglotError, ValueError) as error:
        raise ValueError(f"not to be read: {sql.strip()}") from error
    if expression.find(exp.Star):
        raise ValueError("a star has all columns, new ones too")
    return cast("exp.Expression", expression)


def _is_plain(expression: exp.Expression) -> bool:
    return isinstance(expression.unalias(), exp.Column)


# ---------------------------------------------------------------------------- putting together


def _is_heading(item: Block) -> bool:
    return not item.text or bool(len(item.text) == 1 and _HEADINGS.fullmatch(item.text[0][1]))


def _written(item: Block, *, comma: bool) -> Iterator[str]:
    yield from (line for _, line in item.before)
    lines = [line for _, line in item.text]
    if comma:
        lines = _with_comma(lines)
    yield from lines


def _with_comma(lines: list[str]) -> list[str]:
    """Put a comma behind an item, in front of a comment at its end."""
    text = "\n".join(lines)
    end = len(masked(text).rstrip())
    return f"{text[:end]},{text[end:]}".split("\n")


def _lines(text: str) -> Lines:
    return _lines_of(text.split("\n"))


def _lines_of(lines: Sequence[str]) -> Lines:
    return tuple((0, line) for line in lines)


def _text(lines: Lines) -> str:
    return "\n".join(line for _, line in lines)

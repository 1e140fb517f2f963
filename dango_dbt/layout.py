"""SQL laid out as sqlfmt would lay it out, for what may be too long for one line. Pure.

Writing the layout directly takes a few microseconds; having sqlfmt format a model takes 11 ms. A
test asks sqlfmt whether it agrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, Union

from dango_dbt.jinja import jinja_string

__all__ = ["WIDTH", "Call", "Doc", "Words", "import_cte", "laid_out"]

#: sqlfmt's line length, which is also black's and dbt's style guide's.
WIDTH = 88
#: What black, which sqlfmt asks about Jinja, has left for the arguments at this depth.
_ARGUMENTS = 66


@dataclass(frozen=True)
class Words:
    """Parts that stand side by side, or each on a line of its own."""

    parts: tuple[Doc, ...]


@dataclass(frozen=True)
class Call:
    """Something in brackets: items with commas between them."""

    opening: str
    items: tuple[Doc, ...]
    closing: str = ")"


#: An expression that may take several lines.
Doc: TypeAlias = Union[str, Words, Call]  # noqa: UP007 - evaluated, before the classes are there


def flat(doc: Doc) -> str:
    """Write an expression on one line."""
    if isinstance(doc, Words):
        return " ".join(map(flat, doc.parts))
    if isinstance(doc, Call):
        return doc.opening + ", ".join(map(flat, doc.items)) + doc.closing
    return doc


def laid_out(doc: Doc, indent: int, tail: str = "") -> list[str]:
    """Write an expression on as few lines as sqlfmt would.

    Args:
        doc: the expression.
        indent: how many spaces its lines begin with.
        tail: what follows it, such as an alias and a comma.
    """
    line = " " * indent + flat(doc) + tail
    if len(line) <= WIDTH or isinstance(doc, str):
        return [line]
    if isinstance(doc, Words):
        return _side_by_side(doc, indent, tail)
    return _split(doc, indent, tail)


def _split(call: Call, indent: int, tail: str) -> list[str]:
    """Write brackets on lines of their own, and what is in them on as few lines as there can be."""
    items = " " * (indent + 4) + ", ".join(map(flat, call.items))
    lines = [items]
    if len(items) > WIDTH:
        *first, last = call.items
        lines = [line for item in first for line in laid_out(item, indent + 4, ",")]
        lines += laid_out(last, indent + 4)
    return [" " * indent + call.opening, *lines, " " * indent + call.closing + tail]


def _side_by_side(words: Words, indent: int, tail: str) -> list[str]:
    """Write each part on its own line; but brackets are split first, and stand with their words."""
    first, *rest = words.parts
    if not rest:
        return laid_out(first, indent, tail)
    last = rest[-1]
    if isinstance(last, Call):
        opening = " ".join([*map(flat, words.parts[:-1]), last.opening])
        if indent + len(opening) <= WIDTH:
            return _split(Call(opening, last.items, last.closing), indent, tail)
    if isinstance(first, Call):
        return _split(first, indent, " " + " ".join(map(flat, rest)) + tail)
    return [*laid_out(first, indent), *laid_out(Words(tuple(rest)), indent, tail)]


def import_cte(
    cte: str, function: str, *names: str, select: str = "*", where: Sequence[str] = ()
) -> list[str]:
    """Render a CTE that reads what dbt calls a source or a ref.

    Args:
        cte: its name.
        function: `source` or `ref`.
        names: its arguments.
        select: what is selected.
        where: lines that follow.
    """
    arguments = [jinja_string(name) for name in names]
    call = f"{{{{ {function}({', '.join(arguments)}) }}}}"
    line = f"    {cte} as (select {select} from {call}),"  # noqa: S608 - names in it are Jinja strings
    if len(line) <= WIDTH and not where:
        return [line]
    lines = _broken(f"select {select}", call, function, arguments, split=bool(where))
    return [f"    {cte} as (", *lines, *where, "    ),"]


def _broken(select: str, call: str, function: str, names: list[str], *, split: bool) -> list[str]:
    """Break `select … from {{ source(…) }}` into as few lines as it needs."""
    if len(f"{select} from {call}") + 8 <= WIDTH and not split:
        return [f"        {select} from {call}"]
    if len(f"from {call}") + 8 <= WIDTH:
        return [f"        {select}", f"        from {call}"]
    if len(call) + 12 <= WIDTH:
        return [f"        {select}", "        from", f"            {call}"]
    indent = " " * 20
    one_line = ", ".join(names)
    arguments = [one_line] if len(one_line) <= _ARGUMENTS else [f"{name}," for name in names]
    return [
        f"        {select}",
        "        from",
        "            {{",
        f"                {function}(",
        *(f"{indent}{argument}" for argument in arguments),
        "                )",
        "            }}",
    ]

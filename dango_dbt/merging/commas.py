"""Where a select list has its commas, which is layout: in front of its lines, or behind them."""

from __future__ import annotations

import re

from dango_dbt.merging.sql_text import commas, masked, select_list

__all__ = ["leading", "trailing"]


def trailing(text: str) -> tuple[str, str | None]:
    """Put commas that stand in front of their lines behind the lines above, as generation does.

    Returns:
        The text, and what stood in front of each line, with the comma; None, and the text as it is,
        where not all of them stand so.

    Raises:
        ValueError: it has no CTE `renamed` with a select list.
    """
    begin, end = select_list(text)
    part = text[begin:end]
    hidden = masked(part)
    found = [(at, _before(part, at)) for at in commas(hidden)]
    prefixes = {prefix for _, prefix in found}
    if len(prefixes) != 1 or (prefix := prefixes.pop()) is None:
        return text, None
    first = re.match(r"\s*\n|", hidden)
    indent = re.match(r" *", hidden[first.end() if first else 0 :])
    for at, _ in reversed(found):
        line = part.rfind("\n", 0, at) + 1
        above = len(hidden[:line].rstrip())
        rest = part[line + len(prefix) :]
        spaces = indent.group() if indent else ""
        part = f"{part[:above]},{part[above:line]}{spaces}{rest}"
    return text[:begin] + part + text[end:], prefix


def _before(text: str, comma: int) -> str | None:
    """Give a line up to what follows its comma; None: something stands in front of the comma."""
    line = text.rfind("\n", 0, comma) + 1
    if text[line:comma].strip():
        return None
    found = re.match(r"[ \t]*,[ \t]*", text[line:])
    return found.group() if found else None


def leading(text: str, prefix: str) -> str:
    """Put commas in front of lines again: the reverse of `trailing`.

    Raises:
        ValueError: an item does not begin on a line of its own.
    """
    begin, end = select_list(text)
    part = text[begin:end]
    for at in reversed(commas(masked(part))):
        hidden = masked(part)
        after = at + 1 + len(hidden[at + 1 :]) - len(hidden[at + 1 :].lstrip())
        line = part.rfind("\n", 0, after) + 1
        if line <= at:
            raise ValueError("several items on a line")
        part = f"{part[:at]}{part[at + 1 : line]}{prefix}{part[after:]}"
    return text[:begin] + part + text[end:]

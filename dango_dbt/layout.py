"""SQL laid out as sqlfmt would lay it out, for what may be too long for one line. Pure.

Writing the layout directly takes a few microseconds; having sqlfmt format a model takes 11 ms. A
test asks sqlfmt whether it agrees.
"""

from __future__ import annotations

import json

__all__ = ["WIDTH", "jinja_string", "jinja_text", "source_cte"]

#: sqlfmt's line length, which is also black's and dbt's style guide's.
WIDTH = 88
#: What black, which sqlfmt asks about Jinja, has left for the arguments at this depth.
_ARGUMENTS = 66


def jinja_string(text: str) -> str:
    """Write text as a Jinja string, as JSON's are written: a name stays data."""
    return json.dumps(text, ensure_ascii=False)


def jinja_text(text: str) -> str:
    """Have Jinja write a text out as it is.

    The filter changes nothing; a bare string would be a docstring to black, which adds a space
    where it ends with a quote.
    """
    return f"{{{{ {jinja_string(text)} | string }}}}"


def source_cte(source: str, table: str) -> str:
    """Render the CTE that reads a source's table.

    Args:
        source: name of the dbt source.
        table: name of its table.
    """
    names = [jinja_string(source), jinja_string(table)]
    call = f"{{{{ source({', '.join(names)}) }}}}"
    select = f"select * from {call}"  # noqa: S608 - names in it are Jinja strings
    line = f"    source as ({select}),"
    if len(line) <= WIDTH:
        return line
    return "\n".join(["    source as (", *_broken(select, call, names), "    ),"])


def _broken(select: str, call: str, names: list[str]) -> list[str]:
    """Break `select * from {{ source(…) }}` into as few lines as it needs."""
    if len(select) + 8 <= WIDTH:
        return [f"        {select}"]
    if len(f"from {call}") + 8 <= WIDTH:
        return ["        select *", f"        from {call}"]
    if len(call) + 12 <= WIDTH:
        return ["        select *", "        from", f"            {call}"]
    indent = " " * 20
    one_line = ", ".join(names)
    arguments = [one_line] if len(one_line) <= _ARGUMENTS else [f"{name}," for name in names]
    return [
        "        select *",
        "        from",
        "            {{",
        "                source(",
        *(f"{indent}{argument}" for argument in arguments),
        "                )",
        "            }}",
    ]

"""The ER diagram: whatever names and types are, it is one that Mermaid reads.

Mermaid's own parser runs on a JavaScript engine; what is checked here are the words of its grammar
(erDiagram.jison). Its parser was seen to take the diagram of these names.
"""

from __future__ import annotations

import re
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from dango_dbt.report import discovery_mermaid
from dango_dbt.sampled import Discovery, FoundColumn, FoundReference, FoundTable

#: What Mermaid takes for an attribute's type or name, unless it takes it for a key.
_WORD = r"(?!(?:PK|FK|UK)\b)[A-Za-z_][A-Za-z0-9_()\[\]-]*"
_QUOTED = r'"[^"%\r\n\v\\\x00-\x08]+"'
_LINES = (
    r"erDiagram",
    rf"    t\d+\[{_QUOTED}\]( \{{)?",
    rf"        {_WORD} {_WORD}( (PK|FK|UK)(, (FK|UK))*)?( {_QUOTED})?",
    r"    \}",
    rf"    t\d+ \|\|(--|\.\.)o\{{ t\d+ : {_QUOTED}",
)
_NAMES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["order", 'q"uote', "per%cent", "back\\slash", "", "a\nb", "{}", "PK", "UK-2", "1st", "표"]
    ),
)


_KINDS: tuple[Literal["nested", "declared", "guess"], ...] = ("nested", "declared", "guess")


def _table(name: str, *columns: FoundColumn) -> FoundTable:
    return FoundTable(name, None, None, "append", columns, rows=1, complete=True)


def _is_read(diagram: str) -> bool:
    return all(
        any(re.fullmatch(form, line) for form in _LINES) for line in diagram.split("\n")
    ) and diagram.count(" {\n") == diagram.count("\n    }")


@given(st.lists(_NAMES, unique=True, min_size=1, max_size=6), _NAMES)
def test_any_name_gives_a_diagram_that_mermaid_reads(names: list[str], data_type: str) -> None:
    columns = tuple(
        FoundColumn(name, data_type, primary_key=index % 2 == 0, unique=index % 3 == 0)
        for index, name in enumerate(names)
    )
    tables = tuple(_table(name, *columns) for name in names)
    references = tuple(
        FoundReference(names[0], (name,), name, (name,), kind, "seen", 1, 2)
        for name in names
        for kind in _KINDS
    )
    diagram = discovery_mermaid(Discovery("s", 3, "duckdb", (), tables, references))
    assert _is_read(diagram), diagram
    assert diagram.count(" : ") >= len(references)


def test_a_guess_is_a_dotted_line_that_says_so() -> None:
    column = FoundColumn("id", "DECIMAL(18,2)", primary_key=True)
    dlts = FoundColumn("_dlt_id", "VARCHAR", system=True)
    tables = (
        _table("users", column, dlts),
        _table("carts", dlts),
    )
    guess = FoundReference("carts", ("user_id",), "users", ("id",), "guess", "seen", 7, 8)
    diagram = discovery_mermaid(Discovery("s", 3, "duckdb", (), tables, (guess,)))
    assert diagram.splitlines() == [
        "erDiagram",
        '    t0["users"] {',
        '        DECIMAL(18_2) id PK "DECIMAL(18,2)"',
        "    }",
        '    t1["carts"]',
        '    t0 ||..o{ t1 : "user_id (guess: 7 of 8 values)"',
    ]


def test_what_points_at_a_table_that_is_not_there_is_left_out() -> None:
    nested = FoundReference("a", ("b",), "gone", ("c",), "nested")
    assert discovery_mermaid(Discovery("s", 3, "duckdb", (), (), (nested,))) == "erDiagram"

"""Edits of a staging model that meet a new schema: each case is what people do."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from dango_dbt.merging import merged
from dango_dbt.schema import Column, Table
from tests.generate.rendering import sql_of

FILE = PurePath("stg_shop__orders.sql")


def orders(*columns: str, **changes: object) -> str:
    """What is generated for these columns, `id` and dlt's own."""
    found = [Column("id", "id", "BIGINT", primary_key=True)]
    found += [Column(name, name, "VARCHAR") for name in columns]
    found += [Column("_dlt_id", "_dlt_id", "VARCHAR", system=True)]
    return sql_of(Table("orders", tuple(found), **changes))  # type: ignore[arg-type]


def merge(base: str, mine: str, theirs: str) -> str | None:
    return merged(FILE, base, mine, theirs, "duckdb")


def select_list(text: str | None) -> list[str]:
    assert text is not None
    lines = [line.strip() for line in text.splitlines()]
    return lines[lines.index("select") + 1 : lines.index("from source")]


BASE, NEW = orders("name", "price"), orders("name", "price", "vip")


def test_a_new_column_joins_an_untouched_file() -> None:
    assert merge(BASE, BASE, NEW) == NEW


def test_nothing_new_leaves_an_edited_file_as_it_is() -> None:
    mine = BASE.replace("price,", "cast(price as decimal(18, 2)) as price, -- in EUR")
    assert merge(BASE, mine, BASE) == mine


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(
            ("price,\n", "cast(price as double) as price,\n"),
            ["name,", "cast(price as double) as price,", "vip,"],
            id="a cast",
        ),
        pytest.param(
            (" name,", " name as customer_name,"),
            ["name as customer_name,", "price,", "vip,"],
            id="a renamed column",
        ),
        pytest.param(
            (" price,\n", " price, -- in EUR\n"),
            ["name,", "price, -- in EUR", "vip,"],
            id="a comment behind a column",
        ),
        pytest.param(
            (" price,\n", " -- in EUR, net\n            price,\n"),
            ["name,", "-- in EUR, net", "price,", "vip,"],
            id="a comment above a column",
        ),
        pytest.param(
            (" price,\n", "\n            price,\n"),
            ["name,", "", "price,", "vip,"],
            id="an empty line",
        ),
        pytest.param((" price,\n", ""), ["name,", "vip,"], id="a column left out"),
        pytest.param(
            (" price,\n", " price,\n            price * 2 as double_price,\n"),
            ["name,", "price,", "vip,", "price * 2 as double_price,"],
            id="a column of one's own",
        ),
        pytest.param(
            (" name,\n            price,\n", " price,\n            name,\n"),
            ["price,", "vip,", "name,"],
            id="another order",
        ),
        pytest.param(
            (" name,\n", " upper(name) as name,\n"),
            ["upper(name) as name,", "price,", "vip,"],
            id="a function",
        ),
        pytest.param(
            (" name,\n", " {{ clean('name') }} as name,\n"),
            ["{{ clean('name') }} as name,", "price,", "vip,"],
            id="a macro",
        ),
        pytest.param(
            (
                " name,\n",
                " coalesce(\n                name,\n                'no'\n            ) as name,\n",
            ),
            ["coalesce(", "name,", "'no'", ") as name,", "price,", "vip,"],
            id="an expression on several lines",
        ),
    ],
)
def test_an_edit_and_a_new_column(edit: tuple[str, str], expected: list[str]) -> None:
    assert edit[0] in BASE
    found = select_list(merge(BASE, BASE.replace(*edit, 1), NEW))
    assert found[found.index("-- columns") + 1 : found.index("-- loaded by dlt")] == expected


def test_a_renamed_column_whose_type_changes_here_keeps_its_name() -> None:
    """Two columns are renamed side by side; each keeps its own."""
    mine = BASE.replace(" name,", " name as customer_name,").replace(" price,", " price as amount,")
    found = select_list(merge(BASE, mine, orders("alpha", "name", "middle", "price")))
    assert found == [
        *("-- keys", "id,", "-- columns", "alpha,", "name as customer_name,", "middle,"),
        *("price as amount,", "-- loaded by dlt", "_dlt_id"),
    ]


def test_a_cte_of_ones_own_stays() -> None:
    mine = BASE.replace(
        "select *\nfrom renamed\n",
        "select *\nfrom good\n",
    ).replace(
        "    )\nselect *", "    ),\n    good as (select * from renamed where price > 0)\nselect *"
    )
    text = merge(BASE, mine, NEW)
    assert text is not None
    assert "good as (select * from renamed where price > 0)\nselect *\nfrom good\n" in text
    assert "            vip,\n" in text


def test_a_condition_of_ones_own_stays() -> None:
    mine = BASE.replace("        from source\n", "        from source\n        where price > 0\n")
    text = merge(BASE, mine, NEW)
    assert text == NEW.replace(
        "        from source\n", "        from source\n        where price > 0\n"
    )


def test_a_column_that_goes_where_it_was_edited_is_a_conflict() -> None:
    mine = BASE.replace(" price,", " -- in EUR\n            price,")
    assert merge(BASE, mine, orders("name")) is None
    assert merge(BASE, BASE.replace(" name,", " name as n,"), orders("name")) is not None


def test_a_column_that_goes_takes_its_line_along() -> None:
    mine = BASE.replace(" name,", " name as customer_name,")
    assert select_list(merge(BASE, mine, orders("name"))) == [
        *("-- keys", "id,", "-- columns", "name as customer_name,", "-- loaded by dlt", "_dlt_id")
    ]


def test_both_change_one_column() -> None:
    theirs = BASE.replace(
        " price,", " coalesce(price, try_cast(price__v_text as double)) as price,"
    )
    mine = BASE.replace(" price,", " price / 100 as price,")
    assert merge(BASE, mine, theirs) is None
    assert merge(BASE, theirs, theirs) == theirs


def test_both_add_one_column() -> None:
    mine = BASE.replace(" price,", " price,\n            vip,")
    assert select_list(merge(BASE, mine, NEW))[-4:] == [
        "price,",
        "vip,",
        "-- loaded by dlt",
        "_dlt_id",
    ]
    other = BASE.replace(" price,", " price,\n            vip as is_vip,")
    assert merge(BASE, other, NEW) is None


def test_the_last_line_gets_its_comma() -> None:
    """Commas are layout: a column behind the last one is no change of it."""
    base, theirs = (
        sql_of(Table("t", tuple(Column(name, name, "INT") for name in names)))
        for names in ("ab", "abc")
    )
    mine = base.replace(" b\n", " b as bb -- two, three\n")
    assert select_list(merge(base, mine, theirs)) == [
        *("-- columns", "a,", "b as bb, -- two, three", "c")
    ]


def test_what_no_longer_parses_is_a_conflict() -> None:
    mine = BASE.replace("    )\nselect *", "    ),\n    rest as (select * from ranked)\nselect *")
    theirs = NEW.replace("from renamed\n", "from renamed as (\n")
    assert merge(BASE, mine, theirs) is None


def test_a_model_that_was_written_anew_is_a_conflict() -> None:
    assert merge(BASE, "select * from {{ source('shop', 'orders') }}\n", NEW) is None


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(("            name,\n", "            *,\n"), id="a star"),
        pytest.param(("        select\n", "        select distinct\n"), id="distinct"),
        pytest.param(
            (
                "        from source\n",
                "        from source\n        union all\n        select 1, 2, 3, 4\n",
            ),
            id="a union",
        ),
        pytest.param(
            ("select *\nfrom renamed\n", "select *\nfrom renamed\nunion all\nselect 1, 2, 3, 4\n"),
            id="a union at the end",
        ),
    ],
)
def test_where_a_new_column_would_change_more_than_itself_it_is_a_conflict(
    edit: tuple[str, str],
) -> None:
    mine = BASE.replace(*edit)
    assert mine != BASE
    assert merge(BASE, mine, NEW) is None


def test_a_mark_of_jinjas_that_is_never_closed_is_a_conflict() -> None:
    assert merge(BASE, BASE.replace(" price,", " {{ price,"), NEW) is None


def test_a_name_with_a_comma_or_a_bracket_in_it_is_one_column() -> None:
    base, theirs = (
        sql_of(Table("t", tuple(Column(name, f'"{name}"', "INT") for name in names)))
        for names in (["a, b", "c (d"], ["a, b", "c (d", "from"])
    )
    mine = base.replace('"a, b",', '"a, b" as ab,')
    assert select_list(merge(base, mine, theirs)) == [
        *("-- columns", '"a, b" as ab,', '"c (d",', '"from"')
    ]


def commas_first(text: str, prefix: str) -> str:
    """Write a model as people do who have their commas in front."""
    head, rest = text.split("        select\n", 1)
    body, tail = rest.split("        from source", 1)
    lines, first = [], True
    for line in body.splitlines():
        if line.lstrip().startswith("--"):
            lines.append(line)
        else:
            item = line.strip().removesuffix(",")
            lines.append(f"{'            ' if first else prefix}{item}")
            first = False
    return head + "        select\n" + "\n".join(lines) + "\n        from source" + tail


@pytest.mark.parametrize("prefix", ["            , ", "          , ", "            ,"])
@pytest.mark.parametrize(
    ("edit", "new"),
    [
        pytest.param(("", ""), NEW, id="nothing else"),
        pytest.param(("price", "cast(price as double) as price -- in EUR"), NEW, id="a cast"),
        pytest.param((" name,", " name as customer,"), NEW, id="a renamed column"),
        pytest.param(("", ""), orders("price"), id="a column that goes"),
        pytest.param(("", ""), BASE, id="nothing new"),
    ],
)
def test_commas_may_stand_first(prefix: str, edit: tuple[str, str], new: str) -> None:
    mine = BASE.replace(*edit, 1) if edit[0] else BASE
    merged_trailing = merge(BASE, mine.replace(" -- in EUR,", ", -- in EUR"), new)
    assert merged_trailing is not None
    first = commas_first(mine.replace(" -- in EUR,", " -- in EUR"), prefix)
    expected = commas_first(merged_trailing.replace(", -- in EUR", " -- in EUR"), prefix)
    assert merge(BASE, first, new) == expected


def test_commas_in_both_places_are_a_conflict() -> None:
    mine = BASE.replace("name,\n", "name\n").replace("            price,", "            , price,")
    assert merge(BASE, mine, NEW) is None


def test_a_column_does_not_join_what_is_not_always_read() -> None:
    mine = BASE.replace(
        "price,\n", "price,\n{% if target.name == 'dev' %} name as n, {% endif %}\n"
    )
    assert merge(BASE, mine, NEW) is None

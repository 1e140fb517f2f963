"""Guessed relationships: never more than the values show, and no guess that is mere chance."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dango_dbt.sampling.names import name_fit
from dango_dbt.sampling.relationships import ColumnValues, guessed

NAMES = ["id", "user_id", "users", "user", "sku", "code", "total", "owner_id", "order id", "ünï"]
TABLES = ["users", "orders", "orders__lines", "skus"]


@st.composite
def columns(draw: st.DrawFn) -> list[ColumnValues]:
    """Make columns of a few tables; their values overlap now and then."""
    found = {}
    for table, name in draw(
        st.lists(
            st.tuples(st.sampled_from(TABLES), st.sampled_from(NAMES)), unique=True, max_size=8
        )
    ):
        kind = draw(st.sampled_from(["bigint", "text", "double"]))
        numbers = draw(st.frozensets(st.integers(0, 14), max_size=15))
        values = frozenset(map(str, numbers)) if kind == "text" else numbers
        flags = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
        found[table, name] = ColumnValues(table, name, kind, values, *flags)
    return list(found.values())


@given(columns(), st.sets(st.tuples(st.sampled_from(TABLES), st.sampled_from(TABLES))))
def test_a_guess_is_right_about_its_evidence(
    given_columns: list[ColumnValues], related: set[tuple[str, str]]
) -> None:
    by_name = {(column.table, column.column): column for column in given_columns}
    for guess in guessed(given_columns, related):
        column = by_name[guess.table, guess.columns[0]]
        other = by_name[guess.referenced_table, guess.referenced_columns[0]]
        there = [value for value in column.values if value in other.values]
        assert (guess.included, guess.distinct) == (len(there), len(column.values))
        assert re.findall(r"[\d,]+ of [\d,]+", guess.evidence or "") == [
            f"{len(there)} of {len(column.values)}"
        ]
        assert f"in its {len(other.values)} rows" in (guess.evidence or "")
        assert ("of the sample" in (guess.evidence or "")) is not other.complete
        assert guess.kind == "guess"
        assert column is not other
        assert other.unique
        assert not column.points
        assert column.kind == other.kind != "double"
        assert there
        assert len(there) == len(column.values) or not other.complete


def _column(
    table: str,
    column: str,
    values: range | list[str],
    *,
    unique: bool = False,
    complete: bool = True,
    points: bool = False,
    key: int = 0,
) -> ColumnValues:
    kind = "bigint" if isinstance(values, range) else "text"
    return ColumnValues(table, column, kind, frozenset(values), unique, complete, points, key)


USERS = _column("users", "id", range(1, 31), unique=True)
SKUS = [f"S{number}" for number in range(30)]

#: Columns beside `users.id` (1 to 30), and which pairs are guessed.
CASES = {
    "the other table's name": (
        [_column("carts", "user_id", range(1, 20))],
        ["carts.user_id → users.id"],
    ),
    "words before it": (
        [_column("carts", "billing_user_id", range(1, 20))],
        ["carts.billing_user_id → users.id"],
    ),
    "another name, and numbers that are in every id": (
        [_column("carts", "owner_id", range(1, 20))],
        [],
    ),
    "another name, but a key's, and numbers far apart": (
        [
            _column("people", "id", range(1000, 60000, 1999), unique=True),
            _column("carts", "owner_id", range(1000, 9000, 1999)),
        ],
        ["carts.owner_id → people.id"],
    ),
    "numbers as texts": (
        [
            _column("people", "id", [str(n) for n in range(30)], unique=True),
            _column("carts", "owner_id", [str(n) for n in range(20)]),
        ],
        [],
    ),
    "what is not there at all": ([_column("users", "team_id", range(1, 9))], []),
    "the better name wins": (
        [
            _column("owners", "id", range(1, 40), unique=True),
            _column("carts", "owner_id", range(1, 20)),
        ],
        ["carts.owner_id → owners.id"],
    ),
    "small numbers are in every id": ([_column("carts", "quantity", range(1, 20))], []),
    "counts are no keys": ([_column("carts", "total_users", range(1, 20))], []),
    "how many users": ([_column("carts", "users", range(1, 20))], []),
    "one table's id is not another's": ([_column("carts", "id", range(1, 20), unique=True)], []),
    "one value is no evidence": ([_column("carts", "user_id", range(1, 2))], []),
    "a value that is not there": ([_column("carts", "user_id", range(20, 32))], []),
    "not there, in a table that was read in part": (
        [
            _column("shops", "id", range(1, 31), unique=True, complete=False),
            _column("carts", "shop_id", range(20, 41)),
        ],
        ["carts.shop_id → shops.id"],
    ),
    "the same name": (
        [_column("planes", "sku", SKUS, unique=True), _column("flights", "sku", SKUS[:3])],
        ["flights.sku → planes.sku"],
    ),
    "many texts with no help from names": (
        [_column("planes", "tail", SKUS, unique=True), _column("flights", "craft", SKUS[:10])],
        ["flights.craft → planes.tail"],
    ),
    "few texts with no help from names": (
        [_column("planes", "tail", SKUS, unique=True), _column("flights", "craft", SKUS[:9])],
        [],
    ),
    "the table itself rather than one beside it": (
        [_column("cards", "user_id", range(1, 31), unique=True)],
        ["cards.user_id → users.id"],
    ),
    "itself, of a tree": (
        [_column("users", "parent_id", range(1, 9))],
        ["users.parent_id → users.id"],
    ),
    "a list's items by their own id": (
        [_column("carts__users", "id", range(1, 9))],
        ["carts__users.id → users.id"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_names_tell_what_is_worth_a_guess(case: str) -> None:
    others, expected = CASES[case]
    found = [
        f"{one.table}.{one.columns[0]} → {one.referenced_table}.{one.referenced_columns[0]}"
        for one in guessed([USERS, *others])
    ]
    assert found == expected


def test_what_is_copied_beside_a_key_is_no_guess() -> None:
    skus = _column("products", "sku", SKUS, unique=True)
    copies = _column("lines", "sku", SKUS[:15])
    ids = _column("products", "id", range(30), unique=True)
    key = _column("lines", "product_id", range(15))
    assert [one.columns for one in guessed([skus, copies])] == [("sku",)]
    assert guessed([skus, copies], {("lines", "products")}) == []
    assert [one.columns for one in guessed([skus, copies, ids, key])] == [("product_id",)]


IDS = [f"cus_{number}" for number in range(12)]
CHARGES = [f"ch_{number}" for number in range(12)]

#: Tables in which each row belongs to one of the other's, so that all columns are unique.
EACH_ONE = {
    "not against what is declared": (
        [
            _column("charges", "customer", IDS, unique=True, points=True),
            _column("intents", "customer", IDS, unique=True, points=True),
        ],
        [],
    ),
    "to the key, and not from it, nor to its copies": (
        [
            _column("invoices", "customer", IDS, unique=True),
            _column("invoices", "id", [f"in_{n}" for n in range(12)], unique=True, key=2),
            _column("invoices", "charge__customer", IDS, unique=True, points=True),
        ],
        ["invoices.customer → customers.id"],
    ),
    "a copy's key to the key": (
        [_column("invoices__customer", "id", IDS, unique=True, key=1)],
        ["invoices__customer.id → customers.id"],
    ),
    "what is copied beside a key is none, even by its name": (
        [
            _column("customers", "email", SKUS, unique=True),
            _column("invoices", "customer_id", IDS, unique=True),
            _column("invoices", "customer_email", SKUS, unique=True),
        ],
        ["invoices.customer_id → customers.id"],
    ),
    "two keys to one table": (
        [
            _column("invoices", "customer_id", IDS, unique=True),
            _column("invoices", "payer__id", IDS[:10], unique=True),
        ],
        ["invoices.customer_id → customers.id", "invoices.payer__id → customers.id"],
    ),
    "a second key by its name, in one direction": (
        [
            _column("customers", "email", SKUS, unique=True),
            _column("letters", "receiver_email", SKUS, unique=True),
        ],
        ["letters.receiver_email → customers.email"],
    ),
    "no value that is unique by chance, in a table with a key": (
        [
            _column("customers", "card", SKUS, unique=True),
            _column("charges", "payment_method", SKUS, unique=True),
        ],
        [],
    ),
}


@pytest.mark.parametrize("case", EACH_ONE)
def test_a_key_is_what_is_pointed_at(case: str) -> None:
    others, expected = EACH_ONE[case]
    customers = _column("customers", "id", IDS, unique=True, key=2)
    charges = _column("charges", "id", CHARGES, unique=True, key=2)
    found = [
        f"{one.table}.{one.columns[0]} → {one.referenced_table}.{one.referenced_columns[0]}"
        for one in guessed([customers, charges, *others])
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("column", "table", "key", "fit"),
    [
        ("category_id", "categories", "id", 3),
        ("address_id", "addresses", "id", 3),
        ("status_code", "statuses", "code", 3),
        ("customer_id", "users", "id", 1),
        ("user_id", "cards", "user_id", 2),
        ("", "users", "id", 0),
        ("id", "users", "id", 0),
        ("name", "users", "name", 0),
    ],
)
def test_how_well_names_fit(column: str, table: str, key: str, fit: int) -> None:
    assert name_fit("orders", column, table, key) == fit

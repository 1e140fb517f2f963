"""Primary keys, what new rows are asked for by, and which list gives what a path asks for."""

from __future__ import annotations

from typing import Any

import pytest

from dango_dbt.openapi import derive
from dango_dbt.openapi.keys import Cursor, cursor_of, key_of
from dango_dbt.openapi.schemas import level
from dango_dbt.openapi.specification import operations
from tests.openapi.conftest import described, listing, param

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
TIME = {"type": "string", "format": "date-time"}
DAY = {"type": "string", "format": "date"}


def an(*required: str, **fields: object) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(required)}


def rows(*required: str, **fields: object) -> dict[str, Any]:
    return {"type": "array", "items": an(*required, **fields)}


@pytest.mark.parametrize(
    ("item", "detail", "key"),
    [
        (an("id", id=NUMBER, customer_id=NUMBER), None, "id"),
        (an("_id", _id=TEXT), None, "_id"),
        (an("uuid", uuid=TEXT, name=TEXT), None, "uuid"),
        (an("order_id", order_id=TEXT, user_id=TEXT), None, "order_id"),
        (an("orderId", orderId=TEXT), None, "orderId"),
        (an("shop_order_id", shop_order_id=TEXT), None, "shop_order_id"),
        (an(sku=TEXT, name=TEXT), "sku", "sku"),
        (an(number=NUMBER), "order_number", "number"),
        (an(id=NUMBER, order_id=TEXT), "order_id", "id"),
        (an(key={**TEXT, "nullable": True}), "key", "key"),
        # Nothing that is a key, or surely one.
        (an("name", name=TEXT), None, None),
        (an(name=TEXT), "id", None),
        (an("user_id", user_id=TEXT), None, None),
        (an("id", id={"type": "object", "properties": {}}), None, None),
        (an("id", id={**NUMBER, "nullable": True}), None, None),
        (TEXT, None, None),
    ],
)
def test_a_key_is_found_where_the_description_names_one(
    item: dict[str, Any], detail: str | None, key: str | None
) -> None:
    found = key_of({}, level({}, item), "shop_orders", detail)
    assert (found.name if found else None) == key
    assert found is None or found.guess is None


def test_a_key_that_may_be_missing_is_said_to_be_a_guess() -> None:
    found = key_of({}, an(id=NUMBER), "orders", None)
    assert found is not None
    assert found.guess is not None


@pytest.mark.parametrize(
    ("asked", "item", "cursor"),
    [
        (param("updated_since"), an(updated_at=TIME), ("updated_at", "2000-01-01T00:00:00Z")),
        (param("modified_after", type="string", format="date-time"), an(lastModified=TIME),
         ("lastModified", "2000-01-01T00:00:00Z")),
        (param("updatedAt[gte]", type="string"), an(updatedAt=TEXT),
         ("updatedAt", "2000-01-01T00:00:00Z")),
        (param("min_updated_at"), an(**{"updated-at": TIME}),
         ("'updated-at'", "2000-01-01T00:00:00Z")),
        (param("created[gte]", type="integer"), an(created=NUMBER), ("created", 0)),
        (param("created_after", type="string", description="A UNIX time."), an(created_at=NUMBER),
         ("created_at", 0)),
        (param("updated_since", type="string", format="date"), an(updated_on=DAY),
         ("updated_on", "2000-01-01")),
        (param("since", description="Only those updated after this time."), an(updated_at=TIME),
         ("updated_at", "2000-01-01T00:00:00Z")),
        (param("since", description="Only those created later."),
         an(updated_at=TIME, created_at=TIME), ("created_at", "2000-01-01T00:00:00Z")),
        # What would lose rows, or be refused.
        (param("since", description="A cursor."), an(updated_at=TIME), None),
        (param("created_before"), an(created_at=TIME), None),
        (param("updated_by"), an(updated_at=TIME), None),
        (param("updated_since", type="string", format="date"), an(updated_at=TIME), None),
        (param("updated_since", type="string", format="date-time"), an(updated_at=NUMBER), None),
        (param("updated_since"), an(created_at=TIME), None),
        (param("updated_since", type="array"), an(updated_at=TIME), None),
    ],
)  # fmt: skip
def test_new_rows_are_asked_for_by_a_time_that_rows_hold(
    asked: dict[str, Any], item: dict[str, Any], cursor: tuple[str, str | int] | None
) -> None:
    specification = described({"paths": {"/rows": listing({"type": "array"}, asked)}})
    found = cursor_of({}, operations(specification)[0], level({}, item))
    assert (found and (found.path, found.initial)) == cursor
    assert found is None or found.param == asked["name"]


def test_changed_rows_are_preferred_to_new_ones() -> None:
    asked = [param("created_since"), param("updated_since")]
    specification = described({"paths": {"/rows": listing({"type": "array"}, *asked)}})
    found = cursor_of({}, operations(specification)[0], an(created_at=TIME, updated_at=TIME))
    assert found == Cursor("updated_at", "updated_since", "2000-01-01T00:00:00Z", only_new=False)


def endpoints(**paths: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - OpenAPI's keys
    document = {"paths": {f"/{path}": one for path, one in paths.items()}}
    config = derive(described(document), "api").connector.load.rest_api
    assert config is not None
    defaults = config.get("resource_defaults", {})
    return {one["name"]: {**defaults, **one} for one in config["resources"]}


@pytest.mark.parametrize(
    ("parent", "path", "expected"),
    [
        (rows("id", id=NUMBER), "users/{user_id}/orders", "users/{resources.users.id}/orders"),
        (rows("id", id=NUMBER), "users/{id}/orders", "users/{resources.users.id}/orders"),
        (rows("id", id=NUMBER), "users/{user_pk}/orders", "users/{resources.users.id}/orders"),
        (rows("id", id=NUMBER), "users/{user}/orders", "users/{resources.users.id}/orders"),
        (rows("id", id=NUMBER), "users/{userId}/orders.json",
         "users/{resources.users.id}/orders.json"),
        (rows("id", id=NUMBER, login=TEXT), "users/{login}/orders",
         "users/{resources.users.login}/orders"),
        (rows("user_id", user_id=TEXT), "users/{user_id}/orders",
         "users/{resources.users.user_id}/orders"),
        (rows("id", id=NUMBER, number=NUMBER), "users/{user_number}/orders",
         "users/{resources.users.number}/orders"),
        # By its name alone.
        (rows("id", id=NUMBER), "by-user/{user_id}/orders", "by-user/{resources.users.id}/orders"),
        # Nothing in the parent's rows says what is asked for.
        (rows("id", id=NUMBER), "users/{email}/orders", "users/${email}/orders"),
        (rows(name=TEXT), "users/{id}/orders", "users/${user_id}/orders"),
        (rows("id", id=NUMBER), "teams/{team_id}/orders", "teams/${team_id}/orders"),
    ],
)  # fmt: skip
def test_a_path_takes_what_the_parents_rows_hold(
    parent: dict[str, Any], path: str, expected: str
) -> None:
    found = endpoints(**{"users": listing(parent), path: listing(rows("id", id=NUMBER))})
    (child,) = [one for name, one in found.items() if name != "users"]
    assert child["endpoint"]["path"] == expected
    field = expected.partition("{resources.users.")[2].partition("}")[0]
    assert child.get("include_from_parent", []) == ([field] if field else [])
    if field:
        assert child["primary_key"] == [f"_users_{field}", "id"]


def test_a_needed_parameter_takes_the_key_of_the_list_that_it_names() -> None:
    asked = param("user_id", required=True, type="integer")
    found = endpoints(users=listing(rows("id", id=NUMBER)), orders=listing(rows(), asked))
    assert found["orders"]["endpoint"]["params"] == {"user_id": "{resources.users.id}"}


def test_two_lists_that_need_each_other_are_no_parents() -> None:
    one = listing(rows("id", id=NUMBER), param("order_id", required=True))
    two = listing(rows("id", id=NUMBER), param("user_id", required=True))
    found = endpoints(users=one, orders=two)
    assert found["users"]["endpoint"]["params"] == {"order_id": "${order_id}"}
    assert found["orders"]["endpoint"]["params"] == {"user_id": "${user_id}"}


def test_only_rows_that_nothing_hangs_on_are_loaded_incrementally() -> None:
    """A parent's rows that have not changed may have new children; so they must be there."""
    fields = {"id": NUMBER, "updated_at": TIME}
    timed = listing(rows("id", **fields), param("updated_since"))
    found = endpoints(**{"users": timed, "users/{user_id}/orders": timed, "products": timed})
    assert [name for name, one in found.items() if "incremental" in one["endpoint"]] == ["products"]
    keyless = endpoints(logs=listing(rows(updated_at=TIME), param("updated_since")))
    assert "incremental" not in keyless["logs"]["endpoint"]
    assert keyless["logs"]["write_disposition"] == "replace"

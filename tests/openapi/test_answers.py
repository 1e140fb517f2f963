"""Where the list stands in an answer, and which answers hold none."""

from __future__ import annotations

from typing import Any

import pytest

from dango_dbt.openapi.answers import Answer, answer_of
from dango_dbt.openapi.specification import operations
from tests.openapi.conftest import described, listing

ROW = {"type": "object", "properties": {"id": {"type": "integer"}}}
ROWS = {"type": "array", "items": ROW}
TEXTS = {"type": "array", "items": {"type": "string"}}


def an(**fields: object) -> dict[str, Any]:
    return {"type": "object", "properties": fields}


def found(path: str, schema: object, *, pages: bool = False, **document: Any) -> Answer | str:  # noqa: ANN401 - OpenAPI's keys
    specification = described({"paths": {path: listing(schema)}, **document})
    return answer_of(specification.document, operations(specification)[0], pages=pages)


@pytest.mark.parametrize(
    ("path", "schema", "selector"),
    [
        ("/users", ROWS, "$"),
        ("/users", {"items": ROW}, "$"),
        ("/users", an(data=ROWS, total={"type": "integer"}), "data"),
        ("/users", an(users=ROWS, tags=ROWS), "users"),
        ("/user-groups", an(userGroups=ROWS, data_version={"type": "string"}), "userGroups"),
        ("/merchants", an(merchant=ROWS, errors=ROWS), "merchant"),
        ("/users", an(response=an(data=an(items=ROWS))), "response.data.items"),
        ("/users", an(_embedded=an(users=ROWS), _links=an(self=an())), "_embedded.users"),
        ("/users", an(**{"@odata.context": {"type": "string"}, "value": ROWS}), "value"),
        ("/users", an(**{"user-list": ROWS}), "'user-list'"),
        ("/users", an(people=ROWS, page={}, has_more={}), "people"),
        ("/users", an(codes=TEXTS, results=ROWS), "results"),
        ("/users", {"allOf": [an(meta=an()), {"properties": {"data": ROWS}}]}, "data"),
        ("/users", {"oneOf": [{"type": "null"}, an(data=ROWS)]}, "data"),
        ("/users", {"type": ["array", "null"], "items": ROW}, "$"),
    ],
)  # fmt: skip
def test_the_list_is_found(path: str, schema: object, selector: str) -> None:
    answer = found(path, schema)
    assert isinstance(answer, Answer), answer
    assert answer.selector == selector


@pytest.mark.parametrize(
    ("path", "schema", "reason"),
    [
        ("/users/{id}", an(id={"type": "string"}, roles=ROWS), "a single thing"),
        ("/me", an(id={"type": "string"}, roles=ROWS), "no list of records"),
        ("/me", an(id={"type": "string"}, data=ROWS), "no list of records"),
        ("/settings", an(colour={"type": "string"}, hosts=ROWS), "no list of records"),
        ("/status", an(errors=ROWS), "no list of records"),
        ("/counts", {"type": "object", "additionalProperties": ROW}, "no list of records"),
        ("/file", {"type": "string"}, "no list of records"),
        ("/file", None, "no schema"),
        ("/loop", {"$ref": "#/components/schemas/Loop"}, "no schema"),
        ("/away", {"$ref": "other.yaml#/Users"}, "no schema"),
    ],
)
def test_an_answer_without_a_list_says_so(path: str, schema: object, reason: str) -> None:
    loop = {"schemas": {"Loop": {"$ref": "#/components/schemas/Loop"}}}
    assert found(path, schema, components=loop) == reason


def test_parameters_for_pages_make_an_unknown_list_the_one() -> None:
    schema = an(account={"type": "string"}, details=ROWS)
    assert found("/report", schema) == "no list of records"
    answer = found("/report", schema, pages=True)
    assert isinstance(answer, Answer)
    assert answer.selector == "details"


def test_a_schema_within_itself_ends() -> None:
    tree = {"Tree": an(data={"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
                       next={"$ref": "#/components/schemas/Tree"})}  # fmt: skip
    answer = found("/trees", {"$ref": "#/components/schemas/Tree"}, components={"schemas": tree})
    assert isinstance(answer, Answer)
    assert answer.selector == "data"


def test_fields_that_may_be_missing_are_told_from_those_that_are_there() -> None:
    inner = {**an(pages={"type": "integer"}, of={"type": "integer"}), "required": ["pages"]}
    answer = found("/users", {**an(data=ROWS, meta=inner), "required": ["meta"]})
    assert isinstance(answer, Answer)
    assert answer.required == {("meta",), ("meta", "pages")}
    assert set(answer.around) == {("meta",), ("meta", "pages"), ("meta", "of")}

"""What a source's failure says to do, where that is known."""

from __future__ import annotations

import pytest
from requests import HTTPError, JSONDecodeError, Response

from dango_dbt.sync.messages import advice


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (400, "`dango-dbt source catalog`"),
        (401, "`dango-dbt source configure shop` says"),
        (403, "`resources:`"),
        (404, "`resources:`"),
        (500, None),
    ],
)
def test_an_answer_that_is_an_error(status: int, says: str | None) -> None:
    response = Response()
    response.status_code = status
    hint = advice(HTTPError("no", response=response), "shop")
    assert hint is None if says is None else says in str(hint)


def test_an_answer_that_is_no_json() -> None:
    assert "address" in str(advice(JSONDecodeError("Expecting value", "<html>", 0), "shop"))

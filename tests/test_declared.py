"""What dlt would not take of a source in sources.yml is refused, each mistake with its place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dango_dbt.config import load
from dango_dbt.declared import sql_database
from dango_dbt.declared.rest_api import check
from dango_dbt.errors import ConfigError, Place

_HEAD = """\
sources:
  - name: shop
    type: rest_api
    rest_api:
"""
_CLIENT = "      client: {base_url: http://127.0.0.1}\n"
_RESOURCES = "      resources: [orders]\n"


def client(text: str) -> str:
    return f"{_HEAD}      client:\n        base_url: http://127.0.0.1\n        {text}\n{_RESOURCES}"


def resource(text: str) -> str:
    return f"{_HEAD}{_CLIENT}      resources:\n        - name: orders\n          {text}\n"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (f"{_HEAD}      client: {{}}\n{_RESOURCES}", "5:15", "missing key `base_url`"),
        (client("bas_path: x"), "7:19", "unknown key `bas_path`"),
        (client("auth: {type: bearr, token: x}"), "7:22", "did you mean `bearer`?"),
        (client("auth: {type: api_key, api_key: x, location: heder}"), "7:53", "`header`?"),
        (client("auth: {type: bearer, tokn: x}"), "7:36", "unknown key `tokn`"),
        (client("paginator: {type: offset, limit: ten}"), "7:42", "must be a whole number"),
        (client("paginator: {limit: 10}"), "7:20", "missing key `type` in `paginator`"),
        (client("paginator: offst"), "7:20", "did you mean `offset`?"),
        (client(f"auth: {'x' * 41}"), "7:15", "`auth` cannot be a text of 41 characters"),
        (client("headers: [x]"), "7:18", "must be a mapping"),
        (resource("endpont: orders"), "8:20", "did you mean `endpoint`?"),
        (resource("endpoint: {pth: orders}"), "8:27", "unknown key `pth`"),
        (resource("write_disposition: mrge"), "8:30", "did you mean `merge`?"),
        (resource("endpoint: {method: FETCH}"), "8:30", "`method` cannot be 'FETCH'"),
        (resource("endpoint: {incremental: {cursor: x}}"), "8:44", "`cursor_path`?"),
        (resource("primary_key: 7"), "8:24", "`primary_key` must be"),
        (f"{_HEAD}{_CLIENT}      resources: [a, a]\n", "6:22", "there are two resources `a`"),
        (f"{_HEAD}{_CLIENT}      resources: [{{primary_key: id}}]\n", "6:19", "missing key `name`"),
    ],
)
def test_a_mistake_is_named_with_its_place(
    tmp_path: Path, text: str, place: str, message: str
) -> None:
    path = tmp_path / ".dango" / "sources.yml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    config = load(path)
    (source,) = config.sources
    found = check(source.code.kwargs, lambda *keys: config.place_of(source, *keys))
    assert [str(error.place) for error in found] == [f".dango/sources.yml:{place}"], found
    assert message in found[0].message


@pytest.mark.parametrize(
    "given",
    ["sqlite:///data/shop.db", {"drivername": "sqlite", "database": "data/shop.db"}],
)
def test_a_database_that_is_a_file_is_found_from_the_project_on(
    tmp_path: Path, given: str | dict[str, str]
) -> None:
    place = Place(tmp_path / "sources.yml", 4, 5)
    with pytest.raises(ConfigError, match=r"there is no database data/shop\.db"):
        sql_database.make("erp", {"credentials": given}, tmp_path, lambda *_: place)
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / "shop.db")) as connection:
        connection.execute("create table orders (id integer)")
    made = sql_database.make("erp", {"credentials": given}, tmp_path, lambda *_: place)
    assert list(made.resources) == ["orders"]


def test_a_variable_is_none_of_dlt_s_placeholders() -> None:
    """`dango-dbt validate` checks a configuration before its variables are replaced."""

    def told(path: str) -> list[str]:
        orders = {"name": "orders", "endpoint": {"path": path, "params": {"since": "${SINCE}"}}}
        config = {"client": {"base_url": "${URL}"}, "resources": ["users", orders]}
        return [str(error) for error in check(config, lambda *_: Place(Path("sources.yml")))]

    assert told("${SOURCES__SHOP__PART:-v1}/orders") == []
    assert "usrs" in told("${PART}/orders/{resources.usrs.id}")[0]

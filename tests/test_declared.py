"""Sources that sources.yml describes: each mistake is named with its place, before any run."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from dango_dbt.config import SourceConfig, load
from dango_dbt.declared import check, doubts, sql_database
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
        (client("bas_path: x"), "7:9", "unknown key `bas_path`"),
        (client("auth: {type: bearr, token: x}"), "7:22", "did you mean `bearer`?"),
        (client("auth: {type: api_key, api_key: x, location: heder}"), "7:53", "`header`?"),
        (client("auth: {type: bearer, tokn: x}"), "7:30", "unknown key `tokn`"),
        (client("paginator: {type: offset, limit: ten}"), "7:42", "must be a whole number"),
        (client("paginator: {limit: 10}"), "7:20", "missing key `type` in `paginator`"),
        (client("paginator: offst"), "7:20", "did you mean `offset`?"),
        (client(f"auth: {'x' * 41}"), "7:15", "`auth` cannot be a text of 41 characters"),
        (client("headers: [x]"), "7:18", "must be a mapping"),
        (resource("endpont: orders"), "8:11", "did you mean `endpoint`?"),
        (resource("endpoint: {pth: orders}"), "8:22", "unknown key `pth`"),
        (resource("write_disposition: mrge"), "8:30", "did you mean `merge`?"),
        (resource("endpoint: {method: FETCH}"), "8:30", "`method` cannot be 'FETCH'"),
        (resource("endpoint: {incremental: {cursor: x}}"), "8:36", "`cursor_path`?"),
        (resource("primary_key: 7"), "8:24", "`primary_key` must be"),
        (client("paginator: {type: offset}"), "7:20", "missing key `limit` in `paginator`"),
        (client("paginator: {type: json_link, next_url_path: 'a['}"), "7:20", "Parse error"),
        (client("session: x"), "7:9", "unknown key `session`"),
        (resource("processing_steps: [{filter: 'lambda row: True'}]"), "8:39", "cannot hold"),
        (resource("columns: {at: {data_type: timestmp}}"), "8:37", "did you mean `timestamp`?"),
        (resource("columns: {at: {typ: text}}"), "8:26", "unknown key `typ`"),
        (resource("include_from_parent: [id]"), "7:11", "`include_from_parent`"),
        (resource("endpoint: {data_selector: 'a['}"), "8:37", "`data_selector` is no JSONPath"),
        (
            resource("endpoint: {params: {a: '{incremental.at}', b: '{incremental.on}'}}"),
            "8:57",
            "`{incremental.on}` is not filled in: the cursor is `at`",
        ),
        (
            resource("endpoint: {params: {a: 'gt.{incremental.at}'}}"),
            "8:34",
            "`{incremental.at}` is not filled in: it is within a text",
        ),
        (
            f"{_HEAD}      client: {{base_url: api.example.com}}\n{_RESOURCES}",
            "5:26",
            "must begin with http:// or https://",
        ),
        (f"{_HEAD}{_CLIENT}      resources: [a, a]\n", "6:22", "there are two resources `a`"),
        (f"{_HEAD}{_CLIENT}      resources: [{{primary_key: id}}]\n", "6:19", "missing key `name`"),
    ],
)
def test_a_mistake_is_named_with_its_place(
    tmp_path: Path, text: str, place: str, message: str
) -> None:
    source, place_of = declared(tmp_path, text)
    found = check(source, source.code.kwargs, place_of, complete=True)
    assert [str(error.place) for error in found] == [f".dango/sources.yml:{place}"], found
    assert message in found[0].message


_DATABASE = "sources:\n  - name: erp\n    type: sql_database\n    sql_database:\n      "
_FILES = (
    "sources:\n  - name: erp\n    type: filesystem\n    filesystem:\n      bucket_url: .\n"
    "      files:\n        - {name: a, file_glob: '*.jsonl'}\n        - "
)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (_DATABASE + "credentials: {usr: me}", "5:21", "unknown key `usr`"),
        (_DATABASE + "credentials: {port: abc}", "5:27", "`port` must be a whole number"),
        (_DATABASE + "credentials: secret", "5:20", "address of the database is none"),
        (_DATABASE + "credentials: postgresql://me:se@cret@host/x", "5:20", "more than one `@`"),
        (_DATABASE + "{table_names: [a], tables: {b: {}}}", "5:35", "not among `table_names`"),
        (_DATABASE + "table_names: [a]\n    resources: [a, b]", "6:20", "has no resource `b`"),
        (_FILES + "{name: a, file_glob: '*.csv'}", "8:18", "there are two tables `a`"),
        (_FILES + "{name: b, file_glob: '*.xlsx'}", "8:32", "does not tell"),
        (_FILES + "{name: b, file_glob: '*.jsonl', reader: {sep: x}}", "8:52", "with `sep`"),
        (_FILES + "{name: b, file_glob: '*.csv', columns: {x: {type: text}}}", "8:55", "`type`"),
    ],
)
def test_so_it_is_in_databases_and_files(
    tmp_path: Path, text: str, place: str, message: str
) -> None:
    source, place_of = declared(tmp_path, text)
    (found,) = check(source, source.code.kwargs, place_of, complete=True)
    assert str(found.place) == f".dango/sources.yml:{place}"
    assert message in found.message
    assert "cret" not in f"{found.message} {found.hint}"


_CHILD = (
    f"{_HEAD}{_CLIENT}      resource_defaults: {{write_disposition: replace}}\n"
    "      resources:\n        - shops\n        - name: orders\n"
    "          endpoint:\n            path: shops/{resources.shops.id}/orders\n"
    "            params: {since: '{incremental.at}'}\n"
)


@pytest.mark.parametrize(
    ("text", "place", "doubt"),
    [
        (resource("primary_key: id"), "7:11", "each load adds all rows again: `orders`"),
        (resource("write_disposition: merge"), "7:11", "each load adds all rows again"),
        (client("paginator: {type: page_number}"), "7:20", "the first page is number 0"),
        (
            _CHILD,
            "9:11",
            "`orders` has one cursor for all its parents",
        ),
    ],
)
def test_what_is_probably_not_meant_is_doubted(
    tmp_path: Path, text: str, place: str, doubt: str
) -> None:
    source, place_of = declared(tmp_path, text)
    assert check(source, source.code.kwargs, place_of, complete=True) == []
    found = doubts(source, source.code.kwargs, place_of)
    assert str(found[0].place) == f".dango/sources.yml:{place}"
    assert doubt in found[0].message


def declared(root: Path, text: str) -> tuple[SourceConfig, Callable[..., Place]]:
    path = root / ".dango" / "sources.yml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    config = load(path)
    (source,) = config.sources
    return source, partial(config.place_of, source)


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

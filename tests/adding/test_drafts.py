"""What `source add` writes is code that ruff leaves alone, that runs, and that is only code."""

from __future__ import annotations

import ast
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dango_dbt.adding import (
    Draft,
    add_draft,
    of_address,
    of_catalogue,
    of_connector,
    of_database,
    of_python,
)
from dango_dbt.adding.python_code import docstring, literal
from dango_dbt.connectors import filled, parsed
from dango_dbt.errors import ConfigError

NASTY = 'a "quoted" \\ back {brace} \'\'\' """ \n {{ jinja }} ${not_one} é \u2028 \x00'


def connector(**changes: Any) -> Any:  # noqa: ANN401 - plain data
    return {
        "title": "Shop",
        "category": "ecommerce",
        "description": "Orders and customers",
        "docs": "https://example.com/docs",
        "auth": "a key",
        "rate_limits": "none",
        "tested": {"by": "none"},
        "credentials": {
            "api_key": {"title": "Key", "where": "Settings"},
            "shop": {"title": "Shop", "secret": False},
            "base_url": {"title": "Address", "secret": False, "default": "https://example.com/"},
        },
        "relationships": [{"from": "orders.customer_id", "to": "customers.id"}],
        "load": {
            "rest_api": {
                "client": {
                    "base_url": "${base_url}",
                    "auth": {"type": "api_key", "api_key": "${api_key}", "location": "header"},
                },
                "resources": [
                    "customers",
                    {
                        "name": "orders",
                        "primary_key": "id",
                        "endpoint": {
                            "path": "${shop}/orders",
                            "params": {"state": ["open", "closed"], "limit": 100, "all": True},
                        },
                    },
                    {
                        "name": "lines",
                        "endpoint": {"path": "${shop}/orders/{resources.orders.id}/lines"},
                    },
                ],
            }
        },
        **changes,
    }


DRAFTS = {
    "connector": of_connector("shop", parsed(connector()), "x", declarative=False),
    "nasty texts": of_connector(
        "shop",
        parsed(connector(title=NASTY, description=NASTY, docs=NASTY, rate_limits=NASTY)),
        "x",
        declarative=False,
    ),
    "address": of_address(
        "shop", "https://u:p@example.com/v1/users?per_page=5&key=k", declarative=False
    ),
    "database": of_database("shop", "postgres://u:s3cr3t@127.0.0.1/db", declarative=False),
    "like what it calls": of_catalogue("filesystem", "filesystem", declarative=False),
    "template": of_python("shop"),
}


@pytest.mark.parametrize("draft", DRAFTS.values(), ids=DRAFTS)
def test_code_passes_ruff(tmp_path: Path, draft: Draft) -> None:
    assert draft.code
    file = tmp_path / "shop.py"
    file.write_text(draft.code, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    for check in (
        ["check", "--isolated", "--select=E,F,I,UP,B,W"],
        ["format", "--isolated", "--diff"],
    ):
        ignored = ["--ignore=E501,B008"] if check[0] == "check" else []
        done = subprocess.run(
            [*ruff, *check, *ignored, str(file)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_secrets_of_an_address_go_to_the_file_for_secrets_alone() -> None:
    for declarative in (False, True):
        draft = of_database("shop", "postgres://u:s3cr3t@127.0.0.1/db", declarative=declarative)
        assert draft.secrets == {"credentials": "postgresql+psycopg2://u:s3cr3t@127.0.0.1/db"}
        assert "s3cr3t" not in f"{draft.code}{draft.entry}{draft.settings}{draft.notes}{draft!r}"


@pytest.mark.parametrize("declarative", [False, True])
@pytest.mark.parametrize(
    ("url", "auth", "secrets"),
    [
        (
            "https://u:s3cr%40t@a.example/users?page=2",
            {"type": "http_basic", "username": "${user_name}", "password": "${password}"},
            {"user_name": "u", "password": "s3cr@t"},
        ),
        (
            "https://a.example/users?apiKey=s3cr%40t&page=2",
            {"type": "api_key", "name": "apiKey", "api_key": "${api_key}", "location": "query"},
            {"api_key": "s3cr@t"},
        ),
        (
            "https://u:p@a.example/users?page=2&access_token=s3cr%40t",
            {"type": "http_basic", "username": "${user_name}", "password": "${password}"},
            {"user_name": "u", "password": "p", "api_key_2": "s3cr@t"},
        ),
        ("https://a.example/users?page=2&page_token=t&sort_key=name&key=", None, {}),
    ],
)
def test_what_lets_one_in_becomes_a_secret(
    url: str, auth: dict[str, str] | None, secrets: dict[str, str], *, declarative: bool
) -> None:
    draft = of_address("shop", url, declarative=declarative)
    assert draft.secrets == secrets
    assert "s3cr" not in f"{draft.code}{draft.entry}{draft.settings}{draft.notes}{draft!r}"
    if not declarative:
        assert str(draft.code).count(".secrets.value") == len(secrets)
        return
    variables = {key: f"${{SOURCES__SHOP__{key.upper()}}}" for key in secrets}
    rest = draft.entry["rest_api"]
    assert rest["client"].get("auth") == (filled(auth, variables) if auth else None)
    assert rest["resources"][0]["endpoint"]["params"]["page"] == "2"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("class", "a word of Python"),
        ("pipeline", "calls `pipeline` itself"),
        ("dlt", "hide the module `dlt`"),
        ("requests", "hide the module `requests`"),
        ("json", "hide the module `json`"),
    ],
)
def test_a_name_that_code_cannot_have_is_refused(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "custom_sources").mkdir()
    with pytest.raises(ConfigError, match=said) as refused:
        add_draft(tmp_path, name, of_python(name))
    assert refused.value.hint == f"choose another name, such as {name}_data"
    assert list(tmp_path.rglob("*")) == [tmp_path / "custom_sources"]


def test_a_source_may_be_named_like_what_it_calls(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute("create table orders (id integer)")
    draft = of_database("sql_database", url, declarative=False)
    (tmp_path / "sql_database.py").write_text(str(draft.code))
    monkeypatch.syspath_prepend(tmp_path)
    source = import_module("sql_database").sql_database(url)
    assert list(source.resources) == ["orders"]


def test_an_entry_names_its_secrets_as_dlt_does() -> None:
    draft = of_connector("shop", parsed(connector()), "x", declarative=True)
    assert draft.code is None
    assert draft.secrets == {"api_key": "<configure me>"}
    assert draft.settings == {"shop": "<configure me>"}
    rest = draft.entry["rest_api"]
    assert rest["client"] == {
        "base_url": "https://example.com/",
        "auth": {"type": "api_key", "api_key": "${SOURCES__SHOP__API_KEY}", "location": "header"},
    }
    assert [one if isinstance(one, str) else one["name"] for one in rest["resources"]] == [
        "customers",
        "orders",
        "lines",
    ]
    assert rest["resources"][1]["references"] == [
        {
            "referenced_table": "customers",
            "columns": ["customer_id"],
            "referenced_columns": ["id"],
        }
    ]
    assert yaml.safe_load(yaml.safe_dump(dict(draft.entry))) == draft.entry


@pytest.mark.parametrize(
    ("url", "base", "path", "params"),
    [
        ("https://a.example/v1/users", "https://a.example/v1/", "users", None),
        ("https://a.example/users/", "https://a.example/", "users/", None),
        (
            "https://a.example/v1/users?a=1&b=",
            "https://a.example/v1/",
            "users",
            {"a": "1", "b": ""},
        ),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/", "/", None),
    ],
)
def test_an_address_is_taken_apart(
    url: str, base: str, path: str, params: dict[str, str] | None
) -> None:
    rest = of_address("shop", url, declarative=True).entry["rest_api"]
    assert rest["client"]["base_url"] == base
    (resource,) = rest["resources"]
    assert resource["endpoint"] == {"path": path, **({"params": params} if params else {})}


@pytest.mark.parametrize("path", ["users/{id}/orders", "users/<int:id>", "users/:id/orders"])
def test_a_gap_in_an_address_is_not_asked_for(path: str) -> None:
    with pytest.raises(ConfigError, match="stands for a value"):
        of_address("shop", f"https://a.example/{path}", declarative=False)


@pytest.mark.parametrize("sign", ["@/", "/", "#", "?", "["])
def test_no_part_of_a_password_is_taken_for_the_database(sign: str) -> None:
    with pytest.raises(ConfigError, match="cannot be taken apart") as refused:
        of_database("shop", f"postgresql://me:s3{sign}cr3t@host/erp", declarative=False)
    assert "cr3t" not in f"{refused.value}{refused.value.hint}"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("sqlite:///data/shop.db?timeout=5", "sqlite:///{here}/data/shop.db?timeout=5"),
        ("sqlite:////data/shop.db", "sqlite:////data/shop.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://h/db?x=a@b", "postgresql+psycopg2://h/db?x=a@b"),
        ("postgresql://me:p%40@h/db?x=a@b", "postgresql+psycopg2://me:p%40@h/db?x=a@b"),
    ],
)
def test_a_database_is_found_from_any_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, address: str
) -> None:
    monkeypatch.chdir(tmp_path)
    draft = of_database("shop", url, declarative=True)
    assert draft.secrets == {"credentials": address.format(here=tmp_path)}
    assert str(tmp_path) not in str(draft.entry)


def test_a_database_that_is_none_of_sql_has_its_own_connector() -> None:
    with pytest.raises(ConfigError, match="no SQL database"):
        of_database("shop", "mongodb+srv://u:p@h/db", declarative=False)


@pytest.mark.parametrize(
    "url", ["users", "ftp://example.com/users", "https://", "https://a:99999/b", "https://[a/b"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="no address"):
        of_address("shop", url, declarative=False)


def test_what_is_no_address_of_a_database_is_refused() -> None:
    for url in ("users", "postgresql://"):
        with pytest.raises(ConfigError, match="no address"):
            of_database("shop", url, declarative=False)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(["${name}", "a${name}b{c}", "${other}", "{resources.a.id}/${name}"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_data_is_written_as_it_is_and_only_variables_are_filled_in(value: object) -> None:
    written = literal(value, 0, {"name"})
    found = eval(written, {"name": "N", "__builtins__": {}})  # noqa: S307 - what the test is about
    assert found == filled(value, {"name": "N", "other": "${other}"})


@given(st.text())
def test_no_text_ends_a_docstring(text: str) -> None:
    module = ast.parse(f'"""{docstring(text)}"""\n')
    assert len(module.body) == 1
    assert isinstance(ast.get_docstring(module), str)

"""What `source add` writes is code that ruff leaves alone, that runs, and that is only code."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dango_dbt.adding import Draft, of_address, of_connector, of_database, of_python
from dango_dbt.adding.project_files import refuse_taken
from dango_dbt.adding.python_code import docstring, literal
from dango_dbt.connectors import filled, parsed
from dango_dbt.errors import ConfigError

NASTY = 'a "quoted" \\ back {brace} \'\'\' """ \n {{ jinja }} ${not_one} é \u2028 \x00'
NASTY += " " + "\\" * 101


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
    "address": of_address("shop", "https://u:p@example.com/v1/users?per_page=5", declarative=False),
    "database": of_database("shop", "postgres://u:s3cr3t@127.0.0.1/db", declarative=False),
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
        for nasty in ("a/s3cr3t", "1/s3cr3t@", "a?b=s3cr3t", "#s3cr3t", "[s3cr3t"):
            draft = of_database("shop", f"mysql://u:{nasty}@127.0.0.1/db", declarative=declarative)
            assert "s3cr3t" in draft.secrets["credentials"]
            assert "s3cr3t" not in f"{draft.code}{draft.entry}{draft.notes}"
        url = "https://u:s3cr3t@example.com/v1/users?2api-Key=s3cr3t&page=1"
        draft = of_address("shop", url, declarative=declarative)
        assert draft.secrets == {"key_2api_key": "s3cr3t"}
        assert "s3cr3t" not in f"{draft!r}{draft.code}{draft.entry}"


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
        ("https://a.example/users/", "https://a.example/", "users", None),
        (
            "https://a.example/v1/users?a=1&b=",
            "https://a.example/v1/",
            "users",
            {"a": "1", "b": ""},
        ),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/", "/", None),
        ("http://a.example/u?a=1&a=2", "http://a.example/", "u", {"a": ["1", "2"]}),
    ],
)
def test_an_address_is_taken_apart(
    url: str, base: str, path: str, params: dict[str, object] | None
) -> None:
    rest = of_address("shop", url, declarative=True).entry["rest_api"]
    assert rest["client"]["base_url"] == base
    (resource,) = rest["resources"]
    assert resource["endpoint"] == {"path": path, **({"params": params} if params else {})}


@pytest.mark.parametrize("url", ["users", "ftp://example.com/users", "https://", "https://[a/b"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="no address"):
        of_address("shop", url, declarative=False)
    with pytest.raises(ConfigError, match="no address"):
        of_database("shop", url.partition("//")[2], declarative=False)


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


@pytest.mark.parametrize("name", ["class", "dlt", "requests", "sql_database", "calendar"])
def test_a_name_that_its_code_would_hide_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="which code of this name would hide"):
        refuse_taken(tmp_path, name)

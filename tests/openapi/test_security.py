"""What an API asks for to let one in, and how dlt is told."""

from __future__ import annotations

from typing import Any

import pytest

from dango_dbt.adding import of_connector
from dango_dbt.openapi import Specification, derive
from dango_dbt.openapi.security import Access, access_of
from dango_dbt.openapi.specification import operations
from tests.openapi.conftest import described, listing, param

ROWS = {"type": "array", "items": {"type": "object"}}
BEARER = {"type": "http", "scheme": "Bearer"}
BASIC = {"type": "http", "scheme": "basic"}
HEADER = {"type": "apiKey", "in": "header", "name": "X-Key"}
APP = {"type": "apiKey", "in": "header", "name": "X-App"}
QUERY = {"type": "apiKey", "in": "query", "name": "key"}
COOKIE = {"type": "apiKey", "in": "cookie", "name": "session"}
DIGEST = {"type": "http", "scheme": "digest"}
CODE = {
    "type": "oauth2",
    "flows": {"authorizationCode": {"authorizationUrl": "/a", "tokenUrl": "/t", "scopes": {}}},
}
CLIENT = {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/token", "scopes": {}}}}


def access(schemes: dict[str, Any], *security: dict[str, list[str]]) -> Access:
    document = {
        "paths": {"/rows": listing(ROWS)},
        "components": {"securitySchemes": schemes},
        **({"security": list(security)} if security else {}),
    }
    specification = described(document)
    return access_of(specification, operations(specification), "https://api.example/v1/")


@pytest.mark.parametrize(
    ("scheme", "auth", "credentials"),
    [
        (BEARER, {"type": "bearer", "token": "${api_token}"}, {"api_token"}),
        (CODE, {"type": "bearer", "token": "${api_token}"}, {"api_token"}),
        ({"type": "openIdConnect"}, {"type": "bearer", "token": "${api_token}"}, {"api_token"}),
        (BASIC, {"type": "http_basic", "username": "${user_name}", "password": "${password}"},
         {"user_name", "password"}),
        (HEADER, {"type": "api_key", "name": "X-Key", "api_key": "${api_key}",
                  "location": "header"}, {"api_key"}),
        (QUERY, {"type": "api_key", "name": "key", "api_key": "${api_key}", "location": "query"},
         {"api_key"}),
        (CLIENT, {"type": "oauth2_client_credentials", "access_token_url": "${token_url}",
                  "client_id": "${client_id}", "client_secret": "${client_secret}"},
         {"client_id", "client_secret", "token_url"}),
    ],
)  # fmt: skip
def test_a_scheme_becomes_dlts_authentication(
    scheme: dict[str, Any], auth: dict[str, Any], credentials: set[str]
) -> None:
    from dlt.sources.rest_api.config_setup import create_auth

    found = access({"one": scheme}, {"one": []})
    assert found.auth == auth
    assert found.credentials.keys() == credentials
    assert create_auth(auth) is not None  # type: ignore[arg-type]
    secret = {name for name, one in found.credentials.items() if one.get("secret", True)}
    assert secret == credentials - {"user_name", "token_url"}


def test_a_cookie_is_sent_as_a_header() -> None:
    found = access({"one": COOKIE}, {"one": []})
    assert (found.auth, found.headers) == (None, {"Cookie": "session=${api_key}"})


def test_a_relative_address_of_tokens_begins_at_the_api() -> None:
    found = access({"one": CLIENT}, {"one": []})
    assert found.credentials["token_url"]["default"] == "https://api.example/token"


def test_scopes_that_endpoints_need_are_asked_for() -> None:
    found = access({"one": CLIENT}, {"one": ["read", "list"]})
    assert found.auth is not None
    assert found.auth["access_token_request_data"] == {"scope": "${scope}"}
    assert found.credentials["scope"]["default"] == "read list"


def test_a_description_names_no_variable_of_the_environment() -> None:
    """In sources.yml it would be replaced, and sent to whom the description names."""
    flow = {"tokenUrl": "https://evil.example/${HOME}", "scopes": {}}
    fields = {name: {"type": "string"} for name in ("id", "updated_at", "${HOME}")}
    rows = {"type": "array", "items": {"type": "object", "properties": fields}}
    since = param("${HOME}updated_since", type="string")
    needed = [param(name, required=True, default="${HOME}") for name in ("a", "${HOME}")]
    version = param("Api-Version", "header", default="${HOME}")
    document = {
        "servers": [{"url": "https://evil.example/${HOME}"}, {"url": "https://api.example"}],
        "paths": {
            "/rows": listing(rows, since, version, needed[0]),
            "/${HOME}/rows": listing(rows),
            "/needy": listing(rows, needed[1]),
        },
        "components": {
            "securitySchemes": {"a": {"type": "oauth2", "flows": {"clientCredentials": flow}}}
        },
        "security": [{"a": ["${HOME}", "read"]}],
    }
    entry = of_connector(
        "api", derive(described(document), "api").connector, "x", declarative=True
    ).entry["rest_api"]
    assert "HOME" not in str(entry)
    assert "read" in str(entry)


@pytest.mark.parametrize(
    ("schemes", "security", "chosen"),
    [
        ({"a": BASIC, "b": BEARER}, [{"a": []}, {"b": []}], {"b"}),
        ({"a": CODE, "b": CLIENT}, [{"a": []}, {"b": []}], {"b"}),
        ({"a": DIGEST, "b": BASIC}, [{"a": []}, {"b": []}], {"b"}),
        ({"a": HEADER, "b": APP}, [{"a": [], "b": []}], {"a", "b"}),
        ({"a": COOKIE, "b": {**HEADER, "name": "Authorization"}}, [{"a": []}, {"b": []}], {"b"}),
        ({"a": COOKIE, "b": BASIC}, [{"a": []}, {"b": []}], {"b"}),
        ({"a": BASIC}, [{}, {"a": []}], {"a"}),
        # Nobody says which: the easiest.
        ({"a": BASIC, "b": HEADER}, [], {"b"}),
        # Nothing is needed.
        ({}, [], set()),
        ({"a": BEARER}, [{}], set()),
    ],
)
def test_the_easiest_way_in_is_taken(
    schemes: dict[str, Any], security: list[dict[str, list[str]]], chosen: set[str]
) -> None:
    assert access(schemes, *security).schemes == chosen


@pytest.mark.parametrize(
    ("schemes", "security"),
    [
        ({"a": DIGEST}, [{"a": []}]),
        ({"a": DIGEST}, []),
        ({"a": BEARER, "b": BASIC}, [{"a": [], "b": []}]),
        ({}, [{"gone": []}]),
        ({"a": {**HEADER, "name": "X Key"}}, [{"a": []}]),
    ],
)
def test_a_way_in_that_dlt_does_not_know_is_left_to_the_user(
    schemes: dict[str, Any], security: list[dict[str, list[str]]]
) -> None:
    found = access(schemes, *security)
    assert (found.auth, found.headers, found.params, found.credentials) == (None, {}, {}, {})
    assert "cannot be set up" in found.guesses[0]


def test_two_keys_are_sent_together() -> None:
    found = access({"first": HEADER, "second": QUERY}, {"first": [], "second": []})
    assert found.headers == {"X-Key": "${first}"}
    assert found.params == {"key": "${second}"}
    assert found.credentials.keys() == {"first", "second"}


def test_an_endpoint_with_another_way_in_is_left_out() -> None:
    paths = {
        "/users": listing(ROWS),
        "/orders": listing(ROWS),
        "/secrets": listing(ROWS, security=[{"digest": []}]),
        "/news": listing(ROWS, security=[]),
    }
    schemes = {"securitySchemes": {"token": BEARER, "digest": DIGEST}}
    document = {"paths": paths, "security": [{"token": []}], "components": schemes}
    found = derive(described(document), "api")
    assert [one.name for one in found.connector.resources] == ["users", "orders", "news"]
    assert [(one.path, one.reason) for one in found.left_out] == [
        ("/secrets", "it asks for another way to log in: digest")
    ]
    # Who asks for it alone gets the way in that it has.
    document["paths"]["/secrets"]["get"]["security"] = [{"basic": []}]  # type: ignore[index]
    schemes["securitySchemes"]["basic"] = BASIC
    alone = derive(described(document), "api", ["secrets"])
    assert alone.connector.credentials.keys() == {"user_name", "password", "base_url"}


@pytest.mark.parametrize(
    ("scheme", "type_"),
    [
        ({"type": "basic"}, "http_basic"),
        (HEADER, "api_key"),
        ({"type": "oauth2", "flow": "application", "tokenUrl": "https://x.example/t"},
         "oauth2_client_credentials"),
        ({"type": "oauth2", "flow": "implicit", "authorizationUrl": "https://x.example"}, "bearer"),
    ],
)  # fmt: skip
def test_swaggers_schemes_are_known(scheme: dict[str, Any], type_: str) -> None:
    document = {
        "swagger": "2.0",
        "info": {},
        "host": "api.example",
        "paths": {"/rows": {"get": {"responses": {200: {"schema": ROWS}}}}},
        "securityDefinitions": {"one": scheme},
        "security": [{"one": []}],
    }
    found = derive(Specification(document, "api.yaml"), "api")
    assert found.data["load"]["rest_api"]["client"]["auth"]["type"] == type_

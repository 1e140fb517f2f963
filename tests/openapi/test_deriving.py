"""Settings, addresses, what is left out; and nothing of a description becomes code."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from dango_dbt.connectors import filled
from dango_dbt.errors import ConfigError
from dango_dbt.openapi import Derived, Specification, connector_of, derive
from tests.openapi.conftest import described, listing, param

ROW = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
ROWS = {"type": "array", "items": ROW}


def derived(*only: str, **paths: Any) -> Derived:  # noqa: ANN401 - OpenAPI's keys
    document = {"paths": {f"/{path}": one for path, one in paths.items()}}
    return derive(described(document), "api", only)


def resources(found: Derived) -> dict[str, dict[str, Any]]:
    config = found.data["load"]["rest_api"]
    return {one["name"]: one for one in config["resources"]}


@pytest.mark.parametrize(
    ("needed", "sent", "setting"),
    [
        (param("region", required=True), "${region}", {"secret": False}),
        (param("region", required=True, default="eu"), "${region}", {"default": "eu"}),
        (param("deep", required=True, type="boolean", default=True), "${deep}",
         {"default": "true"}),
        (param("level", required=True, enum=["a", "b"]), "${level}", {"where": "One of: a, b."}),
        (param("day", required=True, example="2026-01-01"), "${day}", {"example": "2026-01-01"}),
        (param("class", required=True), "${class_value}", {"title": "Parameter class"}),
        (param("kind", required=True, enum=["open"]), "open", None),
        (param("kind", required=True, const=3), "3", None),
        (param("kind", required=True, enum=["{a}"]), "${kind}", {}),
        (param("base_url", required=True), "${base_url_value}", {}),
    ],
)  # fmt: skip
def test_a_needed_parameter_becomes_a_setting(
    needed: dict[str, Any], sent: str, setting: dict[str, Any] | None
) -> None:
    found = derived(rows=listing(ROWS, needed))
    assert resources(found)["rows"]["endpoint"]["params"] == {needed["name"]: sent}
    credentials = found.data["credentials"]
    if setting is None:
        assert credentials.keys() == {"base_url"}
        return
    name = sent.strip("${}")
    assert setting.items() <= credentials[name].items()
    assert found.needed == ({} if "default" in credentials[name] else {name: ("rows",)})


def test_a_header_is_sent_as_one_and_a_version_everywhere() -> None:
    needed = param("X-Tenant", "header", required=True)
    version = param("Api-Version", "header", default="2026-01")
    accept = param("Accept", "header", required=True)
    found = derived(rows=listing(ROWS, needed, version, accept))
    assert resources(found)["rows"]["endpoint"]["headers"] == {"X-Tenant": "${x_tenant}"}
    client = found.data["load"]["rest_api"]["client"]
    assert client["headers"] == {"Api-Version": "${api_version}"}
    assert found.data["credentials"]["api_version"]["default"] == "2026-01"


def test_a_setting_takes_no_name_that_a_credential_has() -> None:
    document = {
        "paths": {"/rows": listing(ROWS, param("api_key", required=True))},
        "components": {
            "securitySchemes": {"k": {"type": "apiKey", "in": "query", "name": "api_key"}}
        },
        "security": [{"k": []}],
    }
    found = derive(described(document), "api")
    assert found.data["credentials"].keys() == {"api_key", "base_url", "api_key_2"}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (listing(ROWS, deprecated=True), "it is deprecated"),
        (listing(ROWS, requestBody={"required": True, "content": {}}), "it asks for a body"),
        (listing(ROWS, param("q", required=True, type="object")), "it needs `q`, an object"),
        (listing(ROWS, param("sid", "cookie", required=True)), "it needs the cookie `sid`"),
        (listing(ROWS, param("a{b}", required=True)),
         "it needs a parameter whose name is no plain name"),
        (listing(ROWS, servers=[{"url": "https://other.example"}]),
         "it is served at an address of its own"),
        (listing({"type": "object", "properties": {"${api_key}": ROWS}}),
         "names in its answer are no plain names"),
        (listing({"type": "string"}), "its answer holds no list of records"),
        ({"get": {"responses": {"204": {}}}}, "its answer is not described as JSON"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_left_out_with_the_reason(path: dict[str, Any], reason: str) -> None:
    found = derived(rows=listing(ROWS), other=path)
    assert [one.name for one in found.connector.resources] == ["rows"]
    assert [(one.path, one.reason) for one in found.left_out] == [("/other", reason)]


def test_plain_values_are_read_where_they_need_no_parent() -> None:
    row = {"type": "object", "properties": {"id": {"type": "string"}}}
    texts = {"type": "array", "items": {"type": "string"}}
    users = listing({"type": "array", "items": row})
    found = derived(**{"users": users, "tags": listing(texts), "users/{id}/tags": listing(texts)})
    assert [one.name for one in found.connector.resources] == ["users", "tags"]
    ((path, reason),) = [(one.path, one.reason) for one in found.left_out]
    assert path == "/users/{id}/tags"
    assert reason.startswith("its rows are plain values")


def test_only_an_answer_of_one_json_document_is_read() -> None:
    kinds = {
        "application/json; charset=utf-8": True,
        "application/vnd.api+json": True,
        "*/*": True,
        "application/jsonl": False,
        "application/x-ndjson": False,
        "application/stream+json-seq": False,
        "text/csv": False,
    }
    paths: dict[str, Any] = {"rows": listing(ROWS)}
    for number, kind in enumerate(kinds):
        answer = {"content": {kind: {"schema": ROWS}}}
        paths[f"kind{number}"] = {"get": {"responses": {"200": answer}}}
    read = [f"kind{number}" for number, good in enumerate(kinds.values()) if good]
    assert list(resources(derived(**paths))) == ["rows", *read]


@pytest.mark.parametrize("status", ["200", 200, "201", "2XX", "default"])
def test_the_answer_that_means_success_is_read(status: object) -> None:
    content = {"content": {"application/json": {"schema": ROWS}}}
    wrong = {"content": {"application/json": {"schema": {"type": "object"}}}}
    path = {"get": {"responses": {status: content, "404": wrong}}}
    assert list(resources(derived(rows=path))) == ["rows"]


def test_a_root_and_a_query_in_a_path_are_taken_as_they_are() -> None:
    found = resources(derived(**{"": listing(ROWS), "rows?beta=true": listing(ROWS)}))
    paths = {name: one["endpoint"]["path"] for name, one in found.items()}
    assert paths == {"items": "", "rows": "rows?beta=true"}


def test_what_many_paths_begin_with_is_asked_for_once() -> None:
    repo = "repos/{owner}/{repo}"
    paths = {f"{repo}/{name}": listing(ROWS) for name in ("issues", "pulls", "releases")}
    found = derived(**paths)
    assert {name: one["endpoint"]["path"] for name, one in resources(found).items()} == {
        "issues": "repos/${owner}/${repo}/issues",
        "pulls": "repos/${owner}/${repo}/pulls",
        "releases": "repos/${owner}/${repo}/releases",
    }
    assert found.needed == dict.fromkeys(("owner", "repo"), ("issues", "pulls", "releases"))


def test_searches_and_lists_of_one_unknown_thing_are_left_out() -> None:
    paths = {"rows": listing(ROWS), "rows/search": listing(ROWS), "stock/{item}": listing(ROWS)}
    assert {one.path: one.reason for one in derived(**paths).left_out} == {
        "/rows/search": "it searches in what other endpoints list",
        "/stock/{item}": "it asks for a `item`, which no list gives",
    }


def test_what_one_list_of_many_alone_needs_keeps_nobody_waiting() -> None:
    many = {f"rows{n}": listing(ROWS) for n in range(11)}
    paths = {**many, "odd": listing(ROWS, param("code", required=True))}
    found = derived(**paths)
    assert "odd" not in resources(found)
    assert [one.path for one in found.left_out] == ["/odd"]
    assert "ask for `odd` by name" in found.left_out[0].reason
    asked = derived("odd", **paths)
    assert list(resources(asked)) == ["odd"]
    assert "code" in asked.data["credentials"]


def test_only_what_is_asked_for_is_read_with_its_parents() -> None:
    paths = {"users": listing(ROWS), "users/{id}/orders": listing(ROWS), "teams": listing(ROWS)}
    assert list(resources(derived("user_*", **paths))) == ["users", "user_orders"]
    with pytest.raises(ConfigError, match="no resource fits `team`") as caught:
        derived("team", **paths)
    assert caught.value.hint == "there are: users, teams, user_orders"


def test_a_description_without_lists_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"api\.yaml: no endpoint in it gives a list"):
        derived(file=listing({"type": "string"}))


@pytest.mark.parametrize(
    ("document", "base_url"),
    [
        ({"servers": [{"url": "https://a.example/v1"}, {"url": "https://b.example"}]},
         "https://a.example/v1"),
        ({"servers": [{"url": "https://{region}.example", "variables": {
            "region": {"default": "eu"}}}]}, "https://eu.example"),
        ({"servers": [{"url": "/v1"}]}, None),
        ({}, None),
        # An address that all paths repeat is sent once.
        ({"servers": [{"url": "https://a.example/rows"}]}, "https://a.example/rows"),
        ({"servers": [{"url": "https://a.example/v1"}], "paths": {"/v1/rows": listing(ROWS)}},
         "https://a.example"),
        ({"swagger": "2.0", "host": "a.example", "basePath": "/v1"}, "https://a.example/v1"),
        ({"swagger": "2.0", "host": "a.example", "schemes": ["http"]}, "http://a.example/"),
        ({"swagger": "2.0", "basePath": "/v1"}, None),
    ],
)  # fmt: skip
def test_the_address_is_a_setting_with_the_described_default(
    document: dict[str, Any], base_url: str | None
) -> None:
    path = listing(ROWS)
    if "swagger" in document:
        path["get"]["responses"] = {"200": {"schema": ROWS}}
    document = {"info": {}, "paths": {"/rows": path}, **document}
    if "swagger" not in document:
        document["openapi"] = "3.0.0"
    connector = connector_of(Specification(document, "api.yaml"), "api")
    assert connector.credentials["base_url"].default == base_url
    assert connector.load.rest_api is not None
    assert connector.load.rest_api["client"]["base_url"] == "${base_url}"


EVIL = [
    "'''\"\"\"\nimport os; os.system('x')",
    "${api_key}",
    "{resources.users.id}",
    "{{ env_var('HOME') }}",
    "../../etc/passwd",
    "\x00\u202e",
    "__class__",
]


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_of_a_description_becomes_code(evil: str) -> None:
    """Names are identifiers, texts are on one line, and nothing is put in for a description's."""
    row = {"properties": {"id": {"type": "integer"}, evil: {"type": "string"}}, "required": ["id"]}
    fields = {"data": {"type": "array", "items": row}, evil: {"type": "string", "format": "uri"}}
    document = {
        "info": {"title": evil, "description": evil},
        "servers": [{"url": f"https://api.example/{evil}", "description": evil}],
        "paths": {
            f"/{evil}": listing({"type": "array", "items": row}),
            "/users": listing(
                {"properties": fields},
                param(evil, required=False, description=evil),
                param("needed", required=True, description=evil, default=evil, enum=[evil, "b"]),
            ),
            f"/users/{{{evil}}}/rows": listing(ROWS),
        },
        "components": {
            "securitySchemes": {evil: {"type": "http", "scheme": "bearer", "description": evil}}
        },
        "security": [{evil: []}],
    }
    found = derive(described(document), "api")
    for name in [*found.connector.credentials, *(one.name for one in found.connector.resources)]:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    texts = [found.connector.title, found.connector.description]
    texts += [one.where or "" for one in found.connector.credentials.values()]
    assert not any("\n" in text for text in texts)
    # All that is put in is ours: what is left after filling in holds none of the markers.
    values = dict.fromkeys(found.connector.credentials, "VALUE")
    config = filled(found.data["load"]["rest_api"], values)
    assert "$" not in json.dumps(config).replace('"$"', "")
    places = re.findall(r"\{([^{}\"]+)\}", json.dumps(config["resources"]).replace('"', "'"))
    ours = [place for place in places if not place.lstrip().startswith("'")]
    assert all(re.fullmatch(r"resources\.\w+\.\w+", place) for place in ours), ours


def test_a_cursor_stays_out_of_what_all_resources_are_asked_with() -> None:
    """dlt writes a cursor's parameter into the defaults where a resource has no parameters."""
    pages = [
        {"name": name, "in": "query", "schema": {"type": "integer", "maximum": most}}
        for name, most in (("page", 1000), ("per_page", 100))
    ]
    since = {
        "name": "updated_since",
        "in": "query",
        "schema": {"type": "string", "format": "date-time"},
    }
    rows = {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "id": {"type": "integer"},
                "updated_at": {"type": "string", "format": "date-time"},
            },
        },
    }
    answer = {"200": {"description": "", "content": {"application/json": {"schema": rows}}}}
    paths = {
        f"/{name}": {"get": {"parameters": [*pages, *more], "responses": answer}}
        for name, more in {"orders": [since], "users": []}.items()
    }
    document = {"openapi": "3.0.0", "info": {"title": "Shop", "version": "1"}, "paths": paths}
    rest = connector_of(Specification(document, "shop.json"), "shop").load.rest_api
    assert rest is not None
    assert rest["resource_defaults"]["endpoint"]["params"], "both are asked with a limit"
    orders, users = (dict(one["endpoint"]) for one in rest["resources"])
    assert "incremental" in orders
    assert orders["params"] == {}
    assert "params" not in users

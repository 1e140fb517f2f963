"""A description is read from a file or an address; what is none says what it is, and where."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dango_dbt.errors import ConfigError
from dango_dbt.openapi import derive, read_specification
from tests.openapi.conftest import HERE
from tests.openapi.serving import Asked, RefusedError, Server, serving

DEEP = '{"openapi": "3.0.0", "paths": ' + '{"a": ' * 100_000 + "1" + "}" * 100_001


@pytest.mark.parametrize("name", ["parcels.yaml", "depot.json", "library.yaml"])
def test_json_and_yaml_are_read(name: str) -> None:
    found = read_specification(str(HERE / name))
    assert found.url is None
    assert found.document["paths"]


def aliases(form: str) -> str:
    """A few lines that stand for a thousand million texts, or keys."""
    nine = [", ".join([f"*x{number}"] * 9) for number in range(9)]
    lines = [f"- &x{number} {form.format(each)}" for number, each in enumerate(nine, 1)]
    return "\n".join(["- &x0 {a: b}", *lines])


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("openapi: 3.0.0\npaths: {a: [", "not valid YAML", "api:3:1"),
        ("openapi: 3.0.0\n\tpaths: {}", "not valid YAML", "api:2:1"),
        ("openapi: !!python/object:os.system {}", "not valid YAML", "api:1:10"),
        ('{"openapi": "3.0.0",\n "paths": }', "not valid JSON", "api:2:11"),
        (DEEP, "cannot be read", "api"),
        (aliases("[{}]"), "its aliases stand for more than can be read", "api"),
        (aliases("{{<<: [{}]}}"), "more keys than can be read", "api:7:3"),
        ("<!DOCTYPE html><html></html>", "web page", "api"),
        ("hello", "describes no API", "api"),
        ("- 1\n- 2", "describes no API", "api"),
        ("", "describes no API", "api"),
        ('{"data": []}', "describes no API", "api"),
        ("openapi: 4.0.0\npaths: {/a: {}}", "OpenAPI `4.0.0` is not known", "api"),
        ('swagger: "1.2"\npaths: {/a: {}}', "OpenAPI `1.2` is not known", "api"),
        ("openapi: 3.0.0\npaths: {}", "no paths", "api"),
        ("openapi: 3.0.0", "no paths", "api"),
    ],
)
def test_a_file_that_is_no_description_says_where_it_is_wrong(
    tmp_path: Path, text: str, message: str, place: str
) -> None:
    file = tmp_path / "api"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_specification(str(file))
    assert message in caught.value.message
    assert str(caught.value.place) == str(tmp_path / place)
    assert caught.value.hint


def test_a_file_that_is_not_there_or_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"openapi: \xff")
    for name, message in (("none", "no such file"), ("latin", "UTF-8"), (".", "cannot be read")):
        with pytest.raises(ConfigError, match=message) as caught:
            read_specification(str(tmp_path / name))
        assert caught.value.place is not None


def test_yaml_dates_are_texts(tmp_path: Path) -> None:
    file = tmp_path / "api.yaml"
    file.write_text("openapi: 3.0.0\nx: [2024-02-30, 2024-01-01]\npaths: {/a: {}}")
    assert read_specification(str(file)).document["x"] == ["2024-02-30", "2024-01-01"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    def pages(asked: Asked) -> object:
        if asked.path == "/moved":
            raise RefusedError(401, "log in")
        if asked.path == "/broken":
            return b"\xff\xfe\xff"
        if asked.path == "/page":
            return b"<html>"
        return {"openapi": "3.0.0", "servers": [{"url": "/v1"}], "paths": {"/a": {
            "get": {"responses": {"200": {"content": {"application/json": {"schema": {
                "type": "array"}}}}}}}}}  # fmt: skip

    with serving(pages) as running:
        yield running


def test_an_address_is_fetched_and_its_own_addresses_begin_there(server: Server) -> None:
    found = read_specification(f"{server.address}/docs/openapi.json")
    base = derive(found, "api").connector.credentials["base_url"]
    assert base.default == f"{server.address}/v1"


@pytest.mark.parametrize(
    ("path", "message"),
    [("moved", "answered 401"), ("broken", "not UTF-8"), ("page", "web page")],
)
def test_an_address_that_gives_no_description_is_an_error(
    server: Server, path: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        read_specification(f"{server.address}/{path}")
    assert f"{server.address}/{path}" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/api", "http://[broken", "https://"])
def test_an_address_that_cannot_be_fetched_is_an_error(address: str) -> None:
    with pytest.raises(ConfigError, match="cannot be fetched"):
        read_specification(address)


def test_what_is_secret_in_an_address_is_not_shown(server: Server) -> None:
    secret = server.address.replace("http://", "http://me:hush@") + "/page?token=hush"
    with pytest.raises(ConfigError) as caught:
        read_specification(secret)
    assert "hush" not in f"{caught.value} {caught.value.hint}"

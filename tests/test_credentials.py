"""`.env`, `${VAR}` in arguments, and secrets that stay out of messages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dango_dbt.credentials import (
    Expanded,
    expand,
    load_env_file,
    redact,
    secret_values,
    unset_error,
)
from dango_dbt.errors import ConfigError, Place

SOURCES = Path(".dango/sources.yml")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"KEY": "s3cret", "PORT": "5432", "EMPTY": "", "ODD": "${KEY}"}.items():
        monkeypatch.setenv(name, value)
    for name in ("UNSET", "OTHER", "FROM_FILE", "BUILT", "BROKEN"):
        monkeypatch.setenv(name, "")  # so that what a test sets is taken back afterwards
        monkeypatch.delenv(name)


def place_of(path: tuple[str | int, ...]) -> Place:
    """Let each argument stand on a line of its own, by the number of its path's parts."""
    return Place(SOURCES, len(path), 1)


def expanded(kwargs: dict[str, Any]) -> Expanded:
    return expand(kwargs, "shop", place_of)


# ---------------------------------------------------------------- ${VAR}


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("${KEY}", "s3cret"),
        ("${PORT}", "5432"),
        ("https://${KEY}@host:${PORT}/", "https://s3cret@host:5432/"),
        ("${KEY}${KEY}", "s3crets3cret"),
        ("${UNSET:-7}", "7"),
        ("${EMPTY:-7}", "7"),
        ("a${EMPTY:-}", "a"),
        ("${KEY:-7}", "s3cret"),
        ("${UNSET:-}", ""),
        ("${UNSET:-a:-b\nc}", "a:-b\nc"),
        ("$${KEY}", "${KEY}"),
        ("$${not a name", "${not a name"),
        ("$$${KEY}", "$${KEY}"),
        ("${ODD}", "${KEY}"),  # what comes out of a variable is not expanded again
        ("$KEY costs $5 {KEY} $", "$KEY costs $5 {KEY} $"),
    ],
)
def test_variables_in_text(text: str, becomes: str) -> None:
    assert expanded({"a": text}).kwargs == {"a": becomes}


def test_nested_values_are_expanded_and_keys_are_not() -> None:
    kwargs = {"auth": {"${KEY}": ["${KEY}", {"port": "${PORT}"}, 1, None, True]}}
    assert expanded(kwargs).kwargs == {
        "auth": {"${KEY}": ["s3cret", {"port": "5432"}, 1, None, True]}
    }
    assert kwargs["auth"]["${KEY}"][0] == "${KEY}", "the config itself stays as it is"


def test_only_what_came_from_the_environment_is_secret() -> None:
    kwargs = {"a": "x${KEY}", "b": "${UNSET:-default}", "c": ["${PORT:-1}"], "d": "text"}
    assert secret_values([kwargs, {"e": "${EMPTY}"}]) == {"s3cret", "5432"}
    assert "s3cret" not in repr(expanded(kwargs))


def test_an_unset_whole_value_is_left_out_and_reported() -> None:
    result = expanded({"a": "${UNSET}", "b": {"c": "${OTHER}", "d": 1}, "e": "${KEY}"})
    assert result.kwargs == {"b": {"d": 1}, "e": "s3cret"}
    assert [(item.variable, item.path, item.place.line) for item in result.unset] == [
        ("UNSET", ("a",), 1),
        ("OTHER", ("b", "c"), 2),
    ]


@pytest.mark.parametrize("text", ["x${UNSET}", "${UNSET} ", "${KEY}${UNSET}", ["${UNSET}"]])
def test_an_unset_part_of_a_value_is_an_error(text: object) -> None:
    with pytest.raises(ConfigError, match="source `shop`: variable UNSET is not set") as caught:
        expanded({"a": text})
    assert caught.value.place == place_of(("a", 0) if isinstance(text, list) else ("a",))
    assert ".env" in str(caught.value.hint)


def test_all_unset_variables_are_named_at_once_and_each_once() -> None:
    with pytest.raises(ConfigError) as caught:
        expanded({"a": "${UNSET}", "b": {"c": "-${OTHER}", "d": "-${UNSET}"}})
    assert str(caught.value) == (
        ".dango/sources.yml:1:1: source `shop`: variables are not set:"
        " UNSET, OTHER (.dango/sources.yml:2:1)"
    )
    with pytest.raises(ConfigError) as caught:
        expanded({"a": "${UNSET}/${EMPTY}/${OTHER}"})
    assert str(caught.value).endswith("variables are not set: UNSET, EMPTY (empty), OTHER")


@pytest.mark.parametrize("text", ["x${EMPTY}", ["${EMPTY}"], "${KEY}${EMPTY}"])
def test_an_empty_variable_counts_as_unset(text: object) -> None:
    (item,) = expanded({"a": "${EMPTY}"}).unset
    assert (item.variable, item.whole) == ("EMPTY", True)
    with pytest.raises(ConfigError, match="source `shop`: variable EMPTY is empty"):
        expanded({"a": text})


def test_the_caller_can_refuse_what_nothing_else_supplies() -> None:
    error = unset_error("shop", expanded({"a": "${UNSET}"}).unset)
    assert str(error) == ".dango/sources.yml:1:1: source `shop`: variable UNSET is not set"


@pytest.mark.parametrize(
    "text", ["${}", "${MY-KEY}", "${1KEY}", "${KEY", "${ KEY }", "${KEY-x}", "${KEY:?x}", "${É}"]
)
def test_what_looks_like_a_variable_but_is_none_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match="begins a variable") as caught:
        expanded({"a": {"b": text}})
    assert caught.value.place == place_of(("a", "b"))
    assert caught.value.hint == "write $${ for a literal ${"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.dates() | st.binary() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(kwargs=st.dictionaries(st.text(), _VALUES))
def test_arguments_without_variables_come_out_as_they_went_in(kwargs: dict[str, Any]) -> None:
    if "${" not in repr(kwargs):
        assert expand(kwargs, "shop", place_of) == Expanded(kwargs, ())


@given(text=st.text())
def test_any_text_can_be_written_with_the_escape(text: str) -> None:
    escaped = text.replace("${", "$${")
    assert expand({"a": escaped}, "shop", place_of).kwargs == {"a": text}


# ---------------------------------------------------------------- redact


@pytest.mark.parametrize(
    ("text", "secrets", "becomes"),
    [
        ("401 for key s3cret!", ["s3cret"], "401 for key ***!"),
        ("s3cret s3cret2", ["s3cret", "s3cret2"], "*** ***"),  # the longer one first
        ("?key=a%2Fb+c%26&x=1", ["a/b c&"], "?key=***&x=1"),
        ("/a%2Fb%20c%26/x", ["a/b c&"], "/***/x"),
        (r"{'key': 'one\ntwo'}", ["one\ntwo"], "{'key': '***'}"),
        ("a.c abc", ["a.c "], "***abc"),
        ("dev on port 80", ["80", "dev", ""], "dev on port 80"),
        ("bytes", ["\udcff\udcfe\udcff\udcfe"], "bytes"),
        ("nothing", [], "nothing"),
    ],
)
def test_secrets_become_stars(text: str, secrets: list[str], becomes: str) -> None:
    assert redact(text, secrets) == becomes


@given(
    parts=st.lists(st.text(alphabet="abc%/ ")),
    secrets=st.lists(st.text(alphabet="abc%/ ", min_size=4), min_size=1),
)
def test_no_secret_is_left(parts: list[str], secrets: list[str]) -> None:
    redacted = redact(secrets[0].join([*parts, "", ""]), secrets)
    assert not [secret for secret in secrets if secret in redacted]


# ---------------------------------------------------------------- .env


def write_env(root: Path, text: str | bytes) -> None:
    (root / ".env").write_bytes(text if isinstance(text, bytes) else text.encode())


def test_env_file_is_loaded_and_overrides_nothing(tmp_path: Path) -> None:
    write_env(tmp_path, "# mine\nexport FROM_FILE='a b#c'\r\n\nKEY=other\nEMPTY=filled\n")
    load_env_file(tmp_path)
    assert os.environ["FROM_FILE"] == "a b#c"
    assert os.environ["KEY"] == "s3cret"
    assert not os.environ["EMPTY"]


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("FROM_FILE=12345678", True),
        ("FROM_FILE=1234567", False),
        ("my_api_key=1234", True),
        ("AUTHOR=1234", True),
        ("MY_TOKENS=123", False),  # `redact` leaves it: it stands in too many other places
        ("KEY=other", True),  # s3cret: the environment's own
        ("PORT=9999", False),
    ],
)
def test_what_the_env_file_sets_is_secret_by_its_length_or_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, *, secret: bool
) -> None:
    for name in ("my_api_key", "AUTHOR", "MY_TOKENS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    write_env(tmp_path, line)
    load_env_file(tmp_path)
    value = os.environ[line.partition("=")[0]]
    assert (redact(f"/x?key={value}", secret_values([])) == "/x?key=***") == secret
    load_env_file(tmp_path / "another")
    assert secret_values([]) == set()


def test_env_file_may_refer_to_the_environment_and_to_earlier_lines(tmp_path: Path) -> None:
    write_env(tmp_path, "\ufeffFROM_FILE=x\nBUILT=${FROM_FILE}-${KEY}-${UNSET:-y}\n")
    load_env_file(tmp_path)
    assert os.environ["BUILT"] == "x-s3cret-y"


@pytest.mark.parametrize("folder", [False, True])
def test_a_project_needs_no_env_file(tmp_path: Path, *, folder: bool) -> None:
    if folder:
        (tmp_path / ".env").mkdir()  # a virtual environment
    before = dict(os.environ)
    load_env_file(tmp_path)
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FROM_FILE=1\nBROKEN='s3cr\n", ".env:2: this line is not NAME=value"),
        ("a b=1\nFROM_FILE=1\n c d\n", ".env:1: this line is not NAME=value (nor are lines 3)"),
        (b"BROKEN=\xff", ".env: this is not UTF-8"),
        ("BROKEN=a\0b", ".env: a variable cannot be set: embedded null byte"),
        ("'BRO=KEN'=1", ".env: a variable cannot be set"),
    ],
)
def test_a_broken_env_file_is_an_error_that_shows_no_value(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    write_env(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_env_file(tmp_path)
    assert str(caught.value).startswith(message)
    assert "s3cr" not in str(caught.value)


def test_a_password_is_redacted_without_its_address() -> None:
    address = "postgresql://me:p%40ssword@host/shop"
    assert (
        redact('login of "me" with p@ssword failed', [address]) == 'login of "me" with *** failed'
    )
    assert redact(f"no answer: {address}", [address]) == "no answer: ***"
    assert redact("me:p%40ssword", [address]) == "me:***"

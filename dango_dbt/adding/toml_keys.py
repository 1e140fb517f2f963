"""Keys for a source → the text of `.dlt/secrets.toml` or `.dlt/config.toml`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import tomlkit
from tomlkit.exceptions import TOMLKitError

from dango_dbt.errors import ConfigError, Place
from dango_dbt.toml_files import not_toml

__all__ = ["add_keys", "read"]

_Table: TypeAlias = tuple[str, ...]


def read(text: str, shown: Path) -> dict[str, Any]:
    """Read a file's text as plain data.

    Raises:
        ConfigError: it is no TOML.
    """
    try:
        return tomlkit.parse(text).unwrap()
    except TOMLKitError as error:
        raise not_toml(shown, error) from error


def add_keys(
    text: str,
    section: _Table,
    values: Mapping[str, Any],
    shown: Path,
    known: Collection[str] = (),
) -> tuple[str, list[str]]:
    """Add the keys that a section lacks; what is there stays as it is, to the letter.

    Args:
        text: the file's text, line ends as they are; empty where there is none.
        section: the section's parts, such as `("sources", "my_crm")`.
        values: what the section is to hold: values, and mappings for the sections below it.
        shown: the file's path as messages show it.
        known: keys whose values are no examples, to be filled in.

    Returns:
        The new text, and the keys added to it, with the parts below the section joined by dots.

    Raises:
        ConfigError: the file is no TOML, or is written in such a way that they cannot be put in.
    """
    wanted = read(text, shown)
    added = []
    new = text
    for table, keys in _tables(section, values):
        there = _mapping(wanted, table) if keys else None
        if there is None:
            continue
        missing = {key: value for key, value in keys.items() if key not in there}
        if missing:
            new = _with_lines(new, table, missing, known)
            there.update(missing)
            added += [".".join([*table[len(section) :], key]) for key in missing]
    if not added:
        return text, []
    try:
        right = tomlkit.parse(new).unwrap() == wanted
    except TOMLKitError:
        right = False
    if not right:
        raise ConfigError(
            f"keys cannot be put into [{'.'.join(section)}] of this file as it is written",
            place=Place(shown),
            hint=f"add them by hand, and run the command again: {', '.join(added)}",
        )
    return new, added


def _tables(
    section: _Table, values: Mapping[str, Any]
) -> Iterator[tuple[_Table, Mapping[str, Any]]]:
    """Give a section's own keys, then those of the sections below it."""
    yield section, {key: one for key, one in values.items() if not isinstance(one, Mapping)}
    for key, one in values.items():
        if isinstance(one, Mapping):
            yield from _tables((*section, key), one)


def _mapping(data: dict[str, Any], table: _Table) -> dict[str, Any] | None:
    """Find a section in plain data, making it where it is not; None where a value has its name."""
    for part in table:
        data = data.setdefault(part, {})
        if not isinstance(data, dict):
            return None
    return data


def _with_lines(text: str, table: _Table, keys: Mapping[str, Any], known: Collection[str]) -> str:
    """Put keys below the section's heading, or a new section at the end."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = "".join(f"{_line(key, value, known)}{newline}" for key, value in keys.items())
    parts = r"\s*\.\s*".join(rf"[\"']?{re.escape(part)}[\"']?" for part in table)
    heading = re.search(rf"^[ \t]*\[\s*{parts}\s*\][^\n]*(\n|\Z)", text, flags=re.MULTILINE)
    if heading:
        above = _ended(text[: heading.end()], newline)
        return above + lines + text[heading.end() :]
    before = f"{_ended(text, newline)}{newline}" if text.strip() else text
    return f"{before}[{'.'.join(map(_key, table))}]{newline}{lines}"


def _line(key: str, value: object, known: Collection[str]) -> str:
    # dlt writes the same behind what stands for a value.
    mark = "" if key in known else " # fill this in!"
    return f"{_key(key)} = {tomlkit.item(value).as_string()}{mark}"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else tomlkit.item(key).as_string()


def _ended(text: str, newline: str) -> str:
    return text if not text or text.endswith("\n") else text + newline

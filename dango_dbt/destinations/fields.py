"""The fields of a dbt target, by the names that its adapter has for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from dango_dbt.errors import ConfigError
from dango_dbt.project import Target

__all__ = ["Fields", "secrets"]

#: Names of fields whose value no message may hold; `private_key_path` and `token_uri` say where.
_SECRET = re.compile(
    r"pass|pwd|.*(password|passphrase|secret|token|private_key(_id)?|access_key(_id)?|api_key)",
    re.IGNORECASE,
)
_SECRET_MAPPINGS = frozenset({"keyfile_json", "token_endpoint"})


class Fields:
    """A target's fields, without those that are not set."""

    def __init__(self, target: Target, aliases: Mapping[str, str]) -> None:
        """Take the fields of a target; `aliases` are the adapter's further names for some."""
        self.target = target
        self._values = {
            aliases.get(name, name): value
            for name, value in target.fields.items()
            if value is not None
        }

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - any YAML value
        """Give a field's value; one that is empty counts as not there."""
        value = self._values.get(name)
        return default if value is None or value == "" else value

    def text(self, name: str, default: str = "") -> str:
        """Give a field's value as text."""
        return str(self.get(name, default))

    def taken(self, names: Mapping[str, str]) -> dict[str, Any]:
        """Give the fields that are set, under their names in dlt; an empty password is one."""
        return {ours: self._values[name] for name, ours in names.items() if name in self._values}

    def need(self, *names: str, why: str = "") -> None:
        """Refuse a target without some fields.

        Raises:
            ConfigError: one of them is missing.
        """
        missing = [name for name in names if name not in self._values]
        if missing:
            listed = ", ".join(f"`{name}:`" for name in missing)
            raise self.refusal(f"has no {listed}{why}", "add it in profiles.yml")

    def refusal(self, what: str, hint: str) -> ConfigError:
        """Make the error for a target that cannot be loaded into."""
        return ConfigError(
            f"target `{self.target.name}` {what}", place=self.target.place, hint=hint
        )

    def unknown_login(self, field: str, value: object, known: str) -> ConfigError:
        """Make the error for a way to log in that dbt knows and dlt does not."""
        return self.refusal(
            f"logs in with `{field}: {value}`, which dlt cannot do",
            f"give a target to load with one of: {known}",
        )

    def path(self, name: str) -> str:
        """Give a path as dbt understands it: relative to its working folder."""
        return str((self.target.directory / Path(self.text(name)).expanduser()).absolute())

    def existing(self, name: str) -> str:
        """Give the path of a file that is there.

        Raises:
            ConfigError: it is not.
        """
        path = self.path(name)
        if not Path(path).is_file():
            raise self.refusal(f"names a file that is not there: `{name}: {path}`", "mend the path")
        return path


def secrets(target: Target) -> frozenset[str]:
    """Give the values of a target's fields that no message may hold."""
    return frozenset(_secrets(target.fields))


def _secrets(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _texts(value) if name in _SECRET_MAPPINGS else _secrets(value)
        elif isinstance(value, list):
            yield from _secrets({str(n): item for n, item in enumerate(value)})
        elif name in _SECRET_MAPPINGS or _SECRET.fullmatch(name):
            yield str(value)
        elif name == "path":  # MotherDuck's token may stand in it
            query = dict(parse_qsl(urlsplit(str(value)).query))
            yield from _secrets(query)


def _texts(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, str) and re.search("key|token|secret", name):
            yield value

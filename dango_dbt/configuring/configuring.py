"""Values for a source → dlt's files, where git does not track them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dango_dbt.adding import CONFIG, SECRETS, read_toml, refuse_tracked
from dango_dbt.config import SourceConfig
from dango_dbt.configuring.putting import with_values
from dango_dbt.configuring.wanted import Key, Wanted, settings_with_default, wanted
from dango_dbt.errors import ConfigError
from dango_dbt.files import read_exactly, write_atomic

__all__ = ["Configuration", "configuration"]


@dataclass(frozen=True)
class Configuration:
    """What a source wants, and where that stands.

    Attributes:
        wanted: each secret and setting.
        root: the project's.
        optional: settings that its code has a default for.
    """

    source: str
    wanted: tuple[Wanted, ...]
    root: Path
    optional: frozenset[str] = frozenset()

    @property
    def missing(self) -> tuple[Wanted, ...]:
        """What is given nowhere."""
        return tuple(one for one in self.wanted if one.state == "missing")

    def write(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """Write values where dlt looks for them; all else in these files stays as it is.

        Args:
            values: by key, such as `api_key` or `credentials.password`; a new key is a secret.

        Returns:
            The files that were written.

        Raises:
            ConfigError: a key looks misspelt, a value is empty or no number where one is wanted,
                or git would track the secrets.
            GenerateError: a file cannot be written.
        """
        by_name = {one.name: one for one in self.wanted}
        placed: dict[Path, dict[Key, Any]] = {SECRETS: {}, CONFIG: {}}
        for name, value in values.items():
            one = by_name.get(name) or self._unknown(name)
            if not value.strip():
                raise ConfigError(f"`{name}` has no value", hint="nothing was written")
            placed[SECRETS if one.secret else CONFIG][one.key] = _typed(one, value)
        if placed[SECRETS]:
            refuse_tracked(self.root)
        texts = {
            path: with_values(
                read_exactly(self.root / path) or "", ("sources", self.source), keys, path
            )
            for path, keys in placed.items()
            if keys
        }
        for path, text in texts.items():
            write_atomic(self.root / path, text, private=path == SECRETS)
        return tuple(path.as_posix() for path in texts)

    def _unknown(self, name: str) -> Wanted:
        names = [one.name for one in self.wanted]
        near = get_close_matches(name, names, n=1)
        if near:
            raise ConfigError(
                f"source `{self.source}` has no `{name}`, did you mean `{near[0]}`?",
                hint=f"it wants: {', '.join(names)}",
            )
        secret = name not in self.optional
        return Wanted(tuple(name.split(".")), secret=secret, state="missing")


def configuration(source: SourceConfig, root: Path, custom_sources: Path) -> Configuration:
    """Find out what a source wants, without importing its code.

    Raises:
        ConfigError: one of dlt's files is no TOML.
    """
    found = wanted(
        source, custom_sources, *(_section(root, path, source.name) for path in (SECRETS, CONFIG))
    )
    optional = frozenset(settings_with_default(source, custom_sources))
    return Configuration(source.name, tuple(found), root, optional)


def _section(root: Path, path: Path, source: str) -> Mapping[str, Any]:
    data: Any = read_toml(read_exactly(root / path) or "", path)
    for part in ("sources", source):
        data = data.get(part, {}) if isinstance(data, Mapping) else {}
    return data if isinstance(data, Mapping) else {}


def _typed(one: Wanted, value: str) -> Any:  # noqa: ANN401 - what TOML holds
    if one.kind == "list":
        return [part.strip() for part in value.split(",") if part.strip()]
    if one.kind == "number":
        try:
            return float(value) if "." in value else int(value)
        except ValueError as error:
            raise ConfigError(f"`{one.name}` is to be a number") from error
    return value

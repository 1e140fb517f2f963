"""What sources are called with: `${VAR}` replaced, unset ones as dlt's configuration has them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dango_dbt.config import SourceConfig, SourcesConfig
from dango_dbt.credentials import Expanded, Unset, expand, variables
from dango_dbt.errors import ConfigError

__all__ = ["Arguments", "read_arguments"]


@dataclass(frozen=True)
class Arguments:
    """The arguments of one source's function.

    Attributes:
        kwargs: its `function_kwargs`, with `${VAR}` replaced.
        from_secrets: those whose `${VAR}` is unset, as dlt's configuration has them.
        unset: variables that nothing stands in for.
        broken: what begins like a variable and is none, or is unset within a longer text.
    """

    kwargs: dict[str, Any] = field(default_factory=dict, repr=False)
    from_secrets: dict[str, Any] = field(default_factory=dict, repr=False)
    unset: tuple[Unset, ...] = ()
    broken: ConfigError | None = None


def read_arguments(
    config: SourcesConfig, sources: Sequence[SourceConfig], root: Path
) -> list[Arguments]:
    """Give the arguments of each of these sources, without importing its code.

    dlt is imported only where a variable is unset that a secrets file may stand in for. One named
    in dlt's way, such as `${SOURCES__SHOP__TOKEN}`, is `token` of `[sources.shop]` in these files,
    wherever it is used.

    Raises:
        ConfigError: dlt's files have to be looked at, and one of them is not TOML.
    """
    named = {name for source in sources for name in variables(source.code.kwargs)}
    in_dlt_words = [name for name in named if "__" in name and not os.environ.get(name)]
    found: dict[str, str] = {}
    if in_dlt_words:
        from dango_dbt.sync import dlt_context, secrets

        with dlt_context(root):
            found = {name: value for name in in_dlt_words if (value := secrets.variable(name))}
    expanded = [_expand(config, source, found) for source in sources]
    if not any(isinstance(one, Expanded) and one.unset for one in expanded):
        return [_arguments(one, {}) for one in expanded]

    from dango_dbt.sync import dlt_context, secrets

    with dlt_context(root):
        return [
            _arguments(one, {key: secrets.find(source, key) for key in _keys(one)})
            for source, one in zip(sources, expanded, strict=True)
        ]


def _expand(
    config: SourcesConfig, source: SourceConfig, found: Mapping[str, str]
) -> Expanded | ConfigError:
    try:
        return expand(
            source.code.kwargs,
            source.name,
            lambda path: config.place_of(source, *source.code.path, *path),
            found,
        )
    except ConfigError as error:
        return error


def _keys(found: Expanded | ConfigError) -> Iterator[str]:
    """Name the unset arguments that may stand in a secrets file: not those within a value."""
    if isinstance(found, Expanded):
        yield from (str(item.path[0]) for item in found.unset if len(item.path) == 1)


def _arguments(found: Expanded | ConfigError, configured: dict[str, Any]) -> Arguments:
    if isinstance(found, ConfigError):
        return Arguments(broken=found)
    unset = [
        item
        for item in found.unset
        if len(item.path) > 1 or configured.get(str(item.path[0])) is None
    ]
    return Arguments(found.kwargs, configured, tuple(unset))

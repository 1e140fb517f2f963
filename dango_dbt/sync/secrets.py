"""dlt's configuration by a source's name in sources.yml: `[sources.<name>]`, also in environment.

dlt names configuration sections after the source's module and function. Two sources that use one
function could not have different secrets, and a user thinks of the name that stands in sources.yml.
So each of dlt's providers is asked for the configured name first, then in dlt's own way.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dlt.common.configuration import configspec, known_sections
from dlt.common.configuration.const import TYPE_EXAMPLES
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import ConfigProvider, StringTomlProvider
from dlt.common.configuration.providers.doc import BaseDocProvider
from dlt.common.configuration.resolve import inject_section, resolve_single_provider_value
from dlt.common.configuration.specs.base_configuration import ContainerInjectableContext
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.typing import TSecretValue

from dango_dbt.config import SourceConfig
from dango_dbt.errors import ConfigError, Place

__all__ = ["by_source_name", "find", "loading", "values", "variable"]


@configspec
class _ConfiguredSource(ContainerInjectableContext):
    """Which source this thread loads; dlt's pool threads see that of the thread they work for."""

    name: str = ""


@contextmanager
def loading(source: str) -> Iterator[None]:
    """Let dlt find configuration under this source's name, in this thread."""
    with Container().injectable_context(_ConfiguredSource(name=source)):
        yield


def by_source_name(providers: Iterable[ConfigProvider]) -> list[ConfigProvider]:
    """Have each provider looked through by source name just before it is in dlt's own way.

    So dlt's order stays: the environment wins over secrets.toml, secrets.toml over config.toml.
    """
    return [one for provider in providers for one in (_BySourceName(provider), provider)]


class _BySourceName(ConfigProvider):
    """Answers for `sources.<module>` with what another provider has under `sources.<name>`."""

    def __init__(self, provider: ConfigProvider) -> None:
        self._provider = provider

    def get_value(
        self,
        key: str,
        hint: type[Any],
        pipeline_name: str | None,
        *sections: str,
    ) -> tuple[Any | None, str]:
        own = _by_name(sections)
        if own is None:
            return None, key
        # dlt types the name of the pipeline as text, and hands on None itself
        found = self._provider.get_value(key, hint, pipeline_name, *own)  # type: ignore[arg-type,unused-ignore]
        if found[0] in TYPE_EXAMPLES.values():  # what `dlt init` writes, and so `source add`
            raise ConfigError(
                f"`{key}` is not filled in yet",
                place=Place(Path(".dlt", self._provider.name)),
                hint=f"it stands under [{'.'.join(own)}]: `dango-dbt source configure {own[1]}`"
                " asks for it; or remove the line",
            )
        return found

    def get_value_location(self, key: str, pipeline_name: str | None, *sections: str) -> str:
        own = _by_name(sections) or sections
        return self._provider.get_value_location(key, pipeline_name, *own)

    @property
    def name(self) -> str:
        return f"{self._provider.name}, by source name"

    @property
    def supports_secrets(self) -> bool:
        return self._provider.supports_secrets

    @property
    def supports_sections(self) -> bool:
        return self._provider.supports_sections

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to find: dlt then asks for none of a configuration's fields."""
        return self._provider.is_empty or _asked_for() is None

    @property
    def locations(self) -> Sequence[str]:
        return self._provider.locations

    @property
    def present_locations(self) -> Sequence[str]:
        return self._provider.present_locations


def _by_name(sections: tuple[str, ...]) -> tuple[str, ...] | None:
    """Put the configured name in the module's place, where dlt asks for the module's section.

    None where it asks for something else: a destination, or `sources.<function>`.
    """
    asked = _asked_for()
    if asked is None:
        return None
    name, module = asked
    return (sections[0], name, *sections[2:]) if sections[:2] == module else None


def _asked_for() -> tuple[str, tuple[str, ...]] | None:
    """Give the name of the source that dlt asks for, and the module's section; None: for none."""
    container = Container()
    name = container[_ConfiguredSource].name
    asking = container[ConfigSectionContext].sections
    if not name or len(asking or ()) < 2 or asking[0] != known_sections.SOURCES:  # noqa: PLR2004
        return None
    return name, asking[:2]


def find(source: SourceConfig, key: str) -> Any | None:  # noqa: ANN401 - whatever is configured
    """Look up a source's argument where dlt will look for it, without importing the source's code.

    To be called within `sync.dlt_context`. None: it is configured nowhere. What only the code
    knows (a name given to `@dlt.source`) is not looked for.
    """
    module = source.code.module.rpartition(".")[2]
    sections = (known_sections.SOURCES, module, source.code.function)
    with loading(source.name), inject_section(ConfigSectionContext(sections=sections)):
        for provider in _providers():
            hint = TSecretValue if provider.supports_secrets else str
            value, _ = resolve_single_provider_value(
                provider, key, hint, explicit_sections=sections
            )
            if value is not None:
                return value
    return None


def variable(name: str) -> str | None:
    """Look up what an environment variable in dlt's way of naming them stands for in its files.

    Args:
        name: such as `SOURCES__SHOP__TOKEN`, for `token` of `[sources.shop]`.

    To be called within `sync.dlt_context`. None: it is configured nowhere.
    """
    *sections, key = name.lower().split("__")
    for provider in _providers():
        value, _ = provider.get_value(key, str, None, *sections)  # type: ignore[arg-type,unused-ignore]
        if value and value not in TYPE_EXAMPLES.values():
            return str(value)
    return None


def values(arguments: Mapping[str, Any]) -> frozenset[str]:
    """Give all texts in secrets.toml, in the environment's variables for dlt sources, and here.

    No message may hold them. To be called within `sync.dlt_context`.
    """
    found = {value for name, value in os.environ.items() if "SOURCES__" in name.upper()}
    found.update(_texts(arguments))
    for provider in _providers():
        if isinstance(provider, BaseDocProvider) and provider.supports_secrets:
            found.update(_texts(StringTomlProvider.loads(provider.to_toml()).unwrap()))
    return frozenset(found)


def _providers() -> list[ConfigProvider]:
    return Container()[PluggableRunContext].providers.providers


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)

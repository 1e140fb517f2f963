"""`type: rest_api` → dlt's declarative REST source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dlt.common.configuration.exceptions import ConfigFieldMissingException, ConfigurationException
from dlt.common.exceptions import DltException
from dlt.extract import DltSource
from dlt.sources.rest_api import rest_api_source
from dlt.sources.rest_api.typing import RESTAPIConfig

from dango_dbt.config import in_one
from dango_dbt.declared.checking import Mistake, mistakes
from dango_dbt.declared.spelling import as_dlt
from dango_dbt.errors import ConfigError, Place, first_line

__all__ = ["check", "make"]


def check(arguments: Mapping[str, Any], place_of: Callable[..., Place]) -> list[ConfigError]:
    """Find what dlt would not take, by its own types; reads nothing and connects to nothing.

    Args:
        arguments: `client`, `resources` and `resource_defaults`, with `${VAR}` replaced or not.
        place_of: says where the value of a key of the source's entry stands in sources.yml.
    """
    config = as_dlt(arguments)
    found = [*mistakes(config, RESTAPIConfig), *_needed(config)]
    return [
        ConfigError(one.message, place=place_of("rest_api", *one.path), hint=one.hint)
        for one in found
    ]


def make(name: str, arguments: Mapping[str, Any], place_of: Callable[..., Place]) -> DltSource:
    """Make the source; dlt's secrets by the source's name stand in for what is missing in `auth`.

    Raises:
        ConfigError: dlt does not take the configuration.
    """
    if problems := check(arguments, place_of):
        raise in_one(problems)
    config: Any = as_dlt(arguments)
    try:
        return rest_api_source(config, name=name)
    except ConfigFieldMissingException as error:
        fields = ", ".join(f"`{field}`" for field in error.fields)
        raise ConfigError(
            f"source `{name}`: {fields} is not given",
            place=place_of("rest_api", "client", "auth"),
            hint=f"give it in `auth`, as a ${{VARIABLE}}, or under [sources.{name}] in"
            " .dlt/secrets.toml",
        ) from error
    except (ValueError, KeyError, TypeError, DltException, ConfigurationException) as error:
        # What types do not show: placeholders, parents that are not there.
        text = str(error.args[0]) if isinstance(error, KeyError) else first_line(error)
        raise ConfigError(
            f"source `{name}`: dlt does not take this: {text}",
            place=place_of("rest_api", "resources", *_resource_in(text, config)),
        ) from error


def _needed(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """Find what dlt needs though its types do not say so: an address, and a name for each."""
    client = config.get("client")
    if isinstance(client, Mapping) and not client.get("base_url"):
        yield Mistake(("client",), "missing key `base_url`", "it is the address of the API")
    resources = config.get("resources")
    seen: set[str] = set()
    for index, resource in enumerate(resources if isinstance(resources, list) else ()):
        name = resource.get("name") if isinstance(resource, Mapping) else resource
        if isinstance(resource, Mapping) and not name:
            yield Mistake(("resources", index), "missing key `name`")
        elif isinstance(name, str) and name in seen:
            yield Mistake(("resources", index), f"there are two resources `{name}`")
        elif isinstance(name, str):
            seen.add(name)


def _resource_in(message: str, config: Mapping[str, Any]) -> tuple[int, ...]:
    """Find the resource that a message of dlt's names."""
    for index, resource in enumerate(config["resources"]):
        name = resource["name"] if isinstance(resource, Mapping) else resource
        if re.search(rf"[`'\"]{re.escape(str(name))}[`'\"]", message):
            return (index,)
    return ()

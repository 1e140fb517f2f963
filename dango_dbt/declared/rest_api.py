"""`type: rest_api` → dlt's declarative REST source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from graphlib import CycleError
from typing import Any

from dlt.common.configuration.exceptions import ConfigFieldMissingException, ConfigurationException
from dlt.common.exceptions import DltException
from dlt.extract import DltSource
from dlt.sources.rest_api import rest_api_resources, rest_api_source
from dlt.sources.rest_api.typing import RESTAPIConfig

from dango_dbt.config import in_one
from dango_dbt.declared.checking import Mistake, mistakes
from dango_dbt.declared.endpoints import cursors, doubtful, paginators, selectors
from dango_dbt.declared.oauth2 import renewing
from dango_dbt.declared.redirects import keeping_keys
from dango_dbt.declared.spelling import as_dlt
from dango_dbt.errors import ConfigError, Place, first_line

__all__ = ["check", "doubts", "make", "names"]

#: What dlt raises for a configuration that its types allow.
_NOT_TAKEN = (ValueError, KeyError, TypeError, CycleError, DltException, ConfigurationException)
#: An address, or one that begins with a variable.
_URL = re.compile(r"https?://|\$\{")


def check(
    arguments: Mapping[str, Any], place_of: Callable[..., Place], *, complete: bool = True
) -> list[ConfigError]:
    """Find what dlt would not take, by its own types; reads nothing and connects to nothing.

    Args:
        arguments: `client`, `resources` and `resource_defaults`.
        place_of: says where the value of a key of the source's entry stands in sources.yml.
        complete: every `${VAR}` is replaced. Else only what does not hang on values is looked at.
    """
    config = as_dlt(arguments)
    found = [*mistakes(config, RESTAPIConfig), *_needed(config)]
    if complete and not found:
        found = [*paginators(config), *selectors(config), *cursors(config)]
    if found:
        return [
            ConfigError(
                one.message, place=place_of("rest_api", *one.path, at_key=one.at_key), hint=one.hint
            )
            for one in found
        ]
    try:
        # What types do not show: placeholders, parents that are not there, types of columns.
        for resource in rest_api_resources(_without_auth(config)) if complete else ():
            resource.compute_table_schema()
    except _NOT_TAKEN as error:
        return [_not_taken(error, config, place_of)]
    return []


def doubts(arguments: Mapping[str, Any], place_of: Callable[..., Place]) -> list[ConfigError]:
    """Find what dlt takes, and what is probably not meant.

    Args:
        arguments: as those that `check` has found nothing wrong with.
        place_of: likewise.
    """
    return [
        ConfigError(one.message, place=place_of("rest_api", *one.path), hint=one.hint)
        for one in doubtful(as_dlt(arguments))
    ]


def names(arguments: Mapping[str, Any]) -> list[str]:
    """Name the resources."""
    return [str(one["name"] if isinstance(one, Mapping) else one) for one in arguments["resources"]]


def _without_auth(config: Mapping[str, Any]) -> Any:  # noqa: ANN401 - dlt's RESTAPIConfig
    """Copy a configuration without what dlt would look for secrets for."""
    parts: Any = deepcopy(config)
    resources = [one for one in parts["resources"] if isinstance(one, dict)]
    below = [one.get("endpoint") for one in [*resources, parts.get("resource_defaults") or {}]]
    for part in [parts["client"], *below]:
        if isinstance(part, dict):
            part.pop("auth", None)
    return parts


def make(name: str, arguments: Mapping[str, Any], place_of: Callable[..., Place]) -> DltSource:
    """Make the source; dlt's secrets by the source's name stand in for what is missing in `auth`.

    Raises:
        ConfigError: dlt does not take the configuration.
    """
    if problems := check(arguments, place_of):
        raise in_one(problems)
    config = as_dlt(arguments)
    try:
        written = renewing(config)
        written["client"] = {**written["client"], "session": keeping_keys()}
        return rest_api_source(written, name=name)
    except ConfigFieldMissingException as error:
        fields = ", ".join(f"`{field}`" for field in error.fields)
        raise ConfigError(
            f"source `{name}`: {fields} is not given",
            place=place_of("rest_api", "client", "auth"),
            hint=f"give it in `auth`, as a ${{VARIABLE}}, or under [sources.{name}.credentials] in"
            " .dlt/secrets.toml",
        ) from error
    except _NOT_TAKEN as error:
        raise _not_taken(error, config, place_of) from error


def _not_taken(
    error: Exception, config: Mapping[str, Any], place_of: Callable[..., Place]
) -> ConfigError:
    """Say in dlt's words what it does not take, and of which resource."""
    text = f"missing key `{error.args[0]}`" if isinstance(error, KeyError) else first_line(error)
    place = place_of("rest_api", "resources", *_resource_in(text, config))
    return ConfigError(f"dlt does not take this: {text}", place=place)


def _needed(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """Find what dlt needs though its types do not say so: an address, and a name for each."""
    client = config.get("client")
    if isinstance(client, Mapping) and not (url := client.get("base_url")):
        yield Mistake(("client",), "missing key `base_url`", "it is the address of the API")
    elif isinstance(client, Mapping) and isinstance(url, str) and not _URL.match(url):
        what = "`base_url` must begin with http:// or https://"
        yield Mistake(("client", "base_url"), what)
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

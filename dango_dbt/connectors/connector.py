"""What a connector's file says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from dango_dbt.config.base import Config

__all__ = [
    "CatalogueResource",
    "Category",
    "Connector",
    "Credential",
    "Load",
    "Relationship",
    "Tested",
    "Verified",
]

Category = Literal[
    "payments",
    "crm",
    "marketing",
    "support",
    "ecommerce",
    "databases",
    "productivity",
    "development",
    "files",
    "generic",
]

_Text = Annotated[str, Field(min_length=1)]
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")]


class Credential(Config):
    """Something that a source is called with: a secret, or a setting such as a shop's name.

    Attributes:
        title: what the vendor calls it.
        where: where to get it.
        secret: whether it is one: it goes to secrets.toml, a setting to config.toml.
        default: of a setting that need not be given.
        kind: what a value typed in is taken for.
    """

    title: _Text
    where: _Text | None = None
    example: _Text | None = None
    secret: bool = True
    default: Any = None
    kind: Literal["text", "number", "list"] = "text"

    @property
    def required(self) -> bool:
        """Whether it has to be given."""
        return self.default is None


class Relationship(Config):
    """A column that holds another table's key, each as `table.column`."""

    source: str = Field(alias="from", pattern=r"^\w+\.\w+$")
    target: str = Field(alias="to", pattern=r"^\w+\.\w+$")


class Tested(Config):
    """What a connector has been tried against; never a live account.

    Attributes:
        by: a vendor-like emulator, the vendor's own description of its API, or a server of ours
            that refuses other requests than those documented.
        against: which emulator, or which description.
    """

    by: Literal["emulator", "contract", "own_server", "none"]
    against: _Text | None = Field(default=None, alias="with")


class VerifiedResource(Config):
    """A resource of a verified source, as far as the catalogue tells of it."""

    primary_key: str | list[str] | None = None
    incremental: str | None = None


class Verified(Config):
    """One of dlt's verified sources, whose code becomes part of the project."""

    name: _Text
    function: _Text
    resources: Mapping[str, VerifiedResource]


class Load(Config):
    """How a connector loads: exactly one of three ways."""

    rest_api: Mapping[str, Any] | None = None
    source: Mapping[str, Any] | None = None
    verified: Verified | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Load:
        if sum(way is not None for way in (self.rest_api, self.source, self.verified)) != 1:
            raise PydanticCustomError("one_way", "one of rest_api, source, verified")
        return self


@dataclass(frozen=True)
class CatalogueResource:
    """A resource of a connector.

    Attributes:
        parent: the resource whose items it is asked for.
        write_disposition: None: it depends on code that is not here.
        incremental: the field that tells what is new.
        selected: it is loaded where nothing is said of it; else only if it is named.
    """

    name: str
    primary_key: tuple[str, ...] = ()
    write_disposition: str | None = None
    incremental: str | None = None
    parent: str | None = None
    selected: bool = True


class Connector(Config):
    """Where data comes from, and how it is loaded.

    Attributes:
        auth: how requests are signed, in words.
        rate_limits: how often the vendor may be asked, in words.
        credentials: by the name of the argument.
        note: what a user should know beside this.
    """

    title: _Text
    category: Category
    description: _Text
    docs: _Text
    auth: _Text
    rate_limits: _Text
    tested: Tested
    credentials: Mapping[_Name, Credential] = Field(default_factory=dict)
    relationships: Annotated[tuple[Relationship, ...], Field(strict=False)] = ()
    note: _Text | None = None
    load: Load

    @property
    def summary(self) -> str:
        """The first sentence of its description."""
        return self.description.partition(". ")[0].rstrip(".")

    @property
    def resources(self) -> tuple[CatalogueResource, ...]:
        """What it loads; empty where that depends on the user, as for a database."""
        if self.load.rest_api is not None:
            return tuple(_of_rest_api(self.load.rest_api))
        if self.load.verified is not None:
            return tuple(
                CatalogueResource(name, _names(one.primary_key), incremental=one.incremental)
                for name, one in self.load.verified.resources.items()
            )
        return ()


def _of_rest_api(config: Mapping[str, Any]) -> Iterator[CatalogueResource]:
    defaults = config.get("resource_defaults") or {}
    for resource in config["resources"]:
        own = {"name": resource} if isinstance(resource, str) else resource
        merged = {**defaults, **own}
        endpoint = own.get("endpoint") or {}
        endpoint = endpoint if isinstance(endpoint, Mapping) else {"path": endpoint}
        yield CatalogueResource(
            name=own["name"],
            primary_key=_names(merged.get("primary_key")),
            write_disposition=_disposition(merged.get("write_disposition")),
            incremental=_cursor(endpoint),
            parent=_parent(endpoint),
            selected=merged.get("selected", True),
        )


def _names(key: str | list[str] | None) -> tuple[str, ...]:
    if key is None:
        return ()
    return (key,) if isinstance(key, str) else tuple(key)


def _disposition(given: object) -> str:
    if isinstance(given, Mapping):
        return str(given.get("disposition", "append"))
    return str(given or "append")


def _cursor(endpoint: Mapping[str, Any]) -> str | None:
    incremental = endpoint.get("incremental")
    if isinstance(incremental, Mapping):
        return str(incremental["cursor_path"])
    for value in (endpoint.get("params") or {}).values():
        if isinstance(value, Mapping) and value.get("type") == "incremental":
            return str(value["cursor_path"])
    return None


def _parent(endpoint: Mapping[str, Any]) -> str | None:
    """Name the resource in `{resources.parent.field}`, wherever the endpoint has it."""
    text = str(endpoint)
    _, found, rest = text.partition("{resources.")
    if found:
        return rest.partition(".")[0]
    for value in (endpoint.get("params") or {}).values():
        if isinstance(value, Mapping) and value.get("type") == "resolve":
            return str(value["resource"])
    return None

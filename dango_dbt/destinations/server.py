"""Warehouses that dlt connects to by itself, each source with connections of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from dango_dbt.credentials import redact
from dango_dbt.destinations.fields import Fields, secrets
from dango_dbt.destinations.warehouse import Place, Warehouse, driver_errors
from dango_dbt.errors import ConfigError, SyncError, first_line
from dango_dbt.project import Target

if TYPE_CHECKING:
    from dlt.common.configuration.specs import CredentialsConfiguration
    from dlt.common.destination import Destination

__all__ = ["Login", "credentials", "open_server", "require"]


@dataclass(frozen=True)
class Login:
    """What dlt is to be told of a target.

    Attributes:
        spec: dlt's class of credentials, `module:class`.
        credentials: their fields.
        native: an object of the warehouse's own library that stands for the login.
        settings: further arguments of dlt's destination.
        bucket: where files are put for the warehouse to read, as dlt's filesystem has it.
    """

    spec: str
    credentials: Mapping[str, Any] = field(repr=False)
    native: Any = field(default=None, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)
    bucket: str | None = None


def require(target: Target, modules: Sequence[str], extra: str) -> None:
    """Refuse a target whose driver is not installed.

    Raises:
        ConfigError: it is not.
    """
    missing = [name for name in modules if not _is_there(name)]
    if missing:
        raise ConfigError(
            f"target `{target.name}` is of type `{target.type}`, and what loads into that is not"
            f" installed ({', '.join(missing)})",
            place=target.place,
            hint=f"pip install 'dango-dbt[{extra}]'",
        )


def _is_there(module: str) -> bool:
    """Whether a module could be imported; a missing parent package means that it could not."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def credentials(login: Login, fields: Fields) -> CredentialsConfiguration:
    """Build dlt's credentials from a login alone: dlt's own configuration has no say in them.

    Raises:
        ConfigError: dlt does not take them.
    """
    from importlib import import_module

    from dlt.common.configuration.specs import CredentialsWithDefault
    from dlt.common.exceptions import DltException

    module, _, name = login.spec.partition(":")
    made: CredentialsConfiguration = getattr(import_module(module), name)()
    try:
        if login.native is not None:
            made.parse_native_representation(login.native)
        made.update(login.credentials)
        if isinstance(made, CredentialsWithDefault) and made.is_partial():
            made.call_method_in_mro("on_partial")  # looks for what the machine itself has
        if not made.is_resolved():
            made.resolve()
    except (ValueError, DltException) as error:
        said = redact(first_line(error), secrets(fields.target))
        raise fields.refusal(f"cannot log in: {said}", "mend the fields in profiles.yml") from error
    if "password" in login.credentials:  # dlt strips spaces, which are part of it
        made.update({"password": login.credentials["password"]})
    return made


def open_server(
    fields: Fields, destination: str, login: Login, file_formats: Sequence[str] = ()
) -> Warehouse:
    """Say where to load for a login; connects to nothing yet.

    Args:
        fields: of the target.
        destination: name of the dlt destination.
        login: what dlt is to be told.
        file_formats: which files dlt may load, the usual one first; none: all that it can.
    """
    settings = dict(login.settings)
    if file_formats:
        settings["preferred_loader_file_format"] = file_formats[0]
        settings["supported_loader_file_formats"] = list(file_formats)
        settings["loader_file_format_selector"] = None  # it asks which drivers there are

    @cache
    def factory() -> Destination[Any, Any]:
        from dlt import destinations

        made: Destination[Any, Any] = getattr(destinations, destination)(
            credentials=credentials(login, fields), **settings
        )
        return made

    @contextmanager
    def place() -> Iterator[Place]:
        yield Place(factory(), _bucket(login.bucket, login, fields) if login.bucket else None)

    @contextmanager
    def look() -> Iterator[Place | None]:
        _check(factory(), fields)  # says in one line, and without secrets, why it does not answer
        yield Place(factory())

    return Warehouse(place, look, lambda: _check(factory(), fields))


def _bucket(url: str, login: Login, fields: Fields) -> Destination[Any, Any]:
    from dlt.destinations import filesystem

    return filesystem(bucket_url=url, credentials=credentials(login, fields))


def _check(factory: Destination[Any, Any], fields: Fields) -> None:
    """See whether the warehouse answers.

    Raises:
        SyncError: it does not.
    """
    from dlt.common.destination.exceptions import DestinationException

    client = Place(factory).client("dango_dbt")
    failures: tuple[type[BaseException], ...] = (DestinationException, *driver_errors(client))
    try:
        with client.sql_client as sql:
            sql.execute_sql("SELECT 1")
    except failures as error:
        said = redact(first_line(error), secrets(fields.target))
        raise SyncError(
            f"target `{fields.target.name}` cannot be reached: {said}",
            place=fields.target.place,
            hint="see whether the warehouse is up, and what profiles.yml says of it is right",
        ) from error

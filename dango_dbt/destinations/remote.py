"""Warehouses that are reached over the network: dlt opens a connection of its own for each job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from dango_dbt.destinations.warehouse import Warehouse
from dango_dbt.errors import ConfigError, SyncError, first_line

if TYPE_CHECKING:
    from dlt.common.destination import Destination

__all__ = ["is_installed", "open_remote", "refuse_missing"]

#: dlt's default but for these: figures in docs/decisions.md.
_FORMATS = {"postgres": "csv"}
#: dlt's credentials that no message may hold.
_SECRETS = frozenset(
    {
        "access_token",
        "aws_secret_access_key",
        "aws_session_token",
        "azure_client_secret",
        "client_secret",
        "password",
        "private_key",
        "private_key_passphrase",
        "refresh_token",
        "token",
    }
)


def open_remote(
    destination: str,
    credentials: Mapping[str, Any],
    options: Mapping[str, Any],
    staging: str | None = None,
) -> Warehouse:
    """Make a warehouse of dlt's; connects to nothing yet.

    Args:
        destination: name of the dlt destination.
        credentials: dlt's.
        options: the destination's other settings.
        staging: the address of the place that data is staged in, where it needs one.
    """

    def made() -> Destination[Any, Any]:
        import dlt

        given = {"credentials": dict(credentials)} if credentials else {}
        preferred = _FORMATS.get(destination)
        more = {"preferred_loader_file_format": preferred} if preferred else {}
        made: Destination[Any, Any] = getattr(dlt.destinations, destination)(
            **given, **options, **more
        )
        return made

    @contextmanager
    def opened() -> Iterator[Destination[Any, Any]]:
        yield made()

    def staged() -> Destination[Any, Any]:
        import dlt

        return dlt.destinations.filesystem(str(staging), credentials=dict(credentials) or None)

    secrets = frozenset(str(value) for key, value in credentials.items() if key in _SECRETS)
    return Warehouse(
        opened,
        lambda: _check(made(), secrets),
        staging=staged if staging else None,
        secrets=secrets,
    )


def _check(destination: Destination[Any, Any], secrets: frozenset[str]) -> None:
    """Connect once.

    Raises:
        SyncError: that does not work.
    """
    from dlt.common.configuration.exceptions import ConfigurationException
    from dlt.common.destination.client import DestinationClientDwhConfiguration
    from dlt.common.destination.exceptions import DestinationException
    from dlt.common.schema import Schema

    try:
        config = destination.spec()
        if isinstance(config, DestinationClientDwhConfiguration):
            config._bind_dataset_name("dango_check")  # noqa: SLF001 - dlt's own way to name it
        client = destination.client(Schema("dango_check"), config)
    except (DestinationException, ConfigurationException, OSError, ValueError) as error:
        raise _unreachable(error, secrets) from error
    # The driver's own error comes through as it is.
    driver = getattr(getattr(client, "sql_client", None), "dbapi", None)
    failures = (DestinationException, OSError, *((driver.Error,) if driver else ()))
    try:
        with client:
            pass
    except failures as error:
        raise _unreachable(error, secrets) from error


def _unreachable(error: BaseException, secrets: frozenset[str]) -> SyncError:
    message = first_line(error)
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        message = message.replace(secret, "***")
    return SyncError(f"the warehouse cannot be reached: {message}")


def is_installed(module: str) -> bool:
    """Whether a module can be imported."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def refuse_missing(adapter_type: str, driver: str, extra: str) -> None:
    """Refuse a warehouse whose driver is not installed.

    Raises:
        ConfigError: it is not, with what to install.
    """
    if not is_installed(driver):
        raise ConfigError(
            f"`{driver}`, which connects to {adapter_type}, is not installed",
            hint=f"pip install 'dango-dbt[{extra}]'",
        )

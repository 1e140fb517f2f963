"""dlt's credentials for what libpq connects to, with an address that each libpq reads.

dlt writes the address as SQLAlchemy has it: a space stays one in a password, and becomes `+` in a
parameter. libpq takes `+` for itself, and from version 17 on refuses spaces.
"""

from __future__ import annotations

from dlt.destinations.impl.postgres.configuration import PostgresCredentials  # noqa: TID253 - this module is loaded by `server.credentials` alone
from dlt.destinations.impl.redshift.configuration import RedshiftCredentials  # noqa: TID253

__all__ = ["Postgres", "Redshift"]


class Postgres(PostgresCredentials):
    """A login to Postgres."""

    def to_native_representation(self) -> str:
        """Write the address."""
        return _address(super().to_native_representation())


class Redshift(RedshiftCredentials):
    """A login to Redshift."""

    def to_native_representation(self) -> str:
        """Write the address."""
        return _address(super().to_native_representation())


def _address(url: str) -> str:
    place, mark, parameters = url.partition("?")
    return place.replace(" ", "%20") + mark + parameters.replace("+", "%20")

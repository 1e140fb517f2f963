"""Logging in to SQL Server, Synapse and Fabric: fields of a dbt target → what dlt is to be told."""

from __future__ import annotations

from typing import Any

from dango_dbt.destinations.fields import Fields
from dango_dbt.destinations.server import Login

__all__ = ["fabric", "sqlserver", "synapse"]

_IMPL = "dlt.destinations.impl"
_DRIVER = "ODBC Driver 18 for SQL Server"
_DRIVERS = (_DRIVER, "ODBC Driver 17 for SQL Server")
#: What the ODBC driver does itself, by dbt's words in lower case: `sql` is its way without a word.
_ODBC = {
    "sql": "",
    "activedirectorypassword": "ActiveDirectoryPassword",
    "activedirectoryserviceprincipal": "ActiveDirectoryServicePrincipal",
    "serviceprincipal": "ActiveDirectoryServicePrincipal",
    "activedirectoryinteractive": "ActiveDirectoryInteractive",
    "activedirectoryintegrated": "ActiveDirectoryIntegrated",
    "activedirectorymsi": "ActiveDirectoryMsi",
}


def sqlserver(fields: Fields) -> Login:
    """All that the ODBC driver does by itself; tokens that dbt would fetch are refused."""
    return _odbc(fields, f"{_IMPL}.mssql.configuration:MsSqlCredentials", _DRIVERS)


def synapse(fields: Fields) -> Login:
    """As SQL Server, with the newer driver."""
    return _odbc(fields, f"{_IMPL}.synapse.configuration:SynapseCredentials", (_DRIVER,))


def _odbc(fields: Fields, spec: str, drivers: tuple[str, ...]) -> Login:
    fields.need("host", "database")
    driver = fields.text("driver", _DRIVER)
    if driver not in drivers:
        raise fields.refusal(
            f"names `driver: {driver}`, which dlt does not know",
            f"install and name one of: {', '.join(drivers)}",
        )
    known = fields.taken({"host": "host", "port": "port", "database": "database"})
    known["driver"] = driver
    if timeout := fields.get("login_timeout"):
        known["connect_timeout"] = int(timeout)
    query = {
        "Encrypt": _yes(fields.get("encrypt", True)),
        "TrustServerCertificate": _yes(fields.get("trust_cert", False)),
    }
    given = fields.text("authentication", "sql")
    way = _ODBC.get(given.lower())
    if fields.get("windows_login"):
        query["Trusted_Connection"] = "yes"
        return Login(spec, {**known, "query": query})
    if way is None:
        raise fields.unknown_login("authentication", given, ", ".join(sorted({*_ODBC} - {""})))
    if way:
        query["Authentication"] = way
    if way == "ActiveDirectoryServicePrincipal":
        fields.need("client_id", "client_secret")
        known |= fields.taken({"client_id": "username", "client_secret": "password"})
    elif way in {"", "ActiveDirectoryPassword"}:
        fields.need("UID", "PWD")
        known |= fields.taken({"UID": "username", "PWD": "password"})
    else:
        known |= fields.taken({"UID": "username"})
    return Login(spec, {**known, "query": query})


def _yes(value: Any) -> str:  # noqa: ANN401 - any YAML value
    return "yes" if value is True or str(value).lower() in {"yes", "true"} else "no"


def fabric(fields: Fields) -> Login:
    """A service principal: dlt knows nothing else."""
    fields.need("host", "database")
    given = fields.text("authentication", "ActiveDirectoryDefault")
    if given.lower() not in {"serviceprincipal", "activedirectoryserviceprincipal"}:
        raise fields.unknown_login("authentication", given, "`ServicePrincipal`")
    fields.need("tenant_id", "client_id", "client_secret")
    known = fields.taken(
        {
            "host": "host",
            "port": "port",
            "database": "database",
            "tenant_id": "azure_tenant_id",
            "client_id": "azure_client_id",
            "client_secret": "azure_client_secret",
        }
    )
    if timeout := fields.get("login_timeout"):
        known["connect_timeout"] = int(timeout)
    return Login(f"{_IMPL}.fabric.configuration:FabricCredentials", known)

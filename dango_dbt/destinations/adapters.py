"""The warehouses that we map, one row of data each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace

from dango_dbt.destinations import duckdb, google, logins, microsoft
from dango_dbt.destinations.fields import Fields
from dango_dbt.destinations.server import Login, open_server, require
from dango_dbt.destinations.warehouse import Warehouse
from dango_dbt.errors import ConfigError
from dango_dbt.project import Target

__all__ = ["ADAPTERS", "Adapter", "adapter"]

_DATABASE = {"dbname": "database", "pass": "password"}
_ODBC = {
    "user": "UID",
    "username": "UID",
    "pass": "PWD",
    "password": "PWD",
    "server": "host",
    "app_id": "client_id",
    "app_secret": "client_secret",
    "auth": "authentication",
    "trusted_connection": "windows_login",
    "TrustServerCertificate": "trust_cert",
}


@dataclass(frozen=True)
class Adapter:
    """One warehouse: dbt's adapter type, dlt's destination, sqlglot's dialect.

    Attributes:
        destination: name of the dlt destination.
        dialect: name of the sqlglot dialect, and of the file of words to quote.
        extra: which of our extras installs what it needs.
        drivers: modules that dlt needs to load into it.
        login: fields → what dlt is to be told; None: a DuckDB file, which is opened here.
        known_by: fields that tell its databases apart, by their first names in dbt.
        aliases: further names of fields, as dbt's adapter has them.
        file_formats: which files dlt may load, the usual one first; none: all that it can.
        longest_name: how many characters a dataset's name may have, where it is cut off.
    """

    destination: str
    dialect: str
    extra: str = ""
    drivers: tuple[str, ...] = ()
    login: Callable[[Fields], Login] | None = None
    known_by: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    file_formats: tuple[str, ...] = ()
    longest_name: int | None = None

    def open(self, target: Target) -> Warehouse:
        """Say where to load for a resolved dbt target; connects to nothing yet.

        Raises:
            ConfigError: see `destinations.warehouse`.
        """
        if self.login is None:
            return duckdb.open_duckdb(target)
        fields = Fields(target, self.aliases)
        require(target, self.drivers, self.extra)
        opened = open_server(fields, self.destination, self.login(fields), self.file_formats)
        return replace(opened, longest_name=self.longest_name)

    def database(self, target: Target) -> Hashable | None:
        """Tell what a target's database is known by; None: nobody shares it, or it is not known."""
        if self.login is None:
            return duckdb.database(target)
        fields = Fields(target, self.aliases)
        known = tuple(fields.text(name).lower() for name in self.known_by)
        return known if known[0] else None


def adapter(adapter_type: str) -> Adapter:
    """Look up a dbt adapter type.

    Raises:
        ConfigError: it is not mapped.
    """
    try:
        return ADAPTERS[adapter_type]
    except KeyError as error:
        raise ConfigError(
            f"dbt adapter `{adapter_type}` is not supported yet",
            hint=f"supported: {', '.join(sorted(ADAPTERS))}",
        ) from error


ADAPTERS: Mapping[str, Adapter] = {
    "duckdb": Adapter("duckdb", "duckdb", extra="motherduck"),
    "athena": Adapter(
        destination="athena",
        dialect="athena",
        extra="athena",
        drivers=("pyathena", "s3fs"),
        login=logins.athena,
        known_by=("region_name", "database"),
        aliases={"catalog": "database"},
    ),
    "bigquery": Adapter(
        destination="bigquery",
        dialect="bigquery",
        extra="bigquery",
        drivers=("google.cloud.bigquery",),
        login=google.bigquery,
        known_by=("database",),
        aliases={"project": "database", "dataset": "schema"},
    ),
    "clickhouse": Adapter(
        destination="clickhouse",
        dialect="clickhouse",
        extra="clickhouse",
        drivers=("clickhouse_driver", "clickhouse_connect"),
        login=logins.clickhouse,
        known_by=("host", "schema"),
    ),
    "databricks": Adapter(
        destination="databricks",
        dialect="databricks",
        extra="databricks",
        drivers=("databricks.sql",),
        login=logins.databricks,
        known_by=("host", "database"),
        aliases={"catalog": "database"},
    ),
    "fabric": Adapter(
        destination="fabric",
        dialect="fabric",
        extra="fabric",
        drivers=("pyodbc",),
        login=microsoft.fabric,
        known_by=("host", "database"),
        aliases=_ODBC,
    ),
    "postgres": Adapter(
        destination="postgres",
        dialect="postgres",
        extra="postgres",
        drivers=("psycopg2",),
        login=logins.postgres,
        known_by=("host", "port", "database"),
        aliases=_DATABASE,
        # CSV makes empty texts null, and parquet needs a driver more: docs/decisions.md
        file_formats=("insert_values", "model"),
        longest_name=63,
    ),
    "redshift": Adapter(
        destination="redshift",
        dialect="redshift",
        extra="redshift",
        drivers=("psycopg2",),
        login=logins.redshift,
        known_by=("host", "database"),
        aliases=_DATABASE,
    ),
    "snowflake": Adapter(
        destination="snowflake",
        dialect="snowflake",
        extra="snowflake",
        drivers=("snowflake.connector",),
        login=logins.snowflake,
        known_by=("account", "database"),
    ),
    "sqlserver": Adapter(
        destination="mssql",
        dialect="tsql",
        extra="mssql",
        drivers=("pyodbc",),
        login=microsoft.sqlserver,
        known_by=("host", "port", "database"),
        aliases=_ODBC,
    ),
    "synapse": Adapter(
        destination="synapse",
        dialect="tsql",
        extra="synapse",
        drivers=("pyodbc",),
        login=microsoft.synapse,
        known_by=("host", "database"),
        aliases=_ODBC,
    ),
}

"""The warehouses that we map: one row of data each, from dbt's profile to dlt's credentials.

dbt's fields: https://docs.getdbt.com/docs/core/connect-data-platform/about-core-connections
dlt's: https://dlthub.com/docs/dlt-ecosystem/destinations
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dango_dbt.destinations.logins import Field, Login, value_of

__all__ = ["ADAPTERS", "Adapter"]


@dataclass(frozen=True)
class Adapter:
    """One warehouse: dbt's adapter type, dlt's destination, sqlglot's dialect.

    Attributes:
        destination: name of the dlt destination.
        dialect: name of the sqlglot dialect, and of the file of words to quote.
        extra: what `pip install 'dango-dbt[…]'` needs, to load into it and to build in it.
        driver: the module that dlt connects with.
        database: dbt's fields that a database is known by.
        logins: the ways to log in.
        credentials: dlt's credentials that all logins have.
        query: likewise further parameters of the connection.
        options: other settings of dlt's destination.
        staging: dbt's field with the place that data is staged in, where dlt needs one.
    """

    destination: str
    dialect: str
    extra: str
    driver: str
    database: tuple[Field, ...] = ()
    logins: tuple[Login, ...] = ()
    credentials: Mapping[str, Field] = field(default_factory=dict)
    query: Mapping[str, Field] = field(default_factory=dict)
    options: Mapping[str, Field] = field(default_factory=dict)
    staging: Field | None = None


def _always(value: object) -> Callable[[Mapping[str, Any]], Any]:
    return lambda _: value


def _or(source: Field, default: object) -> Callable[[Mapping[str, Any]], Any]:
    """Take a field, or what dbt takes where it is not there."""

    def found(fields: Mapping[str, Any]) -> object:
        value = value_of(fields, source)
        return default if value is None else value

    return found


def _key_file(fields: Mapping[str, Any]) -> str:
    """Read a service account's key, which dlt takes as the text itself."""
    path = Path(str(fields["keyfile"])).expanduser()
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the `keyfile` cannot be read: {type(error).__name__}") from error


def _key_text(fields: Mapping[str, Any]) -> str:
    found = fields["keyfile_json"]
    return found if isinstance(found, str) else json.dumps(dict(found))


def _of_key(text: Callable[[Mapping[str, Any]], str], name: str) -> Callable[..., Any]:
    """Take one field of a service account's key."""

    def found(fields: Mapping[str, Any]) -> object:
        try:
            return json.loads(text(fields)).get(name)
        except (json.JSONDecodeError, AttributeError) as error:
            raise ValueError("the service account's key is no JSON object") from error

    return found


def _service_account(text: Callable[[Mapping[str, Any]], str]) -> Mapping[str, Field]:
    names = ("private_key", "private_key_id", "client_email")
    project = _of_key(text, "project_id")
    return {
        **{name: _of_key(text, name) for name in names},
        "project_id": lambda fields: value_of(fields, ("project", "database")) or project(fields),
    }


def _host(fields: Mapping[str, Any]) -> str:
    """Databricks' host may be given as an address."""
    host = str(fields.get("host") or "")
    return urlsplit(host).netloc or host.rstrip("/")


def _encrypted(fields: Mapping[str, Any]) -> bool:
    return bool(fields.get("secure"))


def _clickhouse_port(*, native: bool) -> Callable[[Mapping[str, Any]], int]:
    """dbt speaks one protocol and has one port; dlt speaks both, and has two."""

    def port(fields: Mapping[str, Any]) -> int:
        secure, given = _encrypted(fields), fields.get("port")
        speaks_native = fields.get("driver") == "native" or given in {9000, 9440}
        if given and speaks_native == native:
            return int(given)
        return (9440 if secure else 9000) if native else (8443 if secure else 8123)

    return port


def _yes(name: str, default: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda fields: ("yes" if fields[name] else "no") if name in fields else default


def _options(fields: Mapping[str, Any]) -> str | None:
    """Postgres takes a role as an option of the session."""
    return f"-c role={fields['role']}" if fields.get("role") else None


_USER = ("user", "username")
_PASSWORD = ("password", "pass")
_POSTGRES: Mapping[str, Field] = {
    "host": "host",
    "port": "port",
    "database": ("dbname", "database"),
    "username": "user",
    "password": _PASSWORD,
    "connect_timeout": "connect_timeout",
}
_LIBPQ: Mapping[str, Field] = {
    **{name: name for name in ("sslmode", "sslcert", "sslkey", "sslrootcert", "application_name")},
    "keepalives_idle": "keepalives_idle",
    "options": _options,
}
_SQL_SERVER: Mapping[str, Field] = {
    "host": ("host", "server"),
    "port": _or("port", 1433),
    "database": "database",
    "driver": "driver",
}
_UID, _PWD = ("user", "username", "UID"), ("password", "PWD", "pass")
_SQL_SERVER_LOGINS = (
    Login(
        "`authentication: ServicePrincipal` with `client_id` and `client_secret`",
        needs=("client_id", "client_secret"),
        given={"authentication": ("serviceprincipal",)},
        credentials={"username": "client_id", "password": "client_secret"},
        query={"Authentication": _always("ActiveDirectoryServicePrincipal")},
    ),
    Login(
        "`authentication: ActiveDirectoryPassword` with `user` and `password`",
        needs=(_UID, _PWD),
        given={"authentication": ("activedirectorypassword",)},
        credentials={"username": _UID, "password": _PWD},
        query={"Authentication": _always("ActiveDirectoryPassword")},
    ),
    Login(
        "`user` and `password`",
        needs=(_UID, _PWD),
        given={
            "authentication": (None, "sql"),
            "windows_login": (None, False),
            "trusted_connection": (None, False),
        },
        credentials={"username": _UID, "password": _PWD},
    ),
)

ADAPTERS: Mapping[str, Adapter] = {
    # A file is opened by `duckdb_file`; `md:` is MotherDuck, see below.
    "duckdb": Adapter("duckdb", "duckdb", extra="", driver="duckdb"),
    "postgres": Adapter(
        "postgres",
        "postgres",
        extra="postgres",
        driver="psycopg2",
        database=("host", _or("port", 5432), ("dbname", "database")),
        logins=(Login("`host`, `user` and `password`", needs=("host", "user", _PASSWORD)),),
        credentials=_POSTGRES,
        query=_LIBPQ,
    ),
    "redshift": Adapter(
        "redshift",
        "redshift",
        extra="redshift",
        driver="psycopg2",
        database=("host", _or("port", 5439), ("dbname", "database")),
        logins=(
            Login(
                "`host`, `user` and `password`",
                needs=("host", "user", _PASSWORD),
                given={"method": (None, "database")},
            ),
        ),
        credentials={**_POSTGRES, "port": _or("port", 5439)},
        query={"sslmode": "sslmode"},
    ),
    "snowflake": Adapter(
        "snowflake",
        "snowflake",
        extra="snowflake",
        driver="snowflake.connector",
        database=("account", "database"),
        logins=(
            Login(
                "a key pair (`private_key` or `private_key_path`)",
                needs=("user", ("private_key", "private_key_path")),
                credentials={
                    "private_key": "private_key",
                    "private_key_path": "private_key_path",
                    "private_key_passphrase": "private_key_passphrase",
                },
            ),
            Login(
                "`authenticator: oauth` (or jwt) with a `token` that is not to be refreshed",
                needs=("token",),
                given={"authenticator": ("oauth", "jwt"), "oauth_client_id": (None,)},
                credentials={"token": "token"},
                fixed={"authenticator": "oauth"},
            ),
            Login(
                "`authenticator: programmatic_access_token` with a `token`",
                needs=("user", "token"),
                given={"authenticator": ("programmatic_access_token",)},
                credentials={"token": "token", "authenticator": "authenticator"},
            ),
            Login(
                "`authenticator: externalbrowser`",
                needs=("user",),
                given={"authenticator": ("externalbrowser",)},
                credentials={"authenticator": "authenticator"},
            ),
            Login(
                "`user` and `password`, also with another `authenticator` (Okta, MFA)",
                needs=("user", "password"),
                credentials={"password": "password", "authenticator": "authenticator"},
            ),
        ),
        credentials={
            "host": "account",
            "username": "user",
            "database": "database",
            "warehouse": "warehouse",
            "role": "role",
        },
    ),
    "bigquery": Adapter(
        "bigquery",
        "bigquery",
        extra="bigquery",
        driver="google.cloud.bigquery",
        database=(("project", "database"),),
        logins=(
            Login(
                "`method: service-account` with a `keyfile`",
                needs=("keyfile",),
                given={"method": ("service-account",), "impersonate_service_account": (None,)},
                credentials=_service_account(_key_file),
            ),
            Login(
                "`method: service-account-json` with a `keyfile_json`",
                needs=("keyfile_json",),
                given={"method": ("service-account-json",), "impersonate_service_account": (None,)},
                credentials=_service_account(_key_text),
            ),
            Login(
                "`method: oauth-secrets` with `refresh_token`, `client_id` and `client_secret`",
                needs=("refresh_token", "client_id", "client_secret", ("project", "database")),
                given={"method": ("oauth-secrets",), "impersonate_service_account": (None,)},
                credentials={
                    "refresh_token": "refresh_token",
                    "client_id": "client_id",
                    "client_secret": "client_secret",
                    "project_id": ("project", "database"),
                },
            ),
            Login(
                "`method: oauth` (what gcloud has logged in)",
                given={"method": ("oauth",), "impersonate_service_account": (None,)},
            ),
        ),
        options={
            "location": "location",
            "project_id": ("execution_project", "project", "database"),
            "retry_deadline": "job_retry_deadline_seconds",
        },
    ),
    "databricks": Adapter(
        "databricks",
        "databricks",
        extra="databricks",
        driver="databricks.sql",
        database=(_host, _or("catalog", "hive_metastore")),
        logins=(
            Login("`token`", needs=("token",), credentials={"access_token": "token"}),
            Login(
                "`auth_type: oauth` with `client_id` and `client_secret`",
                needs=("client_id", "client_secret"),
                given={"auth_type": ("oauth",)},
                credentials={"client_id": "client_id", "client_secret": "client_secret"},
            ),
        ),
        credentials={
            "server_hostname": _host,
            "http_path": "http_path",
            "catalog": _or(("catalog", "database"), "hive_metastore"),
        },
    ),
    "clickhouse": Adapter(
        "clickhouse",
        "clickhouse",
        extra="clickhouse",
        driver="clickhouse_driver",
        database=(_or("host", "localhost"), "port", _or("schema", "default")),
        logins=(Login("`user` and `password`"),),
        credentials={
            "host": _or("host", "localhost"),
            "port": _clickhouse_port(native=True),
            "http_port": _clickhouse_port(native=False),
            "username": _or(_USER, "default"),
            "password": _or("password", ""),
            "database": _or("schema", "default"),
            "secure": lambda fields: int(_encrypted(fields)),
            "connect_timeout": "connect_timeout",
            "send_receive_timeout": "send_receive_timeout",
        },
    ),
    "athena": Adapter(
        "athena",
        "athena",
        extra="athena",
        driver="pyathena",
        database=("region_name", _or("database", "awsdatacatalog")),
        logins=(
            Login(
                "`aws_access_key_id` and `aws_secret_access_key`",
                needs=("aws_access_key_id", "aws_secret_access_key"),
                credentials={
                    "aws_access_key_id": "aws_access_key_id",
                    "aws_secret_access_key": "aws_secret_access_key",
                    "aws_session_token": "aws_session_token",
                },
            ),
            Login(
                "`aws_profile_name`",
                needs=("aws_profile_name",),
                credentials={"profile_name": "aws_profile_name"},
            ),
            Login("what AWS's own environment gives"),
        ),
        credentials={"region_name": "region_name"},
        options={
            "query_result_bucket": "s3_staging_dir",
            "athena_work_group": "work_group",
            "aws_data_catalog": _or("database", "awsdatacatalog"),
        },
        staging=("s3_data_dir", "s3_staging_dir"),
    ),
    "sqlserver": Adapter(
        "mssql",
        "tsql",
        extra="mssql",
        driver="pyodbc",
        database=(("host", "server"), _or("port", 1433), "database"),
        logins=_SQL_SERVER_LOGINS,
        credentials=_SQL_SERVER,
        query={
            "Encrypt": _yes("encrypt", "yes"),
            "TrustServerCertificate": _yes("trust_cert", "no"),
        },
    ),
    "synapse": Adapter(
        "synapse",
        "tsql",
        extra="synapse",
        driver="pyodbc",
        database=(("host", "server"), _or("port", 1433), "database"),
        logins=_SQL_SERVER_LOGINS,
        credentials=_SQL_SERVER,
        query={
            "Encrypt": _yes("encrypt", "yes"),
            "TrustServerCertificate": _yes("trust_cert", "no"),
        },
    ),
    "fabric": Adapter(
        "fabric",
        "fabric",
        extra="fabric",
        driver="pyodbc",
        database=(("host", "server"), "database"),
        logins=(
            Login(
                "`authentication: ServicePrincipal` with `tenant_id`, `client_id`, `client_secret`",
                needs=("tenant_id", "client_id", "client_secret"),
                given={
                    "authentication": (None, "serviceprincipal", "activedirectoryserviceprincipal")
                },
                credentials={
                    "azure_tenant_id": "tenant_id",
                    "azure_client_id": "client_id",
                    "azure_client_secret": "client_secret",
                },
            ),
        ),
        credentials={
            "host": ("host", "server"),
            "port": _or("port", 1433),
            "database": "database",
        },
    ),
}

"""The ways to log in to each warehouse: fields of a dbt target → what dlt is to be told.

Both sides are looked up: dbt's adapters' `Credentials` classes, and dlt's classes of credentials.
A way that dlt does not have is refused by name; nothing is tried instead of it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from dango_dbt.destinations.fields import Fields
from dango_dbt.destinations.server import Login

__all__ = ["athena", "clickhouse", "databricks", "postgres", "redshift", "snowflake"]

_IMPL = "dlt.destinations.impl"
_SERVER = {"host": "host", "port": "port", "user": "username", "password": "password"}


def postgres(fields: Fields) -> Login:
    """User and password, with or without certificates; `role` is set on each connection."""
    fields.need("host", "user", "password", "port", "database")
    known = fields.taken({**_SERVER, "database": "database", "connect_timeout": "connect_timeout"})
    if fields.text("host").startswith("/"):  # the folder of a Unix socket
        known["host"] = quote(fields.text("host"), safe="")
    query = fields.taken({"sslmode": "sslmode", "application_name": "application_name"})
    query.setdefault("application_name", "dango-dbt")
    for name in ("sslcert", "sslkey", "sslrootcert"):
        if value := fields.get(name):
            query[name] = value if value == "system" else fields.path(name)
    if idle := fields.get("keepalives_idle"):
        query["keepalives_idle"] = str(idle)
    if role := fields.get("role"):
        query["options"] = f"-crole={_escaped(str(role))}"
    return Login("dango_dbt.destinations.libpq:Postgres", {**known, "query": query})


def _escaped(value: str) -> str:
    """Write a value into libpq's `options`."""
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


def redshift(fields: Fields) -> Login:
    """A database user's password; dlt knows none of the IAM ways."""
    method = fields.text("method", "database")
    if method != "database":
        raise fields.unknown_login(
            "method", method, "`method: database`, with `user` and `password`"
        )
    fields.need("host", "user", "password", "database")
    if role := fields.get("role"):
        raise fields.refusal(
            f"sets `role: {role}`, which dlt cannot do",
            "give the user that loads the role's rights, and take `role` out of its target",
        )
    known = fields.taken({**_SERVER, "database": "database", "connect_timeout": "connect_timeout"})
    query = fields.taken({"sslmode": "sslmode"})
    return Login("dango_dbt.destinations.libpq:Redshift", {**known, "query": query})


_SNOWFLAKE = "a password, a key pair, `externalbrowser`, `oauth`/`jwt` with an access token"


def snowflake(fields: Fields) -> Login:
    """Password (also with MFA or Okta), key pair, access token, browser, workload identity."""
    fields.need("account", "database")
    known = fields.taken(
        {
            "user": "username",
            "password": "password",
            "database": "database",
            "warehouse": "warehouse",
            "role": "role",
        }
    )
    known["host"] = fields.text("account").replace("_", "-")  # as dbt does
    passed_on = ("host", "port", "protocol", "proxy_host", "proxy_port", "insecure_mode")
    query = fields.taken({name: name for name in (*passed_on, "client_session_keep_alive")})
    authenticator = fields.text("authenticator", "snowflake")
    match authenticator.lower():
        case "oauth" if fields.get("oauth_client_id") or fields.get("oauth_client_secret"):
            raise fields.unknown_login(
                "authenticator", "oauth", _SNOWFLAKE + " (not a refresh one)"
            )
        case "oauth" | "jwt":
            fields.need("token")
            known |= {"authenticator": "oauth", "token": fields.text("token")}
        case "programmatic_access_token":
            fields.need("user", "token")
            known |= {"authenticator": authenticator, "token": fields.text("token")}
        case "workload_identity":
            fields.need("workload_identity_provider")
            known |= {"authenticator": "WORKLOAD_IDENTITY"}
            known |= fields.taken({name: name for name in ("token", "workload_identity_provider")})
            if resource := fields.get("workload_identity_entra_resource"):
                query["workload_identity_entra_resource"] = resource
        case "externalbrowser":
            fields.need("user")
            known |= {"authenticator": authenticator}
        case "snowflake" | "snowflake_jwt":
            fields.need("user")
            known |= _key_pair(fields) or _password(fields)
        case other if other == "username_password_mfa" or other.startswith("https://"):
            fields.need("user", "password")
            known |= {"authenticator": authenticator}
        case _:
            raise fields.unknown_login("authenticator", authenticator, _SNOWFLAKE)
    spec = f"{_IMPL}.snowflake.configuration:SnowflakeCredentials"
    return Login(spec, {**known, "query": query})


def _key_pair(fields: Fields) -> dict[str, Any]:
    names = ("private_key", "private_key_passphrase")
    known = fields.taken({name: name for name in names})
    if fields.get("private_key_path"):
        known["private_key_path"] = fields.existing("private_key_path")
    return known if fields.get("private_key") or fields.get("private_key_path") else {}


def _password(fields: Fields) -> dict[str, Any]:
    fields.need("password", why=f": dlt logs in with one of: {_SNOWFLAKE}")
    return {}


_DATABRICKS = "`token`; `client_id` and `client_secret` of a Databricks service principal"


def databricks(fields: Fields) -> Login:
    """A token, or a service principal of Databricks (OAuth between machines)."""
    fields.need("host", "http_path")
    known = fields.taken(
        {
            "http_path": "http_path",
            "token": "access_token",
            "client_id": "client_id",
            "client_secret": "client_secret",
            "session_properties": "session_configuration",
            "connection_parameters": "connection_parameters",
        }
    )
    known["server_hostname"] = fields.text("host").removeprefix("https://").rstrip("/")
    known["catalog"] = fields.text("database", "hive_metastore")  # as dbt has it
    if fields.get("token"):
        known.pop("client_id", None)
        known.pop("client_secret", None)
    elif fields.get("azure_client_id") or fields.get("azure_client_secret"):
        raise fields.unknown_login("azure_client_id", "…", _DATABRICKS)
    elif fields.text("auth_type") in {"env-oidc", "file-oidc"}:
        raise fields.unknown_login("auth_type", fields.get("auth_type"), _DATABRICKS)
    elif not (fields.get("client_id") and fields.get("client_secret")):
        raise fields.unknown_login("auth_type", fields.text("auth_type", "oauth"), _DATABRICKS)
    return Login(f"{_IMPL}.databricks.configuration:DatabricksCredentials", known)


_NATIVE_PORTS = (9000, 9440)


def clickhouse(fields: Fields) -> Login:
    """User and password; dlt needs both ports, of which dbt names the one that it takes."""
    known = fields.taken(
        {
            "user": "username",
            "password": "password",
            "connect_timeout": "connect_timeout",
            "send_receive_timeout": "send_receive_timeout",
        }
    )
    if not fields.get("verify", True) or fields.get("client_cert"):
        raise fields.refusal(
            "sets `verify: false` or `client_cert:`, which dlt cannot do",
            "let ClickHouse have a certificate that can be verified, and log in with a password",
        )
    secure = bool(fields.get("secure", False))
    ports = {"port": 9440, "http_port": 8443} if secure else {"port": 9000, "http_port": 8123}
    if port := fields.get("port"):
        native = fields.text("driver") == "native" or int(port) in _NATIVE_PORTS
        ports["port" if native else "http_port"] = int(port)
    known.setdefault("password", "")
    return Login(
        f"{_IMPL}.clickhouse.configuration:ClickHouseCredentials",
        {
            **known,
            **ports,
            "host": fields.text("host", "localhost"),
            "database": fields.target.schema or "default",
            "secure": int(secure),
        },
    )


def athena(fields: Fields) -> Login:
    """Keys, a profile, or what the machine has; files go to `s3_data_dir`, or `s3_staging_dir`."""
    fields.need("region_name", "s3_staging_dir")
    if fields.get("assume_role_arn"):
        raise fields.unknown_login(
            "assume_role_arn", "…", "keys, or an `aws_profile_name` whose profile takes the role"
        )
    keys = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region_name")
    known = fields.taken({**{name: name for name in keys}, "aws_profile_name": "profile_name"})
    return Login(
        "dlt.common.configuration.specs:AwsCredentials",
        known,
        settings={
            "query_result_bucket": fields.text("s3_staging_dir"),
            "athena_work_group": fields.get("work_group"),
            "aws_data_catalog": fields.text("database", "awsdatacatalog"),
        },
        bucket=fields.text("s3_data_dir") or fields.text("s3_staging_dir"),
    )

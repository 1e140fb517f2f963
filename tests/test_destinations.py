"""Each way to log in that a dbt profile has becomes dlt's own, or is refused by name.

dlt's real credentials are built, and what it would hand to the warehouse's driver is compared.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from dango_dbt import destinations
from dango_dbt.destinations import ADAPTERS, duckdb
from dango_dbt.destinations.fields import Fields, secrets
from dango_dbt.destinations.server import Login, credentials
from dango_dbt.errors import ConfigError, Place
from dango_dbt.project import Target

PLACE = Place(Path("profiles.yml"), 7, 5)


def target(fields: Mapping[str, Any], directory: Path = Path("/project")) -> Target:
    schema = str(fields.get("schema", "analytics"))
    return Target("prod", str(fields["type"]), schema, fields, directory, PLACE)


def logged_in(fields: Mapping[str, Any], directory: Path = Path("/project")) -> tuple[Any, Login]:
    """Give dlt's credentials for a target, and all that dlt is told."""
    resolved = target(fields, directory)
    row = ADAPTERS[resolved.type]
    known = Fields(resolved, row.aliases)
    login = duckdb.motherduck(known) if row.login is None else row.login(known)
    return credentials(login, known), login


def _dsn(made: Any) -> Mapping[str, Any]:  # noqa: ANN401 - dlt's credentials
    from psycopg2.extensions import parse_dsn

    parsed: Mapping[str, Any] = parse_dsn(made.to_native_representation())
    return parsed


#: What dlt hands to the driver.
HANDED: Mapping[str, Callable[[Any], Mapping[str, Any]]] = {
    "postgres": _dsn,
    "redshift": _dsn,
    "snowflake": lambda made: made.to_connector_params(),
    "databricks": lambda made: made.to_connector_params(),
    "sqlserver": lambda made: made.get_odbc_dsn_dict(),
    "synapse": lambda made: made.get_odbc_dsn_dict(),
    "fabric": lambda made: made.get_odbc_dsn_dict(),
    "duckdb": lambda made: {"connect": made._conn_str()},
}

PG = {"type": "postgres", "host": "db.example", "port": 5432, "user": "me", "dbname": "shop"}
RS = {"type": "redshift", "host": "c.example", "port": 5439, "user": "me", "dbname": "shop"}
SF = {"type": "snowflake", "account": "org_x-acc", "user": "me", "database": "shop"}
DB = {"type": "databricks", "host": "https://x.example/", "http_path": "/sql/1", "catalog": "shop"}
CH = {"type": "clickhouse", "host": "ch.example", "user": "me", "password": "pw", "schema": "shop"}
MS = {"type": "sqlserver", "server": "ms.example", "port": 1433, "database": "shop"}
FB = {"type": "fabric", "server": "fb.example", "database": "shop"}
AT = {"type": "athena", "region_name": "eu-west-1", "s3_staging_dir": "s3://results/"}
KEYS = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "sec"}
BQ = {"type": "bigquery", "project": "shop", "dataset": "analytics"}
KEY = {"client_email": "a@b.example", "private_key": "-----BEGIN X-----\\nk\\n-----END X-----\\n"}
PRINCIPAL = {"client_id": "app", "client_secret": "sec"}


def _rsa() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    return (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"open"),
        )
        .decode()
    )


CASES: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = [
    (
        "postgres: password",
        {**PG, "pass": " p@ss/w:rd #1%2F ", "connect_timeout": 3, "search_path": "x"},
        {
            "host": "db.example",
            "port": "5432",
            "user": "me",
            "dbname": "shop",
            "password": " p@ss/w:rd #1%2F ",
            "connect_timeout": "3",
        },
    ),
    (
        "postgres: certificates, a role, other names of the fields",
        {
            **PG,
            "dbname": None,
            "database": "shop",
            "password": "",
            "role": "loa der",
            "sslmode": "verify-full",
            "sslcert": "certs/me.crt",
            "sslkey": "/keys/me.key",
            "sslrootcert": "system",
            "keepalives_idle": 30,
            "application_name": "nightly",
        },
        {
            "dbname": "shop",
            "sslmode": "verify-full",
            "sslcert": "/project/certs/me.crt",
            "sslkey": "/keys/me.key",
            "sslrootcert": "system",
            "keepalives_idle": "30",
            "options": "-crole=loa\\ der",
            "application_name": "nightly",
        },
    ),
    ("postgres: socket", {**PG, "host": "/run/pg", "pass": "x"}, {"host": "/run/pg"}),
    (
        "redshift: password",
        {**RS, "method": "database", "pass": "pw", "sslmode": "require"},
        {"host": "c.example", "port": "5439", "password": "pw", "sslmode": "require"},
    ),
    (
        "snowflake: password",
        {**SF, "password": "pw", "warehouse": "wh", "role": "loa der", "host": "h.example"},
        {
            "account": "org-x-acc",
            "user": "me",
            "password": "pw",
            "database": "shop",
            "warehouse": "wh",
            "role": "loa der",
            "host": "h.example",
        },
    ),
    (
        "snowflake: access token",
        {**SF, "authenticator": "oauth", "token": "tok"},
        {"authenticator": "oauth", "token": "tok"},
    ),
    (
        "snowflake: jwt",
        {**SF, "authenticator": "jwt", "token": "tok", "user": None},
        {"authenticator": "oauth", "token": "tok"},
    ),
    (
        "snowflake: programmatic access token",
        {**SF, "authenticator": "programmatic_access_token", "token": "tok"},
        {"authenticator": "programmatic_access_token", "token": "tok", "user": "me"},
    ),
    (
        "snowflake: browser",
        {**SF, "authenticator": "externalbrowser"},
        {"authenticator": "externalbrowser", "user": "me"},
    ),
    (
        "snowflake: MFA",
        {**SF, "authenticator": "username_password_mfa", "password": "pw"},
        {"authenticator": "username_password_mfa", "password": "pw"},
    ),
    (
        "snowflake: Okta",
        {**SF, "authenticator": "https://x.okta.example", "password": "pw"},
        {"authenticator": "https://x.okta.example", "password": "pw"},
    ),
    (
        "snowflake: workload identity",
        {**SF, "authenticator": "workload_identity", "workload_identity_provider": "aws"},
        {"authenticator": "WORKLOAD_IDENTITY", "workload_identity_provider": "aws"},
    ),
    (
        "databricks: token",
        {**DB, "token": "dapi", "session_properties": {"a": "1"}},
        {
            "server_hostname": "x.example",
            "http_path": "/sql/1",
            "catalog": "shop",
            "access_token": "dapi",
            "session_configuration": {"a": "1"},
        },
    ),
    (
        "databricks: no catalog",
        {**DB, "catalog": None, "token": "dapi"},
        {"catalog": "hive_metastore"},
    ),
    ("sqlserver: password", {**MS, "user": "me", "password": "p;w"}, {"UID": "me", "PWD": "p;w"}),
    (
        "sqlserver: Entra password",
        {
            **MS,
            "authentication": "ActiveDirectoryPassword",
            "UID": "me",
            "PWD": "pw",
            "driver": "ODBC Driver 17 for SQL Server",
            "trust_cert": True,
            "encrypt": False,
        },
        {
            "AUTHENTICATION": "ActiveDirectoryPassword",
            "UID": "me",
            "PWD": "pw",
            "DRIVER": "ODBC Driver 17 for SQL Server",
            "SERVER": "ms.example,1433",
            "ENCRYPT": "no",
            "TRUSTSERVERCERTIFICATE": "yes",
            "DATABASE": "shop",
        },
    ),
    (
        "sqlserver: service principal",
        {**MS, "authentication": "ServicePrincipal", "tenant_id": "t", **PRINCIPAL},
        {"AUTHENTICATION": "ActiveDirectoryServicePrincipal", "UID": "app", "PWD": "sec"},
    ),
    (
        "sqlserver: managed identity",
        {**MS, "authentication": "ActiveDirectoryMSI"},
        {"AUTHENTICATION": "ActiveDirectoryMsi", "ENCRYPT": "yes", "PWD": None},
    ),
    ("sqlserver: Windows", {**MS, "windows_login": True}, {"TRUSTED_CONNECTION": "yes"}),
    (
        "synapse: password",
        {**MS, "type": "synapse", "user": "me", "password": "pw"},
        {"LONGASMAX": "yes", "UID": "me", "DRIVER": "ODBC Driver 18 for SQL Server"},
    ),
    (
        "fabric: service principal",
        {**FB, "authentication": "ServicePrincipal", "tenant_id": "t", **PRINCIPAL},
        {"SERVER": "fb.example,1433", "DATABASE": "shop", "UID": "app@t", "PWD": "sec"},
    ),
    (
        "clickhouse: http",
        {**CH, "secure": True, "port": 8443},
        {
            "host": "ch.example",
            "port": 9440,
            "http_port": 8443,
            "secure": 1,
            "username": "me",
            "password": "pw",
            "database": "shop",
        },
    ),
    (
        "clickhouse: native",
        {**CH, "port": 9001, "driver": "native"},
        {"port": 9001, "http_port": 8123, "secure": 0},
    ),
    (
        "athena: keys",
        {**AT, **KEYS, "aws_session_token": "tok"},
        {**KEYS, "aws_session_token": "tok", "region_name": "eu-west-1"},
    ),
    (
        "bigquery: key as text",
        {**BQ, "method": "service-account-json", "keyfile_json": KEY, "execution_project": "jobs"},
        {
            "project_id": "jobs",
            "client_email": "a@b.example",
            "private_key": "-----BEGIN X-----\nk\n-----END X-----\n",
        },
    ),
    (
        "bigquery: key in base64",
        {
            **BQ,
            "method": "service-account-json",
            "keyfile_json": base64.b64encode(json.dumps(KEY).encode()).decode(),
        },
        {"project_id": "shop", "client_email": "a@b.example"},
    ),
    (
        "motherduck: token in the path",
        {"type": "duckdb", "path": "md:shop?motherduck_token=tok"},
        {"connect": "md:shop?motherduck_token=tok"},
    ),
    (
        "motherduck: token in the settings",
        {"type": "duckdb", "path": "motherduck:shop", "settings": {"motherduck_token": "tok"}},
        {"connect": "md:shop?motherduck_token=tok"},
    ),
    (
        "motherduck: token of the plugin",
        {
            "type": "duckdb",
            "path": "md:shop",
            "plugins": [{"module": "motherduck", "config": {"token": "tok"}}],
        },
        {"connect": "md:shop?motherduck_token=tok"},
    ),
]


@pytest.mark.parametrize(
    ("fields", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_login_becomes_dlts(fields: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    made, _ = logged_in(fields)
    assert made.is_resolved()
    handed = HANDED.get(str(fields["type"]), dict)(made)
    assert {name: handed.get(name) for name in expected} == expected


def test_key_pairs_of_snowflake_are_opened(tmp_path: Path) -> None:
    key = _rsa()
    (tmp_path / "me.p8").write_text(key, encoding="utf-8")
    passphrase = {"private_key_passphrase": "open"}
    by_text, _ = logged_in({**SF, "private_key": key, **passphrase})
    by_path, _ = logged_in({**SF, "private_key_path": "me.p8", **passphrase}, tmp_path)
    handed = by_text.to_connector_params()
    assert handed["private_key"] == by_path.to_connector_params()["private_key"]
    assert isinstance(handed["private_key"], bytes)
    assert "private_key_passphrase" not in handed


def test_a_key_file_of_bigquery_is_read(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text(json.dumps({**KEY, "project_id": "own"}), "utf-8")
    fields = {"type": "bigquery", "method": "service-account", "keyfile": "key.json"}
    made, login = logged_in(fields, tmp_path)
    assert made.project_id == "own"
    assert login.settings == {}
    _, login = logged_in({**BQ, **fields, "location": "EU"}, tmp_path)
    assert login.settings == {"project_id": "shop", "location": "EU"}


@pytest.mark.skipif(not find_spec("google.oauth2"), reason="google-auth is not installed")
@pytest.mark.parametrize(
    "fields",
    [
        {"method": "oauth-secrets", "token": "tok"},
        {
            "method": "oauth-secrets",
            "refresh_token": "r",
            "token_uri": "https://x.example",
            **PRINCIPAL,
        },
    ],
)
def test_tokens_of_bigquery_are_googles_own(fields: Mapping[str, Any]) -> None:
    made, _ = logged_in({**BQ, **fields})
    assert made.is_resolved()
    assert made.project_id == "shop"
    assert made.to_native_credentials().token == fields.get("token")
    other, _ = logged_in({**BQ, **fields, "impersonate_service_account": "x@y.example"})
    assert other.to_native_credentials().service_account_email == "x@y.example"


def test_athena_has_a_bucket_for_files() -> None:
    _, login = logged_in({**AT, **KEYS, "s3_data_dir": "s3://data/", "work_group": "wg"})
    assert login.bucket == "s3://data/"
    assert login.settings["query_result_bucket"] == "s3://results/"
    assert login.settings["athena_work_group"] == "wg"
    _, login = logged_in({**AT, **KEYS})
    assert login.bucket == "s3://results/"


REFUSED: list[tuple[Mapping[str, Any], str]] = [
    ({**PG}, "has no `password:`"),
    ({**PG, "host": None, "user": None, "pass": "x"}, "has no `host:`, `user:`"),
    ({**RS, "method": "iam"}, "logs in with `method: iam`, which dlt cannot do"),
    ({**RS, "password": "pw", "role": "r"}, "sets `role: r`"),
    ({**SF}, "has no `password:`: dlt logs in with one of: a password, a key pair"),
    (
        {**SF, "private_key_path": "gone.p8"},
        "that is not there: `private_key_path: /project",
    ),
    (
        {**SF, "authenticator": "oauth", "token": "refresh", "oauth_client_id": "id"},
        "`authenticator: oauth`, which dlt cannot do",
    ),
    ({**SF, "authenticator": "oauth"}, "has no `token:`"),
    ({**SF, "authenticator": "other"}, "`authenticator: other`, which dlt cannot do"),
    ({**DB}, "`auth_type: oauth`, which dlt cannot do"),
    ({**DB, "azure_client_id": "a", "azure_client_secret": "b"}, "`azure_client_id: …`"),
    ({**DB, "auth_type": "env-oidc"}, "`auth_type: env-oidc`"),
    ({**CH, "verify": False}, "sets `verify: false`"),
    ({**AT, **KEYS, "assume_role_arn": "arn"}, "`assume_role_arn: …`, which dlt cannot do"),
    ({"type": "athena", "region_name": "x"}, "has no `s3_staging_dir:`"),
    ({**MS, "authentication": "CLI"}, "`authentication: CLI`, which dlt cannot do"),
    ({**MS, "driver": "FreeTDS"}, "names `driver: FreeTDS`, which dlt does not know"),
    ({**MS}, "has no `UID:`, `PWD:`"),
    ({**FB}, "`authentication: ActiveDirectoryDefault`, which dlt cannot do"),
    ({**BQ, "method": "external-oauth-wif"}, "`method: external-oauth-wif`"),
    ({**BQ, "method": "service-account", "keyfile": "gone"}, "that is not there: `keyfile:"),
    ({**BQ, "method": "service-account-json", "keyfile_json": "?"}, "neither a mapping nor JSON"),
    ({**BQ, "method": "service-account-json", "keyfile_json": {}}, "no key of a service account"),
    ({"type": "duckdb", "path": "md:"}, "names no database of MotherDuck"),
    ({"type": "duckdb", "path": "md:shop"}, "has no token for MotherDuck"),
]


@pytest.mark.parametrize(("fields", "said"), REFUSED, ids=[case[1] for case in REFUSED])
def test_what_dlt_cannot_do_is_refused_with_its_place(
    fields: Mapping[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("motherduck_token", "MOTHERDUCK_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError) as refused:
        logged_in(fields)
    assert str(refused.value).startswith("profiles.yml:7:5: target `prod` ")
    assert said in str(refused.value)
    assert refused.value.hint
    for secret in ("refresh", "sec", "pw"):
        assert secret not in str(refused.value).replace("oauth-secrets", "")


def test_an_adapter_that_is_not_installed_says_which_extra_to_install() -> None:
    checked = 0
    for name, row in ADAPTERS.items():
        if row.drivers and not all(_is_there(driver) for driver in row.drivers):
            with pytest.raises(ConfigError, match="is not installed") as refused:
                destinations.warehouse(target({"type": name}))
            assert refused.value.hint == f"pip install 'dango-dbt[{row.extra}]'"
            checked += 1
    assert checked


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def test_each_extra_is_declared() -> None:
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    for row in ADAPTERS.values():
        assert f'\n{row.extra} = ["d' in text


def test_all_secrets_of_a_profile_are_known() -> None:
    fields = {
        "type": "x",
        "user": "me",
        "pass": "s1",
        "PWD": "s2",
        "private_key": "s3",
        "private_key_path": "/p",
        "private_key_passphrase": "s4",
        "client_secret": "s5",
        "aws_secret_access_key": "s6",
        "token_uri": "u",
        "keepalives_idle": 1,
        "settings": {"motherduck_token": "s7"},
        "plugins": [{"config": {"token": "s8"}}],
        "keyfile_json": {"private_key": "s9", "client_email": "e"},
        "path": "md:x?token=s10",
    }
    assert secrets(target(fields)) == {f"s{number}" for number in range(1, 11)}


def test_databases_are_told_apart() -> None:
    def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        return destinations.same_database(target(one), target(other))

    assert same(PG, {**PG, "user": "you", "database": "shop", "dbname": None})
    assert not same(PG, {**PG, "port": 5433})
    assert not same(PG, {**PG, "dbname": "other"})
    assert not same({"type": "postgres"}, {"type": "postgres"})
    assert same(SF, {**SF, "role": "other"})
    assert same(
        {"type": "duckdb", "path": "md:shop"}, {"type": "duckdb", "path": "motherduck:shop?token=x"}
    )


@pytest.mark.parametrize("fields", [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_dlts_own_configuration_has_no_say(
    fields: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password left in secrets.toml or the environment must not send rows elsewhere."""
    import dlt.destinations

    made, login = logged_in(fields)
    before = dict(made)
    name = ADAPTERS[str(fields["type"])].destination if fields["type"] != "duckdb" else "motherduck"
    for field in ("HOST", "PASSWORD", "USERNAME", "TOKEN", "ROLE", "DATABASE", "PROJECT_ID"):
        for section in ("", "CREDENTIALS__", f"DESTINATION__{name.upper()}__CREDENTIALS__"):
            monkeypatch.setenv(f"{section}{field}", "elsewhere")
    factory = getattr(dlt.destinations, name)(credentials=made, **login.settings)
    config = factory.configuration(factory.spec()._bind_dataset_name(dataset_name="raw_shop"))
    assert dict(config.credentials) == before
    for setting, value in login.settings.items():
        assert getattr(config, setting) == value


def test_what_capabilities_depend_on_is_looked_up_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step of a load asks for them; a client is of one dataset, and so looked up anew."""
    from dlt.common.configuration.resolve import resolve_configuration

    looked_up = []

    def counted(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - dlt's
        looked_up.append(args)
        return resolve_configuration(*args, **options)

    monkeypatch.setattr("dlt.common.destination.reference.resolve_configuration", counted)
    opened = destinations.warehouse(target({"type": "duckdb", "path": "shop.duckdb"}, tmp_path))
    with opened.place() as place:
        first, second = place.destination.capabilities(), place.destination.capabilities()
        assert first.preferred_loader_file_format == "parquet"
        assert first is not second  # steps of a pipeline change theirs
        assert len(looked_up) == 1
        for dataset in ("raw_shop", "raw_crm"):
            assert place.client(dataset).config.dataset_name == dataset

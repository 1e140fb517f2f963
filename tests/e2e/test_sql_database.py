"""`type: sql_database`: a real Postgres and a real MariaDB, read with the Arrow backend."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import pytest
import yaml

from tests import mariadb, postgres

if TYPE_CHECKING:
    from dango_dbt.results import RunResult, SyncResult
    from tests.e2e.conftest import Workspace

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Origin:
    """A database to load from, which is empty at first."""

    kind: Literal["postgres", "mariadb"]
    port: int
    execute: Callable[[str], object]
    database: str = "origin"

    @property
    def address(self) -> str:
        """The address without a driver, as people copy it from elsewhere."""
        kind = {"postgres": "postgresql", "mariadb": "mysql"}[self.kind]
        secret = quote(postgres.PASSWORD, safe="")
        return f"{kind}://{postgres.USER}:{secret}@127.0.0.1:{self.port}/{self.database}"


@pytest.fixture(scope="session")
def maria() -> Iterator[mariadb.MariaDb]:
    """Start a MariaDB, once for all tests of a process; without one they are skipped."""
    with mariadb.running() as server:
        if server is None:
            pytest.skip("no MariaDB here, or nobody to run it: apt-get install mariadb-server")
        yield server


@pytest.fixture(params=["postgres", "mariadb"])
def origin(request: pytest.FixtureRequest) -> Origin:
    """Give an empty database of each kind."""
    if request.param == "postgres":
        server: postgres.Server = request.getfixturevalue("postgres")
        database = server.database("origin")
        return Origin("postgres", database.port, database.rows)
    maria: mariadb.MariaDb = request.getfixturevalue("maria")
    maria.database("origin")
    return Origin("mariadb", maria.port, lambda sql: maria.execute(sql, "origin"))


def declare(workspace: Workspace, origin: Origin, **settings: Any) -> None:  # noqa: ANN401 - any
    block = {"credentials": "${ORIGIN}", **settings}
    entry = {"name": "shop", "type": "sql_database", "sql_database": block}
    workspace.write(".dango/sources.yml", yaml.safe_dump({"sources": [entry]}))
    workspace.write(".env", f"ORIGIN='{origin.address}'\n")


def failures(result: RunResult) -> list[str]:
    return [str(source.error) for source in result.sources or () if source.error]


_COMMON = """
create table customers (id {serial}, name varchar(100) not null, note varchar(40));
insert into customers (name, note) values ('Ada', ''), ('Ben', null);
"""

# Names with capitals and reserved words; two references to one table; a key of two columns.
POSTGRES = (
    _COMMON.format(serial="bigserial primary key")
    + """
create schema other;
create table other.owner (id integer primary key);
create type mood as enum ('sad', 'ok');
create domain cents as numeric(10, 2);
create table "Order" (
    "OrderId" integer primary key, "select" text,
    "customerId" bigint not null references customers (id),
    gift_for bigint references customers (id),
    total numeric(12, 2), rate numeric, wide numeric(50, 10), fee cents, ratio double precision,
    single real, small smallint, flag boolean, made timestamptz, wall timestamp, day date,
    hour time, tags text[], doc jsonb, uid uuid, raw bytea, span interval, ip inet, price money,
    feeling mood, during int4range, zoned timetz, owner integer references other.owner
);
insert into "Order" values
    (1, 'x', 1, 2, 12345.67, 0.123456789012345678, 1e30 + 0.5, 9.99, 0.1, 1.5, -5, true,
     '2024-01-31 12:00:00.123456+02', '2024-01-31 12:00:00.5', '2024-02-29', '23:59:59.5',
     '{a,"b c"}', '{"a": [1, null]}', '6f9619ff-8b86-d011-b42d-00cf4fc964ff', '\\x00ff',
     '1 day 02:00', '10.0.0.1', '12.50', 'ok', '[1,5)', '10:11:12+02', null),
    (2, '', 2"""
    + ", null" * 24
    + """);
create table line ("OrderId" integer references "Order", no integer, primary key ("OrderId", no));
insert into line values (1, 1), (1, 2);
"""
)
MARIADB = (
    _COMMON.format(serial="bigint unsigned primary key auto_increment")
    + """
create table `Order` (
    OrderId integer primary key, `select` text, customerId bigint unsigned not null,
    gift_for bigint unsigned, total decimal(12, 2), wide decimal(50, 10), ratio double,
    single float, small smallint, flag boolean, big bigint unsigned, made timestamp(6) null,
    wall datetime(6), day date, hour time(6), doc json, uid uuid, raw varbinary(10), bits bit(8),
    yr year, tags set('a', 'b'), feeling enum('sad', 'ok'), picture longblob, due date not null,
    foreign key (customerId) references customers (id),
    foreign key (gift_for) references customers (id)
);
set time_zone = '+02:00', sql_mode = '';
insert into `Order` values
    (1, 'x', 1, 2, 12345.67, 123456789012345678901234567890.5, 0.1, 1.5, -5, true,
     18446744073709551615, '2024-01-31 12:00:00.123456', '2024-01-31 12:00:00.5', '2024-02-29',
     '23:59:59.5', '{"a": [1, null]}', '6f9619ff-8b86-d011-b42d-00cf4fc964ff', x'00ff', b'101',
     2024, 'a,b', 'ok', x'0102', '2024-02-29'),
    (2, '', 2"""
    + ", null" * 20
    + """, '0000-00-00');
create table line (
    OrderId integer, no integer, primary key (OrderId, no),
    foreign key (OrderId) references `Order` (OrderId)
);
insert into line values (1, 1), (1, 2);
"""
)

_MADE = dt.datetime(2024, 1, 31, 10, 0, 0, 123456, tzinfo=dt.timezone.utc)
_SHARED = {
    "order_id": ("BIGINT", 1),
    "select": ("VARCHAR", "x"),
    "customer_id": ("BIGINT", 1),
    "gift_for": ("BIGINT", 2),
    "total": ("DECIMAL(12,2)", Decimal("12345.67")),
    "ratio": ("DOUBLE", 0.1),
    "single": ("DOUBLE", 1.5),
    "small": ("INTEGER", -5),
    "made": ("TIMESTAMP WITH TIME ZONE", _MADE),
    "wall": ("TIMESTAMP", dt.datetime(2024, 1, 31, 12, 0, 0, 500000)),  # noqa: DTZ001 - has none
    "day": ("DATE", dt.date(2024, 2, 29)),
    "hour": ("TIME", dt.time(23, 59, 59, 500000)),
    "uid": ("VARCHAR", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"),
    "raw": ("BLOB", b"\x00\xff"),
    "feeling": ("VARCHAR", "ok"),
}
#: Column → its type in DuckDB, and its value in the first row; in the second row all else is null.
EXPECTED: dict[str, dict[str, tuple[str, Any]]] = {
    "postgres": {
        **_SHARED,
        "flag": ("BOOLEAN", True),
        "rate": ("DECIMAL(38,18)", Decimal("0.123456789012345678")),
        "wide": ("VARCHAR", "1000000000000000000000000000000.5000000000"),
        "fee": ("DECIMAL(38,18)", Decimal("9.99")),
        "tags": ("JSON", '["a","b c"]'),
        "doc": ("JSON", '{"a":[1,null]}'),
        "span": ("VARCHAR", "1 day 02:00:00"),
        "ip": ("VARCHAR", "10.0.0.1"),
        "price": ("DECIMAL(19,2)", Decimal("12.50")),
        "during": ("VARCHAR", "[1,5)"),
        "zoned": ("VARCHAR", "10:11:12+02"),
    },
    "mariadb": {
        **_SHARED,
        "flag": ("BIGINT", 1),
        "big": ("DECIMAL(20,0)", Decimal(18446744073709551615)),
        "wide": ("VARCHAR", "123456789012345678901234567890.5000000000"),
        "doc": ("VARCHAR", '{"a": [1, null]}'),
        "bits": ("BIGINT", 5),
        "yr": ("BIGINT", 2024),
        "tags": ("VARCHAR", "a,b"),
        "picture": ("BLOB", b"\x01\x02"),
        "due": ("DATE", dt.date(2024, 2, 29)),
    },
}


def test_each_type_arrives_and_keys_become_tests(origin: Origin, workspace: Workspace) -> None:
    """What is loaded and staged has the database's types and values; a second load replaces it."""
    origin.execute(POSTGRES if origin.kind == "postgres" else MARIADB)
    declare(workspace, origin)
    for _ in range(2):
        result = workspace.run()
        assert failures(result) == []
        assert result.exit_code == 0, result
    expected = EXPECTED[origin.kind]
    names = ", ".join(f'"{name}"' for name in expected)
    first, second = workspace.rows(f"select {names} from main_staging.stg_shop__order order by 1")
    assert dict(zip(expected, first, strict=True)) == {
        name: value for name, (_, value) in expected.items()
    }
    assert second == (2, "", 2, *[None] * (len(expected) - 3)), "an empty text is no null"
    types = dict(
        workspace.rows(
            "select column_name, data_type from information_schema.columns"
            " where table_schema = 'main_staging' and table_name = 'stg_shop__order'"
        )
    )
    assert {name: types[name] for name in expected} == {
        name: kind for name, (kind, _) in expected.items()
    }
    customers = workspace.rows("select id, name, note from raw_shop.customers order by 1")
    assert customers == [(1, "Ada", ""), (2, "Ben", None)]

    text = workspace.generated()["dbt_project/models/staging/shop/_shop__models.yml"]
    models = {model["name"]: model for model in yaml.safe_load(text)["models"]}
    assert models.keys() == {"stg_shop__customers", "stg_shop__order", "stg_shop__line"}
    assert _tests(models["stg_shop__customers"]) == {"id": {"unique", "not_null"}}
    assert _tests(models["stg_shop__order"]) == {
        "order_id": {"unique", "not_null"},
        "customer_id": {"relationships stg_shop__customers.id"},
        "gift_for": {"relationships stg_shop__customers.id"},
    }
    assert _tests(models["stg_shop__line"]) == {
        "order_id": {"not_null", "relationships stg_shop__order.order_id"},
        "no": {"not_null"},
    }
    (combination,) = models["stg_shop__line"]["data_tests"]
    assert combination["dango_unique_combination"]["arguments"] == {"columns": ["order_id", "no"]}


def _tests(model: dict[str, Any]) -> dict[str, set[str]]:
    found = {}
    for column in model["columns"]:
        names = set()
        for test in column.get("data_tests", ()):
            ((name, about),) = test.items() if isinstance(test, dict) else ((test, {}),)
            if name == "relationships":
                to = about["arguments"]["to"].split("'")[1]
                name = f"relationships {to}.{about['arguments']['field']}"
            names.add(name)
        if names:
            found[column["name"]] = names
    return found


def test_a_selection_of_tables_and_of_columns_and_only_what_is_new(
    origin: Origin, workspace: Workspace, source_of: Callable[[RunResult, str], SyncResult]
) -> None:
    quoted = '"Changed"' if origin.kind == "postgres" else "`Changed`"
    kind = "timestamptz" if origin.kind == "postgres" else "timestamp"
    zone = "set timezone = 'UTC';" if origin.kind == "postgres" else "set time_zone = '+00:00';"
    origin.execute(
        f"{zone}"
        f"create table items (id integer primary key, {quoted} {kind} null, state varchar(9),"
        " secret varchar(9));"
        f"insert into items values (1, '2024-01-01 00:00:00', 'old', 'x'),"
        " (2, '2024-01-02 00:00:00', 'old', 'x'), (3, '2024-01-03 00:00:00', 'old', 'x'),"
        " (5, null, 'never', 'x');"
        "create table log (no integer, what varchar(9));"
        "insert into log values (1, 'a'), (2, 'b');"
        "create table pair (a integer, b integer, c integer, primary key (a, b));"
        "insert into pair values (1, 1, 5), (1, 2, 6);"
        "create table other (id integer primary key);"
    )
    declare(
        workspace,
        origin,
        table_names=["items", "log", "pair"],
        tables={
            "items": {
                "incremental": "Changed",
                "initial_value": "2024-01-02T00:00:00+00:00",
                "included_columns": ["id", "Changed", "state"],
            },
            "log": {"incremental": "no"},
            "pair": {"included_columns": ["a", "c"]},
        },
    )
    first = workspace.run()
    assert failures(first) == []
    assert first.exit_code == 0, first
    assert source_of(first, "shop").tables == {"items": 3, "log": 2, "pair": 2}
    origin.execute(
        f"{zone}"
        f"update items set {quoted} = '2024-02-01 00:00:00', state = 'new' where id = 2;"
        "insert into items values (4, '2024-02-02 00:00:00', 'new', 'x');"
        "insert into log values (2, 'c'), (3, 'd');"
        "delete from pair where b = 2;"
    )
    second = workspace.sync(generate=False)
    assert failures(second) == []
    items = workspace.rows("select id, state from raw_shop.items order by 1")
    assert items == [(2, "new"), (3, "old"), (4, "new"), (5, "never")], "row 1 is too early"
    assert workspace.rows("select no, what from raw_shop.log order by all") == [
        (1, "a"),
        (2, "b"),
        (2, "c"),
        (3, "d"),
    ]
    assert workspace.rows("select a, c from raw_shop.pair") == [(1, 5)]
    loaded = source_of(second, "shop").tables
    assert loaded["items"] == 3, "of five rows: the cursor is asked for"
    assert workspace.relations("raw_shop") == {"items", "log", "pair"}
    columns = workspace.rows("select column_name from (describe raw_shop.items)")
    assert ("secret",) not in columns


def test_a_hundred_thousand_rows_take_seconds(origin: Origin, workspace: Workspace) -> None:
    made = {
        "postgres": "select n, 'name ' || n, n / 7.0, timestamp '2024-01-01' + n * interval '1 s'"
        " from generate_series(1, 100000) n",
        "mariadb": "select seq, concat('name ', seq), seq / 7.0,"
        " '2024-01-01 00:00:00' + interval seq second from seq_1_to_100000",
    }
    origin.execute(
        "create table big (id integer primary key, name varchar(20), share decimal(12, 4),"
        f" at {'timestamp' if origin.kind == 'postgres' else 'datetime'});"
        f"insert into big {made[origin.kind]};"
    )
    declare(workspace, origin)
    begun = time.monotonic()
    result = workspace.sync(generate=False)
    taken = time.monotonic() - begun
    assert failures(result) == []
    assert workspace.rows("select count(*), count(distinct id), sum(id) from raw_shop.big") == [
        (100_000, 100_000, 5_000_050_000)
    ]
    assert taken < 30, f"{taken:.1f} s"


#: What is wrong → settings, and what is said of it.
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "password": ({"credentials": "${WRONG}"}, "sources.yml:4:18: "),
    "driver": ({"credentials": "firebird://127.0.0.1/x"}, "firebird"),
    "no address": ({"credentials": "origin"}, "the address of the database is none"),
    "nothing": ({"credentials": None}, "the address of the database is none"),
    "part": ({"credentials": {"drivername": "mysql", "hostname": "x"}}, "unknown key `hostname`"),
    "table": ({"table_names": ["items", "itms"]}, "itms"),
    "table with settings": ({"tables": {"itms": {"incremental": "id"}}}, "no table `itms`"),
    "cursor": ({"tables": {"items": {"incremental": "at"}}}, "no column `at`"),
    "column": ({"tables": {"items": {"included_columns": ["idd"]}}}, "no column `idd`"),
    "key": ({"tables": {"items": {"primary_key": ["uid"]}}}, "no column `uid`"),
    "begin": (
        {"tables": {"items": {"incremental": "id", "initial_value": "soon"}}},
        "`initial_value` of table `items` is no bigint: 'soon'",
    ),
    "left out": (
        {"tables": {"items": {"incremental": "id", "included_columns": ["name"]}}},
        "`id` is not among `included_columns`",
    ),
    "schema": ({"schema": "nowhere"}, "nowhere"),
    "setting": ({"shema": "public"}, "`shema`"),
    "backend": ({"backend": "arrow"}, "`backend`"),
}


def test_what_is_wrong_is_told_with_its_place_and_without_the_password(
    origin: Origin, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin.execute("create table items (id integer primary key, name varchar(9));")
    monkeypatch.setenv("WRONG", origin.address.replace("%231", "%232"))
    for case, (settings, said) in WRONG.items():
        declare(workspace, origin, **settings)
        result = workspace.sync(generate=False)
        assert result.exit_code in {1, 2}, case
        (source,) = result.sources or ()
        told = f"{source.error} ({source.error.hint if source.error else None})"
        assert "sources.yml:" in told, (case, told)
        assert said in told, (case, told)
        assert "p@ss" not in told, case
        assert "p%40ss" not in told, case
    if origin.kind == "mariadb":
        origin.execute("create table spans (took time); insert into spans values ('25:00:00');")
        declare(workspace, origin, table_names=["spans"])
        (failure,) = failures(workspace.sync(generate=False))
        assert "`spans.took` holds 25:00:00" in failure


def test_the_parts_of_an_address_may_stand_in_secrets_toml(
    origin: Origin, workspace: Workspace
) -> None:
    origin.execute("create table items (id integer primary key); insert into items values (1);")
    entry = {"name": "shop", "type": "sql_database", "sql_database": {"table_names": ["items"]}}
    workspace.write(".dango/sources.yml", yaml.safe_dump({"sources": [entry]}))
    drivername = {"postgres": "postgresql+psycopg2", "mariadb": "mysql+pymysql"}[origin.kind]
    workspace.write(
        ".dlt/secrets.toml",
        f"""\
        [sources.shop.credentials]
        drivername = "{drivername}"
        host = "127.0.0.1"
        port = {origin.port}
        database = "origin"
        username = "{postgres.USER}"
        password = "{postgres.PASSWORD}"
        """,
    ).chmod(0o600)
    assert failures(workspace.sync(generate=False)) == []
    assert workspace.count("raw_shop.items") == 1

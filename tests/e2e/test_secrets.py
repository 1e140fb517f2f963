"""Where a source's arguments come from: dlt's configuration, by the source's name and dlt's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from dango_dbt.errors import ConfigError

if TYPE_CHECKING:
    from dango_dbt.results import RunResult, SyncResult
    from tests.e2e.conftest import Api, Workspace

#: Sources that load what they were given: as arguments of the source function, of a resource that
#: starts in the extract step (in a thread of dlt's pool as well), and of a bare resource.
CRM = """\
import time

import dlt
from dlt.sources.credentials import ConnectionStringCredentials


@dlt.source
def crm(api_key: str = dlt.secrets.value, page_size: int = dlt.config.value, region: str = "eu"):
    @dlt.resource
    def given():
        yield {"api_key": api_key, "page_size": page_size, "region": region}

    @dlt.resource
    def late(api_key: str = dlt.secrets.value):
        time.sleep(0.05)
        yield {"api_key": api_key}

    @dlt.resource(parallelized=True)
    def pooled(api_key: str = dlt.secrets.value):
        yield {"api_key": api_key}

    @dlt.transformer(data_from=given)
    def fed(row, api_key: str = dlt.secrets.value):
        yield {"api_key": api_key}

    return given, late, pooled, fed


@dlt.source(name="renamed")
def other_name(api_key: str = dlt.secrets.value):
    return dlt.resource([{"api_key": api_key}], name="given")


@dlt.resource(name="given")
def bare(api_key: str = dlt.secrets.value):
    yield {"api_key": api_key}


@dlt.source
def plain(api_key, page_size=10):
    return dlt.resource([{"api_key": api_key, "page_size": page_size}], name="given")


@dlt.resource(name="given")
def plain_resource(api_key):
    yield {"api_key": api_key}


@dlt.source
def any_arguments(**arguments):
    return dlt.resource([arguments], name="given")


@dlt.source
def connected(credentials: ConnectionStringCredentials = dlt.secrets.value):
    return dlt.resource([{"url": credentials.to_native_representation()}], name="given")


@dlt.source
def broken(api_key=dlt.secrets.value, url=""):
    raise ValueError(f"refused: {api_key} at {url}")
"""

Find = Callable[["RunResult", str], "SyncResult"]


@pytest.fixture
def project(workspace: Workspace) -> Workspace:
    workspace.code("my_crm", CRM)
    return workspace


def _secrets(project: Workspace, text: str) -> None:
    project.write(".dlt/secrets.toml", text)


def _given(project: Workspace, source: str, column: str = "api_key") -> object:
    ((value,),) = project.rows(f"select {column} from raw_{source}.given")
    return value


def _sync(project: Workspace, *names: str) -> None:
    result = project.sync(*names)
    assert result.exit_code == 0, [source.error for source in result.sources or ()]


# ---------------------------------------------------------------- where they are looked for

HUBSPOT = {"module": "my_crm", "function": "other_name"}


@pytest.mark.parametrize(
    "section",
    [
        "[sources.my_hubspot]",
        "[sources.my_hubspot.renamed]",
        "[sources.my_crm.renamed]",
        "[sources.my_crm]",
        "[sources.renamed]",
        "[sources]",
        "",
    ],
)
def test_each_section_of_secrets_toml_reaches_the_function(
    project: Workspace, section: str
) -> None:
    project.declare(my_hubspot=HUBSPOT)
    _secrets(project, f'{section}\napi_key = "from-file"\n')
    _sync(project)
    assert _given(project, "my_hubspot") == "from-file"


@pytest.mark.parametrize(
    "variable",
    [
        "SOURCES__MY_HUBSPOT__API_KEY",
        "SOURCES__MY_CRM__RENAMED__API_KEY",
        "SOURCES__MY_CRM__API_KEY",
        "SOURCES__API_KEY",
        "API_KEY",
    ],
)
def test_each_variable_reaches_the_function_and_wins_over_the_file(
    project: Workspace, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    project.declare(my_hubspot=HUBSPOT)
    _secrets(project, '[sources.my_hubspot]\napi_key = "from-file"\n')
    monkeypatch.setenv(variable, "from-variable")
    _sync(project)
    assert _given(project, "my_hubspot") == "from-variable"


def test_the_configured_name_wins_over_dlts_own_and_an_argument_over_both(
    project: Workspace,
) -> None:
    project.declare(my_hubspot=HUBSPOT, explicit={**HUBSPOT, "kwargs": {"api_key": "argument"}})
    _secrets(
        project,
        """\
        [sources.my_hubspot]
        api_key = "by-name"
        [sources.explicit]
        api_key = "by-name"
        [sources.my_crm.renamed]
        api_key = "by-module"
        """,
    )
    _sync(project)
    assert _given(project, "my_hubspot") == "by-name"
    assert _given(project, "explicit") == "argument"


def test_a_bare_resource_gets_its_secrets_when_it_starts(project: Workspace) -> None:
    project.declare(my_hubspot={"module": "my_crm", "function": "bare"})
    _secrets(project, '[sources.my_hubspot]\napi_key = "by-name"\n')
    _sync(project)
    assert _given(project, "my_hubspot") == "by-name"


@pytest.mark.slow
def test_two_sources_of_one_function_side_by_side_have_their_own_secrets(
    project: Workspace,
) -> None:
    names = ("north", "south", "east", "west")
    project.declare(**{name: {"module": "my_crm", "function": "crm"} for name in names})
    _secrets(
        project,
        """\
        [sources.my_crm]
        api_key = "of-the-module"
        """
        + "".join(f'\n[sources.{name}]\napi_key = "of-{name}"\n' for name in names[:3]),
    )
    project.write(
        ".dlt/config.toml",
        """\
        [runtime]
        dlthub_telemetry = false
        [sources.my_crm.crm]
        page_size = 5
        [sources.north]
        page_size = 7
        """,
    )
    result = project.sync(parallel=4)
    assert result.exit_code == 0, [source.error for source in result.sources or ()]
    for name in names:
        key = f"of-{name}" if name != "west" else "of-the-module"
        for table in ("given", "late", "pooled", "fed"):
            found = project.rows(f"select api_key from raw_{name}.{table}")
            assert found == [(key,)], (name, table)
        assert _given(project, name, "page_size") == (7 if name == "north" else 5)
        assert _given(project, name, "region") == "eu"


def test_what_dlt_calls_the_source_and_its_state_stays_its_own(project: Workspace) -> None:
    project.code(
        "orders",
        """\
        import dlt


        @dlt.source
        def shop(api_key: str = dlt.secrets.value):
            @dlt.resource
            def orders(at=dlt.sources.incremental("id")):
                yield [{"id": 1}, {"id": 2}]

            return orders
        """,
    )
    project.declare(my_shop={"module": "orders", "function": "shop"})
    _secrets(project, '[sources.my_shop]\napi_key = "by-name"\n')
    _sync(project)
    assert project.rows("select distinct schema_name from raw_my_shop._dlt_loads") == [("shop",)]

    import dlt

    pipeline = dlt.attach("my_shop", pipelines_dir=str(project.root / ".dango/state/dev"))
    state = pipeline.state["sources"]
    pipeline.deactivate()
    assert list(state) == ["shop"]
    assert state["shop"]["resources"]["orders"]["incremental"]["id"]["last_value"] == 2


def test_credentials_of_several_fields_by_the_configured_name(
    project: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("fields", "whole", "shell")
    project.declare(**{name: {"module": "my_crm", "function": "connected"} for name in names})
    _secrets(
        project,
        """\
        [sources.fields.credentials]
        drivername = "postgresql"
        host = "h"
        database = "fields"
        [sources.whole]
        credentials = "postgresql://h/whole"
        """,
    )
    monkeypatch.setenv("SOURCES__SHELL__CREDENTIALS__DRIVERNAME", "postgresql")
    monkeypatch.setenv("SOURCES__SHELL__CREDENTIALS__HOST", "h")
    monkeypatch.setenv("SOURCES__SHELL__CREDENTIALS__DATABASE", "shell")
    _sync(project)
    assert {_given(project, name, "url") for name in names} == {
        f"postgresql://h/{name}" for name in names
    }


def test_credentials_of_a_source_that_dlt_ships_by_the_configured_name(
    project: Workspace,
) -> None:
    import sqlite3

    path = project.root / "shop.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("create table customers (id integer primary key)")
        connection.execute("insert into customers values (1), (2)")
    connection.close()
    pytest.importorskip("sqlalchemy")
    native = {"module": "dlt.sources.sql_database", "function": "sql_database"}
    project.declare(erp=native, whole=native)
    _secrets(
        project,
        f"""\
        [sources.erp.credentials]
        drivername = "sqlite"
        database = "{path.as_posix()}"
        [sources.whole]
        credentials = "sqlite:///{path.as_posix()}"
        """,
    )
    _sync(project)
    assert project.count("raw_erp.customers") == project.count("raw_whole.customers") == 2


# ---------------------------------------------------------------- ${VAR} and secrets


@pytest.mark.parametrize(
    "function", ["other_name", "bare", "plain", "plain_resource", "any_arguments"]
)
def test_an_unset_whole_variable_gives_way_to_the_secrets(
    project: Workspace, function: str
) -> None:
    kwargs = {"api_key": "${HUBSPOT_API_KEY}"}
    project.declare(my_hubspot={"module": "my_crm", "function": function, "kwargs": kwargs})
    _secrets(project, '[sources.my_hubspot]\napi_key = "from-file"\n')
    _sync(project)
    assert _given(project, "my_hubspot") == "from-file"


def test_a_variable_that_is_set_wins_over_the_secrets(project: Workspace) -> None:
    kwargs = {"api_key": "${HUBSPOT_API_KEY}"}
    project.declare(my_hubspot={**HUBSPOT, "kwargs": kwargs})
    _secrets(project, '[sources.my_hubspot]\napi_key = "from-file"\n')
    project.write(".env", "HUBSPOT_API_KEY=from-dotenv\n")
    _sync(project)
    assert _given(project, "my_hubspot") == "from-dotenv"


@pytest.mark.parametrize(
    ("section", "kwargs", "where"),
    [
        ("elsewhere", {"api_key": "${HUBSPOT_API_KEY}"}, "9:16"),
        ("my_hubspot", {"api_key": {"api_key": "${HUBSPOT_API_KEY}"}}, "10:18"),
        ("my_hubspot", {"api_key": "Bearer ${HUBSPOT_API_KEY}"}, "9:16"),
    ],
)
def test_what_the_secrets_cannot_stand_in_for_stops_before_anything_runs(
    project: Workspace, section: str, kwargs: dict[str, object], where: str
) -> None:
    project.code("noisy", "raise SystemExit('imported')\n")
    project.declare(my_hubspot={"module": "noisy", "function": "other_name", "kwargs": kwargs})
    _secrets(project, f'[sources.{section}]\napi_key = "from-file"\n')
    with pytest.raises(ConfigError, match="variable HUBSPOT_API_KEY is not set") as caught:
        project.sync()
    assert str(caught.value.place) == f".dango/sources.yml:{where}"
    assert not project.warehouse.exists()


def test_the_error_says_where_the_secret_may_stand(project: Workspace) -> None:
    project.declare(my_hubspot={**HUBSPOT, "kwargs": {"api_key": "${HUBSPOT_API_KEY}"}})
    with pytest.raises(ConfigError) as caught:
        project.sync()
    assert "`api_key` under [sources.my_hubspot] in .dlt/secrets.toml" in str(caught.value.hint)


def test_a_missing_secret_names_the_section_for_it(project: Workspace, source_of: Find) -> None:
    project.declare(my_hubspot=HUBSPOT)
    error = source_of(project.sync(), "my_hubspot").error
    assert error is not None
    assert "[sources.my_hubspot] in .dlt/secrets.toml" in str(error.hint)


# ---------------------------------------------------------------- kept out of messages


def test_secrets_of_dlts_providers_stay_out_of_messages(
    project: Workspace, source_of: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {"module": "my_crm", "function": "broken"}
    unset = {"api_key": "${HUBSPOT_API_KEY}"}
    project.declare(
        filed={**broken, "kwargs": {"url": "http://h/?key=s3cr%2Fet"}},
        environment={**broken, "kwargs": {"url": "pa55w0rd/t0ken"}},
        plain_name={**broken, "kwargs": unset},
    )
    _secrets(
        project,
        """\
        [sources.filed]
        api_key = "s3cr/et"
        [sources.other.credentials]
        url = "postgresql://loader:pa55w0rd@host/db"
        tokens = ["t0ken"]
        """,
    )
    monkeypatch.setenv("SOURCES__ENVIRONMENT__API_KEY", "fr0m-shell")
    monkeypatch.setenv("API_KEY", "pla1n-name")
    monkeypatch.delenv("HUBSPOT_API_KEY", raising=False)
    monkeypatch.setenv("SOURCES__FILED__API_KEY", "s3cr/et")
    result = project.sync()
    names = ("filed", "environment", "plain_name")
    messages = [str(source_of(result, name).error) for name in names]
    assert all("refused: ***" in message for message in messages), messages
    for secret in ("s3cr/et", "s3cr%2Fet", "pa55w0rd", "t0ken", "fr0m-shell", "pla1n-name"):
        assert not any(secret in message for message in messages), secret
    assert result.exit_code == 1


def test_a_broken_secrets_file_is_said_in_one_line(project: Workspace) -> None:
    project.declare(my_hubspot=HUBSPOT)
    _secrets(project, '[sources.my_hubspot]\napi_key = "s3cret\n')
    with pytest.raises(ConfigError) as caught:
        project.sync()
    assert "secrets.toml:2" in str(caught.value)
    assert "s3cret" not in str(caught.value)


# ---------------------------------------------------------------- where the code is


def test_code_in_a_package_and_in_an_installed_module(project: Workspace) -> None:
    project.write("custom_sources/crm_package/__init__.py", "from .inner import shop\n")
    project.write(
        "custom_sources/crm_package/inner.py",
        """\
        import dlt


        @dlt.source
        def shop(api_key: str = dlt.secrets.value):
            return dlt.resource([{"api_key": api_key}], name="given")
        """,
    )
    project.declare(
        top={"module": "crm_package", "function": "shop"},
        below={"module": "crm_package.inner", "function": "shop"},
    )
    _secrets(project, '[sources.top]\napi_key = "top-key"\n[sources.below]\napi_key = "b-key"\n')
    _sync(project)
    assert (_given(project, "top"), _given(project, "below")) == ("top-key", "b-key")


def test_the_rest_api_source_that_dlt_ships(project: Workspace, api: Api) -> None:
    api.page = 100
    config = {
        "client": {"base_url": api.url, "paginator": "single_page"},
        "resources": [{"name": "products", "endpoint": {"path": "products"}}],
    }
    native = {"module": "dlt.sources.rest_api", "function": "rest_api_source"}
    project.declare(shop={**native, "kwargs": {"config": config}})
    _sync(project)
    assert project.count("raw_shop.products") == len(api.lists["products"])


@pytest.mark.parametrize(
    ("module", "folder"),
    [
        ("hubspot", "hubspot"),
        ("notion", "notion"),
        ("asana", "asana_dlt"),
        ("salesforce", "salesforce"),
        ("mongodb", "mongodb"),
        ("stripe", "stripe_analytics"),
    ],
)
def test_what_dlt_no_longer_ships_is_named_with_the_command_that_brings_it(
    project: Workspace, source_of: Find, module: str, folder: str
) -> None:
    project.declare(
        gone={"module": f"dlt.sources.{module}", "function": module},
        good={"module": "my_crm", "function": "plain", "kwargs": {"api_key": "given"}},
    )
    result = project.sync()
    assert source_of(result, "good").status == "success"
    error = source_of(result, "gone").error
    assert error is not None
    assert f"there is no module `dlt.sources.{module}`" in error.message
    assert f"`{folder}` as a verified source" in error.message
    assert f"`dango-dbt source add gone --verified {folder}`" in str(error.hint)
    assert "`source_module: gone`" in str(error.hint)


def test_any_other_missing_module_of_dlt_is_no_verified_source(
    project: Workspace, source_of: Find
) -> None:
    project.declare(gone={"module": "dlt.sources.nothing", "function": "nothing"})
    error = source_of(project.sync(), "gone").error
    assert error is not None
    assert error.message.endswith("there is no module `dlt.sources.nothing`")
    assert error.hint == "in dlt.sources there are: filesystem, rest_api, sql_database"


@pytest.mark.parametrize("as_json", [False, True])
def test_no_message_holds_another_sources_variable_or_what_the_env_file_sets(
    project: Workspace, monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    project.code(
        "poison",
        """\
        import os

        import dlt

        @dlt.resource
        def poison():
            names = ("POISON_TOKEN", "POISON_KEY", "POISON_URL", "POISON_OFF")
            raise ValueError("GET /x?key=" + "&".join(os.environ[name] for name in names))
            yield
        """,
    )
    project.declare(
        g={"module": "my_crm", "function": "any_arguments", "kwargs": {"t": "${POISON_TOKEN}"}},
        off={"module": "gone", "kwargs": {"t": "a ${POISON_OFF:-b}"}, "enabled": False},
        poison={},
    )
    project.write(".env", "POISON_KEY=k_77\nPOISON_URL=https://shop.example\n")
    monkeypatch.setenv("POISON_TOKEN", "tok_77777")
    monkeypatch.setenv("POISON_OFF", "off_77777")
    done = project.command("sync", *(["--json"] if as_json else []))
    assert done.returncode == 1
    assert "GET /x?key=***&***&***&***" in done.stdout
    kept = project.root / ".dango" / "state" / "dev" / "poison.last.json"
    for text in (done.stdout, done.stderr, kept.read_text()):
        assert not [word for word in ("tok_", "k_77", "shop.ex", "off_7") if word in text]


def test_an_empty_variable_is_unset_and_the_secrets_stand_in_for_it(project: Workspace) -> None:
    project.declare(
        mine={
            "module": "my_crm",
            "function": "plain",
            "kwargs": {"api_key": "${MY_KEY}", "page_size": "${MY_SIZE:-7}"},
        }
    )
    project.write(".env.example", "MY_KEY=\nMY_SIZE=\n")
    project.write(".env", (project.root / ".env.example").read_text())
    with pytest.raises(ConfigError, match="source `mine`: variable MY_KEY is empty"):
        project.sync()
    assert not project.warehouse.exists()
    _secrets(project, '[sources.mine]\napi_key = "from-secrets"\n')
    _sync(project)
    assert _given(project, "mine") == "from-secrets"
    assert _given(project, "mine", "page_size") == "7"

"""What dlt code may look like, and that its rows arrive as it says: once, and all of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dango_dbt.results import RunResult, SyncResult
    from tests.e2e.conftest import Api, Workspace

DISPOSITIONS = """\
import dlt
import requests


@dlt.source
def till(base_url):
    def read(name):
        return requests.get(f"{base_url}/{name}", timeout=10).json()[name]

    @dlt.resource(write_disposition="replace", primary_key="id")
    def replaced():
        yield read("items")

    @dlt.resource(write_disposition="merge", primary_key="id")
    def merged():
        yield read("items")

    @dlt.resource(write_disposition="append", primary_key="id")
    def appended(at=dlt.sources.incremental("at", initial_value=0)):
        yield [item for item in read("items") if item["at"] >= at.last_value]

    return replaced, merged, appended
"""


@pytest.mark.slow
def test_replace_merge_and_append_over_three_runs(workspace: Workspace, api: Api) -> None:
    workspace.code("till", DISPOSITIONS)
    workspace.declare(till={"kwargs": {"base_url": api.url}})
    api.page = 100

    def run(*items: tuple[int, int, str]) -> tuple[list[tuple[object, ...]], ...]:
        api.lists["items"] = [
            {"id": id_, "at": at, "state": state, "lines": [{"sku": f"{id_}-{state}"}]}
            for id_, at, state in items
        ]
        result = workspace.run()
        assert result.exit_code == 0, result
        return tuple(
            workspace.rows(f"select id, state from main_staging.stg_till__{table} order by all")
            for table in ("replaced", "merged", "appended")
        )

    first = [(1, "open"), (2, "open")]
    assert run((1, 1, "open"), (2, 2, "open")) == (first, first, first)

    # 1 is gone, 2 has changed with a later time, 3 is new
    now = [(2, "paid"), (3, "open")]
    merged = [(1, "open"), *now]
    appended = [(1, "open"), (2, "open"), (2, "paid"), (3, "open")]
    assert run((2, 3, "paid"), (3, 4, "open")) == (now, merged, appended)

    # the same again brings nothing new
    assert run((2, 3, "paid"), (3, 4, "open")) == (now, merged, appended)
    assert workspace.count("raw_till.replaced__lines") == 2
    assert workspace.rows("select sku from raw_till.merged__lines order by all") == [
        ("1-open",),
        ("2-paid",),
        ("3-open",),
    ]
    assert workspace.count("raw_till.appended__lines") == 4


ROWS = """\
import dlt


@dlt.source
def rows(start):
    @dlt.resource(primary_key="id", write_disposition="append")
    def items():
        for page in range(4):
            yield [{"id": start + page * 25 + i, "parts": [1, 2]} for i in range(25)]

    return items
"""


@pytest.mark.slow
def test_six_sources_side_by_side_lose_no_row(workspace: Workspace) -> None:
    """Each opening its own connection, 9 of 12 such runs failed: three leave little to luck."""
    names = [f"shop_{number}" for number in range(6)]
    workspace.code("rows", ROWS)
    workspace.declare(
        **{
            name: {"module": "rows", "function": "rows", "kwargs": {"start": number * 1000}}
            for number, name in enumerate(names)
        }
    )
    for run in range(1, 4):
        result = workspace.sync(parallel=6)
        assert [source.error for source in result.sources or ()] == [None] * 6
        assert [source.name for source in result.sources or ()] == names
        for number, name in enumerate(names):
            assert workspace.rows(
                f"select count(*), count(distinct id), min(id) from raw_{name}.items"
            ) == [(100 * run, 100, number * 1000)]
            assert workspace.count(f"raw_{name}.items__parts") == 200 * run


def test_a_bare_resource_is_a_source(
    workspace: Workspace, source_of: Callable[[RunResult, str], SyncResult]
) -> None:
    workspace.code(
        "bare",
        """\
        import dlt

        @dlt.resource(primary_key="id", write_disposition="merge")
        def people(first):
            \"\"\"People, by name.\"\"\"
            yield [{"id": 1, "name": first}, {"id": 2, "name": "Bo"}]
        """,
    )
    workspace.declare(bare={"function": "people", "kwargs": {"first": "Ann"}})
    for _ in range(2):
        result = workspace.run()
        assert result.exit_code == 0, result
        assert source_of(result, "bare").tables == {"people": 2}
    assert workspace.rows("select name from main_staging.stg_bare__people order by 1") == [
        ("Ann",),
        ("Bo",),
    ]
    models = workspace.generated()["dbt_project/models/staging/bare/_bare__models.yml"]
    assert "People, by name." in models.decode()


def test_only_the_resources_selected_are_loaded(workspace: Workspace, api: Api) -> None:
    workspace.ecommerce(api.url)
    text = (workspace.root / ".dango/sources.yml").read_text(encoding="utf-8")
    (workspace.root / ".dango/sources.yml").write_text(f"{text}  resources: [users]\n", "utf-8")
    result = workspace.run()
    assert result.exit_code == 0, result
    assert workspace.relations("raw_ecommerce") == {"users"}
    assert workspace.relations("main_staging") == {"stg_ecommerce__users"}


def test_max_table_nesting_0_makes_no_nested_table(workspace: Workspace, api: Api) -> None:
    workspace.code("shop", ECOMMERCE_LIKE)
    workspace.declare(shop={"kwargs": {"base_url": api.url}, "max_table_nesting": 0})
    api.page = 100
    result = workspace.run()
    assert result.exit_code == 0, result
    assert workspace.relations("raw_shop") == {"products"}
    (tags,) = workspace.rows("select tags from main_staging.stg_shop__products where id = 2")[0]
    assert json.loads(tags) == api.lists["products"][1]["tags"]


ECOMMERCE_LIKE = """\
import dlt
import requests


@dlt.resource(primary_key="id", write_disposition="replace")
def shop(base_url):
    yield dlt.mark.with_table_name(
        requests.get(f"{base_url}/products", timeout=10).json()["products"], "products"
    )
"""


def test_packages_helpers_and_names_of_libraries_in_custom_sources(workspace: Workspace) -> None:
    workspace.code(
        "crm/__init__",
        """\
        import dlt

        from .client import rows
        from plain_helper import doubled

        @dlt.resource(primary_key="id", write_disposition="replace")
        def crm():
            yield doubled(rows())
        """,
    )
    workspace.code("crm/client", "def rows():\n    return [{'id': 1}, {'id': 2}]\n")
    workspace.code(
        "plain_helper",
        "def doubled(rows):\n    return [{'id': row['id'] * 2} for row in rows]\n",
    )
    # named like a library, which it uses itself, and so does dlt
    workspace.code(
        "requests",
        """\
        import dlt
        import requests

        @dlt.resource(write_disposition="replace")
        def versions():
            yield {"version": requests.__version__}
        """,
    )
    workspace.code(
        "nested/deep/module",
        """\
        import dlt

        @dlt.resource(write_disposition="replace")
        def things():
            yield {"id": 7}
        """,
    )
    workspace.declare(
        crm={},
        libraries={"module": "requests", "function": "versions"},
        deep={"module": "nested.deep.module", "function": "things"},
    )
    result = workspace.sync()
    assert [source.error for source in result.sources or ()] == [None] * 3
    assert workspace.rows("select id from raw_crm.crm order by 1") == [(2,), (4,)]
    assert workspace.rows("select version from raw_libraries.versions") == [
        (metadata.version("requests"),)
    ]
    assert workspace.rows("select id from raw_deep.things") == [(7,)]


@pytest.mark.parametrize("module", ["one", "helper"])
def test_code_that_was_edited_is_read_anew_in_the_same_process(
    workspace: Workspace, module: str
) -> None:
    source = "@dlt.resource(write_disposition='replace')\ndef one(): yield {'id': number()}\n"
    workspace.code("one", f"import dlt\nfrom helper import number\n\n{source}")
    workspace.code("helper", "def number(): return 1\n")
    workspace.declare(one={})
    assert workspace.sync().exit_code == 0
    path = workspace.root / f"custom_sources/{module}.py"
    edited = path.read_text("utf-8").replace("number()}", "22}").replace("return 1", "return 22")
    path.write_text(edited, encoding="utf-8")
    assert workspace.sync().exit_code == 0
    assert workspace.rows("select id from raw_one.one") == [(22,)]


VAULT = """\
import dlt

@dlt.resource(write_disposition="replace")
def vault(api_key, options=None):
    yield {"length": len(api_key)}
    if api_key != "fine-and-good":
        raise RuntimeError(f"401 for https://shop.example/?key={api_key}")
"""


@pytest.fixture
def vault(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv("VAULT_KEY", raising=False)
    workspace.code("vault", VAULT)
    workspace.code("plain", ROWS)
    workspace.declare(
        plain={"function": "rows", "kwargs": {"start": 0}},
        vault={"kwargs": {"api_key": "${VAULT_KEY}"}},
    )
    return workspace


def test_a_variable_that_is_not_set_stops_the_run_before_anything_is_loaded(
    vault: Workspace,
) -> None:
    from dango_dbt.errors import ConfigError

    with pytest.raises(ConfigError) as refused:
        vault.run()
    assert refused.value.exit_code == 2
    lines = (vault.root / ".dango/sources.yml").read_text(encoding="utf-8").splitlines()
    (line,) = (number for number, text in enumerate(lines, 1) if "${VAULT_KEY}" in text)
    place = f".dango/sources.yml:{line}:{lines[line - 1].index('${') + 1}"
    assert str(refused.value) == f"{place}: source `vault`: variable VAULT_KEY is not set"
    assert ".env" in str(refused.value.hint)
    assert not vault.warehouse.exists()


def test_a_variable_comes_from_env_and_the_environment_wins(
    vault: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.write(".env", "VAULT_KEY=fine-and-good\n")
    assert vault.sync().exit_code == 0
    assert vault.rows("select length from raw_vault.vault") == [(13,)]
    monkeypatch.setenv("VAULT_KEY", "other")
    assert vault.sync().exit_code == 1


@pytest.mark.parametrize("options", [["--json"], ["--verbose"]])
def test_a_secret_in_a_message_is_in_no_output(vault: Workspace, options: list[str]) -> None:
    secret = "s3cr3t/with spaces&more"  # noqa: S105 - the test's own
    done = vault.command("sync", *options, VAULT_KEY=secret)
    assert done.returncode == 1
    assert "https://shop.example/?key=***" in done.stdout
    assert "s3cr3t" not in done.stdout + done.stderr


def test_a_secret_in_dlts_own_file_is_found_by_the_name_of_the_source(vault: Workspace) -> None:
    """`.dlt/secrets.toml` is dlt's place for what sources.yml does not say."""
    vault.declare(vault={})
    vault.write(".dlt/secrets.toml", '[sources.vault.vault]\napi_key = "fine-and-good"\n')
    vault.code("vault", VAULT.replace("def vault(api_key,", "def vault(api_key=dlt.secrets.value,"))
    result = vault.sync()
    assert result.exit_code == 0, result
    assert vault.rows("select length from raw_vault.vault") == [(13,)]

"""What fails stays where it happened, says what and where, and is healed by the next run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dango_dbt.results import RunResult, SyncResult
    from tests.e2e.conftest import Api, Workspace

HTTP = """\
import dlt
import requests


def read(base_url, name):
    response = requests.get(f"{base_url}/{name}", timeout=10)
    response.raise_for_status()
    return response.json()[name]


@dlt.source
def catalogue(base_url):
    @dlt.resource(primary_key="id", write_disposition="append")
    def products():
        yield read(base_url, "products")

    return products


@dlt.source
def people(base_url):
    @dlt.resource(primary_key="id", write_disposition="append")
    def users():
        yield read(base_url, "users")

    return users
"""


def _two_sources(workspace: Workspace, api: Api) -> None:
    api.page = 100
    workspace.code("shop_api", HTTP)
    kwargs = {"base_url": api.url}
    workspace.declare(
        catalogue={"module": "shop_api", "kwargs": kwargs},
        people={"module": "shop_api", "kwargs": kwargs},
    )
    workspace.mart("stock", "select sum(stock) as n from {{ ref('stg_catalogue__products') }}")


def _built(result: RunResult) -> set[str]:
    assert result.build is not None
    return {
        node.unique_id.rpartition(".")[2]
        for node in result.build.nodes
        if node.unique_id.startswith("model.") and node.status != "skipped"
    }


def test_a_source_that_never_loaded_and_fails_leaves_the_other_to_be_built(
    workspace: Workspace, api: Api, source_of: Callable[[RunResult, str], SyncResult]
) -> None:
    _two_sources(workspace, api)
    api.failing.add("users")
    result = workspace.run()
    assert result.exit_code == 1
    assert source_of(result, "catalogue").status == "success"
    failed = source_of(result, "people")
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error.message.startswith("custom_sources/shop_api.py:7: ")
    assert "500" in failed.error.message
    assert "\n" not in failed.error.message
    assert _built(result) == {
        "stg_catalogue__products",
        "stg_catalogue__products__tags",
        "stg_catalogue__products__reviews",
        "stock",
    }
    assert result.build is not None
    assert result.build.status == "success"
    assert not (workspace.root / "dbt_project/models/staging/people").exists()


@pytest.mark.slow
def test_a_source_that_fails_later_takes_only_what_depends_on_it_out_of_the_build(
    workspace: Workspace, api: Api, source_of: Callable[[RunResult, str], SyncResult]
) -> None:
    _two_sources(workspace, api)
    assert workspace.run().exit_code == 0
    workspace.mart("people_by_city", "select * from {{ ref('stg_people__users') }}")
    workspace.mart(
        "both", "select * from {{ ref('stock') }} cross join {{ ref('people_by_city') }}"
    )
    files = workspace.generated()

    api.failing.add("users")
    broken = workspace.run()
    assert broken.exit_code == 1
    assert source_of(broken, "people").status == "failed"
    assert source_of(broken, "people").tables == {}
    assert _built(broken) >= {"stg_catalogue__products", "stock"}
    assert not _built(broken) & {"stg_people__users", "people_by_city", "both"}
    assert broken.build is not None
    assert broken.build.status == "success"
    # with the accepted schema there, its models are kept, and dbt could parse
    assert {file.action for file in broken.files or ()} == {"unchanged"}
    assert workspace.generated() == files
    assert workspace.count("raw_people.users") == len(api.lists["users"])

    api.failing.clear()
    healed = workspace.run()
    assert healed.exit_code == 0, healed
    assert _built(healed) >= {"stg_people__users", "people_by_city", "both", "stock"}


def test_a_failed_load_brings_no_row_twice(workspace: Workspace, api: Api) -> None:
    """The first page arrives, the second does not: the next run must not load the first twice."""
    workspace.code(
        "flaky",
        """\
        import dlt
        import requests

        @dlt.resource(write_disposition="append")
        def flaky(base_url):
            for name in ("products", "users"):
                response = requests.get(f"{base_url}/{name}", timeout=10)
                response.raise_for_status()
                yield [{"list": name, "id": item["id"]} for item in response.json()[name]]
        """,
    )
    workspace.declare(flaky={"kwargs": {"base_url": api.url}})
    api.page = 100
    api.failing.add("users")
    assert workspace.run().exit_code == 1
    api.failing.clear()
    assert workspace.run().exit_code == 0
    assert workspace.count("raw_flaky.flaky") == len(api.lists["products"] + api.lists["users"])


def test_all_sources_failing_is_exit_1_with_nothing_built(workspace: Workspace, api: Api) -> None:
    _two_sources(workspace, api)
    (workspace.root / "dbt_project/models/marts/stock.sql").unlink()
    api.failing |= {"users", "products"}
    result = workspace.run()
    assert result.exit_code == 1
    assert [source.status for source in result.sources or ()] == ["failed", "failed"]
    assert _built(result) == set()


MISTAKES: dict[str, tuple[str | None, dict[str, Any], str, str | None]] = {
    "missing module": (None, {}, "there is no module `broken`", "custom_sources/broken.py"),
    "missing function": (
        """\
        import dlt

        @dlt.source
        def the_shop(): ...

        @dlt.resource
        def the_products(): yield []
        """,
        {},
        "module `broken` has no function `broken`",
        "it has: the_products, the_shop",
    ),
    "unknown argument": (
        """\
        import dlt

        @dlt.resource
        def broken(base_url): yield []
        """,
        {"kwargs": {"bse_url": "x"}},
        "`broken` takes no argument `bse_url`",
        "base_url",
    ),
    "missing argument": (
        """\
        import dlt

        @dlt.source
        def broken(base_url: str):
            return dlt.resource([{"id": 1}], name="rows")
        """,
        {},
        "base_url",
        None,
    ),
    "syntax error": (
        """\
        import dlt

        @dlt.resource
        def broken()
            yield []
        """,
        {},
        "custom_sources/broken.py:4:13: SyntaxError: expected ':'",
        None,
    ),
    "exception while importing": (
        """\
        import dlt

        KEY = {}["key"]
        """,
        {},
        "custom_sources/broken.py:3: importing `broken` raised KeyError: 'key'",
        None,
    ),
    "exception in the source function": (
        """\
        import dlt

        @dlt.source
        def broken():
            raise RuntimeError("no such shop")
        """,
        {},
        "custom_sources/broken.py:5: broken.broken() raised RuntimeError: no such shop",
        None,
    ),
    "exception in a resource": (
        """\
        import dlt

        @dlt.resource
        def broken():
            yield {"id": 1}
            yield {"id": 1 / 0}
        """,
        {},
        "custom_sources/broken.py:6: extract failed: resource `broken`: ZeroDivisionError: divis",
        None,
    ),
    "no source": (
        """\
        def broken():
            return [1, 2, 3]
        """,
        {},
        "`broken` returned list, not a dlt source or resource",
        "@dlt.source or @dlt.resource",
    ),
    "no callable": (
        "broken = 5\n",
        {},
        "module `broken` has no function `broken`",
        None,
    ),
    "missing package": (
        "import surely_not_installed.client\n",
        {},
        "ModuleNotFoundError: No module named 'surely_not_installed'",
        "pip install surely_not_installed",
    ),
    "unknown resource": (
        """\
        import dlt

        @dlt.source
        def broken():
            return [dlt.resource([{"id": 1}], name="products")]
        """,
        {"resources": ["prodcts"]},
        "source `broken` has no resource `prodcts`",
        "it has: products",
    ),
    "no resource": (
        """\
        import dlt

        @dlt.source
        def broken(): ...
        """,
        {},
        "broken",
        None,
    ),
    "exception of several lines": (
        """\
        import dlt

        @dlt.source
        def broken():
            raise ValueError("first line\\nsecond line")
        """,
        {},
        "ValueError: first line",
        None,
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_source_is_told_in_one_line(workspace: Workspace, mistake: str) -> None:
    code, entry, message, hint = MISTAKES[mistake]
    if code:
        workspace.code("broken", code)
    workspace.declare(broken=entry)
    result = workspace.sync()
    assert result.exit_code == 1, result
    (source,) = result.sources or ()
    assert source.status == "failed"
    assert source.error is not None
    assert message in source.error.message
    assert "\n" not in source.error.message
    assert hint is None or hint in str(source.error.hint)
    assert result.files == ()


def test_mistakes_are_told_without_a_traceback(workspace: Workspace) -> None:
    entries: dict[str, dict[str, Any]] = {}
    for index, (code, entry, _, _) in enumerate(MISTAKES.values()):
        if code:
            workspace.code(f"mistake_{index}", code)
        entries[f"mistake_{index}"] = {"function": "broken", **entry}
    workspace.declare(**entries)
    done = workspace.command("sync")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "ZeroDivisionError" in done.stdout
    assert f"Failed: {len(MISTAKES)} sources" in done.stdout


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            {"shop": {"dataset_name": "warehouse"}},
            "dataset `warehouse` is named like the warehouse file",
        ),
        (
            {"shop": {"dataset_name": "raw"}, "till": {"dataset_name": "raw"}},
            "two sources have the dataset name `raw`",
        ),
        ({"shop": {"dataset_name": "raw_till"}, "till": {}}, "`raw_till`"),
        ({"shop": {"dataset_name": "raw_till_dlt_staging"}, "till": {}}, "stages the loads"),
    ],
    ids=["named like the file", "twice", "another's default", "another's staging"],
)
def test_datasets_in_each_others_way_are_refused_before_anything_runs(
    workspace: Workspace, entries: dict[str, dict[str, str]], message: str
) -> None:
    workspace.code("rows", "import dlt\n\n@dlt.resource\ndef rows(): yield {'id': 1}\n")
    workspace.declare(
        **{name: {**entry, "module": "rows", "function": "rows"} for name, entry in entries.items()}
    )
    result = workspace.sync(generate=False)
    assert result.exit_code == 2
    for source in result.sources or ():
        assert source.error is not None
        assert source.error.message.startswith(".dango/sources.yml:")
        assert message in source.error.message
    assert [source.name for source in result.sources or ()] == list(entries)
    assert not workspace.warehouse.exists()


PRICES = """\
import dlt

@dlt.resource(write_disposition="append", columns={{"price": {{"data_type": "decimal", {hint}}}}})
def prices():
    yield {{"id": 1, "price": {price}}}
"""


@pytest.mark.parametrize(
    ("stage", "hint", "price"),
    [
        ("normalize", "'precision': 5, 'scale': 2", 1234567890123),
        ("load", "'precision': 5", 12),  # its scale is 9 then, which DuckDB refuses
    ],
    ids=["normalize", "load"],
)
def test_what_could_not_be_loaded_does_not_fail_the_mended_source(
    workspace: Workspace, stage: str, hint: str, price: int
) -> None:
    """dlt keeps the package that failed, and would try it again for ever."""
    workspace.declare(prices={})
    workspace.code("prices", PRICES.format(hint=hint, price=price))
    failed = workspace.sync()
    assert failed.exit_code == 1
    (source,) = failed.sources or ()
    assert source.error is not None
    assert source.error.message.startswith(f"{stage} failed: ")

    workspace.code("prices", PRICES.format(hint="'precision': 5, 'scale': 2", price=12))
    mended = workspace.sync()
    assert [source.error for source in mended.sources or ()] == [None]
    assert workspace.rows("select id, price from raw_prices.prices") == [(1, 12)]


def test_a_source_with_nothing_to_load_is_no_failure(workspace: Workspace) -> None:
    workspace.code("quiet", "import dlt\n\n@dlt.resource\ndef quiet():\n    yield []\n")
    workspace.declare(quiet={})
    for sources in ((), ("quiet",)):
        result = workspace.run(*sources)
        assert result.exit_code == 0, result
        assert [source.status for source in result.sources or ()] == ["success"]


def test_a_conflict_and_a_failing_model_are_exit_1(workspace: Workspace, api: Api) -> None:
    _two_sources(workspace, api)
    model = workspace.write(
        "dbt_project/models/staging/people/stg_people__users.sql", "select no_such_column\n"
    )
    result = workspace.run()
    assert "conflict" in {file.action for file in result.files or ()}
    assert result.exit_code == 1
    assert model.read_text(encoding="utf-8") == "select no_such_column\n"


UNSPOKEN = "supersecret99"
POISON = """\
import os

import dlt


@dlt.source
def poison(token):
    @dlt.resource(columns={"v": {"data_type": "bigint"}})
    def numbers():
        import pyarrow as pa

        yield pa.table({"v": [token if os.environ.get("BAD") else "1"]})

    return numbers
"""


@pytest.mark.slow
@pytest.mark.parametrize("log_level", [None, "ERROR"])
def test_dlts_log_is_quiet_unless_asked_for_and_holds_no_secret(
    workspace: Workspace, log_level: str | None
) -> None:
    import duckdb

    workspace.code("poison", POISON)
    workspace.declare(poison={"kwargs": {"token": "${TOKEN}"}})
    workspace.write(".dlt/config.toml", "[runtime]\ndlthub_telemetry = false\n")
    variables = {"TOKEN": UNSPOKEN}
    assert workspace.command("sync", **variables).returncode == 0  # type: ignore[arg-type]
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("alter table raw_poison.numbers alter v type bigint")
    variables |= {"BAD": "1"}
    if log_level:
        variables["RUNTIME__LOG_LEVEL"] = log_level
    failed = workspace.command("sync", **variables)  # type: ignore[arg-type]
    said = failed.stdout + failed.stderr
    assert failed.returncode == 1
    assert UNSPOKEN not in said
    assert "***" in said
    assert ("Traceback" in said) == bool(log_level)
    kept = (path for path in (workspace.root / ".dango/state").rglob("*") if path.is_file())
    assert not any(UNSPOKEN.encode() in path.read_bytes() for path in kept)

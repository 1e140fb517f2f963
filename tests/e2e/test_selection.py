"""What a dbt user selects reaches through to the loading: just these resources, just these nodes.

Three sources with eight resources, one of them a transformer, and ten models written by hand.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from dango_dbt.errors import BuildError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dango_dbt.results import RunResult
    from tests.e2e.conftest import Api, Workspace

pytestmark = pytest.mark.slow

SOURCES = """
    import dlt
    from dlt.sources.helpers import requests

    def items(base_url, name):
        yield requests.get(f"{base_url}/{name}", params={"limit": 100}).json()[name]

    def listing(base_url, name, **hints):
        return dlt.resource(items(base_url, name), name=name, primary_key="id", **hints)

    @dlt.source
    def shop(base_url: str):
        return [listing(base_url, name) for name in ("orders", "products", "customers")]

    @dlt.source
    def crm(base_url: str):
        accounts = listing(base_url, "accounts")

        @dlt.transformer(data_from=accounts, primary_key="id", write_disposition="replace")
        def notes(found):
            everything = requests.get(f"{base_url}/notes", params={"limit": 100}).json()["notes"]
            for account in found:
                yield [note for note in everything if note["account_id"] == account["id"]]

        return [accounts, notes, listing(base_url, "contacts")]

    @dlt.source
    def web(base_url: str):
        return [
            listing(base_url, name, write_disposition="replace") for name in ("visits", "campaigns")
        ]
"""
RESOURCES = {
    "shop": ("orders", "products", "customers"),
    "crm": ("accounts", "notes", "contacts"),
    "web": ("visits", "campaigns"),
}
MODELS = {
    "fct_orders": ["stg_shop__orders", "stg_shop__customers"],
    "fct_products": ["stg_shop__products"],
    "dim_customers": ["stg_shop__customers", "stg_crm__contacts"],
    "fct_notes": ["stg_crm__notes"],
    "dim_accounts": ["stg_crm__accounts"],
    "fct_visits": ["stg_web__visits", "stg_web__campaigns"],
    "customer_orders": ["fct_orders", "dim_customers"],
    "campaign_sales": ["fct_visits", "fct_orders"],
    "account_notes": ["dim_accounts", "fct_notes"],
    "calendar": [],
}
SELECTORS = """
    selectors:
      - name: nightly
        definition:
          union:
            - {method: fqn, value: dim_accounts, parents: true}
            - {method: fqn, value: calendar}
"""


def _lists() -> dict[str, list[dict[str, Any]]]:
    names = [name for resources in RESOURCES.values() for name in resources]
    return {
        name: [{"id": number, "account_id": number % 2, "name": name} for number in range(3)]
        for name in names
    }


def _write(workspace: Workspace, url: str) -> None:
    workspace.code("things", SOURCES)
    kwargs = {"base_url": url}
    workspace.declare(
        **{name: {"module": "things", "function": name, "kwargs": kwargs} for name in RESOURCES}
    )
    for name, parents in MODELS.items():
        tagged = "{{ config(tags=['weekly']) }}\n" if name == "fct_products" else ""
        selects = [f"select id from {{{{ ref('{parent}') }}}}" for parent in parents]
        workspace.mart(name, tagged + ("\nunion all\n".join(selects) or "select 1 as id"))
    workspace.write("dbt_project/selectors.yml", SELECTORS)
    workspace.write(
        "dbt_project/models/exposures.yml",
        """
        exposures:
          - name: dashboard
            type: dashboard
            owner: {name: Me}
            depends_on: [ref('fct_visits')]
        """,
    )


@dataclass(frozen=True)
class Built:
    """A project of which everything has been loaded and built once."""

    workspace: Workspace
    api: Api

    def called(self, run: Callable[[], RunResult]) -> tuple[RunResult, set[str]]:
        """Run, and see which resources were asked for, each once."""
        self.api.calls.clear()
        result = run()
        assert set(self.api.calls.values()) <= {1}, self.api.calls
        return result, set(self.api.calls)


@pytest.fixture(scope="module")
def built(new_workspace: Callable[[], Workspace], serve: Callable[..., Any]) -> Iterator[Built]:
    with serve(_lists(), page=100) as api:
        workspace = new_workspace()
        _write(workspace, api.url)
        result = workspace.run()
        assert result.exit_code == 0, result
        shutil.copytree(workspace.root / "dbt_project/target", workspace.root / "artefacts")
        yield Built(workspace, api)


def models(result: RunResult) -> set[str]:
    """Name the models that dbt has built."""
    assert result.build is not None
    assert result.build.error is None, result.build.error
    return {
        node.unique_id.rpartition(".")[2]
        for node in result.build.nodes
        if node.unique_id.startswith("model.") and node.status == "success"
    }


def staged(*tables: str) -> set[str]:
    return {f"stg_{table.replace('.', '__')}" for table in tables}


@pytest.mark.parametrize(
    ("options", "resources", "expected"),
    [
        pytest.param(
            {"select": ["+fct_orders"]},
            {"orders", "customers"},
            {"fct_orders", *staged("shop.orders", "shop.customers")},
            id="a model with all that it needs",
        ),
        pytest.param({"select": ["fct_orders"]}, set(), {"fct_orders"}, id="a model alone"),
        pytest.param(
            {"select": ["+fct_notes"]},
            {"accounts", "notes"},  # what the transformer depends on is asked, and not loaded
            {"fct_notes", *staged("crm.notes")},
            id="a transformer",
        ),
        pytest.param(
            {"select": ["source:web+"]},
            {"visits", "campaigns"},
            {"fct_visits", "campaign_sales", *staged("web.visits", "web.campaigns")},
            id="a source",
        ),
        pytest.param(
            {"select": ["source:shop.products+"]},
            {"products"},
            {"fct_products", *staged("shop.products")},
            id="a table",
        ),
        pytest.param(
            {"select": ["+tag:weekly"]},
            {"products"},
            {"fct_products", *staged("shop.products")},
            id="a tag",
        ),
        pytest.param(
            {"select": ["1+fct_visits", "calendar"]},
            set(),
            {"fct_visits", "calendar", *staged("web.visits", "web.campaigns")},
            id="one step up reaches no source",
        ),
        pytest.param(
            {"select": ["+path:models/marts/customer_orders.sql"], "exclude": ["source:crm+"]},
            {"orders", "customers"},
            {"fct_orders", *staged("shop.orders", "shop.customers")},
            id="a path, without a source and what is downstream of it",
        ),
        pytest.param(
            {"select": ["+fct_orders,+dim_customers"]},
            {"customers"},
            staged("shop.customers"),
            id="an intersection",
        ),
        pytest.param(
            {"selector": "nightly"},
            {"accounts"},
            {"dim_accounts", "calendar", *staged("crm.accounts")},
            id="a selector",
        ),
        pytest.param(
            {"select": ["@dim_accounts"]},
            {"accounts", "notes"},
            {"dim_accounts", "account_notes", "fct_notes", *staged("crm.accounts", "crm.notes")},
            id="an at: descendants, and all that they need",
        ),
        pytest.param(
            {"select": ["+exposure:dashboard"]},
            {"visits", "campaigns"},
            {"fct_visits", *staged("web.visits", "web.campaigns")},
            id="an exposure",
        ),
        pytest.param(
            {"sources": ["web"], "select": ["+fct_products"]},
            {"visits", "campaigns", "products"},
            {
                "fct_visits",
                "campaign_sales",
                "fct_products",
                *staged("web.visits", "web.campaigns", "shop.products"),
            },
            id="a source by its name, and a model",
        ),
        pytest.param({"select": ["nothing_of_the_kind"]}, set(), set(), id="nothing"),
    ],
)
def test_just_what_is_selected_is_loaded_and_built(
    built: Built, options: Mapping[str, Any], resources: set[str], expected: set[str]
) -> None:
    given = dict(options)
    sources = given.pop("sources", ())
    result, called = built.called(lambda: built.workspace.run(*sources, **given))
    assert result.exit_code == 0, result
    assert called == resources
    assert models(result) == expected


def test_sync_loads_what_is_selected_and_builds_nothing(built: Built) -> None:
    result, called = built.called(lambda: built.workspace.sync(select=["+dim_accounts"]))
    assert (result.exit_code, called, result.build) == (0, {"accounts"}, None)


def test_state_selects_what_has_changed_since(built: Built) -> None:
    """`state:` needs the artefacts of an earlier run, which the listing must not overwrite."""
    mart = built.workspace.root / "dbt_project/models/marts/fct_visits.sql"
    before = mart.read_text()
    mart.write_text(f"{before}\n-- another comment")
    select = ["+state:modified+"]
    result, called = built.called(
        lambda: built.workspace.run(select=select, state=built.workspace.root / "artefacts")
    )
    mart.write_text(before)
    assert result.exit_code == 0, result
    assert called == {"visits", "campaigns"}
    assert models(result) >= {"fct_visits", "campaign_sales"}
    assert "fct_notes" not in models(result)


def test_the_command_takes_several_criteria_as_dbt_does(built: Built) -> None:
    arguments = ["--select", "+fct_products", "calendar", "--exclude", "stg_shop__products"]
    done = built.workspace.command("sync-and-build", *arguments, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    ids = {node["unique_id"] for node in document["build"]["nodes"]}
    assert {each for each in ids if each.startswith("model.")} == {
        "model.shop.fct_products",
        "model.shop.calendar",
    }
    assert list(document["sources"][0]["tables"]) == ["products"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"selector": "hourly"}, "Could not find selector named hourly"),
        ({"select": ["nonsense:x"]}, "'nonsense' is not a valid method name"),
        ({"select": ["a"], "selector": "nightly"}, "do not go together"),
        ({"select": [""]}, "--select is given, and empty"),
        ({"select": [" ", ""], "exclude": ["calendar"]}, "--select is given, and empty"),
        ({"selector": ""}, "--selector is given, and empty"),
        ({"select": ["state:new"], "state": "nowhere"}, "there is no folder"),
        ({"sources": ["shops"], "select": ["calendar"]}, "there is no source `shops`"),
    ],
)
def test_a_wrong_selection_is_refused_before_anything_is_loaded(
    built: Built, options: Mapping[str, Any], message: str
) -> None:
    given = dict(options)
    sources = given.pop("sources", ())
    built.api.calls.clear()
    with pytest.raises((BuildError, ConfigError)) as caught:
        built.workspace.run(*sources, **given)
    assert message in str(caught.value)
    assert not built.api.calls

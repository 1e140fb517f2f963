"""What every connector's file must say beside what its model demands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dango_dbt import report
from dango_dbt.connectors import connector, filled, names, with_references
from dango_dbt.connectors.filling import PLACEHOLDER
from dango_dbt.errors import Place
from dango_dbt.openapi.names import IN_THE_ENVIRONMENT
from dango_dbt.verified import VERIFIED

REQUESTS = Path(__file__).parent / "requests"
REST_APIS = [name for name in names() if connector(name).load.rest_api is not None]
CODE = [name for name in names() if connector(name).load.verified is not None]


@pytest.mark.parametrize("name", REST_APIS)
def test_dlt_accepts_a_configuration(name: str) -> None:
    from dango_dbt.declared.rest_api import check, doubts

    one = connector(name)
    values = {key: given.default or "https://x" for key, given in one.credentials.items()}
    config = filled(with_references(one.load.rest_api or {}, one.relationships), values)
    found = check(config, lambda *_, **__: Place(Path(f"{name}.yml")))
    assert [str(error) for error in found] == []
    doubted = [error.message for error in doubts(config, lambda *_: Place(Path(f"{name}.yml")))]
    assert [doubt for doubt in doubted if "one cursor" not in doubt] == [], "its parents are few"


@pytest.mark.parametrize("name", REST_APIS)
def test_only_what_is_tried_says_so(name: str) -> None:
    tried = (REQUESTS / f"{name}.yaml").exists()
    assert tried or connector(name).tested.by == "none"


@pytest.mark.parametrize("name", names())
def test_placeholders_and_credentials_are_the_same(name: str) -> None:
    one = connector(name)
    used = set(PLACEHOLDER.findall(f"{one.load.rest_api}{one.load.source}"))
    if one.load.verified is not None:
        assert used == set()  # dlt's code looks them up by itself
    else:
        assert used | {"credentials"} == set(one.credentials) | {"credentials"}


@pytest.mark.parametrize("name", names())
def test_no_credential_is_mistaken_for_a_variable_that_each_environment_has(name: str) -> None:
    assert not IN_THE_ENVIRONMENT & connector(name).credentials.keys()


@pytest.mark.parametrize("name", names())
def test_relationships_are_between_tables_of_the_connector(name: str) -> None:
    one = connector(name)
    tables = {resource.name for resource in one.resources}
    ends = [end.partition(".")[0] for two in one.relationships for end in (two.source, two.target)]
    assert set(ends) <= tables


@pytest.mark.parametrize("name", CODE)
def test_verified_sources_are_among_those_of_dlt(name: str) -> None:
    verified = connector(name).load.verified
    assert verified is not None
    assert verified.name in VERIFIED
    assert connector(name).tested.by == "none"  # their code is not here to be tried


@pytest.mark.parametrize("name", REST_APIS)
def test_no_cursor_gets_into_the_parameters_of_all(name: str) -> None:
    """dlt hands one dictionary of default parameters to all resources that have none of their own.

    With `start_param` the cursor of one then stays in it, and the next resource asks for too
    little. A placeholder stands in parameters of the resource's own.
    """
    config = connector(name).load.rest_api or {}
    defaults = (config.get("resource_defaults") or {}).get("endpoint") or {}
    for resource in config["resources"]:
        endpoint = {} if isinstance(resource, str) else resource.get("endpoint") or {}
        shared = "params" in defaults and "params" not in endpoint
        assert not (shared and "start_param" in endpoint.get("incremental", {})), resource["name"]


def test_the_catalogue_marks_what_is_not_loaded_by_itself() -> None:
    stripe = connector("stripe")
    told = [
        "".join(part if isinstance(part, str) else part[0] for part in line.parts)
        for line in report.connector_lines("stripe", stripe)
    ]
    (line,) = (line for line in told if "invoice_line_items" in line and "for each" in line)
    assert line.endswith("for each of invoices, only if named")
    assert any("only if named: under `resources:`" in line for line in told)
    resources = json.loads(report.connector_json("stripe", stripe))["connector"]["resources"]
    assert [one["name"] for one in resources if not one["selected"]] == ["invoice_line_items"]
    assert {one["write_disposition"] for one in resources} == {"merge"}
    (salesforce,) = {one.write_disposition for one in connector("salesforce").resources}
    assert salesforce is None, "that is up to dlt's code"


#: Parents whose rows come on one page, for all accounts that there are, though the API has pages.
ON_ONE_PAGE = {("mailchimp", "lists")}


@pytest.mark.parametrize("name", REST_APIS)
def test_a_child_has_no_cursor_where_its_parents_come_page_by_page(name: str) -> None:
    """dlt takes up the cursor anew with each page of parents, and misses rows (its issue 2429)."""
    one = connector(name)
    single = {
        resource["name"]
        for resource in (one.load.rest_api or {})["resources"]
        if not isinstance(resource, str)
        and "single_page" in str(resource.get("endpoint", {}).get("paginator"))
    }
    parents = {child.parent for child in one.resources if child.parent and child.incremental}
    assert {p for p in parents - single if (name, p) not in ON_ONE_PAGE} == set()


#: Lists whose pages go on behind the last row, wherever it has moved to; and one that ends after
#: 30,000 rows, so that only the oldest change first gets at all of them.
IN_ORDER_OF_CHANGE = {("shopify", "orders"), ("shopify", "customers"), ("freshdesk", "tickets")}


@pytest.mark.parametrize("name", REST_APIS)
def test_what_changes_meanwhile_hides_no_row(name: str) -> None:
    """Where pages are numbered, a row that moves from the first to the end takes the place of all.

    The one that begins the next page is on the last one then, and is never read.
    """
    config = connector(name).load.rest_api or {}
    for resource in config["resources"]:
        endpoint = {} if isinstance(resource, str) else resource.get("endpoint") or {}
        pages = str(endpoint.get("paginator") or config["client"].get("paginator"))
        numbered = any(kind in pages for kind in ("header_link", "page_number", "offset_param"))
        params = " ".join(f"{key}={value}" for key, value in (endpoint.get("params") or {}).items())
        oldest_first = re.search("(updated|modified).*asc", params)
        if numbered and oldest_first:
            assert (name, resource["name"]) in IN_ORDER_OF_CHANGE, resource["name"]


@pytest.mark.parametrize("name", REST_APIS)
def test_every_table_has_a_key(name: str) -> None:
    """Else a second load would add what is there already."""
    without = [
        resource.name
        for resource in connector(name).resources
        if not resource.primary_key and resource.write_disposition != "replace"
    ]
    assert without == []

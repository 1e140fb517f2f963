"""What every connector's file must keep to, which no request of one connector shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dango_dbt.connectors import connector, filled, names, with_references
from dango_dbt.declared.checking import mistakes

REQUESTS = Path(__file__).parent / "requests"
REST_API = [name for name in names() if connector(name).load.rest_api is not None]


@pytest.mark.parametrize("name", REST_API)
def test_dlt_accepts_the_configuration(name: str) -> None:
    from dlt.sources.rest_api import rest_api_resources
    from dlt.sources.rest_api.typing import RESTAPIConfig

    config: Any = _configuration(name)
    assert list(mistakes(config, RESTAPIConfig)) == []
    resources = rest_api_resources(config)
    assert {resource.name for resource in resources} == {
        resource.name for resource in connector(name).resources
    }


@pytest.mark.parametrize("name", REST_API)
def test_no_cursor_gets_into_the_parameters_of_other_resources(name: str) -> None:
    """dlt writes a cursor's value into `params`, and shares those of resource_defaults."""
    config = _configuration(name)
    defaults = config.get("resource_defaults", {}).get("endpoint", {})
    sharing = [
        resource["name"]
        for resource in config["resources"]
        if isinstance(resource, dict)
        and isinstance(resource["endpoint"], dict)
        and defaults.get("params")
        and "start_param" in resource["endpoint"].get("incremental", {})
        and "params" not in resource["endpoint"]
    ]
    assert sharing == []


@pytest.mark.parametrize("name", REST_API)
def test_what_was_tried_by_a_server_of_ours_is_in_a_file(name: str) -> None:
    if connector(name).tested.by != "none":
        assert (REQUESTS / f"{name}.yaml").is_file()


@pytest.mark.parametrize("name", REST_API)
def test_every_table_has_a_key(name: str) -> None:
    """Else a second load would add what is there already."""
    without = [
        resource.name
        for resource in connector(name).resources
        if not resource.primary_key and resource.write_disposition != "replace"
    ]
    assert without == []


def _configuration(name: str) -> dict[str, Any]:
    """The configuration, with something in the place of each credential."""
    known = connector(name)
    assert known.load.rest_api is not None
    credentials = {
        key: credential.default or credential.example or "example"
        for key, credential in known.credentials.items()
    }
    found: dict[str, Any] = filled(
        with_references(known.load.rest_api, known.relationships), credentials
    )
    return found

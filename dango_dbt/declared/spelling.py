"""Other usual spellings of REST configuration → dlt's; pure.

Guides write some names otherwise than dlt does. Both are understood, and dlt's are documented. What
dlt would mix up is written apart as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["CURSOR", "INCREMENTAL_WORDS", "as_dlt"]

_AUTH_TYPES = {
    "basic": "http_basic",
    "oauth2": "oauth2_client_credentials",
    "token": "bearer",
    "bearer_token": "bearer",
    "apikey": "api_key",
}
_AUTH_KEYS = {"token_url": "access_token_url", "param_name": "name", "in": "location"}
_PAGINATOR_TYPES = {
    "link_header": "header_link",
    "header": "header_link",
    "next_link": "json_link",
    "page": "page_number",
    "single": "single_page",
    "none": "single_page",
}
#: dlt's own words behind `{incremental.`; any other one is the name of a cursor field.
INCREMENTAL_WORDS = frozenset({"start_value", "end_value", "last_value", "initial_value"})
CURSOR = re.compile(r"\{incremental\.([A-Za-z_][A-Za-z0-9_.]*)\}")


def as_dlt(config: Mapping[str, Any]) -> dict[str, Any]:
    """Write a configuration in dlt's words.

    Args:
        config: `client`, `resources`, `resource_defaults` as in sources.yml.

    Returns:
        A copy; what is not known here is as it was, for dlt to judge.
    """
    written = dict(config)
    if isinstance(client := config.get("client"), Mapping):
        written["client"] = _connection(client)
    if isinstance(defaults := config.get("resource_defaults"), Mapping):
        written["resource_defaults"] = _resource(defaults)
    if isinstance(resources := config.get("resources"), list):
        written["resources"] = [
            _resource(one) if isinstance(one, Mapping) else one for one in resources
        ]
        if _parameters(defaults):
            written["resources"] = [_apart(one) for one in written["resources"]]
    return written


def _resource(resource: Mapping[str, Any]) -> dict[str, Any]:
    written = dict(resource)
    if isinstance(endpoint := resource.get("endpoint"), Mapping):
        written["endpoint"] = _incremental(_connection(endpoint))
    return written


def _parameters(defaults: object) -> object:
    endpoint = defaults.get("endpoint") if isinstance(defaults, Mapping) else None
    return endpoint.get("params") if isinstance(endpoint, Mapping) else None


def _apart(resource: object) -> object:
    """Give a resource parameters of its own, where it has only the default ones.

    dlt hands one dictionary to all these, and writes a cursor's `start_param` into it: the next
    resource would ask for what is new of another one, and miss the rest.
    """
    own = {"name": resource} if isinstance(resource, str) else resource
    if not isinstance(own, Mapping):
        return resource
    endpoint = own.get("endpoint", {})
    endpoint = {"path": endpoint} if isinstance(endpoint, str) else endpoint
    if not isinstance(endpoint, Mapping) or "params" in endpoint:
        return resource
    return {**own, "endpoint": {**endpoint, "params": {}}}


def _connection(part: Mapping[str, Any]) -> dict[str, Any]:
    """Write `auth` and `paginator`, which an API and an endpoint may both have."""
    written = dict(part)
    if "auth" in part:
        written["auth"] = _typed(part["auth"], _AUTH_TYPES, _AUTH_KEYS)
    if "paginator" in part:
        written["paginator"] = _typed(part["paginator"], _PAGINATOR_TYPES, {})
    return written


def _typed(value: object, types: Mapping[str, str], keys: Mapping[str, str]) -> object:
    if isinstance(value, str):
        return types.get(value, value)
    if not isinstance(value, Mapping):
        return value
    written = {
        (keys.get(key, key) if keys.get(key) not in value else key): value[key] for key in value
    }
    kind = written.get("type")
    if isinstance(kind, str):
        written["type"] = types.get(kind, kind)
    return written


def _incremental(endpoint: dict[str, Any]) -> dict[str, Any]:
    """Take `{incremental.updated_at}` in a parameter for a cursor on that field.

    dlt has no such placeholder: it names the field apart, as `incremental: {cursor_path: …}`, and
    the parameter as its `start_param`, so that the first request goes without it.
    """
    params = endpoint.get("params")
    if not isinstance(params, Mapping) or "incremental" in endpoint:
        return endpoint
    for name, value in params.items():
        found = CURSOR.fullmatch(value) if isinstance(value, str) else None
        if found and found[1] not in INCREMENTAL_WORDS:
            others = {key: other for key, other in params.items() if key != name}
            cursor = {"cursor_path": found[1], "start_param": name}
            return {**endpoint, "params": others, "incremental": cursor}
    return endpoint

"""OAuth2 client credentials whose token is renewed when the server says that it no longer opens.

dlt's own class asks for a new token when the time is over that came with the old one. A server may
withdraw it before, or tell no time at all: then the answer is 401, and dlt's load ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from threading import Lock
from typing import Any

from dlt.common.configuration.specs.base_configuration import configspec
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from dlt.sources.rest_api.config_setup import register_auth
from requests import PreparedRequest, Response

from dango_dbt.errors import SyncError

__all__ = ["renewing"]

#: dlt has no such type: code that is written for a user registers it by this name as well.
_BASIC = "oauth2_client_credentials_basic"
_UNAUTHORIZED = 401


@configspec
class _Renewing(OAuth2ClientCredentials):
    """A token for all requests of a source, and another one after a 401.

    One thread at a time asks for it: servers may withdraw a token when they give the next.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self._renewal = Lock()

    def __deepcopy__(self, memo: Mapping[int, Any]) -> _Renewing:
        """Copy all but the lock, which cannot be: dlt masks secrets in a copy."""
        return copy(self)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        with self._renewal:
            request = super().__call__(request)
        # Before the hook that raises: that of `auth` is called first.
        request.register_hook("response", self._renew)
        return request

    def _renew(self, response: Response, **options: Any) -> Response:  # noqa: ANN401 - requests' own
        """Ask once more with a new token."""
        sent = str(response.request.headers.get("Authorization", ""))
        # A redirect to another server goes without: this token is none of its business.
        if response.status_code != _UNAUTHORIZED or not sent.startswith("Bearer "):
            return response
        _ = response.content  # all read: the connection may be used again
        response.close()
        request = response.request.copy()
        with self._renewal:
            if sent == f"Bearer {self.access_token}":
                self.obtain_token()  # else another request has had it renewed meanwhile
            request.headers["Authorization"] = f"Bearer {self.access_token}"
        again: Response = response.connection.send(request, **options)
        again.history.append(response)
        again.request = request
        return again

    def parse_access_token(self, response_json: Any) -> str:  # noqa: ANN401 - any JSON
        token = response_json.get("access_token") if isinstance(response_json, dict) else None
        if not token:
            raise SyncError(
                f"{self.access_token_url} answered without an `access_token`",
                hint="is it the address that gives tokens for client credentials?",
            )
        return str(token)

    def parse_expiration_in_seconds(self, response_json: Any) -> int:  # noqa: ANN401 - any JSON
        told = response_json.get("expires_in")
        return self.default_token_expiration if told is None else int(told)


@configspec
class _RenewingBasic(_Renewing):
    """The client's ID and secret go by HTTP basic authentication, not in the request's body.

    Some servers, such as PayPal's, take them in no other way.
    """

    def build_access_token_request(self) -> dict[str, Any]:
        return {
            "auth": (self.client_id, self.client_secret),
            "data": {"grant_type": "client_credentials", **self.access_token_request_data},
        }


register_auth(_BASIC, _RenewingBasic)
_CLASSES = {"oauth2_client_credentials": _Renewing, _BASIC: _RenewingBasic}


def renewing(config: Mapping[str, Any]) -> Any:  # noqa: ANN401 - dlt's RESTAPIConfig
    """Have tokens renewed wherever dlt's type of auth is used in a configuration; gives a copy."""
    written = dict(config)
    written["client"] = _with_ours(config["client"])
    if defaults := config.get("resource_defaults"):
        written["resource_defaults"] = _in_resource(defaults)
    written["resources"] = [
        _in_resource(one) if isinstance(one, dict) else one for one in config["resources"]
    ]
    return written


def _in_resource(resource: dict[str, Any]) -> dict[str, Any]:
    if isinstance(resource.get("endpoint"), dict):
        return {**resource, "endpoint": _with_ours(resource["endpoint"])}
    return resource


def _with_ours(part: dict[str, Any]) -> dict[str, Any]:
    auth = part.get("auth")
    given = {"type": auth} if isinstance(auth, str) else auth
    if isinstance(given, dict) and (kind := _CLASSES.get(str(given.get("type")))):
        values = {key: value for key, value in given.items() if key != "type"}
        return {**part, "auth": kind.from_init_value(values)}
    return part

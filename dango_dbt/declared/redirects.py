"""Requests that take no key to another server.

The library requests leaves out `Authorization` where a server redirects to another one. A key in a
header of the API's own name, such as `X-Api-Key`, would go along.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

from dlt.sources.helpers.requests import Client
from requests import PreparedRequest, Response, Session

__all__ = ["keeping_keys"]

#: Headers that hold no key: what is asked for, and of what kind the body is.
_NO_KEYS = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "user-agent"}
)


def keeping_keys() -> Any:  # noqa: ANN401 - a session; dlt has its class for typed code only
    """Give a session as dlt's REST client makes it, which sends headers to no other server."""
    session = Client(raise_for_status=False).session
    session.rebuild_auth = MethodType(_rebuild_auth, session)  # type: ignore[method-assign]
    return session


def _rebuild_auth(session: Session, request: PreparedRequest, response: Response) -> None:
    """Take out of a redirected request what another server may not see (requests calls this)."""
    if session.should_strip_auth(str(response.request.url), str(request.url)):
        for name in [name for name in request.headers if name.lower() not in _NO_KEYS]:
            del request.headers[name]
    Session.rebuild_auth(session, request, response)  # what .netrc has for the other server

"""localstripe on 127.0.0.1 only, with the three things that a test of loading needs beside.

Run as: python localstripe_server.py PORT

localstripe 1.15.10 listens on all addresses, keeps its data in a file that all its processes share,
and, unlike Stripe, takes no `created[gt]` for lists of invoices, payment intents, refunds, payouts
and balance transactions (for charges and events it does). Here it keeps its data in memory, and
these lists take it. Its clock can be set (`POST /_config/clock`), so that objects of several months
can be made, and it tells which lists it was asked for (`GET /_config/lists`).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from localstripe import resources, server

WITHOUT_CREATED = (
    resources.BalanceTransaction,
    resources.Invoice,
    resources.PaymentIntent,
    resources.Payout,
    resources.Refund,
)


class Clock:
    """The time that localstripe stamps objects with."""

    ahead = 0.0

    def time(self) -> float:
        """Tell the time."""
        return time.time() + self.ahead


def take_created(kind: Any) -> None:  # noqa: ANN401 - localstripe has no types
    """Let a class's list take `created[gt]`, as Stripe's does."""
    as_it_was = kind._api_list_all.__func__

    def listed(cls: Any, /, url: str, created: Any = None, **given: Any) -> Any:  # noqa: ANN401
        found = as_it_was(cls, url, **given)
        if created is not None:
            found._list = [each for each in found._list if each.created > int(created["gt"])]
        return found

    kind._api_list_all = classmethod(listed)


def main(port: int) -> None:
    """Serve until the process is ended."""
    clock, asked = Clock(), list[str]()

    async def set_clock(request: web.Request) -> web.Response:
        clock.ahead = (await request.json())["ahead"]
        return web.Response()

    async def lists(_: web.Request) -> web.Response:
        told, asked[:] = list(asked), []
        return web.json_response(told)

    @web.middleware
    async def remember(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.method == "GET" and request.path.startswith("/v1/"):
            asked.append(str(request.rel_url.human_repr()))
        return await handler(request)

    resources.Store.dump_to_disk = lambda _: None
    resources.time = clock
    for kind in WITHOUT_CREATED:
        take_created(kind)
    server.app.middlewares.append(remember)
    server.app.router.add_post("/_config/clock", set_clock)
    server.app.router.add_get("/_config/lists", lists)
    web.run_app(server.app, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    main(int(sys.argv[1]))

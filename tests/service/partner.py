"""A newsroom's page on an origin of its own."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web


@dataclass
class Partner:
    """A page that can be changed, and where it is."""

    origin: str
    body: str = ""


@contextlib.asynccontextmanager
async def partner(policy: str | None = None) -> AsyncIterator[Partner]:
    """A plain page of another origin, with a policy of its own if asked."""
    app = web.Application()
    headers = {"Content-Security-Policy": policy} if policy else {}

    async def page(_request: web.Request) -> web.Response:
        whole = f'<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>News</title>\n{here.body}'
        return web.Response(text=whole, content_type="text/html", headers=headers)

    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    here = Partner(f"http://127.0.0.1:{runner.addresses[0][1]}")
    try:
        yield here
    finally:
        await runner.cleanup()

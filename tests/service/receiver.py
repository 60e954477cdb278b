"""A receiver of webhooks on loopback that verifies with the library and behaves as a test has it behave."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook

from tests.service.documented import checker, described

_DESCRIBED = described("openapi.json")
SHAPE = checker(_DESCRIBED, {"$ref": "#/components/schemas/Message"})
SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
Answer = Callable[[web.Request], Awaitable[web.Response]]


async def taken(_request: web.Request) -> web.Response:
    return web.Response(status=204)


@dataclass
class Receiver:
    """What came, in order: (webhook-id, message) of every POST, whatever it was answered.

    `faults`: where a message is not what docs/openapi.json says.
    """

    port: int = 0
    answer: Answer = taken
    came: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    took: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    elsewhere: int = 0
    faults: list[str] = field(default_factory=list)
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/told?key=in-the-url"

    async def hear(self, request: web.Request) -> web.Response:
        one = (
            request.headers["webhook-id"],
            Webhook(SECRET).verify(await request.read(), dict(request.headers)),
        )
        self.faults += [f"{list(e.absolute_path)}: {e.message[:200]}" for e in SHAPE.iter_errors(one[1])]
        self.came.append(one)
        response = await self.answer(request)
        if response.status < 300:
            self.took.append(one)
        self._more.set()
        return response

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait until what came is enough."""
        async with asyncio.timeout(30):
            while not enough():
                self._more.clear()
                await self._more.wait()

    async def until_taken(self, number: int) -> list[tuple[str, dict[str, Any]]]:
        await self.until(lambda: len(self.took) >= number)
        return self.took

    def setting(self, **changes: Any) -> dict[str, Any]:
        """The `[[webhooks]]` that names this receiver."""
        return {"name": "desk", "url": self.url, "secret": SECRET, **changes}


@contextlib.asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    """The receiver listening until the block ends; on its port of before, if it had one."""

    async def elsewhere(_request: web.Request) -> web.Response:
        receiver.elsewhere += 1
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/told", receiver.hear)
    app.router.add_route("*", "/elsewhere", elsewhere)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", receiver.port, reuse_address=True).start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()
    assert not receiver.faults, receiver.faults

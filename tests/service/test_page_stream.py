"""How the live page hears: over a WebSocket; past a proxy without one, over Server-Sent Events; without either, it asks."""

import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import WebSocketRoute, expect

from tests.service.browser import looking
from tests.service.process import serving
from tests.service.test_page import a_town, count, pytestmark
from tests.service.world import town

__all__ = ["pytestmark"]
SOON_MS = 25_000
READ_OUT = """() => {
  [window.readOut, window.written] = [[], 0];
  const node = document.getElementById("connection");
  const say = (change) => { window.written++; if (node.getAttribute("aria-live") !== "off") window.readOut.push(node.textContent); };
  new MutationObserver(say).observe(node, { childList: true, characterData: true, subtree: true });
}"""
"""What a live region would have a screen reader say, from now on."""
SOCKET, EVENTS = "/connection/websocket", "/v1/stream"


@dataclass
class Passing:
    """A proxy as it stands in many places: it passes requests, and no Upgrade."""

    url: str = ""
    streams: bool = True
    asked: list[str] = field(default_factory=list)


@contextlib.asynccontextmanager
async def without_upgrade(behind: str) -> AsyncIterator[Passing]:
    """A proxy in front of a service until the block ends."""
    here = Passing()

    async def carry(request: web.Request) -> web.StreamResponse:
        here.asked.append(request.path)
        if request.path == EVENTS and not here.streams:
            return web.Response(status=503)
        kept = {name: value for name, value in request.headers.items() if not _of_this_hop(name)}
        async with http.get(behind + request.path_qs, headers=kept) as answer:
            told = {name: value for name, value in answer.headers.items() if not _of_this_hop(name)}
            response = web.StreamResponse(status=answer.status, headers=told)
            await response.prepare(request)
            with contextlib.suppress(ConnectionError):
                async for some in answer.content.iter_any():
                    await response.write(some)
        return response

    app = web.Application()
    app.router.add_get("/{path:.*}", carry)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    here.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        try:
            yield here
        finally:
            await runner.cleanup()


def _of_this_hop(name: str) -> bool:
    name = name.lower()
    return name in {"connection", "upgrade", "transfer-encoding", "content-length"} or name.startswith("sec-")


async def test_a_page_hears_over_a_websocket_and_keeps_nothing_else_open(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client, looking("about:blank") as shown:
        sockets: list[str] = []
        shown.page.on("websocket", lambda one: sockets.append(one.url))
        for path in ("/", "/observe#mayor"):
            await shown.page.goto(client.read + path)
            await shown.text("connection").to_have_text("live")
        assert sockets == [client.read.replace("http", "ws") + SOCKET] * 2
        assert not [url for url in shown.asked if EVENTS in url]
        shown.clean(client.read)


async def test_another_contest_is_heard_on_the_same_connection(tmp_path: Path) -> None:
    two = a_town()
    two["contests"].append(two["contests"][0] | {"id": "clerk", "name": "Clerk"})
    async with town(tmp_path, two) as client, looking("about:blank") as shown:
        sockets: list[str] = []
        shown.page.on("websocket", lambda one: sockets.append(one.url))
        await shown.page.goto(f"{client.read}/observe#clerk")
        await shown.text("connection").to_have_text("live")
        await expect(shown.page.locator("#chosen-name")).to_have_text("Clerk")
        for contest, head in (("mayor", "Mayor"), ("clerk", "Clerk"), ("mayor", "Mayor")):
            await shown.page.locator("#rows a", has_text=head).click()
            await expect(shown.page.locator("#chosen-name")).to_have_text(head)
            assert await shown.page.evaluate("location.hash") == f"#{contest}"
        await count(client, 1, 5)
        await expect(shown.page.locator("#chosen")).to_contain_text("700 ballots")
        assert len(sockets) == 1
        shown.clean(client.read)


@pytest.mark.parametrize("path", ["/", "/observe#mayor"])
async def test_a_proxy_that_lets_no_websocket_through(tmp_path: Path, path: str) -> None:
    async with (
        town(tmp_path, a_town()) as client,
        without_upgrade(client.read) as proxy,
        looking(proxy.url + path) as shown,
    ):
        await expect(shown.page.locator("#connection")).to_have_text("live", timeout=SOON_MS)
        assert EVENTS in proxy.asked
        tries = proxy.asked.count(SOCKET)
        assert tries >= 2
        await count(client, 1, 11)
        await expect(shown.page.locator("main")).to_contain_text("Ann elected")
        assert proxy.asked.count(SOCKET) == tries, "given up"
        assert all("WebSocket" in said for said in shown.complaints)


async def test_a_page_without_any_stream_asks_and_goes_back_to_one(tmp_path: Path) -> None:
    async with (
        town(tmp_path, a_town()) as client,
        without_upgrade(client.read) as proxy,
        looking("about:blank") as shown,
    ):
        proxy.streams = False
        await shown.page.goto(proxy.url)
        await count(client, 1, 5)
        words = shown.page.locator("#connection", has_text="no live stream; asked every 10 s, last at")
        await expect(words).to_be_visible(timeout=SOON_MS)
        await expect(shown.page.locator("#connection")).not_to_have_class("lost")
        await shown.text("lead").to_have_text("100")
        await count(client, 6, 11)
        head = shown.page.locator("#verdict-head")
        await expect(head).to_have_text("Irreversible: Ann elected", timeout=SOON_MS)
        assert "Ann elected: irreversible (certain)" in await shown.happened()
        proxy.streams = True
        await expect(shown.page.locator("#connection")).to_have_text("live", timeout=SOON_MS)
        assert (await shown.happened()).count("Ann elected: irreversible (certain)") == 1
        assert all("WebSocket" in said or "503" in said for said in shown.complaints)


async def test_seconds_without_a_word_are_shown_and_not_read_out(tmp_path: Path) -> None:
    async with serving(tmp_path, a_town()) as served, looking("about:blank") as shown:
        await shown.page.clock.install()
        await shown.page.goto(served.read)
        await shown.text("connection").to_have_text("live")
        os.kill(served.pid, signal.SIGSTOP)  # connected still, and silent
        try:
            await shown.page.evaluate(READ_OUT)
            await shown.page.clock.fast_forward(10_500)
            for _ in range(4):
                await shown.page.clock.run_for(1_000)
            await expect(shown.page.locator("#connection")).to_contain_text("no word from the service for 1")
            first, *more = await shown.page.evaluate("window.readOut")
            assert "no word from the service" in first
            assert not more
            assert await shown.page.evaluate("window.written") > 2
        finally:
            os.kill(served.pid, signal.SIGCONT)
        await shown.text("connection").to_have_text("live")
        assert (await shown.page.evaluate("window.readOut"))[-1] == "live"


@pytest.mark.parametrize("code", [3502, 3503])
async def test_a_page_that_was_sent_away_comes_back(tmp_path: Path, code: int) -> None:
    """Too slow to say hello, or too quick with commands: an SDK stays away then, a reader would wait for ever."""
    async with town(tmp_path, a_town()) as client, looking("about:blank") as shown:
        met: list[WebSocketRoute] = []

        async def way(socket: WebSocketRoute) -> None:
            met.append(socket)
            if len(met) == 1:
                await socket.close(code=code, reason="away")
            else:
                socket.connect_to_server()

        await shown.page.route_web_socket(f"**{SOCKET}", way)
        await shown.page.goto(client.read)
        await expect(shown.page.locator("#connection")).to_have_text("live", timeout=SOON_MS)
        await count(client, 1, 11)
        await expect(shown.page.locator("main")).to_contain_text("Ann elected")
        assert len(met) == 2
        assert not [url for url in shown.asked if EVENTS in url]

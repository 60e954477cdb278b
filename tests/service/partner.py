"""A newsroom's page on an origin of its own, and a browser that notes what a page complains of and asks for."""

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from playwright.async_api import Locator, Page, async_playwright, expect

from tests.service.test_page import ARGUMENTS, CHROMIUM


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


@dataclass
class Seen:
    """An open page, what it complained of and what it asked for."""

    page: Page
    framed: bool = False
    complaints: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def part(self, name: str) -> Any:
        """What one part of the ticker says, through its shadow root."""
        return expect(self.within.locator(f".ticker .{name}"))

    @property
    def within(self) -> Any:
        """The page, or the frame in it that shows a ticker."""
        return self.page.frame_locator("iframe") if self.framed else self.page

    @property
    def rows(self) -> Locator:
        found: Locator = self.within.locator(".ticker tbody tr")
        return found

    async def row(self, place: int) -> list[str]:
        """Name, votes and share of a row."""
        cells = await self.rows.nth(place).locator("th bdi:first-child, td").all_inner_texts()
        return [re.sub(r"\s+", " ", cell) for cell in cells]

    async def no_wider(self) -> None:
        """Nothing runs out of the window."""
        assert await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def clean(self, *origins: str) -> None:
        """Nothing was complained of, and nobody else was asked."""
        assert not self.complaints
        hosts = {url.split("/")[2] for url in self.asked if not url.startswith("data:")}
        assert hosts == {origin.split("/")[2] for origin in origins}


@contextlib.asynccontextmanager
async def looking(url: str, script: str = "", *, framed: bool = False, **context: Any) -> AsyncIterator[Seen]:
    """A page in a browser of its own. `script` runs before any other; `framed`: the ticker is in a frame of it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        opened = await browser.new_context(**{"locale": "en-US", "timezone_id": "UTC", **context})
        seen = Seen(await opened.new_page(), framed)
        if script:
            await seen.page.add_init_script(script)
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        seen.page.on(
            "console", lambda said: seen.complaints.append(said.text) if said.type == "error" else None
        )
        seen.page.on("request", lambda request: seen.asked.add(request.url))
        await seen.page.goto(url)
        yield seen
        await browser.close()


async def to_the_units(page: Page) -> None:
    """Scroll down to the table of every unit, which is loaded when what stands before it is near."""
    await page.locator("#events").scroll_into_view_if_needed()
    await page.locator("#units-section").scroll_into_view_if_needed()

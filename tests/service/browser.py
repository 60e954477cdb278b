"""Chromium for the tests: pages of every size and language, what they complain of, and what holds of each."""

import contextlib
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, ViewportSize, async_playwright, expect

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
LANGUAGES = ("en", "es", "pt")
SHIFT_MAX = 0.05
SHIFTS = """
window.shifted = 0;
window.moved = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) {
    window.shifted += entry.value;
    window.moved.push(...entry.sources.map((one) => `${one.node?.id || one.node?.parentElement?.id || one.node?.nodeName}: ${one.previousRect.y} to ${one.currentRect.y}`));
  }
}).observe({ type: "layout-shift", buffered: true });
"""
LOST = ("Failed to load resource: net::ERR_", "GET ", "WebSocket connection to ")
"""How Chromium begins what it says of a service that is away."""

if CHROMIUM is None:
    if os.environ.get("CI"):
        raise RuntimeError("chromium is needed for these tests")
    pytest.skip("chromium is not installed", allow_module_level=True)

at_every_size = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
in_both_schemes = pytest.mark.parametrize("color_scheme", ["light", "dark"])


@dataclass
class Seen:
    """An open page, what it complained of and what it asked for."""

    page: Page
    framed: bool = False
    complaints: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    settled: float = 0
    """How far it had moved when it was there as a whole."""

    def text(self, element: str) -> Any:
        """What an element is expected to say, by its id."""
        return expect(self.page.locator(f"#{element}"))

    async def says(self, **words: str | re.Pattern[str]) -> None:
        """The very words of elements by id; `_` stands for `-`."""
        for name, said in words.items():
            await expect(self.page.locator(f"#{name.replace('_', '-')}")).to_have_text(said, timeout=15_000)

    async def happened(self) -> list[str]:
        """The list of events in words, without their times, newest first."""
        items = await self.page.locator("#calls li").all_inner_texts()
        return [re.sub(r"^.*?[AP]M: ", "", item) for item in items]

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

    async def faults(self, axe: str) -> list[tuple[Any, ...]]:
        """What axe calls moderate or worse."""
        await self.page.evaluate(axe)
        found = await self.page.evaluate("axe.run()")
        assert len(found["passes"]) > 10
        return [
            (fault["id"], fault["impact"], [node["html"] for node in fault["nodes"]])
            for fault in found["violations"]
            if fault["impact"] in {"moderate", "serious", "critical"}
        ]

    async def no_wider(self) -> None:
        """Nothing runs out of the window."""
        assert await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    async def shifted(self) -> float:
        """How far the page has moved under its reader since it was opened."""
        moved: float = await self.page.evaluate("window.shifted")
        return moved

    async def settle(self) -> None:
        """From here on nothing may move."""
        # What moved in the last frame is told a little after it.
        await self.page.evaluate(
            "new Promise((told) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(told, 200))))"
        )
        self.settled = await self.shifted()

    async def still(self) -> None:
        """Hardly anything moved; where it was said to have settled, since then."""
        assert await self.shifted() - self.settled < SHIFT_MAX, await self.page.evaluate("window.moved")

    async def drawn(self) -> None:
        """The picture of the night, where there is one, has what has been counted."""
        await self.page.wait_for_function(
            """() => { const picture = document.querySelector("tally-crossing");
            return !picture || picture.view?.ballots_cast === 0 || !picture.renderRoot.querySelector(".empty"); }"""
        )

    async def sound(self, axe: str, picture: Path) -> None:
        """What holds of a page in every state; it is photographed first."""
        await self.page.screenshot(path=picture, full_page=True)
        assert await self.faults(axe) == [], picture
        await self.no_wider()

    def away(self) -> None:
        """Forgive what is said of a service that could not be reached."""
        self.complaints = [one for one in self.complaints if not one.startswith(LOST)]

    def clean(self, *origins: str) -> None:
        """Nothing was complained of, and nobody else was asked."""
        assert not self.complaints
        hosts = {url.split("/")[2] for url in self.asked if not url.startswith(("data:", "about:"))}
        assert hosts == {origin.split("/")[2] for origin in origins}


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser without a page."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


async def page_of(
    browser: Browser, url: str, script: str = "", *, framed: bool = False, **context: Any
) -> Seen:
    """A page in a context of its own. `script` runs before any other; `framed`: the ticker is in a frame of it."""
    opened = await browser.new_context(**{"locale": "en-US", "timezone_id": "UTC", **context})
    seen = Seen(await opened.new_page(), framed)
    await seen.page.add_init_script(SHIFTS + script)
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("console", lambda said: seen.complaints.append(said.text) if said.type == "error" else None)
    seen.page.on("request", lambda request: seen.asked.add(request.url))
    seen.page.on("websocket", lambda socket: seen.asked.add(socket.url))
    await seen.page.goto(url)
    return seen


@contextlib.asynccontextmanager
async def looking(url: str, script: str = "", **options: Any) -> AsyncIterator[Seen]:
    """A page in a browser of its own, opened as by `page_of`."""
    async with chromium() as browser:
        yield await page_of(browser, url, script, **options)


@contextlib.asynccontextmanager
async def in_every_language(url: str, script: str = "", **options: Any) -> AsyncIterator[dict[str, Seen]]:
    """A page by language, each in a context of its own, of one browser."""
    path, mark, contest = url.partition("#")
    async with chromium() as browser:
        yield {
            lang: await page_of(browser, f"{path}?lang={lang}{mark}{contest}", script, **options)
            for lang in LANGUAGES
        }


@contextlib.asynccontextmanager
async def state(url: str, into: Path, axe: str, size: ViewportSize) -> AsyncIterator[Seen]:
    """A page, to be brought into a state in the block; then it is held to what holds in all."""
    async with looking(url, viewport=size) as seen:
        await seen.text("connection").to_have_text("live")
        await seen.page.locator("tally-crossing .plot, tally-crossing .empty, #rows tr").first.wait_for()
        yield seen
        await seen.drawn()
        await seen.sound(axe, into / "state.png")
        await seen.still()
        seen.clean(url)


async def to_the_units(page: Page) -> None:
    """Scroll down to the table of every unit, which is loaded when what stands before it is near."""
    await page.locator("#events").scroll_into_view_if_needed()
    await page.locator("#units-section").scroll_into_view_if_needed()

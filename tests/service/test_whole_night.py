"""The shipped night played through with its page open: irreversible within a tick, proven a click away, nothing moves."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from deploy.opening import begin_or_resume
from deploy.service import Service, build, running
from deploy.settings import Settings
from ingest.replay import load
from tally.model import canonical
from tests.service.partner import looking
from tests.service.test_crossing import SHIFTS
from tests.service.test_observe import PHONE, faults
from tests.ws.test_sdk_javascript import modules

pytestmark = pytest.mark.browser
__all__ = ["modules"]  # a fixture: axe-core

TICK_MS = 1_000  # long beside what a loaded machine adds
SHIFT_MAX = 0.05
DESK = {"width": 1280, "height": 900}
# A second ear in the same page: the instant its frame says irreversible, and the instant the words are in the document.
EARS = """
window.heard = window.shown = null;
addEventListener("DOMContentLoaded", () => {
  const channel = "contest:" + CONTEST;
  new EventSource(`/v1/stream?channels=${encodeURIComponent(channel)}`).addEventListener(channel, (event) => {
    const sure = JSON.parse(event.data).claims.some((c) => c.claim === "elected" && c.status === "irreversible");
    if (sure) window.heard ??= performance.now();
  });
  new MutationObserver(() => {
    const said = document.getElementById("verdict-head").textContent;
    if (said.startsWith("Irreversible")) window.shown ??= performance.now();
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
});
"""


@dataclass
class Night:
    """A night, and a service to count it."""

    service: Service
    events: Any
    contest: str
    url: str

    async def count(self) -> None:
        """Every batch, as fast as the service takes them with a page looking on."""
        for number, event in enumerate(self.events):
            await self.service.sequencer.submit(event.command)
            if number % 20 == 0:
                await asyncio.sleep(0.02)
        await self.service.sequencer.judged()


@contextlib.asynccontextmanager
async def the_night(tmp_path: Path) -> AsyncIterator[Night]:
    night = load("demo", reports_per_batch=50)
    election = tmp_path / "election.json"
    election.write_bytes(canonical(night.definition))
    settings = Settings(
        election=election, data=tmp_path / "data", listen="127.0.0.1:0", ingest_listen="127.0.0.1:0",
        tick_ms=TICK_MS, projection_interval_ms=1_000,
    )  # fmt: skip
    service = build(settings, begin_or_resume(settings.data, lambda: night.definition))
    async with running(service):
        host, port = service.addresses()[0]
        yield Night(service, night.events, night.definition.contests[0].id, f"http://{host}:{port}")


async def proven(page: Page) -> None:
    """From the words to the proof: one click."""
    await page.locator("#proof summary").click()
    await expect(page.locator("#proof-body li").first).to_contain_text("so at least", timeout=15_000)


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("wide", [True, False], ids=["desk", "phone"])
async def test_the_whole_night(tmp_path: Path, modules: Path, color_scheme: str, wide: bool) -> None:
    axe = (modules / "axe-core" / "axe.min.js").read_text()
    options: dict[str, Any] = {"viewport": DESK if wide else PHONE, "color_scheme": color_scheme}
    async with the_night(tmp_path) as night:
        script = SHIFTS + EARS.replace("CONTEST", json.dumps(night.contest))
        async with looking(night.url, script, **options) as seen:
            page = seen.page
            await expect(page.locator("#connection")).to_have_text("live")
            await expect(page.locator("#verdict-head")).to_have_text("Waiting for the first count")
            await night.count()
            await expect(page.locator("#verdict-head")).to_contain_text("Irreversible:", timeout=30_000)
            heard, shown = await page.evaluate("[window.heard, window.shown]")
            ticks = (shown - heard) / TICK_MS
            shifted = await page.evaluate("window.shifted")
            print(f"shown {ticks:+.2f} ticks after a second ear heard it; layout shift {shifted:.4f}")
            assert abs(ticks) <= 1
            await proven(page)
            await page.screenshot(path=tmp_path / "night.png", full_page=True)
            assert shifted < SHIFT_MAX
            assert await faults(page, axe) == []
            await seen.no_wider()
            seen.clean(night.url)

"""`python -m tests.service.picture [OUT.png]`: the shipped night on the page, counted at its own hours, as one picture."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from deploy.opening import Opened, journal_directory
from deploy.service import build, running
from deploy.settings import Settings
from ingest.journal.segments import Segments
from ingest.replay import load
from tally import engine, events
from tally.model import Definition, canonical
from tests.house.tree import ROOT

PICTURE = ROOT / "docs" / "crossing.png"
LISTEN = {"listen": "127.0.0.1:0", "ingest_listen": "127.0.0.1:0"}
PAGE: dict[str, Any] = {"locale": "en-GB", "viewport": {"width": 1_000, "height": 1_000}}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"]


async def shot(out: Path, *, whole: bool = False, **context: Any) -> None:
    """Count the whole night, each batch at the time it was published; photograph the page down to the slider."""
    night = load("demo", reports_per_batch=50)
    with tempfile.TemporaryDirectory() as folder:
        election, data = Path(folder) / "election.json", Path(folder) / "data"
        election.write_bytes(canonical(night.definition))
        hour = {"ms": min(event.at_ms or 0 for event in night.events)}
        opened = begun(data, night.definition, hour["ms"])
        service = build(Settings(election=election, data=data, projection_interval_ms=0, **LISTEN), opened)
        service.sequencer.clock_ms = lambda: hour["ms"]
        async with running(service):
            for event in night.events:
                hour["ms"] = event.at_ms or hour["ms"]
                await service.sequencer.submit(event.command)
            host, port = service.addresses()[0]
            zone = night.definition.election.timezone
            await photographed(
                f"http://{host}:{port}", out, {**PAGE, "timezone_id": zone, **context}, whole=whole
            )


def begun(data: Path, definition: Definition, at_ms: int) -> Opened:
    """A journal whose first record is of the night's own time."""
    journal = Segments.create(journal_directory(data), "picture")
    record = engine.define(definition, at_ms)
    journal.append([events.encode(record)])
    return Opened(journal, engine.open_state(record), data / "snapshots")


async def photographed(url: str, out: Path, options: dict[str, Any], *, whole: bool) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = await browser.new_page(**options)
        await page.goto(url)
        await page.locator("tally-crossing .mark").first.wait_for()
        slider = await page.locator("tally-crossing .slide").bounding_box()
        assert slider is not None
        width, height = options["viewport"]["width"], slider["y"] + slider["height"]
        clip = None if whole else {"x": 0, "y": 0, "width": width, "height": height}
        await page.screenshot(path=out, full_page=True, clip=clip)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(shot(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE))

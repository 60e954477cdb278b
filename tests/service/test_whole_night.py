"""The shipped night played through with its page open in three languages: irreversible within a tick, proven a click away."""

import asyncio
import json
from pathlib import Path

import pytest
from playwright.async_api import ViewportSize, expect

from ingest.night.shipped import load_shipped
from tally.model import canonical
from tests.service.browser import Seen, at_every_size, in_both_schemes, in_every_language
from tests.service.world import town

pytestmark = pytest.mark.browser

TICK_MS = 1_000  # long beside what a loaded machine adds
SAID = {  # of the stream; before the first count; how the verdict then begins; from a line of its proof
    "en": ("live", "Waiting for the first count", "Irreversible:", "so at least"),
    "es": ("en vivo", "A la espera del primer recuento", "Irreversible:", "así que quedan al menos"),
    "pt": ("ao vivo", "À espera da primeira apuração", "Irreversível:", "então ficam pelo menos"),
}
# A second ear in the same page: the instant its frame says irreversible, and the instant the words are in the document.
EARS = """
window.heard = window.shown = null;
addEventListener("DOMContentLoaded", () => {
  const channel = "contest:" + CONTEST;
  new EventSource(`/v1/stream?channels=${encodeURIComponent(channel)}`).addEventListener(channel, (event) => {
    const sure = JSON.parse(event.data).claims.some((c) => c.claim === "elected" && c.status === "irreversible");
    if (sure) window.heard ??= performance.now();
  });
  const begins = SAID[new URLSearchParams(location.search).get("lang")][2];
  new MutationObserver(() => {
    const said = document.getElementById("verdict-head").textContent;
    if (said.startsWith(begins)) window.shown ??= performance.now();
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
});
"""


async def ticks_late(seen: Seen) -> float:
    """How long after the second ear heard it the words were in the document."""
    heard, shown = await seen.page.evaluate("[window.heard, window.shown]")
    return float(shown - heard) / TICK_MS


async def proven(seen: Seen, line: str) -> None:
    """From the words to the proof: one click."""
    await seen.page.locator("#proof summary").click()
    await expect(seen.page.locator("#proof-body li").first).to_contain_text(line, timeout=15_000)


@in_both_schemes
@at_every_size
async def test_the_whole_night(tmp_path: Path, axe: str, color_scheme: str, size: ViewportSize) -> None:
    night = load_shipped(50)
    defined = json.loads(canonical(night.definition))
    script = EARS.replace("CONTEST", json.dumps(night.definition.contests[0].id)).replace(
        "SAID", json.dumps(SAID)
    )
    look = {"viewport": size, "color_scheme": color_scheme}
    async with (
        town(tmp_path, defined, tick_ms=TICK_MS, projection_interval_ms=1_000) as client,
        in_every_language(client.read, script, **look) as readers,
    ):
        for lang, seen in readers.items():
            await seen.says(connection=SAID[lang][0], verdict_head=SAID[lang][1])
        for number, event in enumerate(
            night.events
        ):  # as fast as the service takes them with pages looking on
            await client.service.sequencer.submit(event.command)
            if number % 20 == 0:
                await asyncio.sleep(0.02)
        await client.service.sequencer.judged()
        for lang, seen in readers.items():
            await expect(seen.page.locator("#verdict-head")).to_contain_text(SAID[lang][2], timeout=30_000)
        late = {lang: await ticks_late(seen) for lang, seen in readers.items()}
        print(
            {
                lang: f"{ticks:+.2f} ticks, {await readers[lang].shifted():.4f} shifted"
                for lang, ticks in late.items()
            }
        )
        assert max(map(abs, late.values())) <= 1, late
        for lang, seen in readers.items():
            await seen.still()  # axe and a click may move it: before them
            await proven(seen, SAID[lang][3])
            await seen.sound(axe, tmp_path / f"night-{lang}.png")
            seen.clean(client.read)

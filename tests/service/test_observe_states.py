"""What the observers' page says in states a newcomer may meet, on a phone and on a desk; each can be seen as a picture."""

import contextlib
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import ViewportSize, expect

from tests.service.browser import Seen, at_every_size, state
from tests.service.process import serving
from tests.service.test_observe import cells, claim, several
from tests.service.test_states import OLD
from tests.service.world import Client, batch, definition, report, town

pytestmark = [pytest.mark.browser, at_every_size]

NIGHT = several({"mayor": "Mayor", "council": "Council"})


@contextlib.asynccontextmanager
async def observed(origin: str, into: Path, axe: str, size: ViewportSize) -> AsyncIterator[Seen]:
    """The page with a contest chosen, once both are there."""
    async with state(f"{origin}/observe#mayor", into, axe, size) as seen:
        await seen.says(doubt_text=re.compile("[^…]$"))
        yield seen


async def decided(client: Client, seen: Seen) -> None:
    """Eleven of twelve units are counted, and Ann is elected."""
    await client.post(batch("b1", *(report(f"p{n:03}", 60, 40) for n in range(1, 12))))
    await expect(cells(seen, "Mayor").nth(4)).to_have_text("Ann elected")


async def places(seen: Seen, *rows: str) -> None:
    """Of each place: what can still come, what is counted, in how many units."""
    found = seen.page.locator("#places tr")
    await expect(found).to_have_text(list(rows), timeout=15_000)  # asked for every five seconds


async def opened(seen: Seen, begins: str, *lines: str) -> None:
    """A claim, opened, says why, one line after the other."""
    box = claim(seen, begins)
    await box.locator("summary").press("Enter")
    await expect(box.locator("li")).to_have_text(list(lines), timeout=15_000)


async def test_a_disputed_place(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    async with (
        town(tmp_path, NIGHT) as client,
        observed(client.read, tmp_path, axe, size) as seen,
    ):
        await decided(client, seen)
        await client.desk("dispute", units=["north"], contest="mayor", reason="protest")
        await expect(cells(seen, "Mayor")).to_have_text(
            ["Ann", "220", "100", "11 of 12", "Ann elected", re.compile(r"\d:\d\d"), "0", "6"]
        )
        await seen.says(
            doubt_text="0 units quarantined, 6 units disputed. Ann elected: It holds on what is outstanding, not on what is disputed: "
            "annulling at least 6 disputed units, or units with at least 600 ballots, would overturn it."
        )
        await expect(seen.page.locator("#doubt tr")).to_have_text(
            [
                f"Precinct {n}disputed100Counted. Annulled, it would take away: Ann 60, Bo 40."
                for n in range(1, 12, 2)
            ]
        )
        await places(seen, "North06006", "South1005005")


async def test_a_quarantined_unit(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    async with (
        town(tmp_path, NIGHT) as client,
        observed(client.read, tmp_path, axe, size) as seen,
    ):
        await client.post(batch("b1", report("p001", 60, 40), report("p002", 100, 50)))
        await expect(cells(seen, "Mayor")).to_have_text(
            ["Ann", "20", "unknown", "1 of 12", "–", "–", "1", "0"]
        )
        await seen.says(
            doubt_text="1 unit quarantined, 0 units disputed.",
            chosen_text="Ann is ahead by 20. How many ballots can still come is unknown: 11 open units have no hard limit. 1,150 if no other unit goes over its cap. 1 of 12 units in.",
        )
        await expect(seen.page.locator("#doubt tr")).to_have_text(
            "Precinct 2quarantined: more ballots than its cap allows150"
            "In no total. If it were counted as sent: Ann 100, Bo 50."
        )


async def test_a_claim_withdrawn(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    async with (
        town(tmp_path, NIGHT) as client,
        observed(client.read, tmp_path, axe, size) as seen,
    ):
        await decided(client, seen)
        await client.desk("annul", units=["north"], contest="mayor", reason="court order")
        await expect(cells(seen, "Mayor").nth(4)).to_have_text("withdrawn")
        await expect(cells(seen, "Mayor").nth(4)).to_have_class("doubtful")
        await seen.says(
            news="Mayor: withdrawn: Ann elected",
            doubt_text="No unit is quarantined or disputed.",
        )
        await expect(claim(seen, "Ann elected").locator("summary")).to_have_text(
            re.compile(r"^Ann elected: withdrawn, since record \d+$")
        )
        await opened(
            seen,
            "Ann elected",
            "Not yet: if 100 of the 100 ballots that can still come voted for Bo, Bo would be level with Ann, and a tie can go either way.",
        )
        await places(seen, "North000", "South1005005")


async def test_a_test_night(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    rehearsal = several({"mayor": "Mayor"}, is_test=True, label="rehearsal")
    async with (
        town(tmp_path, rehearsal) as client,
        observed(client.read, tmp_path, axe, size) as seen,
    ):
        await seen.says(
            label="TEST · rehearsal",
            chosen_text="Nobody is ahead. 1,200 ballots can still come. 0 of 12 units in.",
        )
        await client.post(batch("b1", report("p001", 60, 40), is_test=True))
        await expect(cells(seen, "Mayor").first).to_have_text("Ann")
        await seen.says(label="TEST · rehearsal", shown="1 contest")
        await places(seen, "North5001001", "South60000")


async def test_a_tie_once_all_is_counted(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    async with (
        town(tmp_path, definition(units=2)) as client,
        observed(client.read, tmp_path, axe, size) as seen,
    ):
        await client.post(batch("b1", report("p001", 60, 40), report("p002", 40, 60)))
        await expect(cells(seen, "Mayor")).to_have_text(
            ["–", "0", "0", "2 of 2", "1 claim; the outcome is open", "–", "0", "0"]
        )
        await seen.says(chosen_text="Nobody is ahead. 0 ballots can still come. 2 of 2 units in.")
        await opened(
            seen,
            "Ann elected",
            "Not by the count: no ballot can still come, Ann is level with Bo, and a tie can go either way.",
        )
        await places(seen, "North01001", "South01001")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
async def test_the_service_goes_away_and_comes_back(
    tmp_path: Path, axe: str, size: ViewportSize, how: signal.Signals
) -> None:
    async with (
        serving(tmp_path, NIGHT, "--tick-ms", "20") as served,
        aiohttp.ClientSession() as http,
        observed(served.read, tmp_path, axe, size) as seen,
    ):
        await served.post(http, batch("b1", *(report(f"p{n:03}", 60, 40) for n in range(1, 6))))
        known = ["Ann", "100", "700", "5 of 12", "–", "–", "0", "0"]
        await expect(cells(seen, "Mayor")).to_have_text(known)
        await served.end(how)
        await seen.says(connection=OLD)
        await expect(seen.page.locator("#connection")).to_have_class("lost")
        await expect(cells(seen, "Mayor")).to_have_text(known)
        await seen.sound(axe, tmp_path / "away.png")
        await seen.still()
        await served.start()
        await seen.says(connection="live")
        await expect(cells(seen, "Mayor")).to_have_text(known)
        await served.post(http, batch("b2", *(report(f"p{n:03}", 60, 40) for n in range(6, 12))))
        await expect(cells(seen, "Mayor").nth(4)).to_have_text("Ann elected")
        await seen.says(connection="live", news="Mayor: irreversible: Ann elected")
        await places(seen, "North06006", "South1005005")
        seen.away()

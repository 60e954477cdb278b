"""`tally watch` on a real service, keys pressed and screens read: every state of a night, from 40 columns to 300 contests."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from textual.pilot import Pilot

from deploy.watching.night import Night
from deploy.watching.ticker import Ticker
from tests.service.process import serving
from tests.service.world import Client, batch, definition, report, town

WIDE, NARROW = (80, 24), (40, 24)


class Screen:
    """What stands on the terminal."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot

    @property
    def rows(self) -> list[str]:
        strips = self.pilot.app.screen._compositor.render_strips()
        return [strip.text.rstrip() for strip in strips]

    def row(self, part: str) -> str:
        """The one row that has a part."""
        return next(row for row in self.rows if part in row)

    async def until(self, part: str, *, gone: bool = False) -> None:
        """Wait until something stands there, or no longer does."""
        try:
            async with asyncio.timeout(30):
                while (part in "\n".join(self.rows)) is gone:
                    await self.pilot.pause(0.02)
        except TimeoutError:
            pytest.fail(f"{'still' if gone else 'no'} {part!r} in:\n" + "\n".join(self.rows))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()


@contextlib.asynccontextmanager
async def watching(
    http: aiohttp.ClientSession, url: str, size: tuple[int, int] = WIDE, contest: str | None = None
) -> AsyncIterator[Screen]:
    """A ticker on a service, until the block ends."""
    async with http.get(url + "/v1/observers") as response:
        night = Night.begun(await response.json(), time.monotonic)
    ticker = Ticker(http, url, night, contest)
    async with ticker.run_test(size=size) as pilot:
        yield Screen(pilot)


def contests(*ids: str, **election: Any) -> dict[str, Any]:
    """The small election with so many contests; `election` changes what it says of itself."""
    defined = definition()
    mayor = defined["contests"][0]
    defined["contests"] = [{**mayor, "id": one, "name": one.title()} for one in ids]
    defined["election"] |= election
    return defined


async def count(
    client: Client, *units: int, contest: str = "mayor", ann: int = 60, bo: int = 20, **more: Any
) -> None:
    for n in units:
        made = report(f"p{n:03}", ann, bo, contest=contest)
        status, answer = await client.post(batch(f"{contest}-{n}", made, **more))
        assert status == 201, answer


async def test_an_empty_night_says_so(tmp_path: Path) -> None:
    defined = contests("mayor", "sheriff", is_test=True, label="rehearsal")
    async with town(tmp_path, defined) as client, watching(client.http, client.read) as screen:
        await screen.until("● live")
        assert "TEST  Town [rehearsal]" in screen.rows[0]
        assert "waiting" in screen.row("Sheriff")
        assert "0/6" in screen.row("Sheriff")
        await screen.press("down", "enter")
        await screen.until("Nothing is counted yet.")
        assert screen.row("Sheriff")
        assert "0.0%" in screen.row("Cy")
        await screen.until("Nothing is irreversible yet.")
        await screen.press("left")
        await screen.until("Sheriff", gone=True)
        assert screen.row("Mayor")
        await screen.press("escape")
        await screen.until("counted state")


async def test_a_count_is_followed_and_its_columns_stand_still(tmp_path: Path) -> None:
    async with (
        town(tmp_path, contests("mayor", "sheriff")) as client,
        watching(client.http, client.read) as screen,
    ):
        await screen.until("waiting")
        header = screen.row("leader")
        await count(client, 1)
        await screen.until("1/6")
        first = screen.row("Mayor")
        await count(client, 2, ann=99, bo=1)
        await screen.until("2/6")
        second = screen.row("Mayor")
        assert ("Ann" in second, " 138 " in second, "· open" in second) == (True, True, True), second
        assert first.index("1/6") == second.index("2/6")
        assert first.index("40") + 1 == second.index("138") + 2, "numbers end where they ended"
        assert screen.row("leader") == header
        await screen.press("enter")
        await screen.until("Ann leads by 138")
        assert "2 of 6 units counted (33.3%) · 180 ballots" in screen.row("units counted")
        assert screen.row("Ann  ").endswith("159  88.3%")
        assert "400" in screen.row("May still come")
        before = screen.row("Ann  ").index("█")
        await count(client, 3, ann=5, bo=90)
        await screen.until("3 of 6 units")
        assert screen.row("Ann  ").index("█") == before


async def test_what_is_irreversible_disputed_and_withdrawn_is_said_in_words(tmp_path: Path) -> None:
    async with town(tmp_path) as client, watching(client.http, client.read, (100, 40)) as screen:
        await screen.until("Nothing is counted yet.")  # the one contest there is stands open
        await count(client, 1, 2, 3, 4, ann=95, bo=1)
        await screen.until("✓ Ann elected: irreversible for certain, since record 5")
        await screen.until("Ann elected: irreversible for certain")
        await client.desk("dispute", units=["p001"])
        await screen.until("1 unit disputed, with 96 votes that are counted")
        await screen.until("1 unit disputed: ordered")
        status, _ = await client.post(batch("over", report("p005", 90, 30)))
        assert status == 202
        await screen.until("1 unit held for review")
        await client.desk("annul", units=["p001", "p002", "p003"], reason="a court ruled")
        await screen.until("! Ann elected: withdrawn")
        await screen.until("3 units annulled: a court ruled")
        await screen.press("escape")
        await screen.until("! withdrawn")


async def test_what_happened_before_somebody_looked_is_told(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        await count(client, 1, 2, 3, 4, ann=95, bo=1)
        async with watching(client.http, client.read, (100, 40)) as screen:
            await screen.until("What happened")
            await screen.until("Bo eliminated: irreversible for certain")


async def test_a_lost_connection_is_said_and_taken_up_again(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, contests("mayor", "sheriff")) as served,
        aiohttp.ClientSession() as http,
        watching(http, served.read) as screen,
    ):
        await screen.until("● live")
        await served.end()
        await screen.until("✕ connection lost")
        assert "trying again" in screen.rows[1]
        await screen.press("enter")
        await screen.until("waiting for the first word")
        await served.start()
        await screen.until("● live")
        await screen.until("Nothing is counted yet.")
        async with http.post(
            served.ingest + "/v1/batches", json=batch("b1", report("p001", 7, 3))
        ) as response:
            assert response.status == 201
        await screen.until("Ann leads by 4")
        await screen.press("escape")
        await screen.until("1/6")
        await served.end()
        await screen.until("✕ connection lost")
        served.data = "another"  # a journal begun anew: nothing of the old one may stay
        await served.start()
        await screen.until("● live")
        await screen.until("1/6", gone=True)
        assert "0/6" in screen.row("Mayor")


async def test_silence_has_an_age(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, definition()) as served,
        aiohttp.ClientSession() as http,
        watching(http, served.read) as screen,
    ):
        await screen.until("● live")
        os.kill(served.pid, signal.SIGSTOP)
        try:
            await screen.until("◌ no word for ")
            first = screen.row("◌")
            await screen.until("◌ no word for 1")
            assert screen.row("◌") != first
        finally:
            os.kill(served.pid, signal.SIGCONT)
        await screen.until("● live")


async def test_300_contests_are_searched_and_opened(tmp_path: Path) -> None:
    names = [f"seat-{n:03}" for n in range(300)]
    async with town(tmp_path, contests(*names)) as client, watching(client.http, client.read) as screen:
        await count(client, 1, contest="seat-271")
        await screen.until("Seat-018")
        await screen.press("slash", *"seat-27")
        await screen.until("Seat-018", gone=True)
        assert sum("Seat-27" in row for row in screen.rows) == 10
        await screen.until("1/6")
        await screen.press("1")
        await screen.until("Seat-270", gone=True)
        await screen.press("enter", "enter")
        await screen.until("Ann leads by 40")
        await screen.press("right")
        await screen.until("Seat-272")
        await screen.press("escape", "slash", "x", "y", "q")
        await screen.until("No contest matches “xyq”.")
        await screen.press("escape")
        await screen.until("Seat-000")
        await screen.press("end")
        await screen.until("Seat-299")


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_everything_fits_and_help_helps(tmp_path: Path, size: tuple[int, int]) -> None:
    long = "Commissioner of a district whose name has no end"
    defined = contests("mayor", "sheriff")
    defined["contests"][0] |= {
        "name": long,
        "selections": [{"id": s, "name": f"{s.title()} {long}"} for s in ("ann", "bo", "cy")],
    }
    async with town(tmp_path, defined) as client, watching(client.http, client.read, size) as screen:
        await count(client, 1, 2, 3, 4, ann=95, bo=1)
        await screen.until("✓")
        assert "376" in screen.row("Commi")
        assert ("66%" if size == NARROW else "4/6") in screen.row("Commi")
        await screen.press("question_mark")
        await screen.until("irreversible for certain" if size == WIDE else "decided")
        await screen.press("escape", "enter")
        await screen.until("…")
        assert screen.row("380").endswith("98.9%"), screen.rows
        assert all(len(row) <= size[0] for row in screen.rows)


async def test_text_of_others_cannot_steer_the_terminal(tmp_path: Path) -> None:
    defined = contests("mayor", "sheriff")
    defined["contests"][0]["name"] = "May\x1b[31mor [bold]\u202eevil"
    async with town(tmp_path, defined) as client, watching(client.http, client.read) as screen:
        await screen.until("May")
        assert "May [31mor" in screen.row("May")
        await screen.press("enter")
        await screen.until("[bold] evil")
        assert "\x1b" not in "".join(screen.rows)


async def test_colours_are_left_out_where_nobody_wants_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with town(tmp_path) as client, watching(client.http, client.read) as screen:
        await screen.until("● live")
        assert screen.pilot.app.no_color

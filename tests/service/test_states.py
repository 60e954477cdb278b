"""What the page says in states a newcomer may meet, on a phone and on a desk; each can be seen as a picture."""

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.service.partner import Seen, looking
from tests.service.proxy import proxied
from tests.service.test_crossing import SHIFTS
from tests.service.test_observe import PHONE, faults
from tests.service.world import Client, batch, definition, report, town
from tests.ws.test_sdk_javascript import modules

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("wide", [True, False], ids=["desk", "phone"])]
__all__ = ["modules"]  # a fixture: axe-core

OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
SHIFT_MAX = 0.05


@contextlib.asynccontextmanager
async def state(
    tmp_path: Path, modules: Path, url: str, *, wide: bool, lost: bool = False
) -> AsyncIterator[Seen]:
    """The page, to be brought into a state in the block; then it is looked at, and held to what holds in all."""
    size: Any = {"width": 1280, "height": 900} if wide else PHONE
    async with looking(url, SHIFTS, viewport=size) as seen:
        await expect(seen.page.locator("#connection")).to_have_text("live")
        await seen.page.locator("tally-crossing .plot, tally-crossing .empty").first.wait_for()
        yield seen
        await seen.page.screenshot(path=tmp_path / "state.png", full_page=True)
        axe = (modules / "axe-core" / "axe.min.js").read_text()
        assert await faults(seen.page, axe) == []
        await seen.no_wider()
        assert await seen.page.evaluate("window.shifted") < SHIFT_MAX
        if lost:
            told = ("Failed to load resource: net::ERR_", "GET ", "WebSocket connection to ")
            seen.complaints = [one for one in seen.complaints if not one.startswith(told)]
        seen.clean(url)


async def says(page: Page, **words: str | re.Pattern[str]) -> None:
    """The very words of elements by id; `_` stands for `-`."""
    for name, said in words.items():
        await expect(page.locator(f"#{name.replace('_', '-')}")).to_have_text(said, timeout=15_000)


async def count(client: Client, *reports: dict[str, Any], name: str = "b1") -> None:
    status, answer = await client.post(batch(name, *reports))
    assert status in {201, 202}, answer


async def test_offline_for_a_while_and_back(tmp_path: Path, modules: Path, wide: bool) -> None:
    async with (
        town(tmp_path, definition(units=12)) as client,
        proxied(client.service.addresses()[0][1]) as proxy,
        state(tmp_path, modules, f"http://127.0.0.1:{proxy.port}", wide=wide, lost=True) as seen,
    ):
        page = seen.page
        await count(client, *(report(f"p{n:03}", 60, 40) for n in range(1, 6)))
        await says(page, lead="100")
        tools = await page.context.new_cdp_session(page)
        await tools.send("Network.enable")
        await tools.send("Network.emulateNetworkConditions", OFFLINE)
        assert proxy.reset(), "what is open already is not cut by the browser"
        await count(client, *(report(f"p{n:03}", 60, 40) for n in range(6, 12)), name="b2")
        await says(page, connection=re.compile("[Tt]he numbers may be old"))
        await page.wait_for_timeout(20_000)
        await says(page, connection=re.compile("[Tt]he numbers may be old"), lead="100")
        await expect(page.locator("#connection")).to_have_class("lost")
        await page.screenshot(path=tmp_path / "offline.png")
        await tools.send("Network.emulateNetworkConditions", OFFLINE | {"offline": False})
        await says(page, connection="live", verdict_head="Irreversible: Ann elected", lead="220")


async def test_a_correction_that_takes_votes_away(tmp_path: Path, modules: Path, wide: bool) -> None:
    async with (
        town(tmp_path, definition(units=12)) as client,
        state(tmp_path, modules, client.read, wide=wide) as seen,
    ):
        await count(client, *(report(f"p{n:03}", 60, 40) for n in range(1, 6)))
        await says(seen.page, lead="100")
        await count(client, report("p001", 10, 40, revision=2, reason="ten read as sixty"), name="b2")
        await says(seen.page, lead="50")
        await expect(seen.page.locator("#calls li").first).to_contain_text(
            "correction in unit p001: ten read as sixty"
        )


async def test_received_but_under_review(tmp_path: Path, modules: Path, wide: bool) -> None:
    async with (
        town(tmp_path, definition(units=12)) as client,
        state(tmp_path, modules, client.read, wide=wide) as seen,
    ):
        await count(client, report("p001", 60, 40), report("p002", 100, 50))
        await expect(seen.page.locator("#counted")).to_contain_text("1 of 12 units counted (1 under review)")
        await expect(seen.page.locator("#calls")).to_contain_text("unit p002 received, under review")
        await says(seen.page, lead="20")


async def test_a_disputed_place_and_a_claim_withdrawn(tmp_path: Path, modules: Path, wide: bool) -> None:
    async with (
        town(tmp_path, definition(units=12)) as client,
        state(tmp_path, modules, client.read, wide=wide) as seen,
    ):
        await count(client, *(report(f"p{n:03}", 60, 40) for n in range(1, 12)))
        await says(seen.page, verdict_head="Irreversible: Ann elected")
        await client.desk("dispute", units=["north"], reason="protest")
        await expect(seen.page.locator("#verdict-text")).to_contain_text("disputed units would overturn it")
        await seen.page.screenshot(path=tmp_path / "disputed.png", full_page=True)
        await client.desk("annul", units=["north"], reason="court order")
        await says(seen.page, verdict_head="Not decided yet")
        await expect(seen.page.locator("#verdict-text")).to_contain_text("this was irreversible and has been withdrawn")
        await expect(seen.page.locator("#calls")).to_contain_text("court order")


async def test_a_tie_once_all_is_counted(tmp_path: Path, modules: Path, wide: bool) -> None:
    async with (
        town(tmp_path, definition(units=2)) as client,
        state(tmp_path, modules, client.read, wide=wide) as seen,
    ):
        await count(client, report("p001", 60, 40), report("p002", 40, 60))
        await says(
            seen.page,
            verdict_head="A tie",
            verdict_text="Everything is counted, and Ann and Bo are level at 100. The count cannot decide it; the law says how a tie is broken.",
            crossing_text="",
        )


async def test_everything_counted_on_the_way_is_no_tie(tmp_path: Path, modules: Path, wide: bool) -> None:
    async with (
        town(tmp_path, definition(units=3)) as client,
        state(tmp_path, modules, client.read, wide=wide) as seen,
    ):
        await count(client, report("p001", 60, 40), report("p002", 40, 60))
        await says(
            seen.page,
            verdict_head="Not decided yet",
            verdict_text="The first two are level, with 100 ballots that may still come.",
        )


async def test_an_uncontested_seat(tmp_path: Path, modules: Path, wide: bool) -> None:
    alone = definition(units=12, selections=[{"id": "ann", "name": "Ann"}])
    async with town(tmp_path, alone) as client, state(tmp_path, modules, client.read, wide=wide) as seen:
        await says(
            seen.page,
            verdict_head="Irreversible: Ann elected",
            verdict_text="There is no rival who could win instead.",
            crossing_text="",
        )


async def test_forty_selections(tmp_path: Path, modules: Path, wide: bool) -> None:
    many = [{"id": f"s{n:02}", "name": f"Selection {n} of a very long list"} for n in range(40)]
    async with (
        town(tmp_path, definition(units=12, selections=many)) as client,
        state(tmp_path, modules, client.read, wide=wide) as seen,
    ):
        counts = {one["id"]: 2 if n else 9 for n, one in enumerate(many)}
        for unit in range(1, 7):
            await count(
                client,
                report(f"p{unit:03}", counts=counts, ballots_cast=sum(counts.values())),
                name=f"b{unit}",
            )
        await expect(seen.page.locator("#totals tr")).to_have_count(40)
        await expect(seen.page.locator("#totals tr").first).to_contain_text(
            "Selection 0 of a very long list54"
        )
        await says(
            seen.page,
            verdict_text="Selection 0 of a very long list is ahead by 42; up to 600 ballots may still come, which is enough to change that.",
        )


async def test_nothing_is_counted_and_nothing_bounds_it(tmp_path: Path, modules: Path, wide: bool) -> None:
    unbounded = definition(units=12, hard=False)
    del unbounded["contests"][0]["bound"]
    unbounded["election"] |= {"is_test": True, "label": "rehearsal"}
    async with town(tmp_path, unbounded) as client, state(tmp_path, modules, client.read, wide=wide) as seen:
        await says(
            seen.page,
            label="TEST · rehearsal",
            verdict_head="Waiting for the first count",
            verdict_text="Nothing has been counted yet.",
            coming="unknown",
            lead="0",
        )
        status, answer = await client.post(batch("b1", report("p001", 60, 40), is_test=True))
        assert status == 201, answer
        await says(
            seen.page,
            verdict_text="11 open units have no hard limit on their ballots, so nothing can be certain while they are open.",
            label="TEST · rehearsal",
        )

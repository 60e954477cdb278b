"""What the page says in states a newcomer may meet, on a phone and on a desk; each can be seen as a picture."""

import re
import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import ViewportSize, expect

from tests.service.browser import at_every_size, state
from tests.service.process import serving
from tests.service.proxy import proxied
from tests.service.world import Client, batch, definition, report, town

pytestmark = [pytest.mark.browser, at_every_size]

OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
OLD = "connection lost; trying again. The numbers may be old"


async def count(client: Client, *reports: dict[str, Any], name: str = "b1") -> None:
    status, answer = await client.post(batch(name, *reports))
    assert status in {201, 202}, answer


async def test_offline_for_a_while_and_back(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    async with (
        town(tmp_path, definition(units=12)) as client,
        proxied(client.service.addresses()[0][1]) as proxy,
        state(f"http://127.0.0.1:{proxy.port}", tmp_path, axe, size) as seen,
    ):
        page = seen.page
        await count(client, *(report(f"p{n:03}", 60, 40) for n in range(1, 6)))
        await seen.says(lead="100")
        tools = await page.context.new_cdp_session(page)
        await tools.send("Network.enable")
        await tools.send("Network.emulateNetworkConditions", OFFLINE)
        assert proxy.reset(), "what is open already is not cut by the browser"
        await count(client, *(report(f"p{n:03}", 60, 40) for n in range(6, 12)), name="b2")
        await seen.says(connection=re.compile("[Tt]he numbers may be old"))
        await page.wait_for_timeout(20_000)
        await seen.says(connection=re.compile("[Tt]he numbers may be old"), lead="100")
        await expect(page.locator("#connection")).to_have_class("lost")
        await seen.sound(axe, tmp_path / "offline.png")
        await tools.send("Network.emulateNetworkConditions", OFFLINE | {"offline": False})
        await seen.says(connection="live", verdict_head="Irreversible: Ann elected", lead="220")
        seen.away()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
async def test_the_service_goes_away_and_comes_back(
    tmp_path: Path, axe: str, size: ViewportSize, how: signal.Signals
) -> None:
    async with (
        serving(tmp_path, definition(units=12), "--tick-ms", "20") as served,
        aiohttp.ClientSession() as http,
        state(served.read, tmp_path, axe, size) as seen,
    ):
        await served.post(http, batch("b1", *(report(f"p{n:03}", 60, 40) for n in range(1, 6))))
        await served.post(http, batch("fix", report("p001", 50, 40, revision=2, reason="misread")))
        await seen.says(lead="90", verdict_head="Not decided yet")
        before = await seen.happened()
        await served.end(how)
        await seen.says(connection=OLD, lead="90", coming="700", verdict_head="Not decided yet")
        await expect(seen.page.locator("#connection")).to_have_class("lost")
        await seen.drawn()
        await seen.sound(axe, tmp_path / "away.png")
        await seen.still()
        await served.start()
        await seen.says(connection="live", lead="90")
        await expect(seen.page.locator("#connection")).not_to_have_class("lost")
        await served.post(http, batch("b2", *(report(f"p{n:03}", 60, 40) for n in range(6, 12))))
        await seen.says(verdict_head="Irreversible: Ann elected", lead="210")
        assert (await seen.happened())[-1:] == before == ["correction in unit p001: misread"], "told once"
        seen.away()


async def test_a_correction_that_takes_votes_away(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    async with (
        town(tmp_path, definition(units=12)) as client,
        state(client.read, tmp_path, axe, size) as seen,
    ):
        await count(client, *(report(f"p{n:03}", 60, 40) for n in range(1, 6)))
        await seen.says(lead="100")
        await count(client, report("p001", 10, 40, revision=2, reason="ten read as sixty"), name="b2")
        await seen.says(lead="50")
        await expect(seen.page.locator("#calls li").first).to_contain_text(
            "correction in unit p001: ten read as sixty"
        )


async def test_received_but_under_review(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    async with (
        town(tmp_path, definition(units=12)) as client,
        state(client.read, tmp_path, axe, size) as seen,
    ):
        await count(client, report("p001", 60, 40), report("p002", 100, 50))
        await expect(seen.page.locator("#counted")).to_contain_text("1 of 12 units counted (1 under review)")
        await expect(seen.page.locator("#calls")).to_contain_text("unit p002 received, under review")
        await seen.says(lead="20")


async def test_a_disputed_place_and_a_claim_withdrawn(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    async with (
        town(tmp_path, definition(units=12)) as client,
        state(client.read, tmp_path, axe, size) as seen,
    ):
        await count(client, *(report(f"p{n:03}", 60, 40) for n in range(1, 12)))
        await seen.says(verdict_head="Irreversible: Ann elected")
        await client.desk("dispute", units=["north"], reason="protest")
        await expect(seen.page.locator("#verdict-text")).to_contain_text("disputed units would overturn it")
        await seen.drawn()
        await seen.sound(axe, tmp_path / "disputed.png")
        await client.desk("annul", units=["north"], reason="court order")
        await seen.says(verdict_head="Not decided yet")
        await expect(seen.page.locator("#verdict-text")).to_contain_text(
            "this was irreversible and has been withdrawn"
        )
        await expect(seen.page.locator("#calls")).to_contain_text("court order")


async def test_a_tie_once_all_is_counted(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    async with (
        town(tmp_path, definition(units=2)) as client,
        state(client.read, tmp_path, axe, size) as seen,
    ):
        await count(client, report("p001", 60, 40), report("p002", 40, 60))
        await seen.says(
            verdict_head="A tie",
            verdict_text="Everything is counted, and Ann and Bo are level at 100. The count cannot decide it; the law says how a tie is broken.",
            crossing_text="",
        )


async def test_everything_counted_on_the_way_is_no_tie(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    async with (
        town(tmp_path, definition(units=3)) as client,
        state(client.read, tmp_path, axe, size) as seen,
    ):
        await count(client, report("p001", 60, 40), report("p002", 40, 60))
        await seen.says(
            verdict_head="Not decided yet",
            verdict_text="The first two are level, with 100 ballots that may still come.",
        )


async def test_an_uncontested_seat(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    alone = definition(units=12, selections=[{"id": "ann", "name": "Ann"}])
    async with town(tmp_path, alone) as client, state(client.read, tmp_path, axe, size) as seen:
        await seen.says(
            verdict_head="Irreversible: Ann elected",
            verdict_text="There is no rival who could win instead.",
            crossing_text="",
        )


async def test_forty_selections(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    many = [{"id": f"s{n:02}", "name": f"Selection {n} of a very long list"} for n in range(40)]
    async with (
        town(tmp_path, definition(units=12, selections=many)) as client,
        state(client.read, tmp_path, axe, size) as seen,
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
        await seen.says(
            verdict_text="Selection 0 of a very long list is ahead by 42; up to 600 ballots may still come, which is enough to change that.",
        )


async def test_nothing_is_counted_and_nothing_bounds_it(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    unbounded = definition(units=12, hard=False)
    del unbounded["contests"][0]["bound"]
    unbounded["election"] |= {"is_test": True, "label": "rehearsal"}
    async with town(tmp_path, unbounded) as client, state(client.read, tmp_path, axe, size) as seen:
        await seen.says(
            label="TEST · rehearsal",
            verdict_head="Waiting for the first count",
            verdict_text="Nothing has been counted yet.",
            coming="unknown",
            lead="0",
        )
        status, answer = await client.post(batch("b1", report("p001", 60, 40), is_test=True))
        assert status == 201, answer
        await seen.says(
            verdict_text="11 open units have no hard limit on their ballots, so nothing can be certain while they are open.",
            label="TEST · rehearsal",
        )

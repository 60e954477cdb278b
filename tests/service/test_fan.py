"""The fan of projections: over HTTP, and as a picture on the page that says the same in words and as a table."""

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import ViewportSize, expect

from tests.service.browser import DESK, PHONE, looking
from tests.service.mirror import baked, served_plainly
from tests.service.test_projection import FAST, PATH, count, fresh, night, until
from tests.service.world import Client, town

LOOKS = (20, 30, 45, 60, 75)


async def projected(client: Client, looks: tuple[int, ...] = LOOKS, before: int = 0) -> list[dict[str, Any]]:
    """Count so far, and a projection of it, look by look; what each was."""
    made = []
    for looked in looks:
        await count(client, before, looked)
        made.append(
            await until(client, lambda view, seq=looked: fresh(view) and view["position"]["seq"] > seq)
        )
        before = looked
    return made


def wide(selection: dict[str, Any]) -> float:
    low, high = selection["share"]["90"]
    return float(high - low)


def said(share: float) -> str:
    """A share as the page writes it, halves up."""
    return f"{(Decimal(str(share)) * 100).quantize(Decimal('0.1'), ROUND_HALF_UP)}%"


async def test_it_holds_what_was_projected_and_narrows_to_the_count(tmp_path: Path) -> None:
    async with town(tmp_path, night(), **FAST) as client:
        assert (await client.get(f"{PATH}s"))["points"] == []
        made = await projected(client)
        fan = await client.get(f"{PATH}s")
        assert (fan["format"], fan["grade"], fan["contest"]) == ("tally-projections/1", "projected", "mayor")
        points = {point["seq"]: point for point in fan["points"]}
        assert sorted(points) == list(points)
        for one in made:
            point = points[one["position"]["seq"]]
            assert point["as_of"] == one["as_of"]
            of = {said["selection"]: said for said in one["selections"]}
            assert {s["selection"] for s in point["selections"]} == {"ann", "bo", "cy"}
            for one_of in point["selections"]:
                shares = of[one_of["selection"]]["share"]
                assert one_of["share"] == {"middle": shares["middle"], "90": shares["90"]}
            past = await client.get(f"/v1/contests/mayor?at={point['seq']}")
            counted = {total["selection"]: total["votes"] for total in past["totals"]}
            assert {s["selection"]: s["votes"] for s in point["selections"]} == counted
            assert point["valid"] == past["valid"]
        first, last = fan["points"][0]["selections"][0], fan["points"][-1]["selections"][0]
        assert wide(last) < wide(first)
        assert fan["position"]["seq"] == fan["points"][-1]["seq"]
        async with client.http.get(f"{client.read}{PATH}s") as response:
            tag = response.headers["ETag"]
        async with client.http.get(f"{client.read}{PATH}s", headers={"If-None-Match": tag}) as response:
            assert response.status == 304
        refused = await client.get(f"{PATH}s?at=3")
        assert (refused["status"], refused["code"], refused["pointer"]) == (404, "not-in-this-release", "/at")


async def test_where_nothing_is_projected_there_is_no_fan(tmp_path: Path) -> None:
    async with town(tmp_path, night(), projection_interval_ms=0) as client:
        assert (await client.get(f"{PATH}s"))["code"] == "not-projected"
    (tmp_path / "ranked").mkdir()
    ranked = night(rule={"type": "irv"})
    async with town(tmp_path / "ranked", ranked, **FAST) as client:
        assert (await client.get(f"{PATH}s"))["points"] == []


@pytest.mark.browser
@pytest.mark.parametrize(("color_scheme", "size"), [("light", DESK), ("dark", PHONE)])
async def test_the_page_shows_it_and_says_the_same_in_words(
    tmp_path: Path, axe: str, color_scheme: str, size: ViewportSize
) -> None:
    async with (
        town(tmp_path, night(), **FAST) as client,
        looking(client.read, viewport=size, color_scheme=color_scheme) as seen,
    ):
        page = seen.page
        await expect(page.locator("#connection")).to_have_text("live")
        assert not [url for url in seen.asked if "fan.js" in url]
        await projected(client, LOOKS[:1])
        await page.locator("#projection").scroll_into_view_if_needed()
        await expect(page.locator("#fan-words")).to_have_text(
            "The picture begins with the second projection."
        )
        await expect(page.locator("#projection-rows tr")).to_have_count(3)
        await seen.settle()
        await projected(client, LOOKS[1:], LOOKS[0])
        await expect(page.locator("#fan .band")).to_have_count(2)
        await seen.still()
        fan = await client.get(f"{PATH}s")
        low, high = fan["points"][-1]["selections"][0]["share"]["90"]
        await expect(page.locator("#fan-words")).to_contain_text("Ann: at first ")
        await expect(page.locator("#fan-words")).to_contain_text(f"now {said(low)} to {said(high)}")
        words = await page.locator("#fan-words").inner_text()  # of the newest: nothing is counted any more
        assert words in str(await page.locator("#fan").get_attribute("aria-label"))
        assert await page.locator("#fan .name").all_text_contents() == ["Ann", "Bo"]
        await page.locator("#fan-table summary").click()
        rows = page.locator("#fan-rows tr")
        await expect(rows.last).to_contain_text(f"{said(low)} to {said(high)}")
        assert 2 <= await rows.count() <= 13
        assert await seen.faults(axe) == []
        await seen.no_wider()
        await page.screenshot(path=tmp_path / "fan.png", full_page=True)
        seen.clean(client.read)

        words = await page.locator("#fan-words").inner_text()
        await page.reload()
        await page.locator("#projection").scroll_into_view_if_needed()
        await expect(page.locator("#fan-words")).to_have_text(words)  # who comes late sees the same


@pytest.mark.browser
async def test_a_copy_has_it_too(tmp_path: Path) -> None:
    async with town(tmp_path, night(), **FAST) as client:
        await projected(client, LOOKS[:3])
        fan = await client.get(f"{PATH}s")
        await baked(tmp_path / "copy", "--from", client.read)
    async with served_plainly(tmp_path / "copy") as url, looking(url) as seen:
        await seen.page.locator("#projection").scroll_into_view_if_needed()
        low, high = fan["points"][-1]["selections"][0]["share"]["90"]
        words = seen.page.locator("#fan-words")
        await expect(words).to_contain_text(f"now {said(low)} to {said(high)}")
        low, high = fan["points"][0]["selections"][0]["share"]["90"]
        await expect(words).to_contain_text(f"Ann: at first {said(low)} to {said(high)}")
        await expect(seen.page.locator("#fan .band")).to_have_count(2)
        seen.clean(url)


@pytest.mark.browser
async def test_another_journal_begins_the_picture_anew(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    async with looking("about:blank") as seen:
        words = seen.page.locator("#fan-words")
        async with town(tmp_path / "one", night(), **FAST) as client:
            address = client.read.removeprefix("http://")
            await projected(client, LOOKS[:3])
            await seen.page.goto(client.read)
            await seen.page.locator("#projection").scroll_into_view_if_needed()
            await expect(words).to_contain_text("Ann: at first ")
        async with town(tmp_path / "two", night(), listen=address, **FAST) as client:
            await projected(client, LOOKS[:1])
            await expect(words).to_have_text("The picture begins with the second projection.", timeout=20_000)
            await expect(seen.page.locator("#fan .band")).to_have_count(0)
            await projected(client, LOOKS[1:2], LOOKS[0])
            low, high = (await client.get(f"{PATH}s"))["points"][-1]["selections"][0]["share"]["90"]
            await expect(words).to_contain_text(f"now {said(low)} to {said(high)}")
            await expect(seen.page.locator("#fan .band")).to_have_count(2)

"""Every unit on the page of a contest: down the places, by name, page by page; and a contest found among many."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, ViewportSize, expect

from tests.service.browser import at_every_size, looking, to_the_units
from tests.service.wide import many_contests, many_units
from tests.service.world import batch, definition, report, town

pytestmark = pytest.mark.browser


async def row(page: Page, unit: str) -> list[str]:
    """The cells of a unit's row, its head first."""
    found = page.locator("#units-body tr", has=page.get_by_text(unit, exact=True))
    await expect(found).to_have_count(1)
    return [" ".join(cell.split()) for cell in await found.locator("th, td").all_inner_texts()]


def typed(page: Page) -> Any:
    return page.locator("#units-search")


@at_every_size
async def test_down_the_places_to_a_unit_and_the_row_it_rests_on(
    tmp_path: Path, axe: str, size: ViewportSize
) -> None:
    async with town(tmp_path, definition(units=12)) as client:
        await client.post(batch("b1", *(report(f"p{n:03}", 60, 20) for n in range(1, 8))))
        await client.desk("dispute", units=["p003"], reason="protest")
        await client.post(batch("b2", report("p009", 100, 50)))
        async with looking(client.read, viewport=size) as seen:
            page = seen.page
            await to_the_units(page)
            await expect(page.locator("#units-shown")).to_have_text("2 units or places")
            assert await row(page, "North") == [
                "North north", "4 counted, 1 under review, 1 disputed", "240", "80", "320", "80.0%", "",
            ]  # fmt: skip
            await page.locator("#units-body button", has_text="North").press("Enter")
            await expect(page.locator("#units-path")).to_have_text("All › North")
            assert await row(page, "Precinct 1") == [
                "Precinct 1 p001", "counted", "60", "20", "80", "80.0%", "test, batch b1 row of record 2",
            ]  # fmt: skip
            assert (await row(page, "Precinct 3"))[1] == "counted, disputed"
            assert (await row(page, "Precinct 9"))[1:5] == ["received, under review", "–", "–", "–"]
            assert (await row(page, "Precinct 11"))[1:6] == ["not counted yet", "–", "–", "–", "–"]
            link = page.locator("#units-body tr").first.locator("a")
            [told] = (await client.get(await link.get_attribute("href") or ""))["units"]
            assert (told["unit"], told["counts"]["ann"], told["batch"]) == ("p001", 60, "b1")
            await typed(page).press_sequentially("precinct 1")
            await expect(page.locator("#units-shown")).to_have_text("4 found")
            await page.screenshot(path=tmp_path / "units.png", full_page=True)
            assert await seen.faults(axe) == []
            await seen.no_wider()
            await typed(page).fill("nowhere")
            await expect(page.locator("#units-shown")).to_have_text("No unit or place is called that.")
            await page.locator("#units-path button", has_text="All").click()
            await expect(page.locator("#units-body tr")).to_have_count(2)
            seen.clean(client.read)


async def turned_to_the_end(page: Page) -> None:
    """Through the three pages of 250 units by keyboard, each called what it is."""
    await expect(page.locator("#units-body tr")).to_have_count(100)
    for said in ("101 to 200", "201 to 250"):
        await page.locator("#units-next").press("Enter")
        await expect(page.locator("#units")).to_be_focused()
        await expect(page.locator("#units-shown")).to_have_text(f"250 units or places, {said} on this page")
    await expect(page.locator("#units-table")).to_have_attribute("aria-rowcount", "251")
    await expect(page.locator("#units-body tr").first).to_have_attribute("aria-rowindex", "202")
    await expect(page.locator("#units-next")).to_be_disabled()


@at_every_size
async def test_many_units_come_a_page_at_a_time_and_follow_the_count(
    tmp_path: Path, size: ViewportSize
) -> None:
    async with town(tmp_path, many_units(250)) as client, looking(client.read, viewport=size) as seen:
        page = seen.page
        await to_the_units(page)
        await turned_to_the_end(page)
        await client.post(batch("b1", report("u00249", 30, 10)))
        last = page.locator("#units-body tr").last
        await expect(last).to_contain_text("Bérghof 249", timeout=15_000)
        await expect(last.locator("td").first).to_have_text("counted", timeout=15_000)
        await page.locator("#units-back").press("Enter")
        await expect(page.locator("#units-body tr").first).to_have_attribute("aria-rowindex", "102")
        await typed(page).press_sequentially("berghof 249")
        await expect(page.locator("#units-body tr")).to_have_count(1)
        await expect(page.locator("#units-pages")).to_be_hidden()
        await seen.no_wider()
        seen.clean(client.read)


async def test_a_page_is_called_what_it_is_however_late_it_comes(tmp_path: Path) -> None:
    async def slowly(route: Route) -> None:
        await asyncio.sleep(0.3)
        await route.continue_()

    async with town(tmp_path, many_units(350)) as client, looking(client.read) as seen:
        page = seen.page
        await to_the_units(page)
        await expect(page.locator("#units-body tr")).to_have_count(100)
        await page.route("**/units?*", slowly)
        await page.evaluate("for (const _ of [1, 2]) document.getElementById('units-next').click()")
        await expect(page.locator("#units-shown")).to_have_text(
            "350 units or places, 101 to 200 on this page"
        )
        await expect(page.locator("#units-body tr").first).to_contain_text("u00100")
        await page.locator("#units-next").press("Enter")
        await expect(page.locator("#units-shown")).to_have_text(
            "350 units or places, 201 to 300 on this page"
        )
        await expect(page.locator("#units-body tr").first).to_contain_text("u00200")


async def test_the_table_stands_where_the_picture_cannot_be_had(tmp_path: Path) -> None:
    async with town(tmp_path, many_units(250)) as client, looking("about:blank") as seen:
        await seen.page.route("**/crossing.bundle.js", lambda route: route.abort())
        await seen.page.goto(client.read)
        await expect(seen.page.locator("#connection")).to_have_text("live")
        await to_the_units(seen.page)
        await expect(seen.page.locator("#units-body tr")).to_have_count(100)


@at_every_size
async def test_one_of_many_contests_is_found_by_typing(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    async with (
        town(tmp_path, many_contests(250)) as client,
        looking(f"{client.read}/contest/c0100", viewport=size) as seen,
    ):
        page, links = seen.page, seen.page.locator("#contests a")
        await expect(page.locator("#contest")).to_have_text("Espera council, seat 101")
        await expect(page.locator("#contests label")).to_have_text("Find one of 250 contests")
        await page.locator("#contests input").press_sequentially("berghof")
        await expect(page.locator("#contests [role=status]")).to_have_text("32 found, the first 12 are here")
        await page.locator("#contests input").press_sequentially(" 250")
        await expect(links).to_have_text(["Bérghof council, seat 250", "all 250 contests"])
        await page.screenshot(path=tmp_path / "found.png")
        assert await seen.faults(axe) == []
        await seen.no_wider()
        await page.locator("#contests input").press("Enter")
        await expect(page.locator("#contest")).to_have_text("Bérghof council, seat 250")
        assert not any(url.endswith("/v1/contests") for url in seen.asked), "nobody needs all of them"
        seen.clean(client.read)

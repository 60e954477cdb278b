"""Every unit on the page of a copy, in Chromium over Python's own web server: as the live page shows it, and found alike."""

import json
import random
import shutil
import unicodedata
from pathlib import Path

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.service.browser import at_every_size, looking, to_the_units
from tests.service.mirror import baked, served_plainly
from tests.service.test_bake_units import nested
from tests.service.test_units_page import turned_to_the_end
from tests.service.wide import many_units
from tests.service.world import batch, definition, report, town
from ws.finding import Index, plain

pytestmark = pytest.mark.browser
FOLLOWED_MS = 30_000


async def rows(page: Page, said: str) -> list[list[str]]:
    """The cells of every row, once the page says so many."""
    await to_the_units(page)
    await expect(page.locator("#units-shown")).to_have_text(said)
    found = await page.locator("#units-body tr").all()
    return [
        [" ".join(cell.split()) for cell in await one.locator("th, td").all_inner_texts()] for one in found
    ]


async def walked(page: Page) -> dict[str, list[list[str]]]:
    """The table at its beginning, under a place, and of what was found."""
    seen = {"top": await rows(page, "2 units or places")}
    await page.locator("#units-body button", has_text="North").press("Enter")
    seen["north"] = await rows(page, "6 units or places")
    await expect(page.locator("#units-path")).to_have_text("All › Länd › North")
    await page.locator("#units-path button", has_text="Länd").click()
    await expect(page.locator("#units-path")).to_have_text("All › Länd")
    seen["land"] = await rows(page, "2 units or places")
    await page.locator("#units-search").fill("precinct 1")
    seen["precinct 1"] = await rows(page, "4 found")
    await page.locator("#units-search").fill("LAND")
    seen["land, by name"] = await rows(page, "1 found")
    await page.locator("#units-search").fill("nowhere")
    seen["nowhere"] = await rows(page, "No unit or place is called that.")
    await page.locator("#units-path button", has_text="All").click()
    seen["back"] = await rows(page, "2 units or places")
    return seen


@at_every_size
async def test_the_table_of_a_copy_is_the_table_of_the_live_page(
    tmp_path: Path, axe: str, size: ViewportSize
) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, nested()) as client:
        counted = ("P_001", "p002", "p:003", "p004", "p006", "p008")
        await client.post(batch("b1", *(report(unit, 60, 20) for unit in counted)))
        await client.post(batch("b2", report("p.005", 40, 9, status="in-process"), report("p009", 90, 50)))
        await client.desk("dispute", units=["p:003"], reason="protest")
        await baked(copy, "--from", client.read)
        async with looking(client.read, viewport=size) as live:
            shown = await walked(live.page)
        async with served_plainly(copy) as url, looking(url, viewport=size) as seen:
            page = seen.page
            assert await walked(page) == shown
            assert not any("/units?" in asked for asked in seen.asked), "there is nobody to answer that"
            await page.locator("#units-search").fill("p:003")
            [[_, stands, *_, source]] = await rows(page, "1 found")
            assert (stands, source) == ("counted, disputed", "test, batch b1 row of record 2")
            href = await page.locator("#units-body a").get_attribute("href")
            async with client.http.get(f"{url}{href}") as response:
                held = {row["unit"]: row for row in json.loads(await response.read())["units"]}
            assert held["p:003"]["counts"]["ann"] == 60
            await page.screenshot(path=tmp_path / "units.png", full_page=True)
            assert await seen.faults(axe) == []
            await seen.no_wider()
            await client.post(batch("b3", report("p:003", 61, 20, revision=2, reason="misread")))
            await baked(copy, "--from", client.read)
            votes = page.locator("#units-body td.number").first
            await expect(votes).to_have_text("61", timeout=FOLLOWED_MS)
            seen.clean(url)


async def test_many_units_of_a_copy_come_a_page_at_a_time_and_are_found(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, many_units(250)) as client:
        await baked(copy, "--from", client.read)
    async with served_plainly(copy) as url, looking(url) as seen:
        page = seen.page
        await to_the_units(page)
        await page.locator("#units-body tr").first.wait_for()
        assert not any("_find" in asked for asked in seen.asked), "nobody has searched yet"
        await turned_to_the_end(page)
        await page.locator("#units-back").press("Enter")
        await expect(page.locator("#units-body tr").first).to_have_attribute("aria-rowindex", "102")
        await page.locator("#units-search").press_sequentially("berghof")
        await expect(page.locator("#units-shown")).to_have_text("32 found")
        await expect(page.locator("#units-body tr").last).to_contain_text("Bérghof 249")
        await page.locator("#units-search").fill("u0")
        await expect(page.locator("#units-shown")).to_have_text("250 found, 1 to 100 on this page")
        await page.locator("#units-next").press("Enter")
        await expect(page.locator("#units-body tr").first).to_contain_text("u00100")
        seen.clean(url)


NOT_SEARCHED = {
    "en": "This copy is of too many units to be searched by name.",
    "es": "Esta copia tiene demasiadas unidades para buscarlas por nombre.",
    "pt": "Esta cópia tem unidades demais para buscá-las pelo nome.",
}


async def test_a_copy_that_cannot_be_searched_says_so_and_one_without_tables_shows_none(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, definition(units=12)) as client:
        await baked(copy, "--from", client.read)
    file = copy / "v1/contests/mayor/index.json"
    index = json.loads(file.read_text())
    index["tables"]["find"] = None
    file.write_text(json.dumps(index))
    async with served_plainly(copy) as url:
        for lang, said in NOT_SEARCHED.items():
            async with looking(f"{url}/?lang={lang}") as seen:
                await to_the_units(seen.page)
                await expect(seen.page.locator("#units-section .controls")).to_contain_text(said)
                await expect(seen.page.locator("#units-search")).to_be_hidden()
                await expect(seen.page.locator("#units-body tr")).to_have_count(2)
                seen.clean(url)
        del index["tables"]
        file.write_text(json.dumps(index))
        shutil.rmtree(copy / "v1/contests/mayor/units")
        async with looking(url) as seen:
            await expect(seen.page.locator("#connection")).to_contain_text("following a copy")
            await expect(seen.page.locator("#coming")).to_have_text("1,200")
            await seen.page.wait_for_load_state("networkidle")
            await expect(seen.page.locator("#units-section")).to_be_hidden()
            seen.clean(url)


async def test_a_copy_finds_what_the_service_finds(tmp_path: Path) -> None:
    """Letters that are one to ws/finding.py are one to ws/static/finding.js, and units come in the same order."""
    letters = [
        chr(code)
        for code in range(0x110000)
        if not 0xD800 <= code < 0xE000 and unicodedata.category(chr(code)) not in {"Cn", "Co"}
    ]
    chance = random.Random(5)
    some = "abé 1ßΣςİı"
    named = [(f"u{n}", "".join(chance.choices(some, k=6))) for n in range(300)]
    asked = ["".join(chance.choices(some, k=chance.randint(1, 4))) for _ in range(300)] + ["u1", "U12", "́"]
    async with (
        town(tmp_path, definition(units=2)) as client,
        looking(f"{client.read}/static/icon.svg") as seen,
    ):
        told = await seen.page.evaluate(
            """async ({ letters, named, asked }) => {
                const { Names, plain } = await import("/static/finding.js");
                const names = new Names(named.map(([id, name]) => [id, name, null]), 100);
                return { plain: [...letters].map((one) => plain(`a${one}b`)), found: asked.map((one) => names.find(one).map(({ id }) => id)) };
            }""",
            {"letters": "".join(letters), "named": named, "asked": asked},
        )
    ours = [plain(f"a{one}b") for one in letters]
    pairs = set(zip(ours, told["plain"], strict=True))
    assert len(pairs) == len(set(ours)) == len(set(told["plain"]))
    index = Index(named)
    for one, found in zip(asked, told["found"], strict=True):
        assert found == index.find(one), one

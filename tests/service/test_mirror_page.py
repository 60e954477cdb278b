"""The pages of a copy in Chromium, served by Python's own web server."""

import asyncio
import json
import re
from pathlib import Path

import aiohttp
from playwright.async_api import expect

from tests.service.browser import looking
from tests.service.mirror import baked, served_plainly, tally
from tests.service.test_page import a_town, count, pytestmark
from tests.service.world import batch, definition, report, town

__all__ = ["pytestmark"]
FOLLOWED_MS = 25_000


async def test_the_page_of_a_copy_shows_the_night_and_follows_the_next_bake(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, a_town(label="reconstruction")) as client:
        await count(client, 1, 5)
        await client.post(batch("fix", report("p001", 50, 40, revision=2, reason="misread")))
        await baked(copy, "--from", client.read)
        async with served_plainly(copy) as url, looking(url) as shown:
            await shown.text("label").to_have_text("reconstruction")
            await shown.text("verdict-head").to_have_text("Not decided yet")
            await shown.text("lead").to_have_text("90")
            await shown.text("connection").to_contain_text("following a copy, as of ")
            await shown.text("connection").to_contain_text("; checked every 10 s")
            await expect(shown.page.locator("#connection")).not_to_have_class("lost")
            assert await shown.happened() == ["correction in unit p001: misread"]

            await count(client, 6, 11)
            await client.desk("dispute", units=["p001", "p002"], reason="protest")
            await baked(copy, "--from", client.read)
            head = shown.page.locator("#verdict-head")
            await expect(head).to_have_text("Irreversible: Ann elected", timeout=FOLLOWED_MS)
            happened = await shown.happened()
            assert happened[0] == "dispute of 2 units: protest"
            assert happened[-1] == "correction in unit p001: misread"
            assert "Ann elected: irreversible (certain)" in happened
            picture = shown.page.locator("tally-crossing")
            await expect(picture.locator(".wrong")).to_have_text("▲ 2 corrections and orders of the desk")
            await expect(picture.locator("#moment")).to_be_disabled()

            await shown.page.locator("#proof summary").click()
            proof = shown.page.locator("#proof-body a", has_text="certificate")
            await expect(proof).to_have_attribute("href", file_of(copy, "elected:ann"))
            for link in ("certificate", "the unit rows"):
                href = await shown.page.locator("#proof-body a", has_text=link).get_attribute("href")
                async with client.http.get(f"{url}{href}") as response:
                    assert response.status == 200
            await shown.page.screenshot(path=tmp_path / "copy.png", full_page=True)
            shown.clean(url)


def file_of(copy: Path, claim: str) -> str:
    index = json.loads((copy / "v1/contests/mayor/index.json").read_text())
    return str(index["certificates"][claim]["path"])


async def test_what_did_not_change_is_not_sent_again(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, a_town()) as client:
        await count(client, 1, 5)
        await baked(copy, "--from", client.read)
    log = tmp_path / "requests.log"
    async with served_plainly(copy, log) as url, looking(url) as shown:
        await shown.text("lead").to_have_text("100")
        await shown.page.wait_for_load_state("networkidle")
        before = log.stat().st_size
        await shown.page.wait_for_event(
            "requestfinished", lambda one: "mirror.json" in one.url, timeout=FOLLOWED_MS
        )
        found = re.findall(r'"GET (\S+) HTTP/1.1" (\d+)', log.read_text()[before:])
        assert found
        assert {status for _, status in found} == {"304"}, found
        assert {name for name, _ in found} <= {
            "/mirror.json", "/v1/contests/mayor/index.json", "/v1/contests/mayor/projection.json",
        }  # fmt: skip
        shown.clean(url)


async def test_an_old_copy_and_one_that_is_gone_say_so(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, a_town()) as client:
        await count(client, 1, 5)
        await baked(copy, "--from", client.read)
    index = json.loads((copy / "mirror.json").read_text())
    (copy / "mirror.json").write_text(
        json.dumps({**index, "every_s": 5, "checked_at": "2026-01-01T20:00:00.000Z"})
    )
    async with served_plainly(copy) as url, looking(url) as shown:
        await shown.text("connection").to_contain_text("has not been kept up since")
        await expect(shown.page.locator("#connection")).to_have_class("lost")
        await shown.text("lead").to_have_text("100")
        await shown.page.route("**/mirror.json", lambda route: route.abort())
        gone = shown.page.locator("#connection", has_text="cannot be reached")
        await expect(gone).to_be_visible(timeout=FOLLOWED_MS)
        await shown.text("lead").to_have_text("100")


async def test_a_page_a_contest_observers_and_an_unknown_contest(tmp_path: Path) -> None:
    copy, defined = tmp_path / "copy", definition(units=12)
    defined["contests"].append({**defined["contests"][0], "id": "judge", "name": "Judge"})
    async with town(tmp_path, defined) as client:
        await count(client, 1, 11)
        await baked(copy, "--from", client.read)
    async with served_plainly(copy) as url:
        async with looking(f"{url}/contest/judge") as shown:
            await shown.text("contest").to_have_text("Judge")
            await shown.text("verdict-head").to_have_text("Waiting for the first count")
            await shown.page.locator("#contests a", has_text="Mayor").click()
            await shown.text("verdict-head").to_have_text("Irreversible: Ann elected")
            shown.clean(url)
        async with looking(f"{url}/observe#mayor") as shown:
            row = shown.page.locator("#rows tr", has_text="Mayor")
            await expect(row).to_contain_text("Ann")
            await shown.text("connection").to_contain_text("following a copy")
            await shown.page.locator("details", has_text="Ann").first.locator("summary").click()
            await expect(shown.page.locator("a", has_text="certificate (JSON)").first).to_have_attribute(
                "href", file_of(copy, "elected:ann")
            )
            for link in await shown.page.locator('a[href^="/v1/"]').all():
                async with asyncio.timeout(10):
                    assert await answers(url, str(await link.get_attribute("href"))), await link.inner_text()
            await shown.page.screenshot(path=tmp_path / "observe.png", full_page=True)
            shown.clean(url)


async def answers(url: str, href: str) -> bool:
    async with aiohttp.ClientSession() as http, http.get(url + href) as response:
        return response.status == 200


async def test_the_command_a_copy_shows_is_true(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, a_town()) as client:
        await count(client, 1, 11)
        await baked(copy, "--from", client.read)
    async with served_plainly(copy) as url, looking(url) as shown:
        await shown.text("verify").to_have_text(f"tally verify {url}")
        code, out, _ = await tally(*(await shown.page.locator("#verify").inner_text()).split()[1:])
        assert code == 0
        assert "true  mayor elected:ann: irreversible" in out

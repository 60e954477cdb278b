"""The proof on the live page: fetched when it is looked at, again when that failed, and anew of another journal."""

from pathlib import Path

from playwright.async_api import Route, expect

from tests.service.browser import looking
from tests.service.test_page import a_town, count, pytestmark
from tests.service.world import Client, town

__all__ = ["pytestmark"]
AGAIN_MS = 25_000


async def test_a_proof_that_could_not_be_fetched_is_asked_for_again(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client, looking("about:blank") as shown:
        await count(client, 1, 11)
        refused: list[str] = []

        async def once(route: Route) -> None:
            if refused:
                await route.continue_()
            else:
                refused.append(route.request.url)
                await route.abort()

        await shown.page.route("**/certificate?*", once)
        await shown.page.goto(client.read)
        async with shown.page.expect_event("requestfailed"):
            await shown.page.locator("#proof summary").click()
        for _ in range(2):
            await shown.page.locator("#proof summary").click()
        await expect(shown.page.locator("#proof-body li").first).to_be_visible(timeout=AGAIN_MS)


async def test_the_proof_of_another_journal_is_its_own(tmp_path: Path) -> None:
    async def snapshot(client: Client) -> str:
        found = await client.get("/v1/contests/mayor/certificate?claim=elected:ann")
        return str(found["data"]["snapshot_sha256"])[:16]

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with looking("about:blank") as shown:
        async with town(tmp_path / "one", a_town()) as client:
            address = client.read.removeprefix("http://")
            await count(client, 1, 11)
            await shown.page.goto(client.read)
            await shown.page.locator("#proof summary").click()
            first = await snapshot(client)
            await shown.text("proof-body").to_contain_text(first)
        async with town(tmp_path / "two", a_town(), listen=address) as client:
            await count(client, 1, 11, 70, 30)
            assert await snapshot(client) != first
            await expect(shown.page.locator("#lead")).to_have_text("440", timeout=AGAIN_MS)
            await expect(shown.page.locator("#proof-body")).to_contain_text(
                await snapshot(client), timeout=AGAIN_MS
            )

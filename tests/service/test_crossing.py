"""The picture of the crossing in Chromium over a running service: its marks, its table, its keys, and the past."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, ViewportSize, expect

from tests.service.browser import at_every_size, in_both_schemes, looking
from tests.service.picture import PICTURE, shot
from tests.service.test_page import a_town, count
from tests.service.world import Client, batch, definition, report, town

pytestmark = pytest.mark.browser


ASSUMED = {"soft-caps": "soft caps hold"}


def marks(page: Page) -> Locator:
    return page.locator("tally-crossing .mark")


async def rows(page: Page) -> list[dict[str, str]]:
    """The table under the picture: its rows by the heads of their columns."""
    table = page.locator("tally-crossing table")
    if not await table.count():
        await page.locator("tally-crossing summary").click()
    await table.wait_for()
    heads = await table.locator("thead th").all_inner_texts()
    return [
        dict(zip(heads, await row.locator("th, td").all_inner_texts(), strict=True))
        for row in await table.locator("tbody tr").all()
    ]


def number(text: str) -> int | None:
    """The number in front; None where it is unknown."""
    return None if text == "unknown" else int(text.partition(" (")[0].replace(",", ""))


async def equals_history(client: Client, page: Page) -> list[dict[str, str]]:
    history = await client.get("/v1/contests/mayor/history")
    points = {point["seq"]: point for point in history["points"]}
    names = {"ann": "Ann", "bo": "Bo", "cy": "Cy"}
    found = await rows(page)
    for row in found:
        point = points[number(row["Position"]) or 0]
        assert number(row["May still come"]) == point["outstanding"]["certain"]
        assert number(row["Lead"]) == point["lead"]
        if point["leader"]:
            assert row["Lead"].endswith(f"({names[point['leader']]})")
        for name, ballots in point["outstanding"]["assumptions"].items():
            assert number(row[f"May still come if {ASSUMED[name]}"]) == ballots
    assert number(found[-1]["Position"]) == history["points"][-1]["seq"]
    return found


async def test_the_claim_that_turns_is_marked_at_once_and_leads_to_its_proof(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client, looking(client.read) as shown:
        page = shown.page
        await expect(page.locator("tally-crossing .empty")).to_have_text(
            "The picture begins with the first count."
        )
        for unit in range(1, 8):
            await count(client, unit, unit)
        await expect(page.locator("tally-crossing .needs")).to_have_text(
            "To pass Ann, Bo needs more than 64.0% of the 500 ballots that may still come, were each cast for one of the two."
        )
        assert await marks(page).count() == 0
        # As long as its document does not draw, a frame is in the picture or nowhere: no drawing may be without the mark.
        await page.evaluate(
            """() => {
              window.late = 0;
              const picture = document.querySelector("tally-crossing");
              const take = picture.take.bind(picture);
              picture.take = (view) => {
                const turned = view.claims.some((c) => c.claim === "elected" && c.status === "irreversible");
                take(view);
                if (turned && window.before === undefined) window.before = picture.draws;
              };
              new MutationObserver(() => {
                if (picture.renderRoot.querySelector(".mark")) window.late ||= picture.draws - window.before;
              }).observe(picture.renderRoot, { subtree: true, childList: true });
            }"""
        )
        for unit in range(8, 12):
            await count(client, unit, unit)
        await expect(marks(page)).to_have_count(1)
        assert await page.evaluate("window.late") == 1, "the first drawing after the frame has the mark"
        (turn,) = [
            turn
            for turn in (await client.get("/v1/contests/mayor/history"))["claims"]
            if turn["claim"] == "elected:ann"
        ]
        await expect(marks(page)).to_have_attribute("data-seq", str(turn["seq"]))
        await expect(marks(page)).to_contain_text(f"seq {turn['seq']}")

        await expect(marks(page)).to_contain_text(turn["as_of"][13:19])
        await expect(shown.page.locator("#proof")).not_to_have_attribute("open", "")
        await marks(page).click()
        await expect(page.locator("#proof-body li").first).to_contain_text("over Bo")
        await expect(page.locator("#proof summary")).to_be_focused()
        await expect(page.locator("tally-crossing .needs")).to_have_text(
            "Even with all 100 ballots that may still come, Bo would stay 120 behind Ann."
        )
        shown.clean(client.read)


async def test_the_table_is_the_history(tmp_path: Path) -> None:
    async with town(tmp_path, definition(units=60)) as client:
        for unit in range(1, 31):
            await count(client, unit, unit, ann=50 + unit % 7, bo=40 - unit % 5)
        async with looking(client.read) as shown:
            await equals_history(client, shown.page)
            for unit in range(31, 61):
                await count(client, unit, unit, ann=50 + unit % 7, bo=40 - unit % 5)
            await expect(marks(shown.page)).to_have_count(1)
            await expect(shown.page.locator("tally-crossing tbody tr").last).to_have_attribute(
                "data-seq", "61"
            )
            turned_at = await marks(shown.page).get_attribute("data-seq")
            await expect(
                shown.page.locator(f'tally-crossing tbody tr[data-seq="{turned_at}"]')
            ).to_have_count(1)
            found = await equals_history(client, shown.page)
            assert 8 <= len(found) <= 13
            turned = [row for row in found if "irreversible" in row["What turned"]]
            assert [row["Position"] for row in turned] == [turned_at]
            shown.clean(client.read)


async def test_a_correction_and_a_withdrawn_claim_are_in_the_picture(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client, looking(client.read) as shown:
        await count(client, 1, 11)
        await expect(marks(shown.page)).to_contain_text("Ann elected irreversible at ")
        await client.post(batch("fix", report("p001", 50, 40, revision=2, reason="misread")))
        await expect(shown.page.locator("tally-crossing .wrong")).to_contain_text("1 correction")
        await client.desk("annul", units=["north"], reason="court order")
        await expect(marks(shown.page).last).to_contain_text("withdrawn at")
        await expect(marks(shown.page).first).to_have_class("mark irreversible undone")
        told = "\n".join(row["What turned"] for row in await rows(shown.page))
        assert "correction in unit p001: misread" in told
        assert "annul of 6 units: court order" in told
        assert "Ann elected: withdrawn at" in told
        async with looking(client.read) as late:
            await expect(marks(late.page).last).to_contain_text("withdrawn at")
            assert "\n".join(row["What turned"] for row in await rows(late.page)) == told
            late.clean(client.read)
        shown.clean(client.read)


async def test_conditions_have_a_line_of_their_own_and_seats_have_no_lead(tmp_path: Path) -> None:
    (tmp_path / "soft").mkdir()
    async with (
        town(tmp_path / "soft", definition(units=12, hard=False)) as client,
        looking(client.read) as shown,
    ):
        await count(client, 1, 5)
        await count(client, 6, 11)
        await expect(marks(shown.page)).to_contain_text("if soft caps hold")
        await expect(shown.page.locator("tally-crossing .line.assumed")).to_have_text(
            "May still come if soft caps hold"
        )
        await expect(shown.page.locator("tally-crossing .line.coming")).to_be_hidden()
        await expect(shown.page.locator("tally-crossing .needs")).to_contain_text(
            "may still come, if soft caps hold, Bo would"
        )
        await equals_history(client, shown.page)
        shown.clean(client.read)
    (tmp_path / "seats").mkdir()
    seats = definition(units=12, rule={"type": "highest_averages", "seats": 5})
    async with town(tmp_path / "seats", seats) as client, looking(client.read) as shown:
        await count(client, 1, 8)
        await count(client, 9, 12)
        await client.service.sequencer.judged()
        await expect(marks(shown.page)).to_contain_text("every seat is settled")
        await expect(shown.page.locator("tally-crossing .line")).to_have_text(["May still come"])
        await expect(shown.page.locator("tally-crossing .explained")).to_contain_text(
            "does not hang on one lead"
        )
        assert "Lead" not in (await rows(shown.page))[0]
        shown.clean(client.read)


async def test_arrow_keys_read_it_point_by_point(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client:
        for unit in range(1, 7):
            await count(client, unit, unit)
        async with looking(client.read) as shown:
            plot, reading = (
                shown.page.locator("tally-crossing .plot"),
                shown.page.locator("tally-crossing .reading"),
            )
            await expect(shown.page.locator("tally-crossing .line").first).to_be_visible()
            await plot.focus()
            for key, seq, lead, left in (
                ("ArrowLeft", 7, 120, 600), ("ArrowLeft", 6, 100, 700), ("Home", 2, 20, 1_100),
                ("ArrowLeft", 2, 20, 1_100), ("ArrowRight", 3, 40, 1_000), ("End", 7, 120, 600),
            ):  # fmt: skip
                await plot.press(key)
                await expect(reading).to_contain_text(
                    f"position {seq}: Ann leads by {lead}; {left:,} ballots may still come."
                )
            assert await reading.get_attribute("role") == "status"
            shown.clean(client.read)


async def test_the_slider_shows_the_past_and_comes_back(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client:
        for unit in range(1, 12):
            await count(client, unit, unit)
        async with looking(client.read) as shown:
            page = shown.page
            slider = page.locator("tally-crossing input")
            await expect(marks(page)).to_have_count(1)
            await shown.text("verdict-head").to_have_text("Irreversible: Ann elected")
            await expect(page.locator("#past")).to_be_hidden()
            await slider.focus()
            for _ in range(6):
                await slider.press("ArrowLeft")
            then = await client.get("/v1/contests/mayor?at=6")
            await shown.text("verdict-head").to_have_text("Not decided yet")
            await shown.text("lead").to_have_text(str(then["lead"]))
            await shown.text("coming").to_have_text(str(then["outstanding"]["certain"]))
            await shown.text("past-when").to_contain_text("As it stood at ")
            await shown.text("past-position").to_have_text(" (position 6)")
            assert await page.locator("#calls li").first.is_hidden(), "what came later had not happened"
            await expect(page.locator("tally-crossing .needs")).to_contain_text(
                "To pass Ann, Bo needs more than"
            )

            await count(client, 12, 12)
            await shown.text("past-live").to_have_text("Live goes on: position 13 by now.")
            await shown.text("lead").to_have_text(str(then["lead"]))
            await shown.text("verdict-head").to_have_text("Not decided yet")

            await page.locator("#past-back").click()
            await expect(page.locator("#past")).to_be_hidden()
            await shown.text("lead").to_have_text("240")
            await shown.text("verdict-head").to_have_text("Irreversible: Ann elected")
            await expect(page.locator("#calls li").first).to_be_visible()
            asked = [url for url in shown.asked if "?at=" in url]
            assert len(asked) < 6, "only where it rested"

            await slider.focus()
            await slider.press("Home")
            await shown.text("past-position").to_have_text(" (position 2)")
            await page.keyboard.press("Escape")
            await shown.text("lead").to_have_text("240")
            shown.clean(client.read)


async def test_of_moments_the_last_asked_for_is_shown(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client:
        for unit in range(1, 9):
            await count(client, unit, unit)
        async with looking(client.read) as shown:
            held = asyncio.Event()

            async def slow(route: Any) -> None:
                await held.wait()
                await route.continue_()

            await shown.page.route("**/v1/contests/mayor?at=2", slow)
            slider = shown.page.locator("tally-crossing input")
            await expect(shown.page.locator("tally-crossing .line").first).to_be_visible()
            await slider.focus()
            async with shown.page.expect_request("**/v1/contests/mayor?at=2"):
                await slider.press("Home")
            await slider.press("ArrowRight")
            await slider.press("ArrowRight")
            await shown.text("past-position").to_have_text(" (position 4)")
            async with shown.page.expect_response("**/v1/contests/mayor?at=2"):
                held.set()
            await shown.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
            await shown.text("past-position").to_have_text(" (position 4)")
            await shown.text("lead").to_have_text("60")
            shown.clean(client.read)


async def test_it_is_drawn_four_times_a_second_at_most_and_never_unseen(tmp_path: Path) -> None:
    async with town(tmp_path, definition(units=200)) as client, looking(client.read) as shown:
        page = shown.page
        await count(client, 1, 1)
        await expect(page.locator("tally-crossing .line").first).to_be_visible()
        draws, started = await page.evaluate(
            "[document.querySelector('tally-crossing').draws, performance.now()]"
        )
        for unit in range(2, 130):
            await count(client, unit, unit)
        await shown.text("lead").to_have_text("2,580")
        more, ended = await page.evaluate(
            "[document.querySelector('tally-crossing').draws, performance.now()]"
        )
        assert more > draws
        assert (more - draws - 2) * 250 <= ended - started
        await page.evaluate(
            "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        unseen = await page.evaluate("document.querySelector('tally-crossing').draws")
        for unit in range(130, 180):
            await count(client, unit, unit)
        await shown.text("lead").to_have_text("3,580")
        assert await page.evaluate("document.querySelector('tally-crossing').draws") == unseen
        await page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
        await expect(marks(page)).to_have_count(1)
        shown.clean(client.read)


@in_both_schemes
@at_every_size
async def test_nothing_moves_all_night_and_axe_finds_nothing(
    tmp_path: Path, axe: str, color_scheme: str, size: ViewportSize
) -> None:
    async with (
        town(tmp_path, definition(units=60)) as client,
        looking(client.read, viewport=size, color_scheme=color_scheme) as shown,
    ):
        page = shown.page
        for unit in range(1, 61):
            await count(client, unit, unit, ann=50 + unit % 7, bo=40 - unit % 5)
            if unit == 30:
                await client.post(batch("fix", report("p001", 50, 30, revision=2, reason="misread")))
        await expect(marks(page)).to_have_count(1)
        await shown.text("counted").to_contain_text("60 of 60 units counted")
        await shown.still()
        await rows(page)
        assert await shown.faults(axe) == []
        await page.locator("tally-crossing input").press("Home")
        await shown.text("past-position").to_have_text(" (position 2)")
        await page.screenshot(path=tmp_path / "past.png", full_page=True)
        assert await shown.faults(axe) == []
        await shown.no_wider()
        shown.clean(client.read)


async def test_a_very_long_night_stays_a_picture_and_another_journal_is_another_night(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client, looking(client.read) as shown:
        for unit in range(1, 12):
            await count(client, unit, unit)
        await expect(marks(shown.page)).to_have_count(1)
        turned = int(await marks(shown.page).get_attribute("data-seq") or 0)
        seqs = await shown.page.evaluate(
            """(view) => {
              const picture = document.querySelector("tally-crossing");
              for (let seq = 13; seq < 2013; seq++) picture.take({ ...view, position: { ...view.position, seq } });
              return picture.night.points.map((point) => point.seq);
            }""",
            await client.view(),
        )
        assert 300 <= len(seqs) <= 600
        assert (seqs[0], seqs[-1], turned in seqs, seqs == sorted(set(seqs))) == (2, 2012, True, True)
        view = await client.view()
        view["position"]["epoch"] = "another"
        await shown.page.evaluate("(view) => document.querySelector('tally-crossing').take(view)", view)
        await shown.page.wait_for_function(
            "document.querySelector('tally-crossing').night.points.length < 20"
        )
        shown.clean(client.read)


async def test_right_to_left_and_without_the_bundle_the_numbers_are_there(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client:
        await count(client, 1, 5)
        await count(client, 6, 11)
        async with looking(client.read) as shown:
            await expect(marks(shown.page)).to_have_count(1)
            await shown.page.evaluate("document.documentElement.dir = 'rtl'")
            inside = await marks(shown.page).evaluate(
                """(mark) => { const [a, b] = [mark, mark.parentElement].map((e) => e.getBoundingClientRect());
                return a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom; }"""
            )
            assert inside
            await shown.no_wider()
            await shown.page.route("**/crossing.bundle.js", lambda route: route.abort())
            await shown.page.goto(client.read)
            await shown.text("lead").to_have_text("220")
            await shown.text("verdict-head").to_have_text("Irreversible: Ann elected")


async def test_the_picture_of_the_readme_is_made_of_the_shipped_night(tmp_path: Path) -> None:
    await shot(tmp_path / "made.png")
    made, kept = (tmp_path / "made.png").read_bytes(), PICTURE.read_bytes()
    assert made[:8] == kept[:8] == b"\x89PNG\r\n\x1a\n"
    assert made[16:20] == kept[16:20], "as wide as the one that is committed"
    assert max(len(made), len(kept)) < 150_000

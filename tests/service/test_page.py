"""The live page in Chromium over a running service: what it says in every state, and nothing else."""

import contextlib
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import ViewportSize, expect

from tests.service.browser import at_every_size, in_both_schemes, looking
from tests.service.world import Client, batch, definition, report, town

pytestmark = pytest.mark.browser

UNITS = 12


def a_town(**changes: Any) -> dict[str, Any]:
    """Twelve units; `changes` are the election's own."""
    defined = definition(units=UNITS)
    defined["election"] |= changes
    return defined


async def count(client: Client, first: int, last: int, ann: int = 60, bo: int = 40, **changes: Any) -> None:
    """Units first…last completed alike, in one batch."""
    reports = (report(f"p{n:03}", ann, bo) for n in range(first, last + 1))
    status, answer = await client.post(batch(f"b{first}", *reports, **changes))
    assert status == 201, answer


async def test_from_the_first_count_to_the_proof(tmp_path: Path) -> None:
    async with town(tmp_path, a_town(label="reconstruction")) as client, looking(client.read) as shown:
        await shown.text("verdict-head").to_have_text("Waiting for the first count")
        await shown.text("verdict-text").to_have_text("Nothing has been counted yet.")
        await shown.text("label").to_have_text("reconstruction")
        await shown.text("connection").to_have_text("live")
        await shown.text("coming").to_have_text("1,200")
        assert await shown.happened() == ["Nothing yet."]

        await count(client, 1, 5)
        await shown.text("verdict-head").to_have_text("Not decided yet")
        await shown.text("verdict-text").to_have_text(
            "Ann is ahead by 100; up to 700 ballots may still come, which is enough to change that."
        )
        await shown.text("lead").to_have_text("100")
        await shown.text("coming").to_have_text("700")
        await shown.text("counted").to_contain_text("5 of 12 units counted; 500 ballots")
        await shown.text("counted").to_contain_text("1,200 registered voters, turnout so far 41.67%")
        await shown.text("totals").to_contain_text("60.00%")

        await count(client, 6, 11)
        await shown.text("verdict-head").to_have_text("Irreversible: Ann elected")
        await shown.text("verdict-text").to_have_text(
            "Even if all 100 ballots that may still come went to one rival, Ann would stay ahead by 120."
        )
        await shown.text("crossing-text").to_have_text(
            "The lead is larger than everything that may still come."
        )
        assert not any("certificate" in url for url in shown.asked), "nobody has looked at the proof yet"
        await shown.page.locator("#proof summary").click()
        certificate = await client.get("/v1/contests/mayor/certificate?claim=elected:ann")
        rivals = ["Bo", "Cy"]
        assertions = certificate["proof"]["assertions"]
        assert len(assertions) == len(rivals)
        await expect(shown.page.locator("#proof-body li")).to_have_text(
            [
                f"over {rival}: {a['counted']:,} ahead now, at most {-a['worst']:,} can still be lost, "
                f"so at least {a['slack']:,} stays"
                for rival, a in zip(rivals, assertions, strict=True)
            ]
        )
        await shown.text("proof-body").to_contain_text(certificate["data"]["snapshot_sha256"][:16])
        certain = shown.page.locator("#totals tr", has_text="Ann").locator("td.certain")
        await expect(certain).to_have_text("elected, irreversible")
        shown.clean(client.read)


async def test_disputed_withdrawn_and_under_review(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client, looking(client.read) as shown:
        await count(client, 1, 11)
        await shown.text("verdict-head").to_have_text("Irreversible: Ann elected")
        await client.desk("dispute", units=["north"], reason="protest")
        await shown.text("verdict-text").to_contain_text("annulling 6 disputed units would overturn it")
        await shown.text("counted").to_contain_text("(6 disputed)")
        await shown.text("totals").to_contain_text("660 (360 disputed)")

        await client.desk("annul", units=["north"], reason="court order")
        await shown.text("verdict-head").to_have_text("Not decided yet")
        await shown.text("verdict-text").to_have_text(
            "Ann elected, Bo eliminated: this was irreversible and has been withdrawn; why is told below, under “What happened”. "
            "Ann is ahead by 100; up to 100 ballots may still come, which is enough to change that."
        )
        await expect(shown.page.locator("#proof")).to_be_hidden()

        status, _ = await client.post(batch("b12", report("p012", 100, 50)))
        assert status == 202
        await shown.text("counted").to_contain_text("1 under review")
        await shown.text("counted").to_contain_text("6 annulled")
        events = [event for _, event in await told(client)]
        listed = await shown.happened()
        assert len(listed) == len(events)
        assert "unit p012 has 150 ballots, more than its limit of 100 (registered)" in listed
        assert "annul of 6 units: court order" in listed
        assert "Ann elected: withdrawn" in listed
        assert "Ann elected: irreversible (certain)" in listed
        async with looking(client.read) as late:
            await late.text("verdict-head").to_have_text("Not decided yet")
            await expect(late.page.locator("#calls li")).to_have_count(len(listed))
            assert await late.happened() == listed, "who comes late reads the same story"
            late.clean(client.read)
        shown.clean(client.read)


async def told(client: Client) -> list[tuple[int, dict[str, Any]]]:
    """(seq, event) of everything on the calls channel, oldest first."""
    publications, whole = client.service.board.since("calls:town", 0)
    assert whole
    frames = [(one.offset or 0, json.loads(one.json)) for one in publications]
    return [(seq, event) for seq, frame in frames for event in frame["events"]]


@at_every_size
async def test_without_hard_caps_nothing_is_certain_but_conditions_are_named(
    tmp_path: Path, size: ViewportSize
) -> None:
    defined = definition(units=UNITS, hard=False)
    async with town(tmp_path, defined) as client, looking(client.read, viewport=size) as shown:
        await count(client, 1, 5)
        await shown.text("coming").to_have_text("unknown")
        await shown.text("verdict-text").to_have_text(
            "7 open units have no hard limit on their ballots, so nothing can be certain while they are open."
        )
        await shown.text("crossing-text").to_have_text("700 if soft caps hold")
        await count(client, 6, 11)
        await shown.text("verdict-head").to_have_text("Irreversible: Ann elected, if soft caps hold")
        await shown.text("verdict-text").to_have_text(
            "Even if all 100 ballots that may then still come went to one rival, Ann would stay ahead by 120."
        )
        await shown.no_wider()
        shown.clean(client.read)


@at_every_size
async def test_seats_are_said_in_words_as_they_settle(tmp_path: Path, size: ViewportSize) -> None:
    seats = definition(units=UNITS, rule={"type": "highest_averages", "seats": 5})
    async with town(tmp_path, seats) as client, looking(client.read, viewport=size) as shown:
        for first, last in ((1, 8), (9, 12)):
            await count(client, first, last)
            await client.service.sequencer.judged()
            view = await client.view()
            known: dict[str, dict[str, int]] = {}
            for claim in view["claims"]:
                if claim["status"] == "irreversible" and len(claim["who"]) == 1:
                    known.setdefault(claim["who"][0], {})[claim["claim"]] = claim["number"]
            row = shown.page.locator("#totals tr", has_text="Ann").locator("td.certain")
            least, most = known["ann"]["at-least"], known["ann"]["at-most"]
            words = f"{least} to {most} seats" if least != most else f"{most} seats"
            await expect(row).to_have_text(f"{words}, irreversible")
        await shown.text("verdict-head").to_have_text("Irreversible: every seat is settled")
        await shown.text("verdict-text").to_have_text(
            "It is so in every way the count can still end: no ballot may still come."
        )
        none = shown.page.locator("#totals tr", has_text="Cy").locator("td.certain")
        await expect(none).to_have_text("no seats, irreversible")
        await shown.no_wider()
        shown.clean(client.read)


async def test_a_test_night_says_so(tmp_path: Path) -> None:
    async with (
        town(tmp_path, a_town(is_test=True, label="rehearsal")) as client,
        looking(client.read) as shown,
    ):
        await shown.text("label").to_have_text("TEST · rehearsal")
        await count(client, 1, 5, is_test=True)
        await shown.text("lead").to_have_text("100")
        await shown.text("label").to_have_text("TEST · rehearsal")
        shown.clean(client.read)


async def test_connection_lost_and_back(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as browsing:
        async with town(tmp_path, a_town()) as client:
            address = client.read.removeprefix("http://")
            shown = await browsing.enter_async_context(looking(client.read))
            await count(client, 1, 5)
            await client.post(batch("fix", report("p001", 50, 40, revision=2, reason="misread")))
            await shown.text("lead").to_have_text("90")
            await shown.text("connection").to_have_text("live")
            before = await shown.happened()
            shown.clean(client.read)
        await shown.text("connection").to_contain_text("connection lost")
        await expect(shown.page.locator("#connection")).to_have_class("lost")
        await shown.text("lead").to_have_text("90")
        async with town(tmp_path, listen=address) as client:
            await count(client, 6, 11)
            await expect(shown.page.locator("#connection")).to_have_text("live", timeout=20_000)
            await shown.text("verdict-head").to_have_text("Irreversible: Ann elected")
            after = await shown.happened()
            assert after[-len(before) :] == before, "nothing is told twice, nothing is lost"
            assert len(after) == len(await told(client))
        shown.away()
        shown.clean(f"http://{address}")


@in_both_schemes
async def test_light_and_dark(tmp_path: Path, color_scheme: Any) -> None:
    async with town(tmp_path, a_town()) as client:
        await count(client, 1, 11)
        async with looking(client.read, color_scheme=color_scheme) as shown:
            await shown.text("verdict-head").to_have_text("Irreversible: Ann elected")
            paper = await shown.page.evaluate("getComputedStyle(document.body).backgroundColor")
            channels = [int(part) for part in re.findall(r"\d+", paper)]
            assert (min(channels) > 200) if color_scheme == "light" else (max(channels) < 60)
            picture = tmp_path / f"{color_scheme}.png"
            await shown.page.screenshot(path=picture, full_page=True)
            assert picture.stat().st_size > 10_000
            await shown.no_wider()
            shown.clean(client.read)


def with_a_past(**changes: Any) -> dict[str, Any]:
    """Eighty units, each with its votes of the election before."""
    before = {f"p{n:03}": {"ann": 40 + n % 9, "bo": 40 - n % 7, "cy": 3} for n in range(1, 81)}
    defined = definition(units=80, previous={"contest": "old", "votes": before})
    defined["election"] |= changes
    return defined


async def count_unlike(client: Client, first: int, last: int) -> None:
    """Units first…last completed, no two alike."""
    for n in range(first, last + 1):
        votes = (44 + n * 7 % 9, 34 + n * 5 % 8, n % 4)
        status, answer = await client.post(batch(f"b{n}", report(f"p{n:03}", *votes)))
        assert status == 201, answer


@at_every_size
async def test_three_layers_nobody_can_mix_up(tmp_path: Path, size: ViewportSize) -> None:
    async with (
        town(tmp_path, with_a_past(), projection_interval_ms=100) as client,
        looking(client.read, viewport=size) as shown,
    ):
        layers = shown.page.locator(".layers dt")
        await expect(layers).to_have_text(["Counted", "Projected", "Irreversible"])
        looks = [
            await one.evaluate(
                "e => { const s = getComputedStyle(e.firstElementChild); return [s.color, s.borderStyle] }"
            )
            for one in await layers.all()
        ]
        assert len({color for color, _ in looks}) == len({border for _, border in looks}) == 3
        await shown.text("projection-text").to_have_text(
            "Too early: 0 units have finished counting, 20 are needed."
        )
        await expect(shown.page.locator("#projection-table")).to_be_hidden()

        await count_unlike(client, 1, 30)
        await shown.text("projection-head").to_have_text(
            re.compile(r"^Ann will probably win \(\d\d in 100\)$")
        )
        await shown.text("verdict-head").to_have_text("Not decided yet")
        await shown.text("verdict-kind").to_have_text("nothing yet")
        await count_unlike(client, 31, 50)
        view = await client.view()
        await shown.text("projection-text").to_have_text(
            "Projected: Ann will probably win (99 in 100). Not yet irreversible: "
            f"3,000 ballots that can still come are more than the lead of {view['lead']:,}."
        )
        await shown.text("projection-needs").to_have_text(
            re.compile(
                r"^To pass Ann, Bo needs \d+% of what is left; has had \d+% in the same places; expected \d+%\.$"
            )
        )
        await shown.text("projection-record").to_have_text(
            re.compile(r"^Of \d+ predictions so far tonight, \d+% fell inside the 90 % range\.$")
        )
        await expect(shown.page.locator("#projection-rows tr")).to_have_count(3)
        await expect(shown.page.locator("#totals td.certain")).to_have_count(0)

        await count_unlike(client, 51, 79)
        await shown.text("verdict-kind").to_have_text("proven")
        await shown.text("projection-text").to_have_text(
            "That Ann wins is irreversible, so it is no projection any more; projected is only how high."
        )
        await expect(shown.page.locator("#projection-rows tr").first).to_contain_text("yes, irreversible")
        await count_unlike(client, 80, 80)
        await shown.text("projection-head").to_have_text("Nothing is left to project")
        await shown.no_wider()
        shown.clean(client.read)


@at_every_size
async def test_a_projection_that_does_not_follow_is_shown_stale(tmp_path: Path, size: ViewportSize) -> None:
    async with (
        town(tmp_path, with_a_past(), projection_interval_ms=100) as client,
        looking(client.read, color_scheme="dark", viewport=size) as shown,
    ):
        await count_unlike(client, 1, 30)
        await shown.text("projection-age").to_contain_text("the newest")
        badge = shown.page.locator("#projection-stale")
        await expect(badge).to_be_hidden()
        pid = client.service.projecting.process.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        await count_unlike(client, 31, 40)
        await expect(badge).to_be_visible()
        await expect(badge).to_contain_text("stale")
        await shown.text("projection-age").to_contain_text("10 records ago. It is stale")
        await shown.text("counted").to_contain_text("40 of 80 units counted")
        os.kill(pid, signal.SIGCONT)
        await expect(badge).to_be_hidden()
        await shown.text("projection-age").to_contain_text("the newest")
        await shown.no_wider()
        shown.clean(client.read)


async def test_a_service_that_does_not_project_shows_no_projection(tmp_path: Path) -> None:
    async with town(tmp_path, a_town(), projection_interval_ms=0) as client, looking(client.read) as shown:
        await count(client, 1, 5)
        await shown.text("lead").to_have_text("100")
        await expect(shown.page.locator("#projection")).to_be_hidden()
        shown.clean(client.read)


@at_every_size
async def test_the_change_is_told_with_what_it_rests_on(tmp_path: Path, size: ViewportSize) -> None:
    defined = a_town()
    votes = {f"p{n:03}": {"ann": 50, "bo": 40, "other": 10} for n in range(1, 7)}
    defined["contests"][0]["previous"] = {"contest": "before", "votes": votes}
    async with town(tmp_path, defined) as client, looking(client.read, viewport=size) as shown:
        await shown.text("change").to_have_text(
            "Change against the election before: no unit yet that is counted and was there then."
        )
        await count(client, 5, 8)
        await shown.text("change").to_have_text(
            "Change: of the share of votes against the election before, on the 2 counted units that were there then: "
            "200 votes now, 200 then."
        )
        rows = shown.page.locator("#totals tr")
        changes = [await rows.nth(n).locator("td").nth(2).inner_text() for n in range(3)]
        assert [text.split()[0] for text in changes] == ["+10.0", "0.0", "not"]
        await expect(shown.page.locator("#places-head th")).to_have_text(
            ["Place", "Ann", "Change of Ann", "Bo", "Change of Bo", "Units counted"]
        )
        north = shown.page.locator("#places-body tr").first.locator("td")
        assert (await north.nth(1).inner_text()).startswith("+10.0")
        await shown.no_wider()
        shown.clean(client.read)

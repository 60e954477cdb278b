"""The observers' page and a page a contest, in Chromium over a running service."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, ViewportSize, expect

from tests.service.browser import Seen, at_every_size, in_both_schemes, looking
from tests.service.test_embed import HOSTILE
from tests.service.world import Client, batch, definition, report, town

pytestmark = pytest.mark.browser

RELAY = re.compile(r"^Ann elected: irreversible \(certain\), since record \d+$")


def several(names: dict[str, str], **changes: Any) -> dict[str, Any]:
    """Twelve units and a contest for each id, under its name."""
    defined = definition(units=12)
    first = defined["contests"][0]
    defined["contests"] = [{**first, "id": one, "name": name} for one, name in names.items()]
    defined["election"] |= changes
    return defined


THREE = {"mayor": "Mayor", "council": "Council", "bridge": "A new bridge"}


async def count(
    client: Client, contest: str, first: int, last: int, ann: int = 60, bo: int = 40, **changes: Any
) -> None:
    """Units first…last of a contest completed alike, in one batch."""
    reports = (report(f"p{n:03}", ann, bo, contest=contest) for n in range(first, last + 1))
    status, answer = await client.post(batch(f"{contest}-{first}", *reports, **changes))
    assert status == 201, answer


def names(seen: Seen) -> Any:
    return expect(seen.page.locator("#rows th"))


def cells(seen: Seen, contest: str) -> Locator:
    return seen.page.locator("#rows tr", has_text=contest).locator("td")


def claim(seen: Seen, begins: str) -> Locator:
    return seen.page.locator("#claims details", has_text=re.compile(f"^{begins}"))


@at_every_size
async def test_every_contest_in_one_table_as_it_turns(tmp_path: Path, size: ViewportSize) -> None:
    async with (
        town(tmp_path, several(THREE, label="rehearsal")) as client,
        looking(f"{client.read}/observe", viewport=size) as seen,
    ):
        await expect(seen.page.locator("#label")).to_have_text("rehearsal")
        await expect(seen.page.locator("#connection")).to_have_text("live")
        await names(seen).to_have_text(["A new bridge", "Council", "Mayor"])
        await expect(cells(seen, "Mayor")).to_have_text(["–", "0", "1,200", "0 of 12", "–", "–", "0", "0"])
        await count(client, "mayor", 1, 5)
        await expect(cells(seen, "Mayor")).to_have_text(["Ann", "100", "700", "5 of 12", "–", "–", "0", "0"])
        await count(client, "mayor", 6, 11)
        await expect(cells(seen, "Mayor").nth(4)).to_have_text("Ann elected")
        await expect(cells(seen, "Mayor").nth(5)).to_have_text(re.compile("20"))
        await expect(seen.page.locator("#news")).to_have_text("Mayor: irreversible: Ann elected")
        line = next(one for one in await lines(client) if one["contest"] == "mayor")
        [turned] = line["irreversible"]
        view = await client.view()
        assert turned["since"] == next(c["since"] for c in view["claims"] if c["id"] == "elected:ann")
        await client.desk("annul", units=["north"], reason="court order")
        await expect(cells(seen, "Mayor").nth(4)).to_have_text("withdrawn")
        await expect(seen.page.locator("#news")).to_have_text("Mayor: withdrawn: Ann elected")
        await seen.no_wider()
        seen.clean(client.read)


async def lines(client: Client, after: int = 0) -> list[dict[str, Any]]:
    view = await client.get(f"/v1/observers?after={after}")
    found: list[dict[str, Any]] = view["contests"]
    return found


async def test_lines_say_what_views_say_and_only_those_that_changed_are_sent_again(tmp_path: Path) -> None:
    async with town(tmp_path, several(THREE)) as client:
        await count(client, "mayor", 1, 11)
        await count(client, "bridge", 1, 2)
        await client.desk("dispute", units=["p001"], contest="mayor", reason="protest")
        for line in await lines(client):
            view = await client.get(f"/v1/contests/{line['contest']}")
            assert (line["leader"], line["lead"]) == (view["leader"], view["lead"])
            assert line["outstanding"] == view["outstanding"]["certain"]
            assert all(line["units"][kind] == view["units"][kind] for kind in line["units"])
        known = (await client.get("/v1/observers"))["position"]["seq"]
        assert await lines(client, known) == []
        await count(client, "council", 1, 1)
        assert [one["contest"] for one in await lines(client, known)] == ["council"]
        for path in ("/v1/observers", "/v1/contests/mayor/doubt"):
            async with client.http.get(client.read + path) as response:
                known_tag = {"If-None-Match": response.headers["ETag"]}
            async with client.http.get(client.read + path, headers=known_tag) as response:
                assert response.status == 304
        async with client.http.get(f"{client.read}/v1/observers?after=x") as response:
            assert response.status == 400
            assert (await response.json())["code"] == "bad-query"


@at_every_size
async def test_a_place_or_a_contest_without_a_bound_says_so(tmp_path: Path, size: ViewportSize) -> None:
    open_ended = definition(units=12, hard=False)
    async with (
        town(tmp_path, open_ended) as client,
        looking(f"{client.read}/observe#mayor", viewport=size) as seen,
    ):
        await count(client, "mayor", 1, 5)
        await expect(cells(seen, "Mayor").nth(2)).to_have_text("unknown")
        said = "How many ballots can still come is unknown: 7 open units have no hard limit."
        await expect(seen.page.locator("#chosen-text")).to_contain_text(said)
        await claim(seen, "Ann elected").locator("summary").click()
        await expect(claim(seen, "Ann elected").locator("li")).to_contain_text("nobody can say how many")
        await seen.no_wider()
        seen.clean(client.read)


async def test_sorted_and_filtered_by_keyboard_alone(tmp_path: Path) -> None:
    async with town(tmp_path, several(THREE)) as client, looking(f"{client.read}/observe") as seen:
        await count(client, "mayor", 1, 11)
        await count(client, "council", 1, 3, ann=10, bo=80)
        await expect(cells(seen, "Council").nth(1)).to_have_text("210")
        heads = seen.page.locator("#heads th")
        await expect(heads.first).to_have_attribute("aria-sort", "ascending")
        press = seen.page.keyboard.press
        await seen.page.locator("#heads button").first.focus()
        await press("Tab")
        await press("Tab")
        await press("Enter")
        await expect(heads.nth(2)).to_have_attribute("aria-sort", "descending")
        await expect(seen.page.locator("#heads [aria-sort]")).to_have_count(1)
        await names(seen).to_have_text(["Mayor", "Council", "A new bridge"])
        await press("Space")
        await expect(heads.nth(2)).to_have_attribute("aria-sort", "ascending")
        await names(seen).to_have_text(["A new bridge", "Council", "Mayor"])
        for index in range(9):
            await seen.page.locator("#heads button").nth(index).press("Enter")
            await expect(heads.nth(index)).to_have_attribute("aria-sort", re.compile("ending$"))
        await seen.page.locator("#filter").press_sequentially("coun")
        await names(seen).to_have_text(["Council"])
        await expect(seen.page.locator("#shown")).to_have_text("1 of 3 contests")
        await seen.page.locator("#filter").fill("")
        await seen.page.locator("#kind").select_option("sure")
        await names(seen).to_have_text(["Mayor"])
        await seen.page.locator("#rows a").first.press("Enter")
        await expect(seen.page.locator("#chosen-name")).to_have_text("Mayor")
        await expect(seen.page.locator("#chosen-name")).to_be_focused()
        seen.clean(client.read)


@at_every_size
async def test_certificates_in_words_hold_the_numbers_of_the_certificate(
    tmp_path: Path, size: ViewportSize
) -> None:
    async with (
        town(tmp_path, several(THREE)) as client,
        looking(f"{client.read}/observe#mayor", viewport=size) as seen,
    ):
        await count(client, "mayor", 1, 5)
        first = claim(seen, "Ann elected")
        await expect(first.locator("summary")).to_have_text("Ann elected: not irreversible yet")
        assert not any("certificate" in url for url in seen.asked), "nobody has opened one"
        await first.locator("summary").press("Enter")
        certificate = await client.get("/v1/contests/mayor/certificate?claim=elected:ann")
        gained = certificate["witness"]["totals"][1] - certificate["counted"][1]
        by = certificate["witness"]["totals"][1] - certificate["witness"]["totals"][0]
        end = (
            f"Bo would lead Ann by {by:,}."
            if by
            else "Bo would be level with Ann, and a tie can go either way."
        )
        await expect(first.locator("li")).to_have_text(
            [f"Not yet: if {gained} of the 700 ballots that can still come voted for Bo, {end}"]
        )
        await count(client, "mayor", 6, 11)
        await expect(first.locator("summary")).to_have_text(RELAY)
        certificate = await client.get("/v1/contests/mayor/certificate?claim=elected:ann")
        said = [
            f"Even if all 100 ballots that can still come went to {rival}, Ann would stay ahead of {rival} "
            f"by {one['slack']:,} ({one['counted']:,} now)."
            for rival, one in zip(("Bo", "Cy"), certificate["proof"]["assertions"], strict=True)
        ]
        await expect(first.locator("li")).to_have_text(said, timeout=15_000)
        await expect(first).to_contain_text(certificate["data"]["snapshot_sha256"])
        opposite = claim(seen, "Bo elected")
        await expect(opposite.locator("summary")).to_have_text("Bo elected: ruled out")
        await opposite.locator("summary").click()
        await expect(opposite.locator("li")).to_have_text(
            "The opposite is irreversible: Bo eliminated. Its proof is under that claim."
        )
        for href in await seen.page.locator("#chosen a, #check a").evaluate_all(
            "all => all.map((a) => a.href)"
        ):
            async with client.http.get(href) as response:
                assert response.status == 200, href
        await seen.no_wider()
        seen.clean(client.read)


@at_every_size
async def test_disputed_and_quarantined_units_are_said_with_what_they_could_change(
    tmp_path: Path, size: ViewportSize
) -> None:
    async with town(tmp_path, several(THREE)) as client:
        await count(client, "mayor", 1, 11)
        await client.desk("dispute", units=["north"], contest="mayor", reason="protest")
        status, _ = await client.post(batch("b12", report("p012", 100, 50)))
        assert status == 202
        robust = next(c["robust"] for c in (await client.view())["claims"] if c["id"] == "elected:ann")
        async with looking(f"{client.read}/observe#mayor", viewport=size) as seen:
            await expect(cells(seen, "Mayor").nth(6)).to_have_text("1")
            await expect(cells(seen, "Mayor").nth(7)).to_have_text("6")
            rows = seen.page.locator("#doubt tr")
            await expect(rows).to_have_count(7)
            await expect(rows.first).to_have_text(
                "Precinct 12quarantined: more ballots than its cap allows150"
                "In no total. If it were counted as sent: Ann 100, Bo 50."
            )
            await expect(rows.nth(1)).to_contain_text("Annulled, it would take away: Ann 60, Bo 40.")
            doubt = await client.get("/v1/contests/mayor/doubt")
            coming = (await client.view())["outstanding"]["certain"]
            told = [place["outstanding"] for place in doubt["places"]]
            assert (None if None in told else sum(told)) == coming
            await expect(seen.page.locator("#places tr")).to_have_count(2)
            if any(c["status"] == "irreversible" for c in (await client.view())["claims"]):
                await expect(seen.page.locator("#doubt-text")).to_contain_text(
                    f"at least {robust['units_to_overturn']} disputed units"
                )
            await seen.no_wider()
            seen.clean(client.read)


@at_every_size
async def test_a_dispute_that_would_overturn_a_claim_says_how_many(
    tmp_path: Path, size: ViewportSize
) -> None:
    async with (
        town(tmp_path, several(THREE)) as client,
        looking(f"{client.read}/observe#mayor", viewport=size) as seen,
    ):
        await count(client, "mayor", 1, 11)
        await client.desk("dispute", units=["north"], contest="mayor", reason="protest")
        robust = next(c["robust"] for c in (await client.view())["claims"] if c["id"] == "elected:ann")
        assert robust["units_to_overturn"] > 1
        said = (
            f"Ann elected: It holds on what is outstanding, not on what is disputed: annulling at least "
            f"{robust['units_to_overturn']} disputed units, or units with at least {robust['ballots_to_overturn']} ballots, would overturn it."
        )
        await expect(seen.page.locator("#doubt-text")).to_contain_text(said, timeout=15_000)
        await seen.no_wider()
        seen.clean(client.read)


@at_every_size
async def test_a_page_a_contest_and_an_unknown_one(tmp_path: Path, size: ViewportSize) -> None:
    async with town(tmp_path, several(THREE)) as client:
        await count(client, "council", 1, 11)
        async with looking(f"{client.read}/contest/council", viewport=size) as seen:
            await expect(seen.page.locator("#contest")).to_have_text("Council")
            await expect(seen.page.locator("#verdict-head")).to_have_text("Irreversible: Ann elected")
            await expect(seen.page.locator("#contests [aria-current=page]")).to_have_text("Council")
            await seen.page.locator("#contests a", has_text="Mayor").click()
            await expect(seen.page.locator("#contest")).to_have_text("Mayor")
            assert seen.page.url == f"{client.read}/contest/mayor"
            await seen.no_wider()
            seen.clean(client.read)
        async with looking(client.read, viewport=size) as seen:
            await expect(seen.page.locator("#contest")).to_have_text("Mayor")
            await expect(seen.page.locator("#contests a")).to_have_text(list(THREE.values()))
            await seen.no_wider()
            seen.clean(client.read)
        for unknown in ("nobody", "%22%3E%3Cscript%3Ewindow.hacked=1%3C%2Fscript%3E"):
            async with client.http.get(f"{client.read}/contest/{unknown}") as response:
                assert response.status == 404
                assert response.content_type == "text/html"
            async with looking(f"{client.read}/contest/{unknown}", viewport=size) as seen:
                await expect(seen.page.locator("h1")).to_have_text("There is no such contest here")
                await expect(seen.page.locator("#contests a")).to_have_count(3)
                await expect(seen.page.locator("section:visible")).to_have_count(0)
                assert not await seen.page.evaluate("window.hacked")
                assert all("404" in complaint for complaint in seen.complaints)


async def test_markup_in_names_does_nothing(tmp_path: Path) -> None:
    defined = several({"mayor": HOSTILE, "council": HOSTILE}, name=HOSTILE, label=HOSTILE)
    for selection in defined["contests"][0]["selections"]:
        selection["name"] = selection["party"] = HOSTILE
    for unit in defined["units"]:
        unit["name"] = HOSTILE
    async with town(tmp_path, defined) as client:
        await count(client, "mayor", 1, 11)
        await client.desk("dispute", units=["p001"], contest="mayor", reason=HOSTILE)
        for path in ("/observe#mayor", "/contest/mayor"):
            async with looking(client.read + path) as seen:
                await expect(seen.page.locator("#label")).to_contain_text("onerror")
                await expect(seen.page.locator("#chosen-name, #contest").last).to_contain_text("onerror")
                if path.startswith("/observe"):
                    await claim(seen, "").first.locator("summary").click()
                    await expect(claim(seen, "").first.locator("li").first).to_contain_text("onerror")
                    await expect(seen.page.locator("#doubt tr")).to_have_count(1)
                assert not await seen.page.evaluate("window.hacked")
                assert await seen.page.locator("img").count() == 0
                seen.clean(client.read)


async def test_only_a_page_of_the_rows_is_in_the_document(tmp_path: Path) -> None:
    names_of = {f"c{n:03}": f"Contest {n:03}" for n in range(250)}
    async with town(tmp_path, several(names_of)) as client, looking(f"{client.read}/observe") as seen:
        await expect(seen.page.locator("#page")).to_have_text("1 to 100 of 250")
        await expect(seen.page.locator("#rows tr")).to_have_count(100)
        await seen.page.locator("#next").press("Enter")
        await expect(seen.page.locator("#all")).to_be_focused()
        await seen.page.locator("#next").press("Enter")
        await expect(seen.page.locator("#rows tr")).to_have_count(50)
        await expect(seen.page.locator("#next")).to_be_disabled()
        await count(client, "c249", 1, 11)
        await expect(cells(seen, "Contest 249").nth(4)).to_have_text("Ann elected")
        await seen.page.locator("#heads button").nth(4).click()
        await expect(seen.page.locator("#rows th").first).to_have_text("Contest 249")
        seen.clean(client.read)
        async with looking(client.read) as front:
            await expect(front.page.locator("#contests a").last).to_have_text("all 250 contests")


@in_both_schemes
@at_every_size
async def test_axe_finds_nothing_and_a_phone_shows_it_all(
    tmp_path: Path, axe: str, color_scheme: str, size: ViewportSize
) -> None:
    async with town(tmp_path, several(THREE, is_test=True)) as client:
        await count(client, "mayor", 1, 11, is_test=True)
        await count(client, "council", 1, 3, ann=10, bo=80, is_test=True)
        await client.desk("dispute", units=["north"], contest="mayor", reason="protest")
        for path, settled in (
            ("/observe#mayor", "#doubt tr"),
            ("/contest/mayor", "#totals tr"),
            ("/contest/nobody", "#contests a"),
        ):
            options: dict[str, Any] = {
                "color_scheme": color_scheme,
                "viewport": size,
                "reduced_motion": "reduce",
            }
            async with looking(client.read + path, **options) as seen:
                await expect(seen.page.locator(settled).first).to_be_visible()
                if path.startswith("/observe"):
                    await seen.page.locator("#claims summary").first.click()
                    await expect(seen.page.locator("#claims li").first).to_be_visible()
                await seen.page.screenshot(
                    path=tmp_path / f"{path.strip('/').replace('/', '-').replace('#', '-')}.png",
                    full_page=True,
                )
                assert await seen.faults(axe) == []
                await seen.no_wider()
                moving = await seen.page.evaluate(
                    "document.getAnimations().length + [...document.scripts].filter((s) => !s.src).length"
                )
                assert moving == 0, "nothing moves, and no script is inline"


async def test_what_the_service_says_is_what_the_page_asked_for(tmp_path: Path) -> None:
    async with town(tmp_path, several(THREE)) as client:
        async with client.http.get(f"{client.read}/observe") as response:
            assert response.status == 200
            policy = response.headers["Content-Security-Policy"]
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
        async with client.http.get(f"{client.read}/v1/contests/nobody/doubt") as response:
            assert response.status == 404
            assert json.loads(await response.read())["code"] == "unknown-contest"

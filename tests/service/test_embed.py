"""A contest on somebody else's page: snippets pasted as written, frames allowed or not, every look."""

import asyncio
import contextlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from playwright.async_api import expect

from tests.service.browser import looking
from tests.service.partner import partner
from tests.service.test_page import a_town, count
from tests.service.world import Client, batch, definition, report, town
from tests.unit.test_embed_card import a_view
from ws.card import HEIGHT, WIDTH, card

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="window.hacked=1">\''
ELECTED = re.compile(r"^Irreversible: \u2068Ann\u2069 elected$")


async def test_from_the_first_count_to_the_proof(tmp_path: Path) -> None:
    async with (
        town(tmp_path, a_town(label="reconstruction")) as client,
        looking(f"{client.read}/embed/mayor") as seen,
    ):
        await seen.part("title").to_have_text("Mayor")
        await seen.part("badge").to_have_text("reconstruction")
        await seen.part("claim").to_contain_text("Nothing counted yet")
        await seen.part("state").to_have_text("live")
        await count(client, 1, 5, ann=40, bo=60)
        await seen.part("lead").to_have_text("lead 100 · 700 ballots can still come")
        await seen.part("facts").to_have_text("5 of 12 units · 500 ballots · turnout 41.7%")
        assert [await seen.row(n) for n in range(3)] == [
            ["Bo", "300", "60.0%"],
            ["Ann", "200", "40.0%"],
            ["Cy", "0", "0.0%"],
        ]
        widths = [await one.bounding_box() for one in await seen.within.locator("tbody td.votes").all()]

        await count(client, 6, 11, ann=90, bo=10)
        await seen.part("said").to_have_text(ELECTED)
        assert (await seen.row(0))[:2] == ["Ann", "740"], "the order follows the votes"
        after = [await one.bounding_box() for one in await seen.within.locator("tbody td.votes").all()]
        assert [box and (box["x"], box["width"]) for box in widths] == [
            box and (box["x"], box["width"]) for box in after
        ]
        await seen.part("since").to_have_text(re.compile(r"^since \d+:\d\d:\d\d"))
        link = seen.within.locator(".certificate")
        await expect(link).to_have_attribute("aria-label", "certificate: \u2068Ann\u2069 elected")
        certificate = await client.get((await link.get_attribute("href") or "").removeprefix(client.read))
        assert "elected:ann" in str(certificate["claim"])
        seen.clean(client.read)


async def test_disputed_and_withdrawn(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client, looking(f"{client.read}/embed/mayor") as seen:
        await count(client, 1, 11)
        await seen.part("said").to_have_text(ELECTED)
        await seen.part("shaken").to_be_hidden()
        await client.desk("dispute", units=["north"], reason="protest")
        await seen.part("shaken").to_be_visible()
        await client.desk("annul", units=["north"], reason="court order")
        await seen.part("said").to_have_text("Not decided: what was irreversible has been withdrawn")
        await seen.part("facts").to_contain_text("6 annulled")
        await expect(seen.within.locator(".certificate")).to_have_count(0)


async def test_the_snippets_work_as_they_are_written(tmp_path: Path) -> None:
    async with (
        partner() as news,
        town(tmp_path, a_town(), embed_origins=(news.origin,)) as client,
    ):
        await count(client, 1, 5)
        async with looking(
            f"{client.read}/embed", framed=True, permissions=["clipboard-read", "clipboard-write"]
        ) as seen:
            await seen.part("lead").to_have_text("lead 100 · 700 ballots can still come")
            await seen.page.select_option("#size", "card")
            await seen.page.select_option("#theme", "dark")
            await seen.page.select_option("#lang", "es")
            element, frame = [
                await seen.page.locator(f"#{what}").inner_text() for what in ("element", "frame")
            ]
            link = seen.page.locator("#link")
            await expect(link).to_have_text(f"{client.read}/embed/mayor?size=card&theme=dark&lang=es")
            png = seen.page.locator("#card-png")
            await expect(png).to_have_attribute("href", "/embed/mayor/card.png?lang=es")
            await seen.page.click("#copy-element")
            await expect(seen.page.locator("#copied")).to_have_text("Copied.")
            assert await seen.page.evaluate("navigator.clipboard.readText()") == element
            await seen.part("lead").to_have_text("ventaja 100 · aún pueden llegar 700 papeletas")
            seen.clean(client.read)
        assert element.count("<") == 4
        assert frame.startswith(
            f'<iframe src="{client.read}/embed/mayor?size=card&amp;theme=dark&amp;lang=es"'
        )
        for number, snippet in enumerate(
            (element, frame, element.replace("<tally-ticker ", '<tally-ticker mode="frame" '))
        ):
            news.body = snippet
            async with looking(news.origin, framed=number > 0) as seen:
                await seen.part("lead").to_have_text(re.compile("^ventaja"))
                first = 6 + number
                await count(client, first, first)
                await seen.part("facts").to_contain_text(f"{first} de 12 unidades")
                seen.clean(client.read, news.origin)


async def test_who_is_not_allowed_cannot_frame_it_but_may_read(tmp_path: Path) -> None:
    async with (
        partner() as news,
        town(tmp_path, a_town(), embed_origins=("https://other.example",)) as client,
    ):
        await count(client, 1, 5)
        news.body = f'<iframe src="{client.read}/embed/mayor"></iframe>'
        async with looking(news.origin) as seen:
            await seen.page.wait_for_timeout(1_000)
            assert any("frame-ancestors" in complaint for complaint in seen.complaints)
            assert await seen.page.frames[1].locator(".ticker").count() == 0
        news.body = f'<script type="module" src="{client.read}/static/ticker.js"></script><tally-ticker contest="mayor"></tally-ticker>'
        async with looking(news.origin) as seen:
            await seen.part("lead").to_have_text("lead 100 · 700 ballots can still come")
            seen.clean(client.read, news.origin)
        for path, ancestors in (
            ("/", "'none'"),
            ("/embed", "'none'"),
            ("/v1/contests", "'none'"),
            ("/embed/mayor", "'self' https://other.example"),
        ):
            async with client.http.get(client.read + path) as response:
                assert f"frame-ancestors {ancestors};" in response.headers["Content-Security-Policy"], path


async def test_a_page_with_a_strict_policy_of_its_own(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client:
        policy = f"default-src 'none'; script-src {client.read}; connect-src {client.read}; img-src data:"
        async with partner(policy) as news:
            news.body = f'<script type="module" src="{client.read}/static/ticker.js"></script><tally-ticker contest="mayor"></tally-ticker>'
            async with looking(news.origin) as seen:
                await seen.part("state").to_have_text("live")
                assert (
                    await seen.page.locator(".ticker").evaluate("e => getComputedStyle(e).paddingTop")
                    != "0px"
                )
                seen.clean(client.read, news.origin)


async def test_several_on_one_page_share_a_stream_and_follow_their_attributes(tmp_path: Path) -> None:
    defined = a_town()
    defined["contests"].append({**defined["contests"][0], "id": "council", "name": "Council"})
    async with partner() as news, town(tmp_path, defined) as client:
        news.body = f'<script type="module" src="{client.read}/static/ticker.js"></script>' + "".join(
            f'<tally-ticker contest="{contest}"></tally-ticker>' for contest in ("mayor", "council") * 4
        )
        async with looking(news.origin) as seen:
            await expect(seen.page.locator(".state.live")).to_have_count(8)
            assert client.service.streaming.counters.streams == 1, "a browser holds six connections to a host"
            await count(client, 1, 5)
            await expect(seen.page.locator(".lead", has_text="lead 100")).to_have_count(4)
            await (
                seen.page.locator("tally-ticker")
                .nth(1)
                .evaluate("e => { e.setAttribute('contest', 'mayor'); e.setAttribute('lang', 'pt') }")
            )
            await expect(seen.page.locator(".lead", has_text="vantagem 100")).to_have_count(1)
            await seen.page.evaluate(
                "document.querySelectorAll('tally-ticker').forEach((one) => one.remove())"
            )
            async with asyncio.timeout(5):
                while client.service.streaming.counters.streams:
                    await asyncio.sleep(0.05)
            seen.clean(client.read, news.origin)


@pytest.mark.parametrize("size", ["compact", "normal", "card"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_size_at_280_pixels_in_both_themes(tmp_path: Path, size: str, scheme: Any) -> None:
    async with town(tmp_path, a_town(is_test=True, label="rehearsal")) as client:
        await count(client, 1, 11, is_test=True)
        url = f"{client.read}/embed/mayor?size={size}&accent=aa3377&rows=2"
        async with looking(
            url, viewport={"width": 280, "height": 600}, color_scheme=scheme, reduced_motion="reduce"
        ) as seen:
            await seen.part("said").to_have_text(ELECTED)
            await seen.part("badge").to_have_text("TEST · rehearsal")
            await expect(seen.rows).to_have_text(
                [re.compile("^Ann"), re.compile("^Bo"), re.compile("^and 1 more")]
            )
            await seen.no_wider()
            paper = await seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
            channels = [int(part) for part in re.findall(r"\d+", paper)]
            assert (min(channels) > 200) if scheme == "light" else (max(channels) < 60)
            look = "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).transitionProperty]"
            bar = await seen.within.locator(".fill").first.evaluate(look)
            assert bar == ["rgb(170, 51, 119)", "none"], "the colour asked for, and no movement"
            seen.clean(client.read)
        other = "dark" if scheme == "light" else "light"
        async with looking(f"{url}&theme={other}", color_scheme=scheme) as seen:
            await seen.part("said").to_have_text(ELECTED)
            paper = await seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (paper == "rgb(20, 22, 26)") == (other == "dark"), "the theme asked for wins"


@pytest.mark.parametrize(
    ("lang", "lead", "said", "share"),
    [
        (
            "es",
            "ventaja 2222 · aún pueden llegar 1000 papeletas",
            "Irreversible: elección de \u2068Ann\u2069",
            "60,1",
        ),
        (
            "pt",
            "vantagem 2.222 · ainda podem chegar 1.000 cédulas",
            "Irreversível: eleição de \u2068Ann\u2069",
            "60,1",
        ),
    ],
)
async def test_in_other_languages(tmp_path: Path, lang: str, lead: str, said: str, share: str) -> None:
    async with town(tmp_path, definition(units=12, registered=1_000)) as client:
        reports = (report(f"p{n:03}", 601, 399) for n in range(1, 12))
        status, answer = await client.post(batch("b", *reports))
        assert status == 201, answer
        async with looking(f"{client.read}/embed/mayor?lang={lang}") as seen:
            await seen.part("lead").to_have_text(lead)
            await seen.part("said").to_have_text(said)
            assert (await seen.row(0))[2].startswith(share)
            assert await seen.page.evaluate("document.documentElement.lang") == lang
            seen.clean(client.read)
        async with looking(f"{client.read}/embed/mayor", locale=f"{lang}-XX") as seen:
            await seen.part("said").to_have_text(said)


async def test_a_connection_that_is_cut_says_so_and_comes_back(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as browsing:
        async with town(tmp_path, a_town()) as client:
            address = client.read.removeprefix("http://")
            seen = await browsing.enter_async_context(looking(f"{client.read}/embed/mayor"))
            await count(client, 1, 5)
            await seen.part("state").to_have_text("live")
            await seen.part("lead").to_contain_text("lead 100")
            seen.clean(client.read)
        lost = re.compile(r"^connection lost, trying again; no news for [1-9]\d* s$")
        await expect(seen.within.locator(".state")).to_have_text(lost, timeout=20_000)
        await seen.part("lead").to_contain_text("lead 100")
        async with town(tmp_path, listen=address) as client:
            await count(client, 6, 11)
            await expect(seen.within.locator(".state")).to_have_text("live", timeout=20_000)
            await seen.part("said").to_have_text(ELECTED)


async def test_without_a_stream_it_asks_and_with_the_etag(tmp_path: Path) -> None:
    async with partner() as news, town(tmp_path, a_town()) as client:
        await count(client, 1, 5)
        news.body = f'<script type="module" src="{client.read}/static/ticker.js"></script><tally-ticker contest="mayor"></tally-ticker>'
        async with looking(news.origin, script="delete window.EventSource") as seen:
            conditional: list[bool] = []

            async def look(request: Any) -> None:
                if request.url.endswith("/v1/contests/mayor"):
                    conditional.append("if-none-match" in await request.all_headers())

            seen.page.on("requestfinished", look)
            await expect(seen.within.locator(".state")).to_have_text("asking every 5 s", timeout=10_000)
            await seen.part("lead").to_contain_text("lead 100")
            await count(client, 6, 6)
            await expect(seen.within.locator(".lead")).to_contain_text("lead 120", timeout=15_000)
            assert conditional[-1], "asked with the ETag of the answer before"
            seen.clean(client.read, news.origin)


async def test_it_is_announced_at_most_once_in_ten_seconds(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client, looking(f"{client.read}/embed/mayor?rows=2") as seen:
        await seen.part("state").to_have_text("live")
        region = seen.within.locator("[aria-live=polite]")
        await expect(region).to_have_text(re.compile("Nothing counted"))
        await region.evaluate(
            "e => { window.told = 0; new MutationObserver(() => { window.told += 1 }).observe(e, {childList: true, characterData: true, subtree: true}) }"
        )
        for unit in range(1, 7):
            await count(client, unit, unit)
            await seen.part("facts").to_contain_text(f"{unit} of 12 units")
        await expect(seen.rows).to_have_text(
            [re.compile("^Ann"), re.compile("^Bo"), re.compile("^and 1 more")]
        )
        assert await seen.page.evaluate("window.told") == 0
        await expect(region).to_have_text(re.compile("6 of 12 units"), timeout=12_000)
        assert await seen.page.evaluate("window.told") == 1, "the newest only"


async def test_markup_in_names_and_addresses_does_nothing(tmp_path: Path) -> None:
    defined = definition(units=12, name=HOSTILE)
    defined["election"] |= {"name": HOSTILE, "label": HOSTILE}
    for selection in defined["contests"][0]["selections"]:
        selection["name"] = selection["party"] = HOSTILE
    address = quote("\"><script>window.hacked=1</script>'", safe="")
    async with partner() as news, town(tmp_path, defined) as client:
        await count(client, 1, 11)
        for path in ("/embed/mayor", "/embed"):
            async with looking(client.read + path, framed=path == "/embed") as seen:
                await seen.part("said").to_contain_text("onerror")
                assert not await seen.page.evaluate("window.hacked")
                assert await seen.within.locator("img").count() == 0
                seen.clean(client.read)
        async with looking(
            f"{client.read}/embed/{address}?theme={address}&lang={address}&accent={address}"
        ) as seen:
            await seen.part("said").to_have_text("There is no such contest here.")
            assert not await seen.page.evaluate("window.hacked")
        news.body = (
            f'<script type="module" src="{client.read}/static/ticker.js"></script>'
            f"<tally-ticker contest='\"><img src=x onerror=\"window.hacked=1\">' mode='frame'></tally-ticker><tally-ticker contest='mayor'></tally-ticker>"
        )
        async with looking(news.origin) as seen:
            await expect(seen.page.locator("tally-ticker .said").first).to_contain_text("onerror")
            assert not await seen.page.evaluate("window.hacked")
        async with client.http.get(f"{client.read}/embed/mayor/card.svg") as response:
            assert response.content_type == "image/svg+xml"
            drawing = ET.fromstring(await response.text())  # noqa: S314 - our own answer
            assert not [node for node in drawing.iter() if node.tag.endswith("img")]
            tag = response.headers["ETag"]
        async with client.http.get(
            f"{client.read}/embed/mayor/card.svg", headers={"If-None-Match": tag}
        ) as response:
            assert response.status == 304
        said = await client.get("/oembed", params={"url": f"{client.read}/embed/mayor"})
        assert said["title"] == HOSTILE
        assert "<img" not in said["html"]
        news.body = said["html"]


async def picture(client: Client, tag: str = "") -> tuple[int, str, bytes]:
    """Status, ETag and body of the contest's PNG."""
    headers = {"If-None-Match": tag} if tag else {}
    async with client.http.get(f"{client.read}/embed/mayor/card.png", headers=headers) as response:
        return response.status, response.headers["ETag"], await response.read()


async def test_a_link_has_a_picture_that_link_previews_take(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client:
        await count(client, 1, 3)
        for path in ("/embed/mayor", "/contest/mayor", "/"):
            async with client.http.get(client.read + path) as response:
                page = await response.text()
            told = dict(
                re.findall(r'<meta property="([^"]+)" content="([^"]*)">', page.partition("</head>")[0])
            )
            assert told["og:title"] == "Mayor"
            assert told["og:image"] == f"{client.read}/embed/mayor/card.png"
        async with client.http.get(f"{client.read}/contest/nobody") as response:
            assert (response.status, "og:image" in await response.text()) == (404, False)
        status, tag, body = await picture(client)
        assert (status, body[:8]) == (200, b"\x89PNG\r\n\x1a\n")
        for path in ("/?lang=es", "/contest/mayor?lang=es", "/embed/mayor?size=card&lang=es"):
            async with client.http.get(client.read + path) as response:
                assert f'"{told["og:image"]}?lang=es"' in await response.text(), "in the language of the link"
        size = tuple(int.from_bytes(body[at : at + 4], "big") for at in (16, 20))
        assert size == (WIDTH, HEIGHT) == (int(told["og:image:width"]), int(told["og:image:height"]))
        assert await picture(client, tag) == (304, tag, b"")
        await count(client, 4, 12)
        status, later, _ = await picture(client, tag)
        assert status == 200, "asked for by a tag that is not the newest"
        assert later == tag, "and drawn a moment ago: the same again"
        (tmp_path / "card.png").write_bytes(body)


async def test_oembed_is_found_from_the_page(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client:
        async with client.http.get(f"{client.read}/embed/mayor?size=card&lang=pt") as response:
            page = await response.text()
        found = re.search(
            r'<link rel="alternate" type="application/json\+oembed" title="Mayor" href="([^"]+)">', page
        )
        assert found is not None
        async with client.http.get(
            found[1].replace("&amp;", "&"), headers={"Origin": "https://news.example"}
        ) as response:
            assert response.content_type == "application/json"
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            said = await response.json()
        assert f'src="{client.read}/embed/mayor?size=card&amp;lang=pt"' in said["html"]
        for query, status in (
            ({"format": "xml"}, 501),
            ({"url": "https://elsewhere.example/"}, 404),
            ({"url": ""}, 400),
        ):
            async with client.http.get(
                f"{client.read}/oembed", params={"url": f"{client.read}/embed/mayor", **query}
            ) as response:
                assert response.status == status
                assert response.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/embed/mayor",
        "/embed/mayor?size=compact&theme=dark",
        "/embed/mayor?size=card&lang=es",
        "/embed",
        "/embed/nobody",
    ],
)
async def test_nothing_that_axe_finds_serious_or_moderate(tmp_path: Path, path: str, axe: str) -> None:
    async with town(tmp_path, a_town(is_test=True)) as client:
        await count(client, 1, 11, is_test=True)
        await client.desk("dispute", units=["north"], reason="protest")
        async with looking(client.read + path, framed=path == "/embed") as seen:
            await seen.part("said").not_to_have_text("")
            assert await seen.faults(axe) == []


async def test_by_keyboard_alone(tmp_path: Path) -> None:
    async with town(tmp_path, a_town()) as client:
        await count(client, 1, 11)
        async with looking(f"{client.read}/embed/mayor") as seen:
            await seen.part("said").to_have_text(ELECTED)
            await seen.page.keyboard.press("Tab")
            assert (
                await seen.page.evaluate("document.activeElement.shadowRoot.activeElement.className")
                == "certificate"
            )
            await count(client, 12, 12)
            await seen.part("facts").to_contain_text("12 of 12 units")
            assert (
                await seen.page.evaluate("document.activeElement.shadowRoot.activeElement?.className")
                == "certificate"
            ), "the focus stays through an update"


async def test_right_to_left(tmp_path: Path) -> None:
    async with partner() as news, town(tmp_path, a_town()) as client:
        await count(client, 1, 11)
        news.body = (
            f'<script type="module" src="{client.read}/static/ticker.js"></script>'
            '<div dir="rtl"><tally-ticker contest="mayor" size="card"></tally-ticker></div>'
        )
        async with looking(news.origin, viewport={"width": 320, "height": 700}) as seen:
            await seen.part("said").to_have_text(ELECTED)
            who = await seen.within.locator("tbody .who").first.bounding_box()
            votes = await seen.within.locator("tbody .votes").first.bounding_box()
            assert who is not None
            assert votes is not None
            assert who["x"] > votes["x"], "columns run from the right"
            await seen.no_wider()


async def test_nothing_on_the_card_overlaps(tmp_path: Path) -> None:
    wide = "W" * 80
    claim = a_view()["claims"][0] | {
        "assumptions": ["turnout-90"],
        "robust": {"if_any_disputed_annulled": False},
    }
    view = a_view(
        name=wide, label=wide, is_test=True, ballots_cast=123_456_789, valid=123_456_789, lead=99_999_999,
        totals=[{"selection": f"{wide}{n}", "votes": 123_456_789, "votes_disputed": 0} for n in range(9)],
        units={"total": 123_456, "completed": 123_456, "disputed": 3}, claims=[claim], outstanding={"certain": 123_456_789, "uncapped": 0},
    )  # fmt: skip
    drawing = card(
        view, {"ann": "Mmmmmm Mmmmmm Mmmmmm Mmmmm"}, "An election with a name of the usual length, and more"
    )
    async with looking("about:blank", viewport={"width": 1200, "height": 630}) as seen:
        await seen.page.set_content(f'<body style="margin:0">{drawing}')
        boxes = await seen.page.evaluate(
            "[...document.querySelectorAll('text')].map((e) => { const b = e.getBBox(); return [b.x, b.y, b.x + b.width, b.y + b.height * 0.8, e.textContent] })"
        )
        await seen.page.screenshot(path=tmp_path / "card.png")
    assert len(boxes) > 20
    for number, (left, top, right, bottom, said) in enumerate(boxes):
        assert left >= 0, said
        assert right <= WIDTH, said
        for other_left, other_top, other_right, other_bottom, other in boxes[number + 1 :]:
            apart = other_left >= right or other_right <= left or other_top >= bottom or other_bottom <= top
            assert apart, f"{said} and {other}"

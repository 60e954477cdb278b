"""The map in Chromium: coloured as counted, by keys, beside its table; and what a page weighs with it."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Response, ViewportSize, expect

from deploy.failure import ConfigurationFault
from deploy.maps import MAP_BYTES_MAX, chosen
from ingest.night.shipped import load_shipped
from tally.checks import faults
from tally.model import canonical, read
from tests.house.tree import ROOT
from tests.service.browser import DESK, PHONE, at_every_size, in_both_schemes, looking
from tests.service.mirror import baked, served_plainly
from tests.service.world import batch, definition, report, town

pytestmark = pytest.mark.browser

STATES = {"01": "Capital", "03": "Apure", "06": "Bolívar", "21": "Zulia", "22": "Amazonas"}
WEIGHT_MAX = 120_000
"""Compressed bytes of everything the page of the demo asks for before it is live."""


def country(shown: str | None = "ve", **selection: Any) -> dict[str, Any]:
    """Five states of Venezuela with two tables each, and one place that is on no map."""
    defined = definition()
    if shown:
        defined["election"]["map"] = shown
    places = [*STATES.items(), ("99", "Abroad")]
    defined["units"] = [{"id": code, "type": "state", "name": name} for code, name in places] + [
        {"id": f"{code}-{n}", "parent": code, "voters_registered": 100} for code, _ in places for n in (1, 2)
    ]
    defined["contests"][0]["selections"][0] |= selection
    return defined


def square(left: int, name: str, **properties: Any) -> dict[str, Any]:
    return {"type": "Polygon", "arcs": [[left]], "properties": {"label": name, **properties}}


def own_map(**properties: Any) -> dict[str, Any]:
    """Two squares side by side, North and South."""
    ring = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    return {
        "type": "Topology",
        "arcs": [ring, [[x + 1, y] for x, y in ring]],
        "objects": {
            "a": {
                "type": "GeometryCollection",
                "geometries": [square(0, "NORTH", **properties), square(1, "south", **properties)],
            }
        },
    }


async def to_the_map(page: Page) -> Locator:
    """Scroll to the map, which is loaded only then; its places."""
    await page.locator("#places").scroll_into_view_if_needed()
    return page.locator("tally-map g[role=button]")


async def test_places_are_coloured_by_who_leads_and_how_much_is_counted(tmp_path: Path) -> None:
    async with town(tmp_path, country(color="#aa3377")) as client, looking(client.read) as shown:
        place = await to_the_map(shown.page)
        await expect(place).to_have_count(5)
        assert (
            await place.first.get_attribute("aria-label")
            == "Capital, nothing counted, 0 of 2 units counted (0%)"
        )
        reports = [
            report("21-1", 10, 70), report("21-2", 10, 70), report("06-1", 41, 39), report("06-2", status="in-process"),
            report("03-1", 20, 10, status="in-process"),
        ]  # fmt: skip
        assert (await client.post(batch("b1", *reports)))[0] == 201
        zulia = shown.page.locator('tally-map g[data-unit="21"]')
        await expect(zulia).to_have_attribute(
            "aria-label", "Zulia, Bo ahead by 75.0 points, 2 of 2 units counted (100%)"
        )
        await client.desk("dispute", units=["21-1"])
        await expect(zulia.locator('path[fill="url(#crossed)"]')).to_have_count(1)
        fill = zulia.locator("path.over").first
        await expect(fill).to_have_attribute("fill", "#0072b2")
        await expect(fill).to_have_attribute("fill-opacity", "1")
        bolivar = shown.page.locator('tally-map g[data-unit="06"] path.over')
        await expect(bolivar.first).to_have_attribute("fill", "#aa3377")
        await expect(bolivar.first).to_have_attribute("fill-opacity", "0.45")
        apure = shown.page.locator('tally-map g[data-unit="03"] path[fill="url(#stripes)"]')
        await expect(apure).to_have_count(1)  # counted, but less than half
        await expect(shown.page.locator("tally-map p").last).to_have_text(
            "Not on the map, but in the table: Abroad."
        )
        swatch = shown.page.locator("#totals .swatch").last
        colours = await shown.page.locator("#totals .swatch").evaluate_all(
            "all => all.map((one) => getComputedStyle(one).backgroundColor)"
        )
        assert set(colours) >= {"rgb(170, 51, 119)", "rgb(0, 114, 178)"}, (
            "the table has the colours of the map"
        )
        await expect(swatch).to_have_attribute("aria-hidden", "true")
        shown.clean(client.read)


async def test_by_keys_from_place_to_place_and_to_its_row(tmp_path: Path) -> None:
    async with town(tmp_path, country()) as client, looking(client.read, color_scheme="dark") as shown:
        place = await to_the_map(shown.page)
        await expect(place).to_have_count(5)
        assert await place.evaluate_all("all => all.filter((one) => one.tabIndex === 0).length") == 1
        focused = "document.querySelector('tally-map').shadowRoot.activeElement?.dataset.unit"
        await shown.page.locator('tally-map g[data-unit="21"]').focus()
        await expect(shown.page.locator("tally-map .tip strong")).to_have_text("Zulia")
        await shown.page.keyboard.press("ArrowRight")
        assert await shown.page.evaluate(focused) == "01", "the nearest to the east of Zulia"
        await shown.page.keyboard.press("ArrowDown")
        south = await shown.page.evaluate(focused)
        assert south in {"03", "22"}
        await shown.page.keyboard.press("End")
        assert await shown.page.evaluate(focused) == "22"
        await shown.page.keyboard.press("Escape")
        await expect(shown.page.locator("tally-map .tip")).to_have_count(0)
        await shown.page.keyboard.press("Enter")
        assert await shown.page.evaluate("document.activeElement.dataset.unit") == "22"
        await client.post(batch("b1", report("22-1", 5, 3)))
        row = shown.page.locator('#places-body tr[data-unit="22"]')
        await expect(row).to_contain_text("5")
        assert await shown.page.evaluate("document.activeElement.dataset.unit") == "22", (
            "a frame takes no focus"
        )
        shown.clean(client.read)


@pytest.mark.parametrize(("color_scheme", "size"), [("light", DESK), ("dark", PHONE)])
async def test_nothing_moves_and_axe_finds_nothing(
    tmp_path: Path, axe: str, color_scheme: str, size: ViewportSize
) -> None:
    defined = country()
    votes = {f"{code}-{n}": {"ann": 40, "bo": 30} for code in STATES for n in (1, 2)}
    defined["contests"][0]["previous"] = {"votes": votes}
    async with (
        town(tmp_path, defined) as client,
        looking(client.read, viewport=size, color_scheme=color_scheme) as shown,
    ):
        page = shown.page
        await expect(await to_the_map(page)).to_have_count(5)
        await shown.settle()
        for number, code in enumerate(STATES):
            await client.post(batch(f"b{number}", report(f"{code}-1", 50 - 10 * number, 20)))
        await client.desk("dispute", units=["01-1"])
        await expect(page.locator('tally-map g[data-unit="01"] path[fill="url(#crossed)"]')).to_have_count(1)
        await shown.still()
        assert await shown.faults(axe) == []
        await shown.no_wider()


def america(key: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Electors of every state of the shipped map, two counties each; ids are the map's, its postal codes, or neither."""
    topology = json.loads((ROOT / "ws" / "static" / "map-us.json").read_bytes())
    ids = {
        "id": lambda one: one["id"],
        "postal": lambda one: one["properties"]["postal"],
        "name": lambda one: f"s{one['id']}",
    }
    states = {ids[key](one): one["properties"]["name"] for one in topology["objects"]["places"]["geometries"]}
    weights = [{"unit": code, "weight": 3 + n % 9} for n, code in enumerate(states)]
    defined = definition(rule={"type": "electoral_college"}, districts=weights)
    defined["election"]["map"] = "us"
    defined["units"] = [{"id": code, "type": "state", "name": name} for code, name in states.items()] + [
        {"id": f"{code}-{n}", "parent": code, "voters_registered": 100} for code in states for n in (1, 2)
    ]
    return defined, states


@pytest.mark.parametrize(("key", "texas"), [("id", "48"), ("postal", "TX"), ("name", "s48")])
async def test_every_state_of_the_us_is_joined_to_its_own_outline(
    tmp_path: Path, key: str, texas: str
) -> None:
    defined, states = america(key)
    assert states[texas] == "Texas", "the codes of the census, as feeds have them"
    async with town(tmp_path, defined) as client, looking(client.read) as shown:
        places = await to_the_map(shown.page)
        await expect(places).to_have_count(51)
        joined = await shown.page.evaluate(
            """() => { const map = document.querySelector("tally-map"), drawn = Object.fromEntries(map.drawn.map((one) => [one.d, one.name]));
            return [...map.renderRoot.querySelectorAll("g[role=button]")].map((one) => [one.dataset.unit, drawn[one.querySelector("path").getAttribute("d")]]); }"""
        )
        assert dict(joined) == states
        await expect(shown.page.locator("tally-map p").last).to_have_text("")


async def test_arrow_keys_reach_every_state_of_the_us(tmp_path: Path) -> None:
    defined, states = america("id")
    async with town(tmp_path, defined) as client, looking(client.read) as shown:
        page = shown.page
        await expect(await to_the_map(page)).to_have_count(51)
        reached = await page.evaluate(
            """() => {
              const root = document.querySelector("tally-map").shadowRoot, reached = new Set(), ahead = [root.querySelector("g[tabindex='0']")];
              while (ahead.length) {
                const place = ahead.pop();
                if (reached.has(place.dataset.unit)) continue;
                reached.add(place.dataset.unit);
                for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) {
                  place.focus();
                  place.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }));
                  ahead.push(root.activeElement);
                }
              }
              return [...reached];
            }"""
        )
        assert [name for code, name in states.items() if code not in reached] == []


@in_both_schemes
@at_every_size
async def test_a_night_in_the_us(tmp_path: Path, axe: str, color_scheme: str, size: ViewportSize) -> None:
    defined, states = america("id")
    look = {"viewport": size, "color_scheme": color_scheme}
    async with town(tmp_path, defined) as client, looking(client.read, **look) as shown:
        page = shown.page
        await expect(await to_the_map(page)).to_have_count(51)
        reports = []
        for n, code in enumerate(
            states
        ):  # near and clear leads of either; some half counted, some not at all
            ann = 20 + n * 7 % 60
            reports += [report(f"{code}-1", ann, 95 - ann)] if n % 9 else []
            reports += [report(f"{code}-2", ann, 90 - ann)] if n % 3 else []
        assert (await client.post(batch("b1", *reports)))[0] == 201
        await client.desk("dispute", units=["48"])
        await expect(page.locator('tally-map g[data-unit="48"]')).to_have_attribute(
            "aria-label",
            "Texas, Bo ahead by 54.6 points, 2 of 2 units counted (100%), 2 disputed, Bo, irreversible",
        )
        over = await page.evaluate(
            """() => { const names = [...document.querySelector("tally-map").shadowRoot.querySelectorAll(".names text")].map((one) => [one.textContent, one.getBoundingClientRect()]);
            return names.flatMap(([a, one], place) => names.slice(place + 1).filter(([, other]) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom).map(([b]) => `${a} and ${b}`)); }"""
        )
        assert over == [], "names over one another"
        await page.locator("#map").screenshot(path=tmp_path / "us.png")
        await shown.sound(axe, tmp_path / "page.png")
        shown.clean(client.read)


async def test_a_night_without_a_map_has_no_box_and_loads_none(tmp_path: Path) -> None:
    async with town(tmp_path, country(None)) as client, looking(client.read) as shown:
        await expect(shown.page.locator("#places-body tr")).to_have_count(6)
        await shown.text("map").to_be_hidden()
        assert not [url for url in shown.asked if "map" in url]


async def test_a_map_none_of_whose_places_vote_leaves_no_box(tmp_path: Path) -> None:
    defined = definition()
    defined["election"]["map"] = "us"
    async with town(tmp_path, defined) as client, looking(client.read) as shown:
        await expect(shown.page.locator("#places-body tr")).to_have_count(2)
        await to_the_map(shown.page)
        await shown.page.wait_for_function("() => Boolean(customElements.get('tally-map'))")
        await shown.text("map").to_be_hidden()


async def test_the_map_of_the_operator(tmp_path: Path) -> None:
    file = tmp_path / "town.json"
    file.write_text(json.dumps(own_map()))
    settings = {"map": str(file), "map_property": "label"}
    async with town(tmp_path, None, **settings) as client, looking(client.read) as shown:
        place = await to_the_map(shown.page)
        await expect(place).to_have_count(2)
        names = await client.get("/v1/contests/mayor/names")
        assert names["map"] == {"url": "/static/map.json", "property": "label"}
        assert await client.get("/static/map.json") == own_map()
        shown.clean(client.read)
        await baked(tmp_path / "copy", "--from", client.read)
    async with served_plainly(tmp_path / "copy") as url, looking(url) as shown:
        await expect(await to_the_map(shown.page)).to_have_count(2)
        shown.clean(url)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[", "no JSON"),
        ('{"type": "FeatureCollection"}', "no TopoJSON"),
        ('{"type": "Topology", "arcs": [], "objects": {}}', "none of its objects"),
        (json.dumps(own_map()), "none of its places has the property name"),
        (" " * (MAP_BYTES_MAX + 1), "at most 2,000,000"),
        ('{"type": "Topology", "arcs": [], "objects": {"a": {"geometries": 5}}}', "a collection of places"),
    ],
)
def test_a_map_that_cannot_be_drawn_is_refused_at_the_start(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "map.json"
    file.write_text(text)
    with pytest.raises(ConfigurationFault, match=why):
        chosen(str(file), "name")


def test_a_map_that_is_not_there_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault, match="one of us, ve"):
        chosen(str(tmp_path / "none.json"), None)


def test_a_color_is_six_digits_and_who_says_none_has_the_digest_of_before() -> None:
    plain = definition()
    assert b"color" not in canonical(read(plain))
    assert b'"map"' not in canonical(read(plain))
    plain["contests"][0]["selections"][1]["color"] = "blue"
    assert [one.pointer for one in faults(read(plain))] == ["/contests/0/selections/1/color"]


def test_the_shipped_maps_are_small_and_say_whose_they_are() -> None:
    for name, places, licence in (("ve", 24, "MIT License"), ("us", 51, "Permission to use, copy, modify")):
        text = (ROOT / "ws" / "static" / f"map-{name}.json").read_bytes()
        assert len(text) <= 60_000
        topology = json.loads(text)
        assert licence in topology["about"]
        assert len(topology["objects"]["places"]["geometries"]) == places


async def test_the_page_of_the_demo_is_light(tmp_path: Path) -> None:
    night = load_shipped(50)
    defined = json.loads(canonical(night.definition))
    heard: list[Response] = []
    quiet = {"projection_interval_ms": 0}
    async with town(tmp_path, defined, **quiet) as client, looking("about:blank") as shown:
        for event in night.events:
            await client.service.sequencer.submit(event.command)
        shown.page.on("response", lambda one: heard.append(one))  # noqa: PLW0108 - a bound method of C has no room for its mark
        await shown.page.goto(client.read)
        await expect(shown.page.locator("#places-body tr")).to_have_count(26)
        await shown.text("connection").to_have_text("live")
        await shown.page.locator("tally-crossing .plot").wait_for()
        weights = {
            one.url.removeprefix(client.read): len(gzip.compress(await one.body(), 6)) for one in heard
        }
        told = "\n".join(f"{size:>8,} {url}" for url, size in sorted(weights.items(), key=lambda kv: -kv[1]))
        print(f"\n{sum(weights.values()):,} bytes\n{told}")
        assert {"/static/live.bundle.js", "/static/crossing.bundle.js"} <= weights.keys()
        assert sum(weights.values()) < WEIGHT_MAX, told
        later = {"/static/map.bundle.js", "/static/map-ve.json"}
        assert not later & weights.keys()
        await expect(await to_the_map(shown.page)).to_have_count(24)
        assert later <= {one.url.removeprefix(client.read) for one in heard}

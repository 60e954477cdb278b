"""What a first visit loads: files compressed once, kept by readers, and few bytes in all."""

import gzip
import re
from collections.abc import Mapping
from pathlib import Path

from playwright.async_api import expect

from tests.service.browser import looking
from tests.service.world import Client, batch, definition, report, town
from ws.page import static_files
from ws.squeeze import ASIDE_BYTES, LEAST_BYTES

FIRST_VISIT_BYTES_MAX = 120_000


async def fetched(client: Client, path: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    url = client.read + path
    async with client.http.get(url, headers=headers, skip_auto_headers=("Accept-Encoding",)) as response:
        return response.status, response.headers, await response.read()


def without_preview(page: bytes) -> bytes:
    """A page as its file is, without what a link to it shows elsewhere."""
    return re.sub(rb'<meta (?:property="og:|name="twitter:)[^\n]*\n', b"", page)


async def test_files_come_compressed_to_who_takes_that_and_are_asked_for_once(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        client.http._auto_decompress = False  # the bytes as they travel
        for path, name in (
            ("/", "index.html"), ("/observe", "observe.html"), ("/contest/mayor", "index.html"),
            ("/static/style.css", "style.css"), ("/static/crossing.bundle.js", "crossing.bundle.js"),
        ):  # fmt: skip
            status, plain, whole = await fetched(client, path)
            assert status == 200
            assert without_preview(whole) == static_files()[name]
            assert "Content-Encoding" not in plain
            status, small, squeezed = await fetched(client, path, **{"Accept-Encoding": "br, gzip;q=0.8"})
            assert small["Content-Encoding"] == "gzip"
            assert gzip.decompress(squeezed) == whole
            assert len(squeezed) * 3 < len(whole) * 2
            assert small["Vary"] == plain["Vary"] == "Accept-Encoding"
            assert small["ETag"] != plain["ETag"], "other bytes, another tag"
            policies = [one.get("Content-Security-Policy") for one in (small, plain)]
            assert policies == [None, None] if name.endswith((".js", ".css")) else all(policies)
            for kept, takes in ((small, "gzip"), (plain, "identity")):
                again = {"Accept-Encoding": takes, "If-None-Match": kept["ETag"]}
                status, headers, body = await fetched(client, path, **again)
                assert (status, body, headers["ETag"]) == (304, b"", kept["ETag"])
            _, refused, body = await fetched(client, path, **{"Accept-Encoding": "gzip;q=0, *"})
            assert "Content-Encoding" not in refused
            assert body == whole
        again = {"Accept-Encoding": "gzip", "If-None-Match": "*"}
        status, _, body = await fetched(client, "/contest/nobody", **again)
        assert (status, gzip.decompress(body)) == (404, static_files()["index.html"]), "404 is never 304"


async def test_a_first_visit_is_light(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        weights: dict[str, int] = {}
        async with looking("about:blank") as seen:
            tools = await seen.page.context.new_cdp_session(seen.page)
            await tools.send("Network.enable")
            urls: dict[str, str] = {}
            tools.on(
                "Network.responseReceived", lambda e: urls.update({e["requestId"]: e["response"]["url"]})
            )
            tools.on(
                "Network.loadingFinished",
                lambda e: weights.update({urls[e["requestId"]]: int(e["encodedDataLength"])}),
            )
            await seen.page.goto(client.read)
            await seen.page.locator("#totals tr").first.wait_for()
            await seen.page.locator("tally-crossing .empty").wait_for()
            await expect(seen.page.locator("#connection")).to_have_text("live")
            assert f"{client.read}/static/crossing.bundle.js" in weights
            assert f"{client.read}/static/live.bundle.js" in weights
            print(
                {url.removeprefix(client.read): size for url, size in weights.items()}, sum(weights.values())
            )
            assert sum(weights.values()) <= FIRST_VISIT_BYTES_MAX, weights


async def test_answers_come_compressed_too_and_either_tag_is_known(tmp_path: Path) -> None:
    async with town(tmp_path, definition(units=600)) as client:
        client.http._auto_decompress = False
        for path, long in (
            ("/v1/contests/mayor", False), ("/v1/election?form=canonical", True), ("/v1/contests/mayor/units?parent=north&limit=300", True),
        ):  # fmt: skip
            _, plain, whole = await fetched(client, path, **{"Accept-Encoding": "identity"})
            assert "Content-Encoding" not in plain
            assert len(whole) >= (ASIDE_BYTES if long else LEAST_BYTES)
            for _ in range(2):  # compressed, and kept
                _, small, squeezed = await fetched(client, path, **{"Accept-Encoding": "gzip"})
                assert small["Content-Encoding"] == "gzip"
                assert small["Content-Length"] == str(len(squeezed))
                assert gzip.decompress(squeezed) == whole
            assert small["Vary"] == plain["Vary"] == "Accept-Encoding"
            assert small["ETag"] == plain["ETag"][:-1] + '-gz"'
            for tag in (plain["ETag"], small["ETag"]):
                again = {"Accept-Encoding": "gzip", "If-None-Match": tag}
                status, headers, body = await fetched(client, path, **again)
                assert (status, headers["ETag"], body) == (304, tag, b"")
        async with client.http.head(
            client.read + "/v1/contests/mayor", headers={"Accept-Encoding": "gzip"}
        ) as head:
            assert head.headers["Content-Encoding"] == "gzip"
        _, little, body = await fetched(client, "/v1/contests/mayor/names", **{"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in little
        assert len(body) < LEAST_BYTES


async def test_a_compressed_answer_is_of_the_position_it_says(tmp_path: Path) -> None:
    async with town(tmp_path, definition(units=12)) as client:
        for unit in range(1, 13):
            await client.post(batch(f"b{unit}", report(f"p{unit:03}", 60, 40)))
            async with client.http.get(f"{client.read}/v1/contests/mayor") as response:
                assert response.headers["Content-Encoding"] == "gzip"
                view = await response.json()
            assert view["ballots_cast"] == 100 * unit
            assert view == await client.view()

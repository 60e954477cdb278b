"""What a first visit loads: files compressed once, kept by readers, and few bytes in all."""

import gzip
from collections.abc import Mapping
from pathlib import Path

from tests.service.partner import looking
from tests.service.world import Client, town
from ws.page import static_files

FIRST_VISIT_BYTES_MAX = 120_000


async def fetched(client: Client, path: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    url = client.read + path
    async with client.http.get(url, headers=headers, skip_auto_headers=("Accept-Encoding",)) as response:
        return response.status, response.headers, await response.read()


async def test_files_come_compressed_to_who_takes_that_and_are_asked_for_once(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        client.http._auto_decompress = False  # the bytes as they travel
        for path, name in (
            ("/", "index.html"), ("/observe", "observe.html"), ("/contest/mayor", "index.html"),
            ("/static/style.css", "style.css"), ("/static/crossing.bundle.js", "crossing.bundle.js"),
        ):  # fmt: skip
            whole = static_files()[name]
            status, plain, body = await fetched(client, path)
            assert (status, body) == (200, whole)
            assert "Content-Encoding" not in plain
            status, small, squeezed = await fetched(client, path, **{"Accept-Encoding": "br, gzip;q=0.8"})
            assert small["Content-Encoding"] == "gzip"
            assert gzip.decompress(squeezed) == whole
            assert len(squeezed) * 3 < len(whole) * 2
            assert small["Vary"] == plain["Vary"] == "Accept-Encoding"
            assert small["ETag"] != plain["ETag"], "other bytes, another tag"
            assert small["Content-Security-Policy"] == plain["Content-Security-Policy"]
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
            assert f"{client.read}/static/crossing.bundle.js" in weights
            print(
                {url.removeprefix(client.read): size for url, size in weights.items()}, sum(weights.values())
            )
            assert sum(weights.values()) <= FIRST_VISIT_BYTES_MAX, weights

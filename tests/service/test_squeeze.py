"""Compressed answers: one compression an answer, whoever asks for it and by whichever address; and not all are kept."""

import asyncio
import gzip
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aiohttp import ClientSession, web

from tests.service.world import batch, definition, report, town
from ws import squeeze

GZIP = {"Accept-Encoding": "gzip"}
ELECTION = "/v1/election?form=canonical"


@pytest.fixture
def compressed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The length of each body that is compressed from now on."""
    lengths: list[int] = []
    real = gzip.compress

    def compress(data: bytes, *args: Any, **options: Any) -> bytes:
        lengths.append(len(data))
        return real(data, *args, **options)

    monkeypatch.setattr(gzip, "compress", compress)
    return lengths


async def test_a_crowd_that_asks_at_once_costs_one_compression(tmp_path: Path, compressed: list[int]) -> None:
    async with town(tmp_path, definition(units=3_000)) as client:
        compressed.clear()

        async def ask() -> bytes:
            async with client.http.get(client.read + ELECTION, headers=GZIP) as response:
                assert response.headers["Content-Encoding"] == "gzip"
                return await response.read()

        [whole] = set(await asyncio.gather(*(ask() for _ in range(30))))
        assert compressed == [len(whole)]
        assert len(whole) >= squeeze.ASIDE_BYTES


async def test_a_query_that_means_nothing_makes_no_other_answer(
    tmp_path: Path, compressed: list[int]
) -> None:
    async with town(tmp_path, definition(units=600)) as client:
        await client.post(batch("b1", report("p001", 60, 20)))
        compressed.clear()
        for path, join in ((ELECTION, "&"), ("/v1/contests/mayor", "?")):
            tags = set()
            for n in range(squeeze.KEPT_MAX + 5):
                async with client.http.get(f"{client.read}{path}{join}x={n}", headers=GZIP) as response:
                    tags.add(response.headers["ETag"])
            assert len(tags) == 1
        assert len(compressed) == 2


async def test_what_is_kept_has_a_bound_in_bytes(
    compressed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(squeeze, "KEPT_BYTES_MAX", 250_000)
    bodies = [Random(n).randbytes(100_000) for n in range(3)]

    async def serve(request: web.Request) -> web.Response:
        n = int(request.query["n"])
        return web.Response(body=bodies[n], content_type="application/json", headers={"ETag": f'"{n}"'})

    app = web.Application(middlewares=[squeeze.squeezing()])
    app.router.add_get("/", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        compressed.clear()
        async with ClientSession() as http:
            for asked, made in ((0, 1), (1, 2), (0, 2), (2, 3), (0, 3), (1, 4)):
                async with http.get(url, params={"n": asked}) as response:
                    assert await response.read() == bodies[asked]
                assert len(compressed) == made, f"after {asked}"
    finally:
        await runner.cleanup()

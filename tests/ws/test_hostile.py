"""Every bad handshake against a real server and the answer owed; deadlines; and a clean stop."""

import asyncio
import json
import struct

import pytest
from aiohttp import web

from tests.ws.board import ScriptedBoard
from tests.ws.live import Live, Raw, live, start_live, until
from ws.limits import Limits
from ws.server import StreamSettings

FOREIGN = [
    "http://evil.example",
    "null",
    "http://127.0.0.1.evil.example:{port}",
    "http://evil127.0.0.1:{port}",
    "http://127.0.0.1:{port}@evil.example",
    "http://user@127.0.0.1:{port}",
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}?",
    "http://127.0.0.1:{port}0",
    "http://127.0.0.1",
    "http:127.0.0.1:{port}",
    "ftp://127.0.0.1:{port}",
    "http://127.0.0.1:{port} http://evil.example",
    "http://[::1",
    "",
]


def problem(body: bytes) -> tuple[str, int]:
    parsed = json.loads(body)
    assert parsed["type"] == "urn:tally:problem:" + parsed["code"]
    return parsed["code"], parsed["status"]


# The handshake


@pytest.mark.parametrize("origin", FOREIGN)
async def test_foreign_origins_are_refused_before_101(server: Live, origin: str) -> None:
    client, status, headers, body = await Raw.request(
        server.port, {"Origin": origin.format(port=server.port)}
    )
    assert (status, problem(body)) == (403, ("origin-not-allowed", 403))
    assert headers["content-type"] == "application/problem+json"
    await client.leave()


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "http://127.0.0.1:{port}",
        "https://127.0.0.1:{port}",
        "https://news.example",
        "HTTPS://News.Example",
    ],
)
async def test_same_host_listed_and_no_origin_are_let_in(server: Live, origin: str | None) -> None:
    named = None if origin is None else origin.format(port=server.port)
    client, status, _, _ = await Raw.request(server.port, {"Origin": named})
    assert status == 101
    await client.leave()


@pytest.mark.parametrize("version", ["7", "8", "12", "14", "13, 8", "", None])
async def test_only_version_13(server: Live, version: str | None) -> None:
    client, status, headers, body = await Raw.request(server.port, {"Sec-WebSocket-Version": version})
    assert (status, headers["sec-websocket-version"]) == (426, "13")
    assert problem(body) == ("bad-handshake", 426)
    await client.leave()


@pytest.mark.parametrize(
    ("headers", "line", "body"),
    [
        ({"Sec-WebSocket-Key": None}, "", b""),
        ({"Sec-WebSocket-Key": "short"}, "", b""),
        ({"Sec-WebSocket-Key": "AAAA"}, "", b""),
        ({"Sec-WebSocket-Key": "!" * 24}, "", b""),
        ({"Upgrade": "notwebsocket"}, "", b""),
        ({"Upgrade": None}, "", b""),
        ({"Connection": "keep-alive"}, "", b""),
        ({}, "POST /connection/websocket HTTP/1.1", b""),
        ({"Content-Length": "5"}, "", b"hello"),
        ({"Transfer-Encoding": "chunked"}, "", b"0\r\n\r\n"),
        ({}, "", b"\x81\x80\0\0\0\0"),
        ({"Sec-WebSocket-Protocol": "centrifuge-protobuf"}, "", b""),
    ],
)
async def test_bad_handshakes(server: Live, headers: dict[str, str | None], line: str, body: bytes) -> None:
    client, status, _, answer = await Raw.request(server.port, headers, line=line, body=body)
    assert (status, problem(answer)) == (400, ("bad-handshake", 400))
    assert await client.reader.read() == b"", "the connection ends: nothing after it is parsed"
    await client.leave()


@pytest.mark.parametrize(
    ("offer", "chosen"),
    [
        ("centrifuge-json", "centrifuge-json"),
        ("tally-msgpack", "tally-msgpack"),
        ("centrifuge-protobuf, tally-msgpack", "tally-msgpack"),
    ],
)
async def test_subprotocols(server: Live, offer: str, chosen: str) -> None:
    client, status, headers, _ = await Raw.request(server.port, {"Sec-WebSocket-Protocol": offer})
    assert (status, headers["sec-websocket-protocol"]) == (101, chosen)
    await client.leave()


async def test_full_in_all_and_from_one_address() -> None:
    board = ScriptedBoard(["contest:a"])
    async with live(board, StreamSettings(connections_max=3)) as running:
        inside = [await Raw.open(running.port) for _ in range(3)]
        client, status, headers, body = await Raw.request(running.port)
        assert (status, problem(body)) == (503, ("too-many-connections", 503))
        assert 1 <= int(headers["retry-after"]) <= 10
        await client.leave()
        await inside[0].leave()
        await until(lambda: running.streaming.counters.connections == 2)
        again = await Raw.open(running.port)
        assert (await again.json())["connect"]["pong"] is True
        assert running.streaming.counters.refused == {503: 1}


async def test_one_address_may_hold_so_many_and_another_is_not_its_problem() -> None:
    @web.middleware
    async def behind_a_proxy(request, handler):
        return await handler(request.clone(remote=request.headers["X-Test-Address"]))

    settings = StreamSettings(per_address_max=2)
    async with live(ScriptedBoard(["contest:a"]), settings, [behind_a_proxy]) as running:
        inside = []

        async def knock(address: str) -> tuple[int, dict[str, str], bytes]:
            client, *answer = await Raw.request(running.port, {"X-Test-Address": address})
            inside.append(client)
            return tuple(answer)

        assert [(await knock("203.0.113.9"))[0] for _ in range(2)] == [101, 101]
        status, headers, body = await knock("203.0.113.9")
        assert (status, problem(body)) == (429, ("too-many-connections", 429))
        assert 1 <= int(headers["retry-after"]) <= 10
        assert (await knock("203.0.113.10"))[0] == 101
        # a proxy on this machine stands for many people
        assert [(await knock("127.0.0.1"))[0] for _ in range(4)] == [101] * 4
        for client in inside:
            await client.leave()


async def test_retry_after_differs_between_clients() -> None:
    async with live(ScriptedBoard(["contest:a"]), StreamSettings(connections_max=0)) as running:
        waits = {(await Raw.request(running.port))[2]["retry-after"] for _ in range(40)}
        assert len(waits) >= 3


# Deadlines, on a clock that runs fast enough to wait for


async def test_who_never_connects_or_never_answers_a_ping_is_closed() -> None:
    limits = Limits(connect_timeout_ms=500, ping_interval_s=1, pong_timeout_ms=500)
    async with live(ScriptedBoard(["contest:a"]), StreamSettings(limits=limits)) as running:
        silent, _, _, _ = await Raw.request(running.port)
        deaf = await Raw.open(running.port)
        assert await silent.closed() == (3502, "stale")
        assert await deaf.closed() == (4008, "no-pong")


async def test_who_answers_pings_stays() -> None:
    limits = Limits(connect_timeout_ms=500, ping_interval_s=1, pong_timeout_ms=900)
    async with live(ScriptedBoard(["contest:a"]), StreamSettings(limits=limits)) as running:
        client = await Raw.open(running.port)
        assert "connect" in await client.json()
        for _ in range(3):
            assert await client.json() == {}
            client.send(b"{}")
        assert running.streaming.counters.connections == 1


async def test_stop_says_come_back_and_lets_nobody_in() -> None:
    running = await start_live(ScriptedBoard(["contest:a"]))
    clients = [await Raw.open(running.port) for _ in range(20)]
    for client in clients:
        await client.json()
    stopping = asyncio.ensure_future(running.stop())
    hints = set()
    for client in clients:
        code, reason = await client.closed()
        advice = json.loads(reason)
        assert (code, advice["reconnect"], advice["reason"]) == (1012, True, "shutdown")
        hints.add(advice["retry_ms"])
        client.frame(struct.pack("!H", code), 0x88)
        await client.leave()
    await stopping
    assert len(hints) > 10
    assert max(hints) <= 10_000

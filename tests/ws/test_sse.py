"""Server-Sent Events with the real curl: frames, resume with Last-Event-ID, and refusals."""

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.ws.board import ScriptedBoard
from tests.ws.live import Live, live, until
from ws.server import StreamSettings
from ws.sse import SseSettings

CHANNELS = ["contest:a", "contest:b", "calls:e", "status:e"]

if shutil.which("curl") is None:
    if os.environ.get("CI"):
        raise RuntimeError("curl is needed for these tests")
    pytest.skip("curl is not installed", allow_module_level=True)


class Curl:
    """`curl -N` on the stream, parsed as the EventSource standard says."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str | None:
        assert self.process.stdout is not None
        async with asyncio.timeout(10):
            raw = await self.process.stdout.readline()
        return raw.decode().rstrip("\n") if raw else None

    async def event(self) -> dict[str, str] | None:
        """The next event: its fields; None when the stream ended. Comments are passed over."""
        fields: dict[str, str] = {}
        while (line := await self.line()) is not None:
            if not line and fields:
                return fields
            name, _, value = line.partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
        return None

    async def publication(self) -> tuple[str, int | None, object, str]:
        event = await self.event()
        assert event is not None
        data = json.loads(event["data"])
        return event["event"], data.get("v", data.get("c")), data, event["id"]


@contextlib.asynccontextmanager
async def curl(running: Live, query: str, *arguments: str) -> AsyncIterator[Curl]:
    process = await asyncio.create_subprocess_exec(
        "curl", "-sN", *arguments, f"{running.url}/v1/stream?{query}", stdout=asyncio.subprocess.PIPE
    )
    try:
        yield Curl(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.fixture
async def server():
    board = ScriptedBoard(CHANNELS)
    async with live(board) as running:
        running.put("contest:a", 5, {"v": 5})
        running.put("calls:e", 5, {"c": 5})
        yield running


async def listening(server: Live, streams: int = 1) -> None:
    await until(lambda: server.streaming.counters.streams == streams)


async def test_a_stream_shows_what_is_and_then_what_changes(server: Live) -> None:
    async with curl(server, "channels=contest:a,calls:e,status:e", "-D", "-") as stream:
        head = [await stream.line() for _ in range(8)]
        assert any("text/event-stream" in (line or "") for line in head)
        first = await stream.event()
        assert first is not None
        assert first["event"] == "contest:a"
        assert 1_000 <= int(first["retry"]) <= 5_000
        assert json.loads(first["data"]) == {"v": 5}
        assert first["id"] == "e1/5"
        await listening(server)
        server.put("calls:e", 6, {"c": 6})
        assert await stream.publication() == ("calls:e", 6, {"c": 6}, "e1/6")
        server.put("contest:a", 7, {"v": 7})
        assert await stream.publication() == ("contest:a", 7, {"v": 7}, "e1/7")
        server.put("status:e", None, {"at": 1})
        assert await stream.publication() == ("status:e", None, {"at": 1}, "e1/7")


async def test_the_body_is_the_one_get_returns_byte_for_byte(server: Live) -> None:
    odd = server.put("contest:b", 6, {"name": "Nicolás  ☃", "n": 10**18, "list": [[], {}]})
    async with curl(server, "channels=contest:b") as stream:
        event = await stream.event()
        assert event is not None
        assert event["data"].encode() == odd.json


@pytest.mark.parametrize("how", ["header", "query"])
async def test_resume_with_last_event_id(server: Live, how: str) -> None:
    async with curl(server, "channels=contest:a,contest:b,calls:e") as stream:
        *_, last_id = await stream.publication()
    await listening(server, 0)
    for offset in (6, 8, 9):
        server.put("calls:e", offset, {"c": offset})
    server.put("contest:b", 7, {"v": 7})
    query = "channels=contest:a,contest:b,calls:e"
    header = ["-H", f"Last-Event-ID: {last_id}"] if how == "header" else []
    async with curl(server, query + ("" if header else f"&last_event_id={last_id}"), *header) as stream:
        got = [await stream.publication() for _ in range(4)]
        assert [(channel, offset) for channel, offset, _, _ in got] == [
            ("calls:e", 6),
            ("contest:b", 7),
            ("calls:e", 8),
            ("calls:e", 9),
        ]
        assert [event_id for *_, event_id in got] == ["e1/6", "e1/7", "e1/8", "e1/9"]
    assert server.streaming.counters.recover == {"fresh": 1, "recovered": 1}


@pytest.mark.parametrize(
    "stated", ["e0/5", "e1/99", "nonsense", "e1/", "e1/5x", "/5", "e1/-1", "e1/" + "9" * 40]
)
async def test_a_forgotten_position_is_said_aloud_and_starts_over(server: Live, stated: str) -> None:
    async with curl(server, "channels=contest:a,calls:e", "-H", f"Last-Event-ID: {stated}") as stream:
        told = await stream.event()
        assert told is not None
        assert told["event"] == "recovery"
        assert "id" not in told
        assert json.loads(told["data"]) == {
            "recovered": False,
            "epoch": "e1",
            "channels": ["contest:a", "calls:e"],
        }
        got = [await stream.publication() for _ in range(2)]
        assert sorted((channel, offset) for channel, offset, _, _ in got) == [
            ("calls:e", 5),
            ("contest:a", 5),
        ]


async def test_cut_again_and_again_nothing_is_missing(server: Live) -> None:
    """Twenty streams of curl, each killed at an odd moment while the board goes on."""
    seen: list[int] = []
    newest, offset, last_id = 0, 5, "e1/5"
    for turn in range(20):
        async with curl(server, "channels=contest:a,calls:e", "-H", f"Last-Event-ID: {last_id}") as stream:
            for _ in range(turn % 4 + 1):
                offset += 1
                server.put("contest:a", offset, {"v": offset})
                server.put("calls:e", offset, {"c": offset})
                await asyncio.sleep(0.01)
            for _ in range(turn % 3):
                channel, at, _, last_id = await stream.publication()
                assert at is not None
                if channel == "calls:e":
                    seen.append(at)
                else:
                    assert at >= newest
                    newest = at
    async with curl(server, "channels=contest:a,calls:e", "-H", f"Last-Event-ID: {last_id}") as stream:
        while newest < offset or not seen or seen[-1] < offset:
            channel, at, _, last_id = await stream.publication()
            assert at is not None
            newest = at if channel == "contest:a" else newest
            seen += [at] if channel == "calls:e" else []
    assert sorted(set(seen)) == list(range(6, offset + 1))
    assert last_id == f"e1/{offset}"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "bad-query"),
        ("channels=", 400, "bad-query"),
        ("channels=" + ",".join(f"contest:{n}" for n in range(101)), 400, "bad-query"),
        ("channels=contest:a,contest:nowhere", 404, "unknown-channel"),
        ("channels=%3Cscript%3E", 404, "unknown-channel"),
    ],
)
async def test_refusals(server: Live, query: str, status: int, code: str) -> None:
    async with aiohttp.ClientSession() as client, client.get(f"{server.url}/v1/stream?{query}") as answer:
        body = await answer.json(content_type="application/problem+json")
        assert (answer.status, body["code"], body["status"]) == (status, code, status)
    assert server.streaming.counters.streams == 0


async def test_heartbeat_and_stop() -> None:
    board = ScriptedBoard(CHANNELS)
    async with live(board, StreamSettings(sse=SseSettings(ping_interval_s=0.1))) as running:
        async with curl(running, "channels=status:e") as stream:
            await listening(running)
            assert await stream.line() == ": ping"
            stopping = asyncio.ensure_future(running.stop())
            assert await stream.event() is None
            await stopping
        assert running.streaming.counters.streams == 0


async def test_streams_count_at_the_door_and_leave_it(server: Live) -> None:
    board = ScriptedBoard(CHANNELS)
    settings = StreamSettings(connections_max=1, sse=SseSettings(ping_interval_s=0.1))
    async with live(board, settings) as running:
        async with curl(running, "channels=status:e"):
            await listening(running)
            async with aiohttp.ClientSession() as client:
                answer = await client.get(f"{running.url}/v1/stream?channels=status:e")
                assert (answer.status, "Retry-After" in answer.headers) == (503, True)
                answer.close()
        await listening(running, 0)
        async with curl(running, "channels=status:e"):
            await listening(running)


async def test_a_stream_nobody_reads_is_conflated_and_cut_off() -> None:
    board = ScriptedBoard(CHANNELS)
    settings = StreamSettings(sse=SseSettings(send_timeout_s=1.0))
    async with live(board, settings) as running:
        _reader, writer = await asyncio.open_connection("127.0.0.1", running.port, limit=1_024)
        writer.transport.pause_reading()
        writer.write(b"GET /v1/stream?channels=contest:a HTTP/1.1\r\nHost: x\r\n\r\n")
        await listening(running)
        for offset in range(1, 2_000):
            running.put("contest:a", offset, {"pad": "x" * 20_000})
            await asyncio.sleep(0)
        await listening(running, 0)
        assert running.streaming.counters.conflated > 500
        writer.close()

"""Slow readers hurt only themselves; crowds that come back are served from memory."""

import asyncio
import gc
import json
import statistics
import time
from pathlib import Path

import pytest

from tests.ws.board import ScriptedBoard
from tests.ws.live import Live, Raw, live, until
from ws.limits import Limits
from ws.server import StreamSettings

PAD = "x" * 20_000
QUIET = Limits(ping_interval_s=3_600)  # no ping between the frames that are counted


def rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4_096 / 2**20


async def hear_until(client: Raw, offset: int, delays: list[float]) -> list[int]:
    """Read pushes until `offset`, noting how long each took from its stamp."""
    seen: list[int] = []
    while not seen or seen[-1] < offset:
        opcode, payload = await client.receive()
        assert opcode == 1
        message = json.loads(payload)
        if "push" in message:
            pub = message["push"]["pub"]
            delays.append(time.perf_counter() - pub["data"]["at"])
            seen.append(pub["offset"])
        elif message == {}:
            client.send(b"{}")
    return seen


async def publish_and_hear(running: Live, readers: list[Raw], start: int) -> list[float]:
    """30 views of 20 kB to everyone; the delays of those who read."""
    delays: list[float] = []
    async with asyncio.TaskGroup() as group:
        for reader in readers:
            group.create_task(hear_until(reader, start + 29, delays))
        for offset in range(start, start + 30):
            running.put("contest:a", offset, {"at": time.perf_counter(), "pad": PAD})
            await asyncio.sleep(0.02)
    return delays


async def test_twenty_who_never_read_are_conflated_then_closed_and_nobody_else_notices() -> None:
    limits = Limits(unread_timeout_ms=3_000)
    board = ScriptedBoard(["contest:a"])
    async with live(board, StreamSettings(limits=limits, close_timeout_s=0.3)) as running:
        readers = [await Raw.open(running.port, {"channel": "contest:a"}) for _ in range(50)]
        for reader in readers:
            assert "connect" in await reader.json()
            assert "subscribe" in await reader.json()
        control = await publish_and_hear(running, readers, 1)
        gc.collect()
        before = rss_mib()
        stuck = [await Raw.open(running.port, {"channel": "contest:a"}, rcvbuf=4_096) for _ in range(20)]
        for client in stuck:
            client.writer.transport.pause_reading()
        await until(lambda: running.streaming.counters.connections == 70)
        rounds = [await publish_and_hear(running, readers, start) for start in range(31, 331, 30)]
        assert running.streaming.counters.conflated > 0
        assert rss_mib() - before < 64
        await until(lambda: running.streaming.counters.closed[4008] == 20, 30)
        await until(lambda: running.streaming.counters.connections == 50)
        # the same work per reader, with and without 20 stuck beside them; medians, for the machine is shared
        assert statistics.median(map(statistics.median, rounds)) < 3 * statistics.median(control) + 0.005


async def test_a_slow_reader_that_drains_gets_the_newest_and_every_event() -> None:
    board = ScriptedBoard(["contest:a", "calls:e"])
    async with live(board) as running:
        slow = await Raw.open(running.port, {"channel": "contest:a"}, {"channel": "calls:e"}, rcvbuf=4_096)
        slow.writer.transport.pause_reading()
        await until(lambda: running.streaming.hub.is_heard("calls:e"))
        for offset in range(1, 501):
            running.put("contest:a", offset, {"pad": PAD, "v": offset})
            if offset % 10 == 0:
                running.put("calls:e", offset, {"c": offset})
            await asyncio.sleep(0)
        assert running.streaming.counters.conflated > 100
        slow.writer.transport.resume_reading()
        states, events = [], []
        while not states or states[-1] < 500 or len(events) < 50:
            push = (await slow.json()).get("push")
            if push is not None:
                (states if push["channel"] == "contest:a" else events).append(push["pub"]["offset"])
        assert events == list(range(10, 501, 10))
        assert states == sorted(set(states))
        assert len(states) < 500
        await slow.leave()


async def test_events_past_the_queue_close_and_the_client_recovers_them_all() -> None:
    board = ScriptedBoard(["calls:e"])
    async with live(board, StreamSettings(close_timeout_s=0.3)) as running:
        slow = await Raw.open(running.port, {"channel": "calls:e"}, rcvbuf=4_096)
        slow.writer.transport.pause_reading()
        await until(lambda: running.streaming.hub.is_heard("calls:e"))
        offset = 0
        while not running.streaming.counters.closed[4008]:
            offset += 1
            running.put("calls:e", offset, {"c": offset, "pad": PAD})
            await asyncio.sleep(0)
            assert offset < 2_000
        slow.writer.transport.resume_reading()
        seen = 0
        while True:
            opcode, payload = await slow.receive()
            if opcode == 8:
                break
            push = json.loads(payload).get("push")
            if push is not None:
                assert push["pub"]["offset"] == seen + 1
                seen += 1
        again = await Raw.open(
            running.port, {"channel": "calls:e", "recover": True, "epoch": "e1", "offset": seen}
        )
        await again.json()
        reply = (await again.json())["subscribe"]
        assert reply["recovered"] is True
        assert [pub["offset"] for pub in reply["publications"]] == list(range(seen + 1, offset + 1))
        await again.leave()


async def test_a_publication_waits_its_turn_and_only_the_newest_state_waits() -> None:
    """600 sockets take two turns of the loop; what is published meanwhile is conflated, events are not."""
    board = ScriptedBoard(["contest:a", "calls:e"])
    async with live(board, StreamSettings(limits=QUIET)) as running:
        clients = [
            await Raw.open(running.port, {"channel": "contest:a"}, {"channel": "calls:e"}) for _ in range(600)
        ]
        for client in clients:
            for _ in range(3):
                await client.json()
        for offset in range(1, 6):
            running.put("contest:a", offset, {"v": offset})
            running.put("calls:e", offset, {"c": offset})
        for client in clients:
            got = [(await client.json())["push"] for _ in range(7)]
            assert [push["pub"]["offset"] for push in got if push["channel"] == "calls:e"] == [1, 2, 3, 4, 5]
            assert [push["pub"]["offset"] for push in got if push["channel"] == "contest:a"] == [1, 5]
            await client.leave()


async def test_who_leaves_or_joins_anew_while_a_publication_is_being_written_hears_it_once() -> None:
    """1,100 sockets take three turns; two of the last act between the first turn and theirs."""
    board = ScriptedBoard(["calls:e"])
    async with live(board, StreamSettings(limits=QUIET)) as running:
        clients = [await Raw.open(running.port, {"channel": "calls:e"}) for _ in range(1_100)]
        for client in clients:
            await client.json()
            await client.json()
        fanout = running.streaming.fanout
        *_, leaves, rejoins = running.streaming.hub.sessions()
        running.put("calls:e", 1, {"c": 1})
        leave = b'{"id":8,"unsubscribe":{"channel":"calls:e"}}'
        recover = b'{"id":9,"subscribe":{"channel":"calls:e","recover":true,"epoch":"e1","offset":0}}'
        fanout.perform(leaves.receive(leave, fanout.now_ms(), binary=False))
        fanout.perform(rejoins.receive(leave + b"\n" + recover, fanout.now_ms(), binary=False))
        await until(lambda: running.streaming.counters.frames == 2 * 1_100 + 1_098 + 2)
        running.put("calls:e", 2, {"c": 2})
        opcode, payload = await clients[-1].receive()
        assert opcode == 1
        left, back = map(json.loads, payload.split(b"\n"))
        assert left == {"id": 8, "unsubscribe": {}}
        assert [pub["offset"] for pub in back["subscribe"]["publications"]] == [1]
        assert (await clients[-1].json())["push"]["pub"]["offset"] == 2
        assert await clients[-2].json() == {"id": 8, "unsubscribe": {}}
        assert [(await clients[0].json())["push"]["pub"]["offset"] for _ in range(2)] == [1, 2]
        for client in clients:
            await client.leave()


class CountingBoard(ScriptedBoard):
    """Counts how often a past event is looked up."""

    looked_up = 0

    def since(self, channel: str, offset: int):
        self.looked_up += 1
        return super().since(channel, offset)


@pytest.mark.parametrize("crowd", [500])
async def test_a_crowd_comes_back_twice_and_each_is_served_or_told_when(crowd: int) -> None:
    board = CountingBoard(["contest:a"])
    settings = StreamSettings(connections_max=crowd - 50, limits=QUIET)
    async with live(board, settings) as running:
        running.put("contest:a", 7, {"v": 7})
        for _ in range(2):
            answers: list[int] = []

            async def come(answers: list[int] = answers) -> Raw:
                client, status, headers, _ = await Raw.request(running.port)
                answers.append(status)
                if status == 503:
                    assert int(headers["retry-after"]) >= 1
                    return client
                subscribe = {"channel": "contest:a", "recover": True, "epoch": "e1", "offset": 6}
                client.send(json.dumps({"id": 1, "connect": {}}).encode())
                client.send(json.dumps({"id": 2, "subscribe": subscribe}).encode())
                await client.json()
                reply = (await client.json())["subscribe"]
                assert (reply["recovered"], len(reply["publications"])) == (True, 1)
                return client

            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(come()) for _ in range(crowd)]
            assert sorted(set(answers)) == [101, 503]
            assert answers.count(503) == 50
            for task in tasks:
                await task.result().leave()
            await until(lambda: running.streaming.counters.connections == 0)
        assert board.looked_up == 0, "a state channel never looks into the past"


async def test_encode_once_is_at_least_five_times_encoding_for_each() -> None:
    """In one process: handing 2,000 sessions the same bytes, against encoding for every one of them."""
    from ws.counters import Counters
    from ws.hub import Hub
    from ws.protocol import JSON

    board = ScriptedBoard(["contest:a"])
    hub = Hub(board, Limits(), Counters(), "tally test")
    for _ in range(2_000):
        session = hub.open("c", JSON, 0)
        session.receive(
            b'{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"contest:a"}}', 0, binary=False
        )
    view = {"pad": "x" * 1_500}

    def shared(offset: int) -> float:
        publication = board.put("contest:a", offset, view)
        begun = time.perf_counter()
        (broadcast,) = hub.publish(publication)
        sink = [broadcast.message for _ in broadcast.subscriptions]
        assert len(sink) == 2_000
        return time.perf_counter() - begun

    def each(offset: int) -> float:
        publication = board.put("contest:a", offset, view)
        begun = time.perf_counter()
        sink = [JSON.push(publication) for _ in range(2_000)]
        assert len(sink) == 2_000
        return time.perf_counter() - begun

    assert min(each(100 + n) for n in range(7)) >= 5 * min(shared(n) for n in range(1, 8))

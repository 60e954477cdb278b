"""A short night for real SDK clients: counts go on while connections are cut and the server restarts."""

import asyncio
import json

from tests.ws.board import ScriptedBoard
from tests.ws.live import Live, Raw, start_live
from ws.server import StreamSettings

CONTEST = "contest:a"
CALLS = "calls:e"
SETTINGS = StreamSettings(close_timeout_s=0.3, stop_spread_s=0.2)


class Night:
    """One board, and the servers that show it one after another on one port."""

    def __init__(self, running: Live) -> None:
        self.board = running.board
        self.running = running
        self.offset = self.board.top(CONTEST)
        self.calls: list[int] = []

    @classmethod
    async def begin(cls) -> "Night":
        board = ScriptedBoard([CONTEST, CALLS])
        board.put(CONTEST, 1, {"position": {"seq": 1}, "votes": 0})
        return cls(await start_live(board, SETTINGS))

    def record(self, *, published: bool) -> None:
        """One record changes the contest; every third is also an event. State is told once a tick."""
        self.offset += 1
        votes = {"position": {"seq": self.offset}, "votes": self.offset * 7}
        if published:
            self.running.put(CONTEST, self.offset, votes)
        else:
            self.board.put(CONTEST, self.offset, votes)
        if self.offset % 3 == 0:
            self.calls.append(self.offset)
            self.running.put(CALLS, self.offset, {"turned": self.offset})

    async def count(self, records: int) -> None:
        for number in range(records):
            self.record(published=number % 4 == 3)
            await asyncio.sleep(0.002)

    def drop_all(self) -> int:
        """Cut every connection without a close frame, as a lost network does."""
        sockets = list(self.running.streaming.fanout.sockets.values())
        for socket in sockets:
            socket.transport.abort()
        return len(sockets)

    async def back(self, clients: int, timeout: float = 30) -> None:
        """Wait until so many clients hear both channels again."""
        hub = self.running.streaming.hub
        async with asyncio.timeout(timeout):
            while sum(len(session.subscriptions) == 2 for session in hub.sessions()) < clients:
                await asyncio.sleep(0.02)

    async def restart(self, epoch: str | None = None) -> None:
        """Stop the server and start another on its port; with `epoch`, on a rebuilt journal."""
        port = self.running.port
        await self.running.stop()
        if epoch is not None:
            self.board = ScriptedBoard([CONTEST, CALLS], epoch)
            self.offset, self.calls = 0, []
        await asyncio.sleep(0.2)
        self.running = await start_live(self.board, SETTINGS, port)
        if epoch is not None:
            self.record(published=False)

    async def bytes_seen(self) -> bytes:
        """The newest frame of the contest as a client without an SDK receives it."""
        client = await Raw.open(self.running.port, {"channel": CONTEST})
        await client.json()
        opcode, payload = await client.receive()
        assert opcode == 1
        await client.leave()
        marker = b'"publications":[{"data":'
        offset = b',"offset":%d}]}}' % self.board.top(CONTEST)
        assert marker in payload
        assert payload.endswith(offset)
        return payload[payload.index(marker) + len(marker) : -len(offset)]

    def newest(self) -> dict:
        newest = self.board.newest(CONTEST)
        assert newest is not None
        return json.loads(newest.json)


class Witness:
    """What one client was told, whichever SDK it speaks."""

    def __init__(self, offsets: list[int], views: list[dict], calls: list[int], starts: list[tuple]) -> None:
        self.offsets = offsets  # of the contest, in order
        self.views = views  # the contest's, in order
        self.calls = calls  # offsets of events, in order
        self.starts = starts  # (channel, was recovering, recovered) of every subscribe

    def check(self, night: Night, first: int) -> None:
        """Offsets rise, frames agree with them, the last view is the newest, no event is missing."""
        assert self.offsets == sorted(set(self.offsets))
        assert [view["position"]["seq"] for view in self.views] == self.offsets
        assert self.views[-1] == night.newest()
        assert self.calls == [offset for offset in night.calls if offset > first]


async def play(night: Night, clients: int, drops: int) -> None:
    """Count on while every connection is cut `drops` times, restart once, and count to the end."""
    for number in range(drops):
        await night.count(6)
        assert night.drop_all() > 0
        await night.count(6)
        await night.back(clients)
        if number == drops // 2:
            await night.restart()
            await night.back(clients)
    await night.count(8)
    night.record(published=True)
    await asyncio.sleep(0.5)

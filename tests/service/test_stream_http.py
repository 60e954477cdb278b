"""curl on the real service's stream: killed, and the service too; it resumes and misses nothing."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec

from deploy.opening import read_state
from tests.service.pouring import UNITS, Pour
from tests.service.process import Served, body_of, serving
from tests.service.world import definition
from tests.ws.test_sse import Curl, curl

CHANNELS = "channels=contest:mayor,calls:town"
KILLS = 12
ENTERED = 300
"""Commands of a night long enough for more than a hundred events."""


@dataclass
class Follower:
    """What successive streams said, each begun where the one before was killed."""

    last_id: str
    calls: list[tuple[int, bytes]] = field(default_factory=list)  # (seq, the events as JSON)
    views: list[dict] = field(default_factory=list)
    newest: str = ""

    async def hear(self, stream: Curl) -> bool:
        """Note the next event of a stream; False when the stream has ended."""
        event = await stream.event()
        if event is None:
            return False
        assert event["event"] != "recovery", event
        self.last_id = event["id"]
        told = json.loads(event["data"])
        if event["event"] == "calls:town":
            self.calls.append((told["position"]["seq"], msgspec.json.encode(told["events"])))
        else:
            assert not self.views or told["position"]["seq"] >= self.views[-1]["position"]["seq"]
            self.views.append(told)
            self.newest = event["data"]
        return True

    @asynccontextmanager
    async def stream(self, served: Served) -> AsyncIterator[Curl]:
        """One curl, killed when the block ends."""
        position = ("-H", f"Last-Event-ID: {self.last_id}")
        async with curl(_Place(served.read), CHANNELS, *position) as stream:
            yield stream


@dataclass
class _Place:
    url: str


async def position_of(served: Served) -> str:
    async with aiohttp.ClientSession() as http:
        position = json.loads(await body_of(http, f"{served.ingest}/readyz"))["position"]
    return f"{position['epoch']}/{position['seq']}"


async def test_killed_again_and_again_it_misses_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, definition(units=UNITS), "--tick-ms", "20") as served:
        follower = Follower(await position_of(served))
        begun = int(follower.last_id.partition("/")[2])
        pour = Pour(served.ingest, random.Random(7), pause_s=0.005, least=ENTERED)
        pouring = asyncio.ensure_future(pour.run())
        for number in range(KILLS):
            async with follower.stream(served) as stream:
                for _ in range(3 + 2 * number):
                    assert await follower.hear(stream)
            await asyncio.sleep(0.1)
        async with follower.stream(served) as stream:
            assert await follower.hear(stream)
            restarting = asyncio.ensure_future(served.restart())
            while await follower.hear(stream):
                pass
            await restarting
        pour.stopped = True
        await pouring
        await to_the_end(served, follower)
        _, state = read_state(served.path / "data")
    expected = [
        (seq, msgspec.json.encode(msgspec.msgpack.decode(e))) for seq, _, e in state.calls if seq > begun
    ]
    assert len(expected) > 100
    assert sorted(dict(follower.calls).items()) == expected
    assert len(follower.views) < state.seq


async def to_the_end(served: Served, follower: Follower) -> None:
    """Follow until the stream is as new as the service; the newest frame is then the body of GET."""
    end = await position_of(served)
    async with follower.stream(served) as stream:
        while follower.last_id != end:
            assert await follower.hear(stream)
    async with aiohttp.ClientSession() as http:
        assert follower.newest.encode() == await body_of(http, f"{served.read}/v1/contests/mayor")


async def test_another_epoch_or_a_future_position_is_said_aloud(tmp_path: Path) -> None:
    async with serving(tmp_path, definition(units=UNITS)) as served:
        pour = Pour(served.ingest, random.Random(3), pause_s=0)
        pouring = asyncio.ensure_future(pour.run())
        while pour.entered < 150:
            await asyncio.sleep(0.02)
        pour.stopped = True
        await pouring
        epoch, _, seq = (await position_of(served)).partition("/")
        _, state = read_state(served.path / "data")
        for stated in (f"other/{seq}", f"{epoch}/{int(seq) + 1}", "nonsense"):
            async with curl(_Place(served.read), CHANNELS, "-H", f"Last-Event-ID: {stated}") as stream:
                told = await stream.event()
                assert told is not None
                assert (told["event"], "id" in told) == ("recovery", False)
                assert json.loads(told["data"]) == {
                    "recovered": False,
                    "epoch": epoch,
                    "channels": ["contest:mayor", "calls:town"],
                }
                follower = Follower("")
                while follower.last_id != f"{epoch}/{seq}":
                    assert await follower.hear(stream)
                assert [one for one, _ in follower.calls] == [one for one, _, _ in state.calls][-100:]
                assert len(follower.views) == 1

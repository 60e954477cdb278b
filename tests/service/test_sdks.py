"""Unmodified SDKs and the real service: fifty clients, twenty cuts, a restart, a journal begun anew."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import msgspec

from deploy.opening import read_state
from tests.service.pouring import UNITS, Pour
from tests.service.process import Served, body_of, serving
from tests.service.proxy import Proxy, proxied
from tests.service.watchers import Seen, javascript_clients, msgpack_client, one_start, python_clients
from tests.service.world import definition
from tests.ws.test_sdk_javascript import modules

__all__ = ["modules"]

CONTEST, ELECTION, CALLS = "contest:mayor", "election:town", "calls:town"
CHANNELS = (CONTEST, ELECTION, CALLS)
EACH = 25
DROPS = 20
ENTERED = 300
"""Commands of a night long enough to hold something of every kind."""
Looking = Callable[[], Awaitable[list[Seen]]]


async def until_all(look: Looking, true_of: Callable[[int, Seen], bool], what: str) -> list[Seen]:
    """Look at every client until something is true of each."""
    deadline = time.monotonic() + 30
    while True:
        seen = await look()
        if all(true_of(n, each) for n, each in enumerate(seen)):
            return seen
        late = [n for n, each in enumerate(seen) if not true_of(n, each)]
        assert time.monotonic() < deadline, f"{what}: still waiting for clients {late}"
        await asyncio.sleep(0.05)


Begun = list[dict[str, int]]


async def begun(look: Looking) -> Begun:
    """How often each client began each channel so far."""
    return [{channel: len(heard.starts) for channel, heard in each.items()} for each in await look()]


async def back(look: Looking, before: Begun, what: str) -> None:
    """Every client has begun every channel once more than before."""
    await until_all(look, lambda n, each: all(len(each[c].starts) > before[n][c] for c in CHANNELS), what)


@dataclass
class Truth:
    """What the service and its journal say in the end."""

    contest: bytes
    election: bytes
    calls: list[tuple[int, list]]  # (seq, events), oldest first

    @classmethod
    async def of(cls, served: Served, after: int) -> "Truth":
        async with aiohttp.ClientSession() as http:
            contest = await body_of(http, f"{served.read}/v1/contests/mayor")
            election = await body_of(http, f"{served.read}/v1/contests")
        _, state = read_state(served.path / served.data)
        calls = [(seq, msgspec.msgpack.decode(events)) for seq, _at, events in state.calls if seq > after]
        return cls(contest, election, calls)


def check(seen: Seen, truth: Truth) -> None:
    """Offsets rise, frames agree with them, the last frames are what GET says, no event is missing."""
    for channel, heard in seen.items():
        assert heard.offsets == sorted(set(heard.offsets)), channel
        assert heard.seqs == heard.offsets, channel
        (first, *later) = heard.starts
        assert first == (False, False)
        assert len(later) >= DROPS + 1
        assert all(start == (True, True) for start in later), channel
    assert seen[CONTEST].newest == json.loads(truth.contest)
    assert seen[ELECTION].newest == json.loads(truth.election)
    assert seen[CALLS].offsets == [seq for seq, _ in truth.calls]


async def drop_again_and_again(served: Served, proxy: Proxy, look: Looking) -> None:
    """Every connection is reset twenty times while counts pour in; once, the service restarts too."""
    for number in range(DROPS):
        await asyncio.sleep(0.2)
        if number % 4 == 3:
            proxy.reset()  # again before everybody is back: cut in the middle of a handshake
            await asyncio.sleep(0.07)
        before = await begun(look)
        while not proxy.reset():  # on a busy machine nobody may be back yet
            await asyncio.sleep(0.02)
        await back(look, before, f"after drop {number}")
        if number == DROPS // 2:
            before = await begun(look)
            await served.restart()
            await back(look, before, "after the restart")


async def test_fifty_sdks_twenty_cuts_one_restart_and_another_journal(tmp_path: Path, modules: Path) -> None:
    async with (
        serving(tmp_path, definition(units=UNITS), "--tick-ms", "20") as served,
        proxied(served.read_port) as proxy,
        python_clients(proxy.port, CHANNELS, EACH) as python,
        javascript_clients(proxy.port, CHANNELS, EACH, modules) as javascript,
        msgpack_client(proxy.port, CHANNELS) as own,
    ):

        async def look() -> list[Seen]:
            return [own, *python, *await javascript()]

        await back(look, [dict.fromkeys(CHANNELS, 0)] * (2 * EACH + 1), "first")
        pour = Pour(served.ingest, random.Random(2013), least=ENTERED)
        async with aiohttp.ClientSession() as http:
            after = json.loads(await body_of(http, f"{served.ingest}/readyz"))["position"]["seq"]
        pouring = asyncio.ensure_future(pour.run())
        await drop_again_and_again(served, proxy, look)
        pour.stopped = True
        await pouring
        truth = await Truth.of(served, after)
        newest = json.loads(truth.election)["position"]["seq"]
        seen = await until_all(look, lambda _n, each: each[ELECTION].offsets[-1] == newest, "the end")
        for each in seen:
            check(each, truth)
        the_night_was_one(pour, own, truth)
        assert [frame["events"] for frame in own[CALLS].all] == [events for _, events in truth.calls]
        await forgotten_positions(served, truth)
        await another_journal(served, look)


def the_night_was_one(pour: Pour, seen: Seen, truth: Truth) -> None:
    """Enough happened, of every kind, for the comparison to mean something."""
    kinds = {(event["kind"], event.get("status")) for _, events in truth.calls for event in events}
    wanted = {
        ("claim", "irreversible"), ("claim", "withdrawn"), ("correction", None), ("reopened", None),
        ("dispute", None), ("restore", None),
    }  # fmt: skip
    assert wanted <= kinds
    assert len(seen[ELECTION].offsets) < pour.entered, "state was conflated"


async def forgotten_positions(served: Served, truth: Truth) -> None:
    """The same bytes as GET for who comes anew; a position of another epoch or the future is not recovered."""
    epoch = json.loads(truth.contest)["position"]["epoch"]
    for asked_epoch, offset in ((epoch, 10**9), ("other", 1), ("", 0)):
        for channel, body in ((CONTEST, truth.contest), (ELECTION, truth.election)):
            start, raw = await one_start(served.read_port, channel, asked_epoch, offset)
            assert (start["was_recovering"], start["recovered"], start["epoch"]) == (True, False, epoch)
            assert b'"publications":[{"data":' + body + b',"offset":' in raw
        start, _ = await one_start(served.read_port, CALLS, asked_epoch, offset)
        assert start["recovered"] is False
        assert [each["offset"] for each in start["publications"]] == [seq for seq, _ in truth.calls[-100:]]
    start, _ = await one_start(served.read_port, CALLS, epoch, truth.calls[-3][0])
    assert start["recovered"] is True
    assert [each["offset"] for each in start["publications"]] == [seq for seq, _ in truth.calls[-2:]]


async def another_journal(served: Served, look: Looking) -> None:
    """The service comes back with a journal begun anew: all are told so, and all show what it holds."""
    before = await begun(look)
    await served.end()
    served.data = "other"
    await served.start()
    await back(look, before, "after another journal")
    async with aiohttp.ClientSession() as http:
        contest = json.loads(await body_of(http, f"{served.read}/v1/contests/mayor"))
    for each in await until_all(look, lambda _n, each: each[CONTEST].newest == contest, "the other journal"):
        assert {heard.starts[-1] for heard in each.values()} == {(True, False)}
        assert each[CONTEST].newest["ballots_cast"] == 0

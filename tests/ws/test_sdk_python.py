"""Fifty unmodified centrifuge-python clients through twenty cuts and a restart."""

import asyncio

from centrifuge import Client, SubscriptionEventHandler

from tests.ws.night import CALLS, CONTEST, Night, Witness, play

CLIENTS = 50
DROPS = 20


class Listener(SubscriptionEventHandler):
    """Writes down what the SDK says."""

    def __init__(self, witness: Witness) -> None:
        self.witness = witness

    async def on_subscribed(self, ctx) -> None:
        self.witness.starts.append((ctx.channel, ctx.was_recovering, ctx.recovered))
        self.channel = ctx.channel

    async def on_publication(self, ctx) -> None:
        if self.channel == CONTEST:
            self.witness.offsets.append(ctx.pub.offset)
            self.witness.views.append(ctx.pub.data)
        else:
            self.witness.calls.append(ctx.pub.offset)


async def a_client(url: str) -> tuple[Client, Witness]:
    client = Client(url, min_reconnect_delay=0.05, max_reconnect_delay=0.5, proxy=None)
    witness = Witness([], [], [], [])
    for channel in (CONTEST, CALLS):
        await client.new_subscription(channel, Listener(witness)).subscribe()
    await client.connect()
    return client, witness


async def test_fifty_clients_twenty_cuts_one_restart() -> None:
    night = await Night.begin()
    pairs = [await a_client(night.running.ws_url) for _ in range(CLIENTS)]
    await night.back(CLIENTS)
    await play(night, CLIENTS, DROPS)
    assert await night.bytes_seen() == night.board.newest(CONTEST).json
    for _, witness in pairs:
        witness.check(night, first=1)
        fresh = [start for start in witness.starts if not start[1]]
        assert sorted(fresh) == [(CALLS, False, False), (CONTEST, False, False)]
        assert all(recovered for _, was, recovered in witness.starts if was)
        assert len(witness.starts) >= 2 * (DROPS + 2)
        assert len(witness.offsets) < night.offset, "state was conflated"

    await night.restart(epoch="e2")
    await night.back(CLIENTS)
    await asyncio.sleep(0.3)
    for client, witness in pairs:
        assert sorted(witness.starts[-2:]) == [(CALLS, True, False), (CONTEST, True, False)]
        assert witness.views[-1] == night.newest()
        await client.disconnect()
    await night.running.stop()

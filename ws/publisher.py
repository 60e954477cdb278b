"""The tick: what changed, handed to each heard channel as its newest frame; calls each one."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from ws.board import StateBoard
from ws.fanout import Fanout
from ws.hub import Hub
from ws.publication import ChannelKind

UNITS_INTERVAL_S = 1.0
STATUS_INTERVAL_S = 1.0


@dataclass(slots=True)
class Publisher:
    """Publishes what the board shows anew, at most once a tick. `tick_ms` 0: after every commit group.

    `observe` hears the seconds from durable to written, once a tick in which something was.
    """

    board: StateBoard
    hub: Hub
    fanout: Callable[[], Fanout]
    election: str
    tick_ms: int = 100
    observe: Callable[[float], None] = lambda _seconds: None
    _told: dict[str, int] = field(default_factory=dict)
    _dirty_since: float | None = None
    _calls_told: int = 0
    _units_at: float = 0.0
    _status_at: float = 0.0
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        """Take what is on the board already as told: a client gets it when it subscribes."""
        self._calls_told = self.board.top(f"calls:{self.election}")

    def changed(self) -> None:
        """Something was applied; the next tick will show it."""
        if self._dirty_since is None:
            self._dirty_since = asyncio.get_running_loop().time()
        self._wake.set()

    async def run(self) -> None:
        """Tick until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout(STATUS_INTERVAL_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            self.publish(loop.time())
            await asyncio.sleep(self.tick_ms / 1_000)

    def publish(self, now: float) -> None:
        """Show what changed to whoever listens. Cost: one view a changed channel that is heard."""
        since, self._dirty_since = self._dirty_since, None
        fanout = self.fanout()
        if since is not None:
            for publication in self.board.calls_after(self._calls_told):
                fanout.publish(publication)
                self._calls_told = publication.offset or self._calls_told
        units_due = now - self._units_at >= UNITS_INTERVAL_S
        for channel in list(self.hub.heard()):
            if self.board.kind(channel) is ChannelKind.STATE and (
                units_due or not channel.startswith("units:")
            ):
                self._show(channel, fanout)
        if units_due:
            self._units_at = now
        if now - self._status_at >= STATUS_INTERVAL_S:
            self._status_at = now
            status = self.board.newest(f"status:{self.election}")
            if status is not None and self.hub.is_heard(status.channel):
                fanout.publish(status)
        if since is not None:
            self.observe(asyncio.get_running_loop().time() - since)

    def _show(self, channel: str, fanout: Fanout) -> None:
        top = self.board.top(channel)
        if self._told.get(channel, -1) < top:
            newest = self.board.newest(channel)
            if newest is not None:
                fanout.publish(newest)
                self._told[channel] = top

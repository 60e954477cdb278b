"""A data directory, shown as a service would show it, on loopback, while it is copied."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from deploy.guard import SERVER_OPTIONS, application
from deploy.opening import journal_directory, read_state
from deploy.service import now_ms
from ingest.journal.readonly import read_only
from tally.engine import decode_and_apply
from tally.state import State
from ws.board import StateBoard
from ws.embed import Embedding
from ws.http import Reading
from ws.maps import Maps
from ws.observing import Observing
from ws.projecting import Projecting
from ws.take_away import TakeAway

PROJECTED_NEVER, DEADLINE_MS = 0, 10_000


class Hosted:
    """The newest state of a data directory. It is only read: a service may be writing beside."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._epoch, self._state = read_state(data)
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def refresh(self) -> None:
        """Read what came since; another journal is served as what it is. Cost: what came, and a read of the rest."""
        if await asyncio.to_thread(self._grow) or self._runner is None:
            await self.close()
            await self._listen()

    def _grow(self) -> bool:
        """Apply what came since; whether it is another journal."""
        position, records = read_only(journal_directory(self._data))
        if position.epoch != self._epoch:
            self._epoch, self._state = read_state(self._data)
            return True
        if position.seq == self._state.seq:
            return False
        for seq, payload in records:
            if seq > self._state.seq:
                self._state = decode_and_apply(self._state, payload)
        return False

    async def _listen(self) -> None:
        app = application(frozenset({"127.0.0.1"}))

        def now() -> State:
            return self._state

        async def state_at(_seq: int) -> State | None:
            return None  # nothing moves while it is copied, so nobody asks for what was

        projecting = Projecting(now, self._epoch, now_ms, PROJECTED_NEVER, DEADLINE_MS)
        board = StateBoard(self._epoch, now, dict, projecting)
        Reading(board, now, state_at, projecting).attach(app)
        Observing(now, self._epoch).attach(app)
        Embedding(now, self._epoch, "", Maps(), secure=False).attach(app)
        TakeAway(now, self._epoch, secure=False).attach(app)
        self._runner = web.AppRunner(app, **SERVER_OPTIONS)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def close(self) -> None:
        """Serve no more."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


@contextlib.asynccontextmanager
async def hosting(data: Path) -> AsyncIterator[Hosted]:
    """A data directory, to be served on loopback by `refresh`. Raises what reading a journal raises."""
    hosted = Hosted(data)
    try:
        yield hosted
    finally:
        await hosted.close()

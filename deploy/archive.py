"""The state as it stood at a past seq: replayed from the journal off the loop, a few kept."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ingest.journal.contract import Journal
from tally import freeze
from tally.engine import decode_and_apply
from tally.state import State

KEPT = 4


class Archive:
    """Past states. One worker; a question already being answered is not asked twice."""

    def __init__(self, journal: Journal, snapshot_before: Callable[[int], bytes | None]) -> None:
        self._journal = journal
        self._snapshot_before = snapshot_before
        self._kept: OrderedDict[int, State] = OrderedDict()
        self._worker = ThreadPoolExecutor(1, "archive")
        self._asked: dict[int, asyncio.Future[State | None]] = {}

    async def state_at(self, seq: int) -> State | None:
        """The state after record `seq`; None if there is no such record. Not to be changed."""
        if seq in self._kept:
            self._kept.move_to_end(seq)
            return self._kept[seq]
        waiting = self._asked.get(seq)
        if waiting is None:
            waiting = self._asked[seq] = asyncio.get_running_loop().run_in_executor(
                self._worker, self._replay, seq
            )
        try:
            state = await asyncio.shield(waiting)
        finally:
            self._asked.pop(seq, None)
        if state is not None:
            self._kept[seq] = state
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return state

    def _replay(self, seq: int) -> State | None:
        frozen = self._snapshot_before(seq)
        state = freeze.thawed_if_ours(frozen) if frozen is not None else None
        for at, payload in self._journal.read(state.seq if state else 0):
            if at > seq:
                break
            state = decode_and_apply(state, payload)
        return state if state is not None and state.seq == seq else None

    def close(self) -> None:
        """Answer no more questions."""
        self._worker.shutdown(wait=False, cancel_futures=True)

"""Judges contests beside the count: a process of its own answers questions, one at a time."""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field

from tally import aside
from tally.aside import Answer, Question

TRIES_MAX = 3
"""Times a question is put again after its process died; then the fault is in the question."""


@dataclass(slots=True)
class Judging:
    """One worker process, started with the first question; the loop only waits for it."""

    _pool: ProcessPoolExecutor | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def judge(self, question: Question) -> Answer:
        """The answer, however long it takes. Raises BrokenProcessPool: the process died again and again."""
        async with self._turn:
            for tries_left in reversed(range(TRIES_MAX)):
                pool = self._pool = self._pool or _started()
                try:
                    return await asyncio.get_running_loop().run_in_executor(pool, aside.judge, question)
                except BrokenProcessPool:
                    self.close()
                    if not tries_left:
                        raise
        raise AssertionError("a question is answered or its failure is raised")

    def close(self) -> None:
        """End the process; a later question starts another."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _started() -> ProcessPoolExecutor:
    # Not forked: a copy of this process would hold its sockets and its journal open.
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

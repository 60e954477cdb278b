"""Judges contests beside the count: a process of its own answers questions, one at a time."""

import asyncio
import multiprocessing
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field

from ingest.asking import Answering, Asking, Sent
from tally.aside import Answer, Question

TRIES_MAX = 3
"""Times a question is put again after its process died; then the fault is in the question."""


@dataclass(slots=True)
class Judging:
    """One worker process, started with the first question; the loop only waits for it."""

    _pool: ProcessPoolExecutor | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _asking: Asking = field(default_factory=Asking)

    async def judge(self, question: Question) -> Answer:
        """The answer, however long it takes. Raises BrokenProcessPool: the process died again and again."""
        async with self._turn:
            for tries_left in reversed(range(TRIES_MAX)):
                sent = await self._asking.packed(question)
                pool = self._pool = self._pool or _started()
                try:
                    answer = await asyncio.get_running_loop().run_in_executor(pool, _answer, sent)
                except BrokenProcessPool:
                    self.close()
                    if not tries_left:
                        raise
                    continue
                if answer is not None:
                    self._asking.arrived(question, sent)
                    return answer
                self._asking.forget()  # a question was given up after it had left
        raise AssertionError("a question is answered or its failure is raised")

    def close(self) -> None:
        """End the process; a later question starts another, which is told everything."""
        self._asking.forget()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _started() -> ProcessPoolExecutor:
    # Not forked: a copy of this process would hold its sockets and its journal open.
    # Ctrl-C is for the service, which ends it.
    return ProcessPoolExecutor(
        1, multiprocessing.get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN)
    )


_answering = Answering()
"""What the worker process remembers; in the process that asks, nothing."""


def _answer(sent: Sent) -> Answer | None:
    return _answering.answer(sent)

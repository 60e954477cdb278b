"""The process that projects, from outside: started, asked with a deadline, killed."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BufferedReader
from typing import BinaryIO, TypeVar, cast

from ws import pipe

START_TIMEOUT_S = 60
"""For a new process to say that it is ready: a loaded machine reads its libraries slowly."""
ANSWER_BYTES_MAX = 1 << 24
"""A projection of 64 areas and 20 selections has 0.2 MiB."""
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
T = TypeVar("T")


class ProjectorFailed(Exception):
    """The process did not start, died, or did not answer in time. It has been killed."""


@dataclass(slots=True)
class ProjectorProcess:
    """One child process and the one thread that talks to it; the loop only waits, never longer than it says.

    `generation` rises with every start: what an earlier process was told is forgotten then.
    """

    generation: int = 0
    _child: "subprocess.Popen[bytes] | None" = None
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "projector"))

    @property
    def running(self) -> bool:
        """Whether there is a process to ask."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return None if self._child is None else self._child.pid

    async def start(self) -> None:
        """Start it, and wait until it is ready. Raises ProjectorFailed."""
        self.kill()
        self.generation += 1
        await self.within(START_TIMEOUT_S, self._start)

    async def ask(self, parts: Sequence[pipe.Bytes], deadline_s: float) -> bytearray:
        """Its answer. Raises ProjectorFailed, at the deadline at the latest."""
        return await self.within(deadline_s, lambda: self._ask(parts))

    async def within(self, deadline_s: float, work: Callable[[], T]) -> T:
        """Do something in the thread that talks to the process, which is killed if it takes longer."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            done, _ = await asyncio.wait({future}, timeout=deadline_s)
            if done:
                return future.result()
            self.kill()  # that breaks the pipe, and so frees the thread
            await asyncio.wait({future})
        except (OSError, EOFError) as error:
            self.kill()
            raise ProjectorFailed(f"it died: {error}") from error
        except asyncio.CancelledError:
            self.kill()
            future.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            raise
        future.exception()
        raise ProjectorFailed(f"no answer within {deadline_s} s")

    def kill(self) -> None:
        """End the process, stopped or not. Safe to call at any time."""
        if self._child is not None:
            self._child.kill()

    def close(self) -> None:
        """End the process and the thread. Blocks until the kernel has taken the process away."""
        self.kill()
        self._thread.shutdown(wait=True)
        self._reap()

    def _start(self) -> None:
        self._reap()
        self._child = subprocess.Popen(
            [sys.executable, "-m", "ws.projector_main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,  # Ctrl-C in a terminal is for the service alone, while this one still starts too
            env={**os.environ, **ONE_THREAD},
        )
        pipe.receive(self._out, ANSWER_BYTES_MAX)

    def _ask(self, parts: Sequence[pipe.Bytes]) -> bytearray:
        assert self._child is not None, "started before it is asked"
        assert self._child.stdin is not None, "opened with a pipe"
        pipe.send(cast("BinaryIO", self._child.stdin), parts)
        return pipe.receive(self._out, ANSWER_BYTES_MAX)[0]

    @property
    def _out(self) -> BufferedReader:
        assert self._child is not None, "started before it is heard"
        assert self._child.stdout is not None, "opened with a pipe"
        return cast("BufferedReader", self._child.stdout)

    def _reap(self) -> None:
        """Wait for the killed process and close our ends of its pipes."""
        if self._child is None:
            return
        self._child.kill()
        self._child.wait()
        for end in (self._child.stdin, self._child.stdout):
            try:
                if end is not None:
                    end.close()
            except BrokenPipeError:
                pass  # what was still to be written to it goes with it
        self._child = None

"""The one writer: gather → step → append → apply → acknowledge → publish."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ingest.journal.contract import Journal, JournalFull
from tally import engine, events
from tally.engine import Step
from tally.events import Record
from tally.pending import Pending
from tally.refusal import Refusal
from tally.report import CountBatch, DeskCommand
from tally.state import State

Command = CountBatch | DeskCommand
GROUP_REPORTS_MAX = 2_000
"""Reports decided between two looks at the loop: about 50 ms of work, and one fdatasync."""
QUEUE_COMMANDS_MAX = 2_000
"""Commands waiting; beyond, sources are told to come back: they keep what they sent."""


@dataclass(slots=True)
class Ticket:
    """A command and the future its sender waits on; the future holds a Step that is durable, or refused."""

    command: Command
    done: "asyncio.Future[Step]"


@dataclass(slots=True)
class Sequencer:
    """Owns the state and the journal. Commands go in through `submit`; nothing else writes."""

    state: State
    journal: Journal
    clock_ms: Callable[[], int]
    applied: Callable[[Record], None] = lambda _record: None
    group_done: Callable[[], None] = lambda: None
    commit_seconds: Callable[[float], None] = lambda _seconds: None
    _queue: deque[Ticket] = field(default_factory=deque)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "journal"))
    _stopping: bool = False

    async def submit(self, command: Command) -> Step:
        """Decide a command and wait until its record is durable and applied. Refusals are values.

        Raises JournalLost through the sequencer's own task, never here: the sender is left unanswered.
        """
        if self._stopping:
            return Step(
                refusals=(
                    Refusal("stopping", "", "the service is stopping; send it again elsewhere or later"),
                )
            )
        if len(self._queue) >= QUEUE_COMMANDS_MAX:
            return Step(refusals=(Refusal("overloaded", "", "too many batches are waiting; send it again"),))
        ticket = Ticket(command, asyncio.get_running_loop().create_future())
        self._queue.append(ticket)
        self._wake.set()
        return await ticket.done

    async def run(self) -> None:
        """Serve until `stop`, one commit group in flight. Raises JournalLost: the process must end."""
        try:
            while not (self._stopping and not self._queue):
                if not self._queue:
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                await self._commit_group()
        finally:
            self._worker.shutdown(wait=True)

    def stop(self) -> None:
        """Take nothing more; `run` returns when what was taken is durable and answered."""
        self._stopping = True
        self._wake.set()

    async def _commit_group(self) -> None:
        decided, steps = self._decide_group()
        records = [step.record for step in steps if step.record is not None]
        if records:
            loop = asyncio.get_running_loop()
            payloads = [events.encode(record) for record in records]
            started = loop.time()
            try:
                await loop.run_in_executor(self._worker, self.journal.append, payloads)
            except JournalFull:
                self._refuse_full(decided, steps)
                return
            self.commit_seconds(loop.time() - started)
            self._apply(steps)
        for ticket, step in zip(decided, steps, strict=True):
            if not ticket.done.done():
                ticket.done.set_result(step)
        self.group_done()
        await asyncio.sleep(0)

    def _decide_group(self) -> tuple[list[Ticket], list[Step]]:
        """Decide waiting commands until the group is full. An amendment is alone in its group."""
        at_ms = max(self.clock_ms(), self.state.at_ms)
        pending = Pending(self.state)
        decided: list[Ticket] = []
        steps: list[Step] = []
        reports = 0
        while self._queue and reports < GROUP_REPORTS_MAX:
            command = self._queue[0].command
            amends = isinstance(command, DeskCommand) and command.action == "amend"
            if amends and decided:
                break
            decided.append(self._queue.popleft())
            step = engine.step(self.state if amends else pending, command, at_ms)
            steps.append(step)
            if step.record is not None:
                pending.take(step.record, list(step.effects))
            reports += len(command.reports) if isinstance(command, CountBatch) else 1
            if amends:
                break
        return decided, steps

    def _apply(self, steps: list[Step]) -> None:
        for step in steps:
            if step.record is not None:
                self.state = engine.apply(self.state, step.record, step.effects)
                self.applied(step.record)

    def _refuse_full(self, decided: list[Ticket], steps: list[Step]) -> None:
        """No room on disk: the whole group is dropped, its overlay with it; reads go on."""
        no_room = Step(
            refusals=(Refusal("journal-full", "", "no room to make this durable; nothing was counted"),)
        )
        for ticket, step in zip(decided, steps, strict=True):
            if not ticket.done.done():
                ticket.done.set_result(step if step.refusals else no_room)

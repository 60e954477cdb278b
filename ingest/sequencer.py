"""The one writer: gather → step → append → apply → acknowledge → publish."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ingest.journal.contract import Journal, JournalFull
from ingest.judging import Judging
from tally import aside, engine, events
from tally.aside import Answer
from tally.engine import Step
from tally.events import Record
from tally.pending import Pending
from tally.refusal import Refusal
from tally.report import CountBatch, DeskCommand
from tally.state import ContestState, State

Command = CountBatch | DeskCommand
Queued = Command | Answer
"""What waits for the one writer: what sources and people send, and what was judged beside the count."""
GROUP_REPORTS_MAX = 2_000
"""Reports decided between two looks at the loop: about 50 ms of work, and one fdatasync."""
JUDGED_INTERVAL_S = 0.2
"""Between two rounds of judging contests beside the count: a claim is at most that, and one judgement, late."""
QUEUE_COMMANDS_MAX = 2_000
"""Commands waiting; beyond, sources are told to come back: they keep what they sent."""


@dataclass(slots=True)
class Ticket:
    """A command and the future its sender waits on; the future holds a Step that is durable, or refused."""

    command: Queued
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
    judging: Judging = field(default_factory=Judging)
    _queue: deque[Ticket] = field(default_factory=deque)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "journal"))
    _stopping: bool = False
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _judged: asyncio.Event = field(default_factory=asyncio.Event)
    _answered: dict[int, int] = field(default_factory=dict)

    async def submit(self, command: Queued) -> Step:
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
            async with asyncio.TaskGroup() as tasks:
                beside = tasks.create_task(self._judge_beside())
                await self._commit_groups()
                beside.cancel()
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        finally:
            self.judging.close()
            self._worker.shutdown(wait=True)

    async def _commit_groups(self) -> None:
        while not (self._stopping and not self._queue):
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._commit_group()

    def stop(self) -> None:
        """Take nothing more; `run` returns when what was taken is durable and answered."""
        self._stopping = True
        self._wake.set()

    async def judged(self) -> None:
        """Wait until every contest that is judged beside the count is judged as it stands."""
        while any(self._unjudged()):
            self._judged.clear()
            await self._judged.wait()

    def _unjudged(self) -> Iterator[ContestState]:
        """Contests judged beside the count that have moved since they were last judged."""
        for contest in self.state.contests:
            index = contest.layout.index
            if contest.layout.aside and self._answered.get(index) != contest.counted_seq:
                yield contest

    async def _judge_beside(self) -> None:
        """Judge contests that are too slow for the loop, one at a time, as often as they change."""
        self._moved.set()
        while True:
            await self._moved.wait()
            self._moved.clear()
            for contest in list(self._unjudged()):
                counted_seq = contest.counted_seq
                answer = await self.judging.judge(aside.question_of(contest, self.state.seq))
                step = await self.submit(answer)
                if step.refusals:  # too many batches are waiting: judge it again later
                    self._moved.set()
                    continue
                self._answered[contest.layout.index] = counted_seq
                self._judged.set()
            await asyncio.sleep(JUDGED_INTERVAL_S)

    async def _commit_group(self) -> None:
        decided, steps = self._decide_group()
        if steps and steps[-1].unsettled:
            asked = engine.questions(self.state, steps[-1])
            answers = [await self.judging.judge(question) for question in asked]
            steps[-1] = engine.settled(self.state, steps[-1], answers)
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
        """Decide waiting commands until the group is full. An amendment, or a step to be judged, is alone."""
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
            step = engine.step(self.state if amends else pending, command, at_ms)
            if step.unsettled and decided:
                break  # it waits to be judged, and is judged on what is durable
            decided.append(self._queue.popleft())
            steps.append(step)
            if step.record is not None:
                pending.take(step.record, list(step.effects))
            reports += len(command.reports) if isinstance(command, CountBatch) else 1
            if amends or step.unsettled:
                break
        return decided, steps

    def _apply(self, steps: list[Step]) -> None:
        for step in steps:
            if step.record is not None:
                self.state = engine.apply(self.state, step.record, step.effects)
                self.applied(step.record)
        self._moved.set()

    def _refuse_full(self, decided: list[Ticket], steps: list[Step]) -> None:
        """No room on disk: the whole group is dropped, its overlay with it; reads go on."""
        no_room = Step(
            refusals=(Refusal("journal-full", "", "no room to make this durable; nothing was counted"),)
        )
        for ticket, step in zip(decided, steps, strict=True):
            if not ticket.done.done():
                ticket.done.set_result(step if step.refusals else no_room)

"""Projects contests beside the count, in a process of its own; nothing waits for it."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import structlog

from tally import wire
from tally.layout import ContestLayout
from tally.projection.facts import Rows, Taken, facts_of, places_of, rows_of
from tally.projection.frame import Places
from tally.projection.record import Record
from tally.projection.shown import GRADE
from tally.state import ContestState, State
from ws import projection
from ws.fan import FORMAT as FAN_FORMAT
from ws.fan import Fan
from ws.fanout import Fanout
from ws.pipe import Bytes
from ws.projection import Held, Shown, counted
from ws.projector import ProjectorFailed, ProjectorProcess
from ws.projector_main import About, Answered, Asked, packed
from ws.publication import Publication

log = structlog.get_logger("tally")
CHANNEL = "projection:"
STALE_LAPS = 3
"""Intervals, or rounds of projecting where those take longer, after which what is behind is called stale."""
BACKOFF_MS_MAX = 300_000
"""The longest pause after failures of one contest in a row."""
FAILURES_MAX = 3
"""Failures in a row, whatever the contest, after which only one is tried a round."""
WATCH_INTERVAL_S = 1.0
"""Between two looks at whether what listeners were told has changed."""


@dataclass(slots=True)
class _Of:
    """What is kept of one contest: its last projection, and what spares work for the next."""

    layout: ContestLayout
    fan: Fan
    taken: Taken | None = None
    rows: Rows | None = None
    places: Places | None = None
    told: int = 0  # generation of the process that knows its places
    seq: int = 0  # of the facts sent last
    held: Held | None = None
    record: Record = field(default_factory=Record)
    failures: int = 0
    again_at: float = 0.0


@dataclass(slots=True)
class Projecting:
    """Keeps a projection of every contest. `interval_ms` 0: none is made. Times are `now_ms`'s.

    `heard`: the channels somebody listens to; `fanout`: who is handed new frames of them.
    """

    state: Callable[[], State]
    epoch: str
    now_ms: Callable[[], int]
    interval_ms: int
    deadline_ms: int
    heard: Callable[[], Iterable[str]] = tuple
    fanout: Callable[[], Fanout | None] = lambda: None
    process: ProjectorProcess = field(default_factory=ProjectorProcess)
    _of: dict[int, _Of] = field(default_factory=dict)
    _told: dict[str, str] = field(default_factory=dict)
    _lap_ms: int = 0
    _failures: int = 0

    @property
    def restarts(self) -> int:
        """How often the process was started after the first time."""
        return max(0, self.process.generation - 1)

    async def run(self) -> None:
        """Project until cancelled; then the process is ended."""
        if not self.interval_ms:
            return
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch())
                while True:
                    await asyncio.sleep(self.interval_ms / 1_000)
                    await self._lap()
        finally:
            self.process.close()

    async def _lap(self) -> None:
        """Project every contest that changed, one after the other. How long it took counts if all went well."""
        loop = asyncio.get_running_loop()
        began, well = loop.time(), True
        for index in range(len(self.state().contests)):
            contest = self.state().contests[index]
            if projection.not_modelled(contest.layout) is None and not await self._look(contest):
                well = False
                if self._failures >= FAILURES_MAX:
                    break  # it is not the contests: one try a round is enough
        if well:
            self._lap_ms = int((loop.time() - began) * 1_000)

    async def _look(self, contest: ContestState) -> bool:
        """Project one contest if it is due; whether that did not fail."""
        loop = asyncio.get_running_loop()
        of = self._known(contest)
        if contest.changed_seq == of.seq or loop.time() < of.again_at:
            return True
        if projection.too_few(contest):
            of.held, of.seq = None, contest.changed_seq
            return True
        try:
            held = await self._made(of, contest)
        except ProjectorFailed as failed:
            of.failures += 1
            self._failures += 1
            wait_ms = min(self.interval_ms << min(of.failures - 1, 16), BACKOFF_MS_MAX)
            of.again_at = loop.time() + wait_ms / 1_000
            name = contest.layout.contest.id
            log.warning(
                "projection failed; the count goes on", contest=name, error=str(failed), again_ms=wait_ms
            )
            return False
        of.held, of.record, of.seq = held, held.record, held.seq
        of.failures = self._failures = 0
        return True

    def _known(self, contest: ContestState) -> _Of:
        """What is kept of a contest; an amended one begins anew, but for its last projection and its record."""
        of = self._of.get(contest.layout.index)
        if of is None:
            fan = Fan(len(self.state().contests))
            of = self._of[contest.layout.index] = _Of(contest.layout, fan)
        elif of.layout is not contest.layout:
            kept = _Of(contest.layout, of.fan, held=of.held, record=of.record)
            of = self._of[contest.layout.index] = kept
        return of

    async def _made(self, of: _Of, contest: ContestState) -> Held:
        """Ask for a projection of the contest as it stands now. Raises ProjectorFailed."""
        if not self.process.running:
            await self.process.start()
        if of.taken is None:
            of.taken = await asyncio.to_thread(Taken, of.layout)
        taken = of.taken
        generation, made_ms = self.process.generation, self.now_ms()
        taken.take(contest)
        seq, as_of_ms = contest.changed_seq, contest.changed_at_ms
        votes, valid = counted(contest)
        parts = await asyncio.to_thread(_question, of, taken, told=of.told == generation)
        said = await self.process.ask(parts, self.deadline_ms / 1_000)
        try:
            answered = await asyncio.to_thread(msgspec.msgpack.decode, said, type=Answered)
            shown = msgspec.convert(answered.view, Shown)
        except msgspec.MsgspecError as error:
            self.process.kill()
            raise ProjectorFailed(f"what it said is no projection: {error}") from error
        of.told = generation
        if shown.outcome is not None:
            of.fan.add(seq, as_of_ms, valid, votes, answered.view["selections"])
        return Held(answered.view, shown, seq, as_of_ms, made_ms, answered.record)

    # What is shown

    def view(self, contest: ContestState) -> dict[str, Any]:
        """The projection of a contest as readers get it."""
        reason = projection.not_modelled(contest.layout)
        of = self._of.get(contest.layout.index)
        held = None if of is None or reason is not None else of.held
        head = projection.headed(self.state(), contest, self.epoch, held)
        age = {"age_records": self.age_records(contest), "stale": self.stale(contest)}
        if held is not None:
            return head | age | projection.settled(held, contest)
        if not self.interval_ms:
            return head | age | projection.untold("not-projected", "switched-off")
        if reason is not None:
            return head | age | projection.untold("not-modelled", reason)
        return head | age | projection.waiting(contest, self._why(contest, of))

    def views(self, contest: ContestState) -> dict[str, Any]:
        """The projections of a contest so far, as readers get them: of the newest position the view is of."""
        of = self._of.get(contest.layout.index)
        head = projection.headed(self.state(), contest, self.epoch, None if of is None else of.held)
        return head | {"format": FAN_FORMAT, "grade": GRADE, "points": [] if of is None else of.fan.shown()}

    def _why(self, contest: ContestState, of: _Of | None) -> str:
        if projection.too_few(contest):
            return "few-rows"
        return "failed" if of is not None and of.failures else "not-yet"

    def age_records(self, contest: ContestState) -> int:
        """By how many records the journal is ahead of the projection, at the last that changed the contest."""
        of = self._of.get(contest.layout.index)
        return 0 if of is None or of.held is None else max(0, contest.changed_seq - of.held.seq)

    def stale(self, contest: ContestState) -> bool:
        """Whether the projection has been behind the count for longer than it should ever be."""
        of = self._of.get(contest.layout.index)
        if of is None or of.held is None:
            return False
        since_ms = projection.behind_since_ms(contest, of.held.seq)
        late_ms = STALE_LAPS * max(self.interval_ms, self._lap_ms)
        return since_ms is not None and self.now_ms() - since_ms > late_ms

    def tag(self, contest: ContestState) -> str:
        """What tells two views apart, but for their age in records."""
        of = self._of.get(contest.layout.index)
        made = (
            f"{projection.closed_rows(contest)[0]}-{self._why(contest, of)}"
            if of is None or of.held is None
            else str(of.held.made_ms)
        )
        turns = len(contest.history.turns)
        return f"{made}.{turns}.{'stale' if self.stale(contest) else 'fresh'}"

    def coverage(self, contest: ContestState) -> dict[int, float] | None:
        """Of the rows scored so far, the share inside each level's interval; None before the first."""
        of = self._of.get(contest.layout.index)
        return None if of is None else of.record.coverage()

    def publication(self, contest: ContestState) -> Publication:
        """The projection as a frame."""
        view = self.view(contest)
        return Publication(
            f"{CHANNEL}{contest.layout.contest.id}", None, wire.to_json(view), wire.to_msgpack(view)
        )

    async def _watch(self) -> None:
        """Tell who listens when a projection is new, or has become stale."""
        while True:
            await asyncio.sleep(min(self.interval_ms / 1_000, WATCH_INTERVAL_S))
            fanout = self.fanout()
            for channel in [name for name in self.heard() if name.startswith(CHANNEL)]:
                state = self.state()
                contest = state.contests[state.layout.contest_index[channel.removeprefix(CHANNEL)]]
                tag = self.tag(contest)
                if fanout is not None and self._told.get(channel) != tag:
                    self._told[channel] = tag
                    fanout.publish(self.publication(contest))


def _question(of: _Of, taken: Taken, *, told: bool) -> list[Bytes]:
    """The question to send, in another thread: places are worked out once a layout and sent once a process."""
    if of.rows is None:
        of.rows = rows_of(of.layout)
    about = None
    if not told:
        of.places = of.places or places_of(of.layout)
        rule = dict(of.layout.contest.rule)
        college = rule["type"] == "electoral_college"
        weights = np.array([float(one.weight) for one in of.layout.districts]) if college else None
        about = About(of.places, rule, weights, of.record)
    return packed(Asked(of.layout.contest.id, about, facts_of(taken, of.rows)))

"""What an update costs under a rule, on the loop and beside it, and how judging grows."""

import gc
import pickle
import statistics
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from ingest.asking import Answering, Asking
from tally import aside, decide, engine, events, wire
from tally.completions import Completions, ModalUnit
from tally.disputes import disputed_units, sums_without
from tally.layout import rule_params
from tally.report import CountBatch, CountReport, DeskCommand
from tally.rules import RULES
from tally.state import ContestState, State
from tally.view import contest_view
from tests.bench.elections import Made, definition_of, reports_of
from tests.bench.machine import percentile

T = TypeVar("T")
AT_MS = 1_700_000_000_000
UNITS = 2_000
UPDATES = 200  # looked at in a night, evenly from 5 to 99 % of the reports
SLOW_UPDATES = 12  # the same of a rule that takes a large part of a second
PROVED_EVERY = 4
SIZES = (1_000, 8_000, 32_000)
SHARES = (30, 60, 90)  # percent of the reports in, where growth is looked at
NARROW_UNITS = 250  # where the selections double
PER_BATCH = 1_000


class Ends(NamedTuple):
    """Milliseconds of processor time."""

    median: float
    p99: float
    most: float


class Cost(NamedTuple):
    """What updates of a night cost: one judged, one with proofs, the longest stretch on the loop, a view."""

    beside: bool
    updates: int
    judged: Ends
    proved: Ends
    stretch: Ends
    view: Ends


def ends(values: Sequence[float]) -> Ends:
    """Median, p99 (of fewer than 100, the most) and most."""
    return Ends(statistics.median(values), percentile(values, 99), max(values))


def timed(act: Callable[[], object]) -> float:
    """Milliseconds of processor time of one call."""
    started = time.process_time()
    act()
    return (time.process_time() - started) * 1e3


def opened(made: Made, units: int) -> State:
    """The night before its first report."""
    state = engine.open_state(engine.define(definition_of(made, units), AT_MS))
    if made.disputed:
        named = tuple(f"u{n:06}" for n in range(min(made.disputed, units // 2)))
        state = entered(state, DeskCommand("dispute", "challenged", "desk", named))
    return state


def entered(state: State, command: CountBatch | DeskCommand | aside.Answer) -> State:
    """The state after a command, as the one writer decides, writes down and applies it; nothing may be refused."""
    step = engine.step(state, command, AT_MS)
    assert not step.refusals, step.refusals
    assert not step.unsettled, "a night that only counts adds to nothing that is possible"
    if step.record is None:
        return state
    events.encode(step.record)
    return engine.apply(state, step.record, step.effects)


def counted(state: State, reports: Sequence[CountReport]) -> State:
    """The state after so many reports more."""
    for start in range(0, len(reports), PER_BATCH):
        some = tuple(reports[start : start + PER_BATCH])
        state = entered(state, CountBatch("e", f"b{state.seq}", "s", some))
    return state


def in_doubt(contest: ContestState) -> Completions:
    """Every completion with each disputed unit kept or annulled, as `tally decide` may be asked."""
    layout, disputed = contest.layout, disputed_units(contest)
    plain = decide.completions(layout, sums_without(contest, disputed))
    units = []
    for unit in disputed.tolist():
        row, cell = contest.row(unit * layout.types), layout.cell_of_row[unit * layout.types]
        ballots = contest.outstanding[cell][0] if contest.outstanding[cell] else 0
        units.append(ModalUnit(row.counts, ballots, annullable=True, ballots=row.ballots_cast))
    return msgspec.structs.replace(plain, modal=tuple(units))


def asked(contest: ContestState) -> Completions:
    """What the rule is asked of: units in doubt where the rule is about them."""
    assert contest.layout.rule is not None
    doubt = contest.layout.rule.NAME == "disputed"
    return in_doubt(contest) if doubt else decide.completions(contest.layout, contest.sums, 0)


def in_turns(work: Coroutine[Any, Any, T]) -> tuple[float, T]:
    """The longest stretch, in milliseconds, of work that gives the loop its turn in between; what came of it."""
    longest = 0.0
    while True:
        started = time.process_time()
        try:
            work.send(None)
        except StopIteration as done:
            return max(longest, (time.process_time() - started) * 1e3), done.value
        longest = max(longest, (time.process_time() - started) * 1e3)


class Beside:
    """Both sides of a question, as `ingest/judging.py` has them in two processes."""

    def __init__(self) -> None:
        self.asking, self.answering = Asking(), Answering()
        self.sent_bytes = 0

    async def leaving(self, contest: ContestState, at_seq: int) -> tuple[aside.Question, Any, bytes]:
        """The question posed and packed; its bytes are the interpreter's time, so the loop's."""
        question = aside.question_of(contest, at_seq)
        sent = await self.asking.packed(question)
        return question, sent, pickle.dumps(sent)

    def judge(self, contest: ContestState, at_seq: int) -> tuple[float, float, bytes]:
        """The longest stretch of asking and the judgement, in milliseconds; the answer on its way back."""
        asking, (question, sent, data) = in_turns(self.leaving(contest, at_seq))
        self.sent_bytes = len(data)
        arrived = pickle.loads(data)  # noqa: S301  # our own bytes
        started = time.process_time()
        answer = self.answering.answer(arrived)
        judging = (time.process_time() - started) * 1e3
        assert answer is not None, "one asks, one answers"
        self.asking.arrived(question, sent)
        return asking, judging, pickle.dumps(answer)


def updated(state: State, report: CountReport, beside: Beside) -> tuple[State, float, float]:
    """The state after one report that is judged; the longest stretch on the loop, the judgement.

    On the loop a look is forced, however patient the claims are.
    """
    contest = state.contests[0]
    contest.sums.patience = -1
    batch = CountBatch("e", f"b{state.seq}", "s", (report,))
    started = time.process_time()
    state = entered(state, batch)
    counting = (time.process_time() - started) * 1e3
    contest = state.contests[0]
    layout = contest.layout
    if not layout.aside:
        rule, completions = layout.rule, asked(contest)
        assert rule is not None
        return state, counting, timed(lambda: rule.statuses(completions, layout.params))
    asking, judging, back = beside.judge(contest, state.seq)
    started = time.process_time()
    state = entered(state, pickle.loads(back))  # noqa: S301
    entering = (time.process_time() - started) * 1e3
    return state, max(counting, asking, entering), judging


def measure(made: Made, units: int = UNITS, updates: int = UPDATES) -> Cost:
    """Count a night, and look closely at so many of its updates."""
    state, reports = opened(made, units), list(reports_of(made, units))
    judged, proved, stretch, view = list[float](), list[float](), list[float](), list[float]()
    stops = [units * 5 // 100 + units * 94 * n // (100 * (updates - 1)) for n in range(updates)]
    gc.collect()
    gc.freeze()
    gc.disable()
    done, both = 0, Beside()
    for number, stop in enumerate(stops):
        state = counted(state, reports[done : stop - 1])
        state, on_loop, judging = updated(state, reports[stop - 1], both)
        done = stop
        stretch.append(on_loop)
        judged.append(judging)
        view.append(timed(lambda: wire.to_json(contest_view(state, 0, "epoch"))))  # noqa: B023  # called at once
        if number % PROVED_EVERY == 0:
            rule, completions, params = (
                RULES[made.rule["type"]],
                asked(state.contests[0]),
                _params(made, units),
            )
            proved.append(timed(lambda: rule.claims(completions, params)))  # noqa: B023
    gc.enable()
    gc.unfreeze()
    beside = state.contests[0].layout.aside
    return Cost(beside, updates, ends(judged), ends(proved), ends(stretch), ends(view))


def _params(made: Made, units: int) -> object:
    return rule_params(definition_of(made, units).contests[0])


def stages(made: Made, units: int) -> list[Completions]:
    """What the rule is asked at each share of the night."""
    state, reports, done, found = opened(made, units), list(reports_of(made, units)), 0, list[Completions]()
    for share in SHARES:
        state = counted(state, reports[done : units * share // 100])
        done = units * share // 100
        found.append(asked(state.contests[0]))
    return found


def times(completions: Completions, factor: int) -> Completions:
    """The completions of a night of so many times the units, the units in doubt being as many as before."""

    def all_(numbers: Sequence[int]) -> tuple[int, ...]:
        return tuple(factor * number for number in numbers)

    def most(number: int | None) -> int | None:
        return None if number is None else factor * number

    replace = msgspec.structs.replace
    return replace(
        completions,
        counted=all_(completions.counted),
        groups=tuple(replace(one, ballots_max=most(one.ballots_max)) for one in completions.groups),
        pools=tuple(replace(one, ballots_max=factor * one.ballots_max) for one in completions.pools),
        rankings=tuple((ranking, factor * number) for ranking, number in completions.rankings),
        districts=tuple(replace(one, counted=all_(one.counted)) for one in completions.districts),
        ballots_counted=most(completions.ballots_counted),
    )


def judged_ms(made: Made, found: Sequence[Completions], units: int) -> float:
    """All stages judged once, each the least of several runs where one is quick."""
    rule, params, total = RULES[made.rule["type"]], _params(made, units), 0.0
    for completions in found:
        runs = [timed(lambda: rule.statuses(completions, params))]  # noqa: B023  # called at once
        while len(runs) < 7 and sum(runs) < 100:
            runs.append(timed(lambda: rule.statuses(completions, params)))  # noqa: B023
        total += min(runs)
    return total


def by_units(made: Made) -> list[float]:
    """What judging costs at each size, in milliseconds for all stages."""
    found = stages(made, SIZES[0])
    return [judged_ms(made, [times(one, units // SIZES[0]) for one in found], units) for units in SIZES]


def by_selections(made: Made, units: int = NARROW_UNITS) -> tuple[float, float]:
    """What twice the selections cost over as many, and how many times the rankings they have."""
    narrow, double = stages(made, units), made._replace(selections=2 * made.selections)
    wide = stages(double, units)
    rankings = len(wide[-1].rankings) / max(1, len(narrow[-1].rankings))
    return judged_ms(double, wide, units) / judged_ms(made, narrow, units), rankings

"""One case counted once in one order: what was projected at each checkpoint, and the end."""

import time
import traceback
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from deploy.backtest.cases import Case
from deploy.backtest.certainty import Hard, certain
from deploy.backtest.metrics import Interval, announced
from deploy.backtest.widening import widen_of
from tally.projection.frame import Bools, Facts, Floats, Ints
from tally.projection.projector import Projection, Projector, TooEarly
from tally.projection.record import LEVELS

PROJECTED, EARLY, CRASHED = "projected", "too-early", "crashed"
SHARE_LEAST = 0.01
"""The share of the final vote from which a selection's intervals are judged."""
RUNOFF = "runoff"
BROKEN = (ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, TypeError, ValueError)
"""What an update may end with; it is counted, and the night goes on."""


class Cell(msgspec.Struct, frozen=True):
    """One update: where, what it said, and the truth. Shares and leads are parts of 1.

    `shares`: by selection, by level of interval. `lead`: of the two finally first, in shares of all votes:
    the truth and the middle. `pair`: 90 % intervals of what is compared with others (`beside`). `chance`: given
    to what came to be; `announced`: an outcome given nearly all chance. `certain_at`: the percent of rows from
    which a claim that says how it ends is certain; None where no hard bound makes it so. `tonight`: the coverage
    of the 90 % level so far, rows scored one by one; `widened`: by how much that level was.
    """

    election: str
    case: str
    order: str
    seed: int
    checkpoint: int
    rows: int
    answer: str
    seconds: float
    why: str = ""
    shares: dict[str, dict[int, Interval]] = {}
    lead: tuple[float, float] | None = None
    pair: dict[str, Interval] = {}
    chance: float | None = None
    announced: str | None = None
    outcome: str | None = None
    certain_at: float | None = None
    tonight: float | None = None
    widened: float | None = None


class Task(msgspec.Struct, frozen=True):
    """A case, by its number, in an order."""

    case: int
    order: str
    seed: int


@dataclass(frozen=True)
class Moment:
    """A checkpoint of one order: which rows are closed."""

    checkpoint: int
    closed: Bools
    facts: Facts


def moments(case: Case, order: Ints, checkpoints: Sequence[int]) -> list[Moment]:
    """What is known at each checkpoint: the first so many percent of the rows closed, with their final votes."""
    rows = len(order)
    rank = np.empty(rows, dtype=np.int64)
    rank[order] = np.arange(rows)
    found = []
    for checkpoint in checkpoints:
        closed = rank < rows * checkpoint // 100
        facts = Facts(np.where(closed[:, None], case.votes, 0), closed, np.where(closed, rank, -1), case.most)
        found.append(Moment(checkpoint, closed, facts))
    return found


def run(case: Case, task: Task, checkpoints: Sequence[int]) -> list[Cell]:
    """Every checkpoint of one order, by one projector, so that what it learns on the way counts."""
    order = case.order(task.order, task.seed)
    projector = Projector(case.places, case.rule, widen=widen_of(case.election))
    sure = None if case.hard is None else certain_at(case, case.hard, order)
    outcome = outcome_of(case)
    return [
        _cell(case, task, moment, projector, sure, outcome) for moment in moments(case, order, checkpoints)
    ]


def certain_at(case: Case, hard: Hard, order: Ints) -> float | None:
    """The percent of rows from which on it is certain how the contest ends: caps that hold keep it so."""
    rows = len(order)

    def sure(number: int) -> bool:
        closed = np.zeros(rows, dtype=np.bool_)
        closed[order[:number]] = True
        return certain(hard, case.votes[closed].sum(axis=0), closed)

    found = bisect_left(range(rows + 1), True, key=sure)
    return None if found > rows else 100 * found / rows


def _cell(
    case: Case, task: Task, moment: Moment, projector: Projector, sure: float | None, outcome: str | None
) -> Cell:
    where = (case.election, case.name, task.order, task.seed, moment.checkpoint, len(case.came))
    started = time.perf_counter()
    try:
        found = projector.update(moment.facts)
    except BROKEN as error:
        why = f"{type(error).__name__}: {error} ({traceback.extract_tb(error.__traceback__)[-1].name})"
        return Cell(*where, CRASHED, time.perf_counter() - started, why, certain_at=sure)
    seconds = time.perf_counter() - started
    if isinstance(found, TooEarly):
        return Cell(*where, EARLY, seconds, found.reason, certain_at=sure)
    inside = found.record.coverage()
    chances = chances_of(case, found)
    return Cell(
        *where, PROJECTED, seconds, "", shares_of(case, found), lead_of(case, found), pair_of(case, found),
        None if outcome is None else chances[outcome], announced(chances), outcome, sure,
        None if inside is None else inside[90], found.widened[90],
    )  # fmt: skip


def shares_of(case: Case, found: Projection) -> dict[str, dict[int, Interval]]:
    """Intervals of the shares of every selection that is not tiny in the end."""
    votes = case.votes.sum(axis=0)
    truth = votes / max(votes.sum(), 1)
    return {
        name: {
            level: Interval(
                float(truth[s]), float(found.shares.middle[s]),
                float(found.shares.ends[level][0][s]), float(found.shares.ends[level][1][s]),
            )
            for level in LEVELS
        }
        for s, name in enumerate(case.places.selections)
        if truth[s] > SHARE_LEAST
    }  # fmt: skip


def first_two(case: Case) -> tuple[int, int]:
    """The two with most votes in the end."""
    first = np.argsort(-case.votes.sum(axis=0), kind="stable")
    return int(first[0]), int(first[1])


def lead_of(case: Case, found: Projection) -> tuple[float, float]:
    """The lead of the first over the second in shares of all votes, in the end and as projected."""
    one, other = first_two(case)
    votes: Floats = case.votes.sum(axis=0) / max(case.votes.sum(), 1)
    middle = found.shares.middle
    return float(votes[one] - votes[other]), float(middle[one] - middle[other])


def pair_of(case: Case, found: Projection) -> dict[str, Interval]:
    """90 % intervals of the first's votes, and of the two-party margin as far as its share tells it.

    The margin's ends are those of the first's share, what the two have together held at its middle: exact where
    there are but two.
    """
    one, other = first_two(case)
    votes, middle = case.votes.sum(axis=0), found.shares.middle
    two = max(float(middle[one] + middle[other]), 1e-9)
    low, high = found.shares.ends[90][0][one], found.shares.ends[90][1][one]
    margin = (votes[one] - votes[other]) / max(votes[one] + votes[other], 1)
    return {
        "votes": Interval(
            float(votes[one]), float(found.votes.middle[one]),
            float(found.votes.ends[90][0][one]), float(found.votes.ends[90][1][one]),
        ),
        "margin": Interval(
            float(margin), float(middle[one] - middle[other]) / two, float(2 * low / two - 1), float(2 * high / two - 1)
        ),
    }  # fmt: skip


def chances_of(case: Case, found: Projection) -> dict[str, float]:
    """The chance of each way it can end; none where a rule gives seats."""
    if found.outcomes.kind not in {"elected", "outright", "passes"}:
        return {}
    chances = dict(zip(case.places.selections, found.outcomes.chances.tolist(), strict=False))
    return chances if found.outcomes.runoff is None else chances | {RUNOFF: found.outcomes.runoff}


def outcome_of(case: Case) -> str | None:
    """How it ended, as projections name it: once all is counted they say so themselves."""
    everything = np.ones(len(case.came), dtype=np.bool_)
    facts = Facts(case.votes, everything, np.arange(len(case.came)), case.most)
    found = Projector(case.places, case.rule).update(facts)
    return None if isinstance(found, TooEarly) else announced(chances_of(case, found))

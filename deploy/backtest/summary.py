"""Cells → the rows of the tables: by order, by checkpoint, by election, and over all."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from deploy.backtest import metrics
from deploy.backtest.beside import METHODS, QUANTITY, Other
from deploy.backtest.metrics import Clustered, Interval
from deploy.backtest.runs import CRASHED, EARLY, Cell
from tally.projection.record import LEVELS

MOMENTS = "share in"
"""The heading over rows of one checkpoint each."""
NEVER = 100.0
"""Where a chance or a proof came only with the last row."""


class Summary(msgspec.Struct, frozen=True):
    """What a group of cells comes to. Coverages are parts of 1; widths, scores and errors are points of the vote.

    `clusters`: coverage of 90 % intervals over elections. `said_at`: the median checkpoint from which on what
    came to be had nearly all chance; of runs in which proof came, `sure_said_at` beside `certain_at`. `seconds`:
    median and 99th of 100 of an update; `rows`: median and most.
    """

    name: str
    cells: int
    coverage: dict[int, float]
    clusters: Clustered
    width: float
    score: float
    lead: float
    brier: float
    said_at: float
    sure_said_at: float
    certain_at: float
    reversals: int
    runs: int
    crossed: int
    crashed: int
    early: int
    tonight: float
    seconds: tuple[float, float]
    rows: tuple[float, float]


class Against(msgspec.Struct, frozen=True):
    """A method beside us at the same moments; where both gave an answer, it first, we second. Points of the vote."""

    method: str
    order: str
    cells: int
    coverage: tuple[float, float]
    width: tuple[float, float]
    score: tuple[float, float]
    lead: tuple[float, float]
    crossed: tuple[int, int]
    crashed: tuple[int, int]
    seconds: tuple[float, float]


def summary(name: str, cells: Sequence[Cell]) -> Summary:
    """What cells come to together."""
    answered = [cell for cell in cells if cell.shares]
    by_level = {level: [of[level] for cell in answered for of in cell.shares.values()] for level in LEVELS}
    by_election: dict[str, list[float]] = {}
    for cell in answered:
        by_election.setdefault(cell.election, []).extend(float(of[90].held) for of in cell.shares.values())
    runs = list(_grouped(cells, lambda cell: (cell.election, cell.case, cell.order, cell.seed)).values())
    said = [(_said_at(run), run[0].certain_at) for run in runs if any(cell.outcome for cell in run)]
    proved = [(at, certain) for at, certain in said if certain is not None]
    rows, seconds = [cell.rows for cell in cells], [cell.seconds for cell in answered]
    return Summary(
        name, len(cells), {level: metrics.coverage(found) for level, found in by_level.items()},
        metrics.clustered(by_election), 100 * metrics.mean([one.width for one in by_level[90]]),
        100 * metrics.mean([metrics.interval_score(one, 90) for one in by_level[90]]),
        100 * metrics.mean([abs(cell.lead[0] - cell.lead[1]) for cell in answered if cell.lead is not None]),
        metrics.brier(cell.chance for cell in answered if cell.chance is not None),
        metrics.quantile([at for at, _ in said], 0.5), metrics.quantile([at for at, _ in proved], 0.5),
        metrics.quantile([certain for _, certain in proved], 0.5),
        sum(metrics.reversals([cell.announced for cell in run], _outcome(run)) for run in runs if _outcome(run)),
        len(runs), sum(one.crossed for found in by_level.values() for one in found),
        sum(cell.answer == CRASHED for cell in cells), sum(cell.answer == EARLY for cell in cells),
        metrics.mean([cell.tonight for cell in answered if cell.tonight is not None]),
        (metrics.quantile(seconds, 0.5), metrics.quantile(seconds, 0.99)),
        (metrics.quantile(rows, 0.5), float(max(rows, default=0))),
    )  # fmt: skip


def _said_at(run: Sequence[Cell]) -> float:
    ordered = sorted(run, key=lambda cell: cell.checkpoint)
    met = [(c.checkpoint, c.announced is not None and c.announced == c.outcome) for c in ordered]
    found = metrics.first_staying(met)
    return NEVER if found is None else float(found)


def _outcome(run: Sequence[Cell]) -> str:
    return next((cell.outcome for cell in run if cell.outcome), "")


def _grouped(cells: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for cell in cells:
        groups.setdefault(key(cell), []).append(cell)
    return groups


def summaries(cells: Sequence[Cell], orders: Sequence[str]) -> dict[str, list[Summary]]:
    """The rows of the tables by the heading they stand under."""
    by_order = _grouped(cells, lambda cell: cell.order)
    by_checkpoint = _grouped(cells, lambda cell: cell.checkpoint)
    by_election = _grouped(cells, lambda cell: cell.election)
    whole = [cell for cell in cells if "/" not in cell.case]
    areas = [cell for cell in cells if "/" in cell.case]
    return {
        "order": [summary(order, by_order[order]) for order in orders if order in by_order],
        MOMENTS: [summary(f"{at} %", by_checkpoint[at]) for at in sorted(by_checkpoint)],
        "election": [summary(name, of) for name, of in by_election.items()],
        "what": [summary(name, of) for name, of in (("contests", whole), ("areas", areas)) if of],
        "": [summary("all", cells)],
    }


def against(cells: Sequence[Cell], other: Sequence[Other], orders: Sequence[str]) -> list[Against]:
    """Each method in each order, and over all of them, beside our own answers to the same moments."""
    ours = {(c.election, c.case, c.order, c.seed, c.checkpoint): c for c in cells}
    found = []
    for method in METHODS:
        of_method = [one for one in other if one.method == method]
        for order in (*orders, "all"):
            asked = [one for one in of_method if order in {one.order, "all"}]
            if asked:
                found.append(_against(method, order, [(one, ours[_moment(one)]) for one in asked]))
    return found


def _moment(one: Other) -> tuple[str, str, str, int, int]:
    return one.election, one.case, one.order, one.seed, one.checkpoint


def _against(method: str, order: str, pairs: Sequence[tuple[Other, Cell]]) -> Against:
    quantity = QUANTITY[method]
    both = [
        (_points(one.interval, quantity), _points(cell.pair[quantity], quantity), one, cell)
        for one, cell in pairs
        if one.interval is not None and cell.pair
    ]
    its, own = [pair[0] for pair in both], [pair[1] for pair in both]
    leads = [
        (abs(one.lead[0] - one.lead[1]), abs(cell.pair["margin"].truth - cell.pair["margin"].middle))
        for _, _, one, cell in both
        if one.lead is not None
    ]
    return Against(
        method, order, len(pairs),
        (metrics.coverage(its), metrics.coverage(own)),
        (metrics.mean([one.width for one in its]), metrics.mean([one.width for one in own])),
        (_score(its), _score(own)),
        (100 * metrics.mean([its_ for its_, _ in leads]), 100 * metrics.mean([own_ for _, own_ in leads])),
        (sum(one.crossed for one in its), sum(one.crossed for one in own)),
        (sum(one.interval is None for one, _ in pairs), sum(cell.answer == CRASHED for _, cell in pairs)),
        (
            metrics.quantile([one.seconds for _, _, one, _ in both], 0.5),
            metrics.quantile([cell.seconds for *_, cell in both], 0.5),
        ),
    )  # fmt: skip


def _score(intervals: Sequence[Interval]) -> float:
    return metrics.mean([metrics.interval_score(one, 90) for one in intervals])


def _points(interval: Interval, quantity: str) -> Interval:
    """A margin in points; votes in percent of what they came to."""
    scale = 100.0 if quantity == "margin" else 100 / max(interval.truth, 1.0)
    return Interval(*(value * scale for value in interval))

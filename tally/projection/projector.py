"""A night's projections of one contest, update by update."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tally.projection import tuning
from tally.projection.draws import drawn
from tally.projection.ensemble import Blend, blended
from tally.projection.frame import Facts, Floats, Frame, Ints, Places
from tally.projection.grouped import by_place
from tally.projection.outcomes import Outcomes, outcomes
from tally.projection.outlook import Needs, needed
from tally.projection.record import LEVELS, Kept, Record, scored
from tally.projection.regression import Regression, regressed

ROWS_MIN = 20
"""Closed rows below which it is too early."""


class TooEarly(NamedTuple):
    """Nothing is projected, and why: `few-rows` (`seen` of `needed`), or `one-selection`."""

    reason: str
    seen: int
    needed: int
    record: Record


class Spread(NamedTuple):
    """A quantity by selection: the middle, and by level (percent) its lower and upper ends."""

    middle: Floats
    ends: dict[int, tuple[Floats, Floats]]


@dataclass(frozen=True)
class Projection:
    """What the final count will probably be.

    `votes`, `shares`: by selection; `area_shares`: areas x selections; `total`: all votes. `outcomes`: chances
    by selection. `row_votes`: votes expected in each open row, `rows`. `area_chances`: the chance to lead in
    each area. `needs`: what the second has to do. `counted`: rows are all in, this is the count.
    """

    votes: Spread
    shares: Spread
    area_shares: Spread
    area_chances: Floats
    total: Spread
    outcomes: Outcomes
    seats: Spread | None
    rows: Ints
    row_votes: Floats
    needs: Needs | None
    weights: dict[str, float]
    record: Record
    widened: dict[int, float]
    counted: bool


class Projector:
    """Projects one contest update by update. Not thread-safe; holds the last predictions to score them.

    `rule`: the rule object. `weights`: what each area counts in a body of areas; ones where there is none.
    `widen`: errors times this, a tuned constant.
    """

    def __init__(
        self,
        places: Places,
        rule: Mapping[str, Any],
        weights: Floats | None = None,
        widen: float = tuning.WIDEN,
    ) -> None:
        self.places, self.rule, self.widen = places, rule, widen
        self.weights = np.ones(len(places.areas)) if weights is None else weights
        self.record = Record()
        self._kept: Kept | None = None

    def update(self, facts: Facts) -> Projection | TooEarly:
        """Score what was predicted of the rows that came in, then project the rest. Cost: see `mixed.fit`."""
        if self._kept is not None:
            self.record = scored(self.record, self._kept, facts.votes, facts.closed)
            self._kept = None
        frame = Frame(self.places, facts)
        if len(frame.places.selections) < 2:
            return TooEarly("one-selection", len(frame.seen), ROWS_MIN, self.record)
        if not len(frame.open):
            return self._counted(frame)
        if len(frame.seen) < ROWS_MIN:
            return TooEarly("few-rows", len(frame.seen), ROWS_MIN, self.record)
        regression = regressed(frame)
        blend = blended(frame, regression, self.record.errors)
        self._kept = _kept(frame, regression, blend)
        return self._projected(frame, regression, blend)

    def _projected(self, frame: Frame, regression: Regression, blend: Blend) -> Projection:
        widened = {level: self.record.widening(level) for level in LEVELS}
        draws = drawn(frame, regression, blend, self.widen)
        counted = frame.facts.votes.sum(axis=0).astype(np.float64)
        votes = draws.sum(axis=1)
        total = votes.sum(axis=1)
        shares = votes / np.maximum(total[:, None], 1e-9)
        of_area = draws / np.maximum(draws.sum(axis=2, keepdims=True), 1e-9)
        # What is said is as wide as the record asks, chances too: draws move away from their middle alike.
        wide = draws if widened[90] == 1 else _moved(draws, widened[90], frame)
        found = outcomes(self.rule, wide, self.places.electable, self.weights)
        leads = np.where(self.places.electable, wide, -1.0).argmax(axis=2)
        chances = np.stack([(leads == j).mean(axis=0) for j in range(votes.shape[1])], axis=1)
        room = _room(frame)
        return Projection(
            spread(votes, widened, counted, counted + room), spread(shares, widened, 0.0, 1.0),
            spread(of_area, widened, 0.0, 1.0), chances,
            spread(total[:, None], widened, counted.sum(), counted.sum() + room), found,
            None if found.seats is None else spread(found.seats, dict.fromkeys(LEVELS, 1.0), 0.0, np.inf),
            frame.open, regression.votes, needed(frame, regression, blend), blend.weights, self.record, widened,
            counted=False,
        )  # fmt: skip

    def _counted(self, frame: Frame) -> Projection:
        """Everything is in: the projection is the count."""
        areas = len(self.places.areas)
        final = by_place(self.places.levels[0], frame.facts.votes, areas)[None]
        votes = final.sum(axis=1)
        one = dict.fromkeys(LEVELS, 1.0)
        found = outcomes(self.rule, final, self.places.electable, self.weights)
        leads = np.where(self.places.electable, final, -1.0).argmax(axis=2)
        return Projection(
            spread(votes, one, 0.0, np.inf), spread(votes / max(votes.sum(), 1), one, 0.0, 1.0),
            spread(final / np.maximum(final.sum(axis=2, keepdims=True), 1), one, 0.0, 1.0),
            np.stack([(leads == j).mean(axis=0) for j in range(votes.shape[1])], axis=1),
            spread(votes.sum(axis=1, keepdims=True), one, 0.0, np.inf), found,
            None if found.seats is None else spread(found.seats, one, 0.0, np.inf),
            frame.open, np.zeros(0), None, {}, self.record, one, counted=True,
        )  # fmt: skip


def spread(draws: Floats, widened: dict[int, float], least: Floats | float, most: Floats | float) -> Spread:
    """The median of draws and the ends of each level around it, widened, and never outside the bounds."""
    tails = sorted({side for level in LEVELS for side in ((100 - level) / 200, (100 + level) / 200)} | {0.5})
    quantiles = dict(zip(tails, np.quantile(draws, tails, axis=0), strict=True))
    middle = np.clip(quantiles[0.5], least, most)
    ends = {}
    for level in LEVELS:
        low, high = quantiles[(100 - level) / 200], quantiles[(100 + level) / 200]
        ends[level] = (
            np.clip(middle - (middle - low) * widened[level], least, middle),
            np.clip(middle + (high - middle) * widened[level], middle, most),
        )
    return Spread(middle, ends)


def _moved(draws: Floats, factor: float, frame: Frame) -> Floats:
    middle = np.median(draws, axis=0)
    counted = by_place(frame.places.levels[0], frame.facts.votes, len(frame.places.areas))
    return np.maximum(middle + (draws - middle) * factor, counted)


def _room(frame: Frame) -> float:
    most = frame.facts.ballots_max[frame.open]
    if (most < 0).any():
        return float("inf")
    return float(np.maximum(most - frame.facts.valid[frame.open], 0).sum())


def _kept(frame: Frame, regression: Regression, blend: Blend) -> Kept:
    one, other = frame.leaders
    factor = regression.of_lead(one, other)
    return Kept(
        frame.open,
        one,
        other,
        blend.shares[:, one] - blend.shares[:, other],
        np.sqrt(regression.rows * factor),
        regression.shared * factor,
        {name: shares[:, one] - shares[:, other] for name, shares in blend.each.items()},
    )

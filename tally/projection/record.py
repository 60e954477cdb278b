"""How tonight's projections did: predictions of rows, kept until they report."""

from typing import NamedTuple

import numpy as np

from tally.projection.frame import Bools, Floats, Ints

LEVELS = (50, 80, 90, 95)
"""Percent."""
NORMAL = {50: 0.674, 80: 1.282, 90: 1.645, 95: 1.960}
"""Deviations within which a normal value lies so many times in a hundred."""
BINS = np.linspace(0, 8, 161)
MEMORY_ROWS = 2_000.0
"""Rows after which what was seen before counts half."""
ROWS_MIN = 100.0
"""Rows scored before anything is widened."""
BLOCKS_WORTH = 10.0
"""Blocks of rows that are as much as the expectation that errors are as told."""
WIDEN_MAX = 2


class Kept(NamedTuple):
    """Predictions of open rows: `rows`; the lead of the first over the second and its deviation, in shares.

    `shared`: the variance all leads have in common. `each`: every estimator's lead.
    """

    rows: Ints
    first: int
    second: int
    leads: Floats
    deviations: Floats
    shared: float
    each: dict[str, Floats]


class Record(NamedTuple):
    """`inside`: scored rows inside each level's interval. `misses`: a histogram of misses in deviations, fading.

    `blocks`, `squares`: blocks of rows that came in together, and their squared misses in deviations.
    `errors`: mean squared error of the lead of blocks by estimator.
    """

    scored: int = 0
    inside: tuple[int, ...] = (0,) * len(LEVELS)
    misses: tuple[float, ...] = ()
    blocks: float = 0.0
    squares: float = 0.0
    errors: dict[str, float] = {}  # noqa: RUF012  # never written, only replaced
    error_weight: float = 0.0

    def coverage(self) -> dict[int, float] | None:
        """The share of scored rows inside, by level; None before the first."""
        if not self.scored:
            return None
        return {level: inside / self.scored for level, inside in zip(LEVELS, self.inside, strict=True)}

    def widening(self, level: int) -> float:
        """By how much intervals of this level are widened: never below 1.

        Adaptive conformal: to where as many of the last rows would have been inside as should (Gibbs and Candes
        2021, the quantile tracked by a fading histogram); or to what blocks of rows missed by, if that is more.
        """
        by_blocks = np.sqrt((self.squares + BLOCKS_WORTH) / (self.blocks + BLOCKS_WORTH))
        by_rows = 1.0
        total = sum(self.misses)
        if total >= ROWS_MIN:
            at = np.searchsorted(np.cumsum(self.misses), total * level / 100)
            by_rows = float(BINS[min(int(at) + 1, len(BINS) - 1)]) / NORMAL[level]
        return float(min(max(1.0, by_rows, by_blocks), WIDEN_MAX))


def scored(record: Record, kept: Kept, votes: Ints, closed: Bools) -> Record:
    """The record after the rows of `kept` that are closed now reported these votes."""
    came = np.flatnonzero(closed[kept.rows] & (votes[kept.rows].sum(axis=1) > 0))
    if not len(came):
        return record
    of = votes[kept.rows[came]].astype(np.float64)
    total = of.sum(axis=1)
    lead = (of[:, kept.first] - of[:, kept.second]) / total
    off = (lead - kept.leads[came]) / kept.deviations[came]
    misses = np.histogram(np.minimum(np.abs(off), BINS[-1] - 1e-6), BINS)[0].astype(np.float64)
    fade = 0.5 ** (len(came) / MEMORY_ROWS)
    before = np.array(record.misses) if record.misses else np.zeros(len(misses))
    weights = total / total.sum()
    variance = float(
        kept.shared + (weights**2 * np.maximum(kept.deviations[came] ** 2 - kept.shared, 0)).sum()
    )
    block = float(weights @ (lead - kept.leads[came])) ** 2 / max(variance, 1e-12)
    size = float(total.sum())
    errors = {
        name: _mean(
            record.errors.get(name), record.error_weight, float(weights @ (lead - leads[came])) ** 2, size
        )
        for name, leads in kept.each.items()
    }
    return Record(
        record.scored + len(came),
        tuple(
            before_ + int((np.abs(off) <= NORMAL[level]).sum())
            for before_, level in zip(record.inside, LEVELS, strict=True)
        ),
        tuple((before * fade + misses).tolist()),
        record.blocks * 0.9 + 1,
        record.squares * 0.9 + min(block, 25.0),
        errors,
        record.error_weight * 0.9 + size,
    )


def _mean(known: float | None, weight: float, found: float, size: float) -> float:
    return found if known is None else (known * weight * 0.9 + found * size) / (weight * 0.9 + size)

"""How good projections were: coverage, widths, scores, chances, calls; pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

CALLED = 0.995
"""A chance from which an outcome counts as announced."""


class Interval(NamedTuple):
    """What was projected of a quantity, and what it came to."""

    truth: float
    middle: float
    low: float
    high: float

    @property
    def held(self) -> bool:
        """Whether the truth lies inside, rounding of the last digit aside."""
        return self.low - 1e-9 <= self.truth <= self.high + 1e-9

    @property
    def width(self) -> float:
        """How wide it is; below 0 where its ends are crossed."""
        return self.high - self.low

    @property
    def crossed(self) -> bool:
        """Whether its lower end is above its upper."""
        return self.low > self.high


class Clustered(NamedTuple):
    """A mean of clusters' means, how far it may be off either way (None: one tells nothing), and of how many."""

    mean: float
    half: float | None
    clusters: int


def coverage(intervals: Sequence[Interval]) -> float:
    """The part of the intervals that hold the truth; nan of none."""
    return mean([interval.held for interval in intervals])


def interval_score(interval: Interval, level: int) -> float:
    """Winkler's: the width, and 2 / (1 - level) times what the truth lies outside by. `level` in percent."""
    outside = max(interval.low - interval.truth, 0.0) + max(interval.truth - interval.high, 0.0)
    return interval.width + 2 / (1 - level / 100) * outside


def brier(chances: Iterable[float]) -> float:
    """The mean squared shortfall from 1 of the chances given to what came to be; nan of none."""
    return mean([(1 - chance) ** 2 for chance in chances])


def clustered(by_cluster: Mapping[str, Sequence[float]], level: int = 95) -> Clustered:
    """The mean over clusters of their means, with a confidence interval: clusters, not members, are the sample.

    Half the interval is Student's quantile for clusters - 1 degrees of freedom times sd / sqrt(clusters).
    """
    means = np.array([mean(values) for values in by_cluster.values() if len(values)])
    if len(means) < 2:
        return Clustered(mean(means.tolist()), None, len(means))
    quantile = float(stdtrit(len(means) - 1, (1 + level / 100) / 2))
    return Clustered(float(means.mean()), quantile * float(means.std(ddof=1)) / len(means) ** 0.5, len(means))


def first_staying(met: Sequence[tuple[int, bool]]) -> int | None:
    """The first checkpoint from which on something held at every one; None where it did not hold at the last."""
    found = None
    for checkpoint, held in met:
        found = (checkpoint if found is None else found) if held else None
    return found


def reversals(announced: Sequence[str | None], outcome: str) -> int:
    """How often what was announced was replaced by something else, the outcome being the last to be announced."""
    said = [one for one in announced if one is not None]
    if not said:
        return 0
    return sum(one != other for one, other in zip(said, [*said[1:], outcome], strict=True))


def announced(chances: Mapping[str, float]) -> str | None:
    """The outcome whose chance is so high that it counts as announced."""
    return next((name for name, chance in chances.items() if chance >= CALLED), None)


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which that part of the values lies; nan of none."""
    return float(np.quantile(values, part)) if len(values) else float("nan")


def mean(values: Sequence[float] | Sequence[bool]) -> float:
    """The mean; nan of none."""
    return float(np.mean(values)) if len(values) else float("nan")

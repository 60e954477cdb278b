"""How unlike open rows are to those that came in: what no model of these can tell."""

from typing import NamedTuple

import numpy as np

from tally.projection import tuning
from tally.projection.design import Columns
from tally.projection.frame import Floats, Frame
from tally.projection.tuning import Scale


class Unlike(NamedTuple):
    """`apart`: the part of open votes in places where too little came in, squared. `places`: how many are in.

    `sorted`: how far places come in by their lead, from 0 to 1. `beyond`: squared distance of the open from
    the seen in the explaining columns, in deviations. Each 0 where rows come in at random.
    """

    apart: float
    places: int
    sorted: float
    beyond: float

    def variance(self, scale: Scale) -> float:
        """What it adds to the variance of a swing, in units of the variance of rows."""
        few = 1 + scale.few / self.places
        return (
            scale.apart**2 * self.apart * few + scale.sorted**2 * self.sorted + scale.beyond**2 * self.beyond
        )


def unlike(frame: Frame, columns: Columns, votes: Floats, lead: Floats) -> Unlike:
    """Compare open rows, with the votes expected of them, to seen ones; `lead`: of the seen rows, as modelled."""
    seen, valid = frame.seen, frame.facts.valid[frame.seen]
    to_come, came = votes / votes.sum(), valid / valid.sum()
    chance = float((to_come**2).sum() + (came**2).sum())  # of a difference by luck, as if drawn at random
    return Unlike(
        *_apart(frame, to_come, came, chance),
        _sorted(frame, valid, lead),
        float(
            sum(_beyond(column[frame.open], column[seen], to_come, came, chance) for column in columns.values)
        ),
    )


def _apart(frame: Frame, to_come: Floats, came: Floats, chance: float) -> tuple[float, int]:
    """The squared distance in total variation between places of the open and of the seen, above chance."""
    seen_places = len(np.unique(frame.places.smallest[frame.seen]))
    found = [0.0]
    for level in [level for level in frame.places.levels if level.max()][:2]:
        count = int(level.max()) + 1
        one, other = (
            np.bincount(level[frame.open], to_come, count),
            np.bincount(level[frame.seen], came, count),
        )
        both = (one + other) / 2
        lucky = 0.4 * np.sqrt(both * (1 - both) * chance).sum()  # half the mean of |N(0, 1)| a place
        found.append(max(0.0, np.abs(one - other).sum() / 2 - tuning.CHANCE_APART * lucky) ** 2)
    return float(np.mean(found[1:] or found)), seen_places


def _sorted(frame: Frame, valid: Floats, lead: Floats) -> float:
    """The squared rank correlation of places' leads with their arrival, above chance. Source: Spearman 1904."""
    place = frame.places.smallest[frame.seen]
    votes = np.bincount(place, valid)
    seen = votes > 0
    if seen.sum() < 4:
        return 0.0
    leads = (np.bincount(place, valid * lead)[seen] / votes[seen]).argsort().argsort()
    times = (np.bincount(place, valid * frame.rank[frame.seen])[seen] / votes[seen]).argsort().argsort()
    lucky = 2 / (seen.sum() - 1)
    return float(max(0.0, (np.corrcoef(leads, times)[0, 1] ** 2 - lucky) / (1 - lucky)))


def _beyond(open_: Floats, seen: Floats, to_come: Floats, came: Floats, chance: float) -> float:
    average = float(came @ seen)
    deviation2 = max(float(came @ (seen - average) ** 2), 1e-6) + 1e-3
    distance2 = (float(to_come @ open_) - average) ** 2 / deviation2 - 2 * chance
    return min(max(0.0, distance2), tuning.BEYOND_MAX**2)


def clustering(frame: Frame, residuals: Floats) -> float:
    """How many times more rows would be needed than if those that come in together did not resemble one another.

    The design effect of as many runs of neighbours in arrival as there are rows in each, above chance.
    Source: Kish 1965.
    """
    in_turn = residuals[np.argsort(frame.rank[frame.seen], kind="stable")]
    length = int(np.sqrt(len(in_turn)))
    if length < 4:
        return 1.0
    means = in_turn[: length * (len(in_turn) // length)].reshape(-1, length).mean(axis=1)
    effect = length * float(means.var(ddof=1)) / max(float(in_turn.var()), 1e-9)
    return max(1.0, effect - float(np.sqrt(2 / (len(means) - 1))))

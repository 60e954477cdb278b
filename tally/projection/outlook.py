"""What has to be true of the rest for the second to pass the first."""

from typing import NamedTuple

import numpy as np

from tally.projection.ensemble import Blend
from tally.projection.frame import Frame
from tally.projection.regression import Regression


class Needs(NamedTuple):
    """`who` is behind `ahead`. It needs more than `needs` of the votes to come, others taking what is expected.

    `has_had`: its share of what is counted in the same places, weighed by what is to come there; None where
    nothing of them is counted. `expected`: its share of the rest as projected. All shares of 1.
    """

    who: int
    ahead: int
    needs: float
    has_had: float | None
    expected: float


def needed(frame: Frame, regression: Regression, blend: Blend) -> Needs | None:
    """What the second needs; None where there is no second or nothing is to come."""
    ahead, who = frame.leaders
    held = frame.facts.votes[frame.open].sum(axis=1)
    to_come = np.maximum(regression.votes - held, 0)
    rest = float(to_come.sum())
    if who == ahead or rest <= 0:
        return None
    counted = frame.facts.votes.sum(axis=0)
    coming = to_come @ blend.shares / rest
    of_two = float(coming[who] + coming[ahead])
    lead = float(counted[ahead] - counted[who]) / rest
    place = frame.places.smallest
    places = int(place.max()) + 1
    valid = np.bincount(place[frame.seen], frame.facts.valid[frame.seen], places)
    own = np.bincount(place[frame.seen], frame.facts.votes[frame.seen, who], places)
    like = np.bincount(place[frame.open], to_come, places) * (valid > 0)
    had = float((like * own / np.maximum(valid, 1)).sum() / like.sum()) if like.sum() else None
    return Needs(who, ahead, (of_two + lead) / 2, had, float(coming[who]))

"""Each place moves in proportion to itself: the ratio estimator by stratum."""

import numpy as np

from tally.projection.frame import Floats, Frame
from tally.projection.grouped import by_place
from tally.projection.regression import Regression

NAME = "swing-by-place"
TRUST = 0.1
VOTES_OF_ALL = 2_000.0
"""Votes in the whole that a place's own are averaged with."""


def shares(frame: Frame, regression: Regression) -> Floats | None:
    """Shares of the election before times the place's ratio now to then; without one, the place's shares.

    Source: Cochran 1977, Sampling Techniques, chapter 6.
    """
    del regression
    places, seen, open_ = frame.places, frame.seen, frame.open
    level = places.smallest
    count = int(level.max()) + 1
    now = by_place(level[seen], frame.facts.votes[seen], count)
    then = np.ones_like(now)
    base = np.ones((len(open_), now.shape[1]))
    if places.based:
        expected = places.previous_shares[seen] * frame.facts.valid[seen][:, None]
        then = by_place(level[seen], expected, count)
        base = places.previous_shares[open_]
    all_now, all_then = now.sum(axis=0), then.sum(axis=0) if places.based else np.ones(now.shape[1])
    pull = VOTES_OF_ALL / max(all_now.sum(), 1)
    if places.based:
        ratio = (now + pull * all_now) / np.maximum(then + pull * all_then, 1e-9)
        found = base * np.clip(ratio, 0, 10)[level[open_]]
        found = np.where(places.matched[open_][:, None], found, all_now / all_now.sum())
    else:
        found = (now + pull * all_now)[level[open_]]
    return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-9))

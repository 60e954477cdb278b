"""Every place swings alike: the median swing of what is counted."""

import numpy as np

from tally.projection.frame import Floats, Frame
from tally.projection.regression import Regression

NAME = "uniform-swing"
TRUST = 0.04


def shares(frame: Frame, regression: Regression) -> Floats | None:
    """The shares of the election before with the median swing; unmatched rows as counted.

    Source: Butler and Stokes 1969, Political Change in Britain.
    """
    del regression
    places = frame.places
    seen, matched = frame.seen, places.matched
    both = matched[seen]
    if not places.based or not both.any():
        return None
    swing = np.median(frame.shares[both] - places.previous_shares[seen[both]], axis=0)
    votes = frame.facts.votes[seen].sum(axis=0)
    found = np.where(
        matched[frame.open][:, None], places.previous_shares[frame.open] + swing, votes / votes.sum()
    )
    found = np.maximum(found, 0)
    return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-9))

"""The rest votes as what is counted did: what a reader does in their head."""

import numpy as np

from tally.projection.frame import Floats, Frame
from tally.projection.regression import Regression

NAME = "counted-share"
TRUST = 0.01


def shares(frame: Frame, regression: Regression) -> Floats | None:
    """The counted shares, for every open row."""
    del regression
    votes = frame.facts.votes[frame.seen].sum(axis=0)
    return np.tile(votes / votes.sum(), (len(frame.open), 1))

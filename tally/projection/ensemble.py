"""Estimators weighed by how they did tonight, and what they disagree by."""

from typing import NamedTuple

import numpy as np

from tally.projection.estimators import ESTIMATORS
from tally.projection.frame import Floats, Frame
from tally.projection.regression import Regression

REGRESSION = "regression"
LEAST_OF_REGRESSION = 0.5
"""Its errors are those that are told, so it never counts for less."""
ERROR_MIN = 1e-5
"""A squared error of a lead below which estimators are as good as one another."""


class Blend(NamedTuple):
    """`shares` of the open rows (open x selections); of each estimator its `weight` and its own shares.

    `apart`: how the sums of votes by selection covary that the estimators would have otherwise.
    """

    shares: Floats
    weights: dict[str, float]
    each: dict[str, Floats]
    apart: Floats


def blended(frame: Frame, regression: Regression, errors: dict[str, float]) -> Blend:
    """Blend every estimator that applies. `errors`: mean squared error of the lead so far, by name."""
    each: dict[str, Floats] = {}
    for name, estimator in ESTIMATORS.items():
        shares = estimator.shares(frame, regression)
        if shares is not None:
            each[name] = shares
    weights = weighed({name: ESTIMATORS[name].TRUST for name in each}, errors)
    shares = np.zeros_like(regression.shares)
    for name, weight in weights.items():
        shares += weight * each[name]
    middle = regression.votes @ shares
    apart = np.zeros((len(middle), len(middle)))
    for name, weight in weights.items():
        off = regression.votes @ each[name] - middle
        apart += weight * np.outer(off, off)
    return Blend(shares, weights, each, apart)


def weighed(trust: dict[str, float], errors: dict[str, float]) -> dict[str, float]:
    """Weights that sum to 1: trust over squared error, that of the regression at least a half."""
    if errors:
        usual = max(errors.values())
        trust = {name: one / (errors.get(name, usual) + ERROR_MIN) for name, one in trust.items()}
    total = sum(trust.values())
    weights = {name: one / total for name, one in trust.items()}
    own = weights.get(REGRESSION, 0.0)
    if own >= LEAST_OF_REGRESSION or own == 0:
        return weights
    shrink = (1 - LEAST_OF_REGRESSION) / (1 - own)
    return {
        name: LEAST_OF_REGRESSION if name == REGRESSION else one * shrink for name, one in weights.items()
    }

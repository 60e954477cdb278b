"""Joint draws of the final votes, by area and selection, inside what can still come."""

import numpy as np

from tally.projection.ensemble import Blend
from tally.projection.frame import Floats, Frame
from tally.projection.grouped import by_place
from tally.projection.regression import Regression

DRAWS = 1_000
TAIL = 3.0
"""Degrees of freedom of the errors: variances are known only roughly, so far misses are likelier than normal."""
_SEED = 20_130_414
"""The draws are the same every time, so the same count gives the same projection."""


def drawn(frame: Frame, regression: Regression, blend: Blend, widen: float) -> Floats:
    """Final votes, draws x areas x selections. `widen`: errors times this.

    Errors of swings (areas covary, selections covary), of turnout by area, and of the pick of estimator; all
    normal over the root of a chi-squared over its degrees of freedom. Cost: O(draws x areas x selections).
    """
    areas, size = len(frame.places.areas), frame.facts.votes.shape[1]
    area = frame.places.levels[0]
    counted = by_place(area, frame.facts.votes, areas)
    coming = by_place(area[frame.open], regression.votes[:, None] * blend.shares, areas)
    held = by_place(area[frame.open], frame.facts.votes[frame.open], areas)
    middle = counted - held + coming
    chance = np.random.default_rng(_SEED)
    tails = np.sqrt(TAIL / chance.chisquare(TAIL, (DRAWS, 1, 1))) * widen
    swings = chance.standard_normal((DRAWS, areas, size))
    turnout = chance.standard_normal((DRAWS, areas))
    pick = chance.standard_normal((DRAWS, size))
    errors = np.einsum(
        "ab,dbj,jk->dak", root(regression.swings), swings, root(regression.between).T, optimize=True
    )
    mix = coming / np.maximum(coming.sum(axis=1, keepdims=True), 1e-9)
    errors -= mix[None] * errors.sum(axis=2, keepdims=True)
    errors += (turnout @ root(regression.turnouts).T)[:, :, None] * mix[None]
    share = coming.sum(axis=1) / max(coming.sum(), 1e-9)
    errors += (pick @ root(blend.apart).T)[:, None, :] * share[None, :, None]
    return bounded(frame, counted, middle + errors * tails)


def bounded(frame: Frame, counted: Floats, votes: Floats) -> Floats:
    """Votes no lower than counted, and no more in all than can still come, by area."""
    area, areas = frame.places.levels[0][frame.open], len(frame.places.areas)
    most = frame.facts.ballots_max[frame.open]
    room = np.maximum(most - frame.facts.valid[frame.open], 0)
    rest = np.where(
        np.bincount(area, most < 0, areas) > 0, np.inf, np.bincount(area, np.where(most < 0, 0, room), areas)
    )
    further = np.maximum(votes - counted, 0)
    total = further.sum(axis=2, keepdims=True)
    shrink = np.minimum(1, rest[None, :, None] / np.maximum(total, 1e-9))
    return np.asarray(counted + further * shrink)


def root(covariance: Floats) -> Floats:
    """A matrix whose product with its transpose is the covariance, rounding below 0 taken as 0."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))

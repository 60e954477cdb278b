"""How many votes the open rows will hold, and how far that may be off."""

from dataclasses import dataclass

import numpy as np

from tally.projection import tuning
from tally.projection.design import Columns
from tally.projection.frame import Floats, Frame
from tally.projection.mixed import Design, Fitted, Foretold, fit, foretell
from tally.projection.tuning import Scale

NOISE = 0.5
"""Variance of a row's turnout that few voters bring with them, times its voters."""
RATIO_MIN = 0.05
"""The least part of an average turnout that is expected of a row."""
UNSIZED_RATIO_MIN = 0.3
"""The same where sizes are unknown: rows not seen are not much smaller than those seen for being elsewhere."""
RATIO_MAX = 3
"""The most times an average turnout that a row tells: beyond, its size was wrong and nothing follows for others."""
UNSIZED_RATIO_MAX = 10
"""The same where sizes are unknown."""


@dataclass(frozen=True)
class Sizes:
    """`votes`: in all, of each open row. `covariance`: of the errors of their sums by area, before `unlike`.

    `spread`: the variance of a row in squared votes an average vote; `mass`: votes by area that one unit of
    turnout stands for.
    """

    votes: Floats
    covariance: Floats
    spread: float
    mass: Floats
    scale: Scale


def sized(frame: Frame, columns: Columns, design: Design) -> Sizes:
    """Votes of the open rows: turnout against the size of a row, regressed as shares are on the same design."""
    known = frame.places.sizes_known
    scale = tuning.SIZES_KNOWN if known else tuning.SIZES_UNKNOWN
    seen, open_, size, valid = frame.seen, frame.open, frame.size, frame.facts.valid
    usual = valid[seen].sum() / size[seen].sum()
    most = RATIO_MAX if known else UNSIZED_RATIO_MAX
    turnout = (np.minimum(valid[seen] / size[seen] / usual, most) - 1)[:, None]
    fitted = fit(
        frame.places.levels, seen, design, columns.deviations(scale), turnout, NOISE / size[seen], scale, 1.0,
    )  # fmt: skip
    areas = len(frame.places.areas)
    foretold = foretell(fitted, frame.places.levels, open_, usual * size[open_], areas)
    least = RATIO_MIN if known else UNSIZED_RATIO_MIN
    votes = usual * size[open_] * np.maximum(1 + foretold.responses[:, 0], least)
    return _sizes(frame, scale, usual, fitted, foretold, votes)


def _sizes(
    frame: Frame, scale: Scale, usual: float, fitted: Fitted, foretold: Foretold, votes: Floats
) -> Sizes:
    open_, size, areas = frame.open, frame.size[frame.open], len(frame.places.areas)
    held = frame.facts.valid[open_]
    most = frame.facts.ballots_max[open_]
    votes = np.maximum(np.where(most >= 0, np.minimum(votes, most), votes), held)
    area = frame.places.levels[0][open_]
    alone = np.bincount(area, (usual * size) ** 2 * (fitted.deviations.row + NOISE / size), areas)
    expected = scale.row**2 + sum(one**2 for one in scale.places[:3])
    known = fitted.deviations.row + float(fitted.deviations.places.sum())
    return Sizes(
        votes, fitted.spread[0] * (foretold.covariance + np.diag(alone)),
        float(fitted.spread[0] * max(known, expected)), np.asarray(np.bincount(area, usual * size, areas)), scale,
    )  # fmt: skip

"""Shares of the open rows from the election before and from places; their errors."""

from dataclasses import dataclass

import numpy as np

from tally.projection import tuning
from tally.projection.design import designed, explaining
from tally.projection.frame import Floats, Frame
from tally.projection.mixed import Fitted, fit, foretell, row_variances
from tally.projection.selection import Unlike, clustering, unlike
from tally.projection.sizes import Sizes, sized
from tally.projection.tuning import Scale

LEADER = 0.2
"""A share above which a selection counts as a leader: its expected share is then near `LEADER_SHARE`."""
LEADER_SHARE = 0.4


@dataclass(frozen=True)
class Regression:
    """Votes and shares of the open rows (open x selections), and how their errors covary.

    `swings`: of sums by area of votes x swing, areas x areas; times `between`, selections x selections.
    `turnouts`: of sums of votes by area. `rows`: the variance of each open row's shares, times `between`;
    `shared`: the part of it that all open rows have in common.
    """

    votes: Floats
    shares: Floats
    swings: Floats
    between: Floats
    turnouts: Floats
    rows: Floats
    shared: float
    unlike: Unlike

    def of_lead(self, one: int, other: int) -> float:
        """What variances are times for the lead of one selection over another."""
        return float(self.between[one, one] + self.between[other, other] - 2 * self.between[one, other])


def regressed(frame: Frame) -> Regression:
    """The regression on what is known. At least one row is seen and one open. Cost: see `mixed.fit`.

    Shares are modelled as swings from the election before where most rows have one, else as they are, each
    over the deviation a share of its size has from one ballot; so a row of n votes adds 1/n. The model of
    votes and that of shares are independent.
    """
    places, unit = frame.places, _unit(frame)
    scale = tuning.WITH_PREVIOUS if places.based else tuning.WITHOUT_PREVIOUS
    columns = explaining(frame)
    design = designed(frame, columns)
    sizes = sized(frame, columns, design)
    before = places.previous_shares if places.based else np.zeros_like(places.previous_shares)
    responses = (frame.shares - before[frame.seen]) / unit
    fitted = fit(
        places.levels, frame.seen, design, columns.deviations(scale), responses,
        1 / frame.facts.valid[frame.seen], scale, 1.0 if places.based else 3.0,
    )  # fmt: skip
    foretold = foretell(fitted, places.levels, frame.open, sizes.votes, len(places.areas))
    shares = np.maximum(foretold.responses * unit + before[frame.open], 0)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
    one, other = frame.leaders
    far = unlike(frame, columns, np.maximum(sizes.votes, 1e-9), responses[:, one] - responses[:, other])
    return _errors(frame, scale, sizes, fitted, foretold.covariance, shares, unit, far)


def _unit(frame: Frame) -> Floats:
    """The deviation of one ballot by selection: of shares drawn to what leaders have where few places are in."""
    valid = frame.facts.valid[frame.seen]
    share = valid @ frame.shares / valid.sum()
    coarse = next((level for level in frame.places.levels if level.max()), None)
    seen_places = max(len(frame.seen) / 20, 1) if coarse is None else len(np.unique(coarse[frame.seen]))
    usual = np.where(share > LEADER, LEADER_SHARE, share)
    share = (share * seen_places + usual * tuning.SHRINK_PLACES) / (seen_places + tuning.SHRINK_PLACES)
    return np.asarray(np.sqrt(np.maximum(share * (1 - share), 1e-4)))


def _errors(
    frame: Frame, scale: Scale, sizes: Sizes, fitted: Fitted, covariance: Floats, shares: Floats, unit: Floats,
    far: Unlike,
) -> Regression:  # fmt: skip
    votes, areas, area = sizes.votes, len(frame.places.areas), frame.places.levels[0][frame.open]
    by_area = np.bincount(area, votes, areas)
    known = fitted.deviations.row + float(fitted.deviations.places.sum())
    expected = scale.row**2 + sum(one**2 for one in scale.places[: min(3, len(frame.places.levels))])
    one, other = frame.leaders
    came = frame.facts.valid[frame.seen]
    seen_rows = float(came.sum() ** 2 / (came**2).sum())
    weighted = fitted.residuals / np.sqrt(fitted.deviations.row + 1 / came)[:, None]
    alike = clustering(frame, weighted[:, one] - weighted[:, other])
    common = far.variance(scale) * averaged(known, expected, far.places)
    common += fitted.deviations.row / seen_rows * (alike - 1)
    alone = np.bincount(area, votes**2 * (fitted.deviations.row + 1 / np.maximum(votes, 1)), areas)
    swings = covariance + np.diag(alone) + common * np.outer(by_area, by_area)
    deviations = np.sqrt(fitted.spread) * unit
    rows = row_variances(fitted, frame.places.levels, frame.open) + 1 / np.maximum(votes, 1) + common
    turnouts = sizes.covariance + np.outer(sizes.mass, sizes.mass) * far.variance(sizes.scale) * sizes.spread
    total = float(swings.sum() / max(votes.sum(), 1) ** 2)
    return Regression(
        votes, shares, swings, _between(weighted) * np.outer(deviations, deviations), turnouts,
        rows, total, far,
    )  # fmt: skip


def averaged(known: float, expected: float, places: int) -> float:
    """The variance of rows: as found, averaged with what was expected as places come in."""
    return (known * places + expected * tuning.WEIGHT_SPREAD) / (places + tuning.WEIGHT_SPREAD)


def _between(residuals: Floats) -> Floats:
    """Correlations of the residuals of selections."""
    products = residuals.T @ residuals / len(residuals) + 1e-9 * np.eye(residuals.shape[1])
    deviations = np.sqrt(np.diag(products))
    return np.asarray(products / np.outer(deviations, deviations))

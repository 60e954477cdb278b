"""A linear mixed model on a tree of places, many responses at once."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tally.projection import tuning
from tally.projection.frame import Floats, Ints
from tally.projection.grouped import Grouped, positions
from tally.projection.tuning import Scale


class Deviations(NamedTuple):
    """Variances: of the effects of places (finest level first), of a row, of the trend."""

    places: Floats
    row: float
    drift: float


class Design(NamedTuple):
    """Columns of every row, the last of them 1: `fixed` coefficients first, then the knots of the trend.

    `penalty`: the precision of the knots for a trend of variance 1.
    """

    columns: Floats
    fixed: int
    penalty: Floats


@dataclass(frozen=True)
class _Level:
    """What a level of places adds: sums of the columns and responses, of the weights, and the precision."""

    sums: Floats
    weights: Floats
    precision: Floats
    effects: Floats


@dataclass(frozen=True)
class Fitted:
    """A model fitted to the seen rows. `spread`: variance of each response in units of the deviations."""

    design: Design
    grouped: Grouped
    deviations: Deviations
    coefficients: Floats
    covariance: Floats
    spread: Floats
    residuals: Floats
    levels: list[_Level]


def fit(
    levels: tuple[Ints, ...], rows: Ints, design: Design, prior: Floats, responses: Floats, noise: Floats,
    scale: Scale, level_sd: float,
) -> Fitted:  # fmt: skip
    """Fit responses (rows x responses) of rows in the order of places.

    `noise`: the variance each row has besides that of rows, from its few ballots. `prior`: deviations of the
    fixed coefficients; `level_sd` that of the intercept. Variances are those of highest posterior density under
    a scaled inverse chi-squared prior, by expectation and maximisation on at most `SAMPLE_ROWS` rows; given
    them everything is linear. Cost: O(rows x columns x (columns + responses)), a pass a round.
    Source: Henderson 1975; Harville 1977; Dempster, Laird and Rubin 1977.
    """
    expected = _expected(scale, len(levels))
    some = _sample(levels[-1][rows])
    grouped = Grouped(levels, rows[some])
    at, of, rough = design.columns[rows[some]], responses[some], noise[some]
    known = expected
    for _ in range(tuning.ROUNDS - 1):
        known = _improved(_posterior(grouped, design, at, prior, of, rough, known, level_sd), expected, rough)
    if len(some) < len(rows):
        grouped = Grouped(levels, rows)
    return _posterior(grouped, design, design.columns[rows], prior, responses, noise, known, level_sd)


def _expected(scale: Scale, levels: int) -> Deviations:
    places = [scale.places[min(level, len(scale.places) - 1)] ** 2 for level in range(levels)]
    return Deviations(np.array(places[::-1]), scale.row**2, scale.drift**2)


def _sample(places: Ints) -> Ints:
    """Rows of every so many places, whole places at a time, where there are too many rows."""
    every = -(-len(places) // tuning.SAMPLE_ROWS)
    if every <= 1:
        return np.arange(len(places))
    number = np.cumsum(np.concatenate(([True], places[1:] != places[:-1])))
    return np.flatnonzero(number % every == 0)


def _posterior(
    grouped: Grouped, design: Design, columns: Floats, prior: Floats, responses: Floats, noise: Floats,
    known: Deviations, level_sd: float,
) -> Fitted:  # fmt: skip
    """Coefficients and effects for given variances: places are eliminated from the finest up.

    An eliminated place takes sums sums' / precision from the normal equations, and passes on what it says of
    the place around it, its sums shrunk by (1 / variance) / precision. So no place needs a matrix of its own.
    """
    both, width = np.concatenate((columns, responses), axis=1), columns.shape[1]
    weights = 1 / (known.row + noise)
    weighted = both * weights[:, None]
    normal = weighted.T @ both
    sums, total = grouped.sums(0, weighted), grouped.sums(0, weights)
    kept = []
    for depth, variance in enumerate(known.places):
        precision = total + 1 / variance
        normal -= sums.T @ (sums / precision[:, None])
        kept.append((sums, total, precision))
        if depth + 1 < len(known.places):
            shrunk = (1 / variance) / precision
            sums, total = (
                grouped.sums(depth + 1, sums * shrunk[:, None]),
                grouped.sums(depth + 1, total * shrunk),
            )
    within = normal[:width, :width] + _precision(design, prior, known.drift, level_sd)
    covariance = np.asarray(np.linalg.inv(within), dtype=np.float64)
    coefficients = covariance @ normal[:width, width:]
    left = np.diag(normal)[width:] - (normal[:width, width:] * coefficients).sum(axis=0)
    rows = len(responses)
    spread: Floats = np.asarray(np.maximum(left, 0) + tuning.WEIGHT_SCALE, dtype=np.float64) / (
        rows + tuning.WEIGHT_SCALE
    )
    levels, above = list[_Level](), None
    for depth in reversed(range(len(kept))):
        sums, total, precision = kept[depth]
        rest = sums[:, width:] - sums[:, :width] @ coefficients
        if above is not None:
            rest -= total[:, None] * above
        own = rest / precision[:, None]
        levels.append(_Level(sums[:, :width], total, precision, own))
        above = grouped.spread(depth, own if above is None else above + own)
    assert above is not None, "there is a level of places"
    residuals = np.asarray(responses - columns @ coefficients - above, dtype=np.float64)
    return Fitted(design, grouped, known, coefficients, covariance, spread, residuals, levels[::-1])


def _precision(design: Design, prior: Floats, drift: float, level_sd: float) -> Floats:
    width, knots = design.columns.shape[1], len(design.penalty)
    found = np.zeros((width, width))
    found[range(design.fixed), range(design.fixed)] = 1 / prior**2
    trend = slice(design.fixed, design.fixed + knots)
    found[trend, trend] = design.penalty / drift
    found[design.fixed, design.fixed] += 1e6  # the trend begins at 0: the intercept says where
    found[-1, -1] = 1 / level_sd**2
    return found


def _improved(fitted: Fitted, expected: Deviations, noise: Floats) -> Deviations:
    """Variances that make what was found more probable: expected squares, averaged with what was expected."""
    per = 1 / fitted.spread / len(fitted.spread)
    places = np.array([
        (
            float((level.effects**2 @ per).sum() + (1 / level.precision).sum())
            + tuning.WEIGHT_PLACES * before
        ) / (len(level.precision) + tuning.WEIGHT_PLACES)
        for level, before in zip(fitted.levels, expected.places, strict=True)
    ])  # fmt: skip
    row = fitted.deviations.row
    weights = 1 / (row + noise)
    squares = float(
        ((row * weights[:, None] * fitted.residuals) ** 2 @ per).sum() + (row - row * row * weights).sum()
    )
    knots = slice(fitted.design.fixed, fitted.design.fixed + len(fitted.design.penalty))
    trend, penalty = fitted.coefficients[knots], fitted.design.penalty
    bent = float(
        (trend * (penalty @ trend)).sum(axis=0) @ per + np.trace(penalty @ fitted.covariance[knots, knots])
    )
    return Deviations(
        places,
        (squares + tuning.WEIGHT_ROWS * expected.row) / (len(noise) + tuning.WEIGHT_ROWS),
        (bent + tuning.WEIGHT_DRIFT * expected.drift) / (len(penalty) - 1 + tuning.WEIGHT_DRIFT),
    )


@dataclass(frozen=True)
class Foretold:
    """What a fitted model says of rows not seen: responses by row; of weighted sums by area, the covariance."""

    responses: Floats
    covariance: Floats


def foretell(fitted: Fitted, levels: tuple[Ints, ...], rows: Ints, weights: Floats, areas: int) -> Foretold:
    """Responses of rows (in the order of places), and how the errors of their weighted sums by area covary.

    In units of `spread`, without what single rows add. The areas are the coarsest level. Cost: O(rows x columns).
    """
    grouped, depths = Grouped(levels, rows), len(levels)
    columns, area = fitted.design.columns[rows], levels[0][rows]
    leverage = np.stack([np.bincount(area, weights * column, areas) for column in columns.T], axis=1)
    own = np.zeros(areas)
    held, seen = grouped.sums(0, weights), list[Ints]()
    for depth in range(depths):
        level, variance = fitted.levels[depth], fitted.deviations.places[depth]
        where = positions(fitted.grouped.ids[depth], grouped.ids[depth])
        met = where >= 0
        precision = np.where(met, level.precision[where], 1 / variance)
        of = grouped.of_first(depth, area)
        own += np.bincount(of, held**2 / precision, areas)
        share = (held / precision)[met]
        for column, sums in enumerate(level.sums[where[met]].T):
            leverage[:, column] -= np.bincount(of[met], sums * share, areas)
        seen.append(where)
        if depth + 1 < depths:
            held = grouped.sums(depth + 1, held * (1 / variance) / precision)
    effects: Floats | None = None
    for depth in reversed(range(depths)):
        where = seen[depth]
        of_place = np.where((where >= 0)[:, None], fitted.levels[depth].effects[where], 0.0)
        effects = grouped.spread(depth, of_place if effects is None else effects + of_place)
    assert effects is not None, "there is a level of places"
    covariance = leverage @ fitted.covariance @ leverage.T + np.diag(own)
    return Foretold(columns @ fitted.coefficients + effects, covariance)


def row_variances(fitted: Fitted, levels: tuple[Ints, ...], rows: Ints) -> Floats:
    """The variance of each row's response around what is foretold, in units of `spread`, but for its few ballots.

    Given the coefficients: of the row itself and of its places, each place narrowed by what was seen in it.
    """
    grouped, depths = Grouped(levels, rows), len(levels)
    above: Floats | None = None
    for depth in reversed(range(depths)):
        level, variance = fitted.levels[depth], fitted.deviations.places[depth]
        where = positions(fitted.grouped.ids[depth], grouped.ids[depth])
        precision = np.where(where >= 0, level.precision[where], 1 / variance)
        own = 1 / precision
        if above is not None:
            own += ((1 / variance) / precision) ** 2 * above
        above = grouped.spread(depth, own)
    assert above is not None, "there is a level of places"
    return np.asarray(above + fitted.deviations.row)

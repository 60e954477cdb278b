"""The mixed model against the same model written down densely: one covariance matrix, one inverse."""

import numpy as np
import pytest

from tally.projection import mixed, tuning
from tally.projection.design import bending
from tally.projection.frame import Floats, Ints
from tally.projection.grouped import Grouped
from tally.projection.mixed import Design, Deviations

SEEDS = range(8)


def nested(chance: np.random.Generator, rows: int) -> tuple[Ints, Ints, Ints]:
    """Three levels of places, each nested in the one before, rows in their order."""
    fine = np.sort(chance.integers(0, 14, rows))
    fine = np.unique(fine, return_inverse=True)[1]
    middle = (fine // 3).astype(np.int64)
    return (middle // 2).astype(np.int64), middle, fine.astype(np.int64)


class Case:
    """A small problem, and everything about it from the joint covariance of all its responses."""

    def __init__(self, seed: int) -> None:
        chance = np.random.default_rng(seed)
        self.rows = 40
        self.levels = nested(chance, self.rows)
        self.seen = np.sort(chance.choice(self.rows, 26, replace=False))
        self.open = np.setdiff1d(np.arange(self.rows), self.seen)
        penalty = bending(np.array([0.0, 0.2, 0.5, 0.75, 1.0]))
        fixed = chance.normal(size=(self.rows, 2))
        knots = np.abs(chance.normal(size=(self.rows, 5)))
        self.design = Design(np.column_stack((fixed, knots, np.ones(self.rows))), 2, penalty)
        self.prior = np.array([0.4, 0.8])
        self.known = Deviations(np.array([0.05, 0.2, 0.3]), 0.1, 0.5)  # finest first
        self.noise = chance.uniform(0.01, 0.2, self.rows)
        self.responses = chance.normal(size=(len(self.seen), 2))
        self.weights = chance.uniform(1, 5, len(self.open))
        self.precision = mixed._precision(self.design, self.prior, self.known.drift, 2.0)

    def covariance(self) -> Floats:
        """Of all rows, coefficients and effects integrated out."""
        columns = self.design.columns
        found = columns @ np.linalg.inv(self.precision) @ columns.T + np.diag(self.known.row + self.noise)
        for level, variance in zip(reversed(self.levels), self.known.places, strict=True):
            found += variance * (level[:, None] == level[None, :])
        return np.asarray(found)

    def fitted(self) -> mixed.Fitted:
        return mixed._posterior(
            Grouped(self.levels, self.seen), self.design, self.design.columns[self.seen], self.prior,
            self.responses, self.noise[self.seen], self.known, 2.0,
        )  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_foretold_is_the_conditional_mean(seed: int) -> None:
    case = Case(seed)
    whole = case.covariance()
    seen, open_ = case.seen, case.open
    expected = whole[np.ix_(open_, seen)] @ np.linalg.solve(whole[np.ix_(seen, seen)], case.responses)
    found = mixed.foretell(case.fitted(), case.levels, open_, case.weights, int(case.levels[0].max()) + 1)
    np.testing.assert_allclose(found.responses, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_errors_of_sums_by_area_covary_as_they_should(seed: int) -> None:
    case = Case(seed)
    whole, seen, open_ = case.covariance(), case.seen, case.open
    cross = whole[np.ix_(open_, seen)]
    left = whole[np.ix_(open_, open_)] - cross @ np.linalg.solve(whole[np.ix_(seen, seen)], cross.T)
    left -= np.diag(case.known.row + case.noise[open_])  # what single rows add is told apart
    areas = int(case.levels[0].max()) + 1
    sums = np.zeros((areas, len(open_)))
    sums[case.levels[0][open_], np.arange(len(open_))] = case.weights
    found = mixed.foretell(case.fitted(), case.levels, open_, case.weights, areas)
    np.testing.assert_allclose(found.covariance, sums @ left @ sums.T, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_row_is_as_uncertain_as_its_places_and_itself(seed: int) -> None:
    case = Case(seed)
    given = case.covariance() - case.design.columns @ np.linalg.inv(case.precision) @ case.design.columns.T
    seen, open_ = case.seen, case.open
    cross = given[np.ix_(open_, seen)]
    left = given[np.ix_(open_, open_)] - cross @ np.linalg.solve(given[np.ix_(seen, seen)], cross.T)
    found = mixed.row_variances(case.fitted(), case.levels, open_)
    np.testing.assert_allclose(found, np.diag(left) - case.noise[open_], rtol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_round_makes_what_was_found_no_less_probable(seed: int) -> None:
    case = Case(seed)

    def log_density(known: Deviations) -> float:
        case.known = known
        case.precision = mixed._precision(case.design, case.prior, known.drift, 2.0)
        of_seen = case.covariance()[np.ix_(case.seen, case.seen)]
        fit = -np.linalg.slogdet(of_seen)[1] * case.responses.shape[1]
        fit -= float(np.sum(case.responses * np.linalg.solve(of_seen, case.responses)))
        prior = 0.0
        pairs = [(v, e, tuning.WEIGHT_PLACES) for v, e in zip(known.places, expected.places, strict=True)]
        pairs += [
            (known.row, expected.row, tuning.WEIGHT_ROWS),
            (known.drift, expected.drift, tuning.WEIGHT_DRIFT),
        ]
        for value, usual, worth in pairs:
            prior -= worth * (np.log(value) + usual / value)
        return float(fit + case.responses.shape[1] * prior)

    expected = known = case.known
    before = log_density(known)
    for _ in range(4):
        fitted = case.fitted()
        fitted = mixed.Fitted(
            fitted.design, fitted.grouped, fitted.deviations, fitted.coefficients, fitted.covariance,
            np.ones(2), fitted.residuals, fitted.levels,
        )  # fmt: skip  # spread is a scale of its own; here responses have the deviations' own
        known = mixed._improved(fitted, expected, case.noise[case.seen])
        after = log_density(known)
        # Effects' and places' variances are updated given the coefficients, so a step may lose a little.
        assert after >= before - 0.05 * abs(before), (before, after)
        before = max(before, after)


def test_sums_go_up_the_tree_as_they_are() -> None:
    levels = nested(np.random.default_rng(3), 30)
    grouped = Grouped(levels, np.arange(30))
    values = np.arange(30.0)
    for depth, level in enumerate(reversed(levels)):
        values = grouped.sums(depth, values)
        np.testing.assert_allclose(values, np.bincount(level, np.arange(30.0)))
    np.testing.assert_allclose(grouped.spread(0, np.arange(float(levels[2].max() + 1))), levels[2])


def test_a_straight_trend_costs_only_its_slope() -> None:
    knots = np.array([0.0, 0.1, 0.4, 0.7, 1.0])
    penalty = bending(knots)
    assert knots @ penalty @ knots == pytest.approx(1 / tuning.SLOPE)
    assert np.ones(5) @ penalty @ np.ones(5) == pytest.approx(0)
    bent = np.array([0.0, 0.1, 0.4, 0.1, -0.2])
    assert bent @ penalty @ bent > knots @ penalty @ knots

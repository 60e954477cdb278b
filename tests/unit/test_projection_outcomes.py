"""Outcomes of draws against the rules that decide, on whole votes; estimators and weights; the live record."""

from typing import Any

import numpy as np
import pytest

from tally.instance import Instance, parse
from tally.projection.ensemble import LEAST_OF_REGRESSION, weighed
from tally.projection.estimators import ESTIMATORS
from tally.projection.frame import Frame, Ints
from tally.projection.outcomes import outcomes
from tally.projection.projector import Projection, Projector
from tally.projection.record import LEVELS, NORMAL, Kept, Record, scored
from tally.projection.regression import regressed
from tally.rules import RULES
from tests.unit.projection_cases import facts, made, shuffled

RULES_CHECKED: dict[str, dict[str, Any]] = {
    "plurality": {"seats": 2},
    "two_round": {"alternatives": [{"share": [1, 2], "share_strict": True}, {"share": [2, 5], "margin": [1, 10]}]},
    "highest_averages": {"seats": 9, "divisors": "sainte_lague", "threshold": {"fraction": [1, 20], "strict": False}},
    "largest_remainder": {"seats": 7, "quota": "hare"},
}  # fmt: skip


def decided(rule: str, votes: Ints) -> dict[str, object]:
    """What the rule that decides says of final votes."""
    names = list("abcd")
    instance = parse({
        "rule": rule, "candidates": names, "params": RULES_CHECKED[rule],
        "units": [{"id": "u", "counted": votes.tolist(), "outstanding": 0}],
    })  # fmt: skip
    assert isinstance(instance, Instance), instance
    return dict(RULES[rule].verdict(instance.completions, instance.params, tuple(names)))


@pytest.mark.parametrize("rule", RULES_CHECKED)
def test_a_draw_ends_as_the_rule_that_decides_says(rule: str) -> None:
    chance = np.random.default_rng(8)
    told = 0
    for _ in range(150):
        votes = chance.integers(1, 400, 4)
        votes[chance.integers(0, 4)] *= 3
        found = outcomes(
            {"type": rule} | RULES_CHECKED[rule],
            votes[None, None].astype(float),
            np.ones(4, bool),
            np.ones(1),
        )
        verdict = decided(rule, votes)
        if found.seats is not None:
            if verdict["allocation_certain"]:
                assert found.seats[0].tolist() == verdict["min_seats"], votes
                told += 1
        elif rule == "plurality":
            if verdict["outcome_certain"]:
                assert [name for name, c in zip("abcd", found.chances, strict=True) if c == 1] == verdict[
                    "elected"
                ]
                told += 1
        else:
            certain = verdict["outright_certain"]
            assert [name for name, c in zip("abcd", found.chances, strict=True) if c == 1] == certain
            assert found.runoff == float(not certain)
            told += bool(certain) + bool(verdict["runoff_certain"])
    assert told > 100


def test_every_estimator_tells_shares() -> None:
    night = made(21)
    frame = Frame(night.places, facts(night, shuffled(night), 120))
    regression = regressed(frame)
    assert set(ESTIMATORS) == {"regression", "uniform-swing", "swing-by-place", "counted-share"}
    for estimator in ESTIMATORS.values():
        shares = estimator.shares(frame, regression)
        assert shares is not None
        np.testing.assert_allclose(shares.sum(axis=1), 1)
        assert (shares >= 0).all()


def test_without_an_election_before_there_is_no_uniform_swing() -> None:
    night = made(21, previous=False)
    frame = Frame(night.places, facts(night, shuffled(night), 120))
    assert ESTIMATORS["uniform-swing"].shares(frame, regressed(frame)) is None


def test_the_regression_beats_what_a_reader_does_in_their_head() -> None:
    better = 0
    for seed in range(12):
        night = made(seed + 100)
        order = np.arange(len(night.votes))  # area after area
        frame = Frame(night.places, facts(night, order, 120))
        regression = regressed(frame)
        final = night.votes[frame.open]
        errors = {}
        for name, estimator in ESTIMATORS.items():
            shares = estimator.shares(frame, regression)
            assert shares is not None
            truth = final / final.sum(axis=1, keepdims=True)
            errors[name] = float(np.abs(shares - truth).mean())
        better += errors["regression"] < errors["counted-share"]
    assert better == 12


def test_weights_follow_errors_and_keep_half_for_the_regression() -> None:
    trust = {"regression": 0.85, "uniform-swing": 0.05, "counted-share": 0.1}
    assert weighed(trust, {})["regression"] == pytest.approx(0.85)
    liked = weighed(trust, {"regression": 1e-3, "uniform-swing": 1e-6, "counted-share": 1e-2})
    assert liked["uniform-swing"] > trust["uniform-swing"] > liked["counted-share"] * 0.5
    assert liked["regression"] >= LEAST_OF_REGRESSION
    worst = weighed(trust, {"regression": 1.0, "uniform-swing": 1e-6, "counted-share": 1e-6})
    assert worst["regression"] == LEAST_OF_REGRESSION
    assert sum(worst.values()) == pytest.approx(1)


def kept(rows: int, deviation: float) -> Kept:
    each = {"regression": np.zeros(rows)}
    return Kept(np.arange(rows), 0, 1, np.zeros(rows), np.full(rows, deviation), 1e-6, each)


def reported(rows: int, spread: float, seed: int) -> Ints:
    lead = np.clip(np.random.default_rng(seed).normal(0, spread, rows), -0.9, 0.9)
    first = np.round(5_000 * (1 + lead)).astype(np.int64)
    return np.stack((first, 10_000 - first), axis=1)


def test_a_record_of_good_predictions_widens_nothing() -> None:
    record = Record()
    for seed in range(20):
        record = scored(record, kept(100, 0.1), reported(100, 0.1, seed), np.ones(100, bool))
    coverage = record.coverage()
    assert coverage is not None
    for level in LEVELS:
        assert abs(coverage[level] - level / 100) < 0.03
        assert record.widening(level) < 1.15


@pytest.mark.parametrize("level", LEVELS)
def test_too_narrow_intervals_widen_until_they_are_right(level: int) -> None:
    record = Record()
    for seed in range(20):
        record = scored(record, kept(100, 0.05), reported(100, 0.1, seed), np.ones(100, bool))
    factor = record.widening(level)
    off = np.abs(np.random.default_rng(99).normal(0, 0.1, 20_000)) / 0.05
    assert abs((off <= factor * NORMAL[level]).mean() - level / 100) < 0.03


def test_blocks_that_miss_together_widen_too() -> None:
    record = Record()
    for seed in range(15):
        votes = reported(60, 0.02, seed)
        votes[:, 0] += 600  # every row three points to one side: inside its own interval, not as a block
        record = scored(record, kept(60, 0.1), votes, np.ones(60, bool))
    assert record.coverage() is not None
    assert record.widening(90) > 1.3


def test_rows_that_say_nothing_are_not_scored() -> None:
    record = scored(Record(), kept(50, 0.1), np.zeros((50, 2), dtype=np.int64), np.ones(50, bool))
    assert record.scored == 0
    assert record.coverage() is None
    assert scored(Record(), kept(50, 0.1), reported(50, 0.1, 1), np.zeros(50, bool)).scored == 0


def test_each_row_is_scored_once_when_it_reports() -> None:
    night = made(22)
    projector, order = Projector(night.places, {"type": "plurality"}), shuffled(night)
    for rows_in in (60, 60, 200, 360):
        found = projector.update(facts(night, order, rows_in))
        assert isinstance(found, Projection)
    assert projector.record.scored == 300
    assert found.record.coverage() is not None

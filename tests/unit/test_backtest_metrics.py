"""How good projections were, in numbers worked out by hand."""

import math

import pytest

from deploy.backtest import metrics
from deploy.backtest.metrics import Interval
from deploy.backtest.runs import Cell
from deploy.backtest.summary import summaries, summary

HELD, MISSED = Interval(5, 5, 0, 10), Interval(12, 5, 0, 10)


def test_an_interval_holds_its_ends_and_knows_when_it_is_crossed():
    assert Interval(10, 5, 0, 10).held
    assert not MISSED.held
    assert (HELD.width, HELD.crossed) == (10, False)
    assert Interval(5, 5, 6, 4).crossed
    assert metrics.coverage([HELD, MISSED, HELD, HELD]) == 0.75
    assert math.isnan(metrics.coverage([]))


def test_the_interval_score_is_width_and_what_a_miss_costs():
    assert metrics.interval_score(HELD, 90) == 10
    assert metrics.interval_score(MISSED, 90) == pytest.approx(10 + 20 * 2)
    assert metrics.interval_score(MISSED, 50) == pytest.approx(10 + 4 * 2)
    assert metrics.interval_score(Interval(-3, 5, 0, 10), 95) == pytest.approx(10 + 40 * 3)


def test_brier_counts_what_the_winner_was_denied():
    assert metrics.brier([1.0, 0.5, 0.0]) == pytest.approx((0 + 0.25 + 1) / 3)


def test_clusters_are_the_sample_not_their_members():
    few = metrics.clustered({"a": [1.0] * 1_000 + [0.0] * 250, "b": [0.9], "c": [1.0]})
    assert (few.mean, few.clusters) == (pytest.approx(0.9), 3)
    assert few.half == pytest.approx(4.302653 * 0.1 / math.sqrt(3), rel=1e-6)  # t of 2 degrees of freedom
    alone = metrics.clustered({"a": [0.0, 1.0], "b": []})
    assert (alone.mean, alone.half, alone.clusters) == (0.5, None, 1)


def test_a_call_counts_from_where_it_stays():
    assert metrics.first_staying([(1, True), (5, False), (10, True), (25, True)]) == 10
    assert metrics.first_staying([(1, True), (5, True)]) == 1
    assert metrics.first_staying([(1, True), (5, False)]) is None


def test_what_was_announced_and_did_not_come_to_be_is_a_reversal():
    assert metrics.announced({"ann": 0.994, "bo": 0.006}) is None
    assert metrics.announced({"ann": 0.005, "bo": 0.995}) == "bo"
    assert metrics.reversals([None, "ann", None, "ann"], "ann") == 0
    assert metrics.reversals([None, "ann", None], "bo") == 1
    assert metrics.reversals(["ann", "bo", "ann"], "ann") == 2
    assert metrics.reversals([None], "ann") == 0


def cell(checkpoint: int, answer: str = "projected", **more) -> Cell:
    return Cell("night", "mayor", "random", 0, checkpoint, 200, answer, 0.5, **more)


def wide(truth: float, low: float, high: float) -> dict:
    levels = {level: Interval(truth, (low + high) / 2, low, high) for level in (50, 80, 90, 95)}
    return {"ann": levels}


def test_a_group_of_updates_comes_to_one_row_crashes_too():
    cells = [
        cell(1, "too-early", why="few-rows", certain_at=97.5),
        cell(10, shares=wide(0.6, 0.4, 0.5), lead=(0.2, 0.1), chance=0.5, outcome="ann", certain_at=97.5),
        cell(50, shares=wide(0.6, 0.5, 0.7), lead=(0.2, 0.22), chance=1.0, announced="ann", outcome="ann", certain_at=97.5),
        cell(90, "crashed", why="ValueError: x", certain_at=97.5),
    ]  # fmt: skip
    row = summary("all", cells)
    assert (row.cells, row.crashed, row.early, row.crossed) == (4, 1, 1, 0)
    assert row.coverage == dict.fromkeys((50, 80, 90, 95), 0.5)
    assert row.width == pytest.approx((10 + 20) / 2)
    assert row.score == pytest.approx((10 + 20 * 10 + 20) / 2)
    assert row.lead == pytest.approx((10 + 2) / 2)
    assert row.brier == pytest.approx(0.125)
    assert row.said_at == 100, "at the last checkpoint nothing was said"
    assert row.certain_at == 97.5
    assert (row.reversals, row.runs) == (0, 1)
    assert row.seconds[0] == 0.5
    groups = summaries(cells, ("file", "random"))
    assert [one.name for one in groups["order"]] == ["random"]
    assert [one.name for one in groups["share in"]] == ["1 %", "10 %", "50 %", "90 %"]
    assert summary("all", cells[:3]).said_at == 50

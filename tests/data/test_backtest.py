"""Projections on two past nights in every order: loose ratios that a broken estimator does not keep."""

import pytest

from deploy.backtest.cases import cases_of
from deploy.backtest.orders import ORDERS
from deploy.backtest.runs import PROJECTED
from deploy.backtest.summary import summaries
from deploy.backtest.work import done, tasks_of
from ingest.replay import load
from tests.data.where import published

CHECKPOINTS = (10, 50, 90)
NIGHTS = ("venezuela_2013", "bolivia_2020")


@pytest.fixture(scope="module")
def cells():
    found = []
    for name in NIGHTS:
        cases = list(cases_of(load(published(name), 10_000, previous=True), 3))
        for some, _ in done(cases, CHECKPOINTS, None, tasks_of(cases, tuple(ORDERS), 1), 1):
            found += some
    return found


def test_nine_in_ten_holds_loosely_in_every_order(cells):
    rows = summaries(cells, tuple(ORDERS))["order"]
    assert [row.name for row in rows] == list(ORDERS)
    for row in rows:
        assert row.coverage[90] > 0.75, row
        assert row.coverage[50] < row.coverage[95], row


def test_nothing_is_crossed_and_nothing_crashes(cells):
    assert {cell.answer for cell in cells} == {PROJECTED}
    assert summaries(cells, tuple(ORDERS))[""][0].crossed == 0


def test_more_rows_say_more(cells):
    widths = [row.width for row in summaries(cells, tuple(ORDERS))["share in"]]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 3 * widths[-1]


def test_venezuela_has_the_election_before_and_is_certain_only_late(cells):
    whole = [cell for cell in cells if cell.case == "ve-pres-2013"]
    assert {cell.outcome for cell in whole} == {"maduro"}
    assert all(98 < cell.certain_at < 100 for cell in whole)

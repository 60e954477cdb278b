"""Orders, cases and proofs of a past night, on nights small enough to count by hand."""

from dataclasses import replace

import numpy as np
import pytest

from deploy.backtest.cases import Case, cases_of, final_reports
from deploy.backtest.certainty import certain
from deploy.backtest.orders import ORDERS, Rows, order_of
from deploy.backtest.runs import Task, certain_at, moments, run
from deploy.backtest.strata import evenly, taken
from ingest.night.night import Night, TimedBatch
from tally.model import FORMAT, Bound, Contest, Definition, Election, Selection, Unit
from tally.projection.frame import Places
from tally.report import CountBatch, CountReport

NAN = float("nan")
AREA = np.array([0, 0, 1, 1, 2, 2, 3, 4])
VOTES = np.array([[9, 1], [5, 5], [4, 6], [1, 9], [6, 4], [3, 7], [8, 2], [10, 0]])
PLACES = Places(
    ("ann", "bo"), np.array([True, True]), np.array([50.0, 40.0, 30.0, 20.0, 10.0, 60.0, 70.0, 5.0]), None,
    (np.zeros(8, dtype=np.int64), AREA), ("",), np.zeros(8, dtype=np.int64),
)  # fmt: skip
CAME = np.array([8, 1, 2, 3, 4, 5, 6, 7])


def order(name: str, seed: int = 0, places: Places = PLACES) -> list[int]:
    return order_of(name, Rows(places, VOTES, CAME, AREA), seed).tolist()


def test_every_order_has_every_row_once_and_comes_back_with_its_seed():
    for name in ORDERS:
        assert sorted(order(name)) == list(range(8))
        assert order(name, 3) == order(name, 3)
    assert len({tuple(order("random", seed)) for seed in range(5)}) > 1


def test_file_is_the_order_rows_came_in():
    assert order("file") == [1, 2, 3, 4, 5, 6, 7, 0]


def test_small_first_goes_by_what_is_known_beforehand():
    assert order("small-first") == [7, 4, 3, 2, 1, 0, 5, 6]
    unknown = replace(PLACES, size=np.full(8, NAN), levels=(np.array([0, 0, 0, 0, 0, 0, 1, 1]),))
    assert set(order("small-first", places=unknown)[:2]) == {6, 7}, "places with fewest rows first"


def test_blocks_are_whole_areas():
    for seed in range(5):
        areas = AREA[order("region-blocks", seed)]
        assert 1 + (np.diff(areas) != 0).sum() == 5, areas


def test_lean_sorted_begins_where_the_second_is_strong():
    """Ann leads in the end: rows go from bo's last places to hers, in the election before where there is one."""
    before = np.array([[1.0, 9], [2, 8], [3, 7], [9, 1], [8, 2], [7, 3], [NAN, NAN], [6, 4]])
    by_before = order("lean-sorted", places=replace(PLACES, previous=before))
    assert by_before == [0, 1, 2, 6, 7, 5, 4, 3], "no match: as if even"
    place = np.repeat([0, 1], 4)
    votes = np.where(np.arange(8)[:, None] < 4, [[9, 1]], [[2, 8]]) * [[1, 1]] * 8
    votes[0] = [99, 1]
    places = replace(PLACES, levels=(np.tile(place, 2),), size=np.ones(16), kind=np.zeros(16, dtype=np.int64))
    found = order_of(
        "lean-sorted", Rows(places, np.concatenate((votes, votes)), np.arange(16), np.tile(place, 2)), 0
    )
    assert set(found[:8].tolist()) == {4, 5, 6, 7, 12, 13, 14, 15}


def test_evenly_takes_the_largest_and_some_of_every_size():
    assert evenly(np.array([500, 90, 400, 300, 200]), 150, 2) == [0, 3]
    assert evenly(np.array([500, 90, 400]), 150, 8) == [0, 2]
    assert evenly(np.array([500]), 150, 0) == []


def test_places_of_some_rows_are_numbered_anew():
    some = taken(replace(PLACES, levels=(AREA,), areas=tuple("abcde")), np.array([2, 3, 7]))
    assert some.areas == ("b", "e")
    assert some.levels[0].tolist() == [0, 0, 1]


UNITS = 8
DEFINITION = Definition(
    FORMAT,
    Election("village", "A village", is_test=True),
    (Unit("v"), *(Unit(f"v-{n}", parent="v", voters_registered=10) for n in range(UNITS))),
    (Contest("mayor", (Selection("ann"), Selection("bo")), {"type": "plurality", "seats": 1},
             bound=Bound("registered", hard=True)),),
)  # fmt: skip


def report(unit: int, revision: int, *counts: int) -> CountReport:
    named = dict(zip(("ann", "bo"), counts, strict=True)) if counts else None
    status = "completed" if counts else "not-processed"
    return CountReport(
        f"v-{unit}", "mayor", revision, status, named, sum(counts), reason=None if counts else "x"
    )


def night() -> Night:
    """Every unit but the last gives ann 7 and bo 1; one comes, goes and comes back; the last goes for good."""
    reports = [report(unit, 1, 7, 1) for unit in range(UNITS)]
    reports += [report(0, 2), report(UNITS - 1, 2), report(0, 3, 6, 2)]
    batches = tuple(
        TimedBatch(None, CountBatch("village", f"b-{n}", "hall", (one,), is_test=True))
        for n, one in enumerate(reports)
    )
    return Night("village", DEFINITION, batches)


def case() -> Case:
    return next(cases_of(night(), 8))


def test_a_row_closes_with_its_last_report_and_one_withdrawn_never():
    finals = final_reports(night())["mayor"]
    assert ("v-7", "total") not in finals
    assert finals["v-0", "total"].place == 11
    found = case()
    assert found.votes.tolist() == [[6, 2]] + [[7, 1]] * 6
    assert np.argsort(found.came).tolist() == [1, 2, 3, 4, 5, 6, 0]
    assert found.most.tolist() == [10] * 7


@pytest.mark.parametrize(("closed", "sure"), [(4, False), (5, False), (6, True)])
def test_certain_is_the_rules_own_word_on_what_is_still_out(closed, sure):
    """After n rows of 7 to 1 the lead is 6n, and 10 voters each are out at the others and the one never in."""
    found = case()
    assert found.hard is not None
    which = np.arange(1, 8) <= closed
    votes = np.array([7, 1]) * closed
    assert certain(found.hard, votes, which) == (6 * closed > 10 * (8 - closed)) == sure


def test_certain_at_is_the_first_share_that_does():
    found = case()
    assert found.hard is not None
    at = certain_at(found, found.hard, found.order("file", 0))
    assert at == pytest.approx(100 * 6 / 7)


def test_a_moment_knows_the_first_rows_and_nothing_of_the_others():
    found = case()
    one, other = moments(found, np.array([6, 5, 4, 3, 2, 1, 0]), (30, 99))
    assert one.closed.tolist() == [False] * 5 + [True] * 2
    assert one.facts.votes.sum() == 16
    assert one.facts.arrived.tolist() == [-1] * 5 + [1, 0]
    assert other.closed.sum() == 6
    cells = run(found, Task(0, "file", 0), (30, 99))
    assert [cell.answer for cell in cells] == ["too-early", "too-early"]
    assert cells[0].certain_at == pytest.approx(100 * 6 / 7)

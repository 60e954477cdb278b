"""What may still come, as values: ballots' forms, masks, and the sums over units in doubt."""

import pytest

from tally.completions import ALL, BallotForm, Completions, Group, ModalUnit, Pool, mask_of
from tally.field import survey
from tally.reach import forced, limits, reach, spend


@pytest.mark.parametrize(
    ("form", "marks"),
    [
        (BallotForm(), [0, 1, 1, 1]),
        (BallotForm("choose", 2), [0, 1, 2, 2]),
        (BallotForm("cumulative", 3), [0, 3, 3, 3]),
        (BallotForm("score", 5), [0, 5, 10, 15]),
    ],
)
def test_a_ballot_gives_a_set_of_selections_at_most(form: BallotForm, marks: list[int]) -> None:
    assert [form.marks_max(number) for number in range(4)] == marks


def test_votes_counted_include_units_in_doubt() -> None:
    unit = ModalUnit((3, 4), annullable=True)
    assert Completions((10, 20), modal=(unit, unit)).votes_counted() == [16, 28]


def test_contenders_are_the_electable_in_order() -> None:
    assert Completions((0, 0, 0)).contenders() == [0, 1, 2]
    assert Completions((0, 0, 0), electable=mask_of([2, 0])).contenders() == [0, 2]
    assert ALL & mask_of([0, 1, 2]) == 0b111


POOLS = (Pool(10), Pool(4, parent=0))


def test_a_group_is_bounded_by_every_pool_around_it() -> None:
    groups = (Group(ALL, 100, pool=1), Group(ALL, None, pool=0), Group(ALL, None), Group(ALL, 3, pool=1))
    assert limits(groups, POOLS) == [4, 10, None, 3]
    assert limits(groups, ()) == [100, None, None, 3]


def test_spending_fills_inner_pools_within_outer_ones() -> None:
    groups = (Group(0b01, 9, pool=1), Group(0b10, 9, pool=0), Group(0b11, 2, 2, pool=1))
    assert spend(groups, POOLS, [0, 1]) == [2, 6, 2]
    assert spend(groups, POOLS, [1, 0]) == [0, 8, 2]


def test_reach_is_the_most_votes_and_none_where_nobody_knows() -> None:
    groups = (Group(0b011, 5), Group(0b110, 7, pool=1), Group(0b100, None))
    assert reach(Completions((0, 0, 0), groups, BallotForm("cumulative", 2), POOLS)) == [10, 18, None]


def test_only_a_ballot_with_one_selection_that_may_not_be_blank_is_sure() -> None:
    groups = (Group(0b001, 5, 2), Group(0b110, 7, 3), Group(0b100, 4, 0))
    assert forced(Completions((0, 0, 0), groups, BallotForm(blank=False))) == [2, 0, 0]
    assert forced(Completions((0, 0, 0), groups)) == [0, 0, 0]


def test_a_survey_of_units_in_doubt_is_a_programming_error() -> None:
    with pytest.raises(AssertionError):
        survey(Completions((0,), modal=(ModalUnit((0,)),)))

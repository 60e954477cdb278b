"""The least slack of one inequality: forms of ballot, caps, modes; it never falls as votes come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally import modes
from tally.assertion import Assertion, Least, least
from tally.completions import BallotForm, Completions, Group, ModalUnit, Pool

LEAD = Assertion((1, -1, 0))


def slack(completions: Completions, assertion: Assertion = LEAD) -> int | None:
    return least(assertion, completions).slack


@pytest.mark.parametrize(
    ("form", "weights", "expected"),
    [
        (BallotForm(), (2, -1, -3), 20 - 5 * 3),
        (BallotForm("choose", 2), (2, -1, -3), 20 - 5 * 4),
        (BallotForm("cumulative", 2), (2, -1, -3), 20 - 5 * 6),
        (BallotForm("score", 2), (2, -1, -3), 20 - 5 * 8),
        (BallotForm(), (2, 1, 3), 20),
    ],
)
def test_each_ballot_takes_what_its_form_allows(
    form: BallotForm, weights: tuple[int, ...], expected: int
) -> None:
    assert slack(Completions((10, 0, 0), (Group(ballots_max=5),), form), Assertion(weights)) == expected


def test_ballots_in_the_box_that_may_not_be_blank_must_add() -> None:
    group = Group(0b001, 9, 4)
    assert slack(Completions((0, 0, 0), (group,), BallotForm(blank=False))) == 4
    assert slack(Completions((0, 0, 0), (group,))) == 0


def test_a_joint_cap_goes_to_the_heaviest_ballots_first() -> None:
    groups = (Group(0b010, 5, pool=0), Group(0b100, 5, pool=0))
    completions = Completions((0, 0, 0), groups, BallotForm(), (Pool(6),))
    assert slack(completions, Assertion((0, -3, -1))) == -3 * 5 - 1


def test_no_bound_no_slack_unless_the_ballots_do_not_matter() -> None:
    assert slack(Completions((9, 0, 0), (Group(0b010, None),))) is None
    assert slack(Completions((9, 0, 0), (Group(0b100, None),))) == 9
    assert slack(Completions((9, 0, 0), (Group(0b010, None, pool=0),), pools=(Pool(4),))) == 5
    assert slack(Completions((9, 0, 0), modal=(ModalUnit((0, 0, 0), None, annullable=True),))) is None


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (ModalUnit((7, 1, 0), 2), 4),
        (ModalUnit((7, 1, 0), 2, annullable=True), 0),
        (ModalUnit((7, 1, 0), 2, revote=3), -3),
        (ModalUnit((7, 1, 0), 2, revisable=2), 0),
        (ModalUnit((1, 7, 0), 2, annullable=True), -8),
        (ModalUnit((1, 7, 0), 2, revisable=3), -8 - 1 - 3),
    ],
)
def test_a_unit_in_doubt_takes_its_worst_mode(unit: ModalUnit, expected: int) -> None:
    assert slack(Completions((0, 0, 0), modal=(unit,))) == expected


def test_at_most_so_many_units_change() -> None:
    units = tuple(ModalUnit((gain, 0, 0), annullable=True) for gain in (5, 3, 2))
    found = [slack(Completions((0, 0, 0), modal=units, annulled_max=most)) for most in (0, 1, 2, 3, None)]
    assert found == [10, 5, 2, 0, 0]


def test_annulling_a_unit_frees_room_in_its_pool() -> None:
    unit = ModalUnit((4, 0, 0), 3, on_ballot=0b010, pool=0, annullable=True)
    other = Group(0b010, 3, pool=0)
    assert slack(Completions((0, 0, 0), (other,), BallotForm(), (Pool(3),), (unit,))) == -3
    assert slack(Completions((0, 0, 0), (), BallotForm(), (Pool(3),), (unit,))) == 0


def test_out_of_budget_the_slack_is_a_lower_bound_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    units = tuple(ModalUnit((4, 0, 0), 3, on_ballot=0b010, pool=0, annullable=True) for _ in range(6))
    completions = Completions((9, 0, 0), (), BallotForm(), (Pool(8),), units)
    exact = least(LEAD, completions)
    monkeypatch.setattr(modes, "NODES_MAX", 1)
    bound = least(LEAD, completions)
    assert exact.exact
    assert not bound.exact
    assert bound.slack is not None
    assert exact.slack is not None
    assert bound.slack <= exact.slack


def test_more_than_and_at_least_differ_at_nought() -> None:
    assert not Least(3, -3).holds(strict=True)
    assert Least(3, -3).holds(strict=False)
    assert not Least(3, None).holds(strict=False)


numbers = st.integers(0, 1_000)


@st.composite
def standings(draw: st.DrawFn) -> tuple[Completions, Assertion]:
    """Four selections, two styles, one of them in a pool."""
    counted = tuple(draw(st.lists(numbers, min_size=4, max_size=4)))
    groups = (
        Group(draw(st.integers(0, 15)), draw(st.integers(1, 500))),
        Group(draw(st.integers(0, 15)), draw(st.integers(1, 500)), pool=0),
    )
    kinds = [BallotForm(), BallotForm("choose", 2), BallotForm("cumulative", 2), BallotForm("score", 3)]
    pools = (Pool(draw(st.integers(1, 600))),)
    weights = tuple(draw(st.lists(st.integers(-5, 5), min_size=4, max_size=4)))
    form = draw(st.sampled_from(kinds))
    return Completions(counted, groups, form, pools), Assertion(weights, draw(st.integers(-50, 50)))


def reported(completions: Completions, ballots: int, selection: int) -> Completions:
    """The completions left once so many ballots of the first group have named that selection."""
    first, *rest = completions.groups
    ballots = min(ballots, first.ballots_max or 0)
    counted = list(completions.counted)
    if first.on_ballot >> selection & 1:
        counted[selection] += ballots
    left = Group(first.on_ballot, (first.ballots_max or 0) - ballots)
    return Completions(tuple(counted), (left, *rest), completions.ballot, completions.pools)


@given(standings(), numbers, st.integers(0, 3))
def test_a_report_never_lowers_the_slack(
    given_: tuple[Completions, Assertion], ballots: int, selection: int
) -> None:
    completions, assertion = given_
    before, after = slack(completions, assertion), slack(reported(completions, ballots, selection), assertion)
    assert before is not None
    assert after is not None
    assert after >= before


@given(standings(), st.permutations(range(4)))
def test_renaming_selections_changes_nothing(given_: tuple[Completions, Assertion], order: list[int]) -> None:
    completions, assertion = given_
    moved = Completions(
        tuple(completions.counted[j] for j in order),
        tuple(
            Group(
                sum((g.on_ballot >> j & 1) << place for place, j in enumerate(order)),
                g.ballots_max,
                0,
                g.pool,
            )
            for g in completions.groups
        ),
        completions.ballot,
        completions.pools,
    )
    weights = Assertion(tuple(assertion.a[j] for j in order), assertion.c)
    assert slack(moved, weights) == slack(completions, assertion)

"""Mistakes that are easy to make about an irreversible outcome, each with the case that shows it."""

import pytest

from tally.completions import BallotForm, Completions, Group, ModalUnit
from tally.instance import decide
from tally.rules import plurality
from tally.rules.plurality import Params


def elected(completions: Completions, seats: int = 1) -> list[int]:
    found = plurality.claims(completions, Params(seats))
    return [claim.who[0] for claim in found if claim.kind == "elected" and claim.irreversible]


def eliminated(completions: Completions, seats: int = 1) -> list[int]:
    found = plurality.claims(completions, Params(seats))
    return [claim.who[0] for claim in found if claim.kind == "eliminated" and claim.irreversible]


def outstanding(ballots: int | None) -> tuple[Group, ...]:
    return (Group(ballots_max=ballots),)


def test_p1_the_lead_over_the_next_after_the_last_seat_is_late() -> None:
    # Two seats, one ballot: both rivals would need it, so the leader is in although the lead is not above 1.
    assert elected(Completions((1, 0, 0), outstanding(1)), seats=2) == [0]


def test_p2_several_marks_let_rivals_rise_on_the_same_ballots() -> None:
    completions = Completions((2, 0, 0), outstanding(2), BallotForm("choose", 2))
    assert elected(completions, seats=2) == []
    assert elected(Completions((2, 0, 0), outstanding(2)), seats=2) == [0]


def test_p11_a_unit_is_annulled_or_brings_its_ballots_but_not_both() -> None:
    unit = ModalUnit((5, 0), ballots_max=3, annullable=True)
    assert elected(Completions((1, 0), modal=(unit,))) == [0]


def test_p12_elimination_under_dispute_is_not_rival_by_rival() -> None:
    # Kept, the first loses to the second; annulled, to the third. Against each alone there is a mode that helps.
    unit = ModalUnit((1, 5, 0), annullable=True)
    assert eliminated(Completions((5, 4, 6), modal=(unit,))) == [0]


def test_p14_abstainers_of_closed_units_are_not_outstanding() -> None:
    # First bulletin of 14 April 2013: by unit 166,359 ballots may still come; by the national register 4,024,739.
    counted = (7_505_338, 7_270_403)
    by_unit = plurality.claims(Completions(counted, outstanding(166_359)), Params())[0]
    assert (by_unit.irreversible, by_unit.slack) == (True, 68_576)
    assert elected(Completions(counted, outstanding(18_904_364 - 14_879_625))) == []


@pytest.mark.parametrize("ballots", [0, 3])
def test_a_tie_decides_nothing(ballots: int) -> None:
    completions = Completions((5 + ballots, 5, 0), outstanding(ballots))
    assert elected(completions) == []
    assert 1 not in eliminated(completions)


def test_a_tie_for_the_last_seat_leaves_the_seats_above_it() -> None:
    completions = Completions((9, 5, 5, 0))
    assert elected(completions, seats=2) == [0]
    assert eliminated(completions, seats=2) == [3]


def test_nothing_counted_and_nothing_to_come_is_a_tie_not_a_call() -> None:
    verdict = decide(
        {
            "rule": "plurality",
            "candidates": ["A", "B"],
            "units": [{"id": "u", "counted": [0, 0], "outstanding": 0}],
        }
    )
    assert verdict["elected"] == []
    assert verdict["outcome_certain"] is False


def test_uncontested_seats_are_filled_whatever_comes() -> None:
    completions = Completions((0, 0), outstanding(None))
    assert elected(completions, seats=2) == [0, 1]
    assert eliminated(completions, seats=2) == []


def test_ballots_without_a_bound_leave_everything_open() -> None:
    completions = Completions((10**9, 0, 0), outstanding(None))
    assert elected(completions) == []
    assert eliminated(completions) == []


def test_a_withdrawn_selection_neither_wins_nor_denies_a_seat() -> None:
    completions = Completions((9, 5, 1), outstanding(3), electable=0b110)
    assert elected(completions) == [1]
    assert eliminated(completions) == [0, 2]

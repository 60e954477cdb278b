"""The weakest assumption: exactly at it a claim holds, one ballot or one voter of turnout further it does not."""

from fractions import Fraction

import msgspec
import pytest

from tally import decide, engine
from tally.model import read
from tally.report import CountBatch, CountReport
from tally.state import ContestState
from tally.weakest import weakest

ROLLS = [500, 401, 350, 333, 97]


def counted(
    rule: dict, votes: list[tuple[int, int, int]], assumed: tuple[int, int] | None = None
) -> ContestState:
    """A contest of three whose first units are counted, on rolls that are hard or bound nothing."""
    units = [{"id": f"u{n}", "voters_registered": roll} for n, roll in enumerate(ROLLS)]
    contest = {"id": "c", "rule": rule, "bound": {"kind": "registered", "hard": True},
               "selections": [{"id": "a"}, {"id": "b"}, {"id": "d"}]}  # fmt: skip
    assumptions = [] if assumed is None else [{"id": "t", "kind": "turnout_max", "value": list(assumed)}]
    definition = read({"format": "tally-election/1", "election": {"id": "e"}, "units": units,
                       "contests": [contest], "assumptions": assumptions})  # fmt: skip
    state = engine.open_state(engine.define(definition, 1))
    reports = tuple(
        CountReport(f"u{n}", "c", 1, "completed", dict(zip("abd", of, strict=True)), sum(of))
        for n, of in enumerate(votes)
    )
    step = engine.step(state, CountBatch("e", "b", "s", reports), 2)
    assert step.record is not None, step.refusals
    return engine.apply(state, step.record, step.effects).contests[0]


@pytest.mark.parametrize("rule", [{"type": "plurality"}, {"type": "two_round"}])
def test_it_is_exactly_where_the_claim_breaks(rule: dict) -> None:
    claim = "elected:a" if rule["type"] == "plurality" else "outright:a"
    votes = [(290, 60, 20), (240, 50, 20)]
    contest = counted(rule, votes)
    found = weakest(contest, claim)
    assert found is not None
    ahead = 530 - 110 if rule["type"] == "plurality" else 2 * 530 - 680
    assert found.ballots_max == ahead - 1
    assert found.turnout_below is not None
    break_at = Fraction(*found.turnout_below)
    just_below = break_at - Fraction(1, 10**9)
    for share, holds in ((just_below, True), (break_at, False)):
        again = counted(rule, votes, (share.numerator, share.denominator))
        assert (claim in decide.irreversible(again.layout, again.sums)) is holds, share
    outstanding = sum(int(break_at * roll) for roll in ROLLS[2:])
    assert outstanding >= ahead > sum(int(just_below * roll) for roll in ROLLS[2:])


def test_a_claim_the_count_does_not_carry_has_none() -> None:
    contest = counted({"type": "plurality"}, [(10, 200, 3)])
    found = weakest(contest, "elected:a")
    assert found is not None
    assert found.ballots_max == -1
    assert found.turnout_below is None
    assert weakest(contest, "elected:nobody") is None


def test_a_lead_nobody_can_catch_holds_whoever_comes() -> None:
    contest = counted({"type": "plurality"}, [(500, 0, 0), (401, 0, 0), (350, 0, 0)])
    found = weakest(contest, "elected:a")
    assert found is not None
    assert found.turnout_below == (1, 1)
    assert found.ballots_max == 1250
    assert msgspec.to_builtins(found.ballots_max) == 1250

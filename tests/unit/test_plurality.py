"""Plurality with any number of seats: laws that hold at full size, budgets that are never early, cost."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.completions import BallotForm, Completions, Group, ModalUnit, Pool
from tally.rules import RULES, _bounds, _climb, _doubt, plurality
from tally.rules.plurality import Params

BIG = 10**9
numbers = st.integers(0, 2_000)
forms = st.sampled_from(
    [
        BallotForm(),
        BallotForm("choose", 2),
        BallotForm("cumulative", 3),
        BallotForm("score", 2),
        BallotForm(blank=False),
    ]
)


@st.composite
def counts(draw: st.DrawFn, *, modal: bool = False) -> tuple[Completions, Params]:
    """Five selections, two styles of ballot, a pool around one, sometimes two units in doubt."""
    counted = tuple(draw(st.lists(numbers, min_size=5, max_size=5)))
    styles = [31, *draw(st.lists(st.integers(0, 31), min_size=1, max_size=1))]
    groups = (
        Group(styles[0], draw(st.integers(1, 1_000))),
        Group(styles[1], draw(st.integers(1, 1_000)), pool=0),
    )
    pools = (Pool(draw(st.integers(1, 1_500))),)
    doubtful = ()
    if modal:
        votes = st.lists(st.integers(0, 500), min_size=5, max_size=5)
        doubtful = tuple(ModalUnit(tuple(draw(votes)), 50, annullable=True) for _ in range(2))
    return Completions(counted, groups, draw(forms), pools, doubtful), Params(draw(st.integers(1, 3)))


def irreversible(completions: Completions, params: Params) -> set[tuple[str, int]]:
    return {
        (claim.kind, claim.who[0]) for claim in plurality.claims(completions, params) if claim.irreversible
    }


def with_first_group(completions: Completions, counted: tuple[int, ...], ballots: int | None) -> Completions:
    first, *rest = completions.groups
    changed = Group(first.on_ballot, ballots, first.ballots_min, first.pool)
    return Completions(counted, (changed, *rest), completions.ballot, completions.pools, completions.modal)


@given(counts(), numbers, st.integers(0, 4))
def test_what_is_irreversible_stays_so_as_ballots_are_reported(
    given_: tuple[Completions, Params], ballots: int, selection: int
) -> None:
    completions, params = given_
    ballots = min(ballots, completions.groups[0].ballots_max or 0)
    counted = tuple(number + ballots * (j == selection) for j, number in enumerate(completions.counted))
    after = with_first_group(completions, counted, (completions.groups[0].ballots_max or 0) - ballots)
    assert irreversible(completions, params) <= irreversible(after, params)
    for before, later in zip(
        plurality.claims(completions, params), plurality.claims(after, params), strict=True
    ):
        assert before.slack is None or later.slack is None or later.slack >= before.slack


@given(counts(modal=True))
def test_one_more_outstanding_ballot_never_creates_a_claim(given_: tuple[Completions, Params]) -> None:
    completions, params = given_
    more = with_first_group(completions, completions.counted, (completions.groups[0].ballots_max or 0) + 1)
    assert irreversible(more, params) <= irreversible(completions, params)


@given(counts(modal=True), st.permutations(range(5)))
def test_permuting_selections_permutes_claims(given_: tuple[Completions, Params], order: list[int]) -> None:
    completions, params = given_

    def moved_mask(mask: int) -> int:
        return sum((mask >> j & 1) << place for place, j in enumerate(order))

    moved = Completions(
        tuple(completions.counted[j] for j in order),
        tuple(Group(moved_mask(g.on_ballot), g.ballots_max, 0, g.pool) for g in completions.groups),
        completions.ballot,
        completions.pools,
        tuple(
            ModalUnit(tuple(u.counted[j] for j in order), u.ballots_max, annullable=True)
            for u in completions.modal
        ),
    )
    back = {(kind, order[who]) for kind, who in irreversible(moved, params)}
    assert back == irreversible(completions, params)


@given(counts(modal=True))
def test_the_fast_path_says_what_the_claims_say(given_: tuple[Completions, Params]) -> None:
    completions, params = given_
    fast = [(claim.irreversible, claim.slack) for claim in plurality.statuses(completions, params)]
    assert fast == [(claim.irreversible, claim.slack) for claim in plurality.claims(completions, params)]


@given(counts())
def test_no_bound_is_as_good_as_more_ballots_than_there_are_votes(given_: tuple[Completions, Params]) -> None:
    completions, params = given_
    unknown = with_first_group(completions, completions.counted, None)
    huge = with_first_group(completions, completions.counted, BIG)
    assert irreversible(unknown, params) == irreversible(huge, params)


@pytest.mark.parametrize(
    ("module", "name"),
    [(_climb, "COMBINATIONS_MAX"), (_bounds, "EXEMPTIONS_MAX"), (_doubt, "WORK_MAX")],
)
def test_out_of_budget_a_claim_may_be_late_but_never_early(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    groups = (Group(0b00011, 6, 2, 0), Group(0b01110, 9, 3, 0), Group(0b11000, 4, 1))
    late = 0
    for lead in range(8, 40, 2):
        for seats in (1, 2, 3):
            unit = ModalUnit((lead, 3, 0, 9, 1), 2, annullable=True)
            modal = (unit, unit, unit) if module is _doubt else ()
            completions = Completions(
                (lead, lead - 6, 12, 10, 0), groups, BallotForm("choose", 2, blank=False), (Pool(11),), modal
            )
            exact = plurality.claims(completions, Params(seats))
            with monkeypatch.context() as patch:
                patch.setattr(module, name, 0)
                bounded = plurality.claims(completions, Params(seats))
            for one, other in zip(exact, bounded, strict=True):
                assert one.exact
                assert one.irreversible or not other.irreversible
                assert other.exact or not other.irreversible
                if one.slack is not None and other.slack is not None:
                    assert other.slack <= one.slack
                late += not other.exact
    assert late


def test_a_proof_for_several_seats_names_who_falls_short_and_by_how_much() -> None:
    (claim, *_) = plurality.claims(Completions((10, 4, 3), (Group(ballots_max=12),)), Params(2))
    assert claim.irreversible
    assert claim.lemma == "C"
    (shortage,) = claim.proof.shortages
    assert (shortage.rivals, shortage.needed, shortage.available) == ((1, 2), 13, 12)


def test_a_proof_of_elimination_names_who_stays_above() -> None:
    claims = plurality.claims(Completions((40, 30, 5), (Group(ballots_max=10),)), Params(2))
    assert claims[5].irreversible
    assert claims[5].proof.above == (0, 1)
    assert [one.slack for one in claims[5].proof.assertions] == [25, 15]


def test_parameters_are_read_strictly() -> None:
    assert plurality.read({}, "/params", "abc") == Params(1)
    assert plurality.read({"seats": 4}, "/params", "abc") == Params(4)
    faults = plurality.read({"seats": 0, "seat": 2}, "/params", "abc")
    assert [(fault.code, fault.pointer) for fault in faults] == [
        ("unknown-field", "/params/seat"),
        ("count-out-of-range", "/params/seats"),
    ]


def test_every_rule_of_the_package_offers_what_a_rule_offers() -> None:
    offered = ("NAME", "TRAITS", "read", "statuses", "claims", "publish", "witness", "verdict")
    assert {name for name in RULES if all(hasattr(RULES[name], part) for part in offered)} == set(RULES)
    assert all(name == rule.NAME for name, rule in RULES.items())


def best_of(times: int, work: Callable[[], object]) -> int:
    spans = []
    for _ in range(times):
        start = time.perf_counter_ns()
        for _ in range(300):
            work()
        spans.append(time.perf_counter_ns() - start)
    return min(spans)


def test_deciding_costs_the_same_however_many_ballots_are_outstanding() -> None:
    few = Completions((900, 800, 20), (Group(ballots_max=100),))
    many = Completions((90_000_000, 80_000_000, 20), (Group(ballots_max=10_000_000),))
    ratios = []
    for _ in range(3):
        small = best_of(7, lambda: plurality.statuses(few, Params()))
        large = best_of(7, lambda: plurality.statuses(many, Params()))
        ratios.append(large / small)
    assert min(ratios) <= 1.3

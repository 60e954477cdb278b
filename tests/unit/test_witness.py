"""A witness is believed for its numbers: every way to cheat in one is named."""

import msgspec
import pytest

from tally.completions import BallotForm, Completions, Group, ModalUnit, Pool
from tally.rules import plurality
from tally.rules.plurality import Params
from tally.witness import Cast, Fate, Witness, assemble, cast_of, faults

COMPLETIONS = Completions(
    (4, 1),
    (Group(0b11, 3, 1, pool=0),),
    BallotForm(),
    (Pool(3),),
    (ModalUnit((2, 0), 2, 0, 0b10, pool=0, annullable=True, revote=2, revisable=1),),
    annulled_max=1,
)
HONEST = Witness((Cast(2, (0, 2)),), (Fate("keep", (2, 0), Cast(1, (0, 1))),), (6, 4))


def fate(mode: str, counted: tuple[int, ...], cast: Cast) -> Witness:
    """The honest witness with another fate, its totals adding up."""
    return assemble(COMPLETIONS, (mode,), (counted,), (*HONEST.cast, cast))


def test_an_honest_one_is_a_completion() -> None:
    assert faults(COMPLETIONS, HONEST) == []


@pytest.mark.parametrize(
    ("witness", "said"),
    [
        (Witness((), (), (4, 1)), "not the same groups or units"),
        (
            msgspec.structs.replace(HONEST, cast=(Cast(0, (0, 0)),), totals=(6, 2)),
            "group 0: 0 ballots, at least 1",
        ),
        (msgspec.structs.replace(HONEST, cast=(Cast(4, (0, 2)),)), "group 0: 4 ballots, at most 3"),
        (
            msgspec.structs.replace(HONEST, cast=(Cast(1, (0, 2)),)),
            "group 0: more votes than so many ballots can give",
        ),
        (msgspec.structs.replace(HONEST, cast=(Cast(2, (3, -1)),), totals=(9, 1)), "group 0: votes below 0"),
        (msgspec.structs.replace(HONEST, totals=(6, 5)), "the totals are not the sum"),
        (fate("keep", (2, 0), Cast(1, (1, 0))), "unit 0: votes for a selection not on the ballot"),
        (fate("keep", (1, 0), Cast(1, (0, 1))), "unit 0: counted votes moved too far"),
        (fate("keep", (2, 0), Cast(2, (0, 2))), "pool 0: 4 ballots, at most 3"),
        (fate("revise", (4, 0), Cast(0, (0, 0))), "unit 0: counted votes moved too far"),
        (fate("annul", (2, 0), Cast(0, (0, 0))), "unit 0: cannot be annulled so"),
        (fate("annul", (0, 0), Cast(1, (0, 1))), "unit 0: cannot be annulled so"),
        (fate("revote", (2, 0), Cast(0, (0, 0))), "unit 0: cannot vote again so"),
        (fate("revote", (0, 0), Cast(3, (0, 3))), "unit 0: 3 ballots, at most 2"),
    ],
)
def test_every_cheat_is_named(witness: Witness, said: str) -> None:
    assert said in faults(COMPLETIONS, witness)


@pytest.mark.parametrize(
    ("mode", "counted", "cast"),
    [
        ("annul", (0, 0), Cast(0, (0, 0))),
        ("revote", (0, 0), Cast(2, (0, 1))),
        ("revise", (1, 1), Cast(1, (0, 1))),
    ],
)
def test_every_mode_has_an_honest_form(mode: str, counted: tuple[int, ...], cast: Cast) -> None:
    assert faults(COMPLETIONS, fate(mode, counted, cast)) == []


def test_more_units_changed_than_allowed() -> None:
    two = Completions((0, 0), modal=(ModalUnit((1, 0), annullable=True),) * 2, annulled_max=1)
    nothing = Cast(0, (0, 0))
    witness = assemble(two, ("annul", "annul"), ((0, 0), (0, 0)), (nothing, nothing))
    assert faults(two, witness) == ["2 units changed, at most 1"]


def test_a_law_without_blank_ballots_has_none_in_a_witness() -> None:
    strict = Completions((0, 0), (Group(0b11, 3, 2),), BallotForm(blank=False))
    assert faults(strict, Witness((Cast(2, (0, 1)),), (), (0, 1))) == [
        "group 0: blank ballots, which the law does not know"
    ]
    filled = cast_of(strict.ballot, strict.groups[0], 2, 0, {}, avoid=0)
    assert filled == Cast(2, (0, 2))


@pytest.mark.parametrize("seats", [1, 2])
def test_an_open_claim_shows_one_and_a_certain_one_does_not(seats: int) -> None:
    completions = Completions((900, 870, 400, 20), (Group(ballots_max=100),))
    for claim in plurality.claims(completions, Params(seats)):
        witness = plurality.witness(completions, Params(seats), claim)
        assert (witness is None) == claim.irreversible
        assert claim.irreversible or faults(completions, witness) == []

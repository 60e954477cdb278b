"""Plurality under dispute: the leader, and the least annulment that would overturn it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tally.claim import Claim
from tally.completions import Completions
from tally.refusal import Refusal
from tally.rules._counterexample import find_witness
from tally.rules._overturn import (
    Overturn,
    annulment_gains,
    fewest_ballots,
    fewest_units,
    overturn,
    robust_margin,
)
from tally.rules._params import Reader
from tally.rules._proof import published
from tally.rules._seats import seat_claims, seat_statuses, seat_verdict
from tally.rules._traits import Traits
from tally.witness import Witness

__all__ = [
    "NAME", "Overturn", "Params", "annulment_gains", "claims", "fewest_ballots", "fewest_units", "leader",
    "outcome", "overturn", "publish", "read", "robust_margin", "statuses", "verdict", "witness",
]  # fmt: skip

NAME = "disputed"
TRAITS = Traits(in_box=True)


class Params(msgspec.Struct, frozen=True):
    """One seat; the field is there to be refused when it says anything else."""

    seats: int = 1


def read(raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Params | list[Refusal]:
    """Return the parameters, or every fault: `seats` is 1."""
    del names
    reader = Reader(raw, pointer)
    reader.known(("seats",))
    if reader.count("seats", 1, least=1) != 1:
        reader.fault("count-out-of-range", "1: overturning is defined for one seat", "seats")
    return reader.faults or Params()


def outcome(votes: Sequence[int], params: Params, electable: int = -1) -> frozenset[tuple[int, ...]]:
    """Return every winner some tie-break gives on these final votes."""
    del params
    contenders = [j for j in range(len(votes)) if electable >> j & 1]
    most = max((votes[j] for j in contenders), default=0)
    return frozenset((j,) for j in contenders if votes[j] == most) or frozenset({()})


def statuses(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return what `claims` says of each selection, without proofs."""
    return seat_statuses(completions, params.seats)


def claims(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return "elected" and "eliminated" of every selection, disputed units annulled as suits worst."""
    return seat_claims(completions, params.seats)


def publish(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof of a certain claim as JSON values."""
    return published(completions, claim, names)


def witness(completions: Completions, params: Params, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None: it holds, or none was found."""
    return find_witness(completions, params.seats, claim)


def verdict(completions: Completions, params: Params, names: tuple[str, ...]) -> dict[str, object]:
    """Return plurality's answer, the leader (null: a tie), and the least annulments that overturn it."""
    found = seat_verdict(completions, params.seats, names)
    who = leader(completions)
    least_annulment = Overturn(0, 0) if who is None else overturn(completions, who)
    return found | {
        "leader": None if who is None else names[who],
        "min_units_to_overturn": least_annulment.units,
        "min_ballots_to_overturn": least_annulment.ballots,
    }


def leader(completions: Completions) -> int | None:
    """Return the electable selection with most votes counted, every unit kept; None: several have them."""
    votes = completions.votes_counted()
    contenders = completions.contenders()
    most = max((votes[j] for j in contenders), default=0)
    ahead = [j for j in contenders if votes[j] == most]
    return ahead[0] if len(ahead) == 1 else None

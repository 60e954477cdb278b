"""Plurality: the k selections with most votes have the k seats; a tie decides nothing."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import msgspec

from tally.claim import Claim
from tally.completions import Completions
from tally.refusal import Refusal
from tally.rules._counterexample import find_witness
from tally.rules._params import Reader
from tally.rules._proof import published
from tally.rules._seats import seat_claims, seat_statuses, seat_verdict
from tally.rules._traits import Traits
from tally.witness import Witness

NAME = "plurality"
TRAITS = Traits(in_box=True)


class Params(msgspec.Struct, frozen=True):
    """How many seats there are."""

    seats: int = 1


def read(raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Params | list[Refusal]:
    """Return the parameters, or every fault. `seats` is 1 when not given."""
    del names
    reader = Reader(raw, pointer)
    reader.known(("seats",))
    seats = reader.count("seats", 1, least=1)
    return reader.faults or Params(seats)


def outcome(votes: Sequence[int], params: Params, electable: int = -1) -> frozenset[tuple[int, ...]]:
    """Return every set of winners some tie-break gives on these final votes, each in selection order.

    Cost: one set a way to break the tie for the last seat.
    """
    contenders = [j for j in range(len(votes)) if electable >> j & 1]
    if len(contenders) <= params.seats:
        return frozenset({tuple(contenders)})
    mark = sorted((votes[j] for j in contenders), reverse=True)[params.seats - 1]
    above = [j for j in contenders if votes[j] > mark]
    level = [j for j in contenders if votes[j] == mark]
    return frozenset(
        tuple(sorted((*above, *rest))) for rest in combinations(level, params.seats - len(above))
    )


def statuses(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return what `claims` says of each selection, without proofs.

    Cost: O(selections) for one seat, one style and no unit in doubt; see `claims` otherwise.
    """
    return seat_statuses(completions, params.seats)


def claims(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return "elected" and "eliminated" for every selection, in selection order, certain ones with proof.

    Exact without units in doubt, and with them for "elected" with one seat; otherwise a search over
    their modes, exact within its budget and never early. Cost: O(selections × groups) for one seat,
    O(selections × seats × log ballots) for several when one style is on all ballots.
    Source: docs/maths.md, "Plurality" and "Several seats" (Rado 1942, Edmonds 1970 for the rank condition).
    """
    return seat_claims(completions, params.seats)


def publish(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof of a certain claim as JSON values."""
    return published(completions, claim, names)


def witness(completions: Completions, params: Params, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None: the claim holds, or none was found."""
    return find_witness(completions, params.seats, claim)


def verdict(completions: Completions, params: Params, names: tuple[str, ...]) -> dict[str, object]:
    """Return elected, eliminated, outcome_certain and worst_margin (null: no rival, or no bound)."""
    return seat_verdict(completions, params.seats, names)

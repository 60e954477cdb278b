"""Highest averages: seats by the largest quotients; thresholds, agreements and blocs."""

from collections.abc import Mapping, Sequence
from typing import Any

from tally.claim import Claim
from tally.completions import Completions
from tally.refusal import Refusal
from tally.rules._chamber import Chamber, Part, chamber
from tally.rules._law import Law
from tally.rules._list_claims import published_seats, seat_claims, seat_verdict, seat_witness
from tally.rules._read_law import read_averages
from tally.rules._traits import Traits
from tally.witness import Witness

NAME = "highest_averages"
TRAITS = Traits(aside=True)


def read(raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Law | list[Refusal]:
    """Return the law, or every fault. Divisors are D'Hondt's and nobody is shut out when nothing is said."""
    return read_averages(raw, pointer, names)


def statuses(completions: Completions, params: Law) -> tuple[Claim, ...]:
    """Return what `claims` says, without proofs."""
    return seat_claims(_chamber(completions, params), proofs=False)


def claims(completions: Completions, params: Law) -> tuple[Claim, ...]:
    """Return "at-least" and "at-most" for lists and blocs that can have a seat, and "allocation".

    Exact for one style, one vote a ballot; never early otherwise. Cost: some searches a list, each a
    dynamic program over the seats that would have to change hands. Source: docs/rules/seats.md.
    """
    return seat_claims(_chamber(completions, params), proofs=True)


def publish(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof of a certain claim as JSON values."""
    del completions
    return published_seats(claim, names)


def witness(completions: Completions, params: Law, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None where none is known."""
    return seat_witness(_chamber(completions, params, claim.who), claim)


def verdict(completions: Completions, params: Law, names: tuple[str, ...]) -> dict[str, object]:
    """Return min_seats, max_seats, allocation_certain and blocs."""
    return seat_verdict(_chamber(completions, params), names)


def _chamber(completions: Completions, params: Law, only: tuple[int, ...] = ()) -> Chamber:
    return chamber(completions, (Part(None, params, completions),), params.blocs, only=only)

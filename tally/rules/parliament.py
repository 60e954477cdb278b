"""A parliament of districts: each shares out its own seats, and what counts is the sum."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tally.claim import Claim
from tally.completions import NOWHERE, Completions
from tally.refusal import Refusal, escape
from tally.rules._chamber import NOT_THERE, Chamber, Part, chamber
from tally.rules._law import Law
from tally.rules._list_claims import majority_claims, published_seats, seat_claims, seat_verdict, seat_witness
from tally.rules._params import Reader
from tally.rules._read_law import read_averages, read_groups, read_most_votes, read_remainder
from tally.rules._traits import Traits
from tally.witness import Witness

NAME = "parliament"
TRAITS = Traits(by_district=True, aside=True)
LAWS = {
    "highest_averages": (
        read_averages,
        ("seats", "divisors", "threshold", "surplus_agreements", "not_electable"),
    ),
    "largest_remainder": (read_remainder, ("seats", "quota", "threshold", "not_electable")),
    "plurality": (read_most_votes, ("seats", "not_electable")),
}


class Params(msgspec.Struct, frozen=True):
    """The law of every district by its name, the blocs asked for, and the seats that are a majority."""

    laws: dict[str, Law]
    blocs: tuple[tuple[int, ...], ...] = ()
    majority: int | None = None


def read(raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Params | list[Refusal]:
    """Return the law of each district, or every fault.

    A district's `rule` is largest remainders when it has a `quota`, otherwise highest averages, unless it
    says which.
    """
    reader = Reader(raw, pointer)
    reader.known(("districts", "blocs", "majority"))
    listed = raw.get("districts")
    laws: dict[str, Law] = {}
    if not isinstance(listed, dict) or not listed:
        reader.fault("wrong-type", "an object {district: parameters}, at least one", "districts")
        listed = {}
    for name, given in listed.items():
        at = f"{pointer}/districts/{escape(str(name))}"
        law = _district(given, at, names)
        if isinstance(law, list):
            reader.faults.extend(law)
        else:
            laws[str(name)] = law
    blocs = read_groups(reader, "blocs", names)
    majority = reader.count_or_null("majority", least=1)
    return reader.faults or Params(laws, blocs, majority)


def _district(given: object, pointer: str, names: Sequence[str]) -> Law | list[Refusal]:
    if not isinstance(given, dict):
        return [Refusal("wrong-type", pointer, "an object")]
    rule = given.get("rule")
    if rule is None:
        rule = "largest_remainder" if given.get("quota") is not None else "highest_averages"
    if rule not in LAWS:
        return [Refusal("wrong-type", f"{pointer}/rule", f"one of {', '.join(LAWS)}")]
    reading, fields = LAWS[rule]
    own = {key: value for key, value in given.items() if key != "rule"}
    return reading(own, pointer, names, fields)


def statuses(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return what `claims` says, without proofs."""
    return _claims(completions, params, proofs=False)


def claims(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return "at-least" and "at-most" for lists and blocs that can have a seat, and "allocation".

    Districts that share no ballots are independent, so least and most seats add up exactly. Where they
    share some, each is taken as if it had them all: never early. Source: docs/rules/seats.md.
    """
    return _claims(completions, params, proofs=True)


def publish(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof of a certain claim as JSON values."""
    del completions
    return published_seats(claim, names)


def witness(completions: Completions, params: Params, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None where none is known."""
    return seat_witness(_chamber(completions, params, claim.who), claim)


def verdict(completions: Completions, params: Params, names: tuple[str, ...]) -> dict[str, object]:
    """Return min_seats, max_seats, allocation_certain and blocs."""
    return seat_verdict(_chamber(completions, params), names)


def _claims(completions: Completions, params: Params, *, proofs: bool) -> tuple[Claim, ...]:
    found = _chamber(completions, params)
    said = seat_claims(found, proofs=proofs)
    return said if params.majority is None else majority_claims(found, said, params.majority, proofs=proofs)


def _chamber(completions: Completions, params: Params, only: tuple[int, ...] = ()) -> Chamber:
    """Return every district that has seats. One without a unit has no votes, and its seats are anybody's."""
    places = {district.name: index for index, district in enumerate(completions.districts)}
    nothing = Completions((0,) * len(completions.counted), electable=completions.electable)
    parts = [
        Part(name, law, _of_district(completions, places[name]), places[name])
        if name in places
        else Part(name, law, nothing, NOT_THERE)
        for name, law in params.laws.items()
    ]
    return chamber(completions, parts, params.blocs, coupled=completions.couples_districts(), only=only)


def _of_district(completions: Completions, index: int) -> Completions:
    """Return what may still come in a district: ballots of no known district may all be its own."""
    own = completions.of_district(index)
    afar = tuple(group for group in completions.groups if group.district == NOWHERE)
    modal = tuple(unit for unit in completions.modal if unit.district == NOWHERE)
    return msgspec.structs.replace(own, groups=own.groups + afar, modal=own.modal + modal)

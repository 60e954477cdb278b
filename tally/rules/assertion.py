"""Bare assertions: linear inequalities on the final totals, each with its least slack."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tally.assertion import Assertion, least
from tally.claim import Claim, Held, Proof
from tally.completions import Completions
from tally.refusal import Refusal
from tally.rules._params import Reader, whole
from tally.rules._proof import published
from tally.rules._traits import Traits
from tally.rules._worst import worst_witness
from tally.witness import Witness

NAME = "assertion"
TRAITS = Traits(in_box=True)


class Params(msgspec.Struct, frozen=True):
    """The assertions, in the order given."""

    assertions: tuple[Assertion, ...]


def read(raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Params | list[Refusal]:
    """Return the assertions, or every fault. `c` is 0 and `strict` true when not given."""
    reader = Reader(raw, pointer)
    reader.known(("assertions",))
    listed = raw.get("assertions")
    if not isinstance(listed, list):
        reader.fault("wrong-type", "a list of {coef, c, strict}", "assertions")
        return reader.faults
    found = [
        _read_one(entry, f"{pointer}/assertions/{index}", len(names), reader.faults)
        for index, entry in enumerate(listed)
    ]
    return reader.faults or Params(tuple(found))


def _read_one(entry: object, pointer: str, size: int, faults: list[Refusal]) -> Assertion:
    if not isinstance(entry, dict):
        faults.append(Refusal("wrong-type", pointer, "an object {coef, c, strict}"))
        return Assertion(())
    reader = Reader(entry, pointer, faults)
    reader.known(("coef", "c", "strict"))
    coef = entry.get("coef")
    if not isinstance(coef, list) or len(coef) != size:
        reader.fault("wrong-type", f"a list of {size} whole numbers", "coef")
        coef = []
    weights = [whole(reader, weight, "coef", index, least=None) or 0 for index, weight in enumerate(coef)]
    c = whole(reader, entry.get("c", 0), "c", least=None)
    return Assertion(tuple(weights), c or 0, reader.flag("strict", default=True))


def outcome(votes: Sequence[int], params: Params, electable: int = -1) -> frozenset[tuple[int, ...]]:
    """Return the one outcome: the indices of the assertions that are true of these final votes."""
    del electable
    true = []
    for index, one in enumerate(params.assertions):
        value = sum(weight * number for weight, number in zip(one.a, votes, strict=True)) - one.c
        if value > 0 or (value == 0 and not one.strict):
            true.append(index)
    return frozenset({tuple(true)})


def claims(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return one claim an assertion, `who` being its index. Exact; source: docs/maths.md, "One assertion"."""
    found = []
    for index, one in enumerate(params.assertions):
        slack = least(one, completions)
        holds = slack.holds(strict=one.strict)
        proof = None
        if holds and slack.worst is not None and slack.slack is not None:
            proof = Proof((Held(one.a, one.c, one.strict, slack.counted, slack.worst, slack.slack),))
        found.append(Claim("holds", (index,), holds, slack.slack, proof, exact=slack.exact or holds))
    return tuple(found)


def statuses(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return what `claims` says: a bare assertion is its own proof."""
    return claims(completions, params)


def verdict(completions: Completions, params: Params, names: tuple[str, ...]) -> dict[str, object]:
    """Return slack (null: no lower bound) and irreversible of every assertion, in the order given."""
    del names
    found = claims(completions, params)
    return {"assertions": [{"slack": one.slack, "irreversible": one.irreversible} for one in found]}


def publish(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof of a certain claim as JSON values."""
    return published(completions, claim, names)


def witness(completions: Completions, params: Params, claim: Claim) -> Witness | None:
    """Return the completion that attains the least slack; None: the assertion holds, or the search gave up.

    Where nothing bounds the ballots, one unbounded group casts enough of them to make the slack negative.
    """
    if claim.irreversible:
        return None
    return worst_witness(params.assertions[claim.who[0]], completions, bounded=claim.slack is not None)

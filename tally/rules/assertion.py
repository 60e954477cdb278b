"""Bare assertions: linear inequalities on the final totals, each with its least slack."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tally.assertion import Assertion, least, plain_ballots
from tally.claim import Claim, Held, Proof
from tally.completions import BallotForm, Completions, Group, ModalUnit, Mode
from tally.modes import modal_worst
from tally.reach import ballot_gain
from tally.refusal import Refusal
from tally.rules._params import Reader, whole
from tally.rules._proof import published
from tally.rules._traits import Traits
from tally.witness import Cast, Witness, assemble, cast_of

NAME = "assertion"
TRAITS = Traits()


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
    one = params.assertions[claim.who[0]]
    form, size = completions.ballot, len(completions.counted)
    if claim.slack is None:
        return _unbounded_witness(one, completions)
    modes: tuple[Mode, ...] = ()
    unit_ballots: tuple[int, ...] = ()
    if completions.modal:
        worst = modal_worst(one.a, completions)
        if not worst.exact:
            return None
        modes, unit_ballots, ballots = worst.modes, worst.unit_ballots, list(worst.group_ballots)
    else:
        gains = [ballot_gain(form, one.a, group.on_ballot) for group in completions.groups]
        ballots = plain_ballots(gains, completions) or []
    casts = [
        _worst_cast(form, one.a, group, size, n) for group, n in zip(completions.groups, ballots, strict=True)
    ]
    counted = []
    for unit, mode, number in zip(completions.modal, modes, unit_ballots, strict=True):
        counted.append(_worst_counted(one.a, unit, mode))
        group = Group(unit.on_ballot, unit.revote or 0) if mode == "revote" else unit.group
        nothing = Cast(0, (0,) * size)
        casts.append(nothing if mode == "annul" else _worst_cast(form, one.a, group, size, number))
    return assemble(completions, modes, counted, casts)


def _unbounded_witness(one: Assertion, completions: Completions) -> Witness:
    """Return a completion with every unit kept in which the unbounded groups cast enough ballots."""
    form, size = completions.ballot, len(completions.counted)
    parts = list(completions.groups) + [unit.group for unit in completions.modal]
    votes = completions.votes_counted()
    value = sum(weight * number for weight, number in zip(one.a, votes, strict=True)) - one.c
    for group in parts:
        value += abs(ballot_gain(form, one.a, group.on_ballot)) * group.ballots_min
    casts = []
    for group in parts:
        gains = ballot_gain(form, one.a, group.on_ballot) > 0
        free = group.ballots_max is None and group.pool == -1
        more = max(0, value) + 1 if gains and free else 0
        casts.append(_worst_cast(form, one.a, group, size, group.ballots_min + more))
    kept: list[Mode] = ["keep"] * len(completions.modal)
    return assemble(completions, kept, [unit.counted for unit in completions.modal], casts)


def _worst_cast(form: BallotForm, a: tuple[int, ...], group: Group, size: int, ballots: int) -> Cast:
    """Return so many ballots, each taking as much from a·V as a ballot can."""
    names = sorted((j for j in range(size) if group.on_ballot >> j & 1), key=lambda j: a[j])
    if not names:
        return Cast(ballots, (0,) * size)
    best = [j for j in names if a[j] < 0]
    if form.kind == "cumulative":
        votes = dict.fromkeys(best[:1], form.votes * ballots)
    elif form.kind == "choose":
        votes = dict.fromkeys(best[: form.votes], ballots)
    else:
        votes = dict.fromkeys(best, form.votes * ballots)
    if not votes and not form.blank:
        votes = {names[0]: ballots}
    return cast_of(form, group, size, ballots, votes, -1)


def _worst_counted(a: tuple[int, ...], unit: ModalUnit, mode: Mode) -> tuple[int, ...]:
    """Return the unit's counted votes as its mode leaves them, a revision taking most from a·V."""
    if mode in {"annul", "revote"}:
        return (0,) * len(unit.counted)
    step = unit.revisable if mode == "revise" else 0
    return tuple(
        number - min(step, number) if weight > 0 else number + step if weight < 0 else number
        for weight, number in zip(a, unit.counted, strict=True)
    )

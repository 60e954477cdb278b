"""What proves a claim of plurality: assertions, shortages, or rivals that stay above."""

from collections.abc import Sequence
from typing import Any

from tally.assertion import Assertion, least
from tally.claim import Bound, Claim, Held, Proof, Shortage
from tally.completions import Completions
from tally.field import survey
from tally.rules._climb import Climbers
from tally.rules._doubt import pair


def held(assertion: Assertion, completions: Completions) -> Held | None:
    """Return the assertion with its least slack; None when it does not hold in every completion."""
    found = least(assertion, completions)
    if not found.holds(strict=assertion.strict) or found.worst is None or found.slack is None:
        return None
    return Held(assertion.a, assertion.c, assertion.strict, found.counted, found.worst, found.slack)


def elected_proof(completions: Completions, who: int, seats: int, bound: Bound) -> Proof:
    """Return the proof of an irreversible "elected".

    One seat: an assertion a rival. Several: an assertion over every rival that cannot catch up alone,
    and, where that leaves `seats` rivals or more and no unit is in doubt, the shortages that keep any
    `seats` of them from catching up together. With units in doubt the rest was settled by search.
    """
    if bound.sure:
        return Proof(uncontested=True)
    size = len(completions.counted)
    rivals = [j for j in completions.contenders() if j != who]
    assertions = [held(Assertion(pair(size, who, j)), completions) for j in rivals]
    alone = tuple(one for one in assertions if one is not None)
    if completions.modal or len(rivals) - len(alone) < seats:
        return Proof(assertions=alone)
    field = survey(completions)
    climbers = Climbers(field, who, seats)
    if climbers.combination(field.counted[who] + field.sure[who]) is not None:
        raise AssertionError("a claim that can still fail was called irreversible")
    return Proof(assertions=alone, shortages=tuple(climbers.shortages.values()))


def eliminated_proof(completions: Completions, who: int, seats: int, bound: Bound) -> Proof:
    """Return the proof of an irreversible "eliminated": `seats` rivals that stay above, where fixed ones do.

    With units in doubt, or ballots that must name somebody, different rivals may stay above in
    different completions; then fewer than `seats` are listed and the rest was settled by search.
    """
    if bound.sure:
        return Proof(uncontested=True)
    size = len(completions.counted)
    found = []
    for j in completions.contenders():
        if j != who:
            one = held(Assertion(pair(size, j, who)), completions)
            if one is not None:
                found.append((one, j))
    found.sort(key=lambda entry: -entry[0].slack)
    best = found[:seats]
    return Proof(assertions=tuple(one for one, _ in best), above=tuple(sorted(j for _, j in best)))


def published(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof of a claim about seats, or of a bare assertion, as JSON values."""
    proof = claim.proof
    if not isinstance(proof, Proof):
        raise TypeError("only a certain claim has a proof to publish")
    return {
        "logic": "AND",
        "assertions": [held_json(one) for one in proof.assertions],
        "shortages": _shortages(names, completions, proof.shortages),
        "above": [names[j] for j in proof.above],
        "uncontested": proof.uncontested,
    }


def held_json(one: Held) -> dict[str, Any]:
    """Return an assertion with its slack as JSON values."""
    return {
        "a": list(one.a),
        "c": one.c,
        "strict": one.strict,
        "counted": one.counted,
        "worst": one.worst,
        "slack": one.slack,
    }


def _shortages(
    names: Sequence[str], completions: Completions, shortages: tuple[Shortage, ...]
) -> list[dict[str, Any]]:
    """Each shortage once, its rivals in selection order, with the most votes that can come to them together.

    `available` None: that number alone does not say so. `whoever`: it is what any so many rivals can get.
    Of a rival short by itself an assertion says as much.
    """
    found: dict[tuple[tuple[int, ...], bool], dict[str, Any]] = {}
    for one in shortages:
        rivals = tuple(sorted(one.rivals))
        if len(rivals) == 1 and not one.whoever:
            continue
        entry: dict[str, Any] = {"rivals": [names[j] for j in rivals], "needed": one.needed}
        if one.whoever:
            entry |= {"available": one.available, "whoever": True}
        else:
            worst = least(Assertion(tuple(-(j in rivals) for j in range(len(names)))), completions).worst
            short = worst is not None and one.needed > -worst
            entry["available"] = -worst if short and worst is not None else None
        found[rivals, one.whoever] = entry
    return list(found.values())

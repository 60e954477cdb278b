"""What proves a claim of plurality: assertions, shortages, or rivals that stay above."""

from tally.assertion import Assertion, least
from tally.claim import Bound, Held, Proof
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

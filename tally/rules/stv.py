"""Single transferable vote: only what is certain before ballots are moved."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tally.claim import Claim
from tally.completions import Completions
from tally.refusal import Refusal
from tally.rules._params import Reader
from tally.rules._quota import Kept, Quota, firsts_of, kept, quota
from tally.rules._settle import nothing_more, settlements
from tally.rules._traits import Traits
from tally.witness import Witness

NAME = "stv"
TRAITS = Traits(ballot="ranked", aside=True)


class Params(msgspec.Struct, frozen=True):
    """How many seats there are."""

    seats: int = 1


class Proof(msgspec.Struct, frozen=True):
    """Why a claim is irreversible, for each way the modes of units in doubt can fall.

    Elected: its own quota. Eliminated: all of the kept stay longer, or others have all the quotas.
    """

    ways: tuple[Kept | tuple[Quota, ...], ...] = ()
    uncontested: bool = False


Why = Kept | tuple[Quota, ...] | None


def read(raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Params | list[Refusal]:
    """Return the parameters, or every fault. `seats` is 1 when not given."""
    del names
    reader = Reader(raw, pointer)
    reader.known(("seats",))
    seats = reader.count("seats", 1, least=1)
    return reader.faults or Params(seats)


def statuses(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return what `claims` says of each selection, without proofs."""
    return tuple(msgspec.structs.replace(claim, proof=None) for claim in claims(completions, params))


def claims(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return "elected" and "eliminated" for every selection, certain ones with proof.

    Sound and often late: quotas of the first count, and who goes before all others by first preferences
    alone. Nothing is read from transfers, so what hangs on them is open with `exact` false. Cost:
    O(selections²) a way for the modes of units in doubt to fall. Source: docs/rules/rankings.md.
    """
    contenders = completions.contenders()
    if len(contenders) <= params.seats:
        return tuple(_given(who, contenders) for who in range(2 * len(completions.counted)))
    reasons = _reasons(completions, params.seats, contenders)
    found = []
    for who in range(len(completions.counted)):
        if who not in contenders:
            found += [_given(2 * who, contenders), _given(2 * who + 1, contenders)]
            continue
        won = [one[who][0] for one in reasons]
        lost = [one[who][1] for one in reasons]
        found += [_claim("elected", who, won), _claim("eliminated", who, lost)]
    return tuple(found)


def _given(index: int, contenders: Sequence[int]) -> Claim:
    """A claim without a question: who cannot win, or not more contenders than seats."""
    who, kind = index // 2, "eliminated" if index % 2 else "elected"
    true = (who in contenders) == (kind == "elected")
    proof = Proof(uncontested=True) if true else None
    return Claim(kind, (who,), irreversible=true, slack=None, proof=proof, lemma="quota")


def _claim(kind: str, who: int, ways: Sequence[Why]) -> Claim:
    whys = tuple(one for one in ways if one is not None)
    if not ways or len(whys) < len(ways):
        return Claim(kind, (who,), irreversible=False, slack=None, exact=False, lemma="quota")
    slack = min(map(_least, whys))
    return Claim(kind, (who,), irreversible=True, slack=slack, proof=Proof(whys), lemma="quota")


def _reasons(
    completions: Completions, seats: int, contenders: Sequence[int]
) -> list[dict[int, tuple[Why, Why]]]:
    """Why each contender is in, and why it is out, way by way for the modes to fall."""
    if any(unit.revisable for unit in completions.modal):
        return []  # rankings that may be revised are not looked at
    return [_of_way(way.completions, seats, contenders) for way in settlements(completions) or ()]


def _of_way(completions: Completions, seats: int, contenders: Sequence[int]) -> dict[int, tuple[Why, Why]]:
    firsts = firsts_of(completions, contenders)
    if firsts is None:
        return dict.fromkeys(contenders, (None, None))
    quotas = {j: quota(firsts, seats, j) for j in contenders}
    filled = tuple(one for one in quotas.values() if one is not None)
    sets = kept(firsts, seats, contenders)
    found: dict[int, tuple[Why, Why]] = {}
    for j in contenders:
        own = quotas[j]
        won: Why = (own,) if own else None
        reasons: list[Kept | tuple[Quota, ...]] = [one for one in sets if j not in one.kept]
        if not own and len(filled) == seats:
            reasons.append(filled)
        found[j] = (won, max(reasons, key=_least, default=None))
    return found


def _least(why: Kept | tuple[Quota, ...]) -> int:
    """What a reason has to spare: by the one that has most of it, no counted ballot lowers a slack."""
    return why.slack if isinstance(why, Kept) else min(one.slack for one in why)


def publish(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof of a certain claim as JSON values; with units in doubt, a list for each way."""
    del completions
    proof = claim.proof
    if not isinstance(proof, Proof):
        raise TypeError("only a certain claim has a proof to publish")
    ways = [_json(one, names) for one in proof.ways]
    return {
        "logic": "quota",
        "uncontested": proof.uncontested,
        "reasons": ways[0] if len(ways) == 1 else ways,
    }


def _json(why: Kept | tuple[Quota, ...], names: Sequence[str]) -> list[dict[str, Any]]:
    if isinstance(why, Kept):
        return [
            {
                "kept": [names[j] for j in why.kept],
                "ballots": why.ballots,
                "held": why.held,
                "least": why.least,
                "slack": why.slack,
            }
        ]
    return [
        {"who": names[one.who], "votes": one.votes, "ballots": one.ballots, "slack": one.slack} for one in why
    ]


def witness(completions: Completions, params: Params, claim: Claim) -> Witness | None:
    """Return a completion in which a claim is false that leaves no question; None for all others.

    Which completion breaks the others hangs on how a law moves surpluses, which is not modelled.
    """
    contenders = completions.contenders()
    true = (claim.who[0] in contenders) == (claim.kind == "elected")
    questioned = claim.who[0] in contenders and len(contenders) > params.seats
    return None if questioned or true else nothing_more(completions)


def verdict(completions: Completions, params: Params, names: tuple[str, ...]) -> dict[str, object]:
    """Return elected and eliminated, as far as first preferences settle them."""
    known = statuses(completions, params)
    return {
        "elected": [names[claim.who[0]] for claim in known[::2] if claim.irreversible],
        "eliminated": [names[claim.who[0]] for claim in known[1::2] if claim.irreversible],
    }

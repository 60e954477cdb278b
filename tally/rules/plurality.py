"""Plurality: the k selections with most votes have the k seats; a tie decides nothing."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import msgspec

from tally.claim import Bound, Claim, ClaimKind, Status
from tally.completions import Completions
from tally.field import Field, survey
from tally.refusal import Refusal
from tally.rules._bounds import elected_bound, eliminated_bound
from tally.rules._counterexample import find_witness
from tally.rules._doubt import Doubt, elected_alone
from tally.rules._params import Reader
from tally.rules._proof import elected_proof, eliminated_proof
from tally.witness import Witness

NAME = "plurality"


class Params(msgspec.Struct, frozen=True):
    """How many seats there are."""

    seats: int = 1


def read(raw: Mapping[str, object], pointer: str, size: int) -> Params | list[Refusal]:
    """Return the parameters, or every fault. `seats` is 1 when not given."""
    del size
    reader = Reader(raw, pointer)
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


def statuses(completions: Completions, params: Params) -> tuple[Status, ...]:
    """Return what `claims` says of each selection, without proofs.

    Cost: O(selections) for one seat, one style and no unit in doubt; see `claims` otherwise.
    """
    bounds = _bounds(completions, params.seats)
    return tuple(Status(won.holds, won.slack, lost.holds, lost.slack) for won, lost in bounds)


def claims(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return "elected" and "eliminated" for every selection, in selection order, certain ones with proof.

    Exact without units in doubt, and with them for "elected" with one seat; otherwise a search over
    their modes, exact within its budget and never early. Cost: O(selections × groups) for one seat,
    O(selections × seats × log ballots) for several when one style is on all ballots.
    Source: docs/maths.md, "Plurality" and "Several seats" (Rado 1942, Edmonds 1970 for the rank condition).
    """
    found: list[Claim] = []
    for who, (won, lost) in enumerate(_bounds(completions, params.seats)):
        found.append(_claim(completions, params.seats, "elected", who, won))
        found.append(_claim(completions, params.seats, "eliminated", who, lost))
    return tuple(found)


def witness(completions: Completions, params: Params, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None: the claim holds, or none was found."""
    return find_witness(completions, params.seats, claim)


def verdict(completions: Completions, params: Params, names: tuple[str, ...]) -> dict[str, object]:
    """Return elected, eliminated, outcome_certain and worst_margin (null: no rival, or no bound)."""
    bounds = _bounds(completions, params.seats)
    elected = [name for name, (won, _) in zip(names, bounds, strict=True) if won.holds]
    seats = min(params.seats, len(completions.contenders()))
    return {
        "elected": elected,
        "eliminated": [name for name, (_, lost) in zip(names, bounds, strict=True) if lost.holds],
        "outcome_certain": len(elected) == seats,
        "worst_margin": {name: won.slack for name, (won, _) in zip(names, bounds, strict=True)},
    }


def _claim(completions: Completions, seats: int, kind: ClaimKind, who: int, bound: Bound) -> Claim:
    proof = None
    if bound.holds:
        prove = elected_proof if kind == "elected" else eliminated_proof
        proof = prove(completions, who, seats, bound)
    lemma = "A" if seats == 1 and kind == "elected" else "C" if kind == "elected" else "B"
    exact = bound.exact or bound.holds
    return Claim(kind, (who,), bound.holds, bound.slack, proof, exact, lemma)


def _bounds(completions: Completions, seats: int) -> list[tuple[Bound, Bound]]:
    """Return the least leads behind "elected" and "eliminated" of every selection, in selection order."""
    size = range(len(completions.counted))
    if completions.modal:
        return [
            (_elected_in_doubt(completions, who, seats), _eliminated_in_doubt(completions, who, seats))
            for who in size
        ]
    field = survey(completions)
    if seats == 1:
        return _alone(field)
    return [(elected_bound(field, who, seats), eliminated_bound(field, who, seats)) for who in size]


def _alone(field: Field) -> list[tuple[Bound, Bound]]:
    """Return both least leads of every selection for one seat: the two highest rivals say it all."""
    size = range(len(field.counted))
    tops = [
        None if reach is None else votes + reach
        for votes, reach in zip(field.counted, field.reach, strict=True)
    ]
    if not all(field.form.blank or group.ballots_min == 0 for group in field.groups):
        return [(elected_bound(field, who, 1), eliminated_bound(field, who, 1)) for who in size]
    contenders = field.contenders
    if len(contenders) <= 1 or any(tops[j] is None for j in contenders):
        return [(elected_bound(field, who, 1), eliminated_bound(field, who, 1)) for who in size]
    highest = sorted(contenders, key=lambda j: -(tops[j] or 0))[:2]
    leaders = sorted(contenders, key=lambda j: -field.counted[j])[:2]
    found = []
    for who in size:
        if who not in contenders:
            found.append((Bound(None), Bound(None, sure=True)))
            continue
        rival = highest[1] if who == highest[0] else highest[0]
        leader = leaders[1] if who == leaders[0] else leaders[0]
        won = Bound(field.counted[who] - (tops[rival] or 0))
        found.append((won, Bound(field.counted[leader] - (tops[who] or 0))))
    return found


def _elected_in_doubt(completions: Completions, who: int, seats: int) -> Bound:
    if seats == 1:
        return elected_alone(completions, who)
    return Doubt(completions, who, seats, "elected", elected_bound).least_lead()


def _eliminated_in_doubt(completions: Completions, who: int, seats: int) -> Bound:
    return Doubt(completions, who, seats, "eliminated", eliminated_bound).least_lead()

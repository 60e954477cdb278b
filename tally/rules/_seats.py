"""Claims about k seats that go to the most votes: what plurality and its relatives share."""

import msgspec

from tally.claim import Bound, Claim, ClaimKind
from tally.completions import Completions
from tally.field import Field, survey
from tally.rules._bounds import elected_bound, eliminated_bound
from tally.rules._doubt import Doubt, elected_alone
from tally.rules._proof import elected_proof, eliminated_proof


def seat_statuses(completions: Completions, seats: int) -> tuple[Claim, ...]:
    """Return what `seat_claims` says, without proofs."""
    return _said(completions, seats, seat_bounds(completions, seats))


def seat_claims(completions: Completions, seats: int) -> tuple[Claim, ...]:
    """Return "elected" and "eliminated" for every selection, in selection order, certain ones with proof."""
    bounds = seat_bounds(completions, seats)
    each = (bound for pair in bounds for bound in pair)
    said = _said(completions, seats, bounds)
    return tuple(_proved(completions, seats, one, bound) for one, bound in zip(said, each, strict=True))


def _said(completions: Completions, seats: int, bounds: list[tuple[Bound, Bound]]) -> tuple[Claim, ...]:
    pace = 1 if _steady(completions) else None
    found: list[Claim] = []
    for who, (won, lost) in enumerate(bounds):
        found.append(_claim("elected", who, won, "A" if seats == 1 else "C", pace))
        found.append(_claim("eliminated", who, lost, "B", pace))
    return tuple(found)


def seat_verdict(completions: Completions, seats: int, names: tuple[str, ...]) -> dict[str, object]:
    """Return elected, eliminated, outcome_certain and worst_margin (null: no rival, or no bound)."""
    bounds = seat_bounds(completions, seats)
    elected = [name for name, (won, _) in zip(names, bounds, strict=True) if won.holds]
    filled = min(seats, len(completions.contenders()))
    return {
        "elected": elected,
        "eliminated": [name for name, (_, lost) in zip(names, bounds, strict=True) if lost.holds],
        "outcome_certain": len(elected) == filled,
        "worst_margin": {name: won.slack for name, (won, _) in zip(names, bounds, strict=True)},
    }


def _claim(kind: ClaimKind, who: int, bound: Bound, lemma: str, pace: int | None) -> Claim:
    holds = bound.holds
    return Claim(kind, (who,), holds, bound.slack, None, bound.exact or holds, lemma, None, None, pace)


def _steady(completions: Completions) -> bool:
    """Whether one vote, or one outstanding ballot, moves no slack by more than one."""
    form = completions.ballot
    return form.votes == 1 and form.kind != "score" and form.blank and not completions.pools


def _proved(completions: Completions, seats: int, claim: Claim, bound: Bound) -> Claim:
    if not bound.holds:
        return claim
    prove = elected_proof if claim.kind == "elected" else eliminated_proof
    proof = prove(completions, claim.who[0], seats, bound)
    return msgspec.structs.replace(claim, proof=proof)


def seat_bounds(completions: Completions, seats: int) -> list[tuple[Bound, Bound]]:
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

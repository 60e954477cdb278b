"""What bodies of districts share: who can win one, at what price, and how it ends so."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tally.claim import Bound, Claim
from tally.completions import NOWHERE, Completions, Group
from tally.reach import limits, spend
from tally.rules._counterexample import find_witness
from tally.rules._seats import seat_bounds
from tally.witness import Cast, Fate, Witness, cast_of, faults


class Chances(NamedTuple):
    """Of one selection in one district: ballots from elsewhere it takes until it may lose, or may win, it.

    0: its own outstanding ballots are enough. None: no number of ballots is.
    """

    lose: int | None
    win: int | None


class Spoil(NamedTuple):
    """The most weight that can be had for the ballots there are, and in which districts."""

    weight: int
    places: frozenset[int]


def bounds_of(completions: Completions) -> list[list[tuple[Bound, Bound]]]:
    """Return, per district and selection, the least leads behind "wins it" and "does not"."""
    return [seat_bounds(completions.of_district(d), 1) for d in range(len(completions.districts))]


def chances(completions: Completions, bounds: Sequence[Sequence[tuple[Bound, Bound]]]) -> list[list[Chances]]:
    """Return, per district and selection, what it takes that it loses, or wins, the district."""
    each = completions.ballot.marks_max(1)
    return [[_chance(won, lost, each) for won, lost in of_district] for of_district in bounds]


def _chance(won: Bound, lost: Bound, each: int) -> Chances:
    def price(bound: Bound) -> int | None:
        if bound.slack is None:
            return None if bound.sure else 0
        return -(-max(0, bound.slack) // each)  # a tie is enough, and a ballot moves it by `each`

    return Chances(price(won), price(lost))


def afar(completions: Completions, more: int = 0) -> int | None:
    """Return the most ballots of no known district, `more` besides; None: nobody knows a bound."""
    loose = [p for p, group in enumerate(completions.groups) if group.district == NOWHERE]
    bounds = limits(completions.groups, completions.pools)
    if any(bounds[p] is None for p in loose):
        return None
    used = spend(completions.groups, completions.pools, loose)
    return more + sum(used[p] for p in loose)


def patience_of(completions: Completions, bounds: Sequence[Sequence[tuple[Bound, Bound]]]) -> int | None:
    """Return how many votes or outstanding ballots may move before any district can turn; None: unknown."""
    form = completions.ballot
    steady = form.votes == 1 and form.kind != "score" and form.blank and not completions.pools
    if not steady or completions.modal or afar(completions) != 0:
        return None
    slacks = [one.slack for of in bounds for pair in of for one in pair if one.slack is not None]
    return min((slack - 1 if slack > 0 else -slack for slack in slacks), default=None)


def plain(completions: Completions) -> bool:
    """Return whether every outstanding ballot of a district can name anybody, once, and need not be cast."""
    full = (1 << len(completions.counted)) - 1
    form = completions.ballot
    one_vote = form.kind != "score" and form.votes == 1
    free = form.blank or not any(group.ballots_min for group in completions.groups)
    alike = all(group.on_ballot & full == full for group in completions.groups)
    return one_vote and free and alike and not completions.modal and not completions.pools


def exact_of(completions: Completions, *, loose: bool) -> bool:
    """Return whether districts are independent, but for `loose` ballots that share nothing else."""
    inside = msgspec.structs.replace(
        completions, groups=tuple(g for g in completions.groups if g.district != NOWHERE)
    )
    forced = any(g.district == NOWHERE and (g.ballots_min or g.pool != -1) for g in completions.groups)
    full = (1 << len(completions.counted)) - 1
    everybody = all(g.on_ballot & full == full for g in completions.groups if g.district == NOWHERE)
    return loose and everybody and not forced and not inside.couples_districts()


def most_weight(prices: Sequence[int | None], weights: Sequence[int], ballots: int | None) -> Spoil:
    """Return the most weight of districts whose prices together are within `ballots` (None: no bound).

    Exact 0/1 knapsack over sums of weight. Cost: O(priced districts × their weight).
    """
    free = [d for d, price in enumerate(prices) if price == 0]
    priced = [d for d, price in enumerate(prices) if price]
    if ballots is None:
        return Spoil(sum(weights[d] for d in (*free, *priced)), frozenset((*free, *priced)))
    cheapest: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}
    for d in priced:
        for weight, (cost, chosen) in list(cheapest.items()):
            total, spent = weight + weights[d], cost + (prices[d] or 0)
            known = cheapest.get(total)
            if spent <= ballots and (known is None or spent < known[0]):
                cheapest[total] = (spent, (*chosen, d))
    best = max(cheapest)
    return Spoil(best + sum(weights[d] for d in free), frozenset((*free, *cheapest[best][1])))


class Part(NamedTuple):
    """What is to happen in one district: the selection wins it, or does not; with so many ballots from afar."""

    who: int
    wins: bool
    ballots: int


def body_witness(completions: Completions, parts: dict[int, Part]) -> Witness | None:
    """Return a completion in which every part happens (by some tie-break); None: none was found.

    Districts without a part cast what they must and nothing else.
    """
    of_districts: dict[int, Witness] = {}
    for d, part in parts.items():
        inner = completions.of_district(d)
        if part.ballots:
            inner = msgspec.structs.replace(inner, groups=(*inner.groups, Group(ballots_max=part.ballots)))
        claim = Claim("eliminated" if part.wins else "elected", (part.who,), irreversible=False, slack=None)
        found = find_witness(inner, 1, claim)
        if found is None:
            return None
        of_districts[d] = found
    return joined(completions, of_districts)


def joined(completions: Completions, of_districts: dict[int, Witness]) -> Witness | None:
    """Return a completion made of those of some districts by themselves; the others cast what they must.

    A cast beyond the groups of a district is of ballots from afar. None: together they are no completion,
    since they share a pool or a limit.
    """
    size = len(completions.counted)
    casts: list[Cast] = [
        cast_of(completions.ballot, group, size, 0, {}, NOWHERE) for group in completions.groups
    ]
    fates = [
        Fate("keep", unit.counted, cast_of(completions.ballot, unit.group, size, 0, {}, NOWHERE))
        for unit in completions.modal
    ]
    from_afar = [(0,) * size for _ in completions.districts]
    for d, found in of_districts.items():
        own = iter(found.cast)
        for p, group in enumerate(completions.groups):
            if group.district == d:
                casts[p] = next(own)
        for cast in own:
            from_afar[d] = cast.votes
        of_units = iter(found.fates)
        fates = [
            next(of_units) if unit.district == d else fate
            for unit, fate in zip(completions.modal, fates, strict=True)
        ]
    _spend_loose(completions, casts, from_afar)
    found = whole(completions, casts, fates, from_afar)
    return None if faults(completions, found) else found


def _spend_loose(completions: Completions, casts: list[Cast], from_afar: Sequence[tuple[int, ...]]) -> None:
    """Let the loose groups cast the ballots that fall in districts, as far as they have them."""
    left = [sum(votes) for votes in zip(*from_afar, strict=True)]
    loose = [p for p, group in enumerate(completions.groups) if group.district == NOWHERE]
    room = spend(completions.groups, completions.pools, loose)
    for p in loose:
        top = completions.groups[p].ballots_max
        many = sum(left) if top is None else room[p]
        given = [0] * len(left)
        for j, wanted in enumerate(left):
            given[j] = min(wanted, many - sum(given))
            left[j] -= given[j]
        casts[p] = Cast(max(sum(given), casts[p].ballots), tuple(given))


def whole(
    completions: Completions,
    casts: Sequence[Cast],
    fates: Sequence[Fate],
    from_afar: Sequence[tuple[int, ...]],
) -> Witness:
    """Return the completion of those casts and fates, with its totals."""
    totals = list(completions.counted)
    for votes in (
        *(cast.votes for cast in casts),
        *(f.counted for f in fates),
        *(f.cast.votes for f in fates),
    ):
        for j, number in enumerate(votes):
            totals[j] += number
    return Witness(tuple(casts), tuple(fates), tuple(totals), tuple(from_afar))


def ended(completions: Completions, witness: Witness) -> list[tuple[int, ...]]:
    """Return the final votes of every district in a completion, in selection order."""
    votes = [list(district.counted) for district in completions.districts]
    parts = [
        (group.district, cast.votes) for group, cast in zip(completions.groups, witness.cast, strict=True)
    ]
    for unit, fate in zip(completions.modal, witness.fates, strict=True):
        parts += [(unit.district, fate.counted), (unit.district, fate.cast.votes)]
    parts += list(enumerate(witness.afar))
    for district, more in parts:
        if district != NOWHERE:
            votes[district] = [number + other for number, other in zip(votes[district], more, strict=True)]
    return [tuple(of) for of in votes]

"""Electors by district and at large: the least and the most of one selection."""

from collections.abc import Sequence
from typing import NamedTuple

from tally.claim import Bound
from tally.completions import NOWHERE, Completions
from tally.rules._bodies import exact_of, most_weight, plain
from tally.rules._seats import seat_bounds


class Plan(NamedTuple):
    """One way it can end for a selection: its electors, who beats it over all (None: nobody), and where who does."""

    electors: int
    rival: int | None
    lost: dict[int, int]


def exactly(completions: Completions) -> bool:
    """Return whether the numbers are exact: ballots alike, or two contenders and districts that share nothing."""
    if plain(completions):
        return True
    free = completions.ballot.blank or not any(group.ballots_min for group in completions.groups)
    loose = any(group.district == NOWHERE for group in completions.groups)
    two = len(completions.contenders()) <= 2 and not completions.modal and free and not loose
    return two and exact_of(completions, loose=True)


def rooms(completions: Completions) -> list[int]:
    """Return ballots that may still come by district, those of none last; enough of them where nobody knows."""
    enough = 2 * sum(completions.counted) + 1
    found = [0] * (len(completions.districts) + 1)
    for group in completions.groups:
        found[group.district] += enough if group.ballots_max is None else group.ballots_max
    return found


def least_electors(
    completions: Completions, at_large: int, who: int, bounds: Sequence[Sequence[tuple[Bound, Bound]]]
) -> Plan:
    """Return the worst that can happen to `who`: exact where ballots are alike, else a lower bound.

    Ballots alike: against each rival the ballots that make somebody else win a district are taken from what
    the rival has over all, the cheapest first: a knapsack. Cost: O(rivals × districts × weight).
    """
    weights = [district.weight for district in completions.districts]
    total = at_large + sum(weights)
    if who not in completions.contenders():
        return Plan(0, None, {})
    if not plain(completions):
        open_places = [d for d, of in enumerate(bounds) if not of[who][0].holds]
        sure = seat_bounds(completions, 1)[who][0].holds
        rest = total - sum(weights[d] for d in open_places) - (0 if sure else at_large)
        return Plan(rest, None, dict.fromkeys(open_places, -1))
    room = rooms(completions)
    rivals = [j for j in completions.contenders() if j != who]
    taken = {
        d: found for d in range(len(weights)) if (found := _cheapest(completions, d, who, rivals, room[d]))
    }
    plans = [Plan(total - sum(weights[d] for d in taken), None, {d: k for d, (_, k) in taken.items()})]
    for rival in rivals:
        spare = completions.counted[rival] + sum(room) - completions.counted[who]
        if spare < 0:
            continue
        prices = [_price(completions, d, who, rival, room[d], taken) for d in range(len(weights))]
        spoil = most_weight([None if one is None else one[0] for one in prices], weights, spare)
        lost = {d: one[1] for d in spoil.places if (one := prices[d]) is not None}
        plans.append(Plan(total - at_large - spoil.weight, rival, lost))
    return min(plans, key=lambda plan: plan.electors)


def _cheapest(
    completions: Completions, d: int, who: int, rivals: Sequence[int], room: int
) -> tuple[int, int] | None:
    """Return the fewest ballots with which some rival draws level in a district, and which rival; None: none can."""
    votes = completions.districts[d].counted
    best = min(((max(0, votes[who] - votes[k]), k) for k in rivals), default=None)
    return None if best is None or best[0] > room else best


def _price(
    completions: Completions,
    d: int,
    who: int,
    rival: int,
    room: int,
    taken: dict[int, tuple[int, int]],
) -> tuple[int, int] | None:
    """Return what it costs `rival`, who else gets every ballot, that `who` loses a district, and to whom."""
    votes = completions.districts[d].counted
    if votes[who] - votes[rival] <= room:
        return 0, rival
    return taken.get(d)


def most_electors(
    completions: Completions, at_large: int, who: int, bounds: Sequence[Sequence[tuple[Bound, Bound]]]
) -> int:
    """Return the most `who` can end with: every ballot is its own, which is best everywhere at once."""
    weights = [district.weight for district in completions.districts]
    won = sum(w for w, of in zip(weights, bounds, strict=True) if not of[who][1].holds)
    return won + (0 if seat_bounds(completions, 1)[who][1].holds else at_large)

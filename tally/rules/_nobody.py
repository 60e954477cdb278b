"""Can a vote with spread end without a winner: votes for the leader and for others."""

from collections.abc import Sequence
from typing import NamedTuple

from tally.completions import Completions
from tally.rules._at_large import rooms
from tally.rules._bodies import plain, whole
from tally.rules._spread import Terms
from tally.witness import Cast, Witness

EVERY_MAX = 64
"""Outstanding ballots of a district up to which every number of votes for the leader is tried."""
POINTS_MAX = 20_000
"""Ends of some districts kept at once."""


class Nobody(NamedTuple):
    """A way to end without a winner: whom the plan is about, and per district (none last) votes for it and others.

    `level`: the others must not pass it, since it is the leader.
    """

    leader: int
    gives: tuple[tuple[int, int], ...]
    level: bool


def nobody(completions: Completions, terms: Terms) -> Nobody | bool | None:
    """Return a completion without a winner; None: there is none; True: unknown.

    Whoever leads must lack its share in all but `units` - 1 districts (or nobody has more than half).
    Exact where districts have few ballots, or a plan is found. Source: docs/rules/bodies.md, "Spread".
    """
    contenders = completions.contenders()
    size, places = len(completions.counted), len(completions.districts)
    nothing = ((0, 0),) * (places + 1)
    if not contenders:
        return Nobody(0, nothing, level=False)
    if not plain(completions):
        return True
    room, fail = rooms(completions), places - terms.units + 1
    if terms.majority:
        found = _nobody_has_half(completions, contenders, room)
        if found is not None:
            return found
        plans = [_most_ahead(completions, terms, t, room, fail) for t in contenders]
        return next((plan for plan in plans if plan is not None), None)
    unknown = False
    for leader in contenders:
        rivals = [j for j in contenders if j != leader]
        leads = [completions.counted[leader] - completions.counted[j] for j in rivals]
        plan = _leads_without_spread(
            completions, terms, leader, room, fail, leads, sink=size > len(contenders)
        )
        if isinstance(plan, Nobody):
            return plan
        unknown = unknown or plan is True
    return True if unknown else None


def _nobody_has_half(
    completions: Completions, contenders: Sequence[int], room: Sequence[int]
) -> Nobody | None:
    """Return a way that nobody has more than half: the others get what the largest is over it."""
    votes = completions.counted
    top = max(contenders, key=lambda j: votes[j])
    over = 2 * votes[top] - sum(votes)
    if over > 0 and (over > sum(room) or len(votes) == 1):
        return None
    gives, left = [], max(0, over)
    for ballots in room:
        gives.append((0, min(ballots, left)))
        left -= gives[-1][1]
    return Nobody(top, tuple(gives), level=False)


def _against(terms: Terms, votes: Sequence[int], who: int, more: int) -> int:
    """Return the fewest votes for others that keep `who`, with `more` votes, without its share of a district."""
    over, under = terms.share
    excess = under * (votes[who] + more) - over * (sum(votes) + more)
    if excess < 0 or (excess == 0 and terms.strict):
        return 0
    if over == 0:
        return -1  # no number of votes for others does
    return -(-excess // over) if terms.strict else excess // over + 1


def _largest(terms: Terms, votes: Sequence[int], who: int, room: int, *, free: bool) -> int:
    """Return the most votes for `who` with which others can (`free`: do as it is) keep it short; -1: none."""

    def fits(more: int) -> bool:
        needed = _against(terms, votes, who, more)
        return needed >= 0 and (needed == 0 if free else more + needed <= room)

    if not fits(0):
        return -1
    low, high = 0, room
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _most_ahead(
    completions: Completions, terms: Terms, who: int, room: Sequence[int], fail: int
) -> Nobody | None:
    """Return how `who` has more than half and lacks its share in `fail` districts; None: it cannot. Exact.

    What counts nationally is votes for it less votes for others, so each failing district costs by itself.
    """
    over, under = terms.share
    gives: list[tuple[int, int]] = [(ballots, 0) for ballots in room]
    losses = []
    for d, district in enumerate(completions.districts):
        free = (
            2 * over <= under
        )  # then a vote more costs at least one for others: take only those that cost none
        best = _largest(terms, district.counted, who, room[d], free=free)
        best = max(best, 0)
        needed = _against(terms, district.counted, who, best)
        if needed >= 0 and best + needed <= room[d]:
            losses.append((room[d] - best + needed, d, best, needed))
    if len(losses) < fail or fail > len(completions.districts):
        return None
    for _, d, best, needed in sorted(losses)[: max(0, fail)]:
        gives[d] = (best, needed)
    ahead = 2 * completions.counted[who] - sum(completions.counted) + sum(x - y for x, y in gives)
    return Nobody(who, tuple(gives), level=False) if ahead > 0 else None


def _leads_without_spread(
    completions: Completions,
    terms: Terms,
    who: int,
    room: Sequence[int],
    fail: int,
    leads: Sequence[int],
    *,
    sink: bool,
) -> Nobody | bool | None:
    """Return how `who` leads (a tie will do) and lacks its share in `fail` districts; None: it cannot.

    Votes for others are split among the rivals as suits best, or go to a selection that cannot win (`sink`).
    Pareto sums over districts of votes for it (more is better) and for others (fewer is).
    """
    if fail > len(completions.districts):
        return None
    states: list[dict[tuple[int, int], tuple[tuple[int, int], ...]]] = [{(room[-1], 0): ()}]
    coarse = False
    for d, district in enumerate(completions.districts):
        options = [(0, room[d], 0)]
        tried: Sequence[int] = range(room[d] + 1)
        if room[d] > EVERY_MAX:
            coarse = True
            tried = sorted(
                {0, *(_largest(terms, district.counted, who, room[d], free=f) for f in (True, False))}
            )
        for more in tried:
            needed = _against(terms, district.counted, who, more) if more >= 0 else -1
            if needed >= 0 and more + needed <= room[d]:
                options.append((1, more, needed))
        states = _grown(states, options, max(0, fail))
        if sum(map(len, states)) > POINTS_MAX:
            return True
    for (own, others), gives in states[-1].items() if len(states) > max(0, fail) else ():
        ahead = [lead + own for lead in leads]
        if min(ahead, default=0) >= 0 and (sink or others <= sum(ahead)):
            return Nobody(who, (*gives, (room[-1], 0)), level=not sink)
    return True if coarse else None


def _grown(
    states: Sequence[dict[tuple[int, int], tuple[tuple[int, int], ...]]],
    options: Sequence[tuple[int, int, int]],
    fail: int,
) -> list[dict[tuple[int, int], tuple[tuple[int, int], ...]]]:
    """Return the sums with one district more, by number of districts failed (up to `fail`), undominated ones."""
    grown: list[dict[tuple[int, int], tuple[tuple[int, int], ...]]] = [{} for _ in range(fail + 1)]
    for failed, sums in enumerate(states):
        for (own, others), gives in sums.items():
            for more_failed, x, y in options:
                grown[min(fail, failed + more_failed)].setdefault((own + x, others + y), (*gives, (x, y)))
    found = []
    for sums in grown:
        kept: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
        fewest: int | None = None
        for own, others in sorted(sums, key=lambda point: (-point[0], point[1])):
            if fewest is None or others < fewest:
                kept[own, others] = sums[own, others]
                fewest = others
        found.append(kept)
    return found


def carried_out(completions: Completions, plan: Nobody) -> Witness:
    """Return the completion a plan describes, votes for others spread so that none passes the leader."""
    size, contenders = len(completions.counted), completions.contenders()
    own = sum(x for x, _ in plan.gives)
    others = [j for j in range(size) if j != plan.leader]
    sinks = [j for j in others if j not in contenders]
    rest = [plan.leader] if not others else (sinks or others)
    room = {j: completions.counted[plan.leader] + own - completions.counted[j] for j in rest}
    wanted = list(plan.gives)
    casts = []
    for group in completions.groups:
        given = [0] * size
        x, y = wanted[group.district]
        many = x + y if group.ballots_max is None else min(group.ballots_max, x + y)
        given[plan.leader] = mine = min(x, many)
        theirs = min(y, many - mine)
        wanted[group.district] = (x - mine, y - theirs)
        for j in rest:
            part = theirs if not plan.level or j == rest[-1] else min(theirs, max(0, room[j]))
            given[j] += part
            room[j] -= part
            theirs -= part
        casts.append(Cast(max(sum(given), group.ballots_min), tuple(given)))
    return whole(completions, casts, (), ())

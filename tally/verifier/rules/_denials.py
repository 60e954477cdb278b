"""The fewest votes that cost some lists a seat, solved anew from thresholds and prices."""

from collections.abc import Callable, Sequence
from functools import partial

from tally.verifier.rules._prices import Arena, closed, price, starts
from tally.verifier.rules._quotas import scanned
from tally.verifier.rules._shares import Shares

SPREADS_MAX = 60  # numbers of votes tried that might keep out every list there is


def widened(arena: Arena, members: Sequence[int]) -> Arena:
    """The same, others taken to be on every ballot where votes for `members` could otherwise cost them seats."""
    shares = arena.shares
    partner = shares.partners.get(members[0]) if len(members) == 1 else None
    if partner not in shares.lists:
        partner = None
    alone = len(members) == 1 and partner is None and shares.method != "droop"
    if alone or (shares.share[0] == 0 and not shares.remainders):
        return arena
    others = [j for j in range(len(arena.votes)) if j not in members and j != partner]
    if not others or max(arena.caps[j] for j in others) >= arena.more:
        return arena
    caps = tuple(arena.more if j in others else cap for j, cap in enumerate(arena.caps))
    return arena._replace(caps=caps, alike=False)


def fewest(arena: Arena, members: Sequence[int], seats: int, limit: int) -> int | None:
    """The fewest votes, at most `limit`, that can leave `members` fewer seats; None: not so many.

    Raises `Dear` where it cannot be settled.
    """
    shares = arena.shares
    if shares.method != "plurality" and not any(arena.votes[j] for j in shares.lists):
        return 0
    found = _all_out(arena, members, limit)
    if found is not None:
        limit = found - 1
    partner = shares.partners.get(members[0]) if len(members) == 1 else None
    if partner is not None and partner in shares.lists and members[0] in shares.lists:
        answers = [
            _apart(arena, members[0], partner, seats, limit),
            _joint(arena, members[0], partner, seats, limit),
        ]
    elif shares.remainders:
        answers = [scanned(arena, members, seats, limit)]
    else:
        answers = [_stepped(arena, members, seats, limit)]
    return min((one for one in (found, *answers) if one is not None), default=None)


def _all_out(arena: Arena, members: Sequence[int], limit: int) -> int | None:
    """The fewest votes after which none of them is let in."""
    edges = [arena.edge(j, limit) for j in members if j in arena.shares.lists]
    known = [edge for edge in edges if edge is not None]
    if len(known) < len(edges):
        return None
    start = max(known, default=0)
    if start == 0 or not closed(arena, members):
        return start
    return _spread_thin(arena, members, start, limit)


def _spread_thin(arena: Arena, members: Sequence[int], start: int, limit: int) -> int | None:
    """The fewest votes that only `members` can get, and that still let none of them in."""
    shares, size = arena.shares, len(arena.votes)
    lists = [j for j in members if j in shares.lists]
    over = shares.share[0] * size - shares.share[1]
    if len(lists) == size and (over < 0 or (over == 0 and not shares.strict)):
        return None
    open_to = [j for j, cap in enumerate(arena.caps) if cap]
    for given in range(start, min(limit, start + SPREADS_MAX) + 1):
        bar = arena.bar(given)
        room = sum(max(0, bar - 1 - arena.votes[j]) if j in lists else given for j in open_to)
        if room >= given and all(arena.votes[j] < bar for j in lists):
            return given
    return None if len(open_to) <= 1 or start + SPREADS_MAX >= limit else start


def _climb(start: int, limit: int, asks: Callable[[int], int | None]) -> int | None:
    """The least number from `start` that is not below its own price; prices never fall."""
    given = start
    while given <= limit:
        asked = asks(given)
        if asked is None or asked <= given:
            return None if asked is None else given
        given = asked
    return None


def _stepped(arena: Arena, members: Sequence[int], seats: int, limit: int) -> int | None:
    shares = arena.shares
    wanted = shares.given_out - seats + 1
    rivals = shares.together([j for j in shares.lists if j not in members])
    if wanted <= 0:
        return None
    for start in starts(arena, members, limit):
        bar = arena.bar(start)
        inside = [j for j in members if j in shares.lists and arena.votes[j] >= bar]
        sums = [sum(arena.votes[j] for j in party) for party in shares.together(inside)]
        mark = _mark(shares, sums, seats)
        if mark is None:
            return start if rivals and shares.method != "plurality" else None
        found = _climb(start, limit, partial(price, arena, rivals, mark, wanted, limit))
        if found is not None:
            return found
    return None


def _mark(shares: Shares, sums: Sequence[int], seats: int) -> tuple[int, int] | None:
    """The quotient on which the last of `seats` rests; None: there are not so many."""
    if shares.method == "plurality":
        return (sorted(sums)[-seats], 1) if len(sums) >= seats else None
    if not sums:
        return None
    reached = [0] * len(sums)
    top = 0
    for _ in range(seats):
        top = 0
        for index, own in enumerate(sums):
            ahead = own * shares.divisor(reached[top] + 1) - sums[top] * shares.divisor(reached[index] + 1)
            top = index if ahead > 0 else top
        reached[top] += 1
    return sums[top], shares.divisor(reached[top])


def _apart(arena: Arena, who: int, partner: int, seats: int, limit: int) -> int | None:
    """The fewest votes that deny it while its partner is kept out."""
    shares, edge = arena.shares, arena.edge(partner, limit)
    if edge is None or seats > shares.seats:
        return None
    rivals = shares.together([j for j in shares.lists if j not in {who, partner}])
    mark = (arena.votes[who], shares.divisor(seats))
    wanted = shares.seats - seats + 1
    return _climb(edge, limit, partial(price, arena, rivals, mark, wanted, limit))


def _joint(arena: Arena, who: int, partner: int, seats: int, limit: int) -> int | None:
    """The fewest votes that deny it while both are let in: the two have `both` seats, its partner all but too few."""
    shares, own, its = arena.shares, arena.votes[who], arena.votes[partner]
    rivals = shares.together([j for j in shares.lists if j not in {who, partner}])
    found: int | None = None
    for both in range(shares.seats, seats - 2, -1):
        others = both - seats + 1
        asked = -(-own * shares.divisor(others) // shares.divisor(seats)) if others else 0
        if asked - its > limit:
            continue
        again = others < shares.seats - seats + 1 and _no_dearer(arena, own, its, others + 1, seats)
        if again:
            continue  # one seat more for the partner costs nothing and asks less of rivals

        def asks(given: int, both: int = both, asked: int = asked, most: int = limit) -> int | None:
            lift = max(0, asked - its, arena.bar(given) - its)
            if lift > min(most, arena.caps[partner]):
                return None
            mark = (own + its + lift, shares.divisor(both + 1))
            rest = price(arena, rivals, mark, shares.seats - both, most - lift, given)
            return None if rest is None else rest + lift

        answer = _climb(0, limit, asks)
        if answer is not None:
            found, limit = answer, answer - 1
    return found


def _no_dearer(arena: Arena, own: int, its: int, others: int, seats: int) -> bool:
    """Whether the partner has that many quotients as large as the one in question with the votes it has."""
    return its * arena.shares.divisor(seats) >= own * arena.shares.divisor(others)

"""The most seats lists can come to, solved anew."""

from collections.abc import Sequence

from tally.verifier.rules._denials import fewest, widened
from tally.verifier.rules._prices import Arena, Dear
from tally.verifier.rules._shares import Shares

HALVES_MAX = 4_000  # ranges of votes looked at where lifting a partner over the threshold may pay


def split(shares: Shares, members: Sequence[int]) -> list[int]:
    """Members whose partner is a list outside, where there are others besides."""
    if len(members) == 1:
        return []
    return [
        j
        for j in members
        if j in shares.lists and shares.partners.get(j) in shares.lists and shares.partners[j] not in members
    ]


def safe(arena: Arena, members: Sequence[int], seats: int) -> bool:
    """Whether these lists cannot have fewer seats than that."""
    if seats <= 0:
        return True
    if seats > arena.shares.given_out or not any(j in arena.shares.lists for j in members):
        return False
    apart = split(arena.shares, members)
    if apart:
        rest = [j for j in members if j not in apart]
        parts = [floor(arena, [j]) for j in apart] + ([floor(arena, rest)] if rest else [])
        return sum(parts) >= seats
    if arena.shares.method == "plurality" and seats > len([j for j in members if j in arena.shares.lists]):
        return False
    wide = widened(arena, members)
    return fewest(wide, members, seats, wide.more) is None


def floor(arena: Arena, members: Sequence[int]) -> int:
    """The most seats that these lists cannot fall below."""
    low, high = 0, arena.shares.given_out
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if safe(arena, members, middle) else (low, middle - 1)
    return low


def ceiling(arena: Arena, members: Sequence[int]) -> int:
    """The seats that these lists cannot pass."""
    shares = arena.shares
    lists = [j for j in members if j in shares.lists]
    each = [_alone(arena, j) for j in lists]
    if len(lists) <= 1:
        return sum(each)
    if not any(each):
        return 0
    others = [j for j in shares.lists if j not in lists]
    top = shares.given_out - (floor(arena, others) if others else 0)
    if shares.method == "plurality":
        top = min(top, len(lists))
    return min(top, sum(each)) if split(shares, lists) else top


def _alone(arena: Arena, who: int) -> int:
    """The seats that one list cannot pass."""
    shares, votes, cap = arena.shares, arena.votes, arena.caps[who]
    if shares.remainders:
        return _by_remainders(arena, who)
    partner = shares.partners.get(who)
    if not shares.let_in(votes[who] + cap, arena.total + cap):
        return 0 if partner not in shares.lists or partner is None else _with_partner(arena, who, partner, 0)
    if partner is None or partner not in shares.lists:
        return _beside(arena, {who}, votes[who] + cap, arena.more)
    found = 0
    if votes[partner] < arena.bar(arena.more):
        found = _beside(arena, {who, partner}, votes[who] + cap, arena.more)
    return _with_partner(arena, who, partner, found)


def _beside(arena: Arena, pair: set[int], own: int, given: int) -> int:
    """Seats of `own` votes beside everybody else's as they are, ties going its way."""
    shares = arena.shares
    inside = [j for j in shares.lists if j not in pair and arena.votes[j] >= arena.bar(given)]
    sums = [sum(arena.votes[j] for j in party) for party in shares.together(inside)]
    return _best(shares, sums, own, shares.given_out)


def _best(shares: Shares, rivals: Sequence[int], own: int, seats: int) -> int:
    if shares.method == "plurality":
        return int(sum(one > own for one in rivals) < seats)
    won = 0
    taken = [0] * len(rivals)
    for _ in range(seats):  # one after another; own comes first where it is level
        best = max(
            range(len(rivals)), key=lambda e: _Quotient(rivals[e], shares.divisor(taken[e] + 1)), default=None
        )
        if best is None or rivals[best] * shares.divisor(won + 1) <= own * shares.divisor(taken[best] + 1):
            won += 1
        else:
            taken[best] += 1
    return won


class _Quotient:
    """Votes over a divisor, compared by multiplying across."""

    def __init__(self, over: int, under: int) -> None:
        self.over, self.under = over, under

    def __lt__(self, other: "_Quotient") -> bool:
        return self.over * other.under < other.over * self.under

    def __gt__(self, other: "_Quotient") -> bool:
        return other < self


def _with_partner(arena: Arena, who: int, partner: int, found: int) -> int:
    """The seats it cannot pass while its agreement is in force, the partner getting what lets it in."""
    ranges = [(0, arena.more)]
    looks = 0
    while ranges:
        looks += 1
        if looks > HALVES_MAX:
            raise Dear
        low, high = ranges.pop()
        if _shared(arena, who, partner, low, high) <= found:
            continue
        if low == high:
            found = _shared(arena, who, partner, low, high)
            continue
        middle = (low + high) // 2
        ranges += [(low, middle), (middle + 1, high)]
    return found


def _shared(arena: Arena, who: int, partner: int, low: int, high: int) -> int:
    """Seats it cannot pass when from `low` to `high` votes are given; for one number, all it can have."""
    votes, shares, bar = arena.votes, arena.shares, arena.bar(low)
    lift = max(0, bar - votes[partner])
    given = min(arena.caps[who], high - lift)
    if given < 0 or lift > arena.caps[partner] or votes[who] + given < bar:
        return 0
    both = _beside(arena, {who, partner}, votes[who] + votes[partner] + high, high)
    return _best(shares, [votes[partner] + lift], votes[who] + given, both)


def _by_remainders(arena: Arena, who: int) -> int:
    """Largest remainder: with all its votes, or with those just before a whole quota grows."""
    shares, votes, cap = arena.shares, arena.votes, arena.caps[who]
    if not any(votes[j] for j in shares.lists) and shares.let_in(0, arena.total):
        return shares.seats
    if not shares.let_in(votes[who] + cap, arena.total + cap):
        return 0
    if cap < arena.more:
        quotas = (shares.quota(arena.total), shares.quota(arena.total + arena.more))
        return _rests(arena, who, cap, quotas, arena.more)
    tries = [cap]
    if shares.method == "droop":
        tries += [
            cap - cap_over for cap_over in [(arena.total + cap) % (shares.seats + 1) + 1] if cap_over <= cap
        ]
    return max(
        _rests(arena, who, given, (shares.quota(arena.total + given),) * 2, given)
        for given in tries
        if shares.let_in(votes[who] + given, arena.total + given)
    )


def _rests(arena: Arena, who: int, own: int, quotas: Sequence[tuple[int, int]], given: int) -> int:
    """Seats with `own` more votes, the quota being one of a range, whichever suits it at each comparison."""
    shares, (low, under), (high, _) = arena.shares, *quotas
    if high == 0:
        return shares.seats
    rivals = [j for j in shares.lists if j != who and arena.votes[j] >= arena.bar(given)]
    for seats in range(shares.seats, 0, -1):
        before = 0
        for j in rivals:
            lead = (arena.votes[j] - arena.votes[who] - own) * under
            for n in range(1, shares.seats - seats + 2):
                before += lead + (seats - n) * (low if n <= seats else high) > 0
        if before <= shares.seats - seats:
            return seats
    return 0

"""What rivals pay for quotients of one height: prices a party, and their least sum."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tally.verifier.rules._shares import Shares


class Arena(NamedTuple):
    """One contest or district: its law, its votes, how many more can come in all and to each selection.

    `alike`: every ballot that may come has the same selections on it and gives one vote.
    """

    shares: Shares
    votes: tuple[int, ...]
    more: int
    caps: tuple[int, ...]
    alike: bool

    @property
    def total(self) -> int:
        """The votes counted, for all selections."""
        return sum(self.votes)

    def bar(self, given: int) -> int:
        """The fewest votes that are let in when so many more were given."""
        return self.shares.entry(self.total + given)

    def edge(self, who: int, limit: int) -> int | None:
        """The fewest votes for others, at most `limit`, that keep a list out; None: not so many."""
        if self.votes[who] >= self.bar(limit):
            return None
        low, high = 0, limit
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.votes[who] < self.bar(middle) else (middle + 1, high)
        return low


class Dear(Exception):
    """The question is not settled within the budget."""


def closed(arena: Arena, members: Sequence[int]) -> bool:
    """Whether every vote that may come is for one of `members`."""
    others = [j for j, cap in enumerate(arena.caps) if j not in members and (cap or not arena.more)]
    return arena.alike and not others


def starts(arena: Arena, members: Sequence[int], limit: int) -> list[int]:
    """0, and every number of votes at which one of them is kept out."""
    if closed(arena, members):
        return [0]
    edges = [arena.edge(j, limit) for j in members if j in arena.shares.lists]
    return sorted({0, *(edge for edge in edges if edge is not None)})


def price(
    arena: Arena,
    rivals: Sequence[tuple[int, ...]],
    mark: tuple[int, int],
    wanted: int,
    limit: int,
    given: int,
) -> int | None:
    """The fewest votes with which rivals have `wanted` quotients of `mark`; None: more than `limit`."""
    shares, bar = arena.shares, arena.bar(given)

    def asked(n: int) -> int:
        return mark[0] if shares.method == "plurality" else -(-mark[0] * shares.divisor(n) // mark[1])

    most = 1 if shares.method == "plurality" else wanted
    return cheapest([offers(arena, party, asked, most, bar, limit) for party in rivals], wanted, limit)


def offers(
    arena: Arena, party: tuple[int, ...], asked: Callable[[int], int], most: int, bar: int, limit: int
) -> Iterator[int]:
    """What its 1st, 2nd, ... quotient costs a party in all, as far as it goes."""
    votes, caps = arena.votes, arena.caps
    for n in range(1, most + 1):
        prices = []
        for j in party:
            lift = max(0, asked(n) - votes[j], bar - votes[j])
            if lift <= caps[j] and all(votes[k] < bar for k in party if k != j):
                prices.append(lift)
        if len(party) == 2:
            lifts = [max(0, bar - votes[j]) for j in party]
            lift = max(sum(lifts), asked(n) - sum(votes[j] for j in party))
            if all(one <= caps[j] for one, j in zip(lifts, party, strict=True)) and lift <= sum(
                caps[j] for j in party
            ):
                prices.append(lift)
        if not prices or min(prices) > limit:
            return
        yield min(prices)


def cheapest(rows: Sequence[Iterator[int]], wanted: int, limit: int) -> int | None:
    """The least sum of prices for `wanted` in all, any number from each; None: more than `limit`."""
    sums: dict[int, int] = {0: 0}
    for row in rows:
        prices = list(row)
        free = sum(price == 0 for price in prices)
        grown: dict[int, int] = {}
        for has, spent in sums.items():
            for n in range(free, min(len(prices), max(free, wanted - has)) + 1):
                price = spent + (prices[n - 1] if n else 0)
                at = min(wanted, has + n)
                if price <= limit and price < grown.get(at, limit + 1):
                    grown[at] = price
        sums = grown
    return sums.get(wanted)

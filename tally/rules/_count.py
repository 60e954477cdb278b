"""The law of list seats on a finished count: who has how many, over all ways to break ties."""

from collections.abc import Sequence

import msgspec

from tally.rules._law import QUOTAS, Law
from tally.rules._market import Entity, entities
from tally.rules._remainders import quota, scale_of


class Standing(msgspec.Struct, frozen=True):
    """Seats by entity that no tie can take, the entities tied for one more, and how many of them get it.

    `anybody`: nobody has a vote, so that any of the seats may be anybody's.
    """

    sure: dict[Entity, int]
    tied: tuple[Entity, ...] = ()
    spare: int = 0
    anybody: bool = False


def standing(law: Law, votes: Sequence[int], lists: Sequence[int]) -> Standing:
    """Return the seats of every entity on a finished count. Cost: O(seats × lists)."""
    bar = law.bar(sum(votes))
    inside = [j for j in lists if votes[j] >= bar]
    parties = entities(law, inside)
    if not inside or (not any(votes[j] for j in inside) and law.method != "most_votes"):
        return Standing(dict.fromkeys(parties, 0), anybody=bool(inside))
    numbers = {party: sum(votes[j] for j in party) for party in parties}
    return _share_out(law, numbers, law.filled(len(lists)), sum(votes))


def _share_out(law: Law, numbers: dict[Entity, int], seats: int, total: int) -> Standing:
    """Return the seats of each entity when the largest quotients, or rests after quotas, have them."""

    def place(party: Entity, n: int) -> tuple[int, int]:
        if law.method == "most_votes":
            return (numbers[party], 1) if n == 1 else (-1, 1)
        if law.method in QUOTAS:
            return scale_of(law) * numbers[party] - (n - 1) * quota(law, total), 1
        return numbers[party], law.divisor(n)

    taken = dict.fromkeys(numbers, 0)
    over, under = -1, 1
    for _ in range(seats):
        best: list[Entity] = []
        for party in numbers:
            value, below = place(party, taken[party] + 1)
            if not best or value * under > over * below:
                best, over, under = [party], value, below
        taken[best[0]] += 1
    # The last one given out is the mark: those equal to it, given or not, are tied for what is left.
    sure, tied, spare = dict(taken), [], 0
    for party, has in taken.items():
        for n in (has, has + 1):
            value, below = place(party, n) if n else (-1, 1)
            if n and value * under == over * below:
                tied.append(party)
                sure[party] -= n == has
                spare += n == has
    return Standing(sure, tuple(tied), spare)


def seats_of(law: Law, votes: Sequence[int], lists: Sequence[int], members: Sequence[int]) -> tuple[int, int]:
    """Return the fewest and the most seats `members` have together, over all ways to break ties."""
    return seats_in(law, votes, standing(law, votes, lists), members)


def seats_in(law: Law, votes: Sequence[int], found: Standing, members: Sequence[int]) -> tuple[int, int]:
    """Return the fewest and the most seats `members` have together in this standing."""
    if found.anybody:
        return 0, law.seats if any(j in party for party in found.sure for j in members) else 0
    low = high = 0
    least_more, most_more = [], []
    for party, sure in found.sure.items():
        few, many = _within(law, votes, party, members, sure)
        low, high = low + few, high + many
        if party in found.tied:
            next_few, next_many = _within(law, votes, party, members, sure + 1)
            least_more.append(next_few - few)
            most_more.append(next_many - many)
    low += sum(sorted(least_more)[: found.spare])
    high += sum(sorted(most_more, reverse=True)[: found.spare])
    return low, high


def _within(
    law: Law, votes: Sequence[int], party: Entity, members: Sequence[int], seats: int
) -> tuple[int, int]:
    """Return the fewest and the most of an entity's seats that are of `members`."""
    mine = [j for j in party if j in members]
    if len(mine) in {0, len(party)}:
        return (seats, seats) if mine else (0, 0)
    own, other = (votes[j] for j in (mine[0], *(j for j in party if j not in mine)))
    if own == other == 0:
        return 0, seats
    inner = _share_out(law, {(0,): own, (1,): other}, seats, own + other) if seats else Standing({(0,): 0})
    few = inner.sure[0,]
    if (0,) not in inner.tied or inner.spare == 0:
        return few, few
    return few + (inner.spare == len(inner.tied)), few + 1

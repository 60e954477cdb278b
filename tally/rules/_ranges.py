"""The least and the most seats each list and each bloc can still end with."""

from collections.abc import Mapping, Sequence

import msgspec

from tally.completions import Completions
from tally.rules import _averages, _most, _remainders
from tally.rules._averages import Denial
from tally.rules._count import seats_of
from tally.rules._law import QUOTAS, Law
from tally.rules._most import Most
from tally.rules._outlook import Outlook, finished, outlooks, realised

Gifts = Mapping[int, int]


class End(msgspec.Struct, frozen=True):
    """The least or the most seats some lists can have together.

    In `outlook`, with `gifts` as the votes that come, they have so many by some way to break ties; `gifts`
    None: no completion is known, it is a bound.
    """

    seats: int
    outlook: Outlook
    gifts: Gifts | None


class Range(msgspec.Struct, frozen=True):
    """Seats of some lists together: the least and the most."""

    members: tuple[int, ...]
    least: End
    most: End

    @property
    def settled(self) -> bool:
        """Whether they can have one number of seats only."""
        return self.least.seats == self.most.seats


def views(completions: Completions, law: Law) -> list[Outlook]:
    """Return every outlook, with enough ballots for anything where nobody knows how many there are."""
    known = sum(completions.votes_counted()) + sum(
        part.ballots_max or part.ballots_min
        for part in (*completions.groups, *(unit.group for unit in completions.modal))
    )
    known += sum(unit.revote or 0 for unit in completions.modal)
    enough = 4 * (known + 1) * law.divisor(law.seats) * max(1, law.under) * completions.ballot.votes
    return outlooks(completions, law.barred, enough)


def ranges(law: Law, outlooks_: Sequence[Outlook], groups: Sequence[tuple[int, ...]]) -> list[Range]:
    """Return the range of each group of lists over all these outlooks, one of which comes true."""
    found = []
    for members in groups:
        lows = [least(law, one, members) for one in outlooks_]
        highs = [most(law, one, members) for one in outlooks_]
        low = min(lows, key=lambda end: (end.seats, end.gifts is None))
        high = max(highs, key=lambda end: (end.seats, end.gifts is not None))
        found.append(Range(members, low, high))
    return found


def deny(
    law: Law, outlook: Outlook, members: Sequence[int], seats: int, limit: int, *, fewest: bool = True
) -> Denial | None:
    """Return the fewest votes, at most `limit`, after which `members` can have fewer seats; None: more."""
    if law.method in QUOTAS:
        return _remainders.deny(law, outlook, members, seats, limit)
    return _averages.deny(law, outlook, members, seats, limit, fewest=fewest)


def most_of(law: Law, outlook: Outlook, who: int) -> Most:
    """Return the most seats one list can have."""
    return _remainders.most(law, outlook, who) if law.method in QUOTAS else _most.most(law, outlook, who)


def straddlers(law: Law, outlook: Outlook, members: Sequence[int]) -> list[int]:
    """Return the members whose partner is a list outside, where there are other members besides."""
    partners = {j: law.partner(j) for j in members if j in outlook.lists}
    apart = [j for j, p in partners.items() if p in outlook.lists and p not in members]
    return apart if len(members) > 1 else []


def least(law: Law, outlook: Outlook, members: tuple[int, ...]) -> End:
    """Return the least seats `members` can have together in one outlook.

    Members with a partner outside are taken by themselves where there are others: a lower bound.
    Cost: a few searches for the fewest votes that deny one seat.
    """
    apart = straddlers(law, outlook, members)
    if apart:
        rest = tuple(j for j in members if j not in apart)
        parts = [least(law, outlook, (j,)) for j in apart] + ([least(law, outlook, rest)] if rest else [])
        total = sum(part.seats for part in parts)
        return End(total, outlook, _shown(law, outlook, members, [part.gifts for part in parts], total, 0))
    outlook = loosened(law, outlook, members)
    high = roof(law, outlook, members)
    low, denied, step = 0, None, 0
    while low < high:
        probe = max(1, high - step) if low == 0 else (low + high + 1) // 2
        found = deny(law, outlook, members, probe, outlook.more, fewest=False)
        if found is None:
            low = probe
        else:
            high, denied, step = probe - 1, found, 2 * step + 1
    gifts: Gifts | None = None if denied is None else denied.gifts
    if denied is None and outlook.fewest == 0:
        gifts = {}
    if not outlook.alike or len(members) > 1:
        gifts = _shown(law, outlook, members, [gifts], low, 0)
    return End(low, outlook, gifts)


def loosened(law: Law, outlook: Outlook, members: Sequence[int]) -> Outlook:
    """Return an outlook in which what could go to `members` could go to others instead, who gain by it.

    Where votes for one of several members shut out another or raise the quota, or shut out a partner, giving
    them votes might cost seats; with Droop's quota, which is whole, even one list's own might.
    It cannot, once somebody else could have every such vote; if nobody can, all others are taken to be on
    every ballot, which only adds completions.
    """
    partner = law.partner(members[0]) if len(members) == 1 else None
    alone = len(members) == 1 and partner not in outlook.lists and law.method != "droop"
    if alone or (law.over == 0 and law.method not in QUOTAS):
        return outlook
    others = [j for j in range(len(outlook.caps)) if j not in members and j != partner]
    if not others or any(outlook.caps[j] >= outlook.more for j in others):
        return outlook
    caps = tuple(outlook.more if j in others else cap for j, cap in enumerate(outlook.caps))
    return msgspec.structs.replace(outlook, caps=caps, alike=False)


def roof(law: Law, outlook: Outlook, members: Sequence[int]) -> int:
    """Return a number of seats the least cannot exceed: what they have when nothing more comes."""
    lists = [j for j in members if j in outlook.lists]
    filled = law.filled(len(outlook.lists))
    if outlook.fewest:
        return min(filled, len(lists)) if law.method == "most_votes" else (filled if lists else 0)
    now = finished(outlook.votes, outlook.lists)
    return min(filled, sum(most_of(law, now, j).seats for j in lists))


def needed(law: Law, outlook: Outlook, members: tuple[int, ...], seats: int) -> int | None:
    """Return the fewest votes that deny `members` one of `seats`, up to twice all there are; None: more.

    Asked as if more ballots came than can, of those with every selection on them that is on all.
    """
    if seats == 0 or straddlers(law, outlook, members):
        return None
    most = limit_of(outlook)
    caps = tuple(most if cap >= outlook.more else cap for cap in outlook.caps)
    outlook = msgspec.structs.replace(outlook, caps=caps)
    step = 1 + sum(outlook.votes[j] for j in members) // seats  # about what a seat costs
    while True:
        limit = min(outlook.more + step, most)
        if deny(law, outlook, members, seats, limit, fewest=False) is not None:
            found = deny(law, outlook, members, seats, limit)
            return None if found is None else found.votes
        if limit == most:
            return None
        step *= 2


def limit_of(outlook: Outlook) -> int:
    """Return the largest number of votes asked about: twice what is counted and what can come."""
    return 2 * (outlook.total + outlook.more)


def most(law: Law, outlook: Outlook, members: tuple[int, ...]) -> End:
    """Return the most seats `members` can have together in one outlook.

    Of several: all that the others need not have, if one of them is let in with all the votes.
    """
    lists = [j for j in members if j in outlook.lists]
    if not lists:
        return End(0, outlook, {} if outlook.fewest == 0 else None)
    if len(lists) == 1:
        one = most_of(law, outlook, lists[0])
        gifts: Gifts | None = one.gifts if outlook.alike and outlook.caps[lists[0]] == outlook.more else None
        if gifts is None:
            gifts = _shown(law, outlook, members, [one.gifts, {}], one.seats, 1)
        return End(one.seats, outlook, gifts)
    filled = law.filled(len(outlook.lists))
    others = tuple(j for j in outlook.lists if j not in lists)
    left = least(law, outlook, others) if others else None
    ceiling = filled - (left.seats if left else 0)
    if law.method == "most_votes":
        ceiling = min(ceiling, len(lists))
    each = [most_of(law, outlook, j) for j in lists]
    ceiling = min(ceiling, sum(one.seats for one in each)) if straddlers(law, outlook, members) else ceiling
    if not any(one.seats for one in each):
        ceiling = 0
    tries: list[Gifts | None] = [left.gifts] if left else []
    tries += [one.gifts for one in sorted(each, key=lambda one: -one.seats)]
    return End(ceiling, outlook, _shown(law, outlook, members, [*tries, {}], ceiling, 1))


def _shown(
    law: Law, outlook: Outlook, members: tuple[int, ...], tries: Sequence[Gifts | None], seats: int, side: int
) -> Gifts | None:
    """Return the first gifts that can come and leave `members` so many seats, at least or at most; else None."""
    for gifts in tries:
        if gifts is None:
            continue
        totals = ended(outlook, gifts)
        if totals is not None and seats_of(law, totals, outlook.lists, members)[side] == seats:
            return gifts
    return None


def ended(outlook: Outlook, gifts: Gifts) -> tuple[int, ...] | None:
    """Return the final votes of the completion with these gifts; None: there is no such completion."""
    if outlook.alike:
        totals = list(outlook.votes)
        for j, number in gifts.items():
            totals[j] += number
        return tuple(totals) if outlook.fewest <= sum(gifts.values()) <= outlook.more else None
    revised = any(j >= 0 for _, j in outlook.stakes)
    if outlook.settled is None or (revised and outlook.settled.ballot.votes > 1):
        return None  # a ballot of several votes is no measure of a revision
    whole = msgspec.structs.replace(outlook, modes=(), stakes=())
    witness = realised(outlook.settled, whole, gifts)
    return None if witness is None else witness.totals

"""Largest remainder: the fewest votes that cost lists a seat, and the most one can have."""

from collections.abc import Sequence

import msgspec

from tally.rules._averages import Denial, closed, edges_of, filled, keep_out, nobody
from tally.rules._law import Law
from tally.rules._market import Basket
from tally.rules._most import Most
from tally.rules._outlook import Outlook
from tally.rules._purchase import cheapest

SCANS_MAX = 300  # numbers of votes looked at for one question

# The k seats go to the k largest of V/q - (n - 1), n from 1. Everything here is multiplied by `scale`, so
# that the quota is whole: k for Hare's, T/k, and 1 for Droop's.


def scale_of(law: Law) -> int:
    """Return what votes and the quota are multiplied with."""
    return law.seats if law.method == "hare" else 1


def quota(law: Law, total: int) -> int:
    """Return the scaled quota of so many votes."""
    return total if law.method == "hare" else total // (law.seats + 1) + 1


def deny(law: Law, outlook: Outlook, members: Sequence[int], seats: int, limit: int) -> Denial | None:
    """Return the fewest votes, at most `limit`, after which `members` can have fewer than `seats` in all.

    Ties go against them. The price rivals pay rises and falls with the quota, hence with every vote given,
    but slowly: a price far above the votes at hand rules out the next numbers of votes, too. Exact within a
    budget; beyond, the number of votes reached (too small, never too large) with nobody to say how.
    """
    found = keep_out(law, outlook, members, limit)
    limit = limit if found is None else found.votes - 1
    starts = edges_of(law, outlook, members)
    if closed(outlook, members):
        limit = min(limit, outlook.fewest)  # more votes are their own, and only help
    looks = 0
    for start, end in zip(starts, [*starts[1:], limit + 1], strict=True):
        votes = start
        bar = law.bar(outlook.total + start)
        inside = [j for j in members if j in outlook.lists and outlook.votes[j] >= bar]
        if not inside and start <= limit and len(members) < len(outlook.caps):
            return Denial(start, None)  # votes that must come, all to them, may let them in: nobody says
        while votes < min(end, limit + 1):
            looks += 1
            if looks > SCANS_MAX:
                return Denial(votes, None)
            basket = _price(law, outlook, members, seats, votes, limit)
            if basket is not None and basket.votes <= votes:
                return filled(outlook, members, votes, basket)
            if min(outlook.caps) < limit:
                # What some cannot be given they may soon not need: only prices without caps move in small steps.
                open_to_all = (limit,) * len(outlook.caps)
                free = msgspec.structs.replace(outlook, caps=open_to_all)
                basket = _price(law, free, members, seats, votes, limit)
            price = limit + 1 if basket is None else basket.votes
            votes += _skip(law, outlook, members, seats, votes, price)
    return found


def _skip(law: Law, outlook: Outlook, members: Sequence[int], seats: int, votes: int, price: int) -> int:
    """Return how many more votes are surely still too few when `votes` are, at such a price; at least 1."""
    rivals = min(sum(j not in members for j in outlook.lists), law.seats - seats + 1)

    def short(more: int) -> bool:
        if law.method == "hare":
            falls = -(-more * (seats - 1) // law.seats)
        else:
            before, after = (quota(law, outlook.total + number) for number in (votes, votes + more))
            falls = (after - before) * (seats - 1)
        return price - rivals * falls > votes + more

    low, high = 0, max(1, price - votes)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if short(middle) else (low, middle - 1)
    return low + 1


def _price(
    law: Law, outlook: Outlook, members: Sequence[int], seats: int, votes: int, limit: int
) -> Basket | None:
    """Return the fewest votes with which rivals come before the last of `seats`; None: more than `limit`."""
    total = outlook.total + votes
    bar, scale, whole = law.bar(total), scale_of(law), quota(law, total)
    if whole == 0:
        return Basket(0, {})
    wanted = law.seats - seats + 1
    inside = [scale * outlook.votes[j] for j in members if j in outlook.lists and outlook.votes[j] >= bar]
    if not inside:
        return None  # they are all kept out: judged by itself
    mark = _last_of(inside, whole, seats)
    rivals = [j for j in outlook.lists if j not in members]
    held = []
    for j in rivals:
        lead = scale * outlook.votes[j] - mark
        held.append(0 if lead < 0 or outlook.votes[j] < bar else min(wanted, lead // whole + 1))
    missing = wanted - sum(held)
    if missing <= 0:
        return Basket(0, {})

    def lift(j: int, n: int) -> int:
        needed = -(-(mark + (n - 1) * whole) // scale)
        return max(0, needed - outlook.votes[j], bar - outlook.votes[j])

    rows = []
    for j, has in zip(rivals, held, strict=True):
        most = min(limit, outlook.caps[j])
        row = [0]
        for n in range(has + 1, has + missing + 1):
            if lift(j, n) > most:
                break
            row.append(lift(j, n))
        rows.append(row)
    found = cheapest(rows, missing, limit)
    if found is None:
        return None
    bought = zip(rivals, held, found[1], strict=True)
    return Basket(found[0], {j: lift(j, has + more) for j, has, more in bought if more})


def _last_of(sums: Sequence[int], whole: int, seats: int) -> int:
    """Return the `seats`-th largest of what is left of these sums after 0, 1, 2, ... quotas."""
    left = list(sums)
    last = left[0]
    for _ in range(seats):
        e = max(range(len(left)), key=left.__getitem__)
        last = left[e]
        left[e] -= whole
    return last


def most(law: Law, outlook: Outlook, who: int) -> Most:
    """Return the most seats `who` can have, ties going its way.

    Exact where it is on every ballot that may come: with Hare's quota all votes are best its own; Droop's is
    whole and jumps, so the last number of votes before a jump may be better. Otherwise an upper bound.
    """
    unvoted = nobody(law, outlook)
    if unvoted is not None and law.bar(outlook.total + outlook.fewest) <= 0:
        return Most(law.seats, unvoted)
    votes, cap = outlook.votes[who], outlook.caps[who]
    if votes + cap < law.bar(outlook.total + cap):
        return Most(0, {})
    if cap < outlook.more:
        low, high = quota(law, outlook.total), quota(law, outlook.total + outlook.more)
        return Most(_best(law, outlook, who, cap, (low, high), outlook.more), {who: cap})
    tries = [outlook.more]
    before = outlook.more - (outlook.total + outlook.more) % (law.seats + 1) - 1
    if law.method == "droop" and before >= outlook.fewest:
        tries.append(before)
    found = Most(0, {})
    for given in tries:
        whole = quota(law, outlook.total + given)
        seats = _best(law, outlook, who, given, (whole, whole), given)
        if votes + given >= law.bar(outlook.total + given) and seats > found.seats:
            found = Most(seats, {who: given})
    return found


def _best(law: Law, outlook: Outlook, who: int, own: int, quotas: tuple[int, int], given: int) -> int:
    """Return the most seats with `own` more votes, the quota being one between `quotas`, whichever suits."""
    bar, scale = law.bar(outlook.total + given), scale_of(law)
    low, high = quotas
    if high == 0:
        return law.seats
    leads = [
        scale * (outlook.votes[j] - outlook.votes[who] - own)
        for j in outlook.lists
        if j != who and outlook.votes[j] >= bar
    ]
    for seats in range(law.seats, 0, -1):
        # A rival's n-th comes strictly before the last of `seats` when lead + (seats - n) quotas > 0.
        above = sum(
            lead + (seats - n) * (low if n <= seats else high) > 0
            for lead in leads
            for n in range(1, law.seats - seats + 2)
        )
        if above <= law.seats - seats:
            return seats
    return 0

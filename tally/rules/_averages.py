"""Highest averages: the fewest votes that cost some lists a seat, agreements included."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from tally.rules._law import Law
from tally.rules._market import Basket, Entity, Mark, entities, last_of, market_of, quotients
from tally.rules._outlook import Outlook
from tally.rules._purchase import price_list

TRIES_MAX = 60  # numbers of votes tried that might keep out every list there is


class Denial(msgspec.Struct, frozen=True):
    """So many further votes, given so, deny somebody a seat. `gifts` None: nobody says how to give them."""

    votes: int
    gifts: dict[int, int] | None


def deny(
    law: Law, outlook: Outlook, members: Sequence[int], seats: int, limit: int, *, fewest: bool = True
) -> Denial | None:
    """Return the fewest votes, at most `limit`, after which `members` can have fewer than `seats`.

    Not `fewest`: any such number will do. Ties go against them. None: no `limit` votes do it. Exact where
    the outlook is all there is to know and no agreement has one partner in `members` and the other outside
    (of a single list: always).
    """
    found = keep_out(law, outlook, members, limit)
    if found is not None and not fewest:
        return found
    limit = limit if found is None else found.votes - 1
    seats_left = law.filled(len(outlook.lists)) - seats + 1
    rivals = [j for j in outlook.lists if j not in members]
    partner = law.partner(members[0]) if len(members) == 1 else None
    if partner in rivals and outlook.votes[members[0]] >= law.bar(outlook.total):
        apart = _partner_out(law, outlook, members[0], partner, seats, limit, fewest=fewest)
        if apart is not None and not fewest:
            return apart
        found, limit = (found, limit) if apart is None else (apart, apart.votes - 1)
        joint = _partner_in(law, outlook, members[0], partner, seats, limit, fewest=fewest)
        return joint or found
    if seats_left <= 0:
        return found
    parties = entities(law, rivals)
    for start in edges_of(law, outlook, members):
        mark = _mark(law, outlook, members, seats, start)
        if start > limit or not rivals:
            break
        if mark is None:
            return Denial(start, None)  # votes that must come, all to them, may let them in: nobody says
        bought = _settle(
            start, limit, partial(quotients, law, outlook, parties, mark, seats_left), fewest=fewest
        )
        if bought is not None:
            found, limit = filled(outlook, members, *bought), bought[0] - 1
            if not fewest:
                break
    return found


def edges_of(law: Law, outlook: Outlook, members: Sequence[int]) -> list[int]:
    """Return the fewest votes there are, and each number, given to others, at which one of `members` is out."""
    found = {outlook.fewest}
    if not closed(outlook, members):
        for j in members:
            edge = law.shut_out(outlook.votes[j], outlook.total)
            if edge is not None and edge > outlook.fewest:
                found.add(edge)
    return sorted(found)


def closed(outlook: Outlook, members: Sequence[int]) -> bool:
    """Whether every vote that may come is for one of `members`, so that others get none."""
    return outlook.alike and not outlook.outside(members)


def keep_out(law: Law, outlook: Outlook, members: Sequence[int], limit: int) -> Denial | None:
    """Return the fewest votes after which none of `members` is let in, or nobody has a vote."""
    unvoted = nobody(law, outlook)
    if unvoted is not None:
        return Denial(outlook.fewest, unvoted)
    edges = [law.shut_out(outlook.votes[j], outlook.total) for j in members if j in outlook.lists]
    if any(edge is None for edge in edges):
        return None
    most = max([outlook.fewest, *(edge for edge in edges if edge is not None)])
    if most > limit:
        return None
    if most > 0 and closed(outlook, members):
        return _all_out(law, outlook, members, most, limit)
    return filled(outlook, members, most, Basket(0, {}))


def nobody(law: Law, outlook: Outlook) -> dict[int, int] | None:
    """Return the votes that come where no list gets any, and none has any: no seat is anybody's. None: not so."""
    if law.method == "most_votes" or any(outlook.votes[j] for j in outlook.lists):
        return None
    if outlook.fewest == 0:
        return {}
    others = [j for j, cap in enumerate(outlook.caps) if cap and j not in outlook.lists]
    return {others[0]: outlook.fewest} if others else None


def _all_out(law: Law, outlook: Outlook, members: Sequence[int], start: int, limit: int) -> Denial | None:
    """Return the fewest votes, `start` or more, that only `members` can get and that let none of them in.

    Looked for among the next `TRIES_MAX` numbers of votes; beyond, it is taken to be possible.
    """
    open_to = [j for j, cap in enumerate(outlook.caps) if cap]
    lists = [j for j in members if j in outlook.lists]
    size = len(outlook.caps)
    share = law.over * size - law.under
    if size == len(lists) and (share < 0 or (share == 0 and not law.strict)):
        return None  # the largest has one part in `size` of all votes, and that is enough
    for votes in range(start, min(limit, start + TRIES_MAX) + 1):
        bar, left, gifts = law.bar(outlook.total + votes), votes, {}
        for j in open_to:
            room = max(0, bar - 1 - outlook.votes[j]) if j in lists else left
            gifts[j] = min(left, room)
            left -= gifts[j]
        if left == 0 and all(outlook.votes[j] < bar for j in lists):
            return Denial(votes, gifts)
    if len(open_to) <= 1 or start + TRIES_MAX >= limit:
        return None  # votes that all go to one list raise no share but its own
    return Denial(start, None)


def _mark(law: Law, outlook: Outlook, members: Sequence[int], seats: int, votes: int) -> Mark | None:
    """Return the quotient that carries the last of `seats` once so many votes went to others; None: none does."""
    bar = law.bar(outlook.total + votes)
    inside = [j for j in members if j in outlook.lists and outlook.votes[j] >= bar]
    if law.method == "most_votes":
        numbers = sorted((outlook.votes[j] for j in inside), reverse=True)
        return (numbers[seats - 1], 1) if seats <= len(numbers) else None
    if not inside:
        return None
    sums = [sum(outlook.votes[j] for j in party) for party in entities(law, inside)]
    return last_of(law, sums, seats)


def _settle(
    start: int, limit: int, price: Callable[[int, int], Basket | None], *, fewest: bool
) -> tuple[int, Basket] | None:
    """Return the least number of votes, `start` or more, that pays for what it makes necessary; and for what.

    The more votes are given, the higher the threshold and the price; so the least such number is met by
    going from each price to the next. Not `fewest`: any such number will do, so the largest is tried first.
    """
    if not fewest and start <= limit:
        basket = price(limit, limit)
        if basket is not None:
            return limit, basket
    votes = start
    while votes <= limit:
        basket = price(votes, limit)
        if basket is None:
            return None
        if basket.votes <= votes:
            return votes, basket
        votes = basket.votes
    return None


def filled(outlook: Outlook, members: Sequence[int], votes: int, basket: Basket) -> Denial:
    """Return the denial with what is left of the votes given to somebody outside, whom they cannot harm."""
    left = votes - basket.votes
    if left == 0:
        return Denial(votes, basket.gifts)
    outside = [j for j in outlook.outside(members) if outlook.caps[j]]
    if not outside:
        return Denial(votes, None)
    gifts = dict(basket.gifts)
    sink = max(outside, key=lambda j: (j in outlook.lists, outlook.votes[j] + gifts.get(j, 0)))
    gifts[sink] = gifts.get(sink, 0) + left
    return Denial(votes, gifts)


def _partner_out(
    law: Law, outlook: Outlook, who: int, partner: int, seats: int, limit: int, *, fewest: bool
) -> Denial | None:
    """Return the fewest votes that deny `who` the seat while its partner is not let in: it stands alone."""
    edge = law.shut_out(outlook.votes[partner], outlook.total)
    if edge is None:
        return None
    parties = entities(law, [j for j in outlook.lists if j not in {who, partner}])
    mark = (outlook.votes[who], law.divisor(seats))
    wanted = law.seats - seats + 1
    bought = _settle(
        max(edge, outlook.fewest),
        limit,
        partial(quotients, law, outlook, parties, mark, wanted),
        fewest=fewest,
    )
    return None if bought is None else filled(outlook, (who, partner), *bought)


def _partner_in(
    law: Law, outlook: Outlook, who: int, partner: int, seats: int, limit: int, *, fewest: bool
) -> Denial | None:
    """Return the fewest votes that deny `who` the seat while its agreement is in force.

    The two have `both` seats at most when rivals hold the others at quotients no smaller than their next
    one; of `both` seats `who` has too few when its partner holds all others at quotients no smaller than
    the one in question. The partner's votes raise what rivals need, so it gets as few as will do.
    """
    own, its = outlook.votes[who], outlook.votes[partner]
    parties = entities(law, [j for j in outlook.lists if j not in {who, partner}])
    found = None
    least = max(its, law.bar(outlook.total + outlook.fewest))
    # The more seats both have while that asks nothing more of the partner, the less rivals need.
    first = (
        seats - 1 + law.held(least, (own, law.divisor(seats)), law.seats - seats + 1) if own else law.seats
    )
    floors = _floors(law, outlook, parties, (own, law.divisor(seats)), law.seats - first, limit)
    for both in range(first, law.seats + 1):
        others = both - seats + 1
        needed = -(-own * law.divisor(others) // law.divisor(seats)) if others else 0
        if max(0, needed - its) > limit:
            break
        if max(0, needed - its) + floors[law.seats - both] > limit:
            continue

        def price(u: int, most: int, both: int = both, needed: int = needed) -> Basket | None:
            given = max(0, needed - its, law.bar(outlook.total + u) - its)
            if given > min(most, outlook.caps[partner]):
                return None
            mark = (own + its + given, law.divisor(both + 1))
            basket = quotients(law, outlook, parties, mark, law.seats - both, u, most - given)
            return basket and Basket(basket.votes + given, {**basket.gifts, partner: given})

        bought = _settle(outlook.fewest, limit, price, fewest=fewest)
        if bought is not None:
            spare = (who,) if both == law.seats else (who, partner)
            found, limit = filled(outlook, spare, *bought), bought[0] - 1
            if not fewest:
                break
    return found


def _floors(
    law: Law, outlook: Outlook, parties: Sequence[Entity], mark: Mark, wanted: int, limit: int
) -> list[int]:
    """Return at least what 0, 1, ... `wanted` quotients cost rivals, however many seats the two have.

    With D'Hondt's divisors the next quotient of the two together is never below `mark`, the one in question:
    own = s·mark and its >= n·mark give (own + its)/(s + n) >= mark. Otherwise nothing is said: 0.
    """
    if law.method != "dhondt" or mark[0] == 0:
        return [0] * (wanted + 1)
    market = market_of(law, outlook, parties, mark, wanted, outlook.fewest, limit)
    if market is None:  # `wanted` cost too much; of fewer nothing is known
        return [*([0] * wanted), limit + 1]
    held = sum(market.held)
    if held >= wanted:
        return [0] * (wanted + 1)
    prices = price_list([row for row in market.rows if len(row) > 1], wanted - held, limit)
    return [0] * held + prices

"""What quotients of one height cost rivals, thresholds included."""

from collections.abc import Sequence

import msgspec

from tally.rules._law import Law
from tally.rules._outlook import Outlook
from tally.rules._purchase import cheapest, price_list

Entity = tuple[int, ...]
"""One list, or two with an agreement."""
Mark = tuple[int, int]
"""A quotient, votes over divisor, as a fraction."""
MANY = 12  # parties, from which on a bound by the large ones is worth its cost


class Basket(msgspec.Struct, frozen=True):
    """Votes bought for rivals: their number, and who gets them."""

    votes: int
    gifts: dict[int, int]


def entities(law: Law, lists: Sequence[int]) -> list[Entity]:
    """Return these lists with those that have an agreement together, when both are among them."""
    found: list[Entity] = []
    for j in lists:
        p = law.partner(j)
        if p is None or p not in lists:
            found.append((j,))
        elif j < p:
            found.append((j, p))
    return found


def last_of(law: Law, sums: Sequence[int], seats: int) -> Mark:
    """Return the `seats`-th largest of the quotients of these sums, as a fraction."""
    taken = [0] * len(sums)
    best = 0
    for _ in range(seats):
        best = 0
        for e in range(1, len(sums)):
            if sums[e] * law.divisor(taken[best] + 1) > sums[best] * law.divisor(taken[e] + 1):
                best = e
        taken[best] += 1
    return sums[best], law.divisor(taken[best])


class Market(msgspec.Struct, frozen=True):
    """What quotients of one mark cost every party: those it holds, and the prices of further ones."""

    held: tuple[int, ...]
    rows: tuple[list[int], ...]
    needs: tuple[int, ...]
    bar: int


def market_of(
    law: Law, outlook: Outlook, parties: Sequence[Entity], mark: Mark, wanted: int, votes: int, limit: int
) -> Market | None:
    """Return the prices as far as `limit` votes go, `votes` being given; None: `wanted` surely cost more."""
    bar = law.bar(outlook.total + votes)
    inside = [tuple(j for j in party if outlook.votes[j] >= bar) for party in parties]
    sums = [sum(outlook.votes[j] for j in party) for party in inside]
    held = [law.held(own, mark, wanted) if party else 0 for own, party in zip(sums, inside, strict=True)]
    missing = wanted - sum(held)
    if missing <= 0:
        return Market(tuple(held), (), (), bar)
    full = [sum(outlook.votes[j] for j in party) for party in parties]
    if not parties or _too_dear(law, full, held, mark, missing, limit):
        return None
    top = 1 if law.method == "most_votes" else max(held) + missing
    needs = [_needed(law, mark, n) for n in range(top + 1)]
    rows = tuple(
        _row(outlook, party, needs, has, missing, bar, limit)
        for party, has in zip(parties, held, strict=True)
    )
    return Market(tuple(held), rows, tuple(needs), bar)


def quotients(
    law: Law, outlook: Outlook, parties: Sequence[Entity], mark: Mark, wanted: int, votes: int, limit: int
) -> Basket | None:
    """Return the fewest votes with which these parties hold `wanted` quotients of `mark` or more, together.

    `votes` are given in all: they set the threshold. None: `limit` votes are not enough.
    """
    market = market_of(law, outlook, parties, mark, wanted, votes, limit)
    if market is None:
        return None
    missing = wanted - sum(market.held)
    if missing <= 0:
        return Basket(0, {})
    if (
        law.method == "dhondt"
        and len(parties) > MANY
        and _dear_besides(outlook, parties, market, missing, limit)
    ):
        return None
    used = [e for e, row in enumerate(market.rows) if len(row) > 1]
    found = cheapest([market.rows[e] for e in used], missing, limit)
    if found is None:
        return None
    gifts: dict[int, int] = {}
    for e, more in zip(used, found[1], strict=True):
        if more:
            gifts |= _lift(outlook, parties[e], market.needs[market.held[e] + more], market.bar) or {}
    return Basket(found[0], gifts)


def _dear_besides(
    outlook: Outlook, parties: Sequence[Entity], market: Market, missing: int, limit: int
) -> bool:
    """Whether `missing` quotients surely cost more than `limit`, judged by the lists let in that hold some.

    With D'Hondt's divisors n more quotients cost such a party at most n marks, rounded up. They cost any other
    party, or this one by way of a partner that is lifted over the threshold, at least that, less the votes
    those lists have now. So all of that saves no more than their votes.
    """
    holders = [e for e, has in enumerate(market.held) if has]
    if not holders:
        return False
    sums = {e: sum(outlook.votes[j] for j in parties[e] if outlook.votes[j] >= market.bar) for e in holders}
    saved = sum(outlook.votes[j] for party in parties for j in party) - sum(sums.values())
    most = limit + saved
    rows = []
    for e, own in sums.items():
        prices = (need - own for need in market.needs[market.held[e] + 1 : market.held[e] + missing + 1])
        rows.append([0, *(price for price in prices if price <= most)])
    return price_list(rows, missing, most)[-1] > most


def _needed(law: Law, mark: Mark, n: int) -> int:
    """Return the fewest votes whose n-th quotient is `mark` or more."""
    return mark[0] if law.method == "most_votes" else -(-mark[0] * law.divisor(n) // mark[1])


def _too_dear(
    law: Law, sums: Sequence[int], held: Sequence[int], mark: Mark, missing: int, limit: int
) -> bool:
    """Whether `missing` further quotients surely cost more than `limit`, thresholds aside.

    The n-th divisor is at least step·n - short. So n quotients of `mark` need (step·n - short)·mark votes,
    and what a party has beyond its `held` ones helps with one purchase only: at most `missing` parties buy.
    """
    step, short = law.steps()
    if not step:
        return False
    over, under = mark
    beyond = [max(0, own * under - (step * has - short) * over) for own, has in zip(sums, held, strict=True)]
    helps = sum(sorted(beyond, reverse=True)[:missing])
    return missing * step * over - helps > limit * under


def _row(
    outlook: Outlook, party: Entity, needs: Sequence[int], has: int, missing: int, bar: int, limit: int
) -> list[int]:
    """Return what 0, 1, 2, ... further quotients cost a party, as far as `limit` votes go."""
    row = [0]
    last = min(has + missing, len(needs) - 1)
    if len(party) == 1:
        own, most = outlook.votes[party[0]], min(limit, outlook.caps[party[0]])
        for n in range(has + 1, last + 1):
            price = max(0, needs[n] - own, bar - own)
            if price > most:
                break
            row.append(price)
        return row
    if all(outlook.caps[j] >= limit for j in party):
        two = [outlook.votes[j] for j in party]
        short, both = sum(max(0, bar - number) for number in two), sum(two)
        alone = [two[0]] if two[1] < bar else []  # it can stand alone while its partner is not let in
        alone += [two[1]] if two[0] < bar else []
        for n in range(has + 1, last + 1):
            ways = [max(needs[n], bar) - number for number in alone]
            price = max(0, min([max(short, needs[n] - both), *ways]))
            if price > limit:
                break
            row.append(price)
        return row
    for n in range(has + 1, last + 1):
        gifts = _lift(outlook, party, needs[n], bar)
        if gifts is None or sum(gifts.values()) > limit:
            break
        row.append(sum(gifts.values()))
    return row


def _lift(outlook: Outlook, party: Entity, needed: int, bar: int) -> dict[int, int] | None:
    """Return the fewest votes with which a party is let in and has `needed` votes; None: it cannot."""
    ways = [
        {j: max(0, needed - outlook.votes[j], bar - outlook.votes[j])}
        for j in party
        if all(k == j or outlook.votes[k] < bar for k in party)  # the other one is not let in
    ]
    if len(party) == 2:
        gifts = {j: max(0, bar - outlook.votes[j]) for j in party}
        left = needed - sum(outlook.votes[j] + gifts[j] for j in party)
        for j in party:
            more = max(0, min(left, outlook.caps[j] - gifts[j]))
            gifts[j] += more
            left -= more
        if left <= 0:
            ways.append(gifts)
    ways = [way for way in ways if all(number <= outlook.caps[j] for j, number in way.items())]
    return min(ways, key=lambda way: sum(way.values()), default=None)

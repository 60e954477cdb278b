"""Highest averages: the most seats one list can come to, thresholds and agreements included."""

from collections.abc import Sequence

import msgspec

from tally.rules._law import Law
from tally.rules._market import entities
from tally.rules._outlook import Outlook

SPLITS_MAX = 400  # ranges of votes looked at where lifting a partner over the threshold may pay


class Most(msgspec.Struct, frozen=True):
    """The most seats, and votes by selection that bring them; `gifts` None: it is only an upper bound."""

    seats: int
    gifts: dict[int, int] | None


def most(law: Law, outlook: Outlook, who: int) -> Most:
    """Return the most seats `who` can have, ties going its way.

    Exact where the outlook is all there is to know and who is on the ballots: every vote helps it
    most when it is its own, unless its partner needs votes to be let in. Then the votes are split in
    the best way, found by halving ranges of what is given; exact within a budget, else an upper bound.
    """
    votes, cap = outlook.votes[who], outlook.caps[who]
    partner = law.partner(who)
    if partner is None or partner not in outlook.lists:
        if votes + cap < law.bar(outlook.total + cap):
            return Most(0, {})
        return Most(_beside(law, outlook, (who, None), votes + cap, outlook.more), {who: cap})
    found = Most(0, {})
    edge = law.shut_out(outlook.votes[partner], outlook.total)
    if edge is not None and edge <= outlook.more and votes + cap >= law.bar(outlook.total + cap):
        found = Most(_beside(law, outlook, (who, partner), votes + cap, outlook.more), {who: cap})
    return _with_partner(law, outlook, who, partner, found)


def best(law: Law, rivals: Sequence[int], own: int, seats: int) -> int:
    """Return the most of `seats` that `own` votes can have beside rivals' sums, ties going its way."""
    if law.method == "most_votes":
        return int(sum(number > own for number in rivals) < seats)
    if own == 0:
        return 0 if any(rivals) else seats
    low, high = 0, seats
    while low < high:
        middle = (low + high + 1) // 2
        # Rivals' quotients strictly above own/d: divisors strictly below number·d/own.
        above = sum(
            law.reached(-(-number * law.divisor(middle) // own) - 1, seats) for number in rivals if number
        )
        low, high = (middle, high) if above <= seats - middle else (low, middle - 1)
    return low


def _beside(law: Law, outlook: Outlook, pair: tuple[int, int | None], own: int, given: int) -> int:
    """Return the most seats of `own` votes beside all lists but `pair`, so many votes being given."""
    bar = law.bar(outlook.total + given)
    inside = [j for j in outlook.lists if j not in pair and outlook.votes[j] >= bar]
    sums = [sum(outlook.votes[j] for j in party) for party in entities(law, inside)]
    return best(law, sums, own, law.filled(len(outlook.lists)))


def _with_partner(law: Law, outlook: Outlook, who: int, partner: int, found: Most) -> Most:
    """Return the most seats with the agreement in force, or `found` where that is as good."""
    ranges = [(outlook.fewest, outlook.more)]
    for _ in range(SPLITS_MAX):
        if not ranges:
            return found
        low, high = ranges.pop()
        if _shared(law, outlook, who, partner, low, high)[0] <= found.seats:
            continue
        seats, gifts = _shared(law, outlook, who, partner, high, high)
        if seats > found.seats:
            found = Most(seats, gifts)
        if low < high:
            middle = (low + high) // 2
            ranges += [(low, middle), (middle + 1, high - 1)] if middle + 1 < high else [(low, middle)]
    bounds = [_shared(law, outlook, who, partner, low, high)[0] for low, high in ranges]
    return Most(max(bounds), None) if max(bounds, default=0) > found.seats else found


def _shared(
    law: Law, outlook: Outlook, who: int, partner: int, low: int, high: int
) -> tuple[int, dict[int, int]]:
    """Return the most seats when from `low` to `high` votes are given: exact for one number, else a bound.

    The partner gets what lets it in and no more: as its own the same vote does more for `who`.
    """
    bar, its = law.bar(outlook.total + low), outlook.votes[partner]
    lift = max(0, bar - its)
    given = min(outlook.caps[who], high - lift)
    if given < 0 or lift > outlook.caps[partner] or outlook.votes[who] + given < bar:
        return 0, {}
    own, others = outlook.votes[who] + given, its + lift
    seats = _beside(law, outlook, (who, partner), outlook.votes[who] + its + high, high)
    return best(law, [others], own, seats), {who: given, partner: lift}

"""What it takes to win or lose a district, and what ballots from anywhere can do."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tally.verifier.arithmetic import Field, Place, marks

SUMS_MAX = 400_000


class Prices(NamedTuple):
    """Of one district, by selection: least leads, and ballots from elsewhere until it may be lost or won.

    `won`: over every rival, `beaten`: of some rival over it; left out where there is no such number.
    A price of None: no number of ballots does it.
    """

    won: dict[int, int]
    beaten: dict[int, int]
    lose: dict[int, int | None]
    win: dict[int, int | None]


def prices_of(field: Field, electable: tuple[int, ...]) -> list[Prices]:
    """The prices of every district by itself: a pool is as wide as if it had it alone."""
    found = []
    for d, place in enumerate(field.places):
        members = [p for p, source in enumerate(field.sources) if source.district == d]
        found.append(of_place(field, place, members, electable))
    return found


def of_place(field: Field, place: Place, members: Sequence[int], electable: tuple[int, ...]) -> Prices:
    """The prices of one district that these classes vote in."""
    size = len(field.counted)
    won, beaten = dict[int, int](), dict[int, int]()
    lose: dict[int, int | None] = dict.fromkeys(range(size), 0)
    win: dict[int, int | None] = dict.fromkeys(range(size))
    each = marks(field.form, 1)
    tops = {j: _top(field, place, members, j) for j in range(size)}
    for who in electable:
        rivals = [j for j in electable if j != who]
        own, reach = place.counted[who], tops[who]
        if all(tops[j] is not None for j in rivals):
            leads = [own - (tops[j] or 0) for j in rivals]
            lose[who] = -(-max(0, min(leads)) // each) if leads else None
            won |= {who: min(leads)} if leads else {}
        behind = max((place.counted[j] for j in rivals), default=None)
        win[who] = 0
        if reach is not None and behind is not None:
            beaten[who] = behind - reach
            win[who] = -(-max(0, behind - reach) // each)
    return Prices(won, beaten, lose, win)


def _top(field: Field, place: Place, members: Sequence[int], who: int) -> int | None:
    """The most votes a selection can end with in a district; None: there is no limit."""
    worth = [
        marks(field.form, int(who in source.on_ballot)) if p in members else 0
        for p, source in enumerate(field.sources)
    ]
    most = field.most(worth)
    return None if most is None else place.counted[who] + most


def most_weight(prices: Sequence[int | None], weights: Sequence[int], ballots: int | None) -> int:
    """The most weight of districts whose prices together are within `ballots` (None: no limit)."""
    able = [(price, weight) for price, weight in zip(prices, weights, strict=True) if price is not None]
    if ballots is None:
        return sum(weight for _, weight in able)
    total = sum(weight for _, weight in able)
    cheapest: list[int | None] = [0] + [None] * total
    for price, weight in able:
        for sum_ in range(total, weight - 1, -1):
            before = cheapest[sum_ - weight]
            if before is not None and before + price <= ballots:
                known = cheapest[sum_]
                cheapest[sum_] = before + price if known is None else min(known, before + price)
    return max(sum_ for sum_, cost in enumerate(cheapest) if cost is not None)


def somebody_always(
    prices: Sequence[Prices],
    weights: Sequence[int],
    need: int,
    ballots: int | None,
    electable: Sequence[int],
) -> bool:
    """Whether somebody reaches `need` whoever wins each district; not so where that is too much to look at."""
    sums: dict[tuple[int, ...], int] = {(0,) * len(electable): 0}
    for of, weight in zip(prices, weights, strict=True):
        grown: dict[tuple[int, ...], int] = {}
        for before, spent in sums.items():
            for after, price in _moves(before, of, weight, electable):
                total = spent + price
                if max(after, default=0) < need and (ballots is None or total <= ballots):
                    grown[after] = min(total, grown.get(after, total))
        if len(grown) > SUMS_MAX:
            return False
        sums = grown
    return not sums


def _moves(
    before: tuple[int, ...], of: Prices, weight: int, electable: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], int]]:
    can = False
    for place, j in enumerate(electable):
        price = of.win[j]
        if price is not None:
            can = True
            yield (*before[:place], before[place] + weight, *before[place + 1 :]), price
    if not can:
        yield before, 0


def least_weight(
    field: Field, who: int, electable: tuple[int, ...], prices: Sequence[Prices], at_large: int
) -> int:
    """The least a selection can end with by districts and at large.

    Ballots alike: for each rival over all, votes others need to take districts come out of what it has
    over; otherwise districts and the whole are lost each by itself, which is never too much.
    """
    if who not in electable:
        return 0
    weights = [place.weight for place in field.places]
    total = sum(weights) + at_large
    rivals = [j for j in electable if j != who]
    alone = sum(w for w, of in zip(weights, prices, strict=True) if of.lose[who] == 0)
    whole = Place("", 0, field.counted)
    safe = of_place(field, whole, range(len(field.sources)), electable).lose[who] != 0
    if not _alike(field):
        return total - alone - (0 if safe else at_large)
    room = _rooms(field)
    worst = total - alone
    for rival in rivals:
        spare = None if None in room else sum(r or 0 for r in room)
        spare = None if spare is None else field.counted[rival] + spare - field.counted[who]
        if spare is not None and spare < 0:
            continue
        costs = [
            _diverted(place, who, rival, rivals, ballots)
            for place, ballots in zip(field.places, room, strict=False)
        ]
        worst = min(worst, total - at_large - most_weight(costs, weights, spare))
    return worst


def _alike(field: Field) -> bool:
    everyone = frozenset(range(len(field.counted)))
    alike = all(source.on_ballot == everyone for source in field.sources)
    no_pools = all(not field.chain(source.pool) for source in field.sources)
    return alike and no_pools and field.form.kind != "score" and field.form.votes == 1


def _rooms(field: Field) -> list[int | None]:
    """Ballots that may still come by district, those of none last; None: no limit."""
    found: list[int | None] = [0] * (len(field.places) + 1)
    for source in field.sources:
        known = found[source.district]
        found[source.district] = None if known is None or source.ballots is None else known + source.ballots
    return found


def _diverted(place: Place, who: int, rival: int, rivals: Sequence[int], ballots: int | None) -> int | None:
    """Ballots `rival` misses so that `who` loses a district: none if it takes it itself; None: nobody can."""
    behind = {k: max(0, place.counted[who] - place.counted[k]) for k in rivals}
    if ballots is None or behind[rival] <= ballots:
        return 0
    cheapest = min(behind.values())
    return cheapest if cheapest <= ballots else None

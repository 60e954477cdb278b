"""Least leads where no unit is in doubt: of a selection over rivals, of the seats over it."""

from itertools import combinations
from math import comb

from tally.claim import Bound
from tally.field import Field
from tally.flow import Network
from tally.reach import spend
from tally.rules._climb import Climbers

EXEMPTIONS_MAX = 4_000  # ways to choose who may stand above, looked at for one elimination


def elected_bound(field: Field, who: int, seats: int) -> Bound:
    """Return the least lead of `who` over the last rival it has to beat for one of `seats` seats.

    Exact unless the work budget runs out (then a lower bound).
    Cost: O(selections + seats log ballots) when one style is on all outstanding ballots.
    """
    if who not in field.contenders:
        return Bound(None)
    own = field.counted[who] + field.sure[who]
    climb = Climbers(field, who, seats).climb(own)
    if climb.top is None:
        return Bound(None, sure=not climb.contested, exact=climb.exact)
    return Bound(own - climb.top, exact=climb.exact)


def eliminated_bound(field: Field, who: int, seats: int) -> Bound:
    """Return the least lead of the last of `seats` rivals over `who`, every ballot going to `who`.

    Exact unless ballots that may not be blank leave more ways than the work budget allows to place
    them (then a lower bound). Cost: O(selections log selections) without such ballots.
    """
    if who not in field.contenders:
        return Bound(None, sure=True)
    votes = sorted((field.counted[j] for j in field.contenders if j != who), reverse=True)
    reach = field.reach[who]
    if len(votes) < seats or reach is None:
        return Bound(None)
    most = field.counted[who] + reach
    floor = votes[seats - 1] - most
    loose = strays(field, who)
    if not loose:
        return Bound(floor)
    roof = floor + sum(number for _, number in loose)
    while floor < roof:
        middle = (floor + roof + 1) // 2
        found = exempted(field, who, seats, loose, most + middle)
        if found is None:
            return Bound(floor, exact=False)
        if found:
            roof = middle - 1
        else:
            floor = middle
    return Bound(floor)


def strays(field: Field, who: int) -> list[tuple[int, int]]:
    """Return (group, ballots) of ballots that must name somebody, cannot name `who`, and might matter."""
    if field.form.blank:
        return []
    full = (1 << len(field.counted)) - 1
    electable = sum(1 << j for j in field.contenders)
    return [
        (p, group.ballots_min)
        for p, group in enumerate(field.groups)
        if group.ballots_min
        and group.on_ballot & full
        and not group.on_ballot >> who & 1
        and not group.on_ballot & full & ~electable
    ]


def exempted(
    field: Field, who: int, seats: int, strays: list[tuple[int, int]], mark: int
) -> tuple[dict[int, dict[int, int]]] | tuple[()] | None:
    """Return a placing of the strays that leaves fewer than `seats` rivals at `mark` or above.

    The placing is, per group, votes by selection, in a tuple of one; the empty tuple says there is
    none, None that the work budget does not allow an answer. Whoever may stand above takes any number;
    the others have the room below the mark.
    """
    rivals = [j for j in field.contenders if j != who]
    above = [j for j in rivals if field.counted[j] >= mark]
    if len(above) >= seats:
        return ()
    others = [
        j for j in rivals if j not in above and any(field.groups[p].on_ballot >> j & 1 for p, _ in strays)
    ]
    more = min(seats - 1 - len(above), len(others))
    if comb(len(others), more) > EXEMPTIONS_MAX:
        return None
    for chosen in combinations(others, more):
        placed = _placed(field, strays, (*above, *chosen), rivals, mark)
        if placed is not None:
            return (placed,)
    return ()


def _placed(
    field: Field, strays: list[tuple[int, int]], exempt: tuple[int, ...], rivals: list[int], mark: int
) -> dict[int, dict[int, int]] | None:
    """Return the strays' votes by group and selection with only the `exempt` at `mark` or above."""
    total = sum(number for _, number in strays)
    sink = 1 + len(strays) + len(rivals)
    net = Network(sink + 1)
    arcs = []
    for position, (p, number) in enumerate(strays):
        net.edge(0, 1 + position, number)
        for rank, j in enumerate(rivals):
            if field.groups[p].on_ballot >> j & 1:
                arcs.append((net.edge(1 + position, 1 + len(strays) + rank, number), p, j))
    for rank, j in enumerate(rivals):
        room = total if j in exempt else max(0, mark - 1 - field.counted[j])
        net.edge(1 + len(strays) + rank, sink, room)
    flow = net.solve(sink)
    if flow.size < total:
        return None
    votes: dict[int, dict[int, int]] = {p: {} for p, _ in strays}
    for edge, p, j in arcs:
        if flow.carried[edge]:
            votes[p][j] = flow.carried[edge]
    return votes


def ballots_for_one(field: Field, who: int) -> list[int]:
    """Return ballots per group when every ballot that can name `who` is cast: the reach of `who`."""
    members = [p for p, group in enumerate(field.groups) if group.on_ballot >> who & 1]
    return spend(field.groups, field.pools, members)

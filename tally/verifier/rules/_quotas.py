"""Largest remainder: the fewest votes that cost a seat, in steps that leave none out."""

from collections.abc import Sequence

from tally.verifier.rules._prices import Arena, Dear, cheapest, closed, offers, starts

SCANS_MAX = 20_000  # numbers of votes looked at for one question about remainders


def scanned(arena: Arena, members: Sequence[int], seats: int, limit: int) -> int | None:
    """Largest remainder: every number of votes in turn, those left out that are surely too few."""
    shares, wanted = arena.shares, arena.shares.seats - seats + 1
    rivals = [j for j in shares.lists if j not in members]
    edges = starts(arena, members, limit)
    limit = min(limit, 0) if closed(arena, members) else limit
    looks = 0
    for start, end in zip(edges, [*edges[1:], limit + 1], strict=True):
        given = start
        while given < end and given <= limit:
            looks += 1
            if looks > SCANS_MAX:
                raise Dear
            asked = _rest_price(arena, members, rivals, seats, wanted, given, limit)
            if asked is not None and asked <= given:
                return given
            if min(arena.caps) < limit:
                # Who cannot be given votes may soon not need them: only prices without caps move in small steps.
                free = arena._replace(caps=(limit,) * len(arena.caps))
                asked = _rest_price(free, members, rivals, seats, wanted, given, limit)
            known = limit + 1 if asked is None else asked
            given += _sure_steps(arena, min(len(rivals), wanted), seats, given, known)
    return None


def _rest_price(
    arena: Arena,
    members: Sequence[int],
    rivals: Sequence[int],
    seats: int,
    wanted: int,
    given: int,
    limit: int,
) -> int | None:
    """The fewest votes with which rivals come before the last of `seats`; None: more than `limit`."""
    shares, bar = arena.shares, arena.bar(given)
    over, under = shares.quota(arena.total + given)
    if over == 0:
        return 0
    rests = sorted(
        (
            arena.votes[j] * under - n * over
            for j in members
            if j in shares.lists and arena.votes[j] >= bar
            for n in range(seats)
        ),
        reverse=True,
    )
    if not rests:
        return None

    def asked(n: int) -> int:
        return -(-(rests[seats - 1] + (n - 1) * over) // under)

    return cheapest([offers(arena, (j,), asked, wanted, bar, limit) for j in rivals], wanted, limit)


def _sure_steps(arena: Arena, rivals: int, seats: int, given: int, price: int) -> int:
    """How far the next number of votes is that may be enough, when `given` cost `price`.

    A quota grows by at most one k-th of a vote a vote given (Droop's by whole ones), and the last of `seats`
    seats falls by at most seats - 1 of what the quota grows; so does what each of the rivals pays.
    """
    shares = arena.shares

    def falls(more: int) -> int:
        if shares.method == "hare":
            return rivals * -(-more * (seats - 1) // shares.seats)
        grown = shares.quota(arena.total + given + more)[0] - shares.quota(arena.total + given)[0]
        return rivals * grown * (seats - 1)

    low, high = 1, max(1, price - given)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if price - falls(middle) <= given + middle else (middle + 1, high)
    return low

"""Ballots known to be in the box though not counted: where they are sure to come."""

from collections.abc import Sequence

from tally.completions import NO_POOL
from tally.events import ANNULLED
from tally.layout import ContestLayout
from tally.outstanding import Row, Sums


def least_to_come(layout: ContestLayout, sums: Sums, variant: int, usable: list[int]) -> list[int]:
    """The fewest ballots that come in each group under a reading with these `usable` pools. Cost: O(groups).

    Numbers that contradict what else is known are not believed: no claim may follow from a count that cannot
    end. Nothing of a kind of cap shown wrong is; nothing in a pool, or in one around it, that has too little
    room for what its boxes hold; nothing at all where the law knows no blank ballot and one was counted.
    Source: docs/maths.md, "Ballots in the box".
    """
    least = sums.least[variant]
    if not any(least):
        return least
    if names_somebody(layout) and sums.silent > 0:
        return [0] * len(least)
    believed = [
        0 if key.kind in sums.tainted else ballots for key, ballots in zip(layout.groups, least, strict=True)
    ]
    room = {p: layout.pools[p].ballots - sums.pool_cast[p] for p in usable}
    for key, ballots in zip(layout.groups, believed, strict=True):
        pool = key.pool
        while pool != NO_POOL:
            if pool in room:
                room[pool] -= ballots
            pool = layout.pool_parent[pool]
    spoilt = {_outermost(layout, pool) for pool, left in room.items() if left < 0}
    if not spoilt:
        return believed
    return [
        0 if _outermost(layout, key.pool) in spoilt else ballots
        for key, ballots in zip(layout.groups, believed, strict=True)
    ]


def names_somebody(layout: ContestLayout) -> bool:
    """Whether the law knows no blank ballot, so that one in the box is sure to be a vote."""
    return bool(layout.contest.rule.get("no_blank", False))


def listen(
    layout: ContestLayout, sums: Sums, before: tuple[int, Sequence[Row]], after: tuple[int, Sequence[Row]]
) -> None:
    """Keep how many counted ballots are no vote, as a unit goes from one standing and rows to others.

    Where the law knows no blank ballot, the first of them ends what is known of the boxes, and the last restores it.
    """
    if names_somebody(layout):
        heard = sums.silent == 0
        sums.silent += silent(*after) - silent(*before)
        if heard != (sums.silent == 0):
            sums.patience = -1


def silent(standing: int, rows: Sequence[Row]) -> int:
    """Ballots counted in a unit that are certainly no vote for anybody."""
    if standing == ANNULLED:
        return 0
    return sum(max(row.invalid, row.ballots_cast - sum(row.counts)) for row in rows)


def _outermost(layout: ContestLayout, pool: int) -> int:
    """The pool that is around a pool and in no other; NO_POOL for none."""
    while pool != NO_POOL and layout.pool_parent[pool] != NO_POOL:
        pool = layout.pool_parent[pool]
    return pool

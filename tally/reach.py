"""How far outstanding ballots reach: the most of them that can be spent, cap by cap."""

from collections.abc import Iterable, Sequence

from tally.completions import NO_POOL, BallotForm, Completions, Group, Pool


def limits(groups: Sequence[Group], pools: Sequence[Pool]) -> list[int | None]:
    """Return each group's largest number of ballots, its pools considered; None where nothing bounds it."""
    if not pools:
        return [group.ballots_max for group in groups]
    found: list[int | None] = []
    for group in groups:
        top = group.ballots_max
        pool = group.pool
        while pool != NO_POOL:
            top = pools[pool].ballots_max if top is None else min(top, pools[pool].ballots_max)
            pool = pools[pool].parent
        found.append(top)
    return found


def room_beside(groups: Sequence[Group], pools: Sequence[Pool]) -> list[int]:
    """Return what each pool can still take once every group has its least number of ballots."""
    room = [pool.ballots_max for pool in pools]
    for group in groups:
        pool = group.pool
        while pool != NO_POOL:
            room[pool] -= group.ballots_min
            pool = pools[pool].parent
    return room


def spend(groups: Sequence[Group], pools: Sequence[Pool], order: Iterable[int]) -> list[int]:
    """Return ballots per group: every group its least number, then as many as fit, in `order`.

    The groups in `order` are bounded (see `limits`). Nested caps make this greedy exact: with the
    heaviest group first no other way of spending weighs more (Edmonds 1970, polymatroids).
    Cost: O(groups × depth of the pools).
    """
    used = [group.ballots_min for group in groups]
    if not pools:
        for index in order:
            used[index] = groups[index].ballots_max or 0
        return used
    room = room_beside(groups, pools)
    for index in order:
        group = groups[index]
        extra = None if group.ballots_max is None else group.ballots_max - group.ballots_min
        pool = group.pool
        while pool != NO_POOL:
            extra = room[pool] if extra is None else min(extra, room[pool])
            pool = pools[pool].parent
        extra = max(0, extra or 0)
        used[index] += extra
        pool = group.pool
        while pool != NO_POOL:
            room[pool] -= extra
            pool = pools[pool].parent
    return used


def ballot_gain(form: BallotForm, a: tuple[int, ...], on_ballot: int) -> int:
    """Return the most one ballot that is not blank can take from a·V (negative: it must add).

    A ballot with no selection on it takes nothing.
    """
    gains = [-weight for i, weight in enumerate(a) if on_ballot >> i & 1]
    if not gains:
        return 0
    best = max(gains)
    if best <= 0:
        return best
    if form.kind == "cumulative":
        return form.votes * best
    positive = [gain for gain in gains if gain > 0]
    if form.kind == "score":
        return form.votes * sum(positive)
    return sum(sorted(positive, reverse=True)[: form.votes])


def reach(completions: Completions) -> list[int | None]:
    """Return the most votes outstanding ballots can still give each selection; None: no bound is known.

    Modal units are not looked at. Exact. Cost: O(selections + groups) for one style without pools,
    O(selections × groups) otherwise. Source: docs/maths.md, "Plurality".
    """
    size = len(completions.counted)
    groups, pools = completions.groups, completions.pools
    each = completions.ballot.marks_max(1)
    full = (1 << size) - 1
    if len(groups) == 1 and not pools and groups[0].on_ballot & full == full:
        top = groups[0].ballots_max
        return [None if top is None else top * each] * size
    bounds = limits(groups, pools)
    found: list[int | None] = []
    for i in range(size):
        members = [p for p, group in enumerate(groups) if group.on_ballot >> i & 1]
        if any(bounds[p] is None for p in members):
            found.append(None)
            continue
        used = spend(groups, pools, members)
        found.append(each * sum(used[p] for p in members))
    return found


def forced(completions: Completions) -> list[int]:
    """Return the votes each selection is sure to get from ballots already in the box.

    Only a ballot that may not be blank and has one selection on it is sure to name that selection.
    """
    size = len(completions.counted)
    sure = [0] * size
    if completions.ballot.blank:
        return sure
    full = (1 << size) - 1
    for group in completions.groups:
        mask = group.on_ballot & full
        if group.ballots_min and mask and mask & (mask - 1) == 0:
            sure[mask.bit_length() - 1] += group.ballots_min
    return sure

"""How far several selections can climb together on the same outstanding ballots."""

from collections.abc import Sequence

import msgspec

from tally.completions import NO_POOL, BallotForm, Completions, Group, Pool
from tally.flow import Network
from tally.reach import forced, limits, reach, spend

BOXES_MAX = 2_000  # splits of the ballots of shared pools looked at for one question


class Field(msgspec.Struct, frozen=True):
    """One contest with no unit in doubt, prepared for questions about several selections at once.

    `reach` and `sure` are per selection: the most votes it can still get (None: no bound) and those it
    is sure to get. `bounds` is per group. `ballots_alike` is the number of outstanding ballots when
    every one of them has every contender on it, None when styles differ.
    """

    counted: tuple[int, ...]
    contenders: tuple[int, ...]
    form: BallotForm
    groups: tuple[Group, ...]
    pools: tuple[Pool, ...]
    reach: tuple[int | None, ...]
    sure: tuple[int, ...]
    bounds: tuple[int | None, ...]
    ballots_alike: int | None


class Spread(msgspec.Struct, frozen=True):
    """One way to spend outstanding ballots: ballots, and votes by selection, per group."""

    ballots: tuple[int, ...]
    votes: tuple[dict[int, int], ...]


class Cut(msgspec.Struct, frozen=True):
    """Why demands cannot be met: the selections of `tight` need more than ballots can bring them.

    `available` None: no single cut says so, but every way to split the ballots of shared pools fails.
    """

    tight: tuple[int, ...]
    needed: int
    available: int | None


def survey(completions: Completions) -> Field:
    """Return the field of `completions`, whose modal units have been settled.

    Cost: O(selections + groups) for one style, O(selections × groups) otherwise.
    """
    if completions.modal:
        raise AssertionError("settle the modal units before surveying")
    contenders = completions.contenders()
    mask = sum(1 << i for i in contenders)
    groups, pools = completions.groups, completions.pools
    bounds = limits(groups, pools)
    shared = [p for p, group in enumerate(groups) if group.on_ballot & mask]
    alike = all(groups[p].on_ballot & mask == mask and bounds[p] is not None for p in shared)
    ballots = None
    if alike:
        used = spend(groups, pools, shared)
        ballots = sum(used[p] for p in shared)
    return Field(
        completions.counted,
        tuple(contenders),
        completions.ballot,
        groups,
        pools,
        tuple(reach(completions)),
        tuple(forced(completions)),
        tuple(bounds),
        ballots,
    )


def meet(field: Field, demands: dict[int, int]) -> Spread | Cut | None:
    """Return ballots that bring each selection of `demands` its votes, or why there are none.

    The selections must have a bounded reach. None: the work budget ran out. Exact otherwise: with one
    vote a ballot, or without a pool spanning several groups, by a largest flow (whole numbers, hence
    ballots); otherwise by splitting the ballots of the pools until a flow fits or none can.
    """
    low = [group.ballots_min for group in field.groups]
    high = [bound if bound is not None else low[p] for p, bound in enumerate(field.bounds)]
    boxes = [(low, high)]
    split = Cut(tuple(demands), sum(demands.values()), None)
    for opened in range(BOXES_MAX):
        if not boxes:
            return split
        low, loose = boxes.pop()
        tight = _tightened(field, low, loose)
        if tight is None:
            continue
        found = _flow(field, demands, low, tight)
        if isinstance(found, Cut):
            if opened == 0:
                return found
        elif min(_room(field, found.ballots), default=0) >= 0:
            return found
        else:
            boxes.extend(_halves(field, found, low, tight))
    return None


def _room(field: Field, ballots: Sequence[int]) -> list[int]:
    """Return what each pool can still take beside those ballots per group."""
    room = [pool.ballots_max for pool in field.pools]
    for group, number in zip(field.groups, ballots, strict=True):
        pool = group.pool
        while pool != NO_POOL:
            room[pool] -= number
            pool = field.pools[pool].parent
    return room


def _tightened(field: Field, low: Sequence[int], high: Sequence[int]) -> list[int] | None:
    """Return `high` cut to the room the pools have beside `low`; None: `low` does not fit itself."""
    room = _room(field, low)
    if any(left < 0 for left in room):
        return None
    cut = list(high)
    for p, group in enumerate(field.groups):
        pool = group.pool
        while pool != NO_POOL:
            cut[p] = min(cut[p], low[p] + room[pool])
            pool = field.pools[pool].parent
    return cut


def _flow(field: Field, demands: dict[int, int], low: Sequence[int], high: Sequence[int]) -> Spread | Cut:
    """Return a spread that meets `demands` where a pool's cap is read in marks, or the cut against it.

    Each group first has its least number of ballots for itself; the rest comes through its pools.
    """
    form, pools = field.form, field.pools
    wanted = list(demands)
    each = form.marks_max(1)
    whole = [form.marks_max(sum(group.on_ballot >> j & 1 for j in wanted)) for group in field.groups]
    first_group = 1 + len(pools)
    first_wanted = first_group + len(field.groups)
    sink = first_wanted + len(wanted)
    net = Network(sink + 1)
    room, marks = _room(field, low), _marks_through(field, whole)
    for index, pool in enumerate(pools):
        net.edge(1 + pool.parent, 1 + index, room[index] * marks[index])  # NO_POOL + 1 is the source
    arcs: list[tuple[int, int, int]] = []
    for p, group in enumerate(field.groups):
        if not whole[p]:
            continue
        net.edge(0, first_group + p, whole[p] * low[p])
        net.edge(1 + group.pool, first_group + p, whole[p] * (high[p] - low[p]))
        for position, j in enumerate(wanted):
            if group.on_ballot >> j & 1:
                number = net.edge(first_group + p, first_wanted + position, each * high[p])
                arcs.append((number, p, j))
    for position, j in enumerate(wanted):
        net.edge(first_wanted + position, sink, demands[j])
    flow = net.solve(sink)
    needed = sum(demands.values())
    if flow.size < needed:
        tight = tuple(j for position, j in enumerate(wanted) if first_wanted + position not in flow.reachable)
        of_tight = sum(demands[j] for j in tight)
        return Cut(tight, of_tight, flow.size - (needed - of_tight))
    votes: list[dict[int, int]] = [{} for _ in field.groups]
    for number, p, j in arcs:
        if flow.carried[number]:
            votes[p][j] = flow.carried[number]
    ballots = tuple(max(low[p], ballots_for(form, votes[p])) for p in range(len(field.groups)))
    return Spread(ballots, tuple(votes))


def _marks_through(field: Field, whole: Sequence[int]) -> list[int]:
    """Return, per pool, the most marks a ballot passing through it can give."""
    most = [0] * len(field.pools)
    for p, group in enumerate(field.groups):
        pool = group.pool
        while pool != NO_POOL:
            most[pool] = max(most[pool], whole[p])
            pool = field.pools[pool].parent
    return most


def ballots_for(form: BallotForm, votes: dict[int, int]) -> int:
    """Return the fewest ballots that can give those votes by selection."""
    if not votes:
        return 0
    most, total = max(votes.values()), sum(votes.values())
    if form.kind == "choose":
        return max(most, -(-total // form.votes))
    return -(-(total if form.kind == "cumulative" else most) // form.votes)


def _halves(
    field: Field, found: Spread, low: list[int], high: list[int]
) -> list[tuple[list[int], list[int]]]:
    """Split the range of the pooled group that the misfit uses most freely; the fuller half comes first."""
    open_groups = [p for p, group in enumerate(field.groups) if group.pool != NO_POOL and high[p] > low[p]]
    p = max(open_groups, key=lambda p: (high[p] - low[p], found.ballots[p]))
    middle = (low[p] + high[p]) // 2
    upper, lower = low[:], high[:]
    upper[p], lower[p] = middle + 1, middle
    return [(low, lower), (upper, high)]

"""The cheapest set of items whose gains reach a target: exact, at the size of an election."""

import msgspec
import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.int64]

WORK_MAX = 4_000_000  # sums looked at in all: about half a second
STATES_MAX = 400_000  # partial sums kept at once before a lower bound is given instead
PAIRED_MAX = 100  # items nearest the break tried two at a time for a first good set
PRODUCT_MAX = 2**62  # what a product of two sums may reach in 64 bits


class Cheapest(msgspec.Struct, frozen=True):
    """The least total cost (None: no set reaches the target); a lower bound when not `exact`."""

    cost: int | None
    exact: bool = True


class _Core(msgspec.Struct, frozen=True):
    """The items as seen from the break: what choosing otherwise than the break's price would cost.

    `step` is what an item adds to the gain when it changes sides, `price` what that adds to the cost,
    `penalty` what it adds to price_cost × gain beyond the break's price; sorted by penalty.
    `start` is the gain beyond the target with nobody changed, `spent` its cost. `floor` bounds from
    below price_gain × (the cost of any set that reaches the target).
    """

    step: Column
    price: Column
    penalty: Column
    start: int
    spent: int
    floor: int
    price_cost: int
    price_gain: int


def cheapest(
    gains: Column, costs: Column, target: int, states_max: int = STATES_MAX, below: int | None = None
) -> Cheapest:
    """Return the least total cost of items whose gains sum to `target` or more. None below 0 in either.

    Where every such set is seen at once to cost `below` or more, cost None is returned instead.

    Method: take items by cost for gain until the target is passed; the price of gain there bounds every
    other set (Lagrange), and a set is reached by changing sides of items, each at its penalty. Sums of
    changes are kept while they can still beat the best set known, dearer ones with no more gain dropped.
    After Pisinger 1997 (a minimal algorithm for the 0-1 knapsack problem), turned to least cost.
    Cost: O(n log n) and a narrow search on elections; exponential at worst, hence `states_max`.
    Where products leave 64 bits the same steps run on whole numbers of any size, slower.
    """
    if target <= 0:
        return Cheapest(0)
    useful = gains > 0
    gains, costs = gains[useful], costs[useful]
    free = costs == 0
    target -= int(gains[free].sum())
    if target <= 0:
        return Cheapest(0)
    gains, costs = gains[~free], costs[~free]
    if int(gains.sum()) < target:
        return Cheapest(None)
    if gains.dtype != np.dtype(object):
        gains, costs = _pieces(gains, costs)
    if max(int(gains.max()) * int(costs.sum()), int(costs.max()) * int(gains.sum())) >= PRODUCT_MAX:
        gains, costs = gains.astype(object), costs.astype(object)
    core, best = _from_break(gains, costs, target)
    if below is not None and core.floor > core.price_gain * (below - 1):
        return Cheapest(None)
    return _search(core, min(best, _near_break(core)), states_max)


def _pieces(gains: Column, costs: Column) -> tuple[Column, Column]:
    """Return the items with equal ones joined into lots of 1, 2, 4, …: any number of them is a sum of lots.

    Thousands of units with the same counts would otherwise be thousands of decisions.
    """
    width = int(costs.max()) + 1
    if int(gains.max()) < PRODUCT_MAX // width:  # one number a pair sorts many times faster than two
        keys, left = np.unique(gains * width + costs, return_counts=True)
        pairs = np.stack(np.divmod(keys, width), axis=1)
    else:
        pairs, left = np.unique(np.stack((gains, costs), axis=1), axis=0, return_counts=True)
    lots: list[Column] = []
    size = 1
    while len(pairs):
        taken = np.minimum(left, size)
        lots.append(pairs * taken[:, None])
        left = left - taken
        pairs, left = pairs[left > 0], left[left > 0]
        size *= 2
    joined = np.concatenate(lots)
    return joined[:, 0].copy(), joined[:, 1].copy()


def _from_break(gains: Column, costs: Column, target: int) -> tuple[_Core, int]:
    """Return the core around the item where the target is passed, and the cost of all up to it."""
    scale = max(1, (PRODUCT_MAX - 1) // (int(costs.max()) + 1))
    scale = min(scale, 1 << 20)
    order = _ordered(costs * scale // gains, -gains)
    gains, costs = gains[order], costs[order]
    position = int(np.searchsorted(np.cumsum(gains), target))
    price_gain, price_cost = int(gains[position]), int(costs[position])
    beyond = costs * price_gain - price_cost * gains
    place = np.arange(len(gains))
    taken = (beyond < 0) | ((beyond == 0) & (place <= position))
    floor = price_cost * target + int(np.minimum(beyond, 0).sum())
    penalty = np.abs(beyond)
    near = _ordered(penalty, np.abs(place - position))
    side = np.where(taken, -1, 1)
    core = _Core(
        (side * gains)[near],
        (side * costs)[near],
        penalty[near],
        int(gains[taken].sum()) - target,
        int(costs[taken].sum()),
        floor,
        price_cost,
        price_gain,
    )
    return core, int(costs[: position + 1].sum())


def _ordered(first: Column, then: Column) -> npt.NDArray[np.intp]:
    """Return the places in ascending order of `first`, then of `then`."""
    if first.dtype != np.dtype(object):
        return np.lexsort((then, first))
    keys = list(zip(first.tolist(), then.tolist(), strict=True))
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.intp)


def _near_break(core: _Core) -> int:
    """Return the least cost reached by changing the side of one item, or of two of the nearest."""
    dear = core.spent + int(np.abs(core.price).sum())
    best = core.spent if core.start >= 0 else dear
    one = core.spent + core.price[core.start + core.step >= 0]
    if len(one):
        best = min(best, int(one.min()))
    step, price = core.step[:PAIRED_MAX], core.price[:PAIRED_MAX]
    enough = core.start + step[:, None] + step[None, :] >= 0
    np.fill_diagonal(enough, val=False)
    both = np.where(enough, core.spent + price[:, None] + price[None, :], best)
    return min(best, int(both.min()))


def _search(core: _Core, best: int, states_max: int) -> Cheapest:
    """Return the least cost, changing sides of ever dearer items until none can pay for itself."""
    gain = np.array([core.start], dtype=core.step.dtype)
    cost = np.array([core.spent], dtype=core.step.dtype)
    work = 0
    for step, price, penalty in zip(core.step, core.price, core.penalty, strict=True):
        reached = cost[gain >= 0]
        if len(reached):
            best = min(best, int(reached.min()))
        # The penalties paid so far: what this much gain costs beyond the break's price for it.
        paid = core.price_gain * cost - core.price_cost * gain - core.floor
        allowed = core.price_gain * (best - 1) - core.floor
        keep = paid <= allowed
        gain, cost, paid = gain[keep], cost[keep], paid[keep]
        if not len(gain) or int(paid.min()) + int(penalty) > allowed:
            return Cheapest(best)
        work += len(gain)
        if len(gain) > states_max or work > WORK_MAX:
            return Cheapest(-(-core.floor // core.price_gain), exact=False)
        gain, cost = _undominated(np.concatenate((gain, gain + step)), np.concatenate((cost, cost + price)))
    reached = cost[gain >= 0]
    return Cheapest(min(best, int(reached.min())) if len(reached) else best)


def _undominated(gain: Column, cost: Column) -> tuple[Column, Column]:
    """Return the sums no other sum beats in both gain and cost, the cheapest first."""
    order = _ordered(cost, -gain)
    gain, cost = gain[order], cost[order]
    before = np.maximum.accumulate(gain)
    new = np.ones(len(gain), dtype=np.bool_)
    new[1:] = gain[1:] > before[:-1]
    return gain[new], cost[new]

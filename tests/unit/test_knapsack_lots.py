"""Thousands of equal items are a handful of choices, and the answer stays exact."""

import random

import numpy as np

from tally.knapsack import WORK_MAX, cheapest


def by_tables(gains: list[int], costs: list[int], target: int) -> int | None:
    """The least cost by the textbook table over gain."""
    best: list[int | None] = [0] + [None] * target
    for gain, cost in zip(gains, costs, strict=True):
        for reached in range(target, -1, -1):
            known = best[reached]
            if known is not None:
                to = min(target, reached + gain)
                there = best[to]
                if there is None or known + cost < there:
                    best[to] = known + cost
    return best[target]


def test_lots_are_exact() -> None:
    chance = random.Random(5)
    for _ in range(400):
        kinds = [(chance.randint(0, 9), chance.randint(0, 9)) for _ in range(chance.randint(1, 4))]
        items = [chance.choice(kinds) for _ in range(chance.randint(1, 14))]
        gains, costs = [g for g, _ in items], [c for _, c in items]
        target = chance.randint(1, 60)
        found = cheapest(np.array(gains, dtype=np.int64), np.array(costs, dtype=np.int64), target)
        assert found.exact
        assert found.cost == by_tables(gains, costs, target)


def test_nearly_equal_tables_cost_no_more_work_than_the_budget() -> None:
    pairs = [(98, 404), (99, 405), (97, 406)]
    gains = np.array([pairs[n % 3][0] for n in range(5_729)], dtype=np.int64)
    costs = np.array([pairs[n % 3][1] for n in range(5_729)], dtype=np.int64)
    found = cheapest(gains, costs, 272_865)
    assert found.exact
    assert found.cost == 1_118_955
    assert WORK_MAX < 10_000_000

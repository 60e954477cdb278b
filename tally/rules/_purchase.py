"""The cheapest way to buy so many seats, a price list an entity: whole numbers, exact."""

from collections.abc import Sequence
from itertools import repeat
from operator import add

import numpy as np

SUM_MAX = 1 << 61  # larger sums are left to Python's own whole numbers; below, two of them fit 64 bits
FEW = 24  # fewer items than this are combined faster without numpy


def cheapest(rows: Sequence[Sequence[int]], wanted: int, limit: int) -> tuple[int, list[int]] | None:
    """Return the least total price of `wanted` items and how many of each row; None: it is above `limit`.

    rows[e][n] is the price of n items of row e: rows[e][0] is 0, prices never fall, and a row ends where
    no more are to be had. Prices need not be convex, so every split is looked at: dynamic programming.
    Cost: O(rows × wanted²), less where rows are short.
    """
    if wanted <= 0:
        return 0, [0] * len(rows)
    steps = _tables(rows, wanted, limit)
    if steps[-1][wanted] > limit:
        return None
    counts = [0] * len(rows)
    n = wanted
    for e in range(len(rows) - 1, -1, -1):
        row, before, price = rows[e], steps[e], steps[e + 1][n]
        counts[e] = next(t for t in range(min(n, len(row) - 1) + 1) if row[t] + before[n - t] == price)
        n -= counts[e]
    return steps[-1][wanted], counts


def price_list(rows: Sequence[Sequence[int]], wanted: int, limit: int) -> list[int]:
    """Return the least total price of 0, 1, ... `wanted` items; limit + 1 stands for all that is more."""
    return _tables(rows, wanted, limit)[-1]


def _tables(rows: Sequence[Sequence[int]], wanted: int, limit: int) -> list[list[int]]:
    """Return the least prices of 0, 1, ... `wanted` items from the first 0, 1, 2, ... rows."""
    never = limit + 1
    best = [0, *repeat(never, wanted)]
    steps = [best]
    for row in rows:
        short = row[: wanted + 1]
        if wanted < FEW or len(short) < FEW or never > SUM_MAX:
            best = [min(never, *map(add, short, best[n::-1])) for n in range(wanted + 1)]
        else:
            best = _combined(short, best, never)
        steps.append(best)
    return steps


def _combined(row: Sequence[int], best: Sequence[int], never: int) -> list[int]:
    """Return, per number of items, the least of row[t] + best[n - t]."""
    size, width = len(best), len(row)
    padded = np.full(size + width - 1, never, dtype=np.int64)
    padded[width - 1 :] = best
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    sums = windows + np.array(row[::-1], dtype=np.int64)
    return [int(least) for least in np.minimum(sums.min(axis=1), never)]

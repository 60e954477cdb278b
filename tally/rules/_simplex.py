"""Whether a few linear inequalities have a common point, in whole numbers without rounding."""

from collections.abc import Sequence
from math import gcd

import msgspec

PIVOTS_MAX = 2_000  # steps towards one answer; a handful is usual


class Point(msgspec.Struct, frozen=True):
    """A common point: each variable is its entry of `over`, divided by `under`."""

    over: tuple[int, ...]
    under: int


class Clash(msgspec.Struct, frozen=True):
    """No common point: the rows, added with these weights of 0 or more, say that something below 0 is not."""

    weights: tuple[int, ...]


def common_point(rows: Sequence[Sequence[int]], constants: Sequence[int]) -> Point | Clash | None:
    """Return x >= 0 with constants[r] + rows[r]·x >= 0 for every r, or why there is none.

    None: the budget of steps ran out. The least-index criss-cross method (Terlaky 1985, Wang 1987), which is
    finite, on a table of whole numbers with one denominator (Edmonds 1967), so nothing is ever rounded.
    Cost: O(rows × columns) a step.
    """
    columns = len(rows[0]) if rows else 0
    table = [[constant, *row] for constant, row in zip(constants, rows, strict=True)]
    under = 1
    basic = [columns + r for r in range(len(rows))]
    other = list(range(columns))
    for _ in range(PIVOTS_MAX):
        r = min((r for r in range(len(table)) if table[r][0] < 0), key=basic.__getitem__, default=None)
        if r is None:
            values = [0] * (columns + len(rows))
            for index, row in zip(basic, table, strict=True):
                values[index] = row[0]
            return Point(tuple(values[:columns]), under)
        entries = table[r]
        s = min(
            (s for s in range(columns) if entries[s + 1] > 0),
            key=other.__getitem__,
            default=None,
        )
        if s is None:
            return _clash(entries, basic[r], other, columns, len(rows), under)
        under = _pivot(table, r, s + 1, under)
        basic[r], other[s] = other[s], basic[r]
    return None


def _pivot(table: list[list[int]], r: int, s: int, under: int) -> int:
    """Exchange the variable of row r and the one of column s; return the new denominator."""
    source = table[r]
    pivot = source[s]
    for i, row in enumerate(table):
        factor = row[s]
        if i != r:
            if factor:
                # Both products are minors of the first table, so the division leaves nothing (Edmonds 1967).
                table[i] = [
                    (entry * pivot - factor * above) // under
                    for entry, above in zip(row, source, strict=True)
                ]
            elif pivot != under:
                table[i] = [entry * pivot // under for entry in row]
            table[i][s] = factor
    table[r] = [-entry for entry in source]
    table[r][s] = under
    return pivot


def _clash(
    entries: Sequence[int], basic: int, other: Sequence[int], columns: int, rows: int, under: int
) -> Clash:
    """The row of a negative constant that nothing can raise, as weights of the rows given."""
    weights = [0] * rows
    if basic >= columns:
        weights[basic - columns] = under
    for index, entry in zip(other, entries[1:], strict=True):
        if index >= columns:
            weights[index - columns] = -entry
    common = gcd(*weights) or 1
    return Clash(tuple(weight // common for weight in weights))

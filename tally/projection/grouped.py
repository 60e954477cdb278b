"""Rows summed by place: once, or level by level from the finest up."""

import numpy as np

from tally.projection.frame import Floats, Ints


def by_place(place: Ints, values: Floats | Ints, places: int) -> Floats:
    """Sums of rows x columns by place, places x columns; `place`: that of each row."""
    return np.stack([np.bincount(place, column, places) for column in values.T], axis=1)


class Grouped:
    """Rows in the order of places, summed by place: at the finest level, then on to the coarsest."""

    def __init__(self, levels: tuple[Ints, ...], rows: Ints) -> None:
        self.rows, self.ids, self._starts = len(rows), list[Ints](), list[Ints]()
        keys = [level[rows] for level in levels]
        for depth in range(len(levels)):
            of = keys[len(levels) - 1 - depth]
            starts = (
                np.flatnonzero(np.concatenate(([True], of[1:] != of[:-1]))) if len(of) else np.zeros(0, int)
            )
            self.ids.append(of[starts])
            self._starts.append(starts)
            keys = [key[starts] for key in keys]
        counts = [self.rows, *map(len, self.ids)]
        self._times = [
            np.diff(np.concatenate((starts, [count])))
            for starts, count in zip(self._starts, counts, strict=False)
        ]

    def sums(self, depth: int, values: Floats) -> Floats:
        """Sums by place at a depth (0 the finest) of values by row, or by place one depth finer."""
        return np.add.reduceat(values, self._starts[depth], axis=0) if len(values) else values

    def spread(self, depth: int, values: Floats) -> Floats:
        """Values by place at a depth, repeated for what is in them one depth finer, or by row."""
        return np.repeat(values, self._times[depth], axis=0)

    def of_first(self, depth: int, values: Ints) -> Ints:
        """Of each place at a depth, the value of its first row."""
        first = np.arange(self.rows)
        for finer in range(depth + 1):
            first = first[self._starts[finer]]
        return values[first]


def positions(known: Ints, asked: Ints) -> Ints:
    """The position of each asked place among the known ones; -1 where it is not there."""
    table = np.full(int(max(known.max(initial=0), asked.max(initial=0))) + 1, -1)
    table[known] = np.arange(len(known))
    return table[asked]

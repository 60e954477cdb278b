"""Votes now and before, of the units that are completed and matched: sums by difference."""

from copy import copy

import numpy as np
import numpy.typing as npt

from tally.before import Before, Ints
from tally.events import COMPLETED, DISPUTED, NOT_INSTALLED, STANDS
from tally.layout import ContestLayout


class Swing:
    """The sums of every node of a contest: votes now and before by selection, votes before in all, units.

    `done`: the column of a node that says of one unit whether it is completed.
    """

    def __init__(self, layout: ContestLayout, before: Before, done: int) -> None:
        self.before, self.selections = before, layout.selections
        self._layout, self._done = layout, done
        self.sums = np.zeros((len(layout.node_ids) + 1, 2 * self.selections + 2), dtype=np.int64)

    def still(self) -> "Swing":
        """The sums as they stand, which nothing later changes."""
        twin = copy(self)
        twin.sums = self.sums.copy()
        return twin

    def move(self, unit: int, now: list[int], delta: list[int]) -> None:
        """Enter what changed in a unit: its columns as they are now, and by how much. Cost: O(depth)."""
        if not self.before.total[unit]:
            return
        lineage = self._layout.lineage[unit]
        if now[self._done] - delta[self._done]:
            was = [after - more for after, more in zip(now, delta, strict=True)]
            self.sums[lineage] -= self.of_unit(unit, was)
        if now[self._done]:
            self.sums[lineage] += self.of_unit(unit, now)

    def of_unit(self, unit: int, columns: list[int]) -> Ints:
        """What a unit with these columns adds to the nodes above it."""
        before, m = self.before, self.selections
        if not (columns[self._done] and before.total[unit]):
            return np.zeros(self.sums.shape[1], dtype=np.int64)
        return np.array([*columns[:m], *before.votes[unit], before.total[unit], 1], dtype=np.int64)

    def recount(self, counts: Ints, progress: npt.NDArray[np.int8], standing: npt.NDArray[np.int8]) -> None:
        """Work the sums out from a contest's columns alone. Cost: O(units x depth), vectorised."""
        layout, before = self._layout, self.before
        by_type = (len(layout.units), layout.types)
        done = ((progress == COMPLETED) & layout.applies).reshape(by_type)
        shut = (progress == NOT_INSTALLED) | ~layout.applies
        whole = (done | shut.reshape(by_type)).all(axis=1) & done.any(axis=1)
        enters = whole & ((standing == STANDS) | (standing == DISPUTED)) & (before.total > 0)
        votes = counts.reshape(*by_type, self.selections).sum(axis=1)
        one = np.ones(len(layout.units), dtype=np.int64)
        rows = np.column_stack((votes, before.votes, before.total, one))[enters]
        self.sums[:] = 0
        for nodes in layout.lineage[enters].T:
            np.add.at(self.sums, nodes, rows)

"""What an estimator sees: places, which stay, and facts, which come in."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MOST = 0.5
"""The share above which something holds for most rows."""
ROWS_OF_A_PLACE = 8
"""Rows that places of the smallest level hold on average, at least."""


@dataclass(frozen=True)
class Places:
    """What is known before a vote is counted. A row is a unit and count type that report together.

    `size`: what a row's ballots are measured by, its voters or the ballots cast last time; nan: unknown.
    `previous`: votes of the election before, for these selections; nan where the row has no match; None: none.
    `levels`: for each level of place, coarsest first, the place each row lies in; each nested in the one before.
    The first are the areas that are projected by themselves, named by `areas`. `kind`: the count type.
    `electable`: selections that can win.
    """

    selections: tuple[str, ...]
    electable: Bools
    size: Floats
    previous: Floats | None
    levels: tuple[Ints, ...]
    areas: tuple[str, ...]
    kind: Ints

    @cached_property
    def order(self) -> Ints:
        """The rows, those of one place together at every level."""
        return np.lexsort(self.levels[::-1])

    @cached_property
    def sized(self) -> Bools:
        """The rows whose size is known."""
        return np.asarray(np.isfinite(self.size) & (self.size > 0))

    @cached_property
    def matched(self) -> Bools:
        """The rows with votes in the election before."""
        if self.previous is None:
            return np.zeros(len(self.size), dtype=np.bool_)
        return np.asarray(np.nan_to_num(self.previous).sum(axis=1) > 0)

    @cached_property
    def previous_shares(self) -> Floats:
        """Shares in the election before; zeros where there is no match."""
        if self.previous is None:
            return np.zeros((len(self.size), len(self.selections)))
        votes = np.nan_to_num(self.previous)
        return np.asarray(votes / np.maximum(votes.sum(axis=1, keepdims=True), 1))

    @cached_property
    def smallest(self) -> Ints:
        """The finest level whose places hold `ROWS_OF_A_PLACE` or more on average; the coarsest where none does."""
        wide = [level for level in self.levels if len(level) >= ROWS_OF_A_PLACE * (int(level.max()) + 1)]
        return wide[-1] if wide else self.levels[0]

    @cached_property
    def based(self) -> bool:
        """Whether most rows have a match in the election before."""
        return bool(self.matched.mean() > MOST)

    @cached_property
    def sizes_known(self) -> bool:
        """Whether the size of most rows is known beforehand."""
        return bool(self.sized.mean() > MOST)


@dataclass(frozen=True)
class Facts:
    """What is counted at one position.

    `votes`: by row and selection. `closed`: nothing more comes from the row. `arrived`: when a closed row
    last reported, in any unit that rises. `ballots_max`: the most votes the row can hold in all; -1: no bound.
    """

    votes: Ints
    closed: Bools
    arrived: Ints
    ballots_max: Ints

    @cached_property
    def valid(self) -> Floats:
        """Votes counted, by row."""
        return np.asarray(self.votes.sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class Frame:
    """Places and facts together, with the rows that tell something and those that are asked about.

    `seen`: closed rows with votes; `open`: rows still open; both in the order of places. `rank`: how early each
    closed row came, from 0 to the share of rows that are in; `share_in`: that share.
    """

    places: Places
    facts: Facts

    @cached_property
    def seen(self) -> Ints:
        """Closed rows with votes."""
        order = self.places.order
        return order[(self.facts.closed & (self.facts.valid > 0))[order]]

    @cached_property
    def open(self) -> Ints:
        """Rows from which votes may still come."""
        order = self.places.order
        return order[~self.facts.closed[order]]

    @cached_property
    def share_in(self) -> float:
        """The share of rows that are closed."""
        return float(self.facts.closed.mean())

    @cached_property
    def rank(self) -> Floats:
        """How early each seen row came: 0 for the first, `share_in` for the last; ties in the order of rows."""
        found = np.zeros(len(self.facts.closed))
        first = self.seen[np.argsort(self.facts.arrived[self.seen], kind="stable")]
        found[first] = np.arange(len(first)) / max(len(first), 1) * self.share_in
        return found

    @cached_property
    def shares(self) -> Floats:
        """Shares of the seen rows."""
        return np.asarray(self.facts.votes[self.seen] / self.facts.valid[self.seen][:, None])

    @cached_property
    def leaders(self) -> tuple[int, int]:
        """The two with most votes counted so far; the same twice where there is one selection."""
        first = np.argsort(-self.facts.votes.sum(axis=0), kind="stable")
        return int(first[0]), int(first[min(1, len(first) - 1)])

    @cached_property
    def size(self) -> Floats:
        """What a row is measured by: its size, else the votes of a seen row of its kind."""
        found: Floats = np.where(self.places.sized, self.places.size, 0.0)
        for kind in np.unique(self.places.kind[~self.places.sized]):
            asked = (self.places.kind == kind) & ~self.places.sized
            like = self.seen[asked[self.seen]]
            found[asked] = self.facts.valid[like if len(like) > 2 else self.seen].mean()
        return np.asarray(np.maximum(found, 1.0))

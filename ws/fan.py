"""How a contest's projections went: a fan of ranges that narrows to the count. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tally.instant import written

FORMAT = "tally-projections/1"
LEVEL = "90"
"""Of the intervals kept: nine in ten final shares should fall inside."""
POINTS_MAX = 120
"""Projections kept of one contest, evenly over those made; the first and the newest are among them."""
ALL_POINTS_MAX = 60_000
"""Of all contests together, of some 600 bytes each."""
SELECTIONS_MAX = 3
"""Selections kept of a projection: those that probably end highest."""


class Ranged(msgspec.Struct, frozen=True, gc=False):
    """One selection: votes counted then, and the share it was projected to end at, as parts of 1."""

    selection: str
    votes: int
    middle: float
    low: float
    high: float


class Point(msgspec.Struct, frozen=True, gc=False):
    """One projection, at the position and time of the count it was made from."""

    seq: int
    as_of_ms: int
    valid: int
    selections: tuple[Ranged, ...]


@dataclass(slots=True)
class Fan:
    """The projections of one contest, the oldest first. `contests`: how many share the memory."""

    contests: int
    points: list[Point] = field(default_factory=list)
    made: int = 0
    stride: int = 1  # every so many are kept, and the newest

    def add(
        self,
        seq: int,
        as_of_ms: int,
        valid: int,
        votes: Mapping[str, int],
        projected: Sequence[Mapping[str, Any]],
    ) -> None:
        """Keep one more. `projected`: the selections of a `tally-projection/1`; `votes`: counted then, by selection."""
        highest = sorted(projected, key=lambda one: -one["share"]["middle"])[:SELECTIONS_MAX]
        ranged = tuple(
            Ranged(one["selection"], votes[one["selection"]], one["share"]["middle"], *one["share"][LEVEL])
            for one in highest
        )
        if (self.made - 1) % self.stride and self.points:
            self.points.pop()  # it was there as the newest only
        self.points.append(Point(seq, as_of_ms, valid, ranged))
        self.made += 1
        if len(self.points) > max(2, min(POINTS_MAX, ALL_POINTS_MAX // self.contests)):
            self.points = [*self.points[:-1:2], self.points[-1]]
            self.stride *= 2

    def shown(self) -> list[dict[str, Any]]:
        """The points as readers get them."""
        return [
            {
                "seq": point.seq,
                "as_of": written(point.as_of_ms),
                "valid": point.valid,
                "selections": [
                    {
                        "selection": one.selection,
                        "votes": one.votes,
                        "share": {"middle": one.middle, LEVEL: [one.low, one.high]},
                    }
                    for one in point.selections
                ],
            }
            for point in self.points
        ]

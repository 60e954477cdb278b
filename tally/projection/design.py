"""What explains a row: its kind, how it voted before, sizes, when it came in."""

from typing import Any, NamedTuple

import numpy as np

from tally.projection import tuning
from tally.projection.frame import Bools, Floats, Frame
from tally.projection.mixed import Design
from tally.projection.tuning import Scale

SIZE_REACH = 2.5
"""Logarithms of size beyond the average that still count."""
ALIKE = 1e-9
"""Logarithms of size nearer than this are the same."""
FIRST_ROWS = 20
"""Rows in which a trend hardly moves."""


class Columns(NamedTuple):
    """Explaining columns; `names`: the field of `Scale` with the deviation expected of each coefficient."""

    values: tuple[Floats, ...]
    names: tuple[str, ...]

    def deviations(self, scale: Scale) -> Floats:
        """The deviation expected of each coefficient."""
        return np.array([getattr(scale, name) for name in self.names])


def explaining(frame: Frame) -> Columns:
    """Columns of every row: one a count type but the first, the leaders' lean and its square, sizes."""
    places, found, names = frame.places, list[Floats](), list[str]()
    for kind in np.unique(places.kind)[1:]:
        found.append((places.kind == kind).astype(np.float64))
        names.append("kind")
    if places.based:
        matched, shares = places.matched, places.previous_shares
        average = np.average(shares[matched], axis=0, weights=frame.size[matched])
        for leader in dict.fromkeys(frame.leaders):
            lean = np.where(matched, shares[:, leader] - average[leader], 0.0)
            found += [lean, lean * lean]
            names += ["lean", "bend"]
        if not matched.all():
            found.append((~matched).astype(np.float64))
            names.append("unmatched")
    sizes = [log for log in (_size_of_rows(frame), _size_of_places(frame)) if log is not None]
    return Columns((*found, *sizes), (*names, *("size" for _ in sizes)))


def _size_of_rows(frame: Frame) -> Floats | None:
    """Logarithms of the sizes of rows; 0 where unknown. None: all alike, or none known."""
    known = frame.places.sized
    return _centred(np.log(np.where(known, frame.places.size, 1.0)), known) if known.any() else None


def _size_of_places(frame: Frame) -> Floats | None:
    """Logarithms of the sizes of the smallest places, as towns are not villages. None: all alike."""
    places = frame.places
    own = np.where(places.sized, places.size, 0.0) if places.sized.any() else np.ones(len(places.size))
    total = np.bincount(places.smallest, own)[places.smallest]
    return _centred(np.log(np.maximum(total, 1.0)), total > 0)


def _centred(log: Floats, known: Bools) -> Floats | None:
    if log[known].max() - log[known].min() < ALIKE:
        return None
    return np.asarray(np.clip(np.where(known, log - log[known].mean(), 0.0), -SIZE_REACH, SIZE_REACH))


def designed(frame: Frame, columns: Columns) -> Design:
    """The columns with a trend over arrival, and a column of ones.

    The trend is an integrated random walk, straight between knots; an open row stands for the whole time to
    come, whose average it takes by Simpson's rule. Source: Wahba 1978 (smoothing splines as such a walk).
    """
    share_in, rows = frame.share_in, len(frame.rank)
    now, middle = late(share_in, rows), late((1 + share_in) / 2, rows)
    pieces = int(max(1, min(tuning.KNOTS, len(frame.seen) // 10)))
    at = np.clip(late(frame.rank[frame.seen], rows) / max(now, 1e-9), 0, 1) * pieces
    piece = np.minimum(at.astype(np.int64), pieces - 1)
    knots = np.zeros((rows, pieces + 3))
    knots[frame.seen, piece] = 1 - (at - piece)
    knots[frame.seen, piece + 1] = at - piece
    knots[frame.open, pieces:] = np.array([1, 4, 1]) / 6
    where = np.concatenate((np.linspace(0, now, pieces + 1), [middle, 1.0]))
    values = np.column_stack((*columns.values, knots, np.ones(rows)))
    return Design(values, len(columns.values), bending(where))


def late(share: Floats | float, rows: int) -> Any:
    """The time at which a share of the rows is in: logarithmic, so that a trend is carried on over doublings."""
    return np.log1p(share * rows / FIRST_ROWS) / np.log1p(rows / FIRST_ROWS)


def bending(knots: Floats) -> Floats:
    """The precision of an integrated random walk of variance 1 at uneven knots."""
    gaps = np.diff(knots)
    slopes = (np.eye(len(knots))[1:] - np.eye(len(knots))[:-1]) / gaps[:, None]
    bends = (slopes[1:] - slopes[:-1]) / np.sqrt((gaps[1:] + gaps[:-1]) / 2)[:, None]
    return np.asarray(bends.T @ bends + np.outer(slopes[0], slopes[0]) / tuning.SLOPE)

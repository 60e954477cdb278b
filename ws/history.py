"""A contest over time for readers: totals, outstanding, corrections, turns of claims."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tally.coming import by_reading
from tally.history import ClaimTurn, Correction, History
from tally.instant import written
from tally.outstanding import UNBOUNDED
from tally.state import ContestState
from tally.view import leading

TURNS_MAX = 1_000
"""Corrections, and turns of claims, in a picture of the whole night: the newest."""


def history_page(contest: ContestState, after: int, limit: int, epoch: str) -> dict[str, Any]:
    """The contest's history after a seq, at most so many points; `next` is the seq to go on after."""
    history = contest.history
    first = first_after(history, after)
    picked = range(first, min(first + limit, history.length))
    last = int(history.points[picked[-1], 0]) if len(picked) == limit else None

    def within(seq: int) -> bool:
        return seq > after and (last is None or seq <= last)

    corrections = [one for one in history.corrections if within(one.seq)]
    turns = [one for one in history.turns if within(one.seq)]
    return _view(contest, epoch, picked, corrections, turns) | {"next": last}


def history_picture(contest: ContestState, after: int, points: int, epoch: str) -> dict[str, Any]:
    """The contest's history after a seq, in about so many points.

    The first, the last and the records at which a claim turned are among them. Of corrections and turns the
    newest TURNS_MAX each.
    """
    history = contest.history
    corrections = [one for one in history.corrections if one.seq > after]
    turns = [one for one in history.turns if one.seq > after]
    kept = corrections[-TURNS_MAX:], turns[-TURNS_MAX:]
    picked = thinned(history, first_after(history, after), points, [turn.seq for turn in kept[1]])
    left_off = {"corrections": len(corrections) - len(kept[0]), "claims": len(turns) - len(kept[1])}
    return _view(contest, epoch, picked, *kept) | {"next": None, "left_off": left_off}


def first_after(history: History, seq: int) -> int:
    """The place of the first point after a seq. Cost: O(log points)."""
    return int(np.searchsorted(history.points[:, 0], seq, side="right"))


def thinned(history: History, first: int, points: int, turned: Sequence[int]) -> list[int]:
    """Places of points from `first` on, evenly over records, the first and the last among them.

    A claim that turned at a record without a point of its own, having been judged beside the count, has the
    last point before it.
    """
    steps, span = points - 1, history.length - 1 - first
    if span < 0:
        return []
    even = {first + step * span // steps for step in range(points)}
    at = np.searchsorted(history.points[:, 0], np.array(turned, dtype=np.int64), side="right") - 1
    return sorted({*even, *(place for place in at.tolist() if place >= first)})


def _view(
    contest: ContestState,
    epoch: str,
    picked: Sequence[int],
    corrections: list[Correction],
    turns: list[ClaimTurn],
) -> dict[str, Any]:
    layout, history = contest.layout, contest.history
    ids = [selection.id for selection in layout.contest.selections]
    return {
        "contest": layout.contest.id,
        "position": {"epoch": epoch, "seq": contest.changed_seq},
        "points": [_point(contest, ids, history.points[place].tolist()) for place in picked],
        "corrections": [_correction(contest, ids, one) for one in corrections],
        "claims": [_turn(one) for one in turns],
    }


def _point(contest: ContestState, ids: list[str], point: list[int]) -> dict[str, Any]:
    layout, m = contest.layout, contest.layout.selections
    votes, shown = point[3 : 3 + m], point[3 + m :]
    leader, lead = leading(layout, votes)
    return {
        "seq": point[0],
        "as_of": written(point[1]),
        "ballots_cast": point[2],
        "votes": dict(zip(ids, votes, strict=True)),
        "leader": leader,
        "lead": lead,
        "outstanding": {
            "certain": None if shown[0] == UNBOUNDED else shown[0],
            "assumptions": by_reading(contest.history.readings, shown),
        },
    }


def _correction(contest: ContestState, ids: list[str], one: Correction) -> dict[str, Any]:
    layout = contest.layout
    return {
        "seq": one.seq,
        "as_of": written(one.at_ms),
        "kind": one.kind,
        "unit": layout.units[one.unit].id,
        "type": layout.contest.count_types[one.row % layout.types] if one.row >= 0 else None,
        "reason": one.reason,
        "before": dict(zip(ids, one.before, strict=False)),
        "after": dict(zip(ids, one.after, strict=False)),
    }


def _turn(one: ClaimTurn) -> dict[str, Any]:
    return {
        "seq": one.seq,
        "as_of": written(one.at_ms),
        "claim": one.claim,
        "status": one.status,
        "grade": one.grade,
        "assumptions": list(one.assumptions),
    }

"""A contest for readers over time: totals, corrections, the turns of its claims."""

from typing import Any

from tally.instant import written
from tally.state import ContestState


def history_view(contest: ContestState, after: int, limit: int, epoch: str) -> dict[str, Any]:
    """The contest's history after a seq: totals record by record, corrections, and its claims' turns."""
    layout, history = contest.layout, contest.history
    ids = [selection.id for selection in layout.contest.selections]
    points = history.points[history.points[:, 0] > after][:limit].tolist()
    last = points[-1][0] if len(points) == limit else None
    corrections = [c for c in history.corrections if c.seq > after and (last is None or c.seq <= last)]
    return {
        "contest": layout.contest.id,
        "position": {"epoch": epoch, "seq": contest.changed_seq},
        "points": [
            {
                "seq": p[0],
                "as_of": written(p[1]),
                "ballots_cast": p[2],
                "votes": dict(zip(ids, p[3:], strict=True)),
            }
            for p in points
        ],
        "corrections": [
            {
                "seq": c.seq,
                "as_of": written(c.at_ms),
                "kind": c.kind,
                "unit": layout.units[c.unit].id,
                "type": layout.contest.count_types[c.row % layout.types] if c.row >= 0 else None,
                "reason": c.reason,
                "before": dict(zip(ids, c.before, strict=False)),
                "after": dict(zip(ids, c.after, strict=False)),
            }
            for c in corrections
        ],
        "claims": [
            {
                "seq": t.seq,
                "as_of": written(t.at_ms),
                "claim": t.claim,
                "status": t.status,
                "grade": t.grade,
                "assumptions": list(t.assumptions),
            }
            for t in history.turns
            if t.seq > after and (last is None or t.seq <= last)
        ],
        "next": last,
    }

"""What a record gives people to talk about: claims, corrections, desk verbs, broken bounds."""

from typing import Any

from tally.effects import ContestEffect
from tally.events import Amended, Evaluated, Record, StandingChanged
from tally.history import correction_kind
from tally.layout import Layout

CALLS_KEPT = 10_000


def calls_of(record: Record, effects: list[ContestEffect], layout: Layout) -> list[dict[str, Any]]:
    """The events of a record for the `calls` channel, in a fixed order; empty for an ordinary report."""
    cause = record.cause
    found: list[dict[str, Any]] = []
    if isinstance(cause, Amended):
        found.append(
            {
                "kind": "amended",
                "reason": cause.reason,
                "by": cause.operator,
                "definition_sha256": cause.sha256,
            }
        )
    elif isinstance(cause, StandingChanged):
        contests = [layout.contests[contest].contest.id for contest in cause.contests]
        found.append(
            {"kind": cause.action, "contests": contests, "units": list(cause.units), "reason": cause.reason,
             "by": cause.operator}
        )  # fmt: skip
    elif not isinstance(cause, Evaluated):
        for effect in effects:
            found += _corrections(effect, layout)
    found += [
        {"kind": "bound-violated", "contest": layout.contests[v.contest].contest.id, "unit": v.unit,
         "ballots": v.ballots, "cap": v.cap, "source": v.source, "hard": v.hard, "joint": v.joint}
        for v in record.violations
    ]  # fmt: skip
    found += [
        {"kind": "claim", "contest": layout.contests[change.contest].contest.id, "claim": change.claim,
         "status": change.status, "grade": change.grade, "assumptions": list(change.assumptions)}
        for change in record.claims
    ]  # fmt: skip
    return found


def _corrections(effect: ContestEffect, layout: Layout) -> list[dict[str, Any]]:
    contest = layout.contests[effect.contest]
    found: list[dict[str, Any]] = []
    for unit in effect.units:
        for row, after in unit.rows.items():
            kind = correction_kind(unit.before[row], after)
            if kind is None:
                continue
            ids = [selection.id for selection in contest.contest.selections]
            found.append(
                {
                    "kind": kind,
                    "contest": contest.contest.id,
                    "unit": contest.units[unit.unit].id,
                    "type": contest.contest.count_types[row % contest.types],
                    "reason": unit.reasons.get(row, ""),
                    "before": dict(zip(ids, unit.before[row].counts, strict=True)),
                    "after": dict(zip(ids, after.counts, strict=True)),
                }
            )
        for row, held in unit.held.items():
            if held is not None:
                review: dict[str, Any] = {
                    "kind": "quarantined",
                    "contest": contest.contest.id,
                    "unit": contest.units[unit.unit].id,
                    "type": contest.contest.count_types[row % contest.types],
                    "rule": held.held_by,
                }
                found.append(review)
    return found

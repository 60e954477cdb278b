"""The swing as it is shown: of a contest, a place, a unit; shares are left to readers."""

from typing import Any

from tally.effects import unit_columns
from tally.layout import ContestLayout
from tally.state import ContestState


def swing_view(contest: ContestState, unit_id: str | None) -> dict[str, Any]:
    """`swing` of a unit, of all under it, or of the contest (None); nothing where there was no election before.

    Only of units that are completed and were there before. `votes_before` is null of who is compared with nobody.
    """
    layout, swing = contest.layout, contest.swing
    if swing is None:
        return {}
    m, contested = layout.selections, layout.contest.selections
    if unit_id is None:
        sums = swing.sums[0].tolist()
    elif unit_id in layout.unit_index:
        unit = layout.unit_index[unit_id]
        sums = swing.of_unit(unit, leaf_columns(contest, unit)).tolist()
    elif unit_id in layout.node_index:
        sums = swing.sums[layout.node_index[unit_id]].tolist()
    else:
        sums = [0] * (2 * m + 2)
    known = swing.before.known
    return {
        "swing": {
            "units": sums[2 * m + 1],
            "votes": sum(sums[:m]),
            "votes_before": sums[2 * m],
            "totals": [
                {"selection": one.id, "votes": sums[s], "votes_before": sums[m + s] if known[s] else None}
                for s, one in enumerate(contested)
            ],
        }
    }


def leaf_columns(contest: ContestState, unit: int) -> list[int]:
    """A reporting unit's own sums over its count types, in the columns of a node."""
    types = contest.layout.types
    rows = [contest.row(row) for row in range(unit * types, (unit + 1) * types)]
    return unit_columns(contest.layout, unit, rows, int(contest.standing[unit]))


def units_under(layout: ContestLayout, unit_id: str) -> int:
    """How many units report for a unit: itself, or those under it."""
    if unit_id in layout.unit_index:
        return 1
    return int(layout.node_units[layout.node_index[unit_id]]) if unit_id in layout.node_index else 0

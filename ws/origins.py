"""Where the numbers of every row came from, in one short answer beside `units.ndjson`."""

from typing import Any

from tally.rows import row_order
from tally.state import ContestState, State

FORMAT = "tally-origins/1"


def origins_view(state: State, contest: ContestState, epoch: str) -> dict[str, Any]:
    """The batch each row rests on, by its place in `units.ndjson`; what is held or does not add up.

    `contest` is at rest; of `state` only what never changes is read. Cost: O(rows).
    """
    types = contest.layout.types
    order = [unit * types + of_type for unit, of_type in row_order(contest.layout)]
    batch_of_row = contest.batch_of_row.tolist()
    known = sorted(set(batch_of_row) - {-1})
    place = {batch: n for n, batch in enumerate(known)}
    batches = (state.batches[batch] for batch in known)
    return {
        "format": FORMAT,
        "contest": contest.layout.contest.id,
        "definition_sha256": state.layout.sha256,
        "position": {"epoch": epoch, "seq": contest.changed_seq},
        "batches": [{"batch": one.batch_id, "source": one.source, "seq": one.seq} for one in batches],
        "rows": [place.get(batch_of_row[row]) for row in order],
        "under_review": [
            {"row": n, "rule": contest.held[row].held_by}
            for n, row in enumerate(order)
            if row in contest.held
        ],
        "unreconciled": [n for n, row in enumerate(order) if row in contest.unreconciled],
    }

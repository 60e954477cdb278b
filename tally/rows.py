"""Unit rows: what is published of each (unit, count type); their canonical form is proof."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from tally.compared import swing_view
from tally.completions import Ranked
from tally.events import PROGRESS_NAMES, STANDING_NAMES
from tally.layout import NO_CAP, ContestLayout
from tally.outstanding import UNBOUNDED, declared_ballots
from tally.state import ContestState, State
from tally.wire import canonical_json


def canonical_rows(contest: ContestState) -> Iterator[dict[str, Any]]:
    """Every row of a contest, sorted by (unit, type), in the nine fields proofs rest on. Cost: O(rows).

    `counts` is null before a report. `cap` is what limits the row's cell: see `cap_of_row`.
    """
    for u, t in row_order(contest.layout):
        yield canonical_row(contest, u, t)


def row_order(layout: ContestLayout) -> Iterator[tuple[int, int]]:
    """(unit, count type) of every row, in the order rows are published in."""
    order = sorted(range(len(layout.units)), key=lambda u: layout.units[u].id)
    types = sorted(range(layout.types), key=lambda t: layout.contest.count_types[t])
    return ((u, t) for u in order for t in types if layout.applies[u * layout.types + t])


def canonical_row(contest: ContestState, unit: int, of_type: int) -> dict[str, Any]:
    """One row in the nine fields proofs rest on, and two more where they apply.

    `declared`: ballots its box is known to hold, while it is being counted. `ballots`: by ranking, where they
    are ranked.
    """
    layout = contest.layout
    row = unit * layout.types + of_type
    known = contest.row(row)
    counted = known.progress != 0
    return {
        "unit": layout.units[unit].id,
        "type": layout.contest.count_types[of_type],
        "revision": known.revision,
        "progress": PROGRESS_NAMES[known.progress],
        "standing": STANDING_NAMES[int(contest.standing[unit])],
        "counts": (
            {s.id: votes for s, votes in zip(layout.contest.selections, known.counts, strict=True)}
            if counted
            else None
        ),
        "ballots_cast": known.ballots_cast,
        "invalid": known.invalid,
        "cap": cap_of_row(contest, unit, row),
        **({"declared": known.declared} if known.open and known.declared >= 0 else {}),
        **({"ballots": ranked_ballots(layout, known.rankings) if counted else None} if layout.ranked else {}),
    }


def ranked_ballots(layout: ContestLayout, rankings: Iterable[Ranked]) -> list[dict[str, Any]]:
    """Ballots by ranking as they are published, in the order given."""
    ids = [selection.id for selection in layout.contest.selections]
    return [{"ranking": [ids[s] for s in ranking], "count": number} for ranking, number in rankings]


def cap_of_row(contest: ContestState, unit: int, row: int) -> dict[str, Any] | None:
    """What limits a row's cell, as it is published; None where nothing does.

    `ballots`, `source`, `hard`: the cap; where all that is open in the cell declares its ballots and these
    are fewer, they take its place (source "declared"). A cap stated hard that no longer is keeps
    `stated_hard`: a quarantined report is over it (`exceeded`, `held_ballots`), or a completed unit was
    over one of its kind (`shown_wrong`: certainly, nothing bounds the cell). `declared` and `registered`
    are published where a reading of the bounds needs them; `types` are those that share the cell, if several.
    """
    layout, cells, sums = contest.layout, contest.layout.cells, contest.sums
    cell = int(layout.cell_of_row[row])
    rows = [contest.row(r) for r in cells.rows[cell]]
    cap, source, stated = int(cells.cap[cell]), cells.kind[cell], bool(cells.hard[cell])
    wrong = source in sums.tainted
    published: dict[str, Any] = {}
    declared = declared_ballots(rows)
    if declared != UNBOUNDED:
        published["declared"] = declared
        if cap == NO_CAP or declared < cap:
            cap, source, stated = declared, "declared", True
    exceeded = False
    held = [contest.held.get(r) for r in cells.rows[cell]]
    if any(held):
        total = sum(h.ballots_cast if h else r.ballots_cast for h, r in zip(held, rows, strict=True))
        limit = cap if stated else declared
        exceeded = bool(contest.outstanding[cell]) and UNBOUNDED < limit < total
        published |= {"held_ballots": total} | ({"exceeded": True} if exceeded else {})
    if cap != NO_CAP:
        hard = stated and not wrong and not exceeded
        published |= {"ballots": cap, "source": source, "hard": hard}
        published |= {"stated_hard": True} if stated and not hard else {}
    if wrong:
        published["shown_wrong"] = True
    if any(reading.turnout for reading in layout.variants) and layout.registered[unit] > 0:
        published["registered"] = int(layout.registered[unit])
    if len(cells.rows[cell]) > 1:
        published["types"] = sorted(
            layout.contest.count_types[r - unit * layout.types] for r in cells.rows[cell]
        )
    return published or None


def canonical_lines(contest: ContestState) -> Iterator[bytes]:
    """The rows as canonical JSON (RFC 8785), one a line, each ending in a newline."""
    for row in canonical_rows(contest):
        yield canonical_json(row) + b"\n"


def snapshot_sha256(contest: ContestState) -> str:
    """SHA-256 of all the lines: what `sha256sum` says of the published file."""
    digest = hashlib.sha256()
    for line in canonical_lines(contest):
        digest.update(line)
    return digest.hexdigest()


def unit_row(state: State, contest: ContestState, unit: int, of_type: int, epoch: str) -> dict[str, Any]:
    """A row for readers: the nine fields, and name, register, turnout and where the numbers came from."""
    layout = contest.layout
    row = unit * layout.types + of_type
    published = canonical_row(contest, unit, of_type)
    batch = int(contest.batch_of_row[row])
    registered = layout.units[unit].voters_registered
    held = contest.held.get(row)
    return {
        **published,
        "name": layout.units[unit].name,
        "parent": layout.units[unit].parent,
        "voters_registered": registered,
        "turnout": [published["ballots_cast"], registered] if registered else None,
        "unreconciled": row in contest.unreconciled,
        "under_review": held.held_by if held is not None else None,
        "batch": state.batches[batch].batch_id if batch >= 0 else None,
        "source": state.batches[batch].source if batch >= 0 else None,
        "position": {"epoch": epoch, "seq": state.batches[batch].seq} if batch >= 0 else None,
        **swing_view(contest, layout.units[unit].id),
    }

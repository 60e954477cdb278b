"""Amending the definition: what may be added, and the state carried over to it."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from tally.checks import faults
from tally.completions import NOWHERE
from tally.effects import pool_kind, unit_columns
from tally.events import ANNULLED, DISPUTED
from tally.in_box import listen
from tally.layout import ContestLayout, Layout
from tally.model import Contest, Definition, read
from tally.outstanding import Row, Sums, outstanding_of_cell
from tally.refusal import Refusal
from tally.report import DeskCommand
from tally.state import ContestState, State


def amended_definition(current: Definition, command: DeskCommand) -> Definition | list[Refusal]:
    """The definition a desk command asks for, whole, or why not.

    An amendment may add units, caps, pools, assumptions and selections (at the end), and mark a selection
    withdrawn. It never renames, re-orders or deletes: every journaled row must keep its place.
    """
    if not command.reason.strip():
        return [Refusal("reason-required", "/reason", "to amend the definition needs a reason")]
    if command.definition is None:
        return [
            Refusal(
                "field-missing", "/definition", "an amendment carries the whole definition as it is to be"
            )
        ]
    try:
        wanted = read(dict(command.definition))
    except msgspec.ValidationError as error:
        return [Refusal("bad-definition", "/definition", str(error))]
    found = faults(wanted) or _not_kept(current, wanted)
    return [msgspec.structs.replace(f, pointer=f"/definition{f.pointer}") for f in found] or wanted


def _not_kept(current: Definition, wanted: Definition) -> list[Refusal]:
    found: list[Refusal] = []
    if current.election.id != wanted.election.id or current.election.is_test != wanted.election.is_test:
        found.append(Refusal("bad-definition", "/election", "an election keeps its id and its phase"))
    found += _kept("units", [u.id for u in current.units], [u.id for u in wanted.units])
    found += _kept("contests", [c.id for c in current.contests], [c.id for c in wanted.contests])
    if len(wanted.contests) != len(current.contests):
        found.append(Refusal("bad-definition", "/contests", "an amendment adds no contest"))
    was_parent = {unit.parent for unit in current.units}
    newly_parent = {unit.parent for unit in wanted.units} - was_parent
    known = {unit.id for unit in current.units}
    found += [
        Refusal("bad-definition", "/units", f"{unit} reports counts and cannot become a parent")
        for unit in sorted(p for p in newly_parent if p in known)
        if unit is not None
    ]
    for index, (was, now) in enumerate(zip(current.contests, wanted.contests, strict=False)):
        found += _contest_not_kept(was, now, f"/contests/{index}")
    return found


def _contest_not_kept(was: Contest, now: Contest, at: str) -> list[Refusal]:
    found = _kept(f"{at[1:]}/selections", [s.id for s in was.selections], [s.id for s in now.selections])
    keep: tuple[tuple[str, Callable[[Contest], object]], ...] = (
        ("count_types", lambda c: c.count_types),
        ("rule", lambda c: c.rule),
        ("districts", lambda c: c.districts),
        ("votes_allowed", lambda c: c.votes_allowed),
    )
    found += [
        Refusal("bad-definition", f"{at}/{name}", f"an amendment does not change {name}")
        for name, of in keep
        if of(was) != of(now)
    ]
    for s, (before, after) in enumerate(zip(was.selections, now.selections, strict=False)):
        if before.withdrawn and not after.withdrawn:
            found.append(Refusal("bad-definition", f"{at}/selections/{s}/withdrawn", "a withdrawal is final"))
    return found


def _kept(where: str, was: Sequence[str], now: Sequence[str]) -> list[Refusal]:
    if list(now[: len(was)]) == list(was):
        return []
    return [
        Refusal(
            "bad-definition",
            f"/{where}",
            "an amendment adds at the end; it never renames, re-orders or deletes",
        )
    ]


def migrated(state: State, layout: Layout) -> State:
    """The state under an amended layout: every row where it was, sums worked out anew. Cost: O(rows)."""
    after = State(layout)
    after.seq, after.at_ms = state.seq, state.at_ms
    after.take_batches(state)
    for old, new in zip(state.contests, after.contests, strict=True):
        carry_rows(old, new)
        recount(new)
    return after


def carry_rows(old: ContestState, new: ContestState) -> None:
    """Copy columns into a wider layout. Units and selections only ever grow at the end, scopes may not."""
    types, m = old.layout.types, old.layout.selections
    moved = np.array([new.layout.unit_index[unit.id] for unit in old.layout.units], dtype=np.int64)
    rows = (moved[:, None] * types + np.arange(types, dtype=np.int64)[None, :]).ravel()
    new.counts[rows, :m] = old.counts
    new.numbers[rows] = old.numbers
    new.declared[rows] = old.declared
    new.progress[rows] = old.progress
    new.batch_of_row[rows] = old.batch_of_row
    new.standing[moved] = old.standing
    new.held = {
        int(rows[row]): msgspec.structs.replace(
            report, counts=report.counts + (0,) * (new.layout.selections - len(report.counts))
        )
        for row, report in old.held.items()
    }
    new.rankings = {int(rows[row]): rankings for row, rankings in old.rankings.items()}
    new.unreconciled = {int(rows[row]) for row in old.unreconciled}
    new.claims = dict(old.claims)
    new.shown, new.shown_seq, new.expanded_seq = old.shown, old.shown_seq, old.expanded_seq
    new.changed_seq, new.changed_at_ms = old.changed_seq, old.changed_at_ms
    new.history = old.history.widened(new.layout.selections, new.layout.readings)
    kinds = {*new.layout.cells.kind, *(pool_kind(pool.id) for pool in new.layout.pools)}
    new.sums.tainted = old.sums.tainted & kinds


def recount(contest: ContestState) -> None:
    """Work out sums, nodes and outstanding ballots from the columns alone. Cost: O(rows).

    A cap that a completed cell is over by now, or a pool over its own, shows its kind not to be hard.
    """
    layout, sums = contest.layout, contest.sums
    for cell, was in enumerate(contest.outstanding):
        sums.add_cell(int(layout.cells.group[cell]), was, -1)
    for u in range(len(layout.units)):
        rows = range(u * layout.types, (u + 1) * layout.types)
        standing = int(contest.standing[u])
        values = [contest.row(row) for row in rows]
        columns = unit_columns(layout, u, values, standing)
        contest.nodes[layout.lineage[u]] += np.array(columns, dtype=np.int64)
        listen(layout, sums, (standing, ()), (standing, values))
        if standing != ANNULLED:
            _place(sums, layout, u, values, disputed=standing == DISPUTED)
        for pool in layout.pools_of_unit.get(u, ()):
            sums.pool_cast[pool] += sum(value.ballots_cast for value in values)
    for cell, rows_of in enumerate(layout.cells.rows):
        standing = int(contest.standing[layout.cells.unit[cell]])
        values = [contest.row(row) for row in rows_of]
        held = [
            contest.held[row].ballots_cast if row in contest.held else v.ballots_cast
            for row, v in zip(rows_of, values, strict=True)
        ]
        held_ballots = sum(held) if any(row in contest.held for row in rows_of) else -1
        after = outstanding_of_cell(layout, cell, values, standing, held_ballots)
        contest.outstanding[cell] = after
        sums.add_cell(int(layout.cells.group[cell]), after, 1)
        cap, cast = layout.cells.cap[cell], sum(value.ballots_cast for value in values)
        if layout.cells.hard[cell] and cast > cap and not any(value.open for value in values):
            sums.taint(layout.cells.kind[cell])
    for joint, cast in zip(layout.pools, sums.pool_cast, strict=True):
        if joint.hard and cast > joint.ballots > 0:
            sums.taint(pool_kind(joint.id))
    m = layout.selections
    sums.votes = contest.nodes[0, :m].tolist()
    sums.ballots_cast = int(contest.nodes[0, m])
    disputed = contest.standing == DISPUTED
    sums.votes_disputed = (
        contest.counts.reshape(len(layout.units), layout.types, m)[disputed].sum(axis=(0, 1)).tolist()
    )
    if contest.swing is not None:
        contest.swing.recount(contest.counts, contest.progress, contest.standing)


def _place(sums: Sums, layout: ContestLayout, unit: int, rows: Sequence[Row], *, disputed: bool) -> None:
    """Add a unit's votes to its district, and its ballots to those by ranking."""
    district = layout.district_of[unit]
    for row in rows:
        sums.rank(row.rankings, 1, disputed=disputed)
        if district != NOWHERE:
            for s in range(layout.selections):
                sums.districts[district][s] += row.counts[s]

"""What a cause changes, worked out against a ledger, written nowhere: the fold's arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tally.completions import NOWHERE
from tally.events import (
    ANNULLED,
    COMPLETED,
    DISPUTED,
    EXPECTED,
    IN_PROCESS,
    NOT_INSTALLED,
    QUARANTINED,
    STANDS,
    BatchCounted,
    BoundViolated,
    RowCounted,
    StandingChanged,
)
from tally.in_box import listen
from tally.layout import NO_CAP, ContestLayout
from tally.ledger import Ledger
from tally.outstanding import Row, Sums, outstanding_of_cell

OVER_CAP = "over-cap"
"""The quarantine rule for a report that would put its unit over a hard cap."""


@dataclass(slots=True)
class UnitEffect:
    """A unit's new rows and standing, its `columns`, and `delta`: what changed in them (None: nothing)."""

    unit: int
    standing_before: int
    standing: int
    rows: dict[int, Row] = field(default_factory=dict)
    before: dict[int, Row] = field(default_factory=dict)
    held: dict[int, RowCounted | None] = field(default_factory=dict)
    unreconciled: dict[int, bool] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    columns: list[int] = field(default_factory=list)
    delta: list[int] | None = None


@dataclass(slots=True)
class ContestEffect:
    """All a cause changes in one contest; `sums` is the contest's sums afterwards.

    `expands`: something may come about that could not before: a correction, a desk verb, a bound that broke.
    """

    contest: int
    sums: Sums
    units: list[UnitEffect] = field(default_factory=list)
    outstanding: dict[int, tuple[int, ...]] = field(default_factory=dict)
    violations: list[BoundViolated] = field(default_factory=list)
    expands: bool = False


def effects_of(ledger: Ledger, cause: object) -> list[ContestEffect]:
    """The effects of a batch or a desk verb, contest by contest. Cost: O(units touched x their types)."""
    if isinstance(cause, BatchCounted):
        return _of_batch(ledger, cause)
    if isinstance(cause, StandingChanged):
        return _of_standing(ledger, cause)
    return []


def _of_batch(ledger: Ledger, cause: BatchCounted) -> list[ContestEffect]:
    by_unit: dict[tuple[int, str], list[RowCounted]] = {}
    for report in cause.rows:
        by_unit.setdefault((report.contest, report.unit), []).append(report)
    effects: dict[int, ContestEffect] = {}
    for (contest, unit_id), reports in by_unit.items():
        layout = ledger.layout.contests[contest]
        effect = effects.get(contest)
        if effect is None:
            effect = effects[contest] = ContestEffect(contest, ledger.sums(contest).copy())
        u = layout.unit_index[unit_id]
        standing = ledger.standing(contest, u)
        change = UnitEffect(u, standing, standing)
        for report in reports:
            row = u * layout.types + report.type
            if report.held_by is not None:
                change.held[row] = report
                continue
            change.rows[row] = _row_of(report)
            if ledger.held(contest, row) is not None:
                change.held[row] = None
            if report.reason is not None:
                change.reasons[row] = report.reason
            if report.unreconciled or layout.contest.reconcile == "flag":
                change.unreconciled[row] = report.unreconciled
        if standing in {STANDS, QUARANTINED}:
            change.standing = QUARANTINED if _any_held(ledger, layout, change) else STANDS
        _finish(ledger, layout, effect, change)
    return list(effects.values())


def _of_standing(ledger: Ledger, cause: StandingChanged) -> list[ContestEffect]:
    effects = []
    for contest in cause.contests:
        layout = ledger.layout.contests[contest]
        effect = ContestEffect(contest, ledger.sums(contest).copy())
        for unit_id in cause.units:
            u = layout.unit_index.get(unit_id)
            if u is None:
                continue
            before = ledger.standing(contest, u)
            change = UnitEffect(u, before, before)
            if cause.action == "dispute":
                change.standing = DISPUTED
            elif cause.action == "annul":
                change.standing = ANNULLED
            else:
                _restore(ledger, layout, change)
            change.reasons = {u * layout.types: cause.reason}
            _finish(ledger, layout, effect, change)
        effects.append(effect)
    return effects


def _restore(ledger: Ledger, layout: ContestLayout, change: UnitEffect) -> None:
    """A quarantined unit's held reports enter; a disputed or annulled unit stands as it was."""
    rows = range(change.unit * layout.types, (change.unit + 1) * layout.types)
    held = {row: report for row in rows if (report := ledger.held(layout.index, row)) is not None}
    if change.standing_before == QUARANTINED:
        for row, report in held.items():
            change.rows[row] = _row_of(report)
            change.held[row] = None
        change.standing = STANDS
    else:
        change.standing = QUARANTINED if held else STANDS


def _row_of(report: RowCounted) -> Row:
    return Row(
        report.revision, report.progress, report.counts, report.ballots_cast, report.invalid, report.declared,
        report.rankings,
    )  # fmt: skip


def _any_held(ledger: Ledger, layout: ContestLayout, change: UnitEffect) -> bool:
    rows = range(change.unit * layout.types, (change.unit + 1) * layout.types)
    return any(
        (change.held[row] if row in change.held else ledger.held(layout.index, row)) is not None
        for row in rows
    )


def _finish(ledger: Ledger, layout: ContestLayout, effect: ContestEffect, change: UnitEffect) -> None:
    """Work out the sums after one unit's change: votes, outstanding ballots, pools, violations."""
    first = change.unit * layout.types
    if layout.types == 1:
        before = [ledger.row(layout.index, first)]
        after = [change.rows.get(first) or before[0]]
    else:
        before = [ledger.row(layout.index, row) for row in range(first, first + layout.types)]
        after = [change.rows.get(row) or before[row - first] for row in range(first, first + layout.types)]
    change.before = {row: before[row - first] for row in change.rows}
    sums = effect.sums
    old = unit_columns(layout, change.unit, before, change.standing_before)
    new = unit_columns(layout, change.unit, after, change.standing)
    if old != new:
        delta = [b - a for a, b in zip(old, new, strict=True)]
        change.columns, change.delta = new, delta
        for s, moved in enumerate(delta[: layout.selections]):
            sums.votes[s] += moved
            sums.patience -= moved if moved >= 0 else -moved
        sums.ballots_cast += delta[layout.selections]
        district = layout.district_of[change.unit]
        if district != NOWHERE:
            for s in range(layout.selections):
                sums.districts[district][s] += delta[s]
    listen(layout, sums, (change.standing_before, before), (change.standing, after))
    if layout.ranked:
        _rerank(sums, change, before, after)
    if DISPUTED in {change.standing, change.standing_before}:
        _disputed(sums, layout, change, old, new)
    if layout.pools:
        more = sum(r.ballots_cast for r in after) - sum(r.ballots_cast for r in before)
        for pool in layout.pools_of_unit.get(change.unit, ()):
            _recount_pool(layout, effect, pool, more)
    if layout.types == 1:
        _recount_cell(ledger, layout, effect, change, layout.cell_of_row[first])
    else:
        for cell in sorted({layout.cell_of_row[row] for row in range(first, first + layout.types)}):
            if cell >= 0:
                _recount_cell(ledger, layout, effect, change, cell)
    effect.units.append(change)


def _disputed(sums: Sums, layout: ContestLayout, change: UnitEffect, old: list[int], new: list[int]) -> None:
    for s in range(layout.selections):
        if change.standing_before == DISPUTED:
            sums.votes_disputed[s] -= old[s]
        if change.standing == DISPUTED:
            sums.votes_disputed[s] += new[s]


def _rerank(sums: Sums, change: UnitEffect, before: Sequence[Row], after: Sequence[Row]) -> None:
    """Ballots by ranking, of units that are not annulled."""
    for rows, standing, sign in ((before, change.standing_before, -1), (after, change.standing, 1)):
        if standing != ANNULLED:
            for row in rows:
                sums.rank(row.rankings, sign, disputed=standing == DISPUTED)


def _recount_pool(layout: ContestLayout, effect: ContestEffect, pool: int, cast_more: int) -> None:
    sums, cap = effect.sums, layout.pools[pool]
    before = sums.pool_cast[pool]
    sums.pool_cast[pool] = before + cast_more
    sums.patience = -1
    if 0 < cap.ballots < sums.pool_cast[pool] and before <= cap.ballots:
        effect.violations.append(
            BoundViolated(
                layout.index, cap.id, sums.pool_cast[pool], cap.ballots, cap.source, cap.hard, joint=True
            )
        )
        if cap.hard:
            sums.taint(pool_kind(cap.id))


def pool_kind(pool_id: str) -> str:
    """The kind of cap a pool is, among the kinds that can be shown not to be hard."""
    return f"pool:{pool_id}"


def _recount_cell(
    ledger: Ledger, layout: ContestLayout, effect: ContestEffect, change: UnitEffect, cell: int
) -> None:
    cells = layout.cells
    rows = {row: change.rows.get(row) or ledger.row(layout.index, row) for row in cells.rows[cell]}
    held_ballots = _held_ballots(ledger, layout, change, rows)
    before = ledger.outstanding(layout.index, cell)
    after = outstanding_of_cell(layout, cell, list(rows.values()), change.standing, held_ballots)
    if before != after:
        effect.sums.move_cell(cells.group[cell], before, after)
        effect.outstanding[cell] = after
    cap = cells.cap[cell]
    if cap == NO_CAP:
        return
    ballots = max(held_ballots, sum([row.ballots_cast for row in rows.values()]))
    if ballots > cap and any(row in change.rows or change.held.get(row) is not None for row in rows):
        unit_id = layout.units[change.unit].id
        hard = cells.hard[cell]
        effect.violations.append(BoundViolated(layout.index, unit_id, ballots, cap, cells.kind[cell], hard))
        if hard and _would_complete(change, rows):
            effect.sums.taint(cells.kind[cell])


def _held_ballots(ledger: Ledger, layout: ContestLayout, change: UnitEffect, rows: dict[int, Row]) -> int:
    """What a cell would hold if its quarantined reports entered; -1 where none is held."""
    total, any_held = 0, False
    for row, value in rows.items():
        held = change.held[row] if row in change.held else ledger.held(layout.index, row)
        total += value.ballots_cast if held is None else held.ballots_cast
        any_held = any_held or held is not None
    return total if any_held else -1


def _would_complete(change: UnitEffect, rows: dict[int, Row]) -> bool:
    """Whether a cell over its cap is complete, counting held reports as if they had entered."""
    progress = [
        held.progress if (held := change.held.get(row)) is not None else value.progress
        for row, value in rows.items()
    ]
    return all(p in {COMPLETED, NOT_INSTALLED} for p in progress)


def unit_columns(layout: ContestLayout, unit: int, rows: Sequence[Row], standing: int) -> list[int]:
    """What a unit adds to each node above it: its selections, then the columns named in state.py."""
    if standing == ANNULLED:
        return [0] * (layout.selections + 3) + [0, 0, 0, 0, 0, 1]
    row = rows[0] if len(rows) == 1 else _merged(layout, unit, rows)
    where = _WHERE[standing][row.progress]
    if row.progress == EXPECTED:
        return [0] * (layout.selections + 3) + where
    registered = 0 if row.progress == NOT_INSTALLED else layout.registered[unit]
    return [*row.counts, row.ballots_cast, row.invalid, registered, *where]


def _merged(layout: ContestLayout, unit: int, rows: Sequence[Row]) -> Row:
    """A unit's count types as one row: sums, and the progress of the whole."""
    first = unit * layout.types
    progress = {row.progress for t, row in enumerate(rows) if layout.applies[first + t]}
    if progress <= {COMPLETED, NOT_INSTALLED}:
        whole = COMPLETED if COMPLETED in progress else NOT_INSTALLED
    else:
        whole = EXPECTED if progress == {EXPECTED} else IN_PROCESS
    counts = tuple(map(sum, zip(*(row.counts for row in rows), strict=True)))
    return Row(0, whole, counts, sum(r.ballots_cast for r in rows), sum(r.invalid for r in rows), -1)


_WHERE = {  # by standing, then progress: completed, in process, not installed, held, contested, void
    STANDS: ([0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]),
    QUARANTINED: ([0, 0, 0, 1, 0, 0],) * 4,
    DISPUTED: ([0, 0, 0, 0, 1, 0], [0, 1, 0, 0, 1, 0], [1, 0, 0, 0, 1, 0], [0, 0, 1, 0, 1, 0]),
}

"""The fold: counts by contest, unit and count type in numpy columns; roll-ups by difference."""

from array import array
from bisect import bisect_right
from collections import deque
from copy import copy
from typing import Any

import msgspec
import numpy as np

from tally.calls import CALLS_KEPT, calls_of
from tally.clones import runs
from tally.coming import outstanding_shown
from tally.completions import Ranked
from tally.effects import ContestEffect, UnitEffect
from tally.events import (
    DISPUTED,
    STANDS,
    BatchCounted,
    ClaimChanged,
    ClaimShown,
    Evaluated,
    Record,
    RowCounted,
)
from tally.history import ClaimTurn, Finished, History
from tally.layout import ContestLayout, Layout
from tally.ledger import ClaimState, KnownBatch, turned
from tally.outstanding import Row, Sums, fresh_sums, outstanding_of_cell
from tally.swing import Swing

BALLOTS, INVALID, REGISTERED, DONE, OPEN, AWAY, HELD, CONTESTED, VOID = range(9)
"""What a node sums after its selections: ballots, invalid, registered voters of counted units, and units."""
NODE_EXTRAS = 9

DEFINITION_GRACE_MS = 600_000
"""For ten minutes after an amendment, batches may still name the definition before it."""


class ContestState:
    """One contest's columns. Rows and cells as in its layout; `nodes` sums along the tree."""

    def __init__(self, layout: ContestLayout) -> None:
        rows, units = len(layout.units) * layout.types, len(layout.units)
        self.layout = layout
        self.counts = np.zeros((rows, layout.selections), dtype=np.int64)
        self.numbers = np.zeros((rows, 3), dtype=np.int64)  # revision, ballots_cast, invalid
        self.declared = np.full(rows, -1, dtype=np.int64)
        self.progress = np.zeros(rows, dtype=np.int8)
        self.batch_of_row = np.full(rows, -1, dtype=np.int64)
        self.standing = np.zeros(units, dtype=np.int8)
        self.nodes = np.zeros((len(layout.node_ids) + 1, layout.selections + NODE_EXTRAS), dtype=np.int64)
        self.rankings: dict[int, tuple[Ranked, ...]] = {}
        self.held: dict[int, RowCounted] = {}
        self.unreconciled: set[int] = set()
        self.claims: dict[str, ClaimState] = {}
        self.changed_seq = 0
        self.changed_at_ms = 0
        self.counted_seq = 0
        self.disputes_version = 0
        self.expanded_seq = 0
        self.shown: tuple[ClaimShown, ...] = ()
        self.shown_seq = 0
        self.robust_memo: tuple[tuple[int, int], dict[str, Any]] | None = None
        self.history = History(layout.selections, layout.readings)
        self.sums = fresh_sums(layout)
        done = layout.selections + DONE
        self.swing = None if layout.before is None else Swing(layout, layout.before, done)
        self.outstanding: list[tuple[int, ...]] = []
        self.open_all_cells()

    def open_all_cells(self) -> None:
        """Every cell as before the first report. Cost: O(cells)."""
        blank = Row(0, 0, (0,) * self.layout.selections, 0, 0, -1)
        cells = self.layout.cells
        self.outstanding = [
            outstanding_of_cell(self.layout, cell, [blank] * len(rows), STANDS, -1)
            for cell, rows in enumerate(cells.rows)
        ]
        for cell, outstanding in enumerate(self.outstanding):
            self.sums.add_cell(int(cells.group[cell]), outstanding, 1)

    def row(self, row: int) -> Row:
        """One row as it stands."""
        revision, ballots, invalid = self.numbers[row].tolist()
        return Row(
            revision,
            int(self.progress[row]),
            tuple(self.counts[row].tolist()),
            ballots,
            invalid,
            int(self.declared[row]),
            self.rankings.get(row, ()),
        )

    def still(self) -> "ContestState":
        """The contest as it stands, for a reader in another thread: no later record changes it.

        Its history is shared and goes on. Cost: one copy of the columns.
        """
        twin = copy(self)
        for name in ("counts", "numbers", "declared", "progress", "batch_of_row", "standing", "nodes"):
            setattr(twin, name, getattr(self, name).copy())
        twin.rankings = dict(self.rankings)
        twin.swing = None if self.swing is None else self.swing.still()
        twin.held, twin.unreconciled = dict(self.held), set(self.unreconciled)
        twin.claims, twin.outstanding = dict(self.claims), list(self.outstanding)
        return twin

    def install(self, effect: ContestEffect, batch: int) -> None:
        """Write what an effect worked out. Cost: O(units touched x depth)."""
        for unit in effect.units:
            self._install_unit(unit, batch)
        for cell, outstanding in effect.outstanding.items():
            self.outstanding[cell] = outstanding
        self.sums = effect.sums

    def note(self, record: Record) -> None:
        """Add where the contest stands after a record to its history. Cost: O(selections + readings x groups)."""
        self.history.note(record, self.nodes[0], outstanding_shown(self.layout, self.sums))

    def _install_unit(self, unit: UnitEffect, batch: int) -> None:
        for row, value in unit.rows.items():
            self.counts[row] = value.counts
            self.numbers[row] = (value.revision, value.ballots_cast, value.invalid)
            self.progress[row] = value.progress
            self.declared[row] = value.declared
            if value.rankings:
                self.rankings[row] = value.rankings
            elif self.rankings:
                self.rankings.pop(row, None)
            if batch >= 0:
                self.batch_of_row[row] = batch
        for row, report in unit.held.items():
            if report is None:
                self.held.pop(row, None)
            else:
                self.held[row] = report
        for row, flagged in unit.unreconciled.items():
            (self.unreconciled.add if flagged else self.unreconciled.discard)(row)
        if DISPUTED in {unit.standing_before, unit.standing}:
            self.disputes_version += 1
        if unit.standing != unit.standing_before:
            self.standing[unit.unit] = unit.standing
        if unit.delta is not None:
            self.nodes[self.layout.lineage[unit.unit]] += unit.delta
            if self.swing is not None:
                self.swing.move(unit.unit, unit.columns, unit.delta)


class State:
    """The applied state of one election night: a pure function of its journal up to `seq`."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.seq = 0
        self.at_ms = 0
        self.contests = [ContestState(contest) for contest in layout.contests]
        self.batches: list[KnownBatch] = []
        self.batch_index: dict[str, int] = {}
        self.previous_definition: tuple[str, int] | None = None
        self.times = array("q")
        self.calls: deque[tuple[int, int, bytes]] = deque(maxlen=CALLS_KEPT)
        self.finished = Finished(len(self.contests))
        self.runs: dict[bytes, bytes] = {}

    def row(self, contest: int, row: int) -> Row:
        """One row as it stands."""
        return self.contests[contest].row(row)

    def standing(self, contest: int, unit: int) -> int:
        """The standing of a unit in a contest."""
        return int(self.contests[contest].standing[unit])

    def held(self, contest: int, row: int) -> RowCounted | None:
        """The quarantined report of a row, if there is one."""
        return self.contests[contest].held.get(row)

    def outstanding(self, contest: int, cell: int) -> tuple[int, ...]:
        """What a cell adds to the sums."""
        return self.contests[contest].outstanding[cell]

    def sums(self, contest: int) -> Sums:
        """The sums of a contest."""
        return self.contests[contest].sums

    def claims(self, contest: int) -> dict[str, ClaimState]:
        """Every claim that ever turned, by id."""
        return self.contests[contest].claims

    def shown(self, contest: int) -> tuple[ClaimShown, ...]:
        """Every claim of a contest judged beside the count, as last evaluated."""
        return self.contests[contest].shown

    def expanded_seq(self, contest: int) -> int:
        """The newest seq that added to what is possible in a contest."""
        return self.contests[contest].expanded_seq

    def batch(self, batch_id: str) -> KnownBatch | None:
        """The batch with this id, if it is already in."""
        index = self.batch_index.get(batch_id)
        return None if index is None else self.batches[index]

    def seq_of_row(self, contest: int, row: int) -> int | None:
        """The position at which a row's newest report entered."""
        batch = int(self.contests[contest].batch_of_row[row])
        return self.batches[batch].seq if batch >= 0 else None

    def accepts_definition(self, sha256: str, at_ms: int) -> bool:
        """Whether a batch may name this definition: the one in force, or for ten minutes the one before."""
        if sha256 == self.layout.sha256:
            return True
        previous = self.previous_definition
        return previous is not None and previous[0] == sha256 and at_ms - previous[1] <= DEFINITION_GRACE_MS

    def take_batches(self, other: "State") -> None:
        """Share the batches and times of the state this one replaces."""
        self.batches, self.batch_index = other.batches, other.batch_index
        self.times, self.calls, self.runs = other.times, other.calls, other.runs
        self.finished = other.finished

    def install_amendment(self, record: Record, previous_sha256: str) -> None:
        """Write a durable amendment onto the state migrated for it: every view changes."""
        self.stamp(record.seq, record.at_ms)
        self.previous_definition = (previous_sha256, record.at_ms)
        for contest in self.contests:
            contest.changed_seq, contest.changed_at_ms = record.seq, record.at_ms
            contest.expanded_seq = contest.counted_seq = record.seq
        self.show(record)
        self.turn(record.claims, record.seq, record.at_ms)
        for contest in self.contests:
            contest.note(record)
        self.call(record, [])

    def remember(self, cause: BatchCounted, seq: int) -> int:
        """Keep a batch's id and digest; its index."""
        self.know(KnownBatch(cause.batch_id, cause.source, cause.digest, seq))
        for _, content, units in runs(cause.rows):
            self.runs.setdefault(content, units)
        return len(self.batches) - 1

    def know(self, batch: KnownBatch) -> None:
        """Add a batch to those already in."""
        self.batch_index[batch.batch_id] = len(self.batches)
        self.batches.append(batch)

    def seq_at(self, at_ms: int) -> int:
        """The newest seq recorded at or before an instant; 0 before the first record."""
        return bisect_right(self.times, at_ms)

    def stamp(self, seq: int, at_ms: int) -> None:
        """Move to a record's position and time. `times[i]` is the time of seq i + 1."""
        self.seq, self.at_ms = seq, at_ms
        self.times.append(at_ms)

    def turn(self, changes: tuple[ClaimChanged, ...], seq: int, at_ms: int) -> None:
        """Write what a record decided about claims."""
        for change in changes:
            contest = self.contests[change.contest]
            contest.claims[change.claim] = turned(contest.claims.get(change.claim), change, seq)
            contest.history.turns.append(
                ClaimTurn(seq, at_ms, change.claim, change.status, change.grade, change.assumptions)
            )

    def install(self, record: Record, effects: list[ContestEffect]) -> None:
        """Write a durable record's effects, its claims and its place in history."""
        self.stamp(record.seq, record.at_ms)
        batch = self.remember(record.cause, record.seq) if isinstance(record.cause, BatchCounted) else -1
        for effect in effects:
            contest = self.contests[effect.contest]
            contest.install(effect, batch)
            contest.counted_seq = record.seq
            contest.changed_seq, contest.changed_at_ms = record.seq, record.at_ms
            if effect.expands:
                contest.expanded_seq = contest.counted_seq = record.seq
        self.show(record)
        self.turn(record.claims, record.seq, record.at_ms)
        for effect in effects:
            contest = self.contests[effect.contest]
            contest.note(record)
            contest.history.note_effect(record, effect)
            finished = contest.nodes[0, contest.layout.selections + np.array((DONE, AWAY, VOID))]
            self.finished.note(record, effect.contest, int(finished.sum()), len(contest.layout.units))
        self.call(record, effects)

    def show(self, record: Record) -> None:
        """Write what was judged beside the count."""
        own = (record.cause,) if isinstance(record.cause, Evaluated) else ()
        for one in (*own, *record.evaluated):
            contest = self.contests[one.contest]
            contest.shown, contest.shown_seq = one.claims, one.at_seq
            contest.changed_seq, contest.changed_at_ms = record.seq, record.at_ms

    def call(self, record: Record, effects: list[ContestEffect]) -> None:
        """Keep what a record gives to talk about: (seq, at_ms, events as MessagePack), the newest 10,000."""
        found = calls_of(record, effects, self.layout)
        if found:
            self.calls.append((record.seq, record.at_ms, msgspec.msgpack.encode(found)))

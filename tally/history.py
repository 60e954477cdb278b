"""What happened to one contest, record by record: totals, outstanding, corrections."""

import msgspec
import numpy as np

from tally.coming import NOT_SHOWN
from tally.effects import ContestEffect, UnitEffect
from tally.events import COMPLETED, EXPECTED, BatchCounted, Record, StandingChanged
from tally.outstanding import Row
from tally.tree import Ints

GROWTH_MIN = 256


class Correction(msgspec.Struct, frozen=True):
    """One number that went down, a unit re-opened, a report withdrawn, or a desk verb; always with why."""

    seq: int
    at_ms: int
    kind: str  # correction | withdrawal | reopened | dispute | annul | restore
    unit: int
    row: int  # -1: the whole unit
    reason: str
    before: tuple[int, ...]
    after: tuple[int, ...]


class ClaimTurn(msgspec.Struct, frozen=True):
    """A claim that turned, was withdrawn, or came to rest on other grounds."""

    seq: int
    at_ms: int
    claim: str
    status: str
    grade: str | None
    assumptions: tuple[str, ...]


class Passed(msgspec.Struct, frozen=True):
    """A record that raised the share of finished units, in whole percent, above all a contest had before.

    A finished unit is completed, not installed or annulled. `before` is the highest share until then.
    """

    seq: int
    at_ms: int
    contest: int
    before: int
    percent: int
    finished: int
    units: int


class Finished:
    """Every record that raised a contest's share of finished units, oldest first: at most 100 a contest."""

    def __init__(self, contests: int) -> None:
        self.passed: list[Passed] = []
        self._highest = [0] * contests

    def restore(self, passed: list[Passed]) -> None:
        """Take over what a snapshot holds."""
        self.passed = passed
        for one in passed:
            self._highest[one.contest] = one.percent

    def note(self, record: Record, contest: int, finished: int, units: int) -> None:
        """Keep a record if it raised the share."""
        before, percent = self._highest[contest], 100 * finished // units if units else 0
        if percent > before:
            self._highest[contest] = percent
            self.passed.append(Passed(record.seq, record.at_ms, contest, before, percent, finished, units))


class History:
    """Totals after each record that touched the contest, oldest first, and the list of corrections.

    `points[i]` = seq, at_ms, ballots_cast, votes per selection, then outstanding ballots per reading of the
    bounds, as `tally.coming.outstanding_shown` writes them.
    """

    def __init__(self, selections: int, readings: tuple[str | None, ...]) -> None:
        self.selections, self.readings = selections, readings
        self.columns = 3 + selections + len(readings)
        self._points = np.zeros((GROWTH_MIN, self.columns), dtype=np.int64)
        self.length = 0
        self.corrections: list[Correction] = []
        self.turns: list[ClaimTurn] = []
        self.violations = 0

    @property
    def points(self) -> Ints:
        """The totals as a table, oldest first."""
        return self._points[: self.length]

    @points.setter
    def points(self, table: Ints) -> None:
        self._points, self.length = table, len(table)

    def widened(self, selections: int, readings: tuple[str | None, ...]) -> "History":
        """The history under an amended definition; itself where neither selections nor readings changed.

        Selections are added at the end; readings are known by their names. What was outstanding under a
        reading that did not exist then is not shown.
        """
        if (selections, readings) == (self.selections, self.readings):
            return self
        wider = History(selections, readings)
        table = np.zeros((self.length, wider.columns), dtype=np.int64)
        table[:, : 3 + self.selections] = self.points[:, : 3 + self.selections]
        for place, name in enumerate(readings, start=3 + selections):
            known = name in self.readings
            old = 3 + self.selections + self.readings.index(name) if known else 0
            table[:, place] = self.points[:, old] if known else NOT_SHOWN
        wider.points = table
        wider.violations = self.violations
        wider.corrections, wider.turns = list(self.corrections), list(self.turns)
        return wider

    def note(self, record: Record, root: Ints, outstanding: list[int]) -> None:
        """Add the totals after a record, and what may still come. Cost: O(selections + readings)."""
        if self.length == len(self._points):
            more = np.zeros((max(GROWTH_MIN, self.length), self.columns), dtype=np.int64)
            self._points = np.concatenate([self._points, more])
        m = self.selections
        point = self._points[self.length]
        point[0], point[1], point[2] = record.seq, record.at_ms, root[m]
        point[3 : 3 + m] = root[:m]
        point[3 + m :] = outstanding
        self.length += 1

    def note_effect(self, record: Record, effect: ContestEffect) -> None:
        """Add what a record corrected, and the bounds it exceeded. Cost: O(units touched)."""
        self.violations += len(effect.violations)
        for unit in effect.units:
            self._note_unit(record, unit, len(effect.sums.votes))

    def _note_unit(self, record: Record, unit: UnitEffect, selections: int) -> None:
        cause = record.cause
        if isinstance(cause, StandingChanged):
            zero = (0,) * selections
            delta = tuple(unit.delta[:selections]) if unit.delta is not None else zero
            self._correct(record, cause.action, unit.unit, -1, cause.reason, zero, delta)
        elif isinstance(cause, BatchCounted):
            for row, after in unit.rows.items():
                kind = correction_kind(unit.before[row], after)
                if kind is not None:
                    self._correct(
                        record,
                        kind,
                        unit.unit,
                        row,
                        unit.reasons.get(row, ""),
                        unit.before[row].counts,
                        after.counts,
                    )

    def _correct(
        self,
        record: Record,
        kind: str,
        unit: int,
        row: int,
        reason: str,
        before: tuple[int, ...],
        after: tuple[int, ...],
    ) -> None:
        self.corrections.append(Correction(record.seq, record.at_ms, kind, unit, row, reason, before, after))


def correction_kind(before: Row, after: Row) -> str | None:
    """What kind of correction a new row is, if any: it withdraws, re-opens, or lowers a number."""
    if before.progress == EXPECTED:
        return None
    if after.progress == EXPECTED:
        return "withdrawal"
    lowered = (
        any(b > a for b, a in zip(before.counts, after.counts, strict=False))
        or before.ballots_cast > after.ballots_cast
        or before.invalid > after.invalid
    )
    if lowered:
        return "correction"
    return "reopened" if before.progress == COMPLETED and after.open else None

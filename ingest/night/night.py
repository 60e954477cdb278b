"""A night: what was counted, and everything that was said about it, in order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from tally.checks import faults
from tally.model import Definition
from tally.report import REPORTS_MAX, CountBatch, CountReport, DeskCommand

SOURCE = "replay"
"""Who a batch is from, where the night does not say."""


class NightUnreadable(Exception):
    """What is at `path` is no night that can be played. A broken world: the message says what to do."""

    def __init__(self, path: Path | str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


class TimedReport(NamedTuple):
    """A report and when it was published; None where nobody wrote that down."""

    at_ms: int | None
    report: CountReport


@dataclass(frozen=True, slots=True)
class TimedBatch:
    """A batch, or a command from the desk, and when it was sent; None where nobody wrote that down."""

    at_ms: int | None
    command: CountBatch | DeskCommand


@dataclass(frozen=True, slots=True)
class Night:
    """A definition and what was sent, oldest first. `reports_per_batch` is what it was gathered by."""

    name: str
    definition: Definition
    events: Sequence[TimedBatch]
    reports_per_batch: int = 1


def checked(path: Path | str, definition: Definition) -> Definition:
    """The definition, if it can be counted. Raises NightUnreadable with its first faults."""
    found = faults(definition)
    if found:
        raise NightUnreadable(path, "; ".join(f"{f.pointer}: {f.detail}" for f in found[:5]))
    return definition


def batched(
    definition: Definition, reports: Iterable[TimedReport], reports_per_batch: int
) -> tuple[TimedBatch, ...]:
    """Reports in order, gathered into batches of one moment each, at most `reports_per_batch` long.

    Batch ids are numbered in order, so the same night sent twice is a repeat.
    """
    if not 1 <= reports_per_batch <= REPORTS_MAX:
        raise ValueError(f"a batch holds 1 to {REPORTS_MAX} reports, not {reports_per_batch}")
    election = definition.election
    batches: list[TimedBatch] = []
    for at_ms, together in groupby(reports, key=lambda timed: timed.at_ms):
        waiting = [timed.report for timed in together]
        for first in range(0, len(waiting), reports_per_batch):
            batch = CountBatch(
                election=election.id,
                batch_id=f"b-{len(batches) + 1:06d}",
                source=SOURCE,
                reports=tuple(waiting[first : first + reports_per_batch]),
                is_test=election.is_test,
            )
            batches.append(TimedBatch(at_ms, batch))
    return tuple(batches)


def milliseconds(written: str) -> int | None:
    """An ISO 8601 instant with its offset, in milliseconds since 1970 UTC; None for no text.

    Raises ValueError: no instant, or no offset (a local time means nothing without one).
    """
    if not written:
        return None
    instant = datetime.fromisoformat(written)
    if instant.tzinfo is None:
        raise ValueError(f"{written} says no offset from UTC")
    return round(instant.timestamp() * 1_000)

"""A recorded night: the journal of a service → its batches and desk commands as they were."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ingest.journal.contract import JournalUnsound
from ingest.journal.readonly import read_only
from ingest.night.night import Night, NightUnreadable, TimedBatch
from tally import events
from tally.events import Amended, BatchCounted, Defined, Record, RowCounted, StandingChanged
from tally.model import Definition
from tally.report import CountBatch, CountReport, DeskCommand, Status

STATUS_OF_PROGRESS: dict[int, Status] = {
    events.EXPECTED: "not-processed",
    events.IN_PROCESS: "in-process",
    events.COMPLETED: "completed",
    events.NOT_INSTALLED: "not-installed",
}


def load_journal(folder: Path) -> Night:
    """The night in a data directory: what was accepted, at the times it was sequenced.

    Reports that were skipped as repeats, and what was refused, are in no journal. Held reports are sent
    again and held again. Raises NightUnreadable, JournalUnsound, OSError.
    """
    try:
        position, payloads = read_only(folder / "journal")
    except FileNotFoundError as error:
        raise NightUnreadable(folder, "journal/ holds no journal") from error
    definition: Definition | None = None
    first: Definition | None = None
    found: list[TimedBatch] = []
    for seq, payload in payloads:
        record = events.decode(payload)
        if isinstance(record.cause, Defined | Amended):
            definition = msgspec.json.decode(record.cause.definition, type=Definition)
            first = first or definition
        if definition is None:
            raise JournalUnsound(folder / "journal", 0, seq, "no definition before this record")
        found += _commands(record, definition)
    if first is None:
        raise NightUnreadable(folder, "the journal holds no record")
    return Night(f"{first.election.id} {position.epoch}", first, tuple(found))


def _commands(record: Record, definition: Definition) -> Iterator[TimedBatch]:
    cause = record.cause
    if isinstance(cause, BatchCounted):
        batch = _batch(cause, definition)
        if cause.operator is None:
            yield TimedBatch(record.at_ms, batch)
        else:
            reason = next((row.reason for row in cause.rows if row.reason), "")
            yield TimedBatch(record.at_ms, DeskCommand("correct", reason, cause.operator, batch=batch))
    elif isinstance(cause, Amended):
        whole = msgspec.json.decode(cause.definition)
        yield TimedBatch(record.at_ms, DeskCommand("amend", cause.reason, cause.operator, definition=whole))
    elif isinstance(cause, StandingChanged):
        everywhere = len(cause.contests) == len(definition.contests)
        contests = [None] if everywhere else [definition.contests[c].id for c in cause.contests]
        for contest in contests:
            command = DeskCommand(
                msgspec.convert(cause.action, DeskCommand.__annotations__["action"]),
                cause.reason, cause.operator, cause.units, contest,
            )  # fmt: skip
            yield TimedBatch(record.at_ms, command)


def _batch(cause: BatchCounted, definition: Definition) -> CountBatch:
    election = definition.election
    reports = tuple(_report(row, definition) for row in cause.rows)
    return CountBatch(election.id, cause.batch_id, cause.source, reports, election.is_test, cause.created)


def _report(row: RowCounted, definition: Definition) -> CountReport:
    contest = definition.contests[row.contest]
    status = STATUS_OF_PROGRESS[row.progress]
    counted = status in {"completed", "in-process"}
    return CountReport(
        unit=row.unit,
        contest=contest.id,
        revision=row.revision,
        status=status,
        counts={s.id: count for s, count in zip(contest.selections, row.counts, strict=False)}
        if counted
        else None,
        ballots_cast=row.ballots_cast,
        invalid=row.invalid,
        type=contest.count_types[row.type],
        ballots_declared=None if row.declared < 0 else row.declared,
        reason=row.reason,
    )

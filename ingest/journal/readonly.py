"""Reading a journal that is not ours to change: no lock, nothing mended.

Only what HEAD names is looked at, so a group that is being written is neither seen nor judged.
"""

from collections.abc import Iterator
from pathlib import Path

from ingest.journal import head, mark
from ingest.journal.contract import Bookmark, JournalUnsound
from ingest.journal.mark import Mark
from ingest.journal.scan import Cursor
from ingest.journal.survey import survey
from tally import record
from tally.record import Position


def read_only(directory: Path) -> tuple[Position, Iterator[tuple[int, bytes]]]:
    """The position HEAD names, and (seq, payload) of every record up to it, oldest first.

    Records that a crash left beyond HEAD are not shown: only opening the journal decides on them. Raises
    FileNotFoundError where no journal is; JournalUnsound, also in the middle of the records.
    """
    slots = head.read(directory)
    newest = slots.newest
    if slots.fault is not None:  # one slot lost: the records themselves say how far they reach
        end = survey(directory).end
        newest = Mark(end.position, end.chain)
    return newest.position, _records(directory, newest)


def _records(directory: Path, newest: Mark) -> Iterator[tuple[int, bytes]]:
    epoch = newest.position.epoch
    cursor = Cursor(directory, Bookmark(Position(epoch, 0), record.genesis(epoch)))
    try:
        while cursor.seq < newest.position.seq:
            payload = cursor.forward()
            yield cursor.seq, payload
        if cursor.chain != newest.chain:
            why = f"record {cursor.seq} has another hash chain here"
            raise JournalUnsound(mark.head_path(directory), 0, cursor.seq, why)
    finally:
        cursor.close()

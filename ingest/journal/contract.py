"""What every journal promises, and the four ways in which one can fail.

A journal is a list of records, numbered from 1 without a gap and chained by hash (tally/record.py). It has
one writer. The suite in tests/contracts/test_journal.py runs on every implementation.

Order guarantees
- `append` returns when the whole group is durable; until then no reader sees any of it.
- A group is all or nothing while the process lives. A process that dies inside `append` may leave the first
  records of the group: they were acknowledged to nobody, and sending them again is a duplicate.
- After `JournalFull` nothing of the group is in the journal, nor will be after a restart.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from tally.record import Position

__all__ = [
    "Bookmark",
    "BookmarkRefused",
    "Journal",
    "JournalBusy",
    "JournalFull",
    "JournalLost",
    "JournalUnsound",
    "Position",
]


class Bookmark(msgspec.Struct, frozen=True):
    """A position and the chain hash there: enough to prove that two journals agree up to it.

    `segment` (its first seq) and `offset` (bytes) say where the next record begins in a journal of segment
    files; 0, 0 where that is unknown or has no meaning. They are hints: nothing is believed on their word.
    """

    position: Position
    chain: bytes
    segment: int = 0
    offset: int = 0


class Journal(Protocol):
    """An append-only list of records with one writer.

    `append` and `close` block and belong to one worker thread; everything else may be called from any thread
    at any time and sees durable records only.
    """

    @property
    def position(self) -> Position:
        """The last durable record; seq 0 when there is none."""

    @property
    def chain(self) -> bytes:
        """Chain hash at `position`; the genesis hash of the epoch when empty."""

    def append(self, payloads: Sequence[bytes]) -> Position:
        """Make the records position.seq + 1, … durable, all or none, and return the position of the last.

        Blocking. Raises JournalFull (try again when there is room) or JournalLost (final). No empty payloads.
        """

    def read(self, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """(seq, payload) of every record after seq `after` that is durable now, oldest first.

        Raises JournalUnsound where what is stored is no longer what was written.
        """

    def chain_at(self, seq: int) -> bytes:
        """Chain hash after record `seq`, 0 ≤ seq ≤ position.seq."""

    def bookmark_at(self, seq: int) -> Bookmark:
        """The place after record `seq`, for a snapshot of the state there. 0 ≤ seq ≤ position.seq."""

    def close(self) -> None:
        """Give up the files and the lock. Not a flush: what `append` returned is durable already."""


class JournalFull(Exception):
    """No room (ENOSPC, EDQUOT): nothing of the group is in the journal; append works again once there is."""

    def __init__(self, path: Path, position: Position) -> None:
        super().__init__(f"{path}: no room after {position.epoch}/{position.seq}")
        self.path = path
        self.position = position


class JournalLost(Exception):
    """Writing failed and what is stored is in doubt (EIO, a failed fsync). Final: exit 75.

    After a failed fsync the kernel may call the lost pages clean and the next fsync a success: trying again
    would acknowledge what is not there. `position` is the last durable record.
    """

    def __init__(self, path: Path, position: Position) -> None:
        super().__init__(f"{path}: writing failed after {position.epoch}/{position.seq}")
        self.path = path
        self.position = position


class JournalUnsound(Exception):
    """What is stored is wrong at byte `offset` of `path`, where record `seq` should stand. Exit 65."""

    def __init__(self, path: Path, offset: int, seq: int, why: str) -> None:
        super().__init__(f"{path}: byte {offset}, record {seq}: {why}")
        self.path = path
        self.offset = offset
        self.seq = seq
        self.why = why


class JournalBusy(Exception):
    """Another process has this journal open."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: another process holds the lock")
        self.path = path


class BookmarkRefused(Exception):
    """The journal is sound and does not pass through the bookmark: its snapshot is not of this journal."""

    def __init__(self, bookmark: Bookmark, why: str) -> None:
        super().__init__(f"{bookmark.position.epoch}/{bookmark.position.seq}: {why}")
        self.bookmark = bookmark
        self.why = why

"""The embedded journal: append-only segments, one write and two syncs a group of records.

DESIGN
- A segment is a header (a mark of the place before it) and frames, in a file preallocated with zeros and
  named after its first seq. A group never spans two segments.
- A group is written with one pwrite and synced; then HEAD names its last record and is synced; then
  `append` returns. The two syncs stay apart: were HEAD on disk before its records, a power cut would look
  like lost records.
- Recovery (survey.py, recovery.py) runs at every start; there is no clean-shutdown flag.
"""

import bisect
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from ingest.journal import head, mark, scan
from ingest.journal.contract import Bookmark, JournalBusy, JournalFull, JournalLost
from ingest.journal.disk import DISK, Disk, in_doubt, no_room
from ingest.journal.head import Head
from ingest.journal.mark import MARK_BYTES, Mark
from ingest.journal.recovery import Recovery, mend
from ingest.journal.scan import Cursor
from ingest.journal.survey import WAYPOINT_RECORDS, Survey, segment_firsts, survey
from tally import record
from tally.record import Position

SEGMENT_BYTES = 64 << 20
AHEAD_BYTES = 1 << 20  # allocated beyond a group: a small disk is used to its last megabyte


class Segments:
    """A journal in one directory. Made by `create` or `open`; the directory is locked until `close`."""

    def __init__(self, directory: Path, lock: int, found: Survey, disk: Disk, segment_bytes: int) -> None:
        self._directory = directory
        self._lock = lock
        self._disk = disk
        self._segment_bytes = segment_bytes
        self._end = found.end  # replaced as a whole once a group is durable; all that other threads look at
        self._waypoints = list(found.waypoints)  # by seq; only ever grows
        # Owned by the thread that appends:
        self._head = Head(directory, found.slots.slot, disk)
        self._head_doubtful = False  # the slot written last may be torn
        self._fd = -1
        self._allocated = 0
        self._lost: Path | None = None

    @classmethod
    def create(
        cls, directory: Path, epoch: str, *, segment_bytes: int = SEGMENT_BYTES, disk: Disk = DISK
    ) -> Self:
        """Begin an empty journal. Raises FileExistsError where one is, JournalBusy, OSError."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _lock(directory, disk)
        try:
            _refuse_second(directory)
            head.create(directory, Mark(Position(epoch, 0), record.genesis(epoch)), disk)
            disk.fsync_dir(directory.parent)
            return cls(directory, lock, survey(directory), disk, segment_bytes)
        except BaseException:
            os.close(lock)
            raise

    @classmethod
    def open(
        cls,
        directory: Path,
        after: Bookmark | None = None,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        disk: Disk = DISK,
    ) -> tuple[Self, Recovery]:
        """Check every record after `after` (by default all), mend what a crash left, lock the directory.

        Raises FileNotFoundError where no journal is, JournalBusy, JournalUnsound (exit 65), BookmarkRefused
        (the snapshot is not of this journal: try an older one, or none), JournalLost or JournalFull from
        the mending.
        """
        if not directory.is_dir():
            raise FileNotFoundError(f"{directory}: no journal is here")
        lock = _lock(directory, disk)
        try:
            found = survey(directory, after)
            journal = cls(directory, lock, found, disk, segment_bytes)
        except BaseException:
            os.close(lock)
            raise
        try:
            return journal, mend(directory, found, journal._head, disk)
        except OSError as error:
            journal.close()
            raise journal._failure(error, directory) from error

    @property
    def position(self) -> Position:
        """The last durable record; seq 0 when there is none."""
        return self._end.position

    @property
    def chain(self) -> bytes:
        """Chain hash at `position`."""
        return self._end.chain

    def append(self, payloads: Sequence[bytes]) -> Position:
        """Make a group durable, all or nothing; see Journal.append. Cost: one pwrite and two fdatasync."""
        assert payloads
        if self._lost is not None:
            raise JournalLost(self._lost, self.position)
        path = self._directory
        try:
            self._make_room(sum(map(len, payloads)) + len(payloads) * record.OVERHEAD_BYTES)
            path = mark.segment_path(self._directory, self._end.segment)
            data, places = self._frames(payloads)
            self._write(data, places[-1])
        except OSError as error:
            raise self._failure(error, path) from error
        self._waypoints += places[:-1]
        self._end = places[-1]
        return self._end.position

    def _frames(self, payloads: Sequence[bytes]) -> tuple[bytes, list[Bookmark]]:
        """The group as bytes; the waypoints it passes and, last, where it ends."""
        start = self._end
        epoch, seq, chain = start.position.epoch, start.position.seq, start.chain
        parts, places, offset = [], [], start.offset
        for payload in payloads:
            seq += 1
            made = record.frame(seq, payload, chain)
            chain, offset = made.chain, offset + len(made.data)
            parts.append(made.data)
            if seq % WAYPOINT_RECORDS == 0:
                places.append(Bookmark(Position(epoch, seq), chain, start.segment, offset))
        places.append(Bookmark(Position(epoch, seq), chain, start.segment, offset))
        return b"".join(parts), places

    def _make_room(self, size: int) -> None:
        """See to it that the next `size` bytes lie in the allocated part of an open segment."""
        if self._head_doubtful:
            # Both slots sound again, so that a crash in the middle of this group finds only its tail torn.
            self._head.write(Mark(self._end.position, self._end.chain))
            self._head_doubtful = False
        full = self._end.offset > MARK_BYTES and self._end.offset + size > self._segment_bytes
        if full or not self._end.segment:
            self._begin_segment(size)
        if self._fd < 0:
            self._fd = self._disk.create(mark.segment_path(self._directory, self._end.segment))
            self._allocated = os.fstat(self._fd).st_size
        if self._end.offset + size > self._allocated:
            allocated = self._reserved(self._end.offset + size)
            self._disk.fallocate(self._fd, self._allocated, allocated - self._allocated)
            self._allocated = allocated

    def _reserved(self, needed: int) -> int:
        """How long a segment file becomes to hold `needed` bytes: some ahead, so that few groups pay for it."""
        return max(needed, min(self._segment_bytes, needed + AHEAD_BYTES))

    def _begin_segment(self, size: int) -> None:
        """Go on in a new segment, with room for `size` bytes. Without room nothing has changed."""
        end, first = self._end, self._end.position.seq + 1
        path = mark.segment_path(self._directory, first)
        allocated = self._reserved(MARK_BYTES + size)
        fd = self._disk.create(path)
        try:
            self._disk.truncate(fd, 0)
            self._disk.fallocate(fd, 0, allocated)
            self._disk.pwrite(fd, mark.encode(mark.SEGMENT_MAGIC, Mark(end.position, end.chain)), 0)
            with in_doubt():
                self._disk.fdatasync(fd)
                self._disk.fsync_dir(self._directory)
        except OSError as error:
            os.close(fd)
            if no_room(error):
                with in_doubt():
                    self._disk.unlink(path)
            raise
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._allocated = fd, allocated
        self._end = Bookmark(end.position, end.chain, first, MARK_BYTES)
        self._waypoints.append(self._end)

    def _write(self, data: bytes, end: Bookmark) -> None:
        """The records, then HEAD, each synced. Without room the segment is cut back to where it was."""
        try:
            self._disk.pwrite(self._fd, data, self._end.offset)
            with in_doubt():
                self._disk.fdatasync(self._fd)
            self._head_doubtful = True
            self._head.write(Mark(end.position, end.chain))
            self._head_doubtful = False
        except OSError as error:
            if no_room(error):
                # Synced: refused records that come back after a power cut would be counted though refused.
                with in_doubt():
                    self._disk.truncate(self._fd, self._end.offset)
                    self._disk.fdatasync(self._fd)
                self._allocated = self._end.offset
            raise

    def _failure(self, error: OSError, path: Path) -> JournalFull | JournalLost:
        if no_room(error):
            return JournalFull(path, self.position)
        self._lost = path
        return JournalLost(path, self.position)

    def read(self, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """(seq, payload) of every record after seq `after` that is durable now, oldest first: see Journal."""
        return self._read(after, self._end.position.seq)

    def _read(self, after: int, last: int) -> Iterator[tuple[int, bytes]]:
        if after >= last:
            return
        cursor = Cursor(self._directory, self._waypoint(after))
        try:
            while cursor.seq < last:
                payload = cursor.forward()
                if cursor.seq > after:
                    yield cursor.seq, payload
        finally:
            cursor.close()

    def chain_at(self, seq: int) -> bytes:
        """Chain hash after record `seq`. Cost: see bookmark_at."""
        return self.bookmark_at(seq).chain

    def bookmark_at(self, seq: int) -> Bookmark:
        """The place after record `seq`. Cost: O(1) at the end, else reads at most WAYPOINT_RECORDS records.

        Before the place the journal was opened after, there are no waypoints: a segment is read from its
        start.
        """
        end = self._end
        assert 0 <= seq <= end.position.seq
        if seq == end.position.seq:
            return end
        cursor = Cursor(self._directory, self._waypoint(seq))
        try:
            while cursor.seq < seq:
                cursor.forward()
            return cursor.bookmark()
        finally:
            cursor.close()

    def _waypoint(self, seq: int) -> Bookmark:
        """The last known place at or before `seq`."""
        index = bisect.bisect_right(self._waypoints, seq, key=lambda place: place.position.seq)
        if index:
            return self._waypoints[index - 1]
        first = max(first for first in segment_firsts(self._directory) if first <= seq + 1)
        return scan.segment_start(self._directory, self._end.position.epoch, first)

    def close(self) -> None:
        """Give up the files and the lock. What `append` returned is durable already."""
        self._head.close()
        if self._fd >= 0:
            os.close(self._fd)
        os.close(self._lock)


def _lock(directory: Path, disk: Disk) -> int:
    path = directory / "lock"
    fd = disk.create(path)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise JournalBusy(directory) from error
    return fd


def _refuse_second(directory: Path) -> None:
    if mark.head_path(directory).exists() or any(directory.glob("*.seg")):
        raise FileExistsError(f"{directory}: a journal is here")

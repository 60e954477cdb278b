"""Judging a journal on disk: where it ends, what to cut, what to refuse. Changes nothing.

What HEAD has named was acknowledged. At or below HEAD, anything but sound records is JournalUnsound. Beyond
HEAD lies at most one group in flight, acknowledged to nobody:
- sound records are kept;
- a tail that no sound record follows was torn, and may be cut;
- a sound record after an unsound one is JournalUnsound, unless a whole sector between them was never
  written: a power cut may write the sectors of one group in any order, and leaves the missing ones zero.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ingest.journal import head, mark, scan
from ingest.journal.contract import Bookmark, BookmarkRefused, JournalUnsound
from ingest.journal.head import Slots
from ingest.journal.mark import MARK_BYTES, Mark
from ingest.journal.scan import Cursor
from tally import record
from tally.record import CHAIN_BYTES, Position

WAYPOINT_RECORDS = 1024  # a read from anywhere scans at most so many records first
_SEGMENT_NAME = re.compile(r"(?!0{20})[0-9]{20}\.seg", re.ASCII)
_SECTOR_BYTES = 512  # the least that any device writes whole


class Cut(msgspec.Struct, frozen=True):
    """`size` bytes beyond HEAD that may go, from `offset` of `path` on, where record `seq` would stand."""

    path: Path
    offset: int
    seq: int
    size: int
    why: str


class Survey(msgspec.Struct, frozen=True):
    """A sound journal. `end` may lie beyond HEAD; `at_head` is the place HEAD names, None when not passed."""

    slots: Slots
    start: Bookmark
    at_head: Bookmark | None
    end: Bookmark
    cut: Cut | None
    waypoints: tuple[Bookmark, ...]  # by seq, at least one every WAYPOINT_RECORDS and one a segment


def survey(directory: Path, after: Bookmark | None = None) -> Survey:
    """Check every record after `after`, by default every record.

    Raises FileNotFoundError when no journal is there, JournalUnsound when it is wrong, BookmarkRefused when
    the journal is sound and `after` is not a place in it. Cost: O(records after `after`) when its hint
    holds, else also the records before it in its segment.
    """
    firsts = segment_firsts(directory)
    slots = _slots(directory, firsts)
    start = _start(directory, firsts, slots.newest, after)
    cursor = Cursor(directory, start)
    try:
        return _Surveyor(cursor, slots, firsts, after).run()
    finally:
        cursor.close()


def segment_firsts(directory: Path) -> list[int]:
    """The first seq of every segment file, rising. Raises JournalUnsound for a segment with another name."""
    with os.scandir(directory) as entries:
        names = sorted(entry.name for entry in entries if entry.name.endswith(".seg"))
    for name in names:
        if not _SEGMENT_NAME.fullmatch(name):
            raise JournalUnsound(directory / name, 0, 0, "no segment has such a name")
    return [int(name[:20]) for name in names]


def _slots(directory: Path, firsts: Sequence[int]) -> Slots:
    try:
        return head.read(directory)
    except FileNotFoundError:
        if not firsts:
            raise
        why = "HEAD is missing: nothing says how far the records must reach"
        raise JournalUnsound(mark.head_path(directory), 0, firsts[0], why) from None


def _start(directory: Path, firsts: Sequence[int], newest: Mark, after: Bookmark | None) -> Bookmark:
    """Where to begin reading so that `after` is reached or proven."""
    epoch = newest.position.epoch
    origin = Bookmark(Position(epoch, 0), record.genesis(epoch))
    if after is None:
        return origin
    if after.position.epoch != epoch:
        raise BookmarkRefused(after, f"the journal here is {epoch}")
    if after.segment in firsts and _proven(directory, after):
        return after
    before = [first for first in firsts if first <= after.position.seq]
    return scan.segment_start(directory, epoch, before[-1]) if before else origin


def _proven(directory: Path, after: Bookmark) -> bool:
    """Whether the record or the header that ends at the hinted offset ends with the bookmark's own hash."""
    if after.offset == MARK_BYTES:
        return scan.segment_start(directory, after.position.epoch, after.segment) == after
    if after.offset < MARK_BYTES + CHAIN_BYTES:
        return False
    with mark.segment_path(directory, after.segment).open("rb") as file:
        file.seek(after.offset - CHAIN_BYTES)
        return file.read(CHAIN_BYTES) == after.chain


class _Surveyor:
    """One walk from the start to the end, with what it has met so far."""

    def __init__(self, cursor: Cursor, slots: Slots, firsts: Sequence[int], after: Bookmark | None) -> None:
        self._cursor = cursor
        self._slots = slots
        self._head = slots.newest
        self._firsts = firsts
        self._after = after
        self._start = cursor.bookmark()
        self._at_head: Bookmark | None = None
        self._waypoints = [self._start]

    def run(self) -> Survey:
        """Walk to the end of the last segment."""
        self._arrive(self._cursor.offset)
        while True:
            offset = self._cursor.offset
            got = self._cursor.step()
            if isinstance(got, bytes):
                self._arrive(offset)
                continue
            if not self._cursor.blank():
                return self._close(self._judge_tail(self._cursor.rest(), scan.why(got)))
            turned = self._turn()
            if isinstance(turned, Cut) or not turned:
                return self._close(turned or None)
            self._waypoints.append(self._cursor.bookmark())

    def _arrive(self, offset: int) -> None:
        """Compare the place just reached, by a record that began at `offset`, with HEAD and bookmark."""
        cursor = self._cursor
        if cursor.seq == self._head.position.seq:
            self._at_head = cursor.bookmark()
            if cursor.chain != self._head.chain:
                why = "the hash chain differs from the one in HEAD"
                raise JournalUnsound(cursor.path, offset, cursor.seq, why)
        after = self._after
        if after is not None and cursor.seq == after.position.seq and cursor.chain != after.chain:
            raise BookmarkRefused(after, "the hash chain of the journal is another there")
        if cursor.seq % WAYPOINT_RECORDS == 0 and cursor.seq > self._start.position.seq:
            self._waypoints.append(cursor.bookmark())

    def _judge_tail(self, rest: bytes, why: str) -> Cut:
        """The bytes that are left and not all zero: cut, or refused."""
        cursor = self._cursor
        if cursor.seq < self._head.position.seq or cursor.segment < max(self._firsts, default=0):
            raise cursor.unsound(why)
        if self._slots.fault is not None:
            # HEAD is written after its group is whole on disk, so one crash cannot tear both.
            raise cursor.unsound(
                f"{why}; and HEAD, which would say whether it matters, has {self._slots.fault}"
            )
        sound = record.find(rest, 0)
        if sound == 0 and record.half_written(rest, cursor.chain):
            sound = record.find(rest, 1)
        if sound is not None and not _sector_missing(rest[:sound], cursor.offset):
            raise cursor.unsound(f"{why}; a sound record stands at byte {cursor.offset + sound}")
        return Cut(cursor.path, cursor.offset, cursor.seq + 1, len(rest.rstrip(b"\0")), why)

    def _turn(self) -> bool | Cut:
        """Go on to the next segment; False at the end, a Cut where the next was begun and never used."""
        cursor, first = self._cursor, self._cursor.seq + 1
        following = next((each for each in self._firsts if each > cursor.segment), first)
        if following < first:
            path = mark.segment_path(cursor.directory, following)
            raise JournalUnsound(path, 0, following, f"record {following} stands in segment {cursor.segment}")
        path = mark.segment_path(cursor.directory, first)
        acknowledged = cursor.seq < self._head.position.seq
        try:
            if cursor.turn():
                return True
        except JournalUnsound as fault:
            data = path.read_bytes()
            whole = isinstance(mark.decode(mark.SEGMENT_MAGIC, data), Mark)
            if acknowledged or whole or first != self._firsts[-1] or record.find(data, 0) is not None:
                raise
            return Cut(path, 0, first, len(data.rstrip(b"\0")), fault.why)
        if following > first:
            why = f"the records end here, no segment begins with record {first}, a later one does"
            raise cursor.unsound(why)
        if acknowledged:
            raise cursor.unsound(f"the records end here; HEAD says that they reach {self._head.position.seq}")
        return False

    def _close(self, cut: Cut | None) -> Survey:
        end, after = self._cursor.bookmark(), self._after
        if after is not None and end.position.seq < after.position.seq:
            why = f"the records end here; a snapshot was taken at {after.position.seq}"
            raise self._cursor.unsound(why)
        return Survey(self._slots, self._start, self._at_head, end, cut, tuple(self._waypoints))


def _sector_missing(gap: bytes, offset: int) -> bool:
    """Whether a sector that ends within `gap`, which begins at `offset` of its file, is all zero there."""
    begin = offset - offset % _SECTOR_BYTES
    for sector in range(begin, offset + len(gap) - _SECTOR_BYTES + 1, _SECTOR_BYTES):
        part = gap[max(sector - offset, 0) : sector + _SECTOR_BYTES - offset]
        if not part.strip(b"\0"):
            return True
    return False

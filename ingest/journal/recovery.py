"""Making a surveyed journal fit for writing: keep, cut, and bring HEAD up to the end."""

import os
from pathlib import Path

import msgspec

from ingest.journal.disk import Disk, in_doubt
from ingest.journal.head import Head
from ingest.journal.mark import Mark, segment_path
from ingest.journal.survey import Cut, Survey
from tally.record import Position


class Recovery(msgspec.Struct, frozen=True):
    """What opening a journal found and did. After a clean stop: nothing kept, no cut, no fault.

    `checked_after`: every record after this seq was checked (0: all of them). `kept`: sound records beyond
    HEAD, acknowledged to nobody, now durable. `head_fault`: what was wrong with one of HEAD's slots, now
    written anew.
    """

    position: Position
    checked_after: int
    kept: int
    cut: Cut | None
    head_fault: str | None


def mend(directory: Path, found: Survey, head: Head, disk: Disk) -> Recovery:
    """Carry out what the survey decided. Raises OSError; doing it again after a crash ends the same."""
    end = found.end
    kept = end.position.seq - found.slots.newest.position.seq
    if found.cut is not None and found.cut.path != segment_path(directory, end.segment):
        disk.unlink(found.cut.path)
        disk.fsync_dir(directory)
    named = found.at_head is not None and found.at_head.segment == end.segment
    if end.segment and (kept or found.cut is not None or not named):
        _settle_last(directory, found, disk)
    if kept or found.slots.fault is not None:
        head.write(Mark(end.position, end.chain))
    return Recovery(end.position, found.start.position.seq, kept, found.cut, found.slots.fault)


def _settle_last(directory: Path, found: Survey, disk: Disk) -> None:
    """Make the last segment durable up to its end, and nothing after it.

    The records beyond HEAD are written again, and the whole of a segment of which HEAD names no record:
    where their fsync failed, the kernel may hold them as clean pages that never reached the disk, and an
    fsync would do nothing.
    """
    end, at_head = found.end, found.at_head
    begin = at_head.offset if at_head is not None and at_head.segment == end.segment else 0
    fd = disk.create(segment_path(directory, end.segment))
    try:
        if end.offset > begin:
            disk.pwrite(fd, os.pread(fd, end.offset - begin, begin), begin)
        with in_doubt():
            disk.truncate(fd, end.offset)
            disk.fdatasync(fd)
            disk.fsync_dir(directory)
    finally:
        os.close(fd)

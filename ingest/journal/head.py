"""The HEAD file: two slots, written in turn, each a mark of the last durable record.

Synced after the records and before the acknowledgement, it is what tells a torn tail from a lost one. Two
slots in one file need one sync and no rename: a power cut can tear only the slot being written, and the
other still names the position before. The slots are 4,096 bytes apart, so that no device writes both with
one sector.
"""

import os
from pathlib import Path

import msgspec

from ingest.journal import mark
from ingest.journal.contract import JournalUnsound
from ingest.journal.disk import Disk, in_doubt, no_room
from ingest.journal.mark import Mark

SLOT_BYTES = 4096


class Slots(msgspec.Struct, frozen=True):
    """The newer mark, the slot it is in, and why the other slot is unsound, if it is."""

    newest: Mark
    slot: int
    fault: str | None


def read(directory: Path) -> Slots:
    """The two slots, judged. One may be unsound: it was being written, or it was damaged; the other stands.

    Raises FileNotFoundError when there is no HEAD, JournalUnsound when it says nothing or two things.
    """
    path = mark.head_path(directory)
    with path.open("rb") as file:
        data = file.read(2 * SLOT_BYTES)
    slots = [mark.decode(mark.HEAD_MAGIC, data[slot * SLOT_BYTES :]) for slot in (0, 1)]
    match slots:
        case [Mark() as one, Mark() as two]:
            same = one.chain == two.chain if one.position.seq == two.position.seq else True
            if one.position.epoch != two.position.epoch or not same:
                raise JournalUnsound(path, SLOT_BYTES, two.position.seq, "the slots tell of two journals")
            newer = int(two.position.seq > one.position.seq)
            return Slots((one, two)[newer], newer, None)
        case [Mark() as one, str() as why]:
            return Slots(one, 0, f"slot 1: {why}")
        case [str() as why, Mark() as two]:
            return Slots(two, 1, f"slot 0: {why}")
        case _:
            raise JournalUnsound(path, 0, 0, f"neither slot is sound: {slots[0]}; {slots[1]}")


def create(directory: Path, mark_first: Mark, disk: Disk) -> None:
    """Make a HEAD whose two slots say `mark_first`: whole or not at all."""
    path = mark.head_path(directory)
    fresh = path.with_name("HEAD.tmp")
    slot = mark.encode(mark.HEAD_MAGIC, mark_first).ljust(SLOT_BYTES, b"\0")
    fd = disk.create(fresh)
    try:
        disk.truncate(fd, 0)
        disk.pwrite(fd, slot * 2, 0)
        disk.fdatasync(fd)
    finally:
        os.close(fd)
    disk.rename(fresh, path)
    disk.fsync_dir(directory)


class Head:
    """The HEAD file of a journal that is open for writing."""

    def __init__(self, directory: Path, slot_newest: int, disk: Disk) -> None:
        self.path = mark.head_path(directory)
        self._disk = disk
        self._fd = disk.create(self.path)
        self._slot = slot_newest

    def write(self, newest: Mark) -> None:
        """Make `newest` durable in the older slot. Without room HEAD says what it said before."""
        slot = 1 - self._slot
        data = mark.encode(mark.HEAD_MAGIC, newest)
        try:
            self._disk.pwrite(self._fd, data, slot * SLOT_BYTES)
        except OSError as error:
            # "No room" though all bytes arrived would leave a HEAD naming what the caller takes back.
            if not no_room(error) or os.pread(self._fd, len(data), slot * SLOT_BYTES) != data:
                raise
        with in_doubt():
            self._disk.fdatasync(self._fd)
        self._slot = slot

    def close(self) -> None:
        """Give up the file."""
        os.close(self._fd)

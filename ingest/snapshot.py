"""Snapshots of the state: they bound restart time and are never trusted on their word.

A snapshot is the state at one bookmark of a journal, as bytes that only the engine can read:

     0      116       124      132      140      172
     | mark | segment | offset | length | sha256 | body ... |

The mark is that of ingest/journal/mark.py; the hash covers all but itself. A snapshot that is damaged, or
whose chain hash is not the journal's own at that seq, is passed over and said to be so: the journal alone
can rebuild the state.
"""

import hashlib
import os
import struct
from pathlib import Path

import msgspec

from ingest.journal import mark
from ingest.journal.contract import Bookmark, BookmarkRefused
from ingest.journal.disk import DISK, Disk
from ingest.journal.mark import MARK_BYTES, Mark
from ingest.journal.recovery import Recovery
from ingest.journal.segments import SEGMENT_BYTES, Segments
from tally.record import Position

MAGIC = b"\xf7snp"
KEPT = 2  # the newest, and the one before it should the newest be damaged

_PLACE = struct.Struct(">QQQ")
_BODY_AT = MARK_BYTES + _PLACE.size + hashlib.sha256().digest_size


class Snapshot(msgspec.Struct, frozen=True):
    """The state after `bookmark`, as the engine wrote it."""

    bookmark: Bookmark
    body: bytes
    path: Path

    @property
    def position(self) -> Position:
        """The last record the state holds."""
        return self.bookmark.position


class Skipped(msgspec.Struct, frozen=True):
    """A snapshot that was not used, and why."""

    path: Path
    why: str


class Found(msgspec.Struct, frozen=True):
    """The newest sound snapshot, and the newer ones passed over, newest first."""

    snapshot: Snapshot | None
    skipped: tuple[Skipped, ...]


class Resumed(msgspec.Struct, frozen=True):
    """An open journal, and the snapshot to replay its records onto: all of them where it is None."""

    journal: Segments
    recovery: Recovery
    snapshot: Snapshot | None
    skipped: tuple[Skipped, ...]


def write(directory: Path, bookmark: Bookmark, body: bytes, *, disk: Disk = DISK) -> Path:
    """Store a snapshot, whole or not at all, and drop all but the newest KEPT up to it.

    Raises OSError, after which the older snapshots stand: the journal itself is not in doubt.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{bookmark.position.seq:020d}.snap"
    fresh = path.with_suffix(".tmp")
    head = mark.encode(MAGIC, Mark(bookmark.position, bookmark.chain))
    head += _PLACE.pack(bookmark.segment, bookmark.offset, len(body))
    digest = hashlib.sha256(head)
    digest.update(body)
    fd = disk.create(fresh)
    try:
        disk.truncate(fd, 0)
        disk.pwrite(fd, head + digest.digest(), 0)
        disk.pwrite(fd, body, _BODY_AT)
        disk.fdatasync(fd)
    except OSError:
        disk.unlink(fresh)
        raise
    finally:
        os.close(fd)
    disk.rename(fresh, path)
    disk.fsync_dir(directory)
    older = [
        old for old in _paths(directory) if old < path
    ]  # a higher seq is of another journal: not ours to drop
    for old in older[KEPT - 1 :]:
        disk.unlink(old)
    return path


def newest(directory: Path) -> Found:
    """The newest snapshot whose own hash holds. Whether it is of a journal only opening the journal tells."""
    skipped: list[Skipped] = []
    for path in _paths(directory):
        got = read(path)
        if isinstance(got, Snapshot):
            return Found(got, tuple(skipped))
        skipped.append(got)
    return Found(None, tuple(skipped))


def resume(
    journal: Path, snapshots: Path, *, segment_bytes: int = SEGMENT_BYTES, disk: Disk = DISK
) -> Resumed:
    """Open a journal of segments after the newest snapshot that is sound and lies on it, else from its start.

    Raises what Segments.open raises, JournalUnsound also where the journal ends before a sound snapshot of
    it: a snapshot is taken of durable records only, so the journal has lost some.
    """
    skipped: list[Skipped] = []
    for path in _paths(snapshots):
        got = read(path)
        if isinstance(got, Snapshot):
            try:
                opened, recovery = Segments.open(
                    journal, got.bookmark, segment_bytes=segment_bytes, disk=disk
                )
            except BookmarkRefused as refused:
                got = Skipped(path, refused.why)
            else:
                return Resumed(opened, recovery, got, tuple(skipped))
        skipped.append(got)
    opened, recovery = Segments.open(journal, segment_bytes=segment_bytes, disk=disk)
    return Resumed(opened, recovery, None, tuple(skipped))


def read(path: Path) -> Snapshot | Skipped:
    """One snapshot, or why it cannot be used."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return Skipped(path, f"cannot be read: {error.strerror}")
    reached = mark.decode(MAGIC, data)
    if isinstance(reached, str):
        return Skipped(path, reached)
    if len(data) < _BODY_AT:
        return Skipped(path, f"it ends after {len(data)} bytes")
    segment, offset, length = _PLACE.unpack_from(data, MARK_BYTES)
    place_end = MARK_BYTES + _PLACE.size
    body = data[_BODY_AT:]
    if len(body) != length:
        return Skipped(path, f"its body is {len(body)} bytes long, not {length}")
    digest = hashlib.sha256(data[:place_end])
    digest.update(body)
    if digest.digest() != data[place_end:_BODY_AT]:
        return Skipped(path, "the hash differs")
    if path.name != f"{reached.position.seq:020d}.snap":
        return Skipped(path, f"it is named after another position than its own, {reached.position.seq}")
    return Snapshot(Bookmark(reached.position, reached.chain, segment, offset), body, path)


def _paths(directory: Path) -> list[Path]:
    """Every snapshot, newest first."""
    return sorted(directory.glob("*.snap"), reverse=True)

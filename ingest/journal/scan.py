"""Reading segment files: one record after another, each checked against the one before."""

import os
from pathlib import Path

import msgspec

from ingest.journal import mark
from ingest.journal.contract import Bookmark, JournalUnsound
from ingest.journal.mark import MARK_BYTES
from tally import record
from tally.record import Parsed, Position, Torn, Unsound

_CHUNK_BYTES = 1 << 20


def segment_start(directory: Path, epoch: str, first: int) -> Bookmark:
    """The place before record `first`, by the header of the segment named after it.

    Raises JournalUnsound when the header is damaged or belongs elsewhere.
    """
    path = mark.segment_path(directory, first)
    try:
        with path.open("rb") as file:
            header = mark.decode(mark.SEGMENT_MAGIC, file.read(MARK_BYTES))
    except OSError as error:
        raise JournalUnsound(path, 0, first, f"cannot be read: {error.strerror}") from error
    if isinstance(header, str):
        raise JournalUnsound(path, 0, first, f"unsound segment header: {header}")
    if header.position != Position(epoch, first - 1):
        other = f"{header.position.epoch}/{header.position.seq + 1}"
        raise JournalUnsound(path, 0, first, f"a segment of another place: it begins at {other}")
    return Bookmark(header.position, header.chain, first, MARK_BYTES)


class Cursor:
    """A place in a journal that moves over sound records. `seq` and `chain` are those of the last one passed.

    Segment 0 is the place before the first segment: no record stands there, and `turn` leads into segment 1.
    """

    def __init__(self, directory: Path, start: Bookmark) -> None:
        self.directory = directory
        self.epoch = start.position.epoch
        self.seq = start.position.seq
        self.chain = start.chain
        self._fd = -1
        self._open(start.segment, start.offset)

    def _open(self, segment: int, offset: int) -> None:
        self.close()
        self.segment = segment
        self.path = mark.segment_path(self.directory, max(segment, 1))
        self._buffer, self._base, self._at = b"", offset, 0
        if segment == 0:
            return
        try:
            self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise self.unsound(f"cannot be read: {error.strerror}") from error

    @property
    def offset(self) -> int:
        """Offset in `path` of the record after `seq`."""
        return self._base + self._at

    def bookmark(self) -> Bookmark:
        """Where the cursor stands."""
        return Bookmark(Position(self.epoch, self.seq), self.chain, self.segment, self.offset)

    def step(self) -> bytes | Torn | Unsound:
        """Pass the next record of this segment and return its payload; stay where it is not sound."""
        got = record.parse(self._buffer, self._at, self.seq + 1, self.chain)
        while isinstance(got, Torn) and self._more():
            got = record.parse(self._buffer, self._at, self.seq + 1, self.chain)
        if isinstance(got, Parsed):
            self._at, self.seq, self.chain = got.end, got.seq, got.chain
            return got.payload
        return msgspec.structs.replace(got, offset=self.offset)

    def _more(self) -> bool:
        """Read on, at least as much again as one record already takes. False at the end of the file."""
        rest = self._buffer[self._at :]
        more = self._pread(max(_CHUNK_BYTES, len(rest)), self._base + len(self._buffer))
        self._base, self._at = self.offset, 0
        self._buffer = rest + more
        return bool(more)

    def _pread(self, size: int, offset: int) -> bytes:
        if self.segment == 0:
            return b""
        try:
            return os.pread(self._fd, size, offset)
        except OSError as error:
            raise self.unsound(f"cannot be read: {error.strerror}") from error

    def blank(self) -> bool:
        """Whether only zeros follow in this segment. Cost: O(bytes reserved), some 10 ms for 64 MiB."""
        at = self.offset
        while chunk := self._pread(_CHUNK_BYTES, at):
            if chunk != bytes(len(chunk)):
                return False
            at += len(chunk)
        return True

    def rest(self) -> bytes:
        """Every byte of this segment from `offset` on."""
        return self._pread(os.fstat(self._fd).st_size - self.offset, self.offset)

    def turn(self) -> bool:
        """Go on to the segment that begins with the next record; False when there is none."""
        first = self.seq + 1
        if first == self.segment or not mark.segment_path(self.directory, first).exists():
            return False
        start = segment_start(self.directory, self.epoch, first)
        if start.chain != self.chain:
            path = mark.segment_path(self.directory, first)
            raise JournalUnsound(path, 0, first, "the segment follows another record than the one before it")
        self._open(first, start.offset)
        return True

    def forward(self) -> bytes:
        """Pass the next record, in this segment or the next. Raises JournalUnsound where there is none."""
        got = self.step()
        if not isinstance(got, bytes) and self.turn():
            got = self.step()
        if not isinstance(got, bytes):
            raise self.unsound(why(got))
        return got

    def unsound(self, why: str) -> JournalUnsound:
        """The exception that names this place."""
        return JournalUnsound(self.path, self.offset, self.seq + 1, why)

    def close(self) -> None:
        """Give up the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def why(fault: Torn | Unsound) -> str:
    """What is wrong with a record, in words."""
    return "the file ends inside it" if isinstance(fault, Torn) else fault.why

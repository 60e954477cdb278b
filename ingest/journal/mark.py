"""A mark ↔ bytes: where a journal stood. HEAD slots and segment headers are marks.

    0       4         8     16      48       112   116
    | magic | version | seq | chain | epoch  | crc |

Integers are big-endian; the epoch is ASCII, padded with zeros.
"""

import re
import struct
import zlib
from pathlib import Path

import msgspec

from tally.record import Position

HEAD_MAGIC = b"\xf7hed"
SEGMENT_MAGIC = b"\xf7seg"
VERSION = 1
EPOCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)

_LAYOUT = struct.Struct(">4sIQ32s64sI")
MARK_BYTES = _LAYOUT.size
_CRC_BYTES = 4


class Mark(msgspec.Struct, frozen=True):
    """The journal reached `position`, and its chain hash there was `chain`."""

    position: Position
    chain: bytes


def encode(magic: bytes, mark: Mark) -> bytes:
    """A mark as MARK_BYTES bytes."""
    epoch = mark.position.epoch
    assert EPOCH.fullmatch(epoch), f"not an epoch: {epoch!r}"
    packed = _LAYOUT.pack(magic, VERSION, mark.position.seq, mark.chain, epoch.encode(), 0)[:-_CRC_BYTES]
    return packed + zlib.crc32(packed).to_bytes(_CRC_BYTES)


def decode(magic: bytes, data: bytes) -> Mark | str:
    """The mark at the start of `data`, or why there is none."""
    if len(data) < MARK_BYTES:
        return f"it ends after {len(data)} of {MARK_BYTES} bytes"
    found, version, seq, chain, epoch, crc = _LAYOUT.unpack_from(data)
    if zlib.crc32(data[: MARK_BYTES - _CRC_BYTES]) != crc:
        return "the checksum differs"
    if found != magic:
        return f"it begins with {found.hex(' ')}"
    if version != VERSION:
        return f"version {version}; this program reads {VERSION}"
    text = epoch.rstrip(b"\0").decode("ascii", "replace")
    if not EPOCH.fullmatch(text):
        return f"not an epoch: {text!r}"
    return Mark(Position(text, seq), chain)


def head_path(directory: Path) -> Path:
    """The file that says how far the journal must reach."""
    return directory / "HEAD"


def segment_path(directory: Path, first: int) -> Path:
    """The segment whose first record is `first`."""
    return directory / f"{first:020d}.seg"

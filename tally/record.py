"""The journal record ↔ bytes, and its hash chain; used by every journal and every follower.

One record is one frame; integers are big-endian:

     0       4         8      16       20    24            24+length    +32
     | magic | version | seq  | length | crc | payload ... | chain hash |

- `crc` is CRC-32 (ISO 3309, as in zlib) over the twenty bytes before it and the payload.
- `chain hash` is SHA-256 of (chain hash of the record before, the 24 header bytes, payload); the first record
  follows `genesis(epoch)`, so a record says to which journal it belongs and at which place.

The checksum finds accidents, even in a record seen alone. The chain finds the rest: a record forged with the
right checksum, two swapped, one deleted. Nothing in a frame is left unchecked: flip any bit of it and `parse`
answers `Unsound` or `Torn`.
"""

import hashlib
import struct
import zlib

import msgspec

MAGIC = b"\xf7tly"  # 0xF7 is no byte of UTF-8, so no text in a payload looks like the start of a record
VERSION = 1
PAYLOAD_BYTES_MAX = 1 << 28  # the first record holds a whole definition: some 10⁶ units of 200 bytes
CHAIN_BYTES = 32

_HEADER = struct.Struct(">4sIQII")
_CHECKED = struct.Struct(">4sIQI")  # the header up to its checksum
HEADER_BYTES = _HEADER.size
OVERHEAD_BYTES = HEADER_BYTES + CHAIN_BYTES


class Position(msgspec.Struct, frozen=True):
    """A place in one journal: `seq` records of the journal named `epoch`; seq 0 is before the first."""

    epoch: str
    seq: int


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A record as it stands in a journal, and the chain hash with which it ends."""

    data: bytes
    chain: bytes


class Parsed(msgspec.Struct, frozen=True, gc=False):
    """A sound record: in its place, complete and unaltered. `end` is the offset of the byte after it."""

    seq: int
    payload: bytes
    end: int
    chain: bytes


class Torn(msgspec.Struct, frozen=True, gc=False):
    """The bytes end before the record does: a follower waits for more, a journal has lost some."""

    seq: int
    offset: int


class Unsound(msgspec.Struct, frozen=True, gc=False):
    """The bytes at `offset` are not record `seq`."""

    seq: int
    offset: int
    why: str


def genesis(epoch: str) -> bytes:
    """Chain hash before the first record of the journal `epoch`."""
    return hashlib.sha256(b"tally-journal/1\n" + epoch.encode()).digest()


def frame(seq: int, payload: bytes, previous: bytes) -> Frame:
    """Record `seq` (from 1) as bytes, following the record whose chain hash is `previous`.

    An empty payload is a program error: CRC-32 of nothing is 0, so a run of zeros would nearly be a record.
    """
    assert seq > 0
    assert 0 < len(payload) <= PAYLOAD_BYTES_MAX
    assert len(previous) == CHAIN_BYTES
    checked = _CHECKED.pack(MAGIC, VERSION, seq, len(payload))
    content = checked + zlib.crc32(payload, zlib.crc32(checked)).to_bytes(4) + payload
    chain = hashlib.sha256(previous + content).digest()
    return Frame(content + chain, chain)


def parse(buffer: bytes, offset: int, seq: int, previous: bytes) -> Parsed | Torn | Unsound:
    """The record at `offset`, which must be record `seq` and follow `previous`.

    Cost: O(length of the record); the payload is copied once.
    """
    begin = buffer[offset : offset + len(MAGIC)]
    if not MAGIC.startswith(begin):
        return Unsound(seq, offset, f"no record begins here: {begin.hex(' ')}")
    if len(buffer) - offset < HEADER_BYTES:
        return Torn(seq, offset)
    _, version, seq_found, length, crc = _HEADER.unpack_from(buffer, offset)
    if not 0 < length <= PAYLOAD_BYTES_MAX:
        return Unsound(seq, offset, f"no record is {length} bytes long")
    body = offset + HEADER_BYTES
    stop = body + length
    end = stop + CHAIN_BYTES
    if end > len(buffer):
        return Torn(seq, offset)
    content = memoryview(buffer)[offset:stop]
    if _checksum(content) != crc:
        return Unsound(seq, offset, "the checksum differs")
    if version != VERSION:
        return Unsound(seq, offset, f"record version {version}; this program reads {VERSION}")
    if seq_found != seq:
        return Unsound(seq, offset, f"record {seq_found} stands in the place of {seq}")
    digest = hashlib.sha256(previous)
    digest.update(content)
    chain = digest.digest()
    if chain != buffer[stop:end]:
        return Unsound(seq, offset, "the hash chain differs")
    return Parsed(seq, buffer[body:stop], end, chain)


def find(buffer: bytes, start: int) -> int | None:
    """Offset of the first frame at or after `start` whose checksum holds, whatever its seq and chain.

    A frame inside a payload counts. Cost: O(bytes after `start`) where no magic stands by chance.
    """
    offset = buffer.find(MAGIC, start)
    while offset >= 0:
        if len(buffer) - offset > OVERHEAD_BYTES:
            _, _, _, length, crc = _HEADER.unpack_from(buffer, offset)
            stop = offset + HEADER_BYTES + length
            whole = 0 < length <= PAYLOAD_BYTES_MAX and stop + CHAIN_BYTES <= len(buffer)
            if whole and _checksum(memoryview(buffer)[offset:stop]) == crc:
                return offset
        offset = buffer.find(MAGIC, offset + 1)
    return None


def half_written(buffer: bytes, previous: bytes) -> bool:
    """Whether the frame that `find` found at 0 is whole but for zeros in its chain hash."""
    _, _, _, length, _ = _HEADER.unpack_from(buffer, 0)
    stop = HEADER_BYTES + length
    chain = hashlib.sha256(previous + buffer[:stop]).digest()
    return all(found in (byte, 0) for found, byte in zip(buffer[stop:], chain, strict=False))


def _checksum(content: memoryview) -> int:
    """CRC-32 of header and payload, the checksum's own four bytes left out."""
    return zlib.crc32(content[HEADER_BYTES:], zlib.crc32(content[: _CHECKED.size]))

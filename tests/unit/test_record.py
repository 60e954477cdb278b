"""A record is the bytes it was made of, or it is named: every bit, every cut, every other place."""

import hashlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally import record
from tally.record import Parsed, Torn, Unsound

EPOCH = "ve-2013.1"
START = record.genesis(EPOCH)
PAYLOAD = b'{"kind":"BatchCounted","unit":"010101001011","counts":[165,267,1]}'


def test_a_frame_reads_back() -> None:
    made = record.frame(1, PAYLOAD, START)
    got = record.parse(made.data, 0, 1, START)
    assert got == Parsed(1, PAYLOAD, len(made.data), made.chain)
    assert len(made.data) == len(PAYLOAD) + record.OVERHEAD_BYTES


def test_the_layout_is_the_one_drawn_in_the_docs() -> None:
    data = record.frame(7, b"x", START).data
    assert data[:4] == b"\xf7tly"
    assert data[4:8] == (1).to_bytes(4)
    assert data[8:16] == (7).to_bytes(8)
    assert data[16:20] == (1).to_bytes(4)
    assert data[24:25] == b"x"
    assert data[25:] == hashlib.sha256(START + data[:25]).digest()


def test_journals_of_two_epochs_have_nothing_in_common() -> None:
    made = record.frame(1, PAYLOAD, record.genesis("other"))
    assert record.parse(made.data, 0, 1, START) == Unsound(1, 0, "the hash chain differs")


def test_every_flipped_bit_is_named() -> None:
    data = record.frame(3, PAYLOAD, START).data
    for bit in range(8 * len(data)):
        bad = bytearray(data)
        bad[bit >> 3] ^= 1 << (bit & 7)
        got = record.parse(bytes(bad), 0, 3, START)
        assert isinstance(got, Torn | Unsound), f"bit {bit} went unnoticed: {got}"
        assert (got.seq, got.offset) == (3, 0)


def test_every_cut_is_torn() -> None:
    data = record.frame(3, PAYLOAD, START).data
    for size in range(len(data)):
        assert record.parse(b"\0" * 5 + data[:size], 5, 3, START) == Torn(3, 5)


def test_a_record_in_another_place_is_named() -> None:
    first = record.frame(1, b"a", START)
    second = record.frame(2, b"b", first.chain)
    third = record.frame(3, b"c", second.chain)
    swapped = record.parse(third.data + second.data, 0, 2, first.chain)
    assert swapped == Unsound(2, 0, "record 3 stands in the place of 2")
    renumbered = record.frame(2, b"c", second.chain)
    assert record.parse(renumbered.data, 0, 2, first.chain) == Unsound(2, 0, "the hash chain differs")


def test_an_unknown_version_is_refused_not_skipped() -> None:
    checked = struct.pack(">4sIQI", record.MAGIC, 9, 1, 1)
    data = checked + zlib.crc32(b"x", zlib.crc32(checked)).to_bytes(4) + b"x" + bytes(32)
    assert record.parse(data, 0, 1, START) == Unsound(1, 0, "record version 9; this program reads 1")


@pytest.mark.parametrize("payload", [b"", b"\0" * 0])
def test_an_empty_payload_is_a_program_error(payload: bytes) -> None:
    with pytest.raises(AssertionError):
        record.frame(1, payload, START)


def test_zeros_are_no_record() -> None:
    got = record.parse(bytes(200), 0, 1, START)
    assert isinstance(got, Unsound)
    assert got.why.startswith("no record begins here")


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=20), st.binary(max_size=64))
def test_any_payloads_read_back_in_order_and_trailing_bytes_do_not_matter(
    payloads: list[bytes], rest: bytes
) -> None:
    chain, data = START, b""
    for seq, payload in enumerate(payloads, 1):
        made = record.frame(seq, payload, chain)
        data, chain = data + made.data, made.chain
    offset, chain, got = 0, START, []
    for seq in range(1, len(payloads) + 1):
        parsed = record.parse(data + rest, offset, seq, chain)
        assert isinstance(parsed, Parsed)
        offset, chain = parsed.end, parsed.chain
        got.append(parsed.payload)
    assert got == payloads
    assert offset == len(data)


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=100), st.binary(max_size=100))
def test_a_whole_frame_is_found_wherever_it_stands(before: bytes, payload: bytes, after: bytes) -> None:
    made = record.frame(5, payload, START)
    assert record.find(before + made.data + after, 0) == len(before)
    cut = before + made.data[:-1]
    assert record.find(cut, 0) is None


def test_a_hash_not_yet_written_is_told_from_a_wrong_one() -> None:
    """A torn write leaves zeros where bytes of the chain hash should be; a forger does not."""
    data = record.frame(1, PAYLOAD, START).data
    for kept in range(record.CHAIN_BYTES + 1):
        torn = data[: len(data) - record.CHAIN_BYTES + kept].ljust(len(data), b"\0")
        assert record.find(torn, 0) == 0
        assert record.half_written(torn, START)
    assert not record.half_written(record.frame(1, PAYLOAD, bytes(32)).data, START)
    assert not record.half_written(data[:-1] + bytes([data[-1] ^ 1 or 2]), START)


@pytest.mark.parametrize("length", [0, record.PAYLOAD_BYTES_MAX + 1, 0xFFFFFFFF])
def test_a_length_no_record_has_is_named_before_anything_is_read(length: int) -> None:
    data = struct.pack(">4sIQII", record.MAGIC, 1, 1, length, 0) + bytes(100)
    assert record.parse(data, 0, 1, START) == Unsound(1, 0, f"no record is {length} bytes long")
    assert record.find(data, 0) is None

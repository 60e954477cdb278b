"""Frames out as RFC 6455 writes them; frames in watched the same however the bytes are cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ws.frames import BINARY, PONG, TEXT, Fault, FrameWatch, frame, message_frame


def client_frame(payload: bytes, opcode: int = TEXT, *, final: bool = True, masked: bool = True) -> bytes:
    size = len(payload)
    head = bytes([(0x80 if final else 0) | opcode])
    bit = 0x80 if masked else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 1 << 16:
        head += bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + size.to_bytes(8, "big")
    return head + (b"\0\0\0\0" if masked else b"") + payload


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_header_lengths(size: int, head: bytes) -> None:
    assert frame(TEXT, b"x" * size) == head + b"x" * size


def test_opcodes() -> None:
    assert message_frame(b"a", binary=False)[0] == 0x80 | TEXT
    assert message_frame(b"a", binary=True)[0] == 0x80 | BINARY
    assert frame(PONG, b"a") == b"\x8a\x01a"


def fragments(count: int, payload: bytes = b"") -> bytes:
    first = client_frame(payload, final=False)
    return first + client_frame(payload, 0, final=False) * (count - 2) + client_frame(payload, 0)


def test_messages_of_up_to_64_fragments_pass_with_pings_between() -> None:
    watch = FrameWatch(64)
    ping = client_frame(b"p", 9)
    assert watch.feed(fragments(64, b"abc") + ping + fragments(64) + client_frame(b"x" * 70_000)) is None


@pytest.mark.parametrize(
    ("stream", "fault"),
    [
        (fragments(65), Fault(3501, "too many fragments")),
        (
            client_frame(b"", final=False) + client_frame(b"", 0, final=False) * 64,
            Fault(3501, "too many fragments"),
        ),
        (client_frame(b"hello", masked=False), Fault(1002, "unmasked frame")),
        (client_frame(b"ok") + client_frame(b"", 9, masked=False), Fault(1002, "unmasked frame")),
    ],
)
def test_what_the_library_lets_pass_is_refused(stream: bytes, fault: Fault) -> None:
    assert FrameWatch(64).feed(stream) == fault
    byte_by_byte = FrameWatch(64)
    assert next(found for byte in stream if (found := byte_by_byte.feed(bytes([byte])))) == fault


@given(
    st.lists(st.tuples(st.integers(0, 300), st.booleans()), max_size=8),
    st.lists(st.integers(0, 2_000), max_size=6),
)
def test_how_the_bytes_are_cut_changes_nothing(messages: list[tuple[int, bool]], cuts: list[int]) -> None:
    stream = b"".join(
        fragments(3, b"y" * size) if split else client_frame(b"x" * size) for size, split in messages
    )
    stream += client_frame(b"end", masked=False)
    watch, found = FrameWatch(64), []
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for start, end in itertools.pairwise(edges):
        fault = watch.feed(stream[start:end])
        if fault:
            found.append((fault, end))
            break
    assert [fault for fault, _ in found] == [Fault(1002, "unmasked frame")]

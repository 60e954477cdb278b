"""Messages of several parts over the pipes between a process and its child; both ends block."""

import struct
from collections.abc import Sequence
from io import BufferedReader
from typing import BinaryIO

Bytes = bytes | bytearray | memoryview
PARTS_MAX = 64
_COUNT = struct.Struct("<I")
_SIZE = struct.Struct("<Q")


def send(out: BinaryIO, parts: Sequence[Bytes]) -> None:
    """Write a message. Large parts are handed to the kernel as they are. OSError: nobody reads any more."""
    sizes = [_SIZE.pack(memoryview(part).nbytes) for part in parts]
    out.write(b"".join([_COUNT.pack(len(parts)), *sizes]))
    out.writelines(parts)
    out.flush()


def receive(source: BufferedReader, bytes_max: int | None = None) -> list[bytearray]:
    """The next message. EOFError: the other end is gone, does not speak this, or says more than `bytes_max`."""
    (count,) = _COUNT.unpack(_exactly(source, _COUNT.size))
    if count > PARTS_MAX:
        raise EOFError(f"{count} parts are no message")
    sizes = [_SIZE.unpack(_exactly(source, _SIZE.size))[0] for _ in range(count)]
    if bytes_max is not None and sum(sizes) > bytes_max:
        raise EOFError(f"a message of {sum(sizes)} bytes")
    return [_exactly(source, size) for size in sizes]


def _exactly(source: BufferedReader, size: int) -> bytearray:
    found = bytearray(size)
    view, read = memoryview(found), 0
    while read < size:
        got = source.readinto(view[read:])
        if not got:
            raise EOFError("the pipe ended")
        read += got
    return found

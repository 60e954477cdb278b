"""A source that costs little: batches posted over kept connections, each answer stamped."""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import uvloop

SEQ = re.compile(rb'"seq":\s*(\d+)')
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass
class Posted:
    """What came of a run: how long it took, and of each batch its seconds, and when it was answered."""

    seconds: float = 0.0
    took: list[float] = field(default_factory=list)
    answered: list[tuple[int, float]] = field(default_factory=list)  # (seq, monotonic time)


def post_all(
    address: str, bodies: Sequence[bytes], connections: int = 64, per_second: float | None = None
) -> Posted:
    """Post every body once, as fast as it goes or at a pace. AssertionError: one was not let in."""
    return uvloop.run(_post_all(address, bodies, connections, per_second))


async def _post_all(
    address: str, bodies: Sequence[bytes], connections: int, per_second: float | None
) -> Posted:
    posted = Posted()
    started = time.monotonic()
    upcoming = iter(enumerate(bodies))
    async with asyncio.TaskGroup() as sources:
        for _ in range(min(connections, len(bodies))):
            sources.create_task(_source(address, upcoming, posted, started, per_second))
    posted.seconds = time.monotonic() - started
    return posted


async def _source(
    address: str,
    upcoming: Iterator[tuple[int, bytes]],
    posted: Posted,
    started: float,
    per_second: float | None,
) -> None:
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/batches HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/msgpack\r\nContent-Length: "
    for number, body in upcoming:
        if per_second is not None:
            await asyncio.sleep(max(0.0, started + number / per_second - time.monotonic()))
        sent = time.monotonic()
        writer.write(f"{head}{len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(answer)
        assert length is not None, answer
        said = await reader.readexactly(int(length[1]))
        now = time.monotonic()
        assert answer.startswith((b"HTTP/1.1 201", b"HTTP/1.1 202")), (answer, said)
        posted.took.append(now - sent)
        seq = SEQ.search(said)
        if seq is not None:
            posted.answered.append((int(seq[1]), now))
    writer.close()

"""So many WebSockets on one channel, in a process of their own: when each frame reached each of them."""

import asyncio
import base64
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

OFFSET = re.compile(rb'"offset":(\d+)\}')
CONNECTIONS_AT_ONCE = 50


class Subscriber(asyncio.Protocol):
    """One client: upgrades, subscribes, and notes (offset, monotonic time) of every frame."""

    def __init__(self, address: str, channel: str) -> None:
        self.address = address
        self.channel = channel
        self.got: list[tuple[int, float]] = []
        self.ready = asyncio.get_running_loop().create_future()
        self._upgraded = False
        self._waiting = bytearray()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /connection/websocket HTTP/1.1\r\nHost: {self.address}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._waiting += data
        if not self._upgraded:
            end = self._waiting.find(b"\r\n\r\n")
            if end < 0:
                return
            assert self._waiting.startswith(b"HTTP/1.1 101"), bytes(self._waiting)
            del self._waiting[: end + 4]
            self._upgraded = True
            asked = [{"id": 1, "connect": {}}, {"id": 2, "subscribe": {"channel": self.channel}}]
            self.send("\n".join(map(json.dumps, asked)).encode())
        self._frames(now)

    def _frames(self, now: float) -> None:
        """Take every whole frame; what is left waits for the rest."""
        waiting = self._waiting
        while len(waiting) >= 2:
            size, start = waiting[1] & 0x7F, 2
            if size >= 126:
                start = 4 if size == 126 else 10
                size = int.from_bytes(waiting[2:start], "big")
            if len(waiting) < start + size:
                return
            if size <= 2:
                self.send(b"{}")  # a ping
            else:
                tail = bytes(waiting[max(start, start + size - 64) : start + size])
                offset = OFFSET.search(tail)
                if offset is not None:
                    self.got.append((int(offset[1]), now))
                if not self.ready.done():
                    self.ready.set_result(None)
            del waiting[: start + size]

    def send(self, payload: bytes) -> None:
        """One masked text frame; the mask is nought."""
        size = len(payload)
        head = bytes([0x81, 0x80 | size]) if size < 126 else bytes([0x81, 0xFE]) + size.to_bytes(2, "big")
        self.transport.write(head + b"\0\0\0\0" + payload)


async def main(address: str, count: int, channel: str, into: Path) -> None:
    loop = asyncio.get_running_loop()
    host, _, port = address.rpartition(":")
    subscribers: list[Subscriber] = []
    for first in range(0, count, CONNECTIONS_AT_ONCE):
        wave = [Subscriber(address, channel) for _ in range(first, min(count, first + CONNECTIONS_AT_ONCE))]
        for each in wave:
            await loop.create_connection(lambda each=each: each, host, int(port))
        await asyncio.gather(*(each.ready for each in wave))
        subscribers += wave
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.readline)
    rows = [(n, *got) for n, each in enumerate(subscribers) for got in each.got]
    np.save(into, np.array(rows, dtype=np.float64))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])))

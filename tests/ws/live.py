"""A real server on loopback over a scripted board, and raw clients to treat it badly."""

import asyncio
import base64
import contextlib
import json
import os
import struct
from collections.abc import AsyncIterator, Sequence

from aiohttp import web

from tests.ws.board import ScriptedBoard
from ws.publication import Publication
from ws.server import Streaming, StreamSettings, attach


class Live:
    """One running server; `put` changes the board and publishes, as the product does."""

    def __init__(self, board: ScriptedBoard, streaming: Streaming, runner: web.AppRunner, port: int) -> None:
        self.board = board
        self.streaming = streaming
        self.runner = runner
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}/connection/websocket"

    def put(self, channel: str, offset: int | None, data: object) -> Publication:
        publication = self.board.put(channel, offset, data)
        self.streaming.fanout.publish(publication)
        return publication

    async def stop(self) -> None:
        await self.runner.cleanup()


async def start_live(
    board: ScriptedBoard, settings: StreamSettings | None = None, port: int = 0, middlewares: Sequence = ()
) -> Live:
    app = web.Application(middlewares=middlewares)
    streaming = attach(app, board, settings or StreamSettings(), "tally test")
    runner = web.AppRunner(
        app, keepalive_timeout=10, auto_decompress=False, access_log=None, shutdown_timeout=5
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=4096, reuse_address=True).start()
    return Live(board, streaming, runner, runner.addresses[0][1])


@contextlib.asynccontextmanager
async def live(
    board: ScriptedBoard, settings: StreamSettings | None = None, middlewares: Sequence = ()
) -> AsyncIterator[Live]:
    running = await start_live(board, settings, middlewares=middlewares)
    try:
        yield running
    finally:
        await running.stop()


class Raw:
    """A WebSocket client by hand, so that it can break every rule."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def request(
        cls,
        port: int,
        headers: dict[str, str | None] | None = None,
        *,
        line: str = "",
        body: bytes = b"",
        rcvbuf: int = 0,
    ) -> tuple["Raw", int, dict[str, str], bytes]:
        """Send one handshake; the client, the status, the headers and, of a refusal, the body."""
        reader, writer = await _connect(port, rcvbuf)
        whole: dict[str, str | None] = {
            "Host": f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        } | (headers or {})
        head = "".join(f"{name}: {value}\r\n" for name, value in whole.items() if value is not None)
        writer.write(f"{line or 'GET /connection/websocket HTTP/1.1'}\r\n{head}\r\n".encode() + body)
        raw = await reader.readuntil(b"\r\n\r\n")
        status, *rest = raw.decode().split("\r\n")
        got = {
            name.lower(): value.strip() for name, _, value in (each.partition(":") for each in rest if each)
        }
        code = int(status.split()[1])
        content = b"" if code == 101 else await reader.readexactly(int(got.get("content-length", "0")))
        return cls(reader, writer), code, got, content

    @classmethod
    async def open(cls, port: int, *subscribe: dict, rcvbuf: int = 0) -> "Raw":
        client, code, _, _ = await cls.request(port, rcvbuf=rcvbuf)
        assert code == 101
        client.send(json.dumps({"id": 1, "connect": {}}).encode())
        for number, each in enumerate(subscribe, 2):
            client.send(json.dumps({"id": number, "subscribe": each}).encode())
        return client

    def frame(self, payload: bytes, head: int = 0x81, *, masked: bool = True) -> None:
        size, bit = len(payload), 0x80 if masked else 0
        if size < 126:
            length = bytes([bit | size])
        elif size < 1 << 16:
            length = bytes([bit | 126]) + struct.pack("!H", size)
        else:
            length = bytes([bit | 127]) + struct.pack("!Q", size)
        self.writer.write(bytes([head]) + length + (b"\0\0\0\0" if masked else b"") + payload)

    def send(self, payload: bytes) -> None:
        self.frame(payload)

    async def receive(self, timeout: float = 10) -> tuple[int, bytes]:
        """The next frame: opcode and payload. A cut connection reads as a close without a code."""
        try:
            async with asyncio.timeout(timeout):
                head = await self.reader.readexactly(2)
                size = head[1]
                if size == 126:
                    (size,) = struct.unpack("!H", await self.reader.readexactly(2))
                elif size == 127:
                    (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
                return head[0] & 0x0F, await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return 8, b""

    async def json(self) -> dict:
        opcode, payload = await self.receive()
        assert opcode == 1, (opcode, payload)
        return json.loads(payload)

    async def closed(self, timeout: float = 10) -> tuple[int, str]:
        """Read until the close: its code (1006 when there was none) and reason."""
        while True:
            opcode, payload = await self.receive(timeout)
            if opcode == 8:
                if not payload:
                    return 1006, ""
                return struct.unpack("!H", payload[:2])[0], payload[2:].decode()

    async def leave(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


async def _connect(port: int, rcvbuf: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    import socket

    plain = socket.socket()
    plain.setblocking(False)
    if rcvbuf:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=plain, limit=1 << 22)


async def until(condition, timeout: float = 10) -> None:
    """Wait for what must come true."""
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.01)

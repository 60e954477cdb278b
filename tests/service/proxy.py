"""A TCP proxy that can reset every connection it carries, as a failing network does."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time: the close is a reset, and what is unsent is lost


class Proxy:
    """Carries bytes between whoever connects to `port` and the port behind it."""

    def __init__(self, behind: int) -> None:
        self.behind = behind
        self.port = 0
        self._carried: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carried[task] = writer
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.behind)
        except OSError:
            far_writer = writer
        else:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(_pump(reader, far_writer))
                ways.create_task(_pump(far_reader, writer))
        finally:
            del self._carried[task]
            writer.close()
        far_writer.close()

    def reset(self) -> int:
        """Reset every connection towards its client; how many there were."""
        writers = [writer for writer in self._carried.values() if not writer.transport.is_closing()]
        for writer in writers:
            plain = writer.get_extra_info("socket")
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
        return len(writers)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One way of one connection; its end, however it comes, ends the other side too."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def proxied(behind: int) -> AsyncIterator[Proxy]:
    """A proxy on a port of its own until the block ends."""
    proxy = Proxy(behind)
    server = await asyncio.start_server(proxy._carry, "127.0.0.1", 0, backlog=512)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.reset()

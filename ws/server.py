"""aiohttp: sockets in and out of sessions, deadlines, drain."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import WSCloseCode, WSMsgType, web

from ws.counters import Counters
from ws.door import Door
from ws.fanout import Fanout, Socket
from ws.frames import FrameWatch
from ws.handshake import CODECS, codec_of, refusal
from ws.hub import Hub
from ws.limits import Limits
from ws.publication import Board
from ws.session import Session
from ws.sse import SseSettings, Streams

PATH = "/connection/websocket"
SSE_PATH = "/v1/stream"


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Everything about fan-out an operator may set; each is told in docs/streaming.md."""

    allowed_origins: frozenset[str] = frozenset()  # scheme://host[:port], lower case; same host is always in
    connections_max: int = 50_000
    per_address_max: int = 200
    message_bytes_max: int = 65_536
    fragments_max: int = 64
    close_timeout_s: float = 3.0
    retry_ms_max: int = 10_000
    stop_spread_s: float = 2.0
    limits: Limits = field(default_factory=Limits)
    sse: SseSettings = field(default_factory=SseSettings)

    def retry_ms(self) -> int:
        """A hint when to come back, different for each client."""
        return random.randint(0, self.retry_ms_max)


def attach(app: web.Application, board: Board, settings: StreamSettings, version: str) -> "Streaming":
    """Serve `/connection/websocket` and `/v1/stream` from `app`; returns what to publish with.

    Call it before the application starts. Deadlines run from start-up to shutdown; at shutdown every
    client is closed with 1012 and a hint when to come back. `version` is what clients are told.
    """
    streaming = Streaming(board, settings, version)
    app.router.add_route("*", PATH, streaming.websocket)
    app.router.add_get(SSE_PATH, streaming.sse, allow_head=False)
    app.cleanup_ctx.append(streaming.lifetime)
    app.on_shutdown.append(streaming.shut_down)
    return streaming


class Conversation(web.WebSocketResponse):
    """The library's WebSocket, whose every close, whoever decides it, ends the session first.

    So no push is written after a close frame, and a close the library decides (1002, 1007, 1009) is counted.
    """

    session: Session | None = None

    async def close(self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True) -> bool:
        """See WebSocketResponse."""
        if self.session is not None:
            self.session.close(code, "")
        return await super().close(code=code, message=message, drain=drain)


class Streaming:
    """The read shell's fan-out: `fanout.publish` is the way in, `counters` what happened."""

    def __init__(self, board: Board, settings: StreamSettings, version: str) -> None:
        self.counters = Counters()
        self.hub = Hub(board, settings.limits, self.counters, version)
        self.door = Door(settings.connections_max, settings.per_address_max, self.counters)
        self._settings = settings
        self._fanout: Fanout | None = None
        self._streams = Streams(board, self.hub, self.door, settings.sse)

    @property
    def fanout(self) -> Fanout:
        """Exists once the application has started."""
        if self._fanout is None:
            raise AssertionError("the application has not started")
        return self._fanout

    async def lifetime(self, _app: web.Application) -> AsyncIterator[None]:
        """Start with the application, on its loop."""
        self._fanout = Fanout(self.hub, asyncio.get_running_loop())
        self._fanout.start()
        yield

    async def shut_down(self, _app: web.Application) -> None:
        """Let nobody in any more, and send everyone away."""
        self.door.closing = True
        await self.fanout.stop(self._settings.retry_ms, self._settings.stop_spread_s)

    async def sse(self, request: web.Request) -> web.StreamResponse:
        """See ws/sse.py."""
        return await self._streams.serve(request)

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        """One client from its handshake to its close."""
        refused = refusal(request, self._settings.allowed_origins)
        if refused is not None:
            self.counters.refused[refused.status] += 1
            return refused
        entered = self.door.enter(request)
        if isinstance(entered, web.Response):
            return entered
        response = Conversation(
            timeout=self._settings.close_timeout_s,
            autoping=False,  # a ping is counted like any other message
            protocols=tuple(CODECS),
            compress=False,
            max_msg_size=self._settings.message_bytes_max + 1,  # the library refuses from this size on
        )
        try:
            await response.prepare(request)
        except BaseException:
            entered()
            raise
        transport = request.transport
        if transport is None:  # lost while it was being answered
            entered()
            return response
        codec = codec_of(request)
        if codec is None:
            raise AssertionError("refused above")
        session = self.hub.open(secrets.token_hex(8), codec, self.fanout.now_ms())
        response.session = session
        watch = FrameWatch(self._settings.fragments_max)
        socket = Socket(self.fanout, session, transport, request.protocol, watch, entered)
        await self._converse(socket, response)
        return response

    async def _converse(self, socket: Socket, response: Conversation) -> None:
        """Read until the client or a verdict ends it, then close within the time allowed for that."""
        try:
            async with asyncio.timeout(None) as alarm:
                socket.wake = lambda: alarm.reschedule(0)
                if socket.verdict is None:
                    await self._listen(socket, response)
        except TimeoutError:
            pass  # woken by a verdict
        finally:
            socket.wake = None
        verdict = socket.verdict
        try:
            async with asyncio.timeout(self._settings.close_timeout_s):
                if verdict is not None:
                    await response.close(code=verdict.code, message=verdict.reason.encode())
        except TimeoutError:
            pass  # it did not answer our close; it is cut off below
        finally:
            if socket.transport.get_write_buffer_size():
                socket.transport.abort()  # unsent bytes would keep a stalled client's socket for ever

    async def _listen(self, socket: Socket, response: Conversation) -> None:
        fanout, session = self.fanout, socket.session
        while True:
            message = await response.receive()
            match message.type:
                case WSMsgType.TEXT:
                    fanout.perform(session.receive(message.data.encode(), fanout.now_ms(), binary=False))
                case WSMsgType.BINARY:
                    fanout.perform(session.receive(message.data, fanout.now_ms(), binary=True))
                case WSMsgType.PING:
                    fanout.perform(session.control(fanout.now_ms()))
                    socket.pong(message.data)
                case WSMsgType.PONG:
                    fanout.perform(session.control(fanout.now_ms()))
                case _:
                    return

"""Bytes to many sockets, at the cost of the kernel and little more."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence

from ws.actions import Action, Broadcast, Close, Send, Subscription
from ws.frames import PONG, Fault, FrameWatch, frame, message_frame
from ws.hub import Hub
from ws.publication import Publication
from ws.session import Session
from ws.tap import Tap

CHUNK = 512  # sockets written before other callbacks get their turn: more holds the loop, fewer costs
TICK_S = 1.0


class Socket(Tap):
    """One upgraded connection.

    It hears first that the transport has bytes unsent, that it drained, and that it is lost. Its write
    buffer limit is 0, so `blocked` is exactly "the kernel did not take everything".
    """

    def __init__(
        self,
        fanout: "Fanout",
        session: Session,
        transport: asyncio.Transport,
        inner: asyncio.Protocol,
        watch: FrameWatch,
        gone: Callable[[], None],
    ) -> None:
        super().__init__(transport, inner, gone)
        self._fanout = fanout
        self._watch = watch
        self._faulty = False
        self.session = session
        self.transport = transport
        self.verdict: Fault | None = None  # how to close, once that is decided
        self.wake: Callable[[], None] | None = None  # interrupts the handler, so that it closes
        transport.set_write_buffer_limits(high=0)
        session.write = transport.write
        fanout.sockets[session] = self

    def data_received(self, data: bytes) -> None:
        """Bytes from the client: judged here, parsed by the library."""
        if self._faulty:
            return
        fault = self._watch.feed(data)
        if fault is None:
            super().data_received(data)
            return
        self._faulty = True
        self._fanout.perform(self.session.close(fault.code, fault.reason))

    def pause_writing(self) -> None:
        """The kernel's buffer is full: from now on this client gets the newest, later."""
        self.session.block(self._fanout.now_ms())

    def resume_writing(self) -> None:
        """It drained: send what waits, until it is full again."""
        session = self.session
        session.unblock(self._fanout.now_ms())
        while not session.blocked and not session.closed:
            message = session.backlog.pop()
            if message is None:
                return
            self.send(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone: nobody may write to it again."""
        self._fanout.sockets.pop(self.session, None)
        self._fanout.hub.drop(self.session)
        super().connection_lost(exc)

    def send(self, message: bytes) -> None:
        """One message, now."""
        self._fanout.hub.counters.frames += 1
        self.transport.write(message_frame(message, binary=self.session.codec.binary))

    def pong(self, payload: bytes) -> None:
        """Answer a WebSocket ping, unless the client does not read anyway."""
        if not self.session.blocked:
            self.transport.write(frame(PONG, payload))

    def shut(self, code: int, reason: str) -> None:
        """Have the handler close it; the first verdict stands."""
        if self.verdict is None:
            self.verdict = Fault(code, reason)
            if self.wake is not None:
                self.wake()


class Fanout:
    """The one place that writes: performs what hub and sessions decide. Plain calls on one event loop.

    A publication that arrives while another is being written waits its turn; of a state channel only the
    newest waits, of an event channel all do.
    """

    def __init__(self, hub: Hub, loop: asyncio.AbstractEventLoop) -> None:
        self.hub = hub
        self.sockets: dict[Session, Socket] = {}
        self._loop = loop
        self._waiting: dict[tuple[str, int | None], Publication] = {}
        self._work: Iterator[None] | None = None
        self._ticker: asyncio.TimerHandle | None = None

    def now_ms(self) -> int:
        """The loop's monotonic clock."""
        return int(self._loop.time() * 1_000)

    # Publishing

    def publish(self, publication: Publication) -> None:
        """Send to everyone who listens, at once or when earlier publications are written."""
        keep_all = self.hub.keeps_all(publication.channel)
        key = (publication.channel, publication.offset if keep_all else None)
        self._waiting[key] = publication
        if self._work is None:
            self._work = self._deliver()
            self._go_on()

    def _go_on(self) -> None:
        """Write up to one chunk; the rest in the loop's next turn."""
        work = self._work
        if work is None:
            raise AssertionError("woken with nothing to write")
        self._work = None  # an assertion in the work must not leave it half done and unstartable
        for _ in work:
            self._work = work
            self._loop.call_soon(self._go_on)
            return

    def _deliver(self) -> Iterator[None]:
        """Write all that waits, oldest first, giving way each time CHUNK sockets were written."""
        written = 0
        while self._waiting:
            publication = self._waiting.pop(next(iter(self._waiting)))
            for broadcast in self.hub.publish(publication):
                whole = message_frame(broadcast.message, binary=broadcast.binary)
                for start in range(0, len(broadcast.subscriptions), CHUNK):
                    chunk = broadcast.subscriptions[start : start + CHUNK]
                    self._write(whole, chunk, broadcast)
                    written += len(chunk)
                    if written >= CHUNK:
                        written = 0
                        yield

    def _write(self, whole: bytes, chunk: Sequence[Subscription], broadcast: Broadcast) -> None:
        """The hot loop: one write a socket that takes it, the backlog for the others."""
        held = 0
        for subscription in chunk:
            session = subscription.session
            if not subscription.live:
                held += 1
            elif session.blocked:
                held += 1
                self.perform(session.hold(subscription, broadcast.message))
            else:
                session.write(whole)
        self.hub.counters.frames += len(chunk) - held

    # Doing what was decided

    def perform(self, actions: Iterable[Action]) -> None:
        """Do each action, in order. A session whose socket is gone is passed over."""
        for action in actions:
            socket = self.sockets.get(action.session)
            match socket, action:
                case None, _:
                    pass
                case Socket(), Send(message=message):
                    socket.send(message)
                case Socket(), Close(code=code, reason=reason):
                    socket.shut(code, reason)

    def start(self) -> None:
        """Begin to keep deadlines."""
        self._ticker = self._loop.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        self._ticker = self._loop.call_later(TICK_S, self._tick)
        self.perform(self.hub.tick(self.now_ms()))

    async def stop(self, retry_ms: Callable[[], int], spread_s: float) -> None:
        """Close everyone, evenly over at most `spread_s`, and return when all have been told.

        Those who come back at once then do not all come in the same instant.
        """
        if self._ticker is not None:
            self._ticker.cancel()
        actions = self.hub.stop(retry_ms)
        pause_s = min(spread_s, len(actions) / 1_000) / max(1, len(actions) / 100)
        for start in range(0, len(actions), 100):
            self.perform(actions[start : start + 100])
            await asyncio.sleep(pause_s)

"""One client's life, sans-I/O: connect, subscribe, recover, fall behind, go."""

from collections.abc import Callable

from msgspec import UNSET

from ws import limits, protocol
from ws.actions import Action, Close, Listeners, Send, Subscription
from ws.backlog import Backlog
from ws.counters import Counters
from ws.limits import Bucket, Limits
from ws.protocol import Codec, Command, Reply, SubscribeResult
from ws.publication import Board, ChannelKind, Position
from ws.recovery import start


def _closed(_message: bytes) -> None:
    """Where a session without a socket writes."""


class Session:
    """One client from its handshake to its close. Every method is synchronous and takes the time it needs.

    `blocked` says that the socket holds unsent bytes: then nothing is sent, and what may not be lost waits
    in the backlog. `write` belongs to the shell, which sets it to the socket's own; the session never
    calls it.
    """

    __slots__ = (
        "_awaiting_pong_since_ms",
        "_begun",
        "_blocked_since_ms",
        "_board",
        "_bucket",
        "_connected",
        "_counters",
        "_limits",
        "_listeners",
        "_next_ping_ms",
        "_opened_ms",
        "_version",
        "backlog",
        "blocked",
        "client_id",
        "closed",
        "codec",
        "subscriptions",
        "write",
    )

    def __init__(
        self,
        client_id: str,
        codec: Codec,
        board: Board,
        listeners: Listeners,
        allowed: Limits,
        counters: Counters,
        version: str,
        now_ms: int,
    ) -> None:
        self.client_id = client_id
        self.codec = codec
        self._board = board
        self._listeners = listeners
        self._limits = allowed
        self._counters = counters
        self._version = version
        self._opened_ms = now_ms
        self._connected = False
        self._bucket = Bucket(allowed.burst_max, allowed.commands_per_s, now_ms)
        self._begun = 0
        self._next_ping_ms = now_ms + allowed.ping_interval_s * 1_000
        self._awaiting_pong_since_ms: int | None = None
        self._blocked_since_ms = 0
        self.blocked = False
        self.closed = False
        self.backlog = Backlog(allowed.queue_frames_max, allowed.queue_bytes_max)
        self.subscriptions: dict[str, Subscription] = {}
        self.write: Callable[[bytes], None] = _closed

    # What the client sends

    def receive(self, message: bytes, now_ms: int, *, binary: bool) -> list[Action]:
        """One message from the client. Replies to all its commands go out as one message."""
        if self.closed:
            return []
        if binary != self.codec.binary:
            return self.close(limits.UNSUPPORTED_DATA, "wrong message type")
        try:
            commands = self.codec.decode(message)
        except protocol.Malformed:
            return self.close(limits.BAD_REQUEST, "bad request")
        if not commands:
            return self.close(limits.BAD_REQUEST, "bad request")
        replies: list[Reply] = []
        for command in commands:
            if not self._is_free(command) and not self._bucket.spend(now_ms):
                return [*self._reply(replies), *self.close(limits.RATE, "rate")]
            verdict = self._answer(command, replies)
            if verdict is not None:
                return [*self._reply(replies), *self.close(limits.BAD_REQUEST, verdict)]
        return self._reply(replies)

    def control(self, now_ms: int) -> list[Action]:
        """A WebSocket ping from the client: it costs what a command costs."""
        return [] if self._bucket.spend(now_ms) else self.close(limits.RATE, "rate")

    def _is_free(self, command: Command) -> bool:
        """A client that comes back with its 100 channels in 100 messages is not flooding us."""
        asked = command.subscribe
        if asked is None or self._begun >= self._limits.subscriptions_max:
            return False
        return asked.channel not in self.subscriptions and self._board.kind(asked.channel) is not None

    def _answer(self, command: Command, replies: list[Reply]) -> str | None:
        """Append the reply owed; a string is the reason to close after what has been said."""
        if command == protocol.PONG:
            self._awaiting_pong_since_ms = None
            return None
        if command.connect is not None:
            return self._connect(command, replies)
        if not self._connected or (command.id == 0 and not command.send):
            return "bad request"
        if command.subscribe is not None:
            return self._subscribe(command, replies)
        if command.unsubscribe is not None:
            self._leave(command.unsubscribe.channel)
            replies.append(Reply(command.id, unsubscribe=protocol.Empty()))
        elif command.ping:
            replies.append(Reply(command.id, ping=protocol.Empty()))
        else:
            return _refuse(command, replies)
        return None

    def _connect(self, command: Command, replies: list[Reply]) -> str | None:
        if self._connected or command.id == 0 or command.connect is None:
            return "bad request"
        self._connected = True
        subs: dict[str, SubscribeResult] = {}
        for channel, asked in command.connect.subs.items():
            if len(self.subscriptions) >= self._limits.subscriptions_max:
                return "too many subscriptions"
            kind = self._board.kind(channel)
            if kind is not None:
                subs[channel] = self._begin(channel, kind, asked)
        result = protocol.ConnectResult(
            client=self.client_id,
            version=self._version,
            ping=self._limits.ping_interval_s,
            pong=True,
            session=self.client_id,
            node="tally",
            subs=subs or UNSET,
        )
        replies.append(Reply(command.id, connect=result))
        return None

    def _subscribe(self, command: Command, replies: list[Reply]) -> str | None:
        asked = command.subscribe
        if asked is None:
            raise AssertionError("only a subscribe command comes here")
        kind = self._board.kind(asked.channel)
        verdict: str | None = None
        if asked.channel in self.subscriptions:
            reply = Reply(command.id, error=protocol.ALREADY_SUBSCRIBED)
        elif kind is None:
            reply = Reply(command.id, error=protocol.UNKNOWN_CHANNEL)
        elif len(self.subscriptions) >= self._limits.subscriptions_max:
            reply, verdict = Reply(command.id, error=protocol.LIMIT_EXCEEDED), "too many subscriptions"
        else:
            self._begun += 1
            result = self._begin(asked.channel, kind, asked)
            if result.recovered is False and asked.recover and asked.flag & protocol.FLAG_REJECT_UNRECOVERED:
                self._leave(asked.channel)
                reply = Reply(command.id, error=protocol.UNRECOVERABLE_POSITION)
            else:
                reply = Reply(command.id, subscribe=result)
        replies.append(reply)
        return verdict

    def _begin(self, channel: str, kind: ChannelKind, asked: protocol.Recover) -> SubscribeResult:
        """Join the channel at what the reply says, so that the first push is the very next one."""
        position = Position(asked.epoch, asked.offset) if asked.recover else None
        begun = start(self._board, channel, kind, position)
        subscription = Subscription(self, channel, kind, begun.top)
        self.subscriptions[channel] = subscription
        self._listeners.join(subscription)
        publications = tuple(map(self.codec.pub, begun.publications)) or UNSET
        if kind is ChannelKind.STATUS:
            return SubscribeResult(publications=publications)
        outcome = "fresh" if position is None else "recovered" if begun.recovered else "lost"
        self._counters.recover[outcome] += 1
        return SubscribeResult(
            recoverable=True,
            positioned=True,
            epoch=self._board.epoch,
            offset=asked.offset if begun.recovered else begun.top,
            recovered=begun.recovered,
            was_recovering=asked.recover,
            publications=publications,
        )

    def _leave(self, channel: str) -> None:
        subscription = self.subscriptions.pop(channel, None)
        if subscription is not None:
            self._listeners.leave(subscription)
            self.backlog.forget(channel)

    # What goes to the client

    def _reply(self, replies: list[Reply]) -> list[Action]:
        if not replies:
            return []
        return self._send(self.codec.encode(replies))

    def _send(self, message: bytes) -> list[Action]:
        if not self.blocked:
            return [Send(self, message)]
        if self.backlog.append("", message):
            return []
        return self.close(limits.SLOW_CONSUMER, "slow-consumer")

    def hold(self, subscription: Subscription, message: bytes) -> list[Action]:
        """A push met a blocked socket: keep the newest state, queue the event, or give up the client."""
        if subscription.kind is not ChannelKind.EVENT:
            self._counters.conflated += self.backlog.keep_newest(subscription.channel, message)
            return []
        if self.backlog.append(subscription.channel, message):
            return []
        return self.close(limits.SLOW_CONSUMER, "slow-consumer")

    def block(self, now_ms: int) -> None:
        """The socket did not take all it was given."""
        self.blocked = True
        self._blocked_since_ms = now_ms

    def unblock(self, now_ms: int) -> None:
        """The socket took everything: the shell now sends `backlog.pop()` until blocked again."""
        self.blocked = False
        if self._awaiting_pong_since_ms is not None:  # only now can the client have read our ping
            self._awaiting_pong_since_ms = now_ms

    def stagger(self, number: int) -> None:
        """Ping this client earlier than the one before it: a crowd that came at once is pinged over time."""
        interval_s = self._limits.ping_interval_s
        self._next_ping_ms -= number % interval_s * 1_000

    def tick(self, now_ms: int) -> list[Action]:
        """Deadlines: connect, read, answer pings. Call it about once a second."""
        allowed = self._limits
        if self.closed:
            return []
        if not self._connected and now_ms - self._opened_ms >= allowed.connect_timeout_ms:
            return self.close(limits.STALE, "stale")
        if self.blocked:
            unread = now_ms - self._blocked_since_ms >= allowed.unread_timeout_ms
            return self.close(limits.SLOW_CONSUMER, "slow-consumer") if unread else []
        awaiting = self._awaiting_pong_since_ms
        if awaiting is not None and now_ms - awaiting >= allowed.pong_timeout_ms:
            return self.close(limits.SLOW_CONSUMER, "no-pong")
        if self._connected and awaiting is None and now_ms >= self._next_ping_ms:
            self._next_ping_ms = now_ms + allowed.ping_interval_s * 1_000
            self._awaiting_pong_since_ms = now_ms
            return [Send(self, self.codec.ping)]
        return []

    def close(self, code: int, reason: str) -> list[Action]:
        """Decide to end it. Leaves every channel at once; nothing is sent after the close."""
        if self.closed:
            return []
        self._counters.closed[code] += 1
        self.end()
        return [Close(self, code, reason)]

    def end(self) -> None:
        """The socket is gone or going: leave every channel and forget what waits."""
        self.closed = True
        for channel in tuple(self.subscriptions):
            self._leave(channel)
        self.write = _closed


def _refuse(command: Command, replies: list[Reply]) -> str | None:
    """Answer what is no part of a read-only feed; `send` has no answer in the protocol, so none is owed."""
    known = (command.publish, command.rpc, command.history, command.presence, command.presence_stats)
    if command.publish:
        replies.append(Reply(command.id, error=protocol.PERMISSION_DENIED))
    elif any(known) or command.refresh or command.sub_refresh:
        replies.append(Reply(command.id, error=protocol.NOT_AVAILABLE))
    elif not command.send:
        replies.append(Reply(command.id, error=protocol.METHOD_NOT_FOUND))
        return "unknown command"
    return None

"""Who hears what: encodes each publication once an encoding, hands everyone the same bytes."""

from collections.abc import Callable, Iterator
from typing import Protocol

from ws import limits
from ws.actions import Action, Broadcast, Subscription
from ws.counters import Counters
from ws.limits import Limits
from ws.protocol import Codec
from ws.publication import Board, ChannelKind, Publication
from ws.session import Session


class Feed(Protocol):
    """A listener that takes publications as they are and encodes them itself: an SSE stream."""

    def offer(self, publication: Publication) -> None:
        """Take it, or fall behind: never wait."""

    def finish(self) -> None:
        """The server is stopping: end the stream."""


class Hub:
    """Sessions and feeds by channel. Synchronous; every method returns what is to be done about it.

    Owned by one thread. `join` and `leave` are called by the sessions themselves.
    """

    def __init__(self, board: Board, allowed: Limits, counters: Counters, version: str) -> None:
        self._board = board
        self._limits = allowed
        self._version = version
        self._sessions: dict[Session, None] = {}
        self._listeners: dict[str, dict[Codec, dict[Subscription, None]]] = {}
        self._feeds: dict[str, dict[Feed, None]] = {}
        self._told: dict[str, int] = {}  # channel → newest offset published
        self._joined: dict[str, int] = {}  # channel → newest offset any subscription joined with
        self.counters = counters

    # Coming and going

    def open(self, client_id: str, codec: Codec, now_ms: int) -> Session:
        """A client whose handshake is done. `client_id` must be new."""
        session = Session(
            client_id, codec, self._board, self, self._limits, self.counters, self._version, now_ms
        )
        session.stagger(self.counters.opened)
        self._sessions[session] = None
        self.counters.opened += 1
        self.counters.connections = len(self._sessions)
        return session

    def drop(self, session: Session) -> None:
        """The socket is gone. Safe to call twice."""
        session.end()
        self._sessions.pop(session, None)
        self.counters.connections = len(self._sessions)

    def sessions(self) -> Iterator[Session]:
        """Every client, closing ones too."""
        return iter(self._sessions)

    def join(self, subscription: Subscription) -> None:
        """See Listeners."""
        by_codec = self._listeners.setdefault(subscription.channel, {})
        by_codec.setdefault(subscription.session.codec, {})[subscription] = None
        self._joined[subscription.channel] = max(
            subscription.offset, self._joined.get(subscription.channel, 0)
        )

    def leave(self, subscription: Subscription) -> None:
        """See Listeners. A broadcast under way passes it over."""
        subscription.live = False
        by_codec = self._listeners[subscription.channel]
        heard = by_codec[subscription.session.codec]
        del heard[subscription]
        if not heard:
            del by_codec[subscription.session.codec]
            if not by_codec:
                del self._listeners[subscription.channel]

    def attach(self, feed: Feed, channels: tuple[str, ...]) -> None:
        """From now on the feed is offered what is published on these channels."""
        for channel in channels:
            self._feeds.setdefault(channel, {})[feed] = None

    def detach(self, feed: Feed, channels: tuple[str, ...]) -> None:
        """It is offered nothing more."""
        for channel in channels:
            feeds = self._feeds[channel]
            del feeds[feed]
            if not feeds:
                del self._feeds[channel]

    def heard(self) -> Iterator[str]:
        """Every channel somebody listens to, once: what is worth building."""
        yield from self._listeners
        yield from (channel for channel in self._feeds if channel not in self._listeners)

    def is_heard(self, channel: str) -> bool:
        """Whether anybody listens to the channel now."""
        return channel in self._listeners or channel in self._feeds

    def keeps_all(self, channel: str) -> bool:
        """Whether no publication of this channel may be left out for a newer one."""
        return self._board.kind(channel) is ChannelKind.EVENT

    # What happens

    def publish(self, publication: Publication) -> list[Broadcast]:
        """Who is to be sent this publication: one broadcast an encoding in use. Feeds are offered it here.

        A state or status frame that is not newer than the last one is left out; an event that is not
        newer would have been lost or doubled somewhere, and stops the program. O(listeners).
        """
        if not self._is_news(publication):
            return []
        for feed in tuple(self._feeds.get(publication.channel, ())):
            feed.offer(publication)
        broadcasts: list[Broadcast] = []
        for codec, heard in self._listeners.get(publication.channel, {}).items():
            subscriptions = list(heard)
            if publication.offset is not None and publication.offset <= self._joined[publication.channel]:
                subscriptions = [each for each in heard if each.offset < publication.offset]
            if subscriptions:
                broadcasts.append(Broadcast(codec.push(publication), codec.binary, subscriptions))
        return broadcasts

    def _is_news(self, publication: Publication) -> bool:
        channel, offset = publication.channel, publication.offset
        if offset is None:
            return True
        if offset <= self._told.get(channel, -1):
            if self.keeps_all(channel):
                raise AssertionError(f"{channel}: event {offset} after {self._told[channel]}")
            return False
        self._told[channel] = offset
        return True

    def tick(self, now_ms: int) -> list[Action]:
        """Deadlines of every session; about once a second. O(sessions)."""
        return [action for session in tuple(self._sessions) for action in session.tick(now_ms)]

    def stop(self, retry_ms: Callable[[], int]) -> list[Action]:
        """The server is going away: 1012, and for each client its own hint when to come back.

        The reason is JSON because the JavaScript SDK reads a JSON reason as advice, and stays away unless
        it says `reconnect`. Source: centrifuge-js, the transport's onClose.
        """
        for feed in {feed: None for feeds in self._feeds.values() for feed in feeds}:
            feed.finish()
        return [
            action
            for session in tuple(self._sessions)
            for action in session.close(limits.SERVICE_RESTART, _shutdown(retry_ms()))
        ]

    def renew(self) -> list[Action]:
        """The board's epoch changed: every position told so far is void, so all come back and recover."""
        self._told.clear()
        self._joined.clear()
        for feed in {feed: None for feeds in self._feeds.values() for feed in feeds}:
            feed.finish()
        return [
            action
            for session in tuple(self._sessions)
            for action in session.close(limits.INSUFFICIENT_STATE, "insufficient state")
        ]


def _shutdown(retry_ms: int) -> str:
    return f'{{"reason":"shutdown","reconnect":true,"retry_ms":{retry_ms}}}'

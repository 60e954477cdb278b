"""What sessions and hub decide, as values: who is to be sent what, and who is to be closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ws.publication import ChannelKind

if TYPE_CHECKING:
    from ws.session import Session


class Subscription:
    """One session listening to one channel.

    `offset` is what it had when it joined: only later publications are for it. `live` until it leaves.
    """

    __slots__ = ("channel", "kind", "live", "offset", "session")

    def __init__(self, session: "Session", channel: str, kind: ChannelKind, offset: int) -> None:
        self.session = session
        self.channel = channel
        self.kind = kind
        self.offset = offset
        self.live = True


class Listeners(Protocol):
    """Who hears which channel; kept by the hub, told by the sessions."""

    def join(self, subscription: Subscription) -> None:
        """From now on the subscription hears its channel."""

    def leave(self, subscription: Subscription) -> None:
        """It hears no more."""


@dataclass(frozen=True, slots=True)
class Send:
    """Write one message to the session's socket."""

    session: "Session"
    message: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """Close the session's socket; nothing may follow. `reason` is at most 123 bytes."""

    session: "Session"
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Write one message to every subscription still live: the same bytes object for all of them."""

    message: bytes
    binary: bool
    subscriptions: Sequence[Subscription]


Action = Send | Close

"""The seam to the rest of the product: what a channel holds, and who is asked for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

EVENTS_AFTER_GAP_MAX = 100  # how many events a reader gets whose position is no longer kept


class ChannelKind(Enum):
    """How a channel's frames relate to one another, which decides what may be left out."""

    STATE = "state"  # each frame is the whole view: a newer one makes an older one useless
    EVENT = "event"  # each frame is one event: every one is delivered, in order
    STATUS = "status"  # freshness: no offset, no recovery, newest only


@dataclass(frozen=True, slots=True)
class Publication:
    """One frame of one channel, encoded once per encoding and shared by all who hear it.

    `offset` is the journal's number of the record that caused it; within a channel it strictly rises and
    is not contiguous (None for STATUS). So an event channel carries at most one publication a record: a
    record that turns two claims is one publication listing both. `json` is byte for byte the body that
    GET returns, on one line; `msgpack` is the same object.
    """

    channel: str
    offset: int | None
    json: bytes
    msgpack: bytes


@dataclass(frozen=True, slots=True)
class Position:
    """Where a reader says it stopped: the offset means nothing outside its epoch."""

    epoch: str
    offset: int


class Board(Protocol):
    """What can be read now. Every answer is from memory: a reconnecting crowd never reaches the journal.

    Answers agree with each other at any one moment, and are never behind what was published.
    """

    @property
    def epoch(self) -> str:
        """The name of the journal all offsets count in."""

    def kind(self, channel: str) -> ChannelKind | None:
        """The channel's kind; None when there is no such channel."""

    def newest(self, channel: str) -> Publication | None:
        """The current whole view of a state or status channel; None while there is nothing to show."""

    def since(self, channel: str, offset: int) -> tuple[Sequence[Publication], bool]:
        """What an event channel carried after `offset`, oldest first, and whether that is all of it.

        False: `offset` is older than what is kept, and the newest 100 events are returned.
        """

    def top(self, channel: str) -> int:
        """The channel's newest offset, 0 before the first. Cheap: builds no view."""

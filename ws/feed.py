"""What one SSE stream is sent next, and which position it may then resume from. Sans-I/O."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ws.publication import Board, ChannelKind, Position, Publication
from ws.recovery import Start, start


@dataclass(frozen=True, slots=True)
class Item:
    """One publication to send. `resume` is the offset up to which the stream is then complete.

    None in a stream of status channels alone, which has no position.
    """

    kind: ChannelKind
    publication: Publication
    resume: int | None


class StreamFeed:
    """Several channels in one stream with one position: offsets count journal records, so they compare.

    Sent in the order of their offsets as far as they are known. The position given out with each is the
    newest at or below which nothing is still owed on any channel: whoever resumes from it misses nothing,
    and may, where several channels moved at once, be sent an event again, at the same offset.
    """

    def __init__(self, board: Board, frames_max: int, bytes_max: int, wake: Callable[[], None]) -> None:
        self._board = board
        self._frames_max = frames_max
        self._bytes_max = bytes_max
        self._wake = wake
        self._kinds: dict[str, ChannelKind] = {}
        self._begun: dict[str, int] = {}  # channel → offset it began with: what is not newer was sent then
        self._done: dict[str, int] = {}  # channel → newest offset sent; status channels are not in it
        self._newest: dict[str, Publication] = {}
        self._events: deque[Publication] = deque()
        self._offered_frames = 0  # events waiting that were offered since the start, and their bytes
        self._offered_bytes = 0
        self.conflated = 0
        self.finished = False

    def begin(self, kinds: dict[str, ChannelKind], asked: Position | None) -> list[str]:
        """Take the first publications of every channel; the channels that could not be recovered."""
        lost: list[str] = []
        missed: list[Publication] = []
        newest = max(map(self._board.top, kinds), default=0)
        for channel, kind in kinds.items():
            own = asked
            if (
                asked is not None and asked.offset <= newest
            ):  # one position for all: quiet channels are behind
                own = Position(asked.epoch, min(asked.offset, self._board.top(channel)))
            begun = start(self._board, channel, kind, own)
            self._kinds[channel] = kind
            self._begun[channel] = begun.top
            if kind is ChannelKind.EVENT:
                missed.extend(begun.publications)
            else:
                self._newest.update((view.channel, view) for view in begun.publications)
            if kind is not ChannelKind.STATUS:
                self._done[channel] = _held(begun, own)
                if asked is not None and not begun.recovered:
                    lost.append(channel)
        self._events.extend(sorted(missed, key=_offset))
        return lost

    def offer(self, publication: Publication) -> None:
        """See Feed. A stream whose events pile up is finished: it comes back and recovers them."""
        channel, offset = publication.channel, publication.offset
        if self.finished or (offset is not None and offset <= self._begun[channel]):
            return
        if self._kinds[channel] is ChannelKind.EVENT:
            self._offered_frames += 1
            self._offered_bytes += len(publication.json)
            self._events.append(publication)
            if self._offered_frames > self._frames_max or self._offered_bytes > self._bytes_max:
                self.finished = True
        else:
            self.conflated += channel in self._newest
            self._newest[channel] = publication
        self._wake()

    def finish(self) -> None:
        """See Feed."""
        self.finished = True
        self._wake()

    def take(self) -> Item | None:
        """The next publication to send, None when all is sent. O(channels)."""
        waiting = [*self._newest.values(), *([self._events[0]] if self._events else [])]
        if not waiting:
            return None
        publication = min(waiting, key=_offset)
        kind = self._kinds[publication.channel]
        if kind is ChannelKind.EVENT:
            self._events.popleft()
            if not self._events:
                self._offered_frames = self._offered_bytes = 0
        else:
            del self._newest[publication.channel]
        if publication.offset is not None:
            self._done[publication.channel] = publication.offset
        return Item(kind, publication, self._complete())

    def _complete(self) -> int | None:
        """The newest offset at or below which nothing is still to come."""
        if not self._done:
            return None
        owed = [offset for channel in self._done if (offset := self._owed(channel)) is not None]
        return min([max(self._done.values()), *(offset - 1 for offset in owed)])

    def _owed(self, channel: str) -> int | None:
        """The first offset of this channel still to be sent. Of a state channel only the newest is."""
        done, top = self._done[channel], self._board.top(channel)
        if done >= top:
            return None
        if self._kinds[channel] is ChannelKind.STATE:
            return top
        after, _ = self._board.since(channel, done)
        return after[0].offset if after else None


def _held(begun: Start, asked: Position | None) -> int:
    """Up to where a channel is complete before its first publications are sent."""
    if not begun.publications:
        return begun.top
    return asked.offset if asked is not None and begun.recovered else 0


def _offset(publication: Publication) -> int:
    return -1 if publication.offset is None else publication.offset

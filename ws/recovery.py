"""From a position to what a reader missed: recovered, or said aloud that it was not."""

from collections.abc import Sequence
from dataclasses import dataclass

from ws.publication import EVENTS_AFTER_GAP_MAX, Board, ChannelKind, Position, Publication


@dataclass(frozen=True, slots=True)
class Start:
    """Where a reader of one channel begins.

    `recovered`: nothing between the position asked and `top` is missing from `publications` (for a state
    channel: the newest view stands for all before it). `top` is what the reader has once it took them.
    """

    recovered: bool
    publications: Sequence[Publication]  # oldest first
    top: int


def start(board: Board, channel: str, kind: ChannelKind, asked: Position | None) -> Start:
    """What to send first on `channel` to a reader who stopped at `asked`; None: who never began.

    A position of another epoch, from the future, or older than what is kept is not recovered and gets
    what a newcomer would (state) or the last events; it is never guessed at. O(publications returned).
    """
    known = asked is not None and asked.epoch == board.epoch and asked.offset <= board.top(channel)
    match kind:
        case ChannelKind.EVENT:
            return _events(board, channel, asked, known=known)
        case ChannelKind.STATUS:
            fresh = board.newest(channel)
            return Start(recovered=False, publications=() if fresh is None else (fresh,), top=0)
        case ChannelKind.STATE:
            newest = board.newest(channel)
            top = board.top(channel) if newest is None or newest.offset is None else newest.offset
            current = known and asked is not None and asked.offset >= top
            shown = () if newest is None or current else (newest,)
            return Start(known, shown, top)


def _events(board: Board, channel: str, asked: Position | None, *, known: bool) -> Start:
    """Every event after a known position; the last few after an unknown one; none for a newcomer."""
    top = board.top(channel)
    if asked is None:
        return Start(recovered=False, publications=(), top=top)
    events, whole = board.since(channel, asked.offset if known else 0)
    if known and whole:
        return Start(recovered=True, publications=events, top=top)
    return Start(recovered=False, publications=events[-EVENTS_AFTER_GAP_MAX:], top=top)

"""A board fed by the test: the read side's seam, kept in memory and nothing more."""

from collections.abc import Sequence

import msgpack
import msgspec

from ws.publication import ChannelKind, Publication

KINDS = {
    "election": ChannelKind.STATE,
    "contest": ChannelKind.STATE,
    "units": ChannelKind.STATE,
    "calls": ChannelKind.EVENT,
    "status": ChannelKind.STATUS,
}


class ScriptedBoard:
    """Whole views and events by channel, each under the offset the test gives it."""

    def __init__(self, channels: Sequence[str], epoch: str = "e1", events_kept: int = 10_000) -> None:
        self.epoch = epoch
        self._kinds = {channel: KINDS[channel.partition(":")[0]] for channel in channels}
        self._newest: dict[str, Publication] = {}
        self._events: dict[str, list[Publication]] = {}
        self._trimmed: dict[str, int] = {}
        self._events_kept = events_kept

    def put(self, channel: str, offset: int | None, data: object) -> Publication:
        """The channel's next publication; what it replaces or follows is the channel kind's business."""
        publication = Publication(channel, offset, msgspec.json.encode(data), msgpack.packb(data))
        self._newest[channel] = publication
        if self._kinds[channel] is ChannelKind.EVENT:
            events = self._events.setdefault(channel, [])
            events.append(publication)
            for gone in events[: -self._events_kept]:
                self._trimmed[channel] = gone.offset or 0
            del events[: -self._events_kept]
        return publication

    def kind(self, channel: str) -> ChannelKind | None:
        return self._kinds.get(channel)

    def newest(self, channel: str) -> Publication | None:
        return self._newest.get(channel)

    def since(self, channel: str, offset: int) -> tuple[Sequence[Publication], bool]:
        events = self._events.get(channel, [])
        if offset < self._trimmed.get(channel, 0):
            return events[-100:], False
        return [event for event in events if (event.offset or 0) > offset], True

    def top(self, channel: str) -> int:
        newest = self._newest.get(channel)
        return 0 if newest is None else newest.offset or 0

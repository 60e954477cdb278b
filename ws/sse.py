"""The same publications over Server-Sent Events, resumable with Last-Event-ID."""

import asyncio
import random
from dataclasses import dataclass

import msgspec
from aiohttp import web
from aiohttp_sse import EventSourceResponse
from msgspec import Struct

from ws.door import Door
from ws.feed import StreamFeed
from ws.hub import Hub
from ws.problem import problem
from ws.publication import Board, ChannelKind, Position
from ws.tap import Tap

LOST_POSITION = Position("", 0)  # no epoch is empty: what cannot be read is a position we do not know


@dataclass(frozen=True, slots=True)
class SseSettings:
    """Limits of one stream."""

    channels_max: int = 100
    ping_interval_s: float = 15.0
    send_timeout_s: float = 10.0
    queue_frames_max: int = 64
    queue_bytes_max: int = 1 << 20
    retry_ms_min: int = 1_000
    retry_ms_max: int = 5_000


class _Lost(Struct, frozen=True):
    """The `data` of a `recovery` event: these channels start over."""

    recovered: bool
    epoch: str
    channels: list[str]


class Streams:
    """Serves `GET /v1/stream?channels=a,b`."""

    def __init__(self, board: Board, hub: Hub, door: Door, settings: SseSettings) -> None:
        self._board = board
        self._hub = hub
        self._door = door
        self._settings = settings

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One stream, until the client leaves, falls behind, or the server stops.

        400 `bad-query` without channels or with too many, 404 `unknown-channel` for one that is not.
        """
        kinds = self._kinds(request)
        if isinstance(kinds, web.Response):
            return kinds
        entered = self._door.enter(request)
        if isinstance(entered, web.Response):
            return entered
        settings, counters, channels = self._settings, self._hub.counters, tuple(kinds)
        wake = asyncio.Event()
        feed = StreamFeed(self._board, settings.queue_frames_max, settings.queue_bytes_max, wake.set)
        asked = _asked(request)
        lost = feed.begin(kinds, asked)
        counters.recover["fresh" if asked is None else "lost" if lost else "recovered"] += 1
        response = EventSourceResponse(
            sep="\n", ping_interval=settings.ping_interval_s, send_timeout=settings.send_timeout_s
        )
        response.force_close()
        self._hub.attach(feed, channels)
        counters.streams += 1
        try:
            async with asyncio.timeout(settings.send_timeout_s):
                await response.prepare(request)
            if request.transport is None:
                return response
            Tap(request.transport, request.protocol, feed.finish)
            async with response:
                await self._pour(feed, wake, lost, response)
        except (ConnectionResetError, TimeoutError):
            pass  # it left, or took nothing for too long and was cut off: it knows where to resume
        finally:
            self._hub.detach(feed, channels)
            counters.streams -= 1
            counters.conflated += feed.conflated
            entered()
        return response

    def _kinds(self, request: web.Request) -> dict[str, ChannelKind] | web.Response:
        """The channels asked for, in the order named, or the refusal owed."""
        names = [name for name in request.query.get("channels", "").split(",") if name]
        if not names or len(names) > self._settings.channels_max:
            detail = f"channels: name 1 to {self._settings.channels_max}, separated by commas"
            return problem("bad-query", 400, "Bad query", detail, pointer="/channels")
        kinds: dict[str, ChannelKind] = {}
        for name in names:
            kind = self._board.kind(name)
            if kind is None:
                return problem("unknown-channel", 404, "Unknown channel", "no such channel", channel=name)
            kinds[name] = kind
        return kinds

    async def _pour(
        self, feed: StreamFeed, wake: asyncio.Event, lost: list[str], response: EventSourceResponse
    ) -> None:
        """Send what is there, then wait for more. `retry` spreads those who come back."""
        retry: int | None = random.randint(self._settings.retry_ms_min, self._settings.retry_ms_max)
        if lost:
            told = msgspec.json.encode(_Lost(recovered=False, epoch=self._board.epoch, channels=lost))
            await response.send(told.decode(), event="recovery", retry=retry)
            retry = None
        while not feed.finished:
            wake.clear()
            while (item := feed.take()) is not None:
                event_id = None if item.resume is None else f"{self._board.epoch}/{item.resume}"
                shown = item.publication
                await response.send(shown.json.decode(), id=event_id, event=shown.channel, retry=retry)
                self._hub.counters.frames += 1
                retry = None
            await wake.wait()


def _asked(request: web.Request) -> Position | None:
    """Where the client says it stopped: the header a browser sends by itself, or the query."""
    stated = request.headers.get("Last-Event-ID") or request.query.get("last_event_id")
    if not stated:
        return None
    epoch, slash, offset = stated.rpartition("/")
    if not slash or not offset.isascii() or not offset.isdigit() or len(offset) > 18:
        return LOST_POSITION
    return Position(epoch, int(offset))

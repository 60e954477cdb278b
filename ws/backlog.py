"""What one slow client has not been sent: newest state a channel, every event, a limit."""

from collections.abc import Hashable


class Backlog:
    """Messages waiting for one socket to drain, in the order they will be sent.

    State frames are kept one a channel, the newest, in the place of the one they replace: this part can
    never hold more than the channels subscribed. Replies and events may not be dropped, so they queue,
    and the queue has a limit; past it the caller closes the connection.
    """

    __slots__ = ("_bytes_max", "_frames_max", "_number", "_queued_bytes", "_queued_frames", "_waiting")

    def __init__(self, frames_max: int, bytes_max: int) -> None:
        self._frames_max = frames_max
        self._bytes_max = bytes_max
        self._number = 0
        self._queued_frames = 0
        self._queued_bytes = 0
        # key → message; state frames under their channel's name, queued ones under (channel, number)
        self._waiting: dict[Hashable, bytes] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def keep_newest(self, channel: str, message: bytes) -> bool:
        """Hold a state frame. True when it took the place of an older one, which is then never sent."""
        replaced = channel in self._waiting
        self._waiting[channel] = message
        return replaced

    def append(self, channel: str, message: bytes) -> bool:
        """Queue what may not be dropped; False when that is past the limit, and nothing was queued.

        Replies use the empty channel.
        """
        if self._queued_frames >= self._frames_max or self._queued_bytes + len(message) > self._bytes_max:
            return False
        self._queued_frames += 1
        self._queued_bytes += len(message)
        self._number += 1
        self._waiting[channel, self._number] = message
        return True

    def forget(self, channel: str) -> None:
        """Drop what waits for a channel the client has left. O(messages waiting)."""
        left = [
            key for key in self._waiting if key == channel or (isinstance(key, tuple) and key[0] == channel)
        ]
        for key in left:
            self._drop(key)

    def pop(self) -> bytes | None:
        """The next message to send, None when nothing waits."""
        for key in self._waiting:
            return self._drop(key)
        return None

    def _drop(self, key: Hashable) -> bytes:
        message = self._waiting.pop(key)
        if isinstance(key, tuple):
            self._queued_frames -= 1
            self._queued_bytes -= len(message)
        return message

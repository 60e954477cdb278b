"""What one client may ask for and leave unread, and the codes that say it was too much."""

from dataclasses import dataclass

# SDKs come back after a close code below 3500 or in 4000-4499, and stay away after 3500-3999.
UNSUPPORTED_DATA = 1003
PROTOCOL_ERROR = 1002
SERVICE_RESTART = 1012
INSUFFICIENT_STATE = 3010
BAD_REQUEST = 3501
STALE = 3502
RATE = 3503
SLOW_CONSUMER = 4008


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one WebSocket client. What happens at each is told in docs/streaming.md."""

    subscriptions_max: int = 100
    burst_max: int = 20
    commands_per_s: int = 10
    connect_timeout_ms: int = 10_000
    ping_interval_s: int = 20
    pong_timeout_ms: int = 10_000
    queue_frames_max: int = 64
    queue_bytes_max: int = 1 << 20
    unread_timeout_ms: int = 30_000


class Bucket:
    """How much a client may still say: `burst_max` at once, refilled by `per_s` a second."""

    __slots__ = ("_at_ms", "_burst_max", "_per_s", "_thousandths")

    def __init__(self, burst_max: int, per_s: int, now_ms: int) -> None:
        self._burst_max = burst_max
        self._per_s = per_s
        self._thousandths = burst_max * 1_000
        self._at_ms = now_ms

    def spend(self, now_ms: int) -> bool:
        """Take one; False when there is none. A clock that steps back refills nothing."""
        refill = max(0, now_ms - self._at_ms) * self._per_s
        self._thousandths = min(self._burst_max * 1_000, self._thousandths + refill)
        self._at_ms = max(now_ms, self._at_ms)
        if self._thousandths < 1_000:
            return False
        self._thousandths -= 1_000
        return True

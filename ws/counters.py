"""What the read shell counts about itself, for whoever exports metrics."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Plain numbers, written by hub, sessions and server on one thread; read at any time.

    Gauges: `connections` (open WebSockets) and `streams` (open SSE responses). The rest only rise.
    `frames` counts messages handed to sockets, `conflated` state frames replaced before they were sent,
    `closed` close codes (1000: the client left), `recover` subscribe outcomes (`fresh`, `recovered`, `lost`),
    `refused` handshakes by HTTP status.
    """

    connections: int = 0
    streams: int = 0
    opened: int = 0
    frames: int = 0
    conflated: int = 0
    closed: Counter[int] = field(default_factory=Counter)
    recover: Counter[str] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)

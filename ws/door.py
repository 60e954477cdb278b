"""How many may be connected: in all, from one address; and when others may try again."""

import random
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address

from aiohttp import web

from ws.counters import Counters
from ws.problem import problem

RETRY_AFTER_S_MAX = 10


class Door:
    """Counts WebSockets and SSE streams together, from before the answer until the connection is lost.

    An address of this machine is a proxy's, standing for many people: only the total limits it.
    """

    def __init__(self, connections_max: int, per_address_max: int, counters: Counters) -> None:
        self._connections_max = connections_max
        self._per_address_max = per_address_max
        self._counters = counters
        self._by_address: Counter[str] = Counter()
        self._inside = 0
        self.closing = False

    def enter(self, request: web.Request) -> web.Response | Callable[[], None]:
        """Let it in: the answer is what to call once when it leaves. Or the refusal owed."""
        address = request.remote or ""
        if self.closing:
            return self._refuse(503, "shutting-down", "this server is stopping")
        if self._inside >= self._connections_max:
            return self._refuse(503, "too-many-connections", "this server is full")
        if not _is_local(address) and self._by_address[address] >= self._per_address_max:
            return self._refuse(429, "too-many-connections", "too many connections from your address")
        self._inside += 1
        self._by_address[address] += 1
        return lambda: self._leave(address)

    def _leave(self, address: str) -> None:
        self._inside -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    def _refuse(self, status: int, code: str, detail: str) -> web.Response:
        self._counters.refused[status] += 1
        answer = problem(code, status, "Not now", detail)
        answer.headers["Retry-After"] = str(random.randint(1, RETRY_AFTER_S_MAX))
        return answer


def _is_local(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == ""  # a Unix socket has no address

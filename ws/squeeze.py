"""Text as gzip to who takes that: once an answer, and beside the loop where it is long."""

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from ws.asked import SQUEEZED, takes_gzip

LEAST_BYTES = 1_400
"""Below it an answer is one packet either way."""
ASIDE_BYTES = 64 << 10
"""From here on another thread compresses: 64 KiB of JSON take about a millisecond."""
KEPT_MAX = 64
"""Compressed answers kept, the least recently asked for going first."""
KEPT_BYTES_MAX = 32 << 20
"""Of all of them together: an export of a large night takes some megabytes at every position."""
_LEVEL = 6
_KINDS = frozenset(
    {"application/atom+xml", "application/json", "application/xml", "image/svg+xml", "text/csv", "text/html"}
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Kept:
    """Compressed bodies, by the hash of what they were made of."""

    def __init__(self) -> None:
        self._of: OrderedDict[bytes, bytes] = OrderedDict()
        self._bytes = 0

    def get(self, key: bytes) -> bytes | None:
        made = self._of.get(key)
        if made is not None:
            self._of.move_to_end(key)
        return made

    def put(self, key: bytes, made: bytes) -> None:
        self._of[key] = made
        self._bytes += len(made)
        while len(self._of) > KEPT_MAX or self._bytes > KEPT_BYTES_MAX:
            self._bytes -= len(self._of.popitem(last=False)[1])


def squeezing() -> Middleware:
    """Compress whole answers of text. They are other bytes, so they have another tag (RFC 9110, 8.8.3)."""
    kept = _Kept()
    making: dict[bytes, asyncio.Future[bytes]] = {}

    async def small(body: bytes) -> bytes:
        """By content, not by address: a query that means nothing makes another address of the same answer."""
        long = len(body) >= ASIDE_BYTES
        key = await asyncio.to_thread(_digest, body) if long else _digest(body)
        known = kept.get(key)
        if known is not None:
            return known
        if not long:
            made = _squeezed(body)
            kept.put(key, made)
            return made
        if key in making:  # a crowd that asks at once waits for one
            return await asyncio.shield(making[key])
        making[key] = asyncio.ensure_future(asyncio.to_thread(_squeezed, body))
        try:
            made = await asyncio.shield(making[key])
        finally:
            del making[key]
        kept.put(key, made)
        return made

    @web.middleware
    async def squeeze(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        tag = response.headers.get("ETag", "")
        if response.status == 304 and "Content-Encoding" not in response.headers:
            response.headers["Vary"] = "Accept-Encoding"
            if any(known.value == tag.strip('"') + SQUEEZED for known in request.if_none_match or ()):
                response.headers["ETag"] = _other(tag)
        if not isinstance(response, web.Response) or response.content_type not in _KINDS:
            return response
        body = response.body
        if "Content-Encoding" in response.headers or not isinstance(body, bytes) or len(body) < LEAST_BYTES:
            return response
        response.headers["Vary"] = "Accept-Encoding"
        if takes_gzip(request):
            response.body = await small(body) if tag else await _once(body)
            response.headers["Content-Encoding"] = "gzip"
            if tag:
                response.headers["ETag"] = _other(tag)
        return response

    return squeeze


def _other(tag: str) -> str:
    """The tag of the compressed form."""
    return f'{tag[:-1]}{SQUEEZED}"'


async def _once(body: bytes) -> bytes:
    """An answer without a tag, which is not kept."""
    return _squeezed(body) if len(body) < ASIDE_BYTES else await asyncio.to_thread(_squeezed, body)


def _squeezed(body: bytes) -> bytes:
    return gzip.compress(body, _LEVEL, mtime=0)


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()

"""Text as gzip to who takes that: once a position, and beside the loop where it is long."""

import asyncio
import gzip
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
"""Compressed answers kept, each until its position moves."""
_LEVEL = 6
_KINDS = frozenset(
    {"application/atom+xml", "application/json", "application/xml", "image/svg+xml", "text/csv", "text/html"}
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def squeezing() -> Middleware:
    """Compress whole answers of text. They are other bytes, so they have another tag (RFC 9110, 8.8.3)."""
    kept: OrderedDict[str, tuple[str, bytes]] = OrderedDict()

    async def small(key: str, tag: str, body: bytes) -> bytes:
        known = kept.get(key)
        if known is not None and tag and known[0] == tag:
            kept.move_to_end(key)
            return known[1]
        if len(body) < ASIDE_BYTES:
            made = gzip.compress(body, _LEVEL, mtime=0)
        else:
            made = await asyncio.to_thread(gzip.compress, body, _LEVEL, mtime=0)
        if tag:
            kept[key] = tag, made
            if len(kept) > KEPT_MAX:
                kept.popitem(last=False)
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
            response.body = await small(request.path_qs, tag, body)
            response.headers["Content-Encoding"] = "gzip"
            if tag:
                response.headers["ETag"] = _other(tag)
        return response

    return squeeze


def _other(tag: str) -> str:
    """The tag of the compressed form."""
    return f'{tag[:-1]}{SQUEEZED}"'

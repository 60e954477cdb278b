"""The live pages: static files in memory, compressed once; no directory is served."""

import gzip
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from ws.asked import SQUEEZED, has, takes_gzip

_STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".json": "application/json",
}
Answer = Callable[[web.Request], Awaitable[web.Response]]
Head = Callable[[web.Request], str | None]
"""What the head of a contest's page says of it to other pages; None: there is no such contest."""


def static_files() -> dict[str, bytes]:
    """Every file the pages are made of, by name."""
    return {path.name: path.read_bytes() for path in sorted(_STATIC.iterdir()) if path.suffix in _TYPES}


def attach_page(app: web.Application, head: Head) -> None:
    """Serve `/`, `/contest/{id}`, `/observe` and `/static/*` from files read and compressed once, now.

    `head` is asked for each `/` and `/contest/{id}`: the page of an unknown contest says so, with status 404.
    """
    for name, body in static_files().items():
        serve = served(body, _TYPES[Path(name).suffix])
        app.router.add_get(f"/static/{name}", serve)
        if name == "index.html":
            page = _of_a_contest(body, head)
            app.router.add_get("/", page)
            app.router.add_get("/contest/{id}", page)
        if name == "observe.html":
            app.router.add_get("/observe", serve)


def served(body: bytes, content_type: str) -> Answer:
    """A file as it is, or as gzip to who takes that; a reader who has it already is told so.

    The two forms are other bytes, so they have other tags (RFC 9110, 8.8.3).
    """
    small = gzip.compress(body, mtime=0)
    digest = _digest(body)

    async def serve(request: web.Request) -> web.Response:
        squeezed = len(small) < len(body) and takes_gzip(request)
        tag = digest + SQUEEZED if squeezed else digest
        headers = {"Cache-Control": "no-cache", "ETag": f'"{tag}"', "Vary": "Accept-Encoding"}
        if has(request, tag):
            return web.Response(status=304, headers=headers)
        if squeezed:
            headers["Content-Encoding"] = "gzip"
        return web.Response(
            body=small if squeezed else body, content_type=content_type, charset="utf-8", headers=headers
        )

    return serve


def _of_a_contest(body: bytes, head: Head) -> Answer:
    """The live page, with what a link to it shows elsewhere in its head."""
    before, end, after = body.partition(b"</head>")
    if not end:
        raise AssertionError("index.html lost its head")

    async def serve(request: web.Request) -> web.Response:
        told = head(request)
        whole = before + (told or "").encode() + end + after
        tag = _digest(whole)
        headers = {"Cache-Control": "no-cache", "ETag": f'"{tag}"'}
        if told is not None and has(request, tag):
            return web.Response(status=304, headers=headers)
        return web.Response(
            body=whole,
            status=404 if told is None else 200,
            content_type="text/html",
            charset="utf-8",
            headers=headers,
        )

    return serve


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]

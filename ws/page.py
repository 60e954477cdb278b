"""The live pages: static files in memory, compressed once; no directory is served."""

import gzip
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from ws.asked import has, takes_gzip

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


def static_files() -> dict[str, bytes]:
    """Every file the pages are made of, by name."""
    return {path.name: path.read_bytes() for path in sorted(_STATIC.iterdir()) if path.suffix in _TYPES}


def attach_page(app: web.Application, is_contest: Callable[[str], bool]) -> None:
    """Serve `/`, `/contest/{id}`, `/observe` and `/static/*` from files read and compressed once, now.

    `is_contest` says whether an id is a contest's: the page of another says so, with status 404.
    """
    for name, body in static_files().items():
        serve = served(body, _TYPES[Path(name).suffix], is_contest)
        app.router.add_get(f"/static/{name}", serve)
        if name == "index.html":
            app.router.add_get("/", serve)
            app.router.add_get("/contest/{id}", serve)
        if name == "observe.html":
            app.router.add_get("/observe", serve)


def served(body: bytes, content_type: str, is_contest: Callable[[str], bool]) -> Answer:
    """A file as it is, or as gzip to who takes that; a reader who has it already is told so.

    The two forms are other bytes, so they have other tags (RFC 9110, 8.8.3).
    """
    small = gzip.compress(body, mtime=0)
    digest = hashlib.sha256(body).hexdigest()[:16]

    async def serve(request: web.Request) -> web.Response:
        squeezed = len(small) < len(body) and takes_gzip(request)
        tag = f"{digest}-gz" if squeezed else digest
        headers = {"Cache-Control": "no-cache", "ETag": f'"{tag}"', "Vary": "Accept-Encoding"}
        known = "id" not in request.match_info or is_contest(request.match_info["id"])
        if known and has(request, tag):
            return web.Response(status=304, headers=headers)
        if squeezed:
            headers["Content-Encoding"] = "gzip"
        return web.Response(
            body=small if squeezed else body,
            status=200 if known else 404,
            content_type=content_type,
            charset="utf-8",
            headers=headers,
        )

    return serve

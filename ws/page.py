"""The live page: static files from a fixed map in memory; no directory is served."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

_STATIC = Path(__file__).parent / "static"
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def attach_page(app: web.Application) -> None:
    """Serve `/` and `/static/*` from files read once, now."""
    for path in sorted(_STATIC.iterdir()):
        if path.suffix in _TYPES:
            serve = _served(path.read_bytes(), _TYPES[path.suffix])
            app.router.add_get(f"/static/{path.name}", serve)
            if path.name == "index.html":
                app.router.add_get("/", serve)


def _served(body: bytes, content_type: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(_request: web.Request) -> web.Response:
        return web.Response(
            body=body, content_type=content_type, charset="utf-8", headers={"Cache-Control": "no-cache"}
        )

    return serve

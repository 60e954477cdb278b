"""Around every request on every listener: Host allow-list, plain problems, safe headers."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from ws.problem import problem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "Server": "tally",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
}
_OF_A_DOCUMENT = frozenset({"Content-Security-Policy", "Cross-Origin-Opener-Policy"})
_PARTS = frozenset({"text/javascript", "text/css"})
"""Loaded by a document, whose policy holds for them: one of their own would be bytes for nothing."""
SERVER_OPTIONS: dict[str, Any] = {
    "keepalive_timeout": 10,
    "max_line_size": 8_190,
    "max_field_size": 8_190,
    "auto_decompress": False,
    "lingering_time": 2,
    "handler_cancellation": False,
    "access_log": None,
    "shutdown_timeout": 15,
}
"""aiohttp's own defaults keep a silent connection for an hour; ten seconds is also the slow-header deadline."""


def host_check(allowed: frozenset[str]) -> Middleware:
    """Refuse a Host that is not ours: it also stops DNS rebinding. `*` allows any."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        hosts = request.headers.getall("Host", [])
        if len(hosts) != 1 or any(character.isspace() for character in hosts[0]):
            return problem("bad-host", 400, "Bad Host", "exactly one Host header is needed")
        name = hosts[0].lower()
        bare = name.rsplit(":", 1)[0] if not name.endswith("]") else name
        if "*" not in allowed and name not in allowed and bare not in allowed:
            return problem("unknown-host", 421, "Unknown Host", "this service does not answer to that name")
        return await handler(request)

    return check


@web.middleware
async def plain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong on the way to a handler is said as a problem, with the right status."""
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as error:
        response = problem(
            "method-not-allowed", 405, "Method not allowed", f"{request.method} is not for this path"
        )
        response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return response
    except web.HTTPNotFound:
        return problem("not-found", 404, "Not found", "nothing is at this path")
    except web.HTTPException as error:
        return problem("bad-request", error.status, error.reason, error.text or error.reason)
    except (ValueError, UnicodeError) as error:
        return problem("bad-request", 400, "Bad request", type(error).__name__)


async def safe_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Headers every response carries; public GETs may be read from any page, without credentials."""
    for name, value in HEADERS.items():
        if name not in _OF_A_DOCUMENT or response.content_type not in _PARTS:
            response.headers.setdefault(name, value)
    response.headers["Server"] = "tally"
    if request.method in {"GET", "HEAD"} and request.path.startswith(("/v1/", "/static/")):
        response.headers["Access-Control-Allow-Origin"] = "*"
        if response.content_type not in _PARTS:
            response.headers["Access-Control-Expose-Headers"] = "ETag, Tally-Position"


def framed_by(origins: tuple[str, ...]) -> str:
    """The Content-Security-Policy of what pages of these origins may frame besides our own; `*`: anybody."""
    ancestors = "*" if "*" in origins else " ".join(("'self'", *origins))
    return HEADERS["Content-Security-Policy"].replace(
        "frame-ancestors 'none'", f"frame-ancestors {ancestors}"
    )


def application(allowed_hosts: frozenset[str]) -> web.Application:
    """An application with everything that stands around a request, and no routes."""
    app = web.Application(middlewares=[plain_errors, host_check(allowed_hosts)], client_max_size=1 << 20)
    app.on_response_prepare.append(safe_headers)
    return app

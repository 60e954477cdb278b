"""RFC 9457 problem bodies: every refusal over HTTP, in one shape."""

from aiohttp import web
from msgspec import json

TYPE_PREFIX = "urn:tally:problem:"


def problem(
    code: str, status: int, title: str, detail: str, pointer: str | None = None, **extra: object
) -> web.Response:
    """A refusal as `application/problem+json`, never stored by a cache.

    `code` is the stable name a program branches on; `detail` is for a person; `pointer` is a JSON
    pointer to the bad field. `extra` adds members, but cannot replace the fixed ones. Source: RFC 9457.
    """
    body: dict[str, object] = {
        "type": TYPE_PREFIX + code,
        "code": code,
        "status": status,
        "title": title,
        "detail": detail,
    }
    if pointer is not None:
        body["pointer"] = pointer
    clash = body.keys() & extra.keys()
    if clash:
        raise AssertionError(f"extra members may not replace {sorted(clash)}")
    return web.Response(
        body=json.encode(body | extra),
        status=status,
        content_type="application/problem+json",
        headers={"Cache-Control": "no-store"},
    )

"""Which requests may become a WebSocket: origin, version, key, no body. RFC 6455 §4.2."""

import base64
import binascii
from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp import web

from ws.problem import problem
from ws.protocol import JSON, MSGPACK, Codec

CODECS: dict[str, Codec] = {JSON.name: JSON, MSGPACK.name: MSGPACK}


def refusal(request: web.Request, origins: Collection[str]) -> web.Response | None:
    """Why this request does not become a WebSocket, as the answer owed; None when it may.

    `origins` are the foreign ones let in, as `scheme://host[:port]` in lower case. A client that names no
    origin is not a browser and is let in: there is no cookie here for another site to borrow.
    """
    fault = _upgrade_fault(request)
    if fault is not None:
        answer = problem("bad-handshake", 400, "Bad WebSocket handshake", fault)
    elif request.headers.getall("Sec-WebSocket-Version", []) != ["13"]:
        answer = problem("bad-handshake", 426, "WebSocket version", "only version 13 is spoken here")
        answer.headers["Sec-WebSocket-Version"] = "13"
    elif not _origin_allowed(request, origins):
        answer = problem("origin-not-allowed", 403, "Origin not allowed", "this site may not connect")
    elif codec_of(request) is None:
        known = ", ".join(CODECS)
        answer = problem("bad-handshake", 400, "Unknown subprotocol", f"spoken here: {known}, or none")
    else:
        return None
    answer.force_close()  # whatever follows on this connection is not HTTP we want to read
    return answer


def codec_of(request: web.Request) -> Codec | None:
    """The codec of the first subprotocol offered that is spoken here; JSON when none is offered."""
    offers = ",".join(request.headers.getall("Sec-WebSocket-Protocol", []))
    if not offers:
        return JSON
    return next((CODECS[name] for offer in offers.split(",") if (name := offer.strip()) in CODECS), None)


def _upgrade_fault(request: web.Request) -> str | None:
    headers = request.headers
    if request.method != "GET":
        return "the method must be GET"
    if headers.get("Upgrade", "").strip().lower() != "websocket":
        return "the Upgrade header must be websocket"
    if "upgrade" not in {token.strip().lower() for token in headers.get("Connection", "").split(",")}:
        return "the Connection header must hold upgrade"
    if (
        headers.get("Content-Length", "0") != "0"
        or "Transfer-Encoding" in headers
        or _has_early_bytes(request)
    ):
        return "nothing may follow the request before it is answered"
    keys = headers.getall("Sec-WebSocket-Key", [])
    if len(keys) != 1 or not _is_key(keys[0]):
        return "Sec-WebSocket-Key must be 16 bytes in base64, once"
    return None


def _has_early_bytes(request: web.Request) -> bool:
    """Whether bytes came with the request: a client must wait for the answer (RFC 6455 §4.1).

    The library keeps them under a private name and would parse them unseen by our watch.
    """
    return bool(getattr(request.protocol, "_message_tail", b""))


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key.strip(), validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _origin_allowed(request: web.Request, origins: Collection[str]) -> bool:
    """Same host and port as the request was sent to, or listed. Compared whole, never by part.

    The scheme is not compared for the same host: behind a proxy that ends TLS ours reads http.
    """
    named = request.headers.getall("Origin", [])
    if not named:
        return True
    if len(named) > 1:
        return False
    origin = named[0].lower()
    if origin in origins:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    plain = parts.scheme in {"http", "https"} and origin == f"{parts.scheme}://{parts.netloc}"
    return plain and parts.netloc == request.headers.get("Host", "").lower()

"""What any request says of itself: where it was asked, and what the reader has already."""

from aiohttp import web

from ws.problem import problem

SQUEEZED = "-gz"
"""What the tag of a compressed form ends in."""


def origin(request: web.Request, *, secure: bool) -> str:
    """Where this service is read, scheme and host. `secure`: a proxy with TLS stands in front."""
    return f"{'https' if secure else request.scheme}://{request.host}"


def has(request: web.Request, tag: str) -> bool:
    """Whether the reader has what `tag` (of an ETag, without quotes) stands for, compressed or not.

    Source: RFC 9110, 13.1.2.
    """
    return any(known.value in {tag, tag + SQUEEZED, "*"} for known in request.if_none_match or ())


def takes_gzip(request: web.Request) -> bool:
    """Whether the reader says it reads gzip, and not that it would rather not. Source: RFC 9110, 12.5.3."""
    for coding in ",".join(request.headers.getall("Accept-Encoding", [])).lower().split(","):
        name, _, weight = coding.replace(" ", "").partition(";q=")
        if name == "gzip":
            return not weight or weight.strip("0.") != ""
    return False


def whole(
    request: web.BaseRequest, name: str, default: int, least: int = 1, most: int = 1 << 53
) -> int | None:
    """A whole number of the query; `default` where it is not given, None where it is none or out of bounds."""
    given = request.query.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) < 17):
        return None
    return int(given) if least <= int(given) <= most else None


def bad_query(name: str, detail: str) -> web.Response:
    """The refusal of one parameter."""
    return problem("bad-query", 400, "Bad query", f"{name}: {detail}", f"/{name}")

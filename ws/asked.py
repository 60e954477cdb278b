"""What any request says of itself: where it was asked, and what the reader has already."""

from aiohttp import web


def origin(request: web.Request, *, secure: bool) -> str:
    """Where this service is read, scheme and host. `secure`: a proxy with TLS stands in front."""
    return f"{'https' if secure else request.scheme}://{request.host}"


def has(request: web.Request, tag: str) -> bool:
    """Whether the reader has what `tag` (of an ETag, without quotes) stands for. Source: RFC 9110, 13.1.2."""
    return any(known.value in {tag, "*"} for known in request.if_none_match or ())


def takes_gzip(request: web.Request) -> bool:
    """Whether the reader says it reads gzip, and not that it would rather not. Source: RFC 9110, 12.5.3."""
    for coding in ",".join(request.headers.getall("Accept-Encoding", [])).lower().split(","):
        name, _, weight = coding.replace(" ", "").partition(";q=")
        if name == "gzip":
            return not weight or weight.strip("0.") != ""
    return False

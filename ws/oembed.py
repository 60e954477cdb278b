"""oEmbed 1.0: what a page of ours looks like inside somebody else's. Pure."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from ws.widget import FRAMES, address, frame, options

CARD = (1_200, 630)
CACHE_AGE_S = 3_600
URL_CHARACTERS_MAX = 2_000


class Declined(ValueError):
    """No answer: `status` as oEmbed 1.0, section 2.3.4, or HTTP says, and the parameter at fault."""

    def __init__(self, status: int, name: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.name, self.detail = status, name, detail


def oembed(
    query: Mapping[str, str], host: str, contests: Mapping[str, str], *, secure: bool
) -> dict[str, Any]:
    """The response for `?url=`, of type rich. `contests`: names by id. `secure`: this service is read by https.

    Raises Declined: 404 for what is not a widget of this host, 501 for a format that is not JSON, 400 for
    what is no request.
    """
    if query.get("format", "json") != "json":
        raise Declined(501, "format", "only json is spoken here")
    at_most = {name: _pixels(query, name) for name in ("maxwidth", "maxheight")}
    scheme, contest, asked = _widget(query, host)
    if contest not in contests:
        raise Declined(404, "url", "no such contest")
    origin = f"{'https' if secure else scheme}://{host}"
    chosen = options(asked)
    full_width, full_height = FRAMES[chosen.size]
    width, height = (
        min(full_width, at_most["maxwidth"] or full_width),
        min(full_height, at_most["maxheight"] or full_height),
    )
    title = contests[contest] or contest
    spoken = f"?lang={chosen.lang}" if chosen.lang else ""
    thumbnail = _fitted(at_most["maxwidth"], at_most["maxheight"])
    return {
        "type": "rich",
        "version": "1.0",
        "title": title,
        "provider_name": "tally",
        "provider_url": origin,
        "cache_age": CACHE_AGE_S,
        "thumbnail_url": f"{origin}/embed/{quote(contest, safe='')}/card.png{spoken}",
        "thumbnail_width": thumbnail[0],
        "thumbnail_height": thumbnail[1],
        "html": frame(address(origin, contest, chosen), title, width, height),
        "width": width,
        "height": height,
    }


def _widget(query: Mapping[str, str], host: str) -> tuple[str, str, dict[str, str]]:
    """Scheme, contest and options of the address asked about."""
    asked = query.get("url")
    if not asked or len(asked) > URL_CHARACTERS_MAX:
        raise Declined(400, "url", "the address of a widget is needed")
    try:
        parts = urlsplit(asked)
    except ValueError as error:
        raise Declined(404, "url", "no address") from error
    _, embed, *rest = parts.path.split("/")[:4] if parts.path.startswith("/") else ("", "")
    if parts.scheme not in {"http", "https"} or parts.netloc.lower() != host.lower() or embed != "embed":
        raise Declined(404, "url", "not a widget of this service")
    if len(rest) != 1 or not rest[0]:
        raise Declined(404, "url", "not a widget of this service")
    return parts.scheme, unquote(rest[0]), dict(parse_qsl(parts.query, max_num_fields=20))


def _pixels(query: Mapping[str, str], name: str) -> int | None:
    given = query.get(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and 0 < len(given) < 6 and int(given)):
        raise Declined(400, name, "a number of pixels")
    return int(given)


def _fitted(width: int | None, height: int | None) -> tuple[int, int]:
    """The card's own size, or the largest of its shape within what is asked; at least one pixel."""
    across, down = CARD
    if width is not None and width < across:
        across, down = width, width * CARD[1] // CARD[0]
    if height is not None and height < down:
        across, down = height * CARD[0] // CARD[1], height
    return max(1, across), max(1, down)

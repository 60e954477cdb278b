"""The widget for other people's pages: its page, its customizer, its card, oEmbed, names."""

from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from html import escape
from pathlib import Path
from urllib.parse import quote

import msgspec
from aiohttp import web
from msgspec import UNSET

from tally.model import Contest
from tally.state import State
from tally.view import contest_view
from ws.asked import has, origin
from ws.card import card
from ws.maps import Maps
from ws.oembed import Declined, oembed
from ws.picture import Busy, Pictures, preview
from ws.problem import problem
from ws.widget import LANGUAGES, Options, address, options

_STATIC = Path(__file__).parent / "static"
_OPENING = '<html lang="en" data-theme="auto">'
_TITLE = "<title>tally</title>"
CARDS_MAX = 1_000
"""Cards kept, of some 3 kB each."""
Answer = web.StreamResponse


class Embedding:
    """Serves widgets. `policy` is the Content-Security-Policy of what partners frame, and of nothing else.

    `secure`: a proxy with TLS stands in front, so that addresses of ours begin with https.
    """

    def __init__(
        self, state: Callable[[], State], epoch: str, policy: str, maps: Maps, *, secure: bool
    ) -> None:
        self._state, self._epoch, self._policy, self._secure = state, epoch, policy, secure
        self._maps = maps
        self._page = (_STATIC / "embed.html").read_text(encoding="utf-8")
        self._customizer = (_STATIC / "customize.html").read_bytes()
        self._cards: dict[tuple[str, str], tuple[str, str]] = {}
        self._pictures = Pictures()
        if self._page.count(_OPENING) != 1 or self._page.count(_TITLE) != 1:
            raise AssertionError("embed.html lost what is filled in")

    def attach(self, app: web.Application) -> None:
        """Add the routes to an application of the read listener."""
        get = app.router.add_get
        get("/embed", self.customizer)
        get("/embed/{id}", self.page)
        get("/embed/{id}/card.svg", self.card)
        get("/embed/{id}/card.png", self.picture)
        get("/oembed", self.oembed)
        get("/v1/contests/{id}/names", self.names)
        app.on_cleanup.append(self._ended)

    def head(self, request: web.Request) -> str | None:
        """What a link to the page of a contest shows elsewhere; at `/`, of the first. None: no such contest."""
        layout = self._state().layout
        contest = self._contest(request) if "id" in request.match_info else layout.definition.contests[0]
        if contest is None:
            return None
        asked = request.query.get("lang")
        lang = asked if asked in LANGUAGES else None
        return preview(origin(request, secure=self._secure), contest, layout.definition.election, lang) + "\n"

    async def _ended(self, _app: web.Application) -> None:
        self._pictures.close()

    async def customizer(self, _request: web.Request) -> Answer:
        """Where a snippet is put together and seen before it is pasted."""
        return web.Response(
            body=self._customizer,
            content_type="text/html",
            charset="utf-8",
            headers={"Cache-Control": "no-cache"},
        )

    async def page(self, request: web.Request) -> Answer:
        """One contest live, to stand in a frame. An unknown one says so in the same page, with 404."""
        contest, chosen = self._contest(request), options(request.query)
        return web.Response(
            text=self._filled(request, contest, chosen),
            status=200 if contest is not None else 404,
            content_type="text/html",
            charset="utf-8",
            headers={"Cache-Control": "no-cache", "Content-Security-Policy": self._policy},
        )

    def _filled(self, request: web.Request, contest: Contest | None, chosen: Options) -> str:
        head = _TITLE
        if contest is not None:
            called, here = escape(contest.name or contest.id), origin(request, secure=self._secure)
            about = escape(f"/oembed?format=json&url={quote(address(here, contest.id, chosen), safe='')}")
            head = (
                f"<title>{called}: live</title>\n"
                f'<link rel="alternate" type="application/json+oembed" title="{called}" href="{escape(here)}{about}">\n'
                + preview(here, contest, self._state().layout.definition.election, chosen.lang)
            )
        opening = f'<html lang="{chosen.lang or "en"}" data-theme="{chosen.theme}">'
        return self._page.replace(_OPENING, opening).replace(_TITLE, head)

    async def card(self, request: web.Request) -> Answer:
        """The contest as an SVG picture."""
        contest = self._contest(request)
        if contest is None:
            return _unknown()
        lang = _lang(request)
        tag = self._tag(contest, lang)
        headers = _headers(tag)
        if has(request, tag):
            return web.Response(status=304, headers=headers)
        drawn = self._card(contest, tag, lang)
        return web.Response(text=drawn, content_type="image/svg+xml", charset="utf-8", headers=headers)

    async def picture(self, request: web.Request) -> Answer:
        """The same as a PNG, for link previews; a few seconds old at most while the count goes on."""
        contest = self._contest(request)
        if contest is None:
            return _unknown()
        lang = _lang(request)
        tag = self._tag(contest, lang)
        if has(request, tag):
            return web.Response(status=304, headers=_headers(tag))
        try:
            tag, drawn = await self._pictures.png(f"{lang}:{contest.id}", tag, self._card(contest, tag, lang))
        except (Busy, BrokenProcessPool):
            late = problem(
                "too-many-pictures", 503, "Too many pictures", "more pictures than can be drawn are asked for"
            )
            late.headers["Retry-After"] = "5"
            return late
        return web.Response(body=drawn, content_type="image/png", headers=_headers(tag))

    def _tag(self, contest: Contest, lang: str) -> str:
        state = self._state()
        seq = state.contests[state.layout.contest_index[contest.id]].changed_seq
        return f"{self._epoch}.{seq}.{state.layout.sha256[:12]}.{lang}"

    def _card(self, contest: Contest, tag: str, lang: str) -> str:
        """The SVG of a contest as it stands; drawn once a position and language."""
        drawn = self._cards.get((contest.id, lang))
        if drawn is None or drawn[0] != tag:
            state = self._state()
            election = state.layout.definition.election
            view = contest_view(state, state.layout.contest_index[contest.id], self._epoch)
            called = {one.id: one.name or one.id for one in contest.selections}
            title = election.name or election.id
            if len(self._cards) >= CARDS_MAX:
                self._cards.clear()
            drawn = self._cards[contest.id, lang] = tag, card(view, called, title, lang)
        return drawn[1]

    async def oembed(self, request: web.Request) -> Answer:
        """Answer oEmbed 1.0 for addresses of widgets."""
        contests = {one.id: one.name for one in self._state().layout.definition.contests}
        try:
            said = oembed(request.query, request.host, contests, secure=self._secure)
        except Declined as declined:
            code = "bad-query" if declined.status == 400 else "no-oembed"
            return problem(code, declined.status, "No oEmbed", declined.detail, f"/{declined.name}")
        return web.Response(
            body=msgspec.json.encode(said),
            content_type="application/json",
            headers={"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"},
        )

    async def names(self, request: web.Request) -> Answer:
        """Who a contest is between, without the places it is voted in."""
        contest = self._contest(request)
        if contest is None:
            return _unknown()
        layout = self._state().layout
        tag = layout.sha256 + self._maps.tag()
        position = f"{self._epoch}/{self._state().seq}"
        headers = {"ETag": f'"{tag}"', "Cache-Control": "no-cache", "Tally-Position": position}
        if has(request, tag):
            return web.Response(status=304, headers=headers)
        election = layout.definition.election
        view = {
            "format": "tally-names/1",
            "definition_sha256": layout.sha256,
            "election": {"id": election.id, "name": election.name},
            "contest": {
                "id": contest.id,
                "name": contest.name,
                "rule": contest.rule.get("type"),
                "seats": contest.rule.get("seats"),
            },
            "selections": [
                {
                    "id": s.id,
                    "name": s.name,
                    "party": s.party,
                    "withdrawn": s.withdrawn,
                    "color": None if s.color is UNSET else s.color,
                }
                for s in contest.selections
            ],
            "map": self._maps.shown(election),
        }
        return web.Response(body=msgspec.json.encode(view), content_type="application/json", headers=headers)

    def _contest(self, request: web.Request) -> Contest | None:
        layout = self._state().layout
        index = layout.contest_index.get(request.match_info["id"])
        return None if index is None else layout.definition.contests[index]


def _headers(tag: str) -> dict[str, str]:
    return {"ETag": f'"{tag}"', "Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"}


def _unknown() -> web.Response:
    return problem("unknown-contest", 404, "Unknown contest", "no such contest", "/id")


def _lang(request: web.Request) -> str:
    """The language a picture is asked for in; English without one of ours."""
    asked = request.query.get("lang", "")
    return asked if asked in LANGUAGES else "en"

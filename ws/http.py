"""Reading over HTTP: views with ETags, units, history, certificates, the past by position."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from tally import certificate, weakest, wire
from tally.model import canonical
from tally.rows import canonical_lines
from tally.state import ContestState, State
from tally.view import contest_view
from ws.asked import bad_query, has, whole
from ws.board import StateBoard
from ws.finding import Finding
from ws.history import history_page, history_picture
from ws.listing import contests_page, units_page
from ws.origins import origins_view
from ws.problem import problem
from ws.projecting import Projecting

HISTORY_MAX = 1_000
NOT_YET = ("/v1/bulletins",)


class Reading:
    """The read door. `state_at` rebuilds the state at a past seq, off the loop; None: not a position."""

    def __init__(
        self,
        board: StateBoard,
        state: Callable[[], State],
        state_at: Callable[[int], Awaitable[State | None]],
        projecting: Projecting,
    ) -> None:
        self._projecting = projecting
        self._board = board
        self._state = state
        self._state_at = state_at
        self._finding = Finding()
        self._still: dict[int, ContestState] = {}

    def attach(self, app: web.Application) -> None:
        """Add the routes to an application of the read listener."""
        get = app.router.add_get
        get("/v1/election", self.election)
        get("/v1/contests", self.contests)
        get("/v1/contests/{id}", self.contest)
        get("/v1/contests/{id}/units", self.units)
        get("/v1/contests/{id}/units.ndjson", self.units_ndjson)
        get("/v1/contests/{id}/origins", self.origins)
        get("/v1/contests/{id}/certificate", self.certificate)
        get("/v1/contests/{id}/weakest", self.weakest)
        get("/v1/contests/{id}/history", self.history)
        get("/v1/contests/{id}/projection", self.projection)
        get("/v1/contests/{id}/projections", self.projections)
        for path in NOT_YET:
            get(path, not_yet)

    async def election(self, request: web.Request) -> web.StreamResponse:
        """The definition in force, with its SHA-256."""
        layout = self._state().layout
        body = canonical(layout.definition)
        if request.query.get("form") == "canonical":
            return self._answer(request, body, layout.sha256)
        head = f'{{"definition_sha256":"{layout.sha256}",'.encode()
        return self._answer(request, head + body[1:], layout.sha256)

    async def contests(self, request: web.Request) -> web.StreamResponse:
        """Contests in one line each: all, or those found by name."""
        state = await self._when(request)
        if isinstance(state, web.Response):
            return state
        view = await contests_page(self._finding, request, state, self._board.epoch)
        if isinstance(view, web.Response):
            return view
        return self._answer(request, wire.to_json(view), self._tag(view["position"]["seq"]))

    async def contest(self, request: web.Request) -> web.StreamResponse:
        """One contest view, now or as it stood; byte for byte what the stream carries."""
        found = await self._contest(request)
        if isinstance(found, web.Response):
            return found
        state, contest = found
        tag = self._tag(contest.changed_seq)
        if state is self._state():
            newest = self._board.newest(f"contest:{contest.layout.contest.id}")
            assert newest is not None, "a contest always has a view"
            return self._answer(request, newest.json, tag)
        view = contest_view(state, contest.layout.index, self._board.epoch)
        return self._answer(request, wire.to_json(view), tag)

    async def units(self, request: web.Request) -> web.StreamResponse:
        """Units under a parent, or found by name, in pages by `after`."""
        found = await self._contest(request)
        if isinstance(found, web.Response):
            return found
        state, contest = found
        view = await units_page(self._finding, request, state, contest, self._board.epoch)
        if isinstance(view, web.Response):
            return view
        return self._answer(request, wire.to_json(view), self._tag(contest.changed_seq))

    async def units_ndjson(self, request: web.Request) -> web.StreamResponse:
        """Every row of the contest in canonical form, one a line: its SHA-256 is a certificate's snapshot."""
        found = await self._contest(request)
        if isinstance(found, web.Response):
            return found
        state, contest = found
        tag = self._tag(contest.changed_seq)
        if (known := self._known(request, tag)) is not None:
            return known
        response = web.StreamResponse(headers=self._headers(tag))
        response.content_type = "application/x-ndjson"
        lines = await asyncio.to_thread(list, canonical_lines(self._at_rest(state, contest)))
        try:
            await response.prepare(request)
            for first in range(0, len(lines), 500):
                await response.write(b"".join(lines[first : first + 500]))
            await response.write_eof()
        except ConnectionResetError:
            pass  # the reader left; nothing is wrong here
        return response

    async def origins(self, request: web.Request) -> web.StreamResponse:
        """Which batch each row of the contest came in, in their order in `units.ndjson`."""
        found = await self._contest(request)
        if isinstance(found, web.Response):
            return found
        state, contest = found
        tag = self._tag(contest.changed_seq)
        if (known := self._known(request, tag)) is not None:
            return known
        still = self._at_rest(state, contest)
        view = await asyncio.to_thread(origins_view, state, still, self._board.epoch)
        return self._answer(request, wire.to_json(view), tag)

    async def certificate(self, request: web.Request) -> web.StreamResponse:
        """The proof of an irreversible claim, or the witness against an open one."""
        asked = await self._claim(request)
        if isinstance(asked, web.Response):
            return asked
        state, still, claim = asked
        made = await asyncio.to_thread(certificate.certify, state, still, claim, self._board.epoch)
        return self._of_claim(request, still, claim, made)

    async def weakest(self, request: web.Request) -> web.StreamResponse:
        """The weakest assumptions that would carry a claim: ballots still to come, turnout of open units."""
        asked = await self._claim(request)
        if isinstance(asked, web.Response):
            return asked
        _, still, claim = asked
        least = await asyncio.to_thread(weakest.weakest, still, claim)
        seq, epoch = still.changed_seq, self._board.epoch
        said = None if least is None else weakest.published(least, claim, epoch, seq)
        return self._of_claim(request, still, claim, said)

    async def _claim(self, request: web.Request) -> tuple[State, ContestState, str] | web.Response:
        """The claim asked for, and its contest at rest, to be worked on in another thread."""
        found = await self._contest(request)
        if isinstance(found, web.Response):
            return found
        state, contest = found
        claim = request.query.get("claim")
        if claim is None:
            return bad_query("claim", "a claim id, such as elected:ID")
        return state, self._at_rest(state, contest), claim

    def _of_claim(
        self, request: web.Request, contest: ContestState, claim: str, said: dict[str, Any] | None
    ) -> web.Response:
        if said is None:
            what = f"no claim {claim[:80]} in this contest"
            return problem("unknown-claim", 404, "Unknown claim", what, "/claim")
        return self._answer(request, wire.to_json(said), self._tag(contest.changed_seq))

    async def history(self, request: web.Request) -> web.StreamResponse:
        """Every change of a claim and of the totals, oldest first: in pages by `after` (a seq), or `points` in all."""
        found = await self._contest(request)
        if isinstance(found, web.Response):
            return found
        _, contest = found
        query = request.query
        after, limit = (
            whole(request, "after", 0, least=0),
            whole(request, "limit", HISTORY_MAX, most=HISTORY_MAX),
        )
        points = whole(request, "points", HISTORY_MAX, least=2, most=HISTORY_MAX)
        if after is None:
            return bad_query("after", "a position (seq)")
        if limit is None:
            return bad_query("limit", f"a whole number from 1 to {HISTORY_MAX}")
        if points is None:
            return bad_query("points", f"a whole number from 2 to {HISTORY_MAX}")
        if "points" in query and "limit" in query:
            return bad_query("points", "the whole in so many points, or a page by limit, not both")
        view = (
            history_picture(contest, after, points, self._board.epoch)
            if "points" in query
            else history_page(contest, after, limit, self._board.epoch)
        )
        return self._answer(request, wire.to_json(view), self._tag(contest.changed_seq))

    async def projection(self, request: web.Request) -> web.StreamResponse:
        """What the count will probably come to: of now only, and never a claim."""
        return await self._projected(request, self._projecting.view)

    async def projections(self, request: web.Request) -> web.StreamResponse:
        """What it was projected to come to over the night, since the service began: a fan of ranges."""
        return await self._projected(request, self._projecting.views)

    async def _projected(
        self, request: web.Request, viewed: Callable[[ContestState], dict[str, Any]]
    ) -> web.StreamResponse:
        if "at" in request.query:
            why = "a projection is made of the count as it is; past ones are not kept"
            return problem("not-in-this-release", 404, "Not in this release", why, "/at")
        found = await self._contest(request)
        if isinstance(found, web.Response):
            return found
        _, contest = found
        if not self._projecting.interval_ms:
            return problem("not-projected", 404, "Not projected", "projections are switched off here")
        tag = self._tag(contest.changed_seq)
        body = wire.to_json(viewed(contest))
        return self._answer(request, body, f"{tag}.{self._projecting.tag(contest)}")

    async def _contest(self, request: web.Request) -> tuple[State, ContestState] | web.Response:
        state = await self._when(request)
        if isinstance(state, web.Response):
            return state
        index = state.layout.contest_index.get(request.match_info["id"])
        if index is None:
            return problem("unknown-contest", 404, "Unknown contest", "no such contest", "/id")
        return state, state.contests[index]

    def _at_rest(self, state: State, contest: ContestState) -> ContestState:
        """The contest as it stands, safe to read at length in another thread; copied once a position."""
        if state is not self._state():
            return contest
        known = self._still.get(contest.layout.index)
        if known is None or known.changed_seq != contest.changed_seq or known.layout is not contest.layout:
            known = self._still[contest.layout.index] = contest.still()
        return known

    async def _when(self, request: web.Request) -> State | web.Response:
        """The state asked for: now, or `?at=` a seq or an instant."""
        at, state = request.query.get("at"), self._state()
        if at is None:
            return state
        seq = int(at) if at.isascii() and at.isdigit() and len(at) < 16 else _seq_at(state, at)
        if seq is None:
            return bad_query("at", "a position (seq) or an ISO 8601 instant with its offset")
        if seq == state.seq:
            return state
        past = await self._state_at(seq) if 1 <= seq <= state.seq else None
        if past is None:
            return problem(
                "unknown-position", 404, "Unknown position", f"positions run from 1 to {state.seq}", "/at"
            )
        return past

    def _tag(self, seq: int) -> str:
        return f"{self._board.epoch}.{seq}"

    def _headers(self, tag: str) -> dict[str, str]:
        return {
            "ETag": f'"{tag}"',
            "Cache-Control": "no-cache",
            "Tally-Position": f"{self._board.epoch}/{self._state().seq}",
        }

    def _answer(self, request: web.Request, body: bytes, tag: str) -> web.Response:
        if (known := self._known(request, tag)) is not None:
            return known
        return web.Response(body=body, content_type="application/json", headers=self._headers(tag))

    def _known(self, request: web.Request, tag: str) -> web.Response | None:
        """The answer to who has it already; None: it has to be sent."""
        return web.Response(status=304, headers=self._headers(tag)) if has(request, tag) else None


async def not_yet(request: web.Request) -> web.Response:
    """A path of the contract that this release does not have."""
    return problem(
        "not-in-this-release", 404, "Not in this release", f"{request.path} is planned, not sketched"
    )


def _seq_at(state: State, instant: str) -> int | None:

    try:
        moment = datetime.fromisoformat(instant.replace(" ", "+"))
    except ValueError:
        return None
    return None if moment.tzinfo is None else max(0, state.seq_at(int(moment.timestamp() * 1_000)))

"""Exports and the feed of claims over HTTP: made off the loop, a few at once."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from tally.instant import written
from tally.state import ContestState, State
from ws.asked import has, origin
from ws.exports import EXPORTS, Export
from ws.exports.feed import atom
from ws.exports.sheets import Results
from ws.problem import problem

AT_ONCE_MAX = 2
"""Exports made at the same time; others wait their turn."""


class TakeAway:
    """What readers take with them. `state` hands over the applied state.

    `secure`: a proxy with TLS stands in front, so that addresses of ours begin with https.
    """

    def __init__(self, state: Callable[[], State], epoch: str, *, secure: bool) -> None:
        self._state, self._epoch, self._secure = state, epoch, secure
        self._turn = asyncio.Semaphore(AT_ONCE_MAX)

    def attach(self, app: web.Application) -> None:
        """Add the routes to an application of the read listener."""
        for export in EXPORTS:
            app.router.add_get(export.PATH, self._of(export))
        app.router.add_get("/v1/claims.atom", self.claims)

    def _of(self, export: Export) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            state = self._state()
            asked = request.query.get("contest")
            if asked is not None and asked not in state.layout.contest_index:
                return problem("unknown-contest", 404, "Unknown contest", "no such contest", "/contest")
            units = request.query.get("units", "0")
            if units not in {"0", "1"}:
                return problem("bad-query", 400, "Bad query", "units is 1 (rows of units too) or 0", "/units")
            if has(request, f"{self._epoch}.{state.seq}"):
                return web.Response(status=304, headers=self._headers(state.seq))
            async with self._turn:
                state = self._state()
                results = _results(state, self._epoch, asked, with_units=units == "1")
                body = await asyncio.to_thread(export.written, results)
            return web.Response(
                body=body,
                content_type=export.MEDIA_TYPE,
                charset="utf-8" if export.MEDIA_TYPE.startswith("text/") else None,
                headers=self._headers(results.seq)
                | {"Content-Disposition": f'attachment; filename="{_file_name(export, results)}"'},
            )

        return answer

    def _headers(self, seq: int) -> dict[str, str]:
        return {
            "ETag": f'"{self._epoch}.{seq}"',
            "Cache-Control": "no-cache",
            "Tally-Position": f"{self._epoch}/{seq}",
        }

    async def claims(self, request: web.Request) -> web.StreamResponse:
        """The newest claims that turned, as an Atom feed."""
        state = self._state()
        election = msgspec.to_builtins(state.layout.definition.election)
        calls = [(seq, written(at), msgspec.msgpack.decode(events)) for seq, at, events in state.calls]
        here = origin(request, secure=self._secure)
        body = atom(election, self._epoch, calls, here, written(state.at_ms))
        return web.Response(
            body=body,
            content_type="application/atom+xml",
            charset="utf-8",
            headers={"Cache-Control": "no-cache"},
        )


def _results(state: State, epoch: str, contest: str | None, *, with_units: bool) -> Results:
    """The contests asked for, at rest. Cost: a copy of their columns."""
    layouts = state.layout.contest_index
    chosen = state.contests if contest is None else [state.contests[layouts[contest]]]
    still: tuple[ContestState, ...] = tuple(one.still() for one in chosen)
    return Results(state.layout.definition, still, epoch, state.seq, written(state.at_ms), with_units)


def _file_name(export: Export, results: Results) -> str:
    """The election, the position and the format: files of one night lie beside one another in order."""
    stem, _, suffix = export.FILE_NAME.partition(".")
    test = "TEST-" if results.definition.election.is_test else ""
    return f"{test}{results.definition.election.id}-{results.seq:08d}-{stem}.{suffix}".replace('"', "")

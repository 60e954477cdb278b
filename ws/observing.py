"""What observers see: every contest in one full line, and where the doubt in one lies."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from tally import decide, wire
from tally.disputes import disputed_units
from tally.instant import written
from tally.outstanding import UNBOUNDED
from tally.state import CONTESTED, DONE, HELD, VOID, ContestState, State
from tally.view import SUBTOTALS_MAX, leading, outstanding_view, results_status
from ws.asked import has
from ws.problem import problem

FORMAT = "tally-observers/1"
DOUBT_FORMAT = "tally-doubt/1"
UNITS_LISTED_MAX = 200
"""Quarantined and disputed units listed of one contest; their number is always said."""
LINES_AT_ONCE = 100
"""Lines made before others have their turn on the loop."""


class Observing:
    """Serves `/v1/observers` and `/v1/contests/{id}/doubt`. `state` hands over the applied state."""

    def __init__(self, state: Callable[[], State], epoch: str) -> None:
        self._state, self._epoch = state, epoch
        self._lines: dict[int, tuple[int, str, bytes]] = {}
        self._doubts: dict[int, tuple[str, bytes]] = {}

    def attach(self, app: web.Application) -> None:
        """Add the routes to an application of the read listener."""
        app.router.add_get("/v1/observers", self.observers)
        app.router.add_get("/v1/contests/{id}/doubt", self.doubt)

    async def observers(self, request: web.Request) -> web.Response:
        """Every contest in one full line; `after=SEQ`: only those that changed after that record.

        A line may be newer than the position said, never older: asking again after that position misses nothing.
        """
        asked = request.query.get("after", "0")
        if not (asked.isascii() and asked.isdigit() and len(asked) < 17):
            return problem("bad-query", 400, "Bad query", "after: a whole number", "/after")
        state, after = self._state(), int(asked)
        position, as_of = {"epoch": self._epoch, "seq": state.seq}, written(state.at_ms)
        lines: list[bytes] = []
        for index in range(len(state.contests)):
            if after == 0 or state.contests[index].changed_seq > after:
                lines.append(self._line(state.contests[index], state.layout.sha256))
                if len(lines) % LINES_AT_ONCE == 0:
                    await asyncio.sleep(0)
        election = state.layout.definition.election
        view = {
            "format": FORMAT,
            "election": election.id,
            "name": election.name,
            "label": election.label,
            "is_test": election.is_test,
            "position": position,
            "as_of": as_of,
            "contests": [msgspec.Raw(line) for line in lines],
        }
        return self._answer(request, msgspec.json.encode(view), str(position["seq"]))

    def _line(self, contest: ContestState, definition: str) -> bytes:
        known = self._lines.get(contest.layout.index)
        if known is None or known[:2] != (contest.changed_seq, definition):
            made = wire.to_json(line_of(contest))
            known = self._lines[contest.layout.index] = contest.changed_seq, definition, made
        return known[2]

    async def doubt(self, request: web.Request) -> web.Response:
        """Where what may still come lies, and which units are quarantined or disputed; of now only."""
        state = self._state()
        index = state.layout.contest_index.get(request.match_info["id"])
        if index is None:
            return problem("unknown-contest", 404, "Unknown contest", "no such contest", "/id")
        contest = state.contests[index]
        tag, known = f"{contest.changed_seq}.{state.layout.sha256[:12]}", self._doubts.get(index)
        if known is None or known[0] != tag:
            made = await asyncio.to_thread(doubt_view, state, contest.still(), self._epoch)
            known = self._doubts[index] = tag, wire.to_json(made)
        return self._answer(request, known[1], known[0])

    def _answer(self, request: web.Request, body: bytes, tag: str) -> web.Response:
        tag = f"{self._epoch}.{tag}"
        headers = {
            "ETag": f'"{tag}"',
            "Cache-Control": "no-cache",
            "Tally-Position": f"{self._epoch}/{self._state().seq}",
        }
        if has(request, tag):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type="application/json", headers=headers)


def line_of(contest: ContestState) -> dict[str, Any]:
    """One contest in one line, with the names of those it speaks of."""
    layout, root = contest.layout, contest.nodes[0].tolist()
    m = layout.selections
    leader, lead = leading(layout, root[:m])
    coming = outstanding_view(contest)
    settling = decide.settling(contest.claims)
    about = {leader} | {part for name in settling for part in _parts(name)}
    return {
        "contest": layout.contest.id,
        "name": layout.contest.name,
        "names": {s.id: s.name for s in layout.contest.selections if s.id in about and s.name},
        "leader": leader,
        "lead": lead,
        "outstanding": coming["certain"],
        "uncapped": coming["uncapped"],
        "units": {
            "total": len(layout.units),
            "completed": root[m + DONE],
            "quarantined": root[m + HELD],
            "disputed": root[m + CONTESTED],
            "annulled": root[m + VOID],
        },
        "results_status": results_status(contest),
        "irreversible": [_turned(contest, name) for name in settling],
        "claims_irreversible": sum(one.status == "irreversible" for one in contest.claims.values()),
        "withdrawn": [name for name, one in contest.claims.items() if one.status == "withdrawn"],
        "seq": contest.changed_seq,
    }


def _parts(claim: str) -> list[str]:
    """Every reading of whom a claim id names; ids of selections may hold colons."""
    who = claim.partition(":")[2]
    return [who, *who.split("+"), *who.partition(":")[0].split("+")]


def _turned(contest: ContestState, name: str) -> dict[str, Any]:
    claim = contest.claims[name]
    at_ms = next((t.at_ms for t in reversed(contest.history.turns) if t.seq == claim.since), None)
    return {
        "id": name,
        "grade": claim.grade,
        "assumptions": list(claim.assumptions),
        "since": claim.since,
        "since_at": None if at_ms is None else written(at_ms),
    }


def doubt_view(state: State, contest: ContestState, epoch: str) -> dict[str, Any]:
    """Ballots that may still come by place, joint caps aside, and the units in doubt. Cost: O(cells)."""
    layout = contest.layout
    at = {unit_id: place for place, unit_id in enumerate(layout.top)}
    place_of = [at[_top(state, unit.id, at)] for unit in layout.units]
    ballots, uncapped, open_cells = ([0] * len(at) for _ in range(3))
    for cell, outstanding in enumerate(contest.outstanding):
        if outstanding:
            place = place_of[layout.cells.unit[cell]]
            open_cells[place] += 1
            wrong = layout.cells.kind[cell] in contest.sums.tainted
            if wrong or outstanding[0] == UNBOUNDED:
                uncapped[place] += 1
            else:
                ballots[place] += outstanding[0]
    listed = layout.top if len(layout.top) <= SUBTOTALS_MAX else ()
    held = sorted({row // layout.types for row in contest.held})
    disputed = [int(unit) for unit in disputed_units(contest)]
    names = [state.layout.unit_of[unit_id].name for unit_id in layout.top]
    return {
        "format": DOUBT_FORMAT,
        "contest": layout.contest.id,
        "position": {"epoch": epoch, "seq": contest.changed_seq},
        "places": [
            {
                "unit": unit_id,
                "name": names[place],
                "open": open_cells[place],
                "outstanding": None if uncapped[place] else ballots[place],
                "uncapped": uncapped[place],
            }
            for place, unit_id in enumerate(listed)
        ],
        "pools": len(layout.pools),
        "quarantined": {"total": len(held), "units": [_held(contest, u) for u in held[:UNITS_LISTED_MAX]]},
        "disputed": {
            "total": len(disputed),
            "units": [_counted(contest, u) for u in disputed[:UNITS_LISTED_MAX]],
        },
    }


def _top(state: State, unit_id: str, top: dict[str, int]) -> str:
    while unit_id not in top:
        parent = state.layout.unit_of[unit_id].parent
        if parent is None:
            raise AssertionError("every unit of a contest stands under its top")
        unit_id = parent
    return unit_id


def _held(contest: ContestState, unit: int) -> dict[str, Any]:
    """A quarantined unit: what is held of it counts nothing yet."""
    rows = range(unit * contest.layout.types, (unit + 1) * contest.layout.types)
    held = [contest.held[row] for row in rows if row in contest.held]
    counts = [sum(votes) for votes in zip(*(one.counts for one in held), strict=True)]
    rules = sorted({str(one.held_by) for one in held})
    return _unit(contest, unit, counts, sum(one.ballots_cast for one in held)) | {"rules": rules}


def _counted(contest: ContestState, unit: int) -> dict[str, Any]:
    """A disputed unit: what is counted of it, which an annulment would take away."""
    first, last = unit * contest.layout.types, (unit + 1) * contest.layout.types
    counts = contest.counts[first:last].sum(axis=0).tolist()
    return _unit(contest, unit, counts, int(contest.numbers[first:last, 1].sum()))


def _unit(contest: ContestState, unit: int, counts: list[int], ballots: int) -> dict[str, Any]:
    known, selections = contest.layout.units[unit], contest.layout.contest.selections
    votes = {one.id: number for one, number in zip(selections, counts, strict=True)}
    return {"unit": known.id, "name": known.name, "counts": votes, "ballots_cast": ballots}

"""Lists of units and contests in pages: under a parent, or by what people type."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tally.state import ContestState, State
from tally.view import election_view
from ws.asked import bad_query, whole
from ws.board import rows_of
from ws.finding import QUERY_CHARACTERS_MAX, Finding
from ws.problem import problem

ROWS_MAX = 1_000
Refused = web.Response


async def contests_page(
    finding: Finding, query: web.BaseRequest, state: State, epoch: str
) -> dict[str, Any] | Refused:
    """Contests in one line each: all, or those found by `q`, at most `limit` of them."""
    asked = _search(query)
    limit = whole(query, "limit", len(state.contests) or 1, most=ROWS_MAX)
    if isinstance(asked, web.Response):
        return asked
    if limit is None:
        return bad_query("limit", f"a whole number from 1 to {ROWS_MAX}")
    index = state.layout.contest_index
    ids: Sequence[int] = range(len(state.contests))
    if asked:
        ids = [index[one] for one in await finding.contests(state, asked)]
    return election_view(state, epoch, ids[:limit], len(ids))


async def units_page(
    finding: Finding, query: web.BaseRequest, state: State, contest: ContestState, epoch: str
) -> dict[str, Any] | Refused:
    """Units under `parent` (default: the root's children) or found by `q`, after `after`, at most `limit` of them."""
    asked, limit = _search(query), whole(query, "limit", ROWS_MAX, most=ROWS_MAX)
    parent, after = query.query.get("parent"), query.query.get("after")
    if isinstance(asked, web.Response):
        return asked
    if limit is None:
        return bad_query("limit", f"a whole number from 1 to {ROWS_MAX}")
    if asked and parent is not None:
        return bad_query("q", "units under a parent, or found by name in all of the contest, not both")
    if parent is not None and parent not in state.layout.unit_of:
        return problem("unknown-unit", 404, "Unknown unit", f"no unit {parent[:80]}", "/parent")
    layout = contest.layout
    if asked:
        below: Sequence[str] = await finding.units(state, asked)
    else:
        below = layout.top if parent is None else state.layout.children.get(parent, (parent,))
    if layout.contest.units != "all":
        below = [unit for unit in below if unit in layout.unit_index or unit in layout.node_index]
    total, first = len(below), 0
    if after is not None:
        if after not in below:
            return bad_query("after", "an id of the page before")
        first = below.index(after) + 1
    page = below[first : first + limit]
    return {
        "contest": layout.contest.id,
        "parent": parent,
        "path": _path(state, parent),
        "position": {"epoch": epoch, "seq": contest.changed_seq},
        "total": total,
        "units": [row for unit in page for row in rows_of(state, contest, unit, epoch)],
        "next": page[-1] if first + limit < total else None,
    }


def _path(state: State, unit_id: str | None) -> list[dict[str, str]]:
    """From the top down to a unit, itself included."""
    path: list[dict[str, str]] = []
    while unit_id is not None:
        unit = state.layout.unit_of[unit_id]
        path.insert(0, {"unit": unit.id, "name": unit.name})
        unit_id = unit.parent
    return path


def _search(request: web.BaseRequest) -> str | Refused:
    asked = request.query.get("q", "")
    if len(asked) > QUERY_CHARACTERS_MAX:
        return bad_query("q", f"at most {QUERY_CHARACTERS_MAX} characters")
    return asked.strip()

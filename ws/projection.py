"""A projection as readers get it: its place in the count, and what is irreversible at 1."""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from tally.completions import NOWHERE
from tally.events import COMPLETED
from tally.instant import written
from tally.layout import ContestLayout
from tally.ledger import ClaimState
from tally.projection.facts import AREAS_MAX
from tally.projection.frame import Places
from tally.projection.projector import ROWS_MIN, TooEarly
from tally.projection.record import Record
from tally.projection.shown import FORMAT, GRADE, shown
from tally.state import BALLOTS, INVALID, ContestState, State

NEARLY_ONE = 0.999
"""The highest chance that is told of what is not irreversible: a thousand draws cannot tell it from 1."""
RANKED = "ranked-ballots"
NOT_MODELLED = {
    "irv": RANKED, "stv": RANKED, "positional": RANKED,
    "assertion": "no-outcome", "district_method": "rule", "parliament": "rule", "spread": "rule",
}  # fmt: skip
"""Rules whose outcome the projector does not work out, and why: plurality in their place would mislead."""


_NO_PLACES = Places((), np.zeros(0, np.bool_), np.zeros(0), None, (), (), np.zeros(0, np.int64))


class Chance(msgspec.Struct):
    """One selection's."""

    selection: str
    chance: float


class Area(msgspec.Struct):
    """The chances to lead in one area."""

    unit: str
    selections: list[Chance]


class Outcome(msgspec.Struct):
    """What a projection's chances are chances of."""

    kind: str
    runoff: float | None = None


class Shown(msgspec.Struct):
    """What is read here of a projection as it was made; the rest is passed on."""

    status: str
    outcome: Outcome | None
    selections: list[Chance]
    areas: list[Area]


class Held(msgspec.Struct, frozen=True):
    """The last good projection of a contest: as it was made, at which seq of the contest and when.

    `as_of_ms`: the time of that record; `made_ms`: when it was asked for. `record`: how the night's have done.
    """

    view: dict[str, Any]
    shown: Shown
    seq: int
    as_of_ms: int
    made_ms: int
    record: Record


def not_modelled(layout: ContestLayout) -> str | None:
    """Why a contest is not projected; None: it is."""
    rule = layout.contest.rule
    kind = str(rule["type"])
    if kind in NOT_MODELLED:
        return NOT_MODELLED[kind]
    if layout.ranked:
        return RANKED
    if kind == "measure" and rule.get("quorum"):
        return "quorum"
    if kind == "electoral_college":
        if not 1 < len(layout.districts) <= AREAS_MAX:
            return "districts"
        if rule.get("pool") or NOWHERE in layout.district_of:
            return "pool"
    return None


def closed_rows(contest: ContestState) -> tuple[int, int]:
    """The rows from which nothing more comes, and all rows."""
    applies = contest.layout.applies
    return int(np.count_nonzero((contest.progress >= COMPLETED) & applies)), int(applies.sum())


def too_few(contest: ContestState) -> bool:
    """Whether it is too early to ask: few rows are closed, and not yet all of them."""
    closed, rows = closed_rows(contest)
    return closed < min(ROWS_MIN, rows) or not closed


def counted(contest: ContestState) -> tuple[dict[str, int], int]:
    """Votes counted by selection, and valid votes in all."""
    root, m = contest.nodes[0].tolist(), contest.layout.selections
    votes = {one.id: root[s] for s, one in enumerate(contest.layout.contest.selections)}
    return votes, root[m + BALLOTS] - root[m + INVALID]


def waiting(contest: ContestState, reason: str) -> dict[str, Any]:
    """What is shown while there is no projection, and why there is none."""
    return shown(TooEarly(reason, closed_rows(contest)[0], ROWS_MIN, Record()), _NO_PLACES)


def untold(status: str, reason: str) -> dict[str, Any]:
    """What is shown of a contest that is not projected."""
    return {"grade": GRADE, "status": status, "reason": reason}


def headed(state: State, contest: ContestState, epoch: str, held: Held | None) -> dict[str, Any]:
    """Which contest, and which position of it: of the projection, else the newest."""
    election = state.layout.definition.election
    seq, at_ms = (contest.changed_seq, contest.changed_at_ms) if held is None else (held.seq, held.as_of_ms)
    return {
        "format": FORMAT,
        "contest": contest.layout.contest.id,
        "election": election.id,
        "label": election.label,
        "is_test": election.is_test,
        "position": {"epoch": epoch, "seq": seq},
        "as_of": written(at_ms),
    }


def behind_since_ms(contest: ContestState, seq: int) -> int | None:
    """When the contest first changed after a seq; None: it has not. Cost: O(log records)."""
    if contest.changed_seq <= seq:
        return None
    points = contest.history.points
    first = int(np.searchsorted(points[:, 0], seq, side="right"))
    return int(points[first, 1]) if first < len(points) else contest.changed_at_ms


def settled(held: Held, contest: ContestState) -> dict[str, Any]:
    """The projection with what is irreversible for certain at a chance of 1 or 0, and nothing else at 1."""
    shown, outcome = held.shown, held.shown.outcome
    if outcome is None or shown.status == "counted":
        return held.view
    names = [one.selection for one in shown.selections]
    seats = int(contest.layout.contest.rule.get("seats", 1))
    sure, runoff = certain(contest.claims, outcome.kind, names, seats)
    carried = {
        name: 1.0
        for name, claim in contest.claims.items()
        if name.startswith("carries:") and claim.status == "irreversible" and claim.grade == "certain"
    }
    return held.view | {
        "outcome": {"kind": outcome.kind, "runoff": outcome.runoff if runoff is None else runoff},
        "selections": [
            said
            | {"chance": told(one.chance, sure.get(one.selection)), "irreversible": one.selection in sure}
            for said, one in zip(held.view["selections"], shown.selections, strict=True)
        ],
        "areas": [
            area
            | {
                "selections": [
                    said | {"chance": told(one.chance, carried.get(f"carries:{one.selection}:{of.unit}"))}
                    for said, one in zip(area["selections"], of.selections, strict=True)
                ]
            }
            for area, of in zip(held.view["areas"], shown.areas, strict=True)
        ],
    }


def told(chance: float, sure: float | None) -> float:
    """A chance as it is told: what is irreversible, else never quite 1."""
    return min(chance, NEARLY_ONE) if sure is None else sure


def certain(
    claims: Mapping[str, ClaimState], kind: str, names: list[str], seats: int
) -> tuple[dict[str, float], float | None]:
    """Chances that are no longer chances, by selection, and that of a run-off. `kind`: chances of what."""
    ids = {
        name for name, claim in claims.items() if claim.status == "irreversible" and claim.grade == "certain"
    }
    if kind == "passes":
        passes = 1.0 if "passes" in ids else 0.0 if "fails" in ids else None
        return ({}, None) if passes is None else (dict(zip(names, (passes, 1 - passes), strict=False)), None)
    won = "outright" if kind == "outright" else "elected"
    winners = {name for name in names if f"{won}:{name}" in ids}
    if kind == "seats":
        least = {one.removeprefix("at-least:").rpartition(":") for one in ids if one.startswith("at-least:")}
        winners |= {name for name, _, number in least if name in names and number != "0"}
        return dict.fromkeys(winners, 1.0) | {n: 0.0 for n in names if f"at-most:{n}:0" in ids}, None
    runoff = (
        1.0 if "runoff" in ids else 0.0 if "no-runoff" in ids or (kind == "outright" and winners) else None
    )
    over = len(winners) >= (1 if kind == "outright" else seats) or (kind == "outright" and runoff == 1)
    lost = {name for name in names if over or f"eliminated:{name}" in ids} - winners
    return dict.fromkeys(lost, 0.0) | dict.fromkeys(winners, 1.0), runoff

"""The published proof object: what a claim rests on, in numbers anybody can compute again."""

import hashlib
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from tally import decide
from tally.claim import Claim
from tally.completions import NOWHERE, Completions
from tally.decide import Decision
from tally.effects import pool_kind
from tally.implied import implies
from tally.in_box import least_to_come
from tally.instant import written
from tally.layout import EVERY_SELECTION, ContestLayout
from tally.outstanding import UNBOUNDED
from tally.rows import cap_of_row, ranked_ballots, snapshot_sha256
from tally.state import ContestState, State
from tally.wire import canonical_json

FORMAT = "tally-certificate/1"
VERSION = 1
TEXTS = {
    "no-other-unit-over-cap": "No unit whose count is open goes over its cap, though another one did.",
    "soft-caps": "Caps that the definition does not call hard hold.",
}
"""What the assumptions say that come from us; the others are worded by the definition."""

_snapshots: "WeakKeyDictionary[ContestState, tuple[int, str]]" = WeakKeyDictionary()


class Class(NamedTuple):
    """Units whose outstanding ballots are alike: selections on them, innermost pool, district."""

    style: int
    pool: int
    district: int


def certify(state: State, contest: ContestState, claim_id: str, epoch: str) -> dict[str, Any] | None:
    """The certificate of a claim, JSON values and whole numbers only; None: no such claim.

    Proof of an irreversible claim under the strongest grounds that carry it; for an open one a witness
    against it under hard caps. Of "at least 28" where at least 30 is certain: that of the latter.
    Cost: O(rows) once a position for the hash of the rows, then O(cells).
    Source: docs/certificates.md.
    """
    layout = contest.layout
    found = decide.decisions(layout, contest.sums)
    decision = next((d for d in found if d.id == claim_id), None) or next(
        (d for d in found if d.grounds is not None and implies(d.id, claim_id)), None
    )
    if decision is None or layout.rule is None:
        return None
    variant = 0 if decision.grounds is None else decision.grounds.variant
    completions = decide.completions(layout, contest.sums, variant)
    classes = classes_of(layout)
    body = {
        "v": VERSION,
        "format": FORMAT,
        **_who(state, contest, decision),
        "data": _data(state, contest, epoch),
        **_arena(layout, completions),
        "aggregates": _aggregates(contest, classes, variant),
        "bounds": _bounds(contest, classes, variant),
        "pools": _pools(contest, variant),
        "proof": None,
        "witness": None,
    }
    if decision.claim.proof is not None:
        names = [selection.id for selection in layout.contest.selections]
        body["proof"] = layout.rule.publish(completions, decision.claim, names)
    if decision.grounds is None:
        body["witness"] = _witness(contest, classes, completions, decision.claim)
    body["exact"] = body["proof"] is not None or body["witness"] is not None
    return body | {"certificate_sha256": hashlib.sha256(canonical_json(body)).hexdigest()}


def classes_of(layout: ContestLayout) -> list[Class]:
    """The classes of a contest, in the order in which units first need them."""
    return list(dict.fromkeys(Class(key.style, key.pool, key.district) for key in layout.groups))


def _who(state: State, contest: ContestState, decision: Decision) -> dict[str, Any]:
    """Which election, contest and claim; what is said of it, and on which grounds."""
    layout, election = contest.layout, state.layout.definition.election
    grounds = decision.grounds
    return {
        "election": election.id,
        "label": election.label,
        "is_test": election.is_test,
        "contest": layout.contest.id,
        "rule": layout.contest.rule,
        "claim": {
            "id": decision.id,
            "type": decision.claim.kind,
            "who": decide.claimants(layout, decision.claim.kind, decision.claim.who),
            **({} if decision.claim.number is None else {"number": decision.claim.number}),
            **({} if decision.claim.place is None else {"place": decision.claim.place}),
        },
        "verdict": "open" if grounds is None else "irreversible",
        "grade": None if grounds is None else grounds.grade,
        "assumptions": [] if grounds is None else [_assumption(state, name) for name in grounds.assumptions],
        "lemma": decision.claim.lemma,
    }


def _assumption(state: State, name: str) -> dict[str, Any]:
    for assumption in state.layout.definition.assumptions:
        if assumption.id == name:
            said = {"id": name, "text": assumption.text, "kind": assumption.kind}
            if assumption.kind == "caps_hold":
                return said | {"sources": list(assumption.sources)}
            return said | {"value": list(assumption.value)}
    return {"id": name, "text": TEXTS[name]}


def _data(state: State, contest: ContestState, epoch: str) -> dict[str, Any]:
    """Which rows and which definition the numbers are of, and where the rows are."""
    known = _snapshots.get(contest)
    if known is None or known[0] != contest.changed_seq:
        known = _snapshots[contest] = (contest.changed_seq, snapshot_sha256(contest))
    return {
        "epoch": epoch,
        "seq": contest.changed_seq,
        "as_of": written(contest.changed_at_ms),
        "snapshot_sha256": known[1],
        "rows": f"/v1/contests/{contest.layout.contest.id}/units.ndjson?at={contest.changed_seq}",
        "definition_sha256": state.layout.sha256,
    }


def _arena(layout: ContestLayout, completions: Completions) -> dict[str, Any]:
    """Who can be voted for, who can win, what a ballot can say, and the votes counted."""
    form = completions.ballot
    more: dict[str, Any] = {}
    if completions.districts:
        more["districts"] = [
            {"id": one.name, "weight": one.weight, "counted": list(one.counted)}
            for one in completions.districts
        ]
    if layout.ranked:
        more["rankings"] = ranked_ballots(layout, completions.rankings)
    return more | {
        "selections": [selection.id for selection in layout.contest.selections],
        "electable": _names(layout, layout.electable),
        "ballot": {"kind": form.kind, "votes": form.votes, "blank": form.blank},
        "counted": list(completions.counted),
    }


def _names(layout: ContestLayout, mask: int) -> list[str]:
    return [selection.id for s, selection in enumerate(layout.contest.selections) if mask >> s & 1]


def _cell_bound(contest: ContestState, cell: int, variant: int) -> int | None:
    """Ballots that may still come in an open cell; None: nothing bounds them under this reading."""
    ballots = contest.outstanding[cell][variant]
    wrong = variant == 0 and contest.layout.cells.kind[cell] in contest.sums.tainted
    return None if wrong or ballots == UNBOUNDED else ballots


def _aggregates(contest: ContestState, classes: list[Class], variant: int) -> list[dict[str, Any]]:
    """Every class with its units and outstanding ballots; the largest says "rest" for its units."""
    layout, cells = contest.layout, contest.layout.cells
    members: dict[Class, dict[str, None]] = {one: {} for one in classes}
    ballots: dict[Class, int | None] = dict.fromkeys(classes, 0)
    for cell, rows in enumerate(cells.rows):
        key = layout.groups[cells.group[cell]]
        one = Class(key.style, key.pool, key.district)
        if rows:
            members[one][layout.units[cells.unit[cell]].id] = None
        if contest.outstanding[cell]:
            ballots[one] = _sum(ballots[one], _cell_bound(contest, cell, variant))
    known = _in_box(contest, variant)
    rest = max(classes, key=lambda one: len(members[one]), default=None)
    return [
        {
            "class": f"c{index}",
            "units": len(members[one]),
            "members": "rest" if one == rest else sorted(members[one]),
            "on_ballot": (
                None
                if layout.styles[one.style] == EVERY_SELECTION
                else _names(layout, layout.styles[one.style])
            ),
            "pool": layout.pools[one.pool].id if one.pool >= 0 else None,
            "R": ballots[one],
            **({"L": known[one]} if known.get(one) else {}),
            **({"district": _district(layout, one.district)} if layout.districts else {}),
        }
        for index, one in enumerate(classes)
    ]


def _in_box(contest: ContestState, variant: int) -> dict[Class, int]:
    """The fewest ballots that come in each class: those known to be in the box."""
    layout, sums = contest.layout, contest.sums
    least = least_to_come(layout, sums, variant, decide.usable_pools(layout, sums, variant))
    found: dict[Class, int] = {}
    for key, ballots in zip(layout.groups, least, strict=True):
        one = Class(key.style, key.pool, key.district)
        found[one] = found.get(one, 0) + ballots
    return found


def _district(layout: ContestLayout, index: int) -> str | None:
    return None if index == NOWHERE else layout.districts[index].unit


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _bounds(contest: ContestState, classes: list[Class], variant: int) -> list[dict[str, Any]]:
    """Where the outstanding ballots of each class come from: open cells and ballots, by kind of cap."""
    layout, cells = contest.layout, contest.layout.cells
    index = {one: position for position, one in enumerate(classes)}
    found: dict[tuple[int, str, bool], tuple[int, int | None]] = {}
    for cell, outstanding in enumerate(contest.outstanding):
        if outstanding:
            key = layout.groups[cells.group[cell]]
            cap = cap_of_row(contest, cells.unit[cell], cells.rows[cell][0]) or {}
            place = (
                index[Class(key.style, key.pool, key.district)],
                cap.get("source", ""),
                cap.get("hard", False),
            )
            number, total = found.get(place, (0, 0))
            found[place] = (number + 1, _sum(total, _cell_bound(contest, cell, variant)))
    return [
        {"class": f"c{one}", "source": source, "hard": hard, "open_cells": number, "total": total}
        for (one, source, hard), (number, total) in sorted(found.items())
    ]


def _pools(contest: ContestState, variant: int) -> list[dict[str, Any]]:
    """Every joint cap: its room under this reading, None where it does not count."""
    layout, sums = contest.layout, contest.sums
    usable = decide.usable_pools(layout, sums, variant)
    found = []
    for p, pool in enumerate(layout.pools):
        parent, cast = layout.pool_parent[p], sums.pool_cast[p]
        wrong = pool_kind(pool.id) in sums.tainted
        entry = {
            "id": pool.id,
            "parent": layout.pools[parent].id if parent >= 0 else None,
            "ballots": pool.ballots,
            "hard": pool.hard and pool.ballots > 0 and not wrong,
            "source": pool.source,
            "cast": cast,
            "outstanding": pool.ballots - cast if p in usable else None,
        }
        stated = pool.hard and pool.ballots > 0
        entry |= {"stated_hard": True} if stated and wrong else {}
        found.append(entry | ({"shown_wrong": True} if wrong else {}))
    return found


def _witness(
    contest: ContestState, classes: list[Class], completions: Completions, claim: Claim
) -> dict[str, Any] | None:
    """One completion in which an open claim is false: ballots and votes class by class."""
    layout, sums = contest.layout, contest.sums
    assert layout.rule is not None, "a claim comes from a rule"
    found = layout.rule.witness(completions, layout.params, claim)
    if found is None:
        return None
    groups = [
        Class(key.style, key.pool, key.district) for g, key in enumerate(layout.groups) if sums.open_cells[g]
    ]
    cast = dict(zip(dict.fromkeys(groups), found.cast, strict=True))
    unbounded = [
        f"c{index}"
        for index, one in enumerate(classes)
        if one in cast and completions.groups[list(cast).index(one)].ballots_max is None
    ]
    nothing = [0] * layout.selections
    ranked = completions.ballot.kind == "ranked"
    rankings = [ranked_ballots(layout, cast[one].rankings if one in cast else ()) for one in classes]
    return {
        "ballots": [cast[one].ballots if one in cast else 0 for one in classes],
        "votes": [list(cast[one].votes) if one in cast else nothing for one in classes],
        "totals": list(found.totals),
        "unbounded_classes": unbounded,
        **({"rankings": rankings} if ranked else {}),
        **({"afar": [list(votes) for votes in found.afar]} if any(map(any, found.afar)) else {}),
    }

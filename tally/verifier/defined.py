"""A certificate and its rows against the definition: rule, styles, pools, sources of caps."""

import hashlib
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from tally.model import REGISTERED, Cap, Contest, Definition, Unit
from tally.model import canonical as canonical_definition
from tally.verifier.counted import Cell
from tally.verifier.plain import canonical, plain
from tally.verifier.shapes import Certificate, Findings, Row

TEXTS = {
    "no-other-unit-over-cap": "No unit whose count is open goes over its cap, though another one did.",
    "soft-caps": "Caps that the definition does not call hard hold.",
}
EVERYWHERE = "all"


class Stated(NamedTuple):
    """A cap as the definition states it; `ballots` None: none. `kind` is what it is shown wrong with."""

    ballots: int | None
    hard: bool
    kind: str


class Places:
    """Who is under whom in the tree of units."""

    def __init__(self, units: tuple[Unit, ...]) -> None:
        self.unit_of = {unit.id: unit for unit in units}
        self.below: dict[str, list[str]] = {}
        for unit in units:
            if unit.parent is not None:
                self.below.setdefault(unit.parent, []).append(unit.id)

    def leaves(self, named: str | tuple[str, ...]) -> set[str]:
        """The reporting units that a definition's `units` names: "all", one id, or several."""
        if named == EVERYWHERE:
            return {unit_id for unit_id in self.unit_of if unit_id not in self.below}
        found: set[str] = set()
        seen: set[str] = set()
        waiting = [named] if isinstance(named, str) else list(named)
        while waiting:
            unit_id = waiting.pop()
            if unit_id not in seen:
                seen.add(unit_id)
                below = self.below.get(unit_id)
                waiting += below or ()
                if below is None and unit_id in self.unit_of:
                    found.add(unit_id)
        return found


def check_definition(
    body: Certificate, rows: list[Row], cells: list[Cell], given: dict[str, Any], findings: Findings
) -> None:
    """Every difference between a certificate with its rows and the definition they claim to follow."""
    definition = _read(given, findings)
    if definition is None:
        return
    digest = hashlib.sha256(canonical_definition(definition)).hexdigest()
    if not findings.equal(
        "/data/definition_sha256: SHA-256 of the definition", digest, body.data.definition_sha256
    ):
        return
    election = definition.election
    findings.equal("/election", election.id, body.election)
    findings.equal("/label", election.label, body.label)
    findings.equal("/is_test", election.is_test, body.is_test)
    contest = next((one for one in definition.contests if one.id == body.contest), None)
    if contest is None:
        findings.add("/contest: of this election", [one.id for one in definition.contests], body.contest)
        return
    places = Places(definition.units)
    scope = places.leaves(contest.units)
    _check_contest(body, contest, findings)
    _check_scope(rows, contest, places, scope, findings)
    _check_pools(body, contest, places, scope, findings)
    _check_classes(body, cells, contest, places, findings)
    turnouts = any(one.kind == "turnout_max" for one in definition.assumptions)
    _check_caps(cells, contest, places, findings, with_registered=turnouts)
    known = {
        one.id: (one.text, one.kind, UNSET, one.sources)
        if one.kind == "caps_hold"
        else (one.text, one.kind, one.value, UNSET)
        for one in definition.assumptions
    }
    for index, one in enumerate(body.assumptions):
        of_ours = (TEXTS.get(one.id), UNSET, UNSET, UNSET)
        said = (one.text, one.kind, one.value, one.sources)
        findings.equal(f"/assumptions/{index}: as the definition words it", known.get(one.id, of_ours), said)


def _read(given: dict[str, Any], findings: Findings) -> Definition | None:
    """The definition; None, and a difference, when it is not one."""
    if not plain(given, "/definition", findings):
        return None
    if type(given) is not dict:
        findings.add("/definition: an object", "a definition", None)
        return None
    said = {name: value for name, value in given.items() if name != "definition_sha256"}
    try:
        return msgspec.convert(said, Definition)
    except msgspec.ValidationError as error:
        findings.add(f"/definition: {error}", "a definition", None)
        return None


def _check_contest(body: Certificate, contest: Contest, findings: Findings) -> None:
    findings.equal("/rule", canonical(contest.rule), canonical(body.rule))
    findings.equal("/selections", tuple(s.id for s in contest.selections), body.selections)
    able = tuple(s.id for s in contest.selections if s.electable and not s.withdrawn)
    findings.equal("/electable", able, body.electable)
    if body.ballot.kind != "ranked":
        votes = contest.rule.get("votes_per_ballot", contest.votes_allowed)
        findings.equal("/ballot/votes", votes, body.ballot.votes)


def _check_scope(
    rows: list[Row], contest: Contest, places: Places, scope: set[str], findings: Findings
) -> None:
    """Every unit and count type of the contest has its row: no open unit is left out."""
    expected = {
        (unit_id, name)
        for unit_id in scope
        for name in (places.unit_of[unit_id].count_types or contest.count_types)
        if name in contest.count_types
    }
    found = {(row.unit, row.type) for row in rows}
    for key in sorted(expected - found)[:3]:
        findings.add("/rows: a row for every unit and type", key, None)
    for key in sorted(found - expected)[:3]:
        findings.add("/rows: units and types of this contest only", None, key)


def _nested(contest: Contest, places: Places, scope: set[str]) -> list[tuple[int, set[str]]]:
    """The pools with their units, innermost first."""
    members = [places.leaves(pool.units) & scope for pool in contest.caps]
    return sorted(enumerate(members), key=lambda one: (len(one[1]), one[0]))


def _check_pools(
    body: Certificate, contest: Contest, places: Places, scope: set[str], findings: Findings
) -> None:
    order = _nested(contest, places, scope)
    parent: dict[int, str | None] = {}
    for position, (p, members) in enumerate(order):
        around = (contest.caps[q].id for q, larger in order[position + 1 :] if members <= larger)
        parent[p] = next(around, None)
    expected = [
        (pool.id, parent[p], pool.ballots, pool.hard and pool.ballots > 0, pool.source)
        for p, pool in enumerate(contest.caps)
    ]
    said = [(pool.id, pool.parent, pool.ballots, pool.stated, pool.source) for pool in body.pools]
    findings.equal("/pools", expected, said)


def _check_classes(
    body: Certificate, cells: list[Cell], contest: Contest, places: Places, findings: Findings
) -> None:
    """Every unit is in the class of its ballot style and its innermost pool."""
    units = list(dict.fromkeys(cell.unit for cell in cells))
    pool_of: dict[str, str] = {}
    for p, members in _nested(contest, places, set(units)):
        for unit in members:
            pool_of.setdefault(unit, contest.caps[p].id)
    local = [(s.id, None if s.units == EVERYWHERE else places.leaves(s.units)) for s in contest.selections]
    listed = {
        unit: entry
        for entry in body.aggregates
        if not isinstance(entry.members, str)
        for unit in entry.members
    }
    rest = next((entry for entry in body.aggregates if isinstance(entry.members, str)), None)
    district_of = _districts(body, contest, places, findings)
    for unit in units:
        entry = listed.get(unit, rest)
        style = tuple(name for name, where in local if where is None or unit in where)
        on_ballot = None if len(style) == len(local) else style
        said = None if entry is None else (entry.on_ballot, entry.pool, entry.district)
        district = district_of.get(unit) if body.districts is not UNSET else UNSET
        what = f"/aggregates: ballot style, innermost pool and district of unit {unit}"
        if not findings.equal(what, (on_ballot, pool_of.get(unit), district), said):
            return
    kinds = [(entry.on_ballot, entry.pool, entry.district) for entry in body.aggregates]
    if len(set(kinds)) < len(kinds):
        findings.add("/aggregates: one class for units that are alike", None, None)


def _districts(body: Certificate, contest: Contest, places: Places, findings: Findings) -> dict[str, str]:
    """The district of each unit that is in one; differences where the certificate lists others."""
    listed = contest.districts
    stated = (
        [(unit.id, 1) for unit in places.unit_of.values() if unit.type == listed]
        if isinstance(listed, str)
        else [(one.unit, one.weight) for one in listed]
    )
    said = [] if body.districts is UNSET else [(one.id, one.weight) for one in body.districts]
    findings.equal("/districts: the definition's", stated, said)
    return {leaf: name for name, _ in stated for leaf in places.leaves((name,))}


def _check_caps(
    cells: list[Cell], contest: Contest, places: Places, findings: Findings, *, with_registered: bool
) -> None:
    """Every cell has the cap the definition states, and kinds of caps are shown wrong together."""
    wrong: dict[str, bool] = {}
    for cell in cells:
        unit = places.unit_of.get(cell.unit)
        if unit is None:
            continue
        at = f"/rows: cap of unit {unit.id} ({'+'.join(row.type for row in cell.rows)})"
        registered = (unit.voters_registered or 0) if with_registered else 0
        findings.equal(f"{at}: registered", registered or UNSET, cell.cap.registered)
        own = [row.type in unit.type_caps for row in cell.rows]
        if any(own) and len(own) > 1:
            findings.add(f"{at}: a type with its own cap shares none", None, None)
        stated = _stated(unit, contest, cell.rows[0].type)
        findings.equal(f"{at}: the definition's", *_said(cell, stated))
        if stated.kind:
            seen = wrong.setdefault(stated.kind, cell.cap.wrong)
            findings.equal(f"{at}: caps from {stated.kind!r} shown wrong together", seen, cell.cap.wrong)
    shared: dict[str, int] = {}
    for cell in cells:
        unit = places.unit_of.get(cell.unit)
        if unit is not None and cell.rows[0].type not in unit.type_caps:
            shared[unit.id] = shared.get(unit.id, 0) + 1
            if shared[unit.id] == 2:
                findings.add(f"/rows: unit {unit.id} has one cap for types without their own", 1, 2)


def _stated(unit: Unit, contest: Contest, of_type: str) -> Stated:
    """The cap of a unit's count type: its own, else the unit's, else the contest's bound on the register."""
    cap: Cap | None
    if of_type in unit.type_caps:
        cap = unit.type_caps[of_type]
        kind = cap.source or f"cap:{of_type}"
    elif unit.cap is not None:
        cap, kind = unit.cap, unit.cap.source or "cap"
    elif contest.bound.kind == REGISTERED and unit.voters_registered:
        cap, kind = Cap(unit.voters_registered, REGISTERED, contest.bound.hard), REGISTERED
    else:
        cap, kind = None, ""
    if cap is None or cap.ballots <= 0:
        return Stated(None, hard=False, kind="")
    return Stated(cap.ballots, cap.hard, kind)


def _said(cell: Cell, stated: Stated) -> tuple[object, object]:
    """What the row should say of a stated cap, and what it says; fewer ballots declared may replace it."""
    cap = cell.cap
    if cap.source == "declared" and cap.declared is not UNSET and cap.ballots == cap.declared:
        smaller = stated.ballots is None or cap.declared < stated.ballots
        return True, smaller
    if stated.ballots is None:
        return (UNSET, UNSET, False), (cap.ballots, cap.source, cap.stated)
    return (stated.ballots, stated.kind, stated.hard), (cap.ballots, cap.source, cap.stated)

"""Faults of a definition, all of them, each with the JSON pointer of the bad field."""

import re
from collections.abc import Iterator
from typing import Any

from tally.model import FORMAT, IDENTIFIER, Contest, Definition
from tally.refusal import Refusal, escape
from tally.rules import RULES
from tally.tree import Tree

INSTANT = re.compile(
    r"\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-]\d\d:[0-5]\d)\Z"
)
"""An ISO 8601 instant with its offset: a local time means nothing to a reader elsewhere."""
COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z", re.ASCII)
VOTES_BEFORE_MAX = 1_000_000_000_000
"""Votes of one unit and selection in the election before: more fits no electorate and no 64 bits of sums."""


def faults(definition: Definition) -> list[Refusal]:
    """Every fault of a definition, in the order of its fields. Empty: it can be counted. Cost: O(size)."""
    found = list(_unit_faults(definition))
    if definition.format != FORMAT:
        found.insert(0, Refusal("bad-format", "/format", f"this code reads {FORMAT}"))
    if not IDENTIFIER.match(definition.election.id):
        found.append(Refusal("bad-identifier", "/election/id", _identifier_rule(definition.election.id)))
    if not definition.contests:
        found.append(Refusal("field-missing", "/contests", "an election has at least one contest"))
    tree = None if found else Tree(definition)
    seen: set[str] = set()
    for index, contest in enumerate(definition.contests):
        found += _contest_faults(contest, f"/contests/{index}", tree)
        if contest.id.casefold() in seen:
            found.append(Refusal("bad-identifier", f"/contests/{index}/id", f"{contest.id} is there twice"))
        seen.add(contest.id.casefold())
    if definition.election.polls_close is not None and not INSTANT.match(definition.election.polls_close):
        found.append(
            Refusal("bad-definition", "/election/polls_close", "an ISO 8601 instant with its offset")
        )
    assumed: set[str] = set()
    for index, assumption in enumerate(definition.assumptions):
        if assumption.id in assumed:
            found.append(
                Refusal("bad-identifier", f"/assumptions/{index}/id", f"{assumption.id} is there twice")
            )
        assumed.add(assumption.id)
        if assumption.kind == "caps_hold" and not assumption.sources:
            found.append(
                Refusal("field-missing", f"/assumptions/{index}/sources", "which sources' caps are to hold")
            )
        over, under = assumption.value
        if not 0 <= over <= under or under == 0:
            found.append(
                Refusal("bad-definition", f"/assumptions/{index}/value", "a share is [n, d] with 0 <= n <= d")
            )
    return found


def _identifier_rule(got: str) -> str:
    return (
        f"{got[:80]!r} is not an id: ASCII letters, digits and ._:- only, at most 64, first a letter or digit"
    )


def _unit_faults(definition: Definition) -> Iterator[Refusal]:
    if not definition.units:
        yield Refusal("field-missing", "/units", "an election has at least one unit")
    ids = {unit.id for unit in definition.units}
    seen: dict[str, str] = {}
    parent_of = {unit.id: unit.parent for unit in definition.units}
    types = {name for contest in definition.contests for name in contest.count_types}
    for index, unit in enumerate(definition.units):
        at = f"/units/{index}"
        if not IDENTIFIER.match(unit.id):
            yield Refusal("bad-identifier", f"{at}/id", _identifier_rule(unit.id))
        folded = unit.id.casefold()
        if folded in seen:
            yield Refusal("bad-identifier", f"{at}/id", f"{unit.id} is there twice (as {seen[folded]})")
        seen[folded] = unit.id
        if unit.parent is not None and unit.parent not in ids:
            yield Refusal("unknown-unit", f"{at}/parent", f"no unit {unit.parent}")
        if unit.voters_registered is not None and unit.voters_registered < 0:
            yield Refusal("count-negative", f"{at}/voters_registered", "a register holds 0 voters or more")
        if unit.cap is not None and unit.cap.ballots < 0:
            yield Refusal("count-negative", f"{at}/cap/ballots", "a cap is 0 ballots or more")
        for name, cap in unit.type_caps.items():
            if cap.ballots < 0:
                yield Refusal(
                    "count-negative", f"{at}/type_caps/{escape(name)}/ballots", "a cap is 0 ballots or more"
                )
        for name in (*unit.type_caps, *(unit.count_types or ())):
            if name not in types:
                yield Refusal("unknown-type", at, f"no contest counts {name[:80]}")
        for extra in unit.parents.values():
            for parent in extra:
                if parent not in ids:
                    yield Refusal("unknown-unit", f"{at}/parents", f"no unit {parent}")
    yield from _cycles(parent_of)


def _cycles(parent_of: dict[str, str | None]) -> Iterator[Refusal]:
    settled: set[str] = set()
    for start in parent_of:
        path: list[str] = []
        at: str | None = start
        while at is not None and at not in settled:
            if at in path:
                yield Refusal("bad-definition", "/units", f"{at} is its own ancestor")
                break
            path.append(at)
            at = parent_of.get(at)
        settled.update(path)


def _contest_faults(contest: Contest, at: str, tree: Tree | None) -> Iterator[Refusal]:
    if not IDENTIFIER.match(contest.id):
        yield Refusal("bad-identifier", f"{at}/id", _identifier_rule(contest.id))
    if not contest.selections:
        yield Refusal("field-missing", f"{at}/selections", "a contest has at least one selection")
    seen: set[str] = set()
    for index, selection in enumerate(contest.selections):
        if not IDENTIFIER.match(selection.id):
            yield Refusal("bad-identifier", f"{at}/selections/{index}/id", _identifier_rule(selection.id))
        if selection.id.casefold() in seen:
            yield Refusal("bad-identifier", f"{at}/selections/{index}/id", f"{selection.id} is there twice")
        if isinstance(selection.color, str) and not COLOR.match(selection.color):
            yield Refusal("bad-definition", f"{at}/selections/{index}/color", "a color is #rrggbb")
        seen.add(selection.id.casefold())
    kind = contest.rule.get("type")
    if kind not in RULES:
        yield Refusal("bad-definition", f"{at}/rule/type", f"{kind!r} is no rule; rules: {', '.join(RULES)}")
    seats = contest.rule.get("seats", 1)
    if type(seats) is not int or seats < 1:
        yield Refusal("bad-definition", f"{at}/rule/seats", "seats is a whole number, 1 or more")
    yield from _ballot_faults(contest.rule, f"{at}/rule")
    if contest.votes_allowed < 1:
        yield Refusal("bad-definition", f"{at}/votes_allowed", "a voter has at least one vote")
    if not contest.count_types or len(set(contest.count_types)) != len(contest.count_types):
        yield Refusal("bad-definition", f"{at}/count_types", "count types are at least one, each once")
    if "total" in contest.count_types and len(contest.count_types) > 1:
        yield Refusal("bad-definition", f"{at}/count_types", "total excludes every other count type")
    yield from _previous_faults(contest, f"{at}/previous")
    if tree is not None:
        yield from _scope_faults(contest, at, tree)


def _previous_faults(contest: Contest, at: str) -> Iterator[Refusal]:
    """Faults in what is said of the election before. Its units need not be known: boundaries change."""
    before = contest.previous
    if before is None:
        return
    known = {selection.id for selection in contest.selections}
    for old, new in before.map.items():
        if new not in known:
            yield Refusal("unknown-choice", f"{at}/map/{escape(old)}", f"no selection {new[:80]}")
    if before.file is not None:
        why = "votes or a file, not both; an amendment carries the votes themselves"
        yield Refusal("bad-definition", f"{at}/file", why)
    for unit, of_unit in before.votes.items():
        for selection, votes in of_unit.items():
            if not 0 <= votes <= VOTES_BEFORE_MAX:
                code = "count-negative" if votes < 0 else "count-out-of-range"
                where = f"{at}/votes/{escape(unit)}/{escape(selection)}"
                yield Refusal(code, where, f"votes are 0 to {VOTES_BEFORE_MAX:,}")


def _ballot_faults(rule: dict[str, Any], at: str) -> Iterator[Refusal]:
    """Faults in what a rule object says of one ballot."""
    if rule.get("ballot", "choose") not in {"choose", "cumulative", "score"}:
        yield Refusal("bad-definition", f"{at}/ballot", "choose, cumulative or score")
    votes = rule.get("votes_per_ballot", 1)
    if type(votes) is not int or votes < 1:
        yield Refusal("bad-definition", f"{at}/votes_per_ballot", "a whole number, 1 or more")
    if type(rule.get("no_blank", False)) is not bool:
        yield Refusal("bad-definition", f"{at}/no_blank", "true or false")


def _scope_faults(contest: Contest, at: str, tree: Tree) -> Iterator[Refusal]:
    scopes: list[tuple[str, str | tuple[str, ...]]] = [(f"{at}/units", contest.units)]
    scopes += [(f"{at}/selections/{i}/units", s.units) for i, s in enumerate(contest.selections)]
    scopes += [(f"{at}/caps/{i}/units", pool.units) for i, pool in enumerate(contest.caps)]
    if isinstance(contest.districts, str):
        kinds = {unit.type for unit in tree.unit_of.values()}
        if contest.districts not in kinds:
            yield Refusal("bad-definition", f"{at}/districts", f"no unit is of type {contest.districts}")
    else:
        scopes += [(f"{at}/districts/{i}/unit", one.unit) for i, one in enumerate(contest.districts)]
        for i, one in enumerate(contest.districts):
            if one.weight < 0:
                yield Refusal("count-negative", f"{at}/districts/{i}/weight", "a weight is 0 or more")
    unknown = False
    for pointer, units in scopes:
        named = () if units == "all" else (units,) if isinstance(units, str) else units
        for unit_id in named:
            if unit_id not in tree.unit_of:
                unknown = True
                yield Refusal("unknown-unit", pointer, f"no unit {unit_id}")
    if not unknown:
        yield from _pool_faults(contest, at, tree)
        yield from _district_faults(contest, at, tree)


def _district_faults(contest: Contest, at: str, tree: Tree) -> Iterator[Refusal]:
    """Districts must be disjoint: a vote is counted in one of them."""
    listed = contest.districts
    names = (
        [unit.id for unit in tree.unit_of.values() if unit.type == listed]
        if isinstance(listed, str)
        else [one.unit for one in listed]
    )
    owner: dict[str, str] = {}
    for index, name in enumerate(names):
        for leaf in tree.leaves(name):
            other = owner.setdefault(leaf, name)
            if other != name or (names.index(name) != index):
                yield Refusal(
                    "bad-definition", f"{at}/districts", f"districts {other} and {name} share unit {leaf}"
                )
                return


def _pool_faults(contest: Contest, at: str, tree: Tree) -> Iterator[Refusal]:
    """Pools must be laminar: any two are disjoint, or one holds the other."""
    members = [{leaf for unit_id in pool.units for leaf in tree.leaves(unit_id)} for pool in contest.caps]
    for index, pool in enumerate(contest.caps):
        if pool.ballots < 0:
            yield Refusal("count-negative", f"{at}/caps/{index}/ballots", "a cap is 0 ballots or more")
        for other in range(index):
            both = members[index] & members[other]
            if both and not (members[index] <= members[other] or members[other] <= members[index]):
                yield Refusal(
                    "bad-definition",
                    f"{at}/caps/{index}/units",
                    f"pools {contest.caps[other].id} and {pool.id} overlap without one holding the other",
                )

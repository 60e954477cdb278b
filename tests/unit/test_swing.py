"""The swing against a naive recount: random nights, the sums by difference and from the columns."""

import random
from collections import Counter
from typing import Any

import msgspec
import pytest

from tally import engine, freeze
from tally.amend import migrated
from tally.layout import compile_definition
from tally.model import Definition
from tally.rows import unit_row
from tally.state import State
from tally.view import child_view, contest_view
from tests.unit.test_engine import Recount, command, drawn

COMPLETED, AWAY = 2, 3
OLD = ("x", "b", "gone")
MAP = {"x": "a"}
"""Selection a is compared with x, b with b, c with nobody; `gone` with nobody here."""


def with_before(chance: random.Random) -> dict[str, Any]:
    """A small election in which most units, and one of other boundaries, voted before."""
    found = drawn(chance)
    leaves = [unit["id"] for unit in found["units"] if "parent" in unit]
    votes = {
        unit: {old: chance.randint(0, 9) for old in chance.sample(OLD, chance.randint(1, 3))}
        for unit in [*leaves, "elsewhere"]
        if chance.random() < 0.8
    }
    for contest in found["contests"]:
        contest["previous"] = {"contest": "old", "map": MAP, "votes": votes}
    return found


def recounted(recount: Recount, state: State, index: int, under: set[str]) -> dict[str, Any]:
    """The swing from what was accepted and the definition alone."""
    contest = state.layout.contests[index].contest
    assert contest.previous is not None
    before = contest.previous.votes
    units, now, then, whole = 0, Counter[str](), Counter[str](), 0
    for unit in sorted(under):
        rows = [recount.rows.get((contest.id, unit, t)) for t in types_of(state, index, unit)]
        progress = {row["progress"] if row else 0 for row in rows}
        standing = recount.standing.get((contest.id, unit), "stands")
        if standing in {"annulled", "quarantined"} or COMPLETED not in progress:
            continue
        if progress - {COMPLETED, AWAY} or not sum(before.get(unit, {}).values()):
            continue
        units += 1
        for row in rows:
            now.update(dict(zip("abc", row["votes"], strict=True)) if row else {})
        for old, votes in before[unit].items():
            whole += votes
            then[MAP.get(old, old)] += votes
    known = {MAP.get(old, old) for unit in leaves(state, index) for old in before.get(unit, {})}
    return {
        "units": units,
        "votes": sum(now.values()),
        "votes_before": whole,
        "totals": [
            {"selection": s, "votes": now[s], "votes_before": then[s] if s in known else None} for s in "abc"
        ],
    }


def leaves(state: State, index: int) -> set[str]:
    return {unit.id for unit in state.layout.contests[index].units}


def types_of(state: State, index: int, unit_id: str) -> list[str]:
    contest, unit = state.layout.contests[index].contest, state.layout.unit_of[unit_id]
    return [t for t in contest.count_types if unit.count_types is None or t in unit.count_types]


def check(state: State, recount: Recount, seen: Counter[str]) -> None:
    for index, contest in enumerate(state.contests):
        if contest.layout.contest.previous is None or not contest.layout.contest.previous.votes:
            continue
        view = contest_view(state, index, "epoch")
        assert view["swing"] == recounted(recount, state, index, leaves(state, index))
        for place in view["subtotals"]:
            at = place["unit"]
            under = {u for u in leaves(state, index) if at in {u, state.layout.unit_of[u].parent}}
            assert place["swing"] == recounted(recount, state, index, under)
        for unit, defined in enumerate(contest.layout.units):
            shown = unit_row(state, contest, unit, 0, "epoch")["swing"]
            assert shown == recounted(recount, state, index, {defined.id})
            seen["matched" if shown["units"] else "not"] += 1


@pytest.mark.parametrize("chunk", range(4))
def test_random_nights(chunk: int) -> None:
    seen: Counter[str] = Counter()
    for night in range(700 + chunk, 740, 4):
        chance = random.Random(night)
        definition = msgspec.convert(with_before(chance), Definition)
        state, recount = engine.open_state(engine.define(definition, 1_000)), Recount()
        for number in range(40):
            step = engine.step(state, command(chance, state, number), 2_000 + number)
            if step.record is None:
                continue
            state = engine.apply(state, step.record, step.effects)
            recount.take(step.record, state)
            seen[type(step.record.cause).__name__] += 1
            check(state, recount, seen)
        check(freeze.thaw(freeze.freeze(state)), recount, seen)
        check(migrated(state, grown(state)), recount, seen)
    assert all(seen[what] > 5 for what in ("matched", "not", "StandingChanged", "BatchCounted")), seen


def grown(state: State) -> Any:
    """The layout after an amendment: one new unit, and other numbers of the election before."""
    plain = msgspec.json.decode(msgspec.json.encode(state.layout.definition))
    parent = next(unit["parent"] for unit in plain["units"] if unit["parent"])
    plain["units"].append({"id": "new", "parent": parent, "voters_registered": 50})
    for contest in plain["contests"]:
        if contest["previous"] is not None:
            contest["previous"]["votes"]["new"] = {"x": 3}
            contest["previous"]["votes"]["u0"] = {"x": 5, "b": 2}
    return compile_definition(msgspec.convert(plain, Definition), "other")


def test_a_contest_without_an_election_before_has_no_swing() -> None:
    definition = msgspec.convert(drawn(random.Random(1)), Definition)
    state = engine.open_state(engine.define(definition, 1_000))
    assert "swing" not in contest_view(state, 0, "epoch")
    assert "swing" not in child_view(state, state.contests[0], "n")
    assert "swing" not in unit_row(state, state.contests[0], 0, 0, "epoch")


def test_a_reader_in_another_thread_keeps_what_was() -> None:
    chance = random.Random(702)
    definition = msgspec.convert(with_before(chance), Definition)
    state = engine.open_state(engine.define(definition, 1_000))
    still = state.contests[0].still()
    for number in range(40):
        step = engine.step(state, command(chance, state, number), 2_000 + number)
        if step.record is not None:
            state = engine.apply(state, step.record, step.effects)
    live = state.contests[0].swing
    assert live is not None
    assert still.swing is not None
    assert not still.swing.sums.any()
    assert live.sums.any()

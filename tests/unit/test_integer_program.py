"""Needs met together: found, or refuted in whole numbers by a tree a stranger can re-add."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from tally import integer_program, solver
from tally.completions import BallotForm, Completions, Group, ModalUnit, Pool
from tally.instance import Instance, parse
from tally.integer_program import Extra, Impossible, Need, Step, find
from tally.needs import Problem
from tally.verifier import infeasible
from tally.verifier.arithmetic import Field, Room, Source
from tally.verifier.shapes import Ballot, Findings, read
from tally.witness import Witness
from tests.oracle.ballots import ends, unbounded
from tests.oracle.draw import draw

NAMES = ("ann", "bo", "cy", "dee", "eve")
FORM_FIELDS = ("ballot", "votes_per_ballot", "no_blank", "max_annulled")


def field_of(completions: Completions) -> Field:
    """The same outstanding ballots as a verifier sees them."""
    size = len(completions.counted)
    form = completions.ballot
    sources = tuple(
        Source(frozenset(j for j in range(size) if g.on_ballot >> j & 1), g.ballots_max, g.pool)
        for g in completions.groups
    )
    rooms = tuple(Room(pool.ballots_max, pool.parent) for pool in completions.pools)
    return Field(completions.counted, Ballot(form.kind, form.votes, form.blank), sources, rooms)


def refuted(
    completions: Completions, needs: Sequence[Need], extras: Sequence[Extra], steps: Any
) -> list[str]:
    """What the verifier says of a refutation."""
    findings = Findings()
    shaped = read(json.loads(json.dumps(steps)), infeasible.Steps, "", findings)
    if shaped is not None:
        theirs = [infeasible.Need(need.votes, need.least, need.extra) for need in needs]
        ranges = [(one.low, one.high) for one in extras]
        names = NAMES[: len(completions.counted)]
        infeasible.check_infeasible(shaped, field_of(completions), names, (theirs, ranges), "", findings)
    return [one.what for one in findings.found]


def question(rng: random.Random, size: int, near: tuple[int, ...]) -> tuple[list[Need], list[Extra]]:
    """Needs that one end just meets or just misses."""
    extras = []
    if rng.random() < 0.3:
        extras = [Extra(-rng.randint(0, 2), rng.randint(0, 3)) for _ in range(rng.choice([1, 2]))]
    needs = []
    for _ in range(rng.choice([1, 2, 2, 3, 3, 4, 6])):
        votes = tuple(rng.choice([-3, -2, -1, -1, 0, 0, 1, 1, 2, 5]) for _ in range(size))
        value = sum(weight * number for weight, number in zip(votes, near, strict=True))
        extra = tuple(rng.randint(-2, 2) for _ in extras)
        needs.append(Need(votes, value + rng.choice([-1, 0, 0, 0, 1, 1, 2]), extra))
    return needs, extras


def feasible(all_ends: frozenset[tuple[int, ...]], needs: list[Need], extras: list[Extra]) -> bool:
    """Whether some end, with some numbers, meets every need."""
    boxes = list(product(*(range(one.low, one.high + 1) for one in extras)))
    return any(
        all(
            sum(map(int.__mul__, need.votes, end)) + sum(map(int.__mul__, need.extra, box)) >= need.least
            for need in needs
        )
        for end in all_ends
        for box in boxes
    )


@pytest.mark.parametrize("seed", range(4))
def test_it_is_feasible_iff_some_end_meets_the_needs(seed: int) -> None:
    rng, seen = random.Random(seed), Counter[str]()
    for _ in range(150):
        raw, _ = draw(rng)
        raw["rule"] = "plurality"
        raw["params"] = {name: value for name, value in raw["params"].items() if name in FORM_FIELDS}
        parsed = parse(raw)
        assert isinstance(parsed, Instance)
        endless = unbounded(raw)
        all_ends = ends(raw | {"enough": 4} if endless else raw)
        for _ in range(3):
            needs, extras = question(rng, len(raw["candidates"]), rng.choice(sorted(all_ends)))
            found = find(parsed.completions, needs, extras)
            said = f"{json.dumps(raw)} {needs} {extras}"
            true = feasible(all_ends, needs, extras)
            if isinstance(found, Impossible):
                assert not true, said
                seen["refuted" if len(found.proof) == 1 else "refuted by cases"] += 1
                forced = any(group.ballots_min for group in parsed.completions.groups)
                if not parsed.completions.modal and not forced:
                    seen["re-added"] += 1
                    steps = found.published(NAMES)
                    assert refuted(parsed.completions, needs, extras, steps) == [], said
            elif isinstance(found, Witness):
                assert endless or (true and found.totals in all_ends), said
                seen["found"] += 1
            else:
                assert endless, said
                seen["not settled"] += 1
    print(seed, dict(seen))
    assert min(seen["refuted"], seen["re-added"], seen["found"]) > 25
    assert seen["refuted by cases"] >= 1


def odd() -> tuple[Completions, list[Need]]:
    """2·V_0 + 2·V_1 between two even numbers once the third is fixed: only whole numbers say no."""
    completions = Completions((0, 0, 0), (Group(ballots_max=3), Group(0b11, 4)))
    return completions, [Need((2, 2, 1), 9), Need((-2, -2, -1), -9), Need((0, 0, -1), 0), Need((0, 0, 1), 0)]


def test_whole_numbers_say_no_where_fractions_say_yes() -> None:
    completions, needs = odd()
    found = find(completions, needs)
    assert isinstance(found, Impossible)
    assert len(found.proof) > 1
    steps = found.published(NAMES)
    assert refuted(completions, needs, (), steps) == []


def test_a_forged_refutation_is_refused() -> None:
    completions, needs = odd()
    found = find(completions, needs)
    assert isinstance(found, Impossible)
    steps = found.published(NAMES)
    forged: list[Any] = [
        steps[:-1], steps + steps[-1:], [], [{}], [{"weights": []}], steps[1:],
        [{"weights": [0] * len(needs)}], [{"weights": [1] * len(needs)}], [{"weights": [1]}],
        [{**steps[0], "of": "zoe"}, *steps[1:]], [{**steps[0], "at": steps[0]["at"] + 1}, *steps[1:]],
        [{**steps[0], "split": "mode"}, *steps[1:]], [{**steps[0], "weights": [1]}, *steps[1:]],
        [{"weights": [-1] * len(needs)}], "no", {"weights": 1},
    ]  # fmt: skip
    for index, step in enumerate(steps):
        more = [{**step, name: step[name] + 1} for name in set(step) & {"wanted", "most", "at"}]
        forged += [[*steps[:index], one, *steps[index + 1 :]] for one in more]
        for name in set(step) & {"weights", "a"}:
            changed = [[n + (k == at) for k, n in enumerate(step[name])] for at in range(len(step[name]))]
            forged += [[*steps[:index], {**step, name: one}, *steps[index + 1 :]] for one in changed]
    for one in forged:
        assert refuted(completions, needs, (), one), one
    assert refuted(completions, [*needs[:3]], (), steps)


def test_nothing_bounds_the_ballots_and_it_is_impossible_all_the_same() -> None:
    completions = Completions((0, 0), (Group(0b01, None), Group(0b10, 5)))
    needs = [Need((1, -2), 1), Need((-1, 0), -9), Need((0, 1), 5)]
    found = find(completions, needs)
    assert isinstance(found, Impossible)
    assert refuted(completions, needs, (), found.published(NAMES)) == []
    assert isinstance(find(completions, [Need((1, -2), 10**6)]), Witness)


def test_numbers_the_solver_cannot_tell_apart_are_not_settled() -> None:
    completions = Completions((10**15, 0), (Group(ballots_max=10**15),))
    assert find(completions, [Need((2, -3), 0), Need((-2, 3), 0), Need((0, 1), 1)]) is None
    assert isinstance(find(completions, [Need((-1, 0), 0)]), Impossible)


def test_a_solver_that_lies_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    completions = Completions((2, 1), (Group(ballots_max=1),))
    tied, ahead = [Need((-1, 1), 0), Need((1, -1), 0)], [Need((-1, 1), 1), Need((0, 1), 1)]
    lie = Witness((), (), (0, 9))
    monkeypatch.setattr(integer_program, "relax", lambda _: solver.Look(((5, 3),), ((lie, ()),), None))
    monkeypatch.setattr(integer_program, "ask", lambda _: ((lie, ()),))
    assert find(completions, tied) is None
    assert isinstance(
        find(completions, ahead), Impossible
    )  # no solver was asked: one need alone is out of reach
    monkeypatch.setattr(integer_program, "relax", lambda _: None)
    assert find(completions, tied) is None


def test_many_units_in_doubt_are_one_question() -> None:
    """Five hundred units that may be annulled, 20 of them at most: found or refuted in well under a second."""
    units = tuple(ModalUnit((30 + n % 7, 28, n % 5), annullable=True) for n in range(500))
    completions = Completions((0, 100, 0), (Group(ballots_max=50),), modal=units, annulled_max=20)
    assert isinstance(find(completions, [Need((-1, 1, 0), 1), Need((-1, -1, 20), 0)]), Impossible)
    assert isinstance(find(completions, [Need((-1, 1, 0), -2_300), Need((0, 0, 1), 960)]), Witness)


def test_cases_are_counted() -> None:
    """An equation of large odd numbers is a knapsack: the budget ends it, and nothing is claimed."""
    rng = random.Random(1)
    units = tuple(ModalUnit((2 * rng.randint(10**5, 10**6), 1), annullable=True) for _ in range(40))
    target = sum(unit.counted[0] for unit in units) // 2
    target += 1 - target % 2
    needs = [Need((1, 0), target), Need((-1, 0), -target)]
    completions = Completions((0, 0), (Group(0b10, 3),), BallotForm(), (Pool(2),), units)
    assert find(completions, needs) is None


def test_a_published_refutation_names_selections_and_classes() -> None:
    proof = (
        Step("total", 1, 4),
        Step("none", weights=(1, 0), a=(2, 0), wanted=9, most=8),
        Step("ballots", 0, 2),
        Step("none"),
        Step("extra", 0, 1),
    )
    assert Impossible(proof).published(NAMES) == [
        {"split": "total", "of": "bo", "at": 4}, {"weights": [1, 0], "a": [2, 0], "wanted": 9, "most": 8},
        {"split": "ballots", "of": "c0", "at": 2},
        {"weights": [], "a": [], "wanted": 0, "most": 0}, {"split": "extra", "of": "0", "at": 1},
    ]  # fmt: skip


def test_a_point_outside_the_numbers_is_none() -> None:
    completions = Completions((1, 1), (Group(ballots_max=1),))
    point = find(completions, [Need((1, 0), 1)])
    assert isinstance(point, Witness)
    problem = Problem(completions, (Need((1, 0), 1, (1,)),), (Extra(0, 1),))
    assert integer_program.meets(problem, point, (1,))
    assert not integer_program.meets(problem, point, (2,))

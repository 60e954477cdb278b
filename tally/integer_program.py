"""Can final votes meet several linear needs at once? A completion, or a refutation.

A solver is asked (`tally/solver.py`) and never believed: a point counts once it is rebuilt as a witness and
checked in whole numbers; "impossible" counts once a tree of cases is refuted, case by case, by one sum of the
needs that no completion reaches. Whoever distrusts all of it re-adds those sums.
"""

from collections.abc import Sequence
from math import gcd
from typing import Any, Literal, TypeVar

import msgspec

from tally.assertion import Assertion, least
from tally.completions import Completions, Group, ModalUnit
from tally.needs import Extra, Need, Problem
from tally.reach import room_beside
from tally.solver import Look, Split, ask, relax
from tally.witness import Witness, faults

__all__ = ["Extra", "Impossible", "Need", "Problem", "Step", "find"]

NODES_MAX = 150
"""Cases looked at before the question is left open."""
NUMBER_MAX = 10**13
"""No weight, bound or count of a question is larger: the solver works in doubles of 53 bits."""
WEIGHT_MAX = 2**63 - 1
"""No multiplier of a published refutation is larger."""


T = TypeVar("T")


class Step(msgspec.Struct, frozen=True):
    """One case of a refutation.

    A split goes on in the steps after it: first all of the case "at most `at`", then all of the case "more".
    "mode": the unit's modes one by one, `at` of them. "none": `weights` times the needs (reduced, then those
    that splits on totals added, in order) add up to a·V >= wanted (auxiliary numbers aside), and no completion
    reaches more than `most`, less than wanted; without weights no completion is left.
    """

    split: Literal["none", "total", "ballots", "extra", "mode"]
    index: int = 0
    at: int = 0
    weights: tuple[int, ...] = ()
    a: tuple[int, ...] = ()
    wanted: int = 0
    most: int = 0


class Impossible(msgspec.Struct, frozen=True):
    """No completion meets the needs; `proof` is the refutation, the first case first, depth first."""

    proof: tuple[Step, ...]

    def published(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Return the proof as JSON values: selections by name, classes as c0, c1, …; modes are not published."""
        found: list[dict[str, Any]] = []
        for step in self.proof:
            if step.split == "none":
                found.append(
                    {
                        "weights": list(step.weights),
                        "a": list(step.a),
                        "wanted": step.wanted,
                        "most": step.most,
                    }
                )
                continue
            of = names[step.index] if step.split == "total" else f"c{step.index}"
            of = str(step.index) if step.split in {"extra", "mode"} else of
            found.append({"split": step.split, "of": of, "at": step.at})
        return found


def find(
    completions: Completions, needs: Sequence[Need], extras: Sequence[Extra] = ()
) -> Witness | Impossible | None:
    """Return a completion that meets every need, a proof that there is none, or None: not settled.

    Exact within `NODES_MAX` cases, never wrong. Ballots that are ranked are not asked about. Cost: 0.1 ms where
    one need alone is out of reach, else some milliseconds a case.
    Source: docs/rules/thresholds.md, "Several needs at once".
    """
    problem = Problem(completions, tuple(reduced(need) for need in needs), tuple(extras))
    alone = _refuted_alone(problem)
    if alone is not None:
        return Impossible((alone,))
    if not _modest(problem):
        return None
    waiting, steps, asked = [problem], list[Step](), False
    for _ in range(NODES_MAX):
        if not waiting:
            return Impossible(tuple(steps))
        case = waiting.pop()
        leaf = _refuted_alone(case)
        look = None if leaf is not None else relax(case)
        leaf = leaf if look is None else _refuted(case, look)
        if leaf is not None:
            steps.append(leaf)
            continue
        if look is None:
            return None
        if len(case.completions.modal) == len(completions.modal):
            points = [*look.points] if asked else [*look.points, *ask(problem)]
            asked = True
            for point, numbers in points:
                if meets(problem, point, numbers):
                    return point
        if look.split is None:
            return None
        step, cases = _split(case, look.split)
        steps.append(step)
        waiting.extend(reversed(cases))
    return Impossible(tuple(steps)) if not waiting else None


def reduced(need: Need) -> Need:
    """Return the need divided by what its weights have in common, its least rounded up: no whole number is lost."""
    common = gcd(*need.votes, *need.extra)
    if common <= 1:
        return need
    return Need(
        tuple(weight // common for weight in need.votes),  # exact: `common` divides it
        -(-need.least // common),
        tuple(weight // common for weight in need.extra),
    )


def meets(problem: Problem, point: Witness, numbers: Sequence[int]) -> bool:
    """Return whether a point is a completion, with those auxiliary numbers, that meets every need."""
    if any(not one.low <= number <= one.high for one, number in zip(problem.extras, numbers, strict=True)):
        return False
    for need in problem.needs:
        value = sum(weight * votes for weight, votes in zip(need.votes, point.totals, strict=True))
        value += sum(weight * number for weight, number in zip(need.extra, numbers, strict=False))
        if value < need.least:
            return False
    return not faults(problem.completions, point)


def _modest(problem: Problem) -> bool:
    """Whether every number is small enough that half a vote is far above what the solver may be off by."""
    completions = problem.completions
    numbers = [*completions.counted]
    for need in problem.needs:
        numbers += [*need.votes, *need.extra, need.least]
    for one in problem.extras:
        numbers += [one.low, one.high]
    for unit in completions.modal:
        numbers += [*unit.counted, unit.revisable, unit.revote or 0]
    for group in (*completions.groups, *(unit.group for unit in completions.modal)):
        numbers += [group.ballots_max or 0, group.ballots_min]
    return max(map(abs, numbers), default=0) <= NUMBER_MAX and completions.ballot.kind != "ranked"


def _refuted_alone(case: Problem) -> Step | None:
    """Return the step when no completion is left, or one need alone is out of reach."""
    completions = case.completions
    if completions.pools:
        parts = [*completions.groups, *(u.group for u in completions.modal if not _may_go(completions, u))]
        if min(room_beside(parts, completions.pools)) < 0:
            return Step("none")
    for index in range(len(case.needs)):
        step = summed(case, tuple(int(k == index) for k in range(len(case.needs))))
        if step is not None:
            return step
    return None


def _may_go(completions: Completions, unit: ModalUnit) -> bool:
    """Whether the unit's ballots need not come after all."""
    return completions.annulled_max != 0 and (unit.annullable or unit.revote is not None)


def _refuted(case: Problem, look: Look) -> Step | None:
    for weights in look.weights:
        step = summed(case, weights)
        if step is not None and max(map(abs, (*weights, *step.a, step.wanted, step.most))) <= WEIGHT_MAX:
            return step
    return None


def summed(case: Problem, weights: Sequence[int]) -> Step | None:
    """Return the needs added up with these weights, none below 0, when no completion reaches the sum."""
    votes = [0] * len(case.completions.counted)
    numbers = [0] * len(case.extras)
    wanted = 0
    for weight, need in zip(weights, case.needs, strict=True):
        wanted += weight * need.least
        for j, one in enumerate(need.votes):
            votes[j] += weight * one
        for k, one in enumerate(need.extra):
            numbers[k] += weight * one
    lacking = least(Assertion(tuple(-one for one in votes), -wanted), case.completions).slack
    if lacking is None:
        return None
    pairs = zip(numbers, case.extras, strict=True)
    most = wanted - lacking + sum(max(one * extra.low, one * extra.high) for one, extra in pairs)
    return (
        Step("none", weights=tuple(weights), a=tuple(votes), wanted=wanted, most=most)
        if most < wanted
        else None
    )


def _split(case: Problem, split: Split) -> tuple[Step, list[Problem]]:
    """Return the step and its cases: every completion, and every value of the numbers, is in one of them."""
    on, index, at = split.on, split.of, split.at
    replace = msgspec.structs.replace
    if on == "mode":
        return _by_mode(case, index)
    step = Step(on, index, at)
    if on == "total":
        unit = tuple(int(j == index) for j in range(len(case.completions.counted)))
        below = Need(tuple(-one for one in unit), -at)
        cases = [replace(case, needs=(*case.needs, need)) for need in (below, Need(unit, at + 1))]
    elif on == "extra":
        one = case.extras[index]
        halves = (Extra(one.low, at), Extra(at + 1, one.high))
        cases = [replace(case, extras=_with(case.extras, index, half)) for half in halves]
    else:
        group = case.completions.groups[index]
        parts = (replace(group, ballots_max=at), replace(group, ballots_min=at + 1))
        grouped = [_with(case.completions.groups, index, part) for part in parts]
        cases = [replace(case, completions=replace(case.completions, groups=g)) for g in grouped]
    return step, cases


def _with(items: tuple[T, ...], index: int, item: T) -> tuple[T, ...]:
    return (*items[:index], item, *items[index + 1 :])


def _by_mode(case: Problem, index: int) -> tuple[Step, list[Problem]]:
    """Return one case a mode of the unit; the unit is then settled: votes that stand, and a group of ballots."""
    completions = case.completions
    unit = completions.modal[index]
    most = completions.annulled_max
    fewer = None if most is None else most - 1
    rest = completions.modal[:index] + completions.modal[index + 1 :]
    settled = msgspec.structs.replace(completions, modal=rest)
    kept = msgspec.structs.replace(
        settled, counted=_sum(settled.counted, unit.counted), groups=(*settled.groups, unit.group)
    )
    cases = [msgspec.structs.replace(case, completions=kept)]
    if most != 0:
        gone = msgspec.structs.replace(settled, annulled_max=fewer)
        if unit.annullable:
            cases.append(msgspec.structs.replace(case, completions=gone))
        if unit.revote is not None:
            anew = (*gone.groups, Group(unit.on_ballot, unit.revote, district=unit.district))
            again = msgspec.structs.replace(gone, groups=anew)
            cases.append(msgspec.structs.replace(case, completions=again))
        if unit.revisable:
            cases.append(_revised(case, unit, msgspec.structs.replace(kept, annulled_max=fewer)))
    return Step("mode", index, len(cases)), cases


def _revised(case: Problem, unit: ModalUnit, kept: Completions) -> Problem:
    """Return the case in which each counted number of the unit moves: one auxiliary number a selection."""
    moves = tuple(Extra(-min(unit.revisable, number), unit.revisable) for number in unit.counted)
    padding = len(case.extras)
    needs = tuple(
        Need(n.votes, n.least, (*n.extra, *(0,) * (padding - len(n.extra)), *n.votes)) for n in case.needs
    )
    return Problem(kept, needs, (*case.extras, *moves))


def _sum(these: tuple[int, ...], those: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(int.__add__, these, those))

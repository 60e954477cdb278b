"""No completion meets these needs: a refutation by cases, re-added in whole numbers.

Each need is first divided by what its weights have in common, its least rounded up: no vote is half. A split
says that a total, the ballots of a class, or an auxiliary number is at most so much, or more: one of the two is
true. A case is refuted by weights, none below 0: the needs times the weights add up to one inequality, and the
most any completion gives it, ballot by ballot, dearest first, is less than it asks for.
"""

from collections.abc import Sequence
from math import gcd
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from tally.verifier.arithmetic import Field
from tally.verifier.shapes import Ballot, Count, Findings, Number

STEPS_MAX = 2_000
"""No refutation has more cases."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A refuted case, or a split, whose two cases follow, "at most" before "more".

    Refuted: `weights` a need, what they add up to, a·V >= `wanted`, and the `most` any completion gives.
    """

    weights: tuple[Count, ...] | UnsetType = UNSET
    a: tuple[Number, ...] | UnsetType = UNSET
    wanted: Number | UnsetType = UNSET
    most: Number | UnsetType = UNSET
    split: Literal["total", "ballots", "extra"] | UnsetType = UNSET
    of: str | UnsetType = UNSET
    at: Number | UnsetType = UNSET


Steps = Annotated[tuple[Step, ...], msgspec.Meta(max_length=STEPS_MAX)]


class Need(NamedTuple):
    """Σ votes[j]·V_j + Σ extra[k]·Z_k >= least."""

    votes: tuple[int, ...]
    least: int
    extra: tuple[int, ...] = ()


class Case(NamedTuple):
    """One case: the needs, how few and how many ballots each class brings, and where each number lies."""

    needs: tuple[Need, ...]
    ballots: tuple[tuple[int, int | None], ...]
    numbers: tuple[tuple[int, int], ...]


def check_infeasible(
    steps: Sequence[Step],
    field: Field,
    names: Sequence[str],
    question: tuple[Sequence[Need], Sequence[tuple[int, int]]],
    at: str,
    findings: Findings,
) -> None:
    """Note where `steps` do not refute the question: the needs, and from where to where each number lies.

    Cost: O(steps × needs × selections + steps × classes × log classes).
    """
    needs, numbers = question
    ballots = tuple((source.least, source.ballots) for source in field.sources)
    waiting = [Case(tuple(_reduced(need) for need in needs), ballots, tuple(numbers))]
    for index, step in enumerate(steps):
        where = f"{at}/{index}"
        if not waiting:
            findings.add(f"{where}: nothing is left to refute", None, index)
            return
        case = waiting.pop()
        if step.weights is not UNSET and (step.split, step.of, step.at) == (UNSET, UNSET, UNSET):
            _check_weights(step, case, field, where, findings)
            continue
        halves = _halves(step, case, names)
        if halves is None:
            findings.add(f"{where}: weights, or a split of a total, a class or a number", None, None)
            return
        waiting += [halves[1], halves[0]]
    if waiting:
        findings.add(f"{at}: every case is refuted", 0, len(waiting))


def _reduced(need: Need) -> Need:
    """The need divided by what its weights have in common, its least rounded up."""
    common = gcd(*need.votes, *need.extra) or 1
    votes = tuple(one // common for one in need.votes)
    return Need(votes, -(-need.least // common), tuple(one // common for one in need.extra))


def _halves(step: Step, case: Case, names: Sequence[str]) -> tuple[Case, Case] | None:
    """The two cases of a split, "at most" first; None: it splits nothing."""
    if (step.weights, step.a, step.wanted, step.most) != (UNSET,) * 4 or step.of is UNSET or step.at is UNSET:
        return None
    most = step.at
    if step.split == "total" and step.of in names:
        place = list(names).index(step.of)
        unit = tuple(int(j == place) for j in range(len(names)))
        below, above = Need(tuple(-one for one in unit), -most), Need(unit, most + 1)
        return case._replace(needs=(*case.needs, below)), case._replace(needs=(*case.needs, above))
    classes = [f"c{index}" for index in range(len(case.ballots))]
    if step.split == "ballots" and step.of in classes:
        index = classes.index(step.of)
        low, high = case.ballots[index]
        fewer = (low, most if high is None else min(high, most))
        more = (max(low, most + 1), high)
        halves = [(*case.ballots[:index], part, *case.ballots[index + 1 :]) for part in (fewer, more)]
        return case._replace(ballots=halves[0]), case._replace(ballots=halves[1])
    numbers = [str(index) for index in range(len(case.numbers))]
    if step.split == "extra" and step.of in numbers:
        index = numbers.index(step.of)
        left, right = case.numbers[index]
        cut = ((left, min(right, most)), (max(left, most + 1), right))
        of_numbers = [(*case.numbers[:index], part, *case.numbers[index + 1 :]) for part in cut]
        return case._replace(numbers=of_numbers[0]), case._replace(numbers=of_numbers[1])
    return None


def _check_weights(step: Step, case: Case, field: Field, where: str, findings: Findings) -> None:
    """Whether the weighted sum of the needs asks for more than any completion of the case gives."""
    weights = () if step.weights is UNSET else step.weights
    if not weights:
        findings.equal(f"{where}: no weights, no sum", ((), 0, 0), (step.a, step.wanted, step.most))
        if not _empty(case, field):
            findings.add(f"{where}/weights: a case without completions needs none", "weights", [])
        return
    if not findings.equal(f"{where}/weights: one a need", len(case.needs), len(weights)):
        return
    pairs = list(zip(weights, case.needs, strict=True))
    a = [sum(w * need.votes[j] for w, need in pairs) for j in range(len(field.counted))]
    wanted = sum(w * need.least for w, need in pairs)
    most = _most(case, field, a)
    if most is not None:
        most += sum(one * votes for one, votes in zip(a, field.counted, strict=True))
        for k, (low, high) in enumerate(case.numbers):
            one = sum(w * need.extra[k] for w, need in pairs if k < len(need.extra))
            most += max(one * low, one * high)
    findings.equal(f"{where}/a: the needs added up", a, None if step.a is UNSET else list(step.a))
    findings.equal(f"{where}/wanted: the needs added up", wanted, step.wanted)
    findings.equal(f"{where}/most: the most any completion gives", most, step.most)
    if most is None or most >= wanted:
        findings.add(f"{where}: the sum can be reached", f"< {wanted}", most)


def _empty(case: Case, field: Field) -> bool:
    """Whether the ballots the splits ask for do not fit, or a range has nothing in it."""
    if any(high is not None and low > high for low, high in case.ballots):
        return True
    if any(low > high for low, high in case.numbers):
        return True
    return min(_room(case, field).values(), default=0) < 0


def _room(case: Case, field: Field) -> dict[int, int]:
    """What each pool can take beside the fewest ballots of every class."""
    return field.room_beside([low for low, _ in case.ballots])


def _most(case: Case, field: Field, a: Sequence[int]) -> int | None:
    """The most outstanding ballots can give a·V in this case; None: there is no limit."""
    worth = [_worth(field.form, [a[j] for j in source.on_ballot]) for source in field.sources]
    total = sum(low * one for (low, _), one in zip(case.ballots, worth, strict=True))
    room = _room(case, field)
    for index in sorted(range(len(worth)), key=lambda index: -worth[index]):
        if worth[index] <= 0:
            break
        low, high = case.ballots[index]
        chain = field.chain(field.sources[index].pool)
        limits = [room[pool] for pool in chain] + ([] if high is None else [high - low])
        if not limits:
            return None
        taken = max(0, min(limits))
        for pool in chain:
            room[pool] -= taken
        total += taken * worth[index]
    return total


def _worth(form: Ballot, weights: Sequence[int]) -> int:
    """The most one ballot that is cast can give; one that may not be blank may have to take."""
    if not weights:
        return 0
    best = max(weights)
    if best <= 0:
        return 0 if form.blank else best
    positive = sorted((one for one in weights if one > 0), reverse=True)
    if form.kind == "choose":
        return sum(positive[: form.votes])
    return form.votes * (best if form.kind == "cumulative" else sum(positive))

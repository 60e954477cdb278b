"""Every rule against enumeration, family by family: verdicts, claims, witnesses, planted mistakes."""

import json
import os
import random
from collections import Counter

import pytest

from tally.rules import RULES
from tests.oracle.families import FAMILIES, Family
from tests.oracle.families._compare import differences
from tests.oracle.mutants import Mutant, planted

NIGHTLY = os.environ.get("TALLY_NIGHTLY") == "1"
INSTANCES = 10_000 * (10 if NIGHTLY else 1)  # over all families
CHUNKS = 4
MUTANT_INSTANCES = 3_000  # at most; most mistakes show within a few dozen
PLANTED = [(name, mutant) for name, family in FAMILIES.items() for mutant in family.MUTANTS]


@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("name", FAMILIES)
def test_agrees_with_enumeration(name: str, chunk: int, capsys: pytest.CaptureFixture[str]) -> None:
    family = FAMILIES[name]
    rng = random.Random(f"{name} {chunk}")
    number = INSTANCES * family.SHARE // 100 // CHUNKS
    seen: Counter[str] = Counter()
    for _ in range(number):
        raw, expected, ends = _case(family, rng)
        found = differences(family, raw, expected, ends)
        assert not found, f"{json.dumps(raw)}: {found}"
        seen.update([f"rule {raw['rule']}", *family.kinds(raw, expected)])
    with capsys.disabled():
        table = ", ".join(f"{kind} {times}" for kind, times in sorted(seen.items()))
        print(f"\noracle, {name}, chunk {chunk}: {number} instances; {table}")
    rare = {kind for kind in family.NOT_RARE if seen[kind] < number // 100}
    assert not rare, f"hardly seen, so hardly tested: {rare}"


def _case(family: Family, rng: random.Random) -> tuple[dict, dict, frozenset]:
    raw = family.draw(rng)
    ends = frozenset(family.ends(raw))
    return raw, family.answer(raw, ends), ends


Case = tuple[dict, dict, frozenset]
CASES: dict[str, tuple[random.Random, list[Case]]] = {
    name: (random.Random(f"planted {name}"), []) for name in FAMILIES
}
"""Answered instances a family, shared by its planted mistakes and grown on demand."""


def _shared(name: str, index: int) -> Case:
    rng, cases = CASES[name]
    while len(cases) <= index:
        cases.append(_case(FAMILIES[name], rng))
    return cases[index]


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize(
    ("name", "mutant"), PLANTED, ids=[f"{name}: {mutant.name}" for name, mutant in PLANTED]
)
def test_planted_mistake_is_caught(name: str, mutant: Mutant) -> None:
    family = FAMILIES[name]
    for index in range(MUTANT_INSTANCES):
        raw, expected, ends = _shared(name, index)
        with planted(mutant):
            try:
                found = differences(family, raw, expected, ends)
            except (AssertionError, ArithmeticError, LookupError, StopIteration, TypeError, ValueError):
                return  # it noticed by itself
        if found:
            return
    pytest.fail(f"{MUTANT_INSTANCES} instances do not tell: {mutant.name}")


def test_every_rule_is_judged() -> None:
    of_families = {rule for family in FAMILIES.values() for rule in family.RULES}
    assert of_families | {"plurality", "disputed", "assertion"} == set(RULES)

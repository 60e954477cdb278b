"""The core against enumeration: every verdict, every slack, every witness, on random small instances."""

import json
import os
import random
from collections import Counter

import pytest

from tally.instance import decide
from tests.oracle.compare import differences
from tests.oracle.draw import draw
from tests.oracle.law import answer
from tests.oracle.mutants import MUTANTS, Mutant, planted

NIGHTLY = os.environ.get("TALLY_NIGHTLY") == "1"
CHUNKS = 4
INSTANCES = 5_000 * (10 if NIGHTLY else 1)  # a chunk
NOT_RARE = (
    "elected", "eliminated", "outcome certain", "assertion holds", "with no bound", "with caps", "with modes",
    "overturned by annulling", "overturned by nothing",
)  # fmt: skip
MUTANT_INSTANCES = 6_000  # at most; most mistakes show within a few dozen


def _kinds(raw: dict, expected: dict) -> list[str]:
    """What an instance is made of and what is true of it: the rows of the printed table."""
    rule, params = raw["rule"], raw["params"]
    kinds = [f"rule {rule}", f"form {params.get('ballot', 'choose')} {params.get('votes_per_ballot', 1)}"]
    units = raw["units"]
    features = {
        "styles": any("on_ballot" in unit for unit in units),
        "caps": bool(raw.get("caps")),
        "modes": any(unit.get("annullable") or "revote" in unit or unit.get("revisable") for unit in units),
        "no blank": params.get("no_blank", False),
        "no bound": any(unit["outstanding"] is None for unit in units),
        "several seats": params.get("seats", 1) > 1,
    }
    kinds += [f"with {name}" for name, there in features.items() if there]
    if rule == "assertion":
        return kinds + [
            f"assertion {'holds' if one['irreversible'] else 'open'}" for one in expected["assertions"]
        ]
    size = len(raw["candidates"])
    kinds += ["elected"] * len(expected["elected"]) + ["not elected"] * (size - len(expected["elected"]))
    kinds += ["eliminated"] * len(expected["eliminated"]) + ["not eliminated"] * (
        size - len(expected["eliminated"])
    )
    kinds.append("outcome certain" if expected["outcome_certain"] else "outcome open")
    if rule == "disputed":
        least = expected["min_units_to_overturn"]
        kinds.append(
            "overturned by " + ("nothing" if least is None else "0 units" if least == 0 else "annulling")
        )
    return kinds


@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_agrees_with_enumeration(chunk: int, capsys: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(20130414 + chunk)
    seen: Counter[str] = Counter()
    for _ in range(INSTANCES):
        raw, electable = draw(rng)
        expected, totals = answer(raw, electable)
        found = differences(raw, electable, expected, totals)
        assert not found, f"{json.dumps(raw)} electable {electable}: {found}"
        seen.update(_kinds(raw, expected))
    with capsys.disabled():
        print(
            f"\noracle, chunk {chunk}: {INSTANCES} instances; "
            + ", ".join(f"{k} {n}" for k, n in sorted(seen.items()))
        )
    rare = {kind for kind in NOT_RARE if seen[kind] < INSTANCES // 100}
    assert not rare, f"hardly seen, so hardly tested: {rare}"


Case = tuple[dict, int, dict, frozenset]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Answered instances, shared by every planted mistake and grown on demand."""
    return []


def _case(cases: list[Case], index: int, rng: random.Random) -> Case:
    while len(cases) <= index:
        raw, electable = draw(rng)
        cases.append((raw, electable, *answer(raw, electable)))
    return cases[index]


RNG = random.Random(7_505_338)  # one stream for the shared cases, whatever the order of the tests


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_planted_mistake_is_caught(mutant: Mutant, cases: list[Case]) -> None:
    for index in range(MUTANT_INSTANCES):
        raw, electable, expected, totals = _case(cases, index, RNG)
        with planted(mutant):
            try:
                found = differences(raw, electable, expected, totals)
            except (AssertionError, ArithmeticError, LookupError, StopIteration, TypeError):
                return  # it noticed by itself
        if found:
            return
    pytest.fail(f"{MUTANT_INSTANCES} instances do not tell: {mutant.name}")


def test_mistakes_are_taken_back() -> None:
    raw = {
        "rule": "plurality",
        "candidates": ["A", "B"],
        "params": {},
        "units": [{"id": "u", "counted": [2, 1], "outstanding": 1}],
    }
    with planted(MUTANTS[2]):
        assert decide(raw)["elected"] == ["A"]
    assert decide(raw)["elected"] == []

"""What a counted ballot may do to claims of any rule: keep them, and never take from what they have to spare."""

import copy
import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tally.claim import Claim
from tally.instance import Instance, parse
from tally.rules import RULES
from tests.oracle.families import FAMILIES, Json

INSTANCES = 400  # a family
OF_A_PROOF = {
    "irv"
}  # slack is the least lead of the proof found, and another ballot may lead to another proof
WITH_SLACK = {"thresholds", "rankings"}  # families with rules whose claims say what they have to spare
Told = tuple[str, tuple[int, ...], int | None, str | None]


def claims_of(raw: Json) -> dict[Told, Claim]:
    instance = parse(raw)
    assert isinstance(instance, Instance), (raw, instance)
    found = RULES[instance.rule].statuses(instance.completions, instance.params)
    return {(one.kind, one.who, one.number, one.place): one for one in found}


def still_said(known: Told, after: dict[Told, Claim]) -> bool:
    """Whether an irreversible claim is one still, or follows from one: at least 30 says at least 28."""
    for told, one in after.items():
        if not one.irreversible or told[:2] != known[:2] or told[3] != known[3]:
            continue
        if told[2] == known[2] or known[2] is None or told[2] is None:
            return True
        if told[2] >= known[2] if "at-least" in known[0] else told[2] <= known[2]:
            return True
    return False


def counted_ballots(raw: Json, chance: random.Random) -> Iterator[Json]:
    """The same a ballot later: one that a unit had outstanding is counted there, for somebody or for nobody."""
    for index, unit in enumerate(raw["units"]):
        if not unit["outstanding"] or unit.get("revisable"):  # more votes in a unit, more of them to revise
            continue
        later = copy.deepcopy(raw)
        own = later["units"][index]
        own["outstanding"] -= 1
        own["min_outstanding"] = max(0, own.get("min_outstanding", 0) - 1)
        for cap in later.get("caps", []):
            cap["max"] -= unit["id"] in cap["units"]
        if _fits(later) and _cast(later, own, chance):
            yield later


def _fits(raw: Json) -> bool:
    """Whether what must still come has room under the caps: no other ballot may take it."""
    least = {unit["id"]: unit.get("min_outstanding", 0) for unit in raw["units"]}
    return all(sum(least[name] for name in cap["units"]) <= cap["max"] for cap in raw.get("caps", []))


def _cast(raw: Json, unit: Json, chance: random.Random) -> bool:
    """Count one ballot in a unit; False: no ballot of its form can be."""
    names, params = raw["candidates"], raw["params"]
    listed = unit.get("on_ballot", range(len(names)))
    on = [names.index(one) if isinstance(one, str) else one for one in listed]
    if raw["rule"] in {"irv", "stv"}:
        ranking = chance.sample(on, chance.randint(1, len(on))) if on else []
        if params.get("no_blank") and not ranking:
            return False
        unit["ballots"] = [*unit.get("ballots", []), {"ranking": [names[j] for j in ranking], "count": 1}]
        return True
    if raw["rule"] == "positional":
        return _rank(raw, unit, on, chance)
    if unit.get("ballots") is not None:
        unit["ballots"] += 1
    if not on or (not params.get("no_blank") and chance.random() < 0.15):
        if params.get("no_blank") and on:
            return False
        unit["ballots"] = sum(unit["counted"]) + 1 if unit.get("ballots") is None else unit["ballots"]
        return True
    unit["counted"][chance.choice(on)] += 1
    return True


def _rank(raw: Json, unit: Json, on: list[int], chance: random.Random) -> bool:
    """A whole ranking of points by place, as any law on truncation allows one."""
    scores = raw["params"]["scores"]
    if len(on) < len(raw["candidates"]) or len(scores) < len(on):
        return False
    for score, j in zip(scores, chance.sample(on, len(on)), strict=False):
        unit["counted"][j] += score
    return True


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", FAMILIES)
def test_a_counted_ballot_keeps_claims_and_lowers_no_slack(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    family, chance, seen = FAMILIES[name], random.Random(f"slack {name}"), Counter[str]()
    for _ in range(INSTANCES):
        raw = family.draw(chance)
        before = claims_of(raw)
        for later in counted_ballots(raw, chance):
            _compare(raw, later, before, claims_of(later), seen)
    with capsys.disabled():
        print(f"\n{name}: {dict(sorted(seen.items()))}")
    for rule in family.RULES:
        assert seen[f"{rule}: kept"], (rule, seen)
        assert seen[f"{rule}: turned"], (rule, seen)
    assert name not in WITH_SLACK or any(key.endswith("slack rose") for key in seen), seen


def _compare(
    raw: Json, later: Json, before: dict[Told, Claim], after: dict[Told, Claim], seen: Counter[str]
) -> None:
    rule = raw["rule"]
    for told, one in before.items():
        now = after.get(told)
        if one.irreversible:
            assert still_said(told, after) or not (now is None or now.exact), (told, json.dumps([raw, later]))
            seen[f"{rule}: kept"] += 1
        elif now is not None and now.irreversible:
            seen[f"{rule}: turned"] += 1
        if now is not None and _number(one) and _number(now) and rule in OF_A_PROOF:
            assert now.slack > 0  # type: ignore[operator]
        elif now is not None and _number(one) and _number(now):
            assert now.slack >= one.slack, (told, one.slack, now.slack, json.dumps([raw, later]))  # type: ignore[operator]
            seen[f"{rule}: slack rose" if now.slack > one.slack else f"{rule}: slack the same"] += 1  # type: ignore[operator]


def _number(one: Claim) -> bool:
    return one.exact and one.slack is not None


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", FAMILIES)
def test_a_ballot_more_makes_no_claim(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    family, chance, seen = FAMILIES[name], random.Random(f"more {name}"), Counter[str]()
    for _ in range(INSTANCES):
        raw = family.draw(chance)
        before = claims_of(raw)
        unit: Any = chance.choice(raw["units"])
        if unit["outstanding"] is None:
            continue
        more = copy.deepcopy(raw)
        more["units"][raw["units"].index(unit)]["outstanding"] += 1
        after = claims_of(more)
        for told, one in after.items():
            if one.irreversible:
                known = before.get(told)
                assert still_said(told, before) or not (known is None or known.exact), (
                    told,
                    json.dumps(more),
                )
                seen[f"{raw['rule']}: stays"] += 1
        seen[f"{raw['rule']}: undone"] += sum(
            one.irreversible and not still_said(told, after) for told, one in before.items()
        )
    with capsys.disabled():
        print(f"\n{name}: {dict(sorted(seen.items()))}")
    for rule in family.RULES:
        assert seen[f"{rule}: stays"], (rule, seen)

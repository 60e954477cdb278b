"""What a counted ballot may do to claims of any rule: keep them, and never take from what they have to spare."""

import copy
import json
import os
import random
from collections import Counter
from collections.abc import Callable

import msgspec
import pytest

from tally.claim import Claim
from tally.completions import ALL
from tally.instance import Instance, parse
from tally.rules import RULES
from tests.oracle import draw as votes
from tests.oracle.ballots import form_of, one_ballot
from tests.oracle.families import FAMILIES, Json
from tests.oracle.families._rankings_law import points_of, rankings, totals_of

INSTANCES = 3_000 * (10 if os.environ.get("TALLY_NIGHTLY") == "1" else 1)  # a family
Told = tuple[str, tuple[int, ...], int | None, str | None]
Drawn = tuple[Json, int]  # and the mask of who can win

DRAWS: dict[str, Callable[[random.Random], Drawn]] = {"votes": votes.draw} | {
    name: lambda rng, family=family: (family.draw(rng), ALL) for name, family in FAMILIES.items()
}
OF_VOTES = ("plurality", "plurality of several seats", "disputed", "assertion")
WITH_SLACK = {*OF_VOTES, "two_round", "measure", "positional", "irv", "stv"}


def claims_of(raw: Json, electable: int) -> dict[Told, Claim]:
    instance = parse(raw)
    assert isinstance(instance, Instance), (raw, instance)
    completions = instance.completions
    if electable != ALL:
        completions = msgspec.structs.replace(completions, electable=electable)
    found = RULES[instance.rule].statuses(completions, instance.params)
    return {(one.kind, one.who, one.number, one.place): one for one in found}


def said(what: Told, claims: dict[Told, Claim]) -> bool:
    """Whether a claim is irreversible, or follows from one that is: at least 30 says at least 28."""
    kind, who, number, place = what
    for (kind_, who_, number_, place_), one in claims.items():
        if not one.irreversible or (kind_, who_, place_) != (kind, who, place):
            continue
        if number is None or number_ is None:
            follows = number is number_
        elif "at-least" in kind:
            follows = number_ >= number
        else:
            follows = number_ <= number if "at-most" in kind else number_ == number
        if follows:
            return True
    return False


def later(raw: Json, chance: random.Random) -> Json | None:
    """The same some ballots later, each counted in a unit that had it outstanding; None: none can be."""
    made = None
    for _ in range(chance.choice([1, 1, 2, 3])):
        twin = copy.deepcopy(made or raw)
        unit = chance.choice(twin["units"])
        if unit["outstanding"] == 0:
            continue
        if unit["outstanding"] is not None:
            unit["outstanding"] -= 1
        unit["min_outstanding"] = max(0, unit.get("min_outstanding", 0) - 1)
        for cap in twin.get("caps", []):
            cap["max"] -= unit["id"] in cap["units"]
        if _fits(twin) and _cast(twin, unit, chance):
            made = twin
    return made


def _fits(raw: Json) -> bool:
    """Whether what must still come has room under the caps: no other ballot may take it."""
    least = {unit["id"]: unit.get("min_outstanding", 0) for unit in raw["units"]}
    return all(sum(least[name] for name in cap["units"]) <= cap["max"] for cap in raw.get("caps", []))


def _cast(raw: Json, unit: Json, chance: random.Random) -> bool:
    """Count one ballot in a unit, any its form allows; False: it would add to what may be revised."""
    names, params = raw["candidates"], raw["params"]
    on_ballot = tuple(sorted(set(unit.get("on_ballot", range(len(names))))))
    if raw["rule"] in {"irv", "stv"}:
        ranking = chance.choice(rankings(on_ballot))
        unit["ballots"].append({"ranking": [names[j] for j in ranking], "count": 1})
        return True
    if raw["rule"] == "positional":
        full = 0 if params["truncation"] else len(on_ballot)
        ranking = chance.choice((*rankings(on_ballot, full), ()))
        more = totals_of(points_of(ranking, tuple(params["scores"])), len(names))
    else:
        more = chance.choice(one_ballot(form_of(raw), on_ballot, len(names)))
        ballots = unit.get("ballots")
        unit["ballots"] = 1 + (sum(unit["counted"]) if ballots is None else ballots)
    step = unit.get("revisable", 0)
    if any(new and old < step for new, old in zip(more, unit["counted"], strict=True)):
        return False  # a number revised down stops at 0
    unit["counted"] = [old + new for old, new in zip(unit["counted"], more, strict=True)]
    return True


def one_more(raw: Json, chance: random.Random) -> Json | None:
    """The same with one more ballot outstanding in a unit; None: none of those drawn is bounded."""
    more = copy.deepcopy(raw)
    unit = chance.choice(more["units"])
    if unit["outstanding"] is None:
        return None
    unit["outstanding"] += 1
    if chance.random() < 0.5:
        for cap in more.get("caps", []):
            cap["max"] += unit["id"] in cap["units"]
    return more


def rules_of(name: str) -> tuple[str, ...]:
    return OF_VOTES if name == "votes" else FAMILIES[name].RULES


def named(raw: Json) -> str:
    several = raw["rule"] == "plurality" and raw["params"].get("seats", 1) > 1
    return "plurality of several seats" if several else raw["rule"]


def compare(wide: Json, narrow: Json, electable: int, seen: Counter[str]) -> None:
    """Whatever holds of all ends of `wide` holds of those of `narrow`, which are some of them."""
    rule, case = named(wide), json.dumps([wide, narrow])
    before, after = claims_of(wide, electable), claims_of(narrow, electable)
    for what, one in before.items():
        now = after.get(what)
        if one.irreversible:
            assert said(what, after), (what, case)
            seen[f"{rule}: kept"] += 1
        if now is None:
            continue
        seen[f"{rule}: turned"] += now.irreversible and not one.irreversible
        if one.slack is None or now.slack is None or not (one.exact and now.exact):
            continue
        assert now.slack >= one.slack, (what, one.slack, now.slack, case)
        seen[f"{rule}: slack rose"] += now.slack > one.slack
        seen[f"{rule}: slack the same"] += now.slack == one.slack


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("ballot", ["counted", "fewer outstanding"])
@pytest.mark.parametrize("name", DRAWS)
def test_fewer_ends_keep_claims_and_lower_no_slack(
    name: str, ballot: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A ballot is counted; or one is outstanding no more, which backwards is: one more makes no claim."""
    chance, seen = random.Random(f"{name} {ballot}"), Counter[str]()
    for _ in range(INSTANCES):
        raw, electable = DRAWS[name](chance)
        other = later(raw, chance) if ballot == "counted" else one_more(raw, chance)
        if other is not None:
            seen[f"{named(raw)}: instances"] += 1
            wide, narrow = (raw, other) if ballot == "counted" else (other, raw)
            compare(wide, narrow, electable, seen)
    with capsys.disabled():
        print(f"\n{name}, {ballot}: {dict(sorted(seen.items()))}")
    for rule in rules_of(name):
        for what in ("kept", "turned", *(["slack rose"] if rule in WITH_SLACK else [])):
            assert seen[f"{rule}: {what}"], (rule, what)
    assert sum(seen[f"{rule}: instances"] for rule in rules_of(name)) > INSTANCES // 3


def test_a_district_held_by_a_ballot_in_the_box_stays_so_when_votes_are_level() -> None:
    """One of the drawn kind in 30,000: two for sure against one at most, then one and one counted and one to come."""
    box = {
        "id": "b",
        "district": "d",
        "counted": [0, 0],
        "outstanding": 1,
        "min_outstanding": 1,
        "on_ballot": [0],
    }
    table = {"id": "a", "district": "d", "counted": [1, 0], "outstanding": 1}
    raw: Json = {"rule": "electoral_college", "candidates": ["A", "B"], "params": {"no_blank": True}}
    wide = raw | {"units": [table, box]}
    narrow = raw | {"units": [table | {"counted": [1, 1], "outstanding": 0}, box]}
    seen = Counter[str]()
    compare(wide, narrow, ALL, seen)
    assert claims_of(wide, ALL)["carries", (0,), None, "d"].irreversible
    assert seen["electoral_college: kept"] > 1

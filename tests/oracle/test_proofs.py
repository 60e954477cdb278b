"""Every certificate of random nights is true, agrees with enumeration, and no altered one passes."""

import copy
import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tally import verifier
from tests.oracle.alter import Case, altered
from tests.oracle.law import answer
from tests.oracle.nights import certificates, material, night

NIGHTS = 5_000 if os.environ.get("TALLY_NIGHTLY") else 500
ALTERATIONS = 20_000 if os.environ.get("TALLY_NIGHTLY") else 2_000
ENUMERABLE = 3_000


def test_every_certificate_of_random_nights_is_true(capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()
    for seed in range(NIGHTS):
        state = night(random.Random(seed))
        contest = state.contests[0]
        rows, definition = material(state, contest)
        for made in certificates(state, contest):
            assert verifier.verify(made, rows, definition) == [], (seed, made["claim"]["id"])
            assert verifier.verify(made, rows, None) == [], (seed, made["claim"]["id"])
            seen[f"{made['claim']['type']} {made['verdict']} {made['grade']}"] += 1
            seen["several classes"] += len(made["aggregates"]) > 1
            seen["pools"] += bool(made["pools"])
            seen["witness where nothing bounds"] += bool(
                made["witness"] and made["witness"]["unbounded_classes"]
            )
            shortages = made["proof"]["shortages"] if made["proof"] else []
            seen["shortages"] += bool(shortages)
            seen["shortage searched for"] += any(one["available"] is None for one in shortages)
            for one in made["assumptions"]:
                seen[f"assuming {one['id']}"] += 1
    _said(capsys, f"{NIGHTS} nights", seen)
    for kind in ("elected irreversible certain", "elected irreversible conditional", "elected open None",
                 "eliminated irreversible certain", "eliminated irreversible conditional", "eliminated open None",
                 "holds irreversible certain", "holds open None", "several classes", "pools", "shortages",
                 "witness where nothing bounds", "assuming half", "assuming soft-caps",
                 "assuming no-other-unit-over-cap"):  # fmt: skip
        assert seen[kind] >= 1, (kind, seen)


def test_verdicts_are_those_of_enumerating_every_completion(capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()
    for seed in range(10_000, 10_000 + NIGHTS):
        state = night(random.Random(seed))
        found = list(certificates(state, state.contests[0]))
        for made in found:
            raw = _instance(made)
            if raw is None:
                seen["too many completions"] += 1
                continue
            names = made["selections"]
            said, _ = answer(raw, sum(1 << names.index(name) for name in made["electable"]))
            who = made["claim"]["who"][0]
            if made["claim"]["type"] == "holds":
                true = said["assertions"][int(who)]["irreversible"]
            else:
                true = who in said[made["claim"]["type"]]
            assert true == (made["verdict"] == "irreversible"), (seed, made["claim"]["id"])
            seen[f"{made['claim']['type']} {made['verdict']} {made['grade']}"] += 1
    _said(capsys, "enumerated", seen)
    for kind in ("elected irreversible certain", "elected open None", "eliminated irreversible certain"):
        assert seen[kind] >= 20, (kind, seen)


def _instance(made: dict[str, Any]) -> dict[str, Any] | None:
    """A certificate's classes as an instance of `tally decide`; None: too many completions to enumerate."""
    size = len(made["selections"])
    units = [{"id": "counted", "counted": made["counted"], "outstanding": 0}]
    weight = 1
    for one in made["aggregates"]:
        if one["R"] is None:
            return None
        on_ballot = (
            range(size) if one["on_ballot"] is None else map(made["selections"].index, one["on_ballot"])
        )
        names = list(on_ballot)
        units.append({"id": one["class"], "counted": [0] * size, "outstanding": one["R"], "on_ballot": names})
        weight *= (1 + one["R"] * made["ballot"]["votes"]) ** len(names)
        if weight > ENUMERABLE:
            return None
    parents = {pool["id"]: pool["parent"] for pool in made["pools"]}
    caps = []
    for pool in made["pools"]:
        inside = [one["class"] for one in made["aggregates"] if _within(one["pool"], pool["id"], parents)]
        if pool["outstanding"] is not None and inside:
            caps.append({"units": inside, "max": pool["outstanding"]})
    form, rule = made["ballot"], made["rule"]
    params = {"ballot": form["kind"], "votes_per_ballot": form["votes"], "no_blank": not form["blank"]}
    if rule["type"] == "assertion":
        params["assertions"] = rule["assertions"]
        name = "assertion"
    else:
        params["seats"] = rule.get("seats", 1)
        name = "plurality"
    return {"rule": name, "candidates": made["selections"], "params": params, "units": units, "caps": caps}


def _within(pool: str | None, around: str, parents: dict[str, str | None]) -> bool:
    while pool is not None and pool != around:
        pool = parents[pool]
    return pool == around


def _cases(first: int, nights: int) -> list[Case]:
    cases = []
    for seed in range(first, first + nights):
        state = night(random.Random(seed))
        rows, definition = material(state, state.contests[0])
        if rows:
            cases += [Case(made, rows, definition) for made in certificates(state, state.contests[0])]
    return cases


def test_no_altered_certificate_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """With every hash made to fit, something other than a hash must speak against each change."""
    chance = random.Random(1)
    cases = _cases(20_000, 120)
    refused: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    while sum(refused.values()) < ALTERATIONS:
        case = chance.choice(cases)
        changed = altered(chance, case)
        if changed is None:
            continue
        found = verifier.verify(*changed.case)
        named = [one.what for one in found if "sha256" not in one.what]
        assert named, (changed.where, case.certificate["claim"], _difference(case, changed.case))
        refused["/" + re.split("[/: ]", named[0].lstrip("/"))[0]] += 1
        kinds[changed.where.split("/")[1].split()[0]] += 1
    _said(capsys, "refused by", refused)
    _said(capsys, "altered in", kinds)
    assert kinds["rows"] >= 100
    assert kinds["definition"] >= 100


def _difference(case: Case, other: Case) -> list[str]:
    """What was changed, leaf by leaf, for the message of a failing test."""
    was, now = dict(_leaves(list(case), "")), dict(_leaves(list(other), ""))
    return [
        f"{at}: {was.get(at)} -> {now.get(at)}"
        for at in was.keys() | now.keys()
        if was.get(at) != now.get(at)
    ]


def _leaves(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in entries:
        yield from _leaves(inner, f"{at}/{key}")
    if not isinstance(value, (dict, list)):
        yield at, repr(value)


def test_one_changed_digit_without_new_hashes_is_refused() -> None:
    chance = random.Random(5)
    for case in chance.sample(_cases(30_000, 40), 100):
        lines = [json.dumps(row) for row in case.rows]
        index = chance.randrange(len(lines))
        rows = [json.loads(_digit(chance, line)) if n == index else row for n, (line, row) in
                enumerate(zip(lines, case.rows, strict=True))]  # fmt: skip
        assert verifier.verify(case.certificate, rows, None)
        text = _digit(chance, json.dumps(case.certificate))
        assert verifier.verify(json.loads(text), case.rows, None)


def _digit(chance: random.Random, text: str) -> str:
    """The text with one digit of a number or a hash changed, still JSON and another value."""
    places = [at for at, letter in enumerate(text) if letter.isdigit()]
    while True:
        at = chance.choice(places)
        changed = text[:at] + chance.choice([d for d in "123456789" if d != text[at]]) + text[at + 1 :]
        if json.loads(changed) != json.loads(text):
            return changed


def test_verifying_changes_nothing() -> None:
    for case in _cases(40_000, 10):
        before = copy.deepcopy(case)
        verifier.verify(*case)
        assert case == before


def _said(capsys: pytest.CaptureFixture[str], what: str, seen: Counter[str]) -> None:
    with capsys.disabled():
        print(f"\n{what}: {dict(sorted(seen.items()))}")

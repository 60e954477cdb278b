"""Proofs about ranked ballots: true ones carry their claims, forged ones are refused, all by the verifier alone."""

import copy
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from tally.rules import irv
from tally.verifier.arithmetic import Final
from tally.verifier.orders import WINNERS_MAX, winners
from tally.verifier.rules import rankings as checker
from tally.verifier.shapes import Findings
from tests.oracle.families import rankings as family
from tests.unit.rankings_cases import (
    certificate,
    claims,
    field_of,
    instance,
    parsed,
    points,
    published,
    said_of,
)

Json = dict[str, Any]
Case = tuple[Json, str]

TREE: Case = (instance("irv", "ABC", {"AB": 10, "BA": 6, "C": 3}, 2), "elected:A")
STEPS: Case = (instance("irv", "BCD", {"B": 4, "CB": 2, "DB": 2}, 2), "elected:B")
OUT: Case = (instance("irv", "ABC", {"A": 10, "BC": 5, "CB": 7}, 1), "eliminated:A")
BORDA: Case = (points("ABC", [30, 20, 10], 3, scores=[2, 1, 0]), "elected:A")
BEHIND: Case = (points("ABC", [30, 20, 10], 3, scores=[2, 1, 0]), "eliminated:C")
CROWD: Case = (points("ABC", [2, 2, 0], 1, scores=[2, 1, 0], truncation=False), "eliminated:C")
QUOTA: Case = (instance("stv", "ABCD", {"A": 34, "B": 36, "C": 20, "D": 4}, 4, seats=2), "elected:A")
FILLED: Case = (instance("stv", "ABCD", {"A": 38, "B": 36, "C": 18, "D": 4}, 4, seats=2), "eliminated:C")
KEPT: Case = (instance("stv", "ABCD", {"A": 34, "B": 33, "C": 30, "D": 3}, 0, seats=2), "eliminated:D")
CASES = {
    "tree": TREE, "steps": STEPS, "out": OUT, "borda": BORDA, "behind": BEHIND, "crowd": CROWD,
    "quota": QUOTA, "filled": FILLED, "kept": KEPT,
}  # fmt: skip


def proof_of(case: Case) -> Json:
    raw, name = case
    return json.loads(json.dumps(published(raw, claims(raw)[name])))


def said(case: Case, proof: Json) -> list[str]:
    raw, name = case
    return said_of(raw, claims(raw)[name], proof)


@pytest.mark.parametrize("name", CASES)
def test_a_true_proof_carries_its_claim(name: str) -> None:
    assert said(CASES[name], proof_of(CASES[name])) == []


def test_what_is_proved_how() -> None:
    assert {ending["assertion"] for ending in proof_of(TREE)["endings"]} <= {0, 1, 2, 3}
    assert any("combination" in ending for ending in proof_of(STEPS)["endings"])
    assert proof_of(CROWD)["reasons"] == [{"rivals": ["A", "B"], "points": 1, "room": 0}]
    assert [one["who"] for one in proof_of(FILLED)["reasons"]] == ["A", "B"]
    assert proof_of(KEPT)["reasons"][0]["kept"] == ["A", "B", "C"]


def of(case: Case, change: Callable[[Json], Any], expected: str) -> Any:
    return pytest.param(case, change, expected, id=f"{case[1]}: {expected}")


def combination(proof: Json) -> Json:
    return next(ending["combination"] for ending in proof["endings"] if "combination" in ending)


FORGED = [
    of(TREE, lambda p: p["endings"].pop(), "/proof/endings: orders that end so are not ruled out"),
    of(TREE, lambda p: p["endings"].append(p["endings"][0]), "/proof/endings/3/last"),
    of(TREE, lambda p: p["endings"].append({"last": ["A"], "assertion": 0}), "/proof/endings: each is needed"),
    of(TREE, lambda p: p["endings"][0].update(last=["A"]), "/proof/endings/0/assertion: says nothing"),
    of(TREE, lambda p: p["endings"][0].update(last=["Z"]), "/proof/endings/0/last"),
    of(TREE, lambda p: p["endings"][0].update(last=[]), "/proof/endings/0/last"),
    of(TREE, lambda p: p["endings"][0].pop("assertion"), "/proof/endings/0: an assertion or a combination"),
    of(TREE, lambda p: p["endings"][0].update(assertion=9), "/proof/endings/0/assertion: one of"),
    of(TREE, lambda p: p["endings"][0].update(assertion=p["endings"][1]["assertion"]), "/proof/endings/0/assertion: says"),
    of(TREE, lambda p: p["assertions"].append(p["assertions"][0]), "/proof/assertions: each is needed"),
    of(TREE, lambda p: p["assertions"][0].update(winner="C", loser="A"), "/proof/assertions/0: fails"),
    of(TREE, lambda p: p["assertions"][0].update(winner="B", loser="B"), "/proof/assertions/0: two of those"),
    of(TREE, lambda p: p["assertions"][0].update(counted=9, slack=7), "/proof/assertions/0/counted"),
    of(TREE, lambda p: p["assertions"][0].update(worst=0, slack=4), "/proof/assertions/0/worst"),
    of(TREE, lambda p: p["assertions"][0].update(kind="NEN"), "/proof/assertions/0: two of those"),
    of(TREE, lambda p: p.update(uncontested=True), "/proof/uncontested"),
    of(TREE, lambda p: p.update(logic="AND"), "/proof/logic"),
    of(STEPS, lambda p: combination(p)["terms"].pop(), "combination/"),
    of(STEPS, lambda p: combination(p)["terms"].clear(), "combination/terms"),
    of(STEPS, lambda p: combination(p)["terms"][0].update(weight=2), "combination/weights"),
    of(STEPS, lambda p: combination(p)["terms"][0].update(weight=0), "combination/terms"),
    of(STEPS, lambda p: combination(p)["terms"][0].update(out="D", over="B"), "combination/terms"),
    of(STEPS, lambda p: combination(p).update(worst=0, slack=4), "combination/worst"),
    of(OUT, lambda p: p["endings"][0].update(last=["B", "A"]), "/proof/endings"),
    of(BORDA, lambda p: p["reasons"].pop(), "/proof/reasons: a lead a rival"),
    of(BORDA, lambda p: p["reasons"].reverse(), "/proof/reasons/0/below"),
    of(BORDA, lambda p: p["reasons"][0].update(worst=-3, slack=7), "/proof/reasons/0/worst"),
    of(BORDA, lambda p: p["reasons"][0].update(above="B"), "/proof/reasons/0/above"),
    of(BORDA, lambda p: p["reasons"][0].update(room=1), "/proof/reasons/0"),
    of(BEHIND, lambda p: p["reasons"][0].update(above="C"), "/proof/reasons/0: a rival who can win"),
    of(BEHIND, lambda p: p.update(reasons=[{"rivals": ["A"], "points": 0, "room": -1}]), "/proof/reasons/0: only where"),
    of(CROWD, lambda p: p["reasons"][0].update(rivals=["A"]), "/proof/reasons/0"),
    of(CROWD, lambda p: p["reasons"][0].update(room=-1), "/proof/reasons/0/room"),
    of(CROWD, lambda p: p["reasons"][0].update(points=2), "/proof/reasons/0/points"),
    of(CROWD, lambda p: p.update(reasons=[{"ballots": 2}]), "/proof/reasons/0/ballots"),
    of(QUOTA, lambda p: p["reasons"][0].update(votes=35), "/proof/reasons/0: votes, ballots and slack"),
    of(QUOTA, lambda p: p["reasons"][0].update(who="C"), "/proof/reasons/0"),
    of(QUOTA, lambda p: p["reasons"][0].update(who="B", votes=36, slack=10), "/proof/reasons: its own quota"),
    of(FILLED, lambda p: p["reasons"].pop(), "/proof/reasons: as many quotas of others"),
    of(FILLED, lambda p: p["reasons"].append(p["reasons"][0]), "/proof/reasons/2/who"),
    of(KEPT, lambda p: p["reasons"][0]["kept"].pop(), "/proof/reasons/0/kept"),
    of(KEPT, lambda p: p["reasons"][0].update(held=299), "/proof/reasons/0: ballots, held"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "change", "expected"), FORGED)
def test_a_forged_proof_is_refused(case: Case, change: Callable[[Json], Any], expected: str) -> None:
    proof = proof_of(case)
    change(proof)
    found = said(case, proof)
    assert any(expected in what for what in found), found


def test_one_claims_proof_is_no_others() -> None:
    for raw, name in CASES.values():
        proof = proof_of((raw, name))
        for other, claim in claims(raw).items():
            if other != name and not claim.irreversible:
                lemma = claims(raw)[name].lemma
                assert said_of(raw, msgspec.structs.replace(claim, lemma=lemma), proof), (name, other)


def test_rankings_that_are_not_those_of_all_ballots_prove_no_order() -> None:
    raw, name = TREE
    body = certificate(raw, claims(raw)[name], proof_of(TREE))
    findings = Findings()
    question = checker.question_of(body, findings)
    field = field_of(parsed(raw).completions)
    checker.check_proof(body, question, field._replace(rankings=field.rankings[1:]), findings)
    assert any(one.what.startswith("/rankings") for one in findings.found)


def first_round_case() -> tuple[Json, Json]:
    raw = instance("irv", "ABC", {"A": 60, "B": 30, "C": 10}, 19)
    whole = msgspec.structs.replace(parsed(raw).completions, rankings=())
    claim = irv.claims(whole, irv.Params())[0]
    return raw, irv.publish(whole, claim, ("A", "B", "C"))


FORGED_FIRST_ROUND = [
    ({"out": ["C"]}, "/proof/out: everybody who would break the claim"),
    ({"out": ["C", "B"]}, "/proof/out: some of those"),
    ({"out": []}, "/proof/out: some of those"),
    ({"out": ["A", "B", "C"]}, "/proof/out: some of those"),
    ({"counted": 39, "slack": 2}, "/proof/counted"),
    ({"outstanding": 18, "slack": 2}, "/proof/outstanding"),
    ({"least": 61, "slack": 2}, "/proof/least"),
    ({"unknown": -1, "slack": 2}, "/proof/unknown"),
]


@pytest.mark.parametrize(("change", "expected"), FORGED_FIRST_ROUND)
def test_a_first_round_is_proved_by_its_numbers(change: Json, expected: str) -> None:
    raw, proof = first_round_case()
    claim = msgspec.structs.replace(claims(raw)["elected:A"], lemma="first-round")
    assert proof["slack"] == 1
    assert said_of(raw, claim, proof) == []
    assert any(what.startswith(expected) for what in said_of(raw, claim, proof | change))


def test_one_more_ballot_undoes_a_first_round() -> None:
    raw, proof = first_round_case()
    raw["units"][0]["outstanding"] = 20
    claim = msgspec.structs.replace(claims(raw)["elected:A"], lemma="first-round")
    assert any("fails" in what for what in said_of(raw, claim, proof | {"outstanding": 20, "slack": 0}))


RULES: list[Json] = [
    {"type": "irv", "eliminate_first": ["Z"]},
    {"type": "irv", "eliminate_first": "A"},
    {"type": "irv", "eliminate_first": {}},
    {"type": "stv", "seats": 0},
    {"type": "stv", "seats": "2"},
    {"type": "positional"},
    {"type": "positional", "scores": [1, 2]},
    {"type": "positional", "scores": [1] * 9},
    {"type": "positional", "scores": ["1"]},
    {"type": "positional", "scores": [2, 1], "truncation": "no"},
]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_makes_no_sense_is_a_difference(rule: Json) -> None:
    raw, name = TREE
    body = certificate(raw, claims(raw)[name], proof_of(TREE))
    findings = Findings()
    assert checker.question_of(msgspec.structs.replace(body, rule=rule), findings) is None
    assert findings.found


NONSENSE: list[Any] = [None, True, 1, -1, 2**64, "A", "", [], [[]], {}, [{}], {"A": []}, ["A", 1], 1.5]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from places(part, (*path, key))


@pytest.mark.parametrize("name", CASES)
def test_nonsense_anywhere_in_a_proof_is_a_difference_and_never_raises(name: str) -> None:
    proof = proof_of(CASES[name])
    for path in places(proof):
        for nonsense in NONSENSE:
            forged = copy.deepcopy(proof)
            if not path:
                if not isinstance(nonsense, dict):
                    continue
                forged = nonsense
            else:
                part = forged
                for key in path[:-1]:
                    part = part[key]
                if part[path[-1]] == nonsense:
                    continue
                part[path[-1]] = nonsense
            if json.dumps(forged) != json.dumps(proof):
                assert said(CASES[name], forged), (path, nonsense)


def test_random_proofs_are_accepted_and_no_number_in_them_can_be_altered() -> None:
    rng, seen = random.Random(4), Counter()
    while seen["proofs"] < 1_200:
        raw = family.draw(rng)
        for unit in raw["units"]:
            for field in ("annullable", "revote", "revisable", "min_outstanding"):
                unit.pop(field, None)
        for claim in claims(raw).values():
            if not claim.irreversible:
                continue
            proof = json.loads(json.dumps(published(raw, claim)))
            assert said_of(raw, claim, proof) == [], (raw, claim)
            seen["proofs"] += 1
            numbers = [path for path in places(proof) if type(_at(proof, path)) is int]
            for path in rng.sample(numbers, min(2, len(numbers))):
                forged = copy.deepcopy(proof)
                _at(forged, path[:-1])[path[-1]] += rng.choice([-1, 1])
                assert said_of(raw, claim, forged), (raw, path)
                seen["numbers"] += 1
    assert seen["numbers"] > 1_000


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def test_a_finished_count_is_judged_by_every_way_to_break_its_ties() -> None:
    question = checker.Question("irv", "elected", 0, (0, 1, 2), 3)
    tied = Final((4, 3, 3), (), (((0,), 4), ((1, 0), 3), ((2, 1), 3)))
    assert winners(tied.rankings, (0, 1, 2), 3) == {0, 1}
    assert not checker.holds(question, tied)
    assert checker.holds(question, Final((4, 3, 2), (), (((0,), 4), ((1, 0), 3), ((2, 0), 2))))
    assert checker.holds(question._replace(kind="eliminated", who=2), tied)


def test_too_many_ties_are_not_followed() -> None:
    nobody = tuple(range(20))
    assert WINNERS_MAX < 2**20
    assert winners((), nobody, 20) is None
    assert checker.holds(checker.Question("irv", "elected", 0, nobody, 20), Final((0,) * 20))


def test_of_stv_only_what_needs_no_count_is_judged() -> None:
    question = checker.Question("stv", "eliminated", 0, (0, 1), 3, seats=2)
    assert not checker.holds(question, Final((0, 0, 0)))
    assert checker.holds(question._replace(who=2), Final((0, 0, 0)))
    assert checker.holds(question._replace(seats=1), Final((0, 0, 0)))


def test_points_of_one_ballot() -> None:
    full = checker.Question("positional", "elected", 0, (0, 1, 2), 3, (2, 1, 0), partial=False)
    assert checker.points(full, [2, 0, 1]) == (1, 0, 2)
    assert checker.points(full, [2]) == (0, 0, 0)
    assert checker.points(full._replace(partial=True), [2]) == (0, 0, 2)
    assert checker.points(full._replace(rule="irv"), [2, 1]) == (0, 0, 1)
    assert checker.points(full._replace(rule="irv"), []) == (0, 0, 0)

"""List seats: the pitfalls, laws in use, parameters read strictly, and proofs that are forged."""

import copy
from typing import Any

import msgspec
import pytest

from tally.completions import Completions, District, Group, ModalUnit
from tally.instance import decide
from tally.rules import RULES
from tally.rules._law import Law
from tally.rules._purchase import cheapest
from tally.verifier.rules import CHECKERS
from tally.verifier.shapes import Findings
from tally.witness import faults
from tests.unit.seats_cases import Case

Json = dict[str, Any]


def contest(
    counted: list[int], outstanding: int | None, rule: str = "highest_averages", **params: Any
) -> Json:
    """One unit; the lists are a, b, c, ... in order."""
    return {
        "rule": rule,
        "candidates": [chr(ord("a") + j) for j in range(len(counted))],
        "params": params,
        "units": [{"id": "u", "counted": counted, "outstanding": outstanding}],
    }


# --- pitfalls ----------------------------------------------------------------------------------------


def test_p06_a_seat_is_lost_only_to_a_split() -> None:
    found = decide(contest([2, 4, 3], 3, seats=3))
    assert found["min_seats"] == [0, 1, 0]
    case = Case(contest([2, 4, 3], 3, seats=3))
    claim = case.claim("at-least", "c", number=1)
    witness = case.rule.witness(case.parsed.completions, case.parsed.params, claim)
    assert faults(case.parsed.completions, witness) == []
    assert sorted(witness.cast[0].votes) == [0, 1, 2]  # no rival alone gets there with three
    assert not case.holds(claim, case.final(witness))


def test_p07_largest_remainder_is_not_worst_at_full_turnout() -> None:
    found = decide(contest([5, 7, 7], 3, "largest_remainder", seats=7, quota="hare"))
    assert found["min_seats"][0] == 1
    full = [
        decide(contest([5, 7 + b, 7 + 3 - b], 0, "largest_remainder", seats=7))["min_seats"][0]
        for b in range(4)
    ]
    assert min(full) == 2


def test_p08_droops_whole_quota_jumps() -> None:
    law = {"rule": "largest_remainder", "seats": 3, "quota": "droop"}
    with_all = decide(contest([3 + 3, 1, 1], 0, **law))
    with_two = decide(contest([3 + 2, 1, 1], 0, **law))
    assert (with_all["max_seats"][0], with_two["max_seats"][0]) == (2, 3)  # quotas of 3 and of 2
    assert decide(contest([3, 1, 1], 3, **law))["max_seats"][0] == 3


def test_p09_a_list_on_the_bar_drops_out_when_others_vote() -> None:
    params = {"seats": 20, "threshold": {"fraction": [1, 20]}}
    assert decide(contest([57, 38, 5], 0, **params))["min_seats"] == [11, 7, 1]
    found = decide(contest([57, 38, 5], 1, **params))
    assert found["min_seats"][2] == 0
    assert found["max_seats"][2] == 1


def test_p10_a_coalition_has_more_than_its_members_least() -> None:
    found = decide(contest([1, 2, 3], 2, seats=3, blocs=[["a", "b"]]))
    bloc = found["blocs"][0]
    assert bloc["min"] > found["min_seats"][0] + found["min_seats"][1]


def test_a_threshold_strict_and_not() -> None:
    at = {"fraction": [1, 10]}
    assert decide(contest([90, 10], 0, seats=10, threshold=at))["min_seats"] == [9, 1]
    assert decide(contest([90, 10], 0, seats=10, threshold=at | {"strict": True}))["min_seats"] == [10, 0]


def test_blank_votes_listed_count_for_the_threshold_and_have_no_seat() -> None:
    raw = contest([50, 10, 60], 0, seats=5, threshold={"fraction": [1, 10]}, not_electable=["c"])
    assert decide(raw)["max_seats"] == [5, 0, 0]
    raw["params"]["not_electable"] = [2]
    assert decide(raw)["max_seats"] == [5, 0, 0]


def test_nobody_over_the_threshold_leaves_the_seats_empty() -> None:
    found = decide(contest([1, 1, 1], 0, seats=5, threshold={"fraction": [1, 2]}))
    assert (found["min_seats"], found["max_seats"]) == ([0, 0, 0], [0, 0, 0])
    assert found["allocation_certain"] is True


@pytest.mark.parametrize("rule", ["highest_averages", "largest_remainder"])
def test_without_a_vote_nothing_is_claimed(rule: str) -> None:
    found = decide(contest([0, 0], 0, rule, seats=3))
    assert (found["min_seats"], found["max_seats"]) == ([0, 0], [3, 3])
    assert decide(contest([0], 0, rule, seats=3))["min_seats"] == [0]
    assert decide(contest([1], 0, rule, seats=3))["min_seats"] == [3]


def test_fewer_votes_than_seats() -> None:
    assert decide(contest([1, 0], 0, seats=5))["min_seats"] == [5, 0]


def test_no_bound_leaves_everything_open() -> None:
    found = decide(contest([90, 5], None, seats=5))
    assert (found["min_seats"], found["max_seats"]) == ([0, 0], [5, 5])
    case = Case(contest([90, 5], None, seats=5))
    for claim in case.claims:
        witness = case.rule.witness(case.parsed.completions, case.parsed.params, claim)
        assert faults(case.parsed.completions, witness) == []
    assert Case(contest([90], None, seats=5)).said(Case(contest([90], None, seats=5)).claims[0]) == []


def test_withdrawn_lists_have_no_seat() -> None:
    case = Case(contest([5, 4], 0, seats=3))
    completions = Completions((5, 4), electable=0b01)
    found = RULES["highest_averages"].verdict(completions, case.parsed.params, ("a", "b"))
    assert (found["min_seats"], found["max_seats"]) == ([3, 0], [3, 0])


# --- agreements --------------------------------------------------------------------------------------


def test_an_agreement_moves_a_seat_only_while_both_are_let_in() -> None:
    votes = [55, 28, 17]
    assert decide(contest(votes, 0, seats=3))["min_seats"] == [2, 1, 0]
    both = {"seats": 3, "surplus_agreements": [["b", "c"]]}
    assert decide(contest(votes, 0, **both))["max_seats"] == [2, 1, 0]
    votes = [50, 28, 22]
    assert decide(contest(votes, 0, seats=3))["min_seats"] == [2, 1, 0]
    assert decide(contest([49, 29, 22], 0, **both))["min_seats"] == [1, 1, 1]
    assert decide(contest([49, 29, 22], 0, threshold={"fraction": [1, 4]}, **both))["min_seats"] == [2, 1, 0]


def test_a_partner_lifted_over_the_threshold_may_be_worth_a_seat() -> None:
    """One vote for the partner, which then is let in, does more than one of its own."""
    found = 0
    for a in range(20, 60):
        raw = contest(
            [a, 100 - a, 9], 1, seats=5, threshold={"fraction": [1, 11]}, surplus_agreements=[["a", "c"]]
        )
        own = decide(contest([a + 1, 100 - a, 9], 0, **raw["params"]))["max_seats"][0]
        found += decide(raw)["max_seats"][0] > own
    assert found


# --- laws in use -------------------------------------------------------------------------------------


def test_portugal_dhondt_without_threshold() -> None:
    """Law 14/79, article 16: its own worked example: seven seats, 12,000, 7,500, 4,500 and 3,000 votes."""
    assert decide(contest([12_000, 7_500, 4_500, 3_000], 0, seats=7))["min_seats"] == [3, 2, 1, 0]
    assert decide(contest([12_000, 7_500, 4_500, 3_000], 0, seats=7))["max_seats"] == [4, 2, 1, 1]


def test_sainte_lague_and_the_modified_first_divisor() -> None:
    votes = [53, 24, 23]
    assert decide(contest(votes, 0, seats=7, divisors="sainte_lague"))["min_seats"] == [3, 2, 2]
    assert decide(contest([53, 33, 14], 0, seats=5, divisors="sainte_lague"))["min_seats"] == [2, 2, 1]
    assert decide(contest([57, 32, 11], 0, seats=5, divisors="modified_sainte_lague"))["min_seats"] == [
        3,
        2,
        0,
    ]


def test_largest_remainder_by_hare_and_by_droop() -> None:
    votes = [47_000, 16_000, 15_800, 12_000, 6_100, 3_100]
    hare = decide(contest(votes, 0, "largest_remainder", seats=10, quota="hare"))
    droop = decide(contest(votes, 0, "largest_remainder", seats=10, quota="droop"))
    assert hare["min_seats"] == [5, 2, 1, 1, 1, 0]
    assert droop["min_seats"] == [5, 2, 2, 1, 0, 0]
    assert "blocs" not in hare


def parliament(**params: Any) -> Json:
    return {
        "rule": "parliament", "candidates": ["a", "b"],
        "params": {
            "districts": {"north": {"seats": 3}, "south": {"seats": 2, "quota": "hare"}, "isle": {"rule": "plurality"}},
            **params,
        },
        "units": [
            {"id": "n", "counted": [60, 40], "outstanding": 4, "district": "north"},
            {"id": "s", "counted": [30, 50], "outstanding": 0, "district": "south"},
            {"id": "i", "counted": [10, 7], "outstanding": 2, "district": "isle"},
        ],
    }  # fmt: skip


def test_districts_add_up() -> None:
    found = decide(parliament(blocs=[["a"], ["b", 0]]))
    assert (found["min_seats"], found["max_seats"]) == ([4, 2], [4, 2])
    assert found["allocation_certain"] is True
    assert found["blocs"] == [
        {"members": ["a"], "min": 4, "max": 4},
        {"members": ["a", "b"], "min": 6, "max": 6},
    ]


def test_a_district_without_units_is_anybodys() -> None:
    raw = parliament()
    raw["params"]["districts"]["west"] = {"seats": 2}
    found = decide(raw)
    assert (found["min_seats"], found["max_seats"]) == ([4, 2], [6, 4])


def test_a_majority_is_asked_for_by_name() -> None:
    case = Case(parliament(blocs=[["a"]], majority=3))
    claim = case.claim("at-least", "a", number=3)
    assert claim.irreversible
    assert case.said(claim) == []
    other = Case(parliament(blocs=[["b"]], majority=3))
    assert not other.claim("at-least", "b", number=3).irreversible


def test_ballots_of_no_known_district_may_be_any_districts() -> None:
    rule = RULES["parliament"]
    params = rule.read({"districts": {"x": {"seats": 1}, "y": {"seats": 1}}}, "", ("a", "b"))
    districts = (District("x", counted=(9, 5)), District("y", counted=(9, 5)))
    at_home = Completions((18, 10), (Group(ballots_max=3, district=0),), districts=districts)
    afar = Completions((18, 10), (Group(ballots_max=4),), districts=districts)
    assert rule.verdict(at_home, params, ("a", "b"))["min_seats"] == [2, 0]
    assert rule.verdict(afar, params, ("a", "b"))["min_seats"] == [0, 0]
    claim = next(one for one in rule.claims(afar, params) if one.kind == "at-least" and not one.irreversible)
    assert not claim.exact
    assert rule.witness(afar, params, claim) is None


# --- more units in doubt than are looked at one by one -----------------------------------------------


def test_many_units_in_doubt_are_taken_together_and_never_early() -> None:
    units = tuple(ModalUnit((3, 1), annullable=True) for _ in range(9))
    params = RULES["highest_averages"].read({"seats": 3}, "", ("a", "b"))
    few = Completions((50, 20), modal=units[:7])
    many = Completions((50, 20), modal=units)
    assert RULES["highest_averages"].verdict(few, params, ("a", "b"))["min_seats"] == [2, 1]
    found = RULES["highest_averages"].verdict(many, params, ("a", "b"))
    assert found["min_seats"] == [2, 0]
    assert all(
        one.exact is False for one in RULES["highest_averages"].claims(many, params) if not one.irreversible
    )


# --- parameters --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "params", "pointer", "code"),
    [
        ("highest_averages", {"seats": 0}, "/params/seats", "count-out-of-range"),
        ("highest_averages", {"seats": 10_001}, "/params/seats", "count-out-of-range"),
        ("highest_averages", {"seats": 2.0}, "/params/seats", "number-not-integer"),
        ("highest_averages", {"divisors": "hare"}, "/params/divisors", "wrong-type"),
        ("highest_averages", {"quota": "hare"}, "/params/quota", "unknown-field"),
        ("highest_averages", {"threshold": [1, 20]}, "/params/threshold", "wrong-type"),
        ("highest_averages", {"threshold": {"fraction": [2, 1]}}, "/params/threshold/fraction", "count-out-of-range"),
        ("highest_averages", {"threshold": {"strict": True}}, "/params/threshold/fraction", "wrong-type"),
        ("highest_averages", {"threshold": {"share": 1, "fraction": [0, 1]}}, "/params/threshold/share", "unknown-field"),
        ("highest_averages", {"blocs": ["a"]}, "/params/blocs/0", "wrong-type"),
        ("highest_averages", {"blocs": [[]]}, "/params/blocs/0", "wrong-type"),
        ("highest_averages", {"blocs": [["a", "z"]]}, "/params/blocs/0/1", "unknown-choice"),
        ("highest_averages", {"blocs": [["a", "a"]]}, "/params/blocs/0", "duplicate-key"),
        ("highest_averages", {"surplus_agreements": [["a"]]}, "/params/surplus_agreements/0", "wrong-type"),
        ("highest_averages", {"surplus_agreements": [["a", "b"], ["b", "c"]]}, "/params/surplus_agreements/1", "duplicate-key"),
        ("highest_averages", {"not_electable": "c"}, "/params/not_electable", "wrong-type"),
        ("largest_remainder", {"quota": "imperiali"}, "/params/quota", "wrong-type"),
        ("largest_remainder", {"surplus_agreements": []}, "/params/surplus_agreements", "unknown-field"),
        ("parliament", {}, "/params/districts", "wrong-type"),
        ("parliament", {"districts": {"a/b": 3}}, "/params/districts/a~1b", "wrong-type"),
        ("parliament", {"districts": {"d": {"rule": "borda"}}}, "/params/districts/d/rule", "wrong-type"),
        ("parliament", {"districts": {"d": {"seats": -1}}}, "/params/districts/d/seats", "count-negative"),
        ("parliament", {"districts": {"d": {"blocs": []}}}, "/params/districts/d/blocs", "unknown-field"),
        ("parliament", {"districts": {"d": {}}, "majority": 0}, "/params/majority", "count-out-of-range"),
    ],
)  # fmt: skip
def test_every_fault_has_its_pointer(rule: str, params: Json, pointer: str, code: str) -> None:
    raw = contest([1, 2, 3], 0, rule, **params)
    if rule == "parliament":
        raw["units"][0]["district"] = "d"
    errors = decide(raw)["errors"]
    assert (pointer, code) in [(one["pointer"], one["code"]) for one in errors]


# --- proofs ------------------------------------------------------------------------------------------

WIDE = contest([500, 300, 150, 50], 40, seats=12, threshold={"fraction": [1, 20]}, blocs=[["a", "b"]], surplus_agreements=[["a", "b"]])  # fmt: skip
CASES = {
    "averages": WIDE,
    "remainders": contest([500, 300, 150, 50], 40, "largest_remainder", seats=9, quota="droop"),
    "hare": contest([500, 300, 150, 50], 40, "largest_remainder", seats=9),
    "districts": parliament(blocs=[["a", "b"]], majority=5),
    "settled": contest([600, 300, 100], 3, seats=10),
}


@pytest.mark.parametrize("name", CASES)
def test_every_certain_claim_is_accepted_and_every_witness_breaks_its_claim(name: str) -> None:
    case = Case(CASES[name])
    assert {claim.irreversible for claim in case.claims} >= {True}
    for claim in case.claims:
        if claim.irreversible:
            assert case.said(claim) == []
        else:
            witness = case.rule.witness(case.parsed.completions, case.parsed.params, claim)
            assert faults(case.parsed.completions, witness) == []
            assert not case.holds(claim, case.final(witness))


def _numbers(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [one for key, inner in value.items() for one in _numbers(inner, (*path, key))]
    if isinstance(value, list):
        return [one for key, inner in enumerate(value) for one in _numbers(inner, (*path, key))]
    return [path] if isinstance(value, int) else []


@pytest.mark.parametrize("name", CASES)
def test_no_number_of_a_proof_can_be_altered(name: str) -> None:
    case = Case(CASES[name])
    for claim in (one for one in case.claims if one.irreversible):
        proof = case.rule.publish(case.parsed.completions, claim, case.parsed.names)
        for path in _numbers(proof):
            for step in (1, -1):
                forged = copy.deepcopy(proof)
                at: Any = forged
                for key in path[:-1]:
                    at = at[key]
                at[path[-1]] += step
                assert case.said(claim, forged), (claim, path, step)


def _forged(name: str, proof: Json) -> Any:
    """A proof of "a has at least 4 seats" bent one way."""
    part = proof["parts"][0]
    return {
        "another argument": proof | {"logic": "most-seats"},
        "no parts": proof | {"parts": []},
        "a part twice": proof | {"parts": [part, part]},
        "of a district": proof | {"parts": [part | {"district": "north"}]},
        "an allocation": {"logic": "allocation", "seats": {"a": 6, "b": 4, "c": 1, "d": 0}},
        "a field too many": proof | {"uncontested": True},
        "a part with a field too many": proof | {"parts": [part | {"sure": True}]},
        "no needed votes": proof
        | {"parts": [{key: value for key, value in part.items() if key != "votes_needed"}]},
        "needed votes withheld": proof | {"parts": [part | {"votes_needed": None}]},
        "available votes withheld": proof | {"parts": [part | {"votes_available": None}]},
        "a huge number": proof | {"parts": [part | {"votes_needed": 10**30}]},
        "a share": proof | {"parts": [part | {"seats": 4.0}]},
        "true for one": proof | {"parts": [part | {"seats": True}]},
        "text": proof | {"parts": "4"},
        "nothing": {},
        "nobody": None,
    }[name]


@pytest.mark.parametrize(
    "name",
    [
        "another argument", "no parts", "a part twice", "of a district", "an allocation", "a field too many",
        "a part with a field too many", "no needed votes", "needed votes withheld", "available votes withheld",
        "a huge number", "a share", "true for one", "text", "nothing", "nobody",
    ],
)  # fmt: skip
def test_a_bent_proof_is_refused(name: str) -> None:
    case = Case(WIDE)
    claim = next(
        one for one in case.claims if one.irreversible and one.kind == "at-least" and one.who == (0,)
    )
    proof = case.rule.publish(case.parsed.completions, claim, case.parsed.names)
    body = msgspec.structs.replace(case.certificate(claim), proof=_forged(name, proof))
    findings = Findings()
    checker = CHECKERS["highest_averages"]
    question = checker.question_of(body, findings)
    assert question is not None
    checker.check_proof(body, question, case.field, findings)
    assert findings.found


@pytest.mark.parametrize(
    "changes",
    [
        {"rule": {"type": "highest_averages", "seats": 11}},
        {"rule": {**WIDE["params"], "type": "highest_averages", "seats": 13}},
        {"rule": {**WIDE["params"], "type": "highest_averages", "seats": True}},
        {"rule": {**WIDE["params"], "type": "highest_averages", "seats": 10**9}},
        {"rule": {**WIDE["params"], "type": "highest_averages", "divisors": ["dhondt"]}},
        {"rule": {**WIDE["params"], "type": "highest_averages", "threshold": {"fraction": [1, 0]}}},
        {"rule": {**WIDE["params"], "type": "highest_averages", "threshold": [1, 20]}},
        {"rule": {**WIDE["params"], "type": "highest_averages", "surplus_agreements": 3}},
        {"rule": {**WIDE["params"], "type": "highest_averages", "surplus_agreements": [["a", "a"]]}},
        {"rule": {**WIDE["params"], "type": "highest_averages", "not_electable": ["a"]}},
        {"rule": {"type": "parliament"}},
        {"rule": {"type": "parliament", "districts": {"x": {"rule": ["dhondt"]}}}},
        {"electable": ("b", "c", "d")},
        {"electable": ("b", "a")},
        {"lemma": "A"},
    ],
)
def test_a_proof_does_not_carry_the_claim_of_another_rule(changes: Json) -> None:
    case = Case(WIDE)
    claim = next(
        one for one in case.claims if one.irreversible and one.kind == "at-least" and one.who == (0,)
    )
    assert case.said(claim, **changes)


@pytest.mark.parametrize("kind", ["at-least", "at-most", "elected", "allocation"])
def test_a_claim_worded_wrongly_is_no_question(kind: str) -> None:
    case = Case(WIDE)
    claim = next(
        one for one in case.claims if one.irreversible and one.kind == "at-least" and one.who == (0,)
    )
    said = case.certificate(claim).claim
    for wrong in (
        {"id": "at-least:a"},
        {"who": ("b", "a"), "id": f"{kind}:b+a:{claim.number}"},
        {"place": "north", "id": f"{kind}:a:{claim.number}:north"},
        {"who": ("z",), "id": f"{kind}:z:{claim.number}"},
    ):
        changed = type(said)(
            **({"id": said.id, "type": kind, "who": said.who, "number": said.number} | wrong)
        )
        body, findings = msgspec.structs.replace(case.certificate(claim), claim=changed), Findings()
        assert CHECKERS["highest_averages"].question_of(body, findings) is None
        assert findings.found


def test_a_stronger_claim_with_fitting_numbers_is_refused() -> None:
    case = Case(WIDE)
    for claim in case.claims:
        if claim.irreversible and claim.kind != "allocation":
            step = 1 if claim.kind == "at-least" else -1
            proof = case.rule.publish(case.parsed.completions, claim, case.parsed.names)
            proof["parts"][0]["seats"] += step
            stronger = type(claim)(
                claim.kind, claim.who, True, None, None, True, claim.lemma, claim.number + step
            )
            if proof["parts"][0]["seats"] >= 0:
                assert case.said(stronger, proof)


# --- arithmetic --------------------------------------------------------------------------------------


def test_the_cheapest_purchase_looks_at_every_split() -> None:
    rows = [[0, 5, 6], [0, 4, 9], [0, 100]]
    assert cheapest(rows, 2, 50) == (6, [2, 0, 0])
    assert cheapest(rows, 3, 50) == (10, [2, 1, 0])
    assert cheapest(rows, 4, 14) is None
    assert cheapest(rows, 4, 15) == (15, [2, 2, 0])
    assert cheapest([], 0, 0) == (0, [])


def test_large_and_small_tables_agree() -> None:
    rows = [[max(0, n * n * (e + 3) % 97 + n * 50) if n else 0 for n in range(40)] for e in range(4)]
    rows = [sorted(row) for row in rows]
    wide = cheapest(rows, 60, 10**6)
    huge = cheapest(rows, 60, 1 << 62)  # beyond 64 bits: Python's own numbers
    assert wide is not None
    assert huge is not None
    assert wide[0] == huge[0]


def test_divisors_and_thresholds() -> None:
    law = Law(5, "modified_sainte_lague", 1, 20, strict=True)
    assert [law.divisor(n) for n in range(1, 5)] == [14, 30, 50, 70]
    assert (law.bar(100), law.bar(99), law.bar(0)) == (6, 5, 1)
    for votes in range(12):
        for total in (votes, 60, 100, 239):
            if votes <= total:
                edge = law.shut_out(votes, total)
                assert edge is not None
                assert votes < law.bar(total + edge)
                assert edge == 0 or votes >= law.bar(total + edge - 1)

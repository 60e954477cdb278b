"""Two rounds and measures: pitfalls, real laws, strict parameters, proofs accepted and forged ones refused."""

import copy
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest

from tally.claim import Claim
from tally.completions import Completions, Group
from tally.instance import Instance, decide, parse
from tally.rules import RULES, measure, two_round
from tally.verifier.arithmetic import Field, Room, Source
from tally.verifier.rules import thresholds
from tally.verifier.shapes import Ballot, Certificate, Data, Findings, Witness
from tally.verifier.shapes import Claim as Claimed
from tally.verifier.witnessed import check_witness
from tally.witness import faults
from tests.oracle.families import thresholds as family

ARGENTINA = [
    {"share": [9, 20], "share_strict": True},
    {"share": [2, 5], "share_strict": False, "margin": [1, 10], "margin_strict": True},
]
BOLIVIA = [
    {"share": [1, 2], "share_strict": True},
    {"share": [2, 5], "share_strict": False, "margin": [1, 10], "margin_strict": False},
]
ECUADOR = [BOLIVIA[0], BOLIVIA[1] | {"margin_strict": True}]
COSTA_RICA = [{"share": [2, 5], "share_strict": True}]
NICARAGUA = [
    {"share": [2, 5], "share_strict": False},
    {"share": [7, 20], "share_strict": False, "margin": [1, 20], "margin_strict": False},
]


def contest(counted: Sequence[int], outstanding: int | None, law: Any = None, **unit: Any) -> dict[str, Any]:
    """The verdict on one unit."""
    raw = instance("two_round", counted, outstanding, {} if law is None else {"alternatives": law})
    raw["units"][0] |= unit
    return decide(raw)


def instance(
    rule: str, counted: Sequence[int], outstanding: int | None, params: dict[str, Any]
) -> dict[str, Any]:
    unit = {"id": "u", "counted": list(counted), "outstanding": outstanding}
    names = [chr(65 + j) for j in range(len(counted))]
    return {"rule": rule, "candidates": names, "params": params, "units": [unit]}


def test_p03_over_the_bar_and_a_lead_larger_than_what_is_outstanding_is_not_enough() -> None:
    """(6, 0, blank 4), R = 5: six of ten is more than half and the lead is six, yet six of fifteen is not."""
    raw = instance("two_round", (6, 0, 4), 5, {"not_electable": ["C"]})
    assert decide(raw)["outright_certain"] == []
    assert decide(raw)["runoff_possible"] is True
    raw["units"][0]["outstanding"] = 1
    assert decide(raw)["outright_certain"] == ["A"]


def test_p04_more_than_half_is_not_half_plus_one() -> None:
    assert contest((51, 50), 0)["outright_certain"] == [
        "A"
    ]  # 50.49 %: no 50 % + 1 of 101, and more than half
    assert contest((50, 50), 0)["outright_certain"] == []
    assert contest((50, 50), 0)["runoff_certain"] is True
    half = [{"share": [1, 2], "share_strict": False}]
    assert contest((50, 25, 25), 0, half)["outright_certain"] == ["A"]
    assert contest((50, 25, 25), 0)["outright_certain"] == []


def test_p05_one_alternative_or_the_other_with_a_unit_that_may_be_annulled() -> None:
    """C wins by 40 + 10 if the unit stands, by 45 % if it is annulled; neither alternative holds in both."""
    units = [
        {"id": "u0", "counted": [40, 14, 46], "outstanding": 0},
        {"id": "u1", "counted": [0, 20, 8], "outstanding": 0, "annullable": True},
    ]
    raw = {
        "rule": "two_round",
        "candidates": ["A", "B", "C"],
        "params": {"alternatives": ARGENTINA},
        "units": units,
    }
    assert decide(raw)["outright_certain"] == ["C"]
    for alternative in ARGENTINA:
        raw["params"] = {"alternatives": [alternative]}
        assert decide(raw)["outright_certain"] == []


def test_p13_a_quorum_is_worst_when_nobody_else_votes() -> None:
    quorum = {"of": "valid", "fraction": [1, 2], "registered": 200}
    raw = instance("measure", (90, 5), 10, {"quorum": quorum})
    assert decide(raw) == {"pass_certain": False, "fail_certain": False}
    assert decide(instance("measure", (95, 5), 10, {"quorum": quorum}))["pass_certain"] is True
    assert decide(instance("measure", (90, 5), 4, {"quorum": quorum}))["fail_certain"] is True
    raw["units"][0]["min_outstanding"] = 10  # cast for certain, but perhaps blank: no valid votes
    assert decide(raw)["pass_certain"] is False
    raw["params"] = {"quorum": quorum | {"of": "ballots"}}
    assert decide(raw)["pass_certain"] is True
    raw["units"][0] |= {"min_outstanding": 0, "ballots": 100}
    assert decide(raw)["pass_certain"] is True


def test_p18_shares_are_fractions_not_percentages_rounded() -> None:
    """39.996 % is shown as 40.00 % and is not 40 %."""
    assert contest((39_996, 29_000, 31_004), 0, [BOLIVIA[1]])["outright_certain"] == []
    assert contest((40_000, 29_000, 31_000), 0, [NICARAGUA[0]])["outright_certain"] == ["A"]


@pytest.mark.parametrize(
    ("law", "counted", "winner"),
    [
        (None, (4_501, 4_499), True),
        (ARGENTINA, (4_500, 4_000, 1_500), False),  # 45 % is not more than 45 %
        (ARGENTINA, (4_501, 4_000, 1_499), True),
        (ARGENTINA, (4_000, 3_000, 3_000), False),  # ten points are not more than ten
        (ARGENTINA, (4_001, 3_000, 2_999), True),
        (BOLIVIA, (4_000, 3_000, 3_000), True),
        (BOLIVIA, (4_700, 3_701, 1_599), False),  # 9.99 points
        (BOLIVIA, (4_708, 3_651, 1_641), True),
        (ECUADOR, (4_000, 3_000, 3_000), False),
        (ECUADOR, (5_001, 4_999), True),
        (COSTA_RICA, (4_000, 3_500, 2_500), False),
        (COSTA_RICA, (4_001, 3_500, 2_499), True),
        (NICARAGUA, (3_807, 2_830, 3_363), False),  # 4.44 points
        (NICARAGUA, (3_800, 2_830, 3_370), False),
        (NICARAGUA, (3_799, 3_200, 3_001), True),
    ],
)
def test_laws_on_a_finished_count(law: Any, counted: tuple[int, ...], winner: bool) -> None:
    said = contest(counted, 0, law)
    assert (said["outright_certain"] == ["A"]) is winner
    assert said["runoff_certain"] is not winner


def test_a_tie_for_second_leaves_the_pair_open() -> None:
    said = contest((40, 30, 30), 0)
    assert said["runoff_certain"] is True
    assert said["advance_certain"] == ["A"]
    assert said["eliminated"] == []
    assert said["runoff_pair_certain"] is False
    assert contest((40, 31, 29), 0)["runoff_pair_certain"] is True


def test_a_tie_for_first_may_be_won_at_once_where_less_than_half_is_enough() -> None:
    said = contest((45, 45, 10), 0, COSTA_RICA)
    assert said["outright_possible"] == ["A", "B"]
    assert said["outright_certain"] == said["advance_certain"] == []
    assert said["runoff_possible"] is False


def test_without_votes_nothing_is_claimed() -> None:
    said = contest((0, 0), 0)
    assert said == {
        "outright_certain": [], "outright_possible": [], "runoff_certain": False, "runoff_possible": True,
        "advance_certain": [], "eliminated": [], "runoff_pair_certain": False,
    }  # fmt: skip
    assert decide(instance("measure", (0, 0), 0, {})) == {"pass_certain": False, "fail_certain": False}


def test_one_who_can_win_needs_the_share_all_the_same() -> None:
    raw = instance("two_round", (6, 5), 0, {"not_electable": [1]})
    assert decide(raw)["outright_certain"] == ["A"]
    raw["units"][0]["counted"] = [5, 6]
    assert decide(raw)["outright_certain"] == []
    assert decide(raw)["advance_certain"] == ["A"]
    assert decide(raw)["eliminated"] == ["B"]


def test_nothing_bounds_the_ballots_and_nothing_is_certain() -> None:
    said = contest((90, 5, 5), None)
    assert said["outright_certain"] == said["eliminated"] == []
    assert said["outright_possible"] == ["A", "B", "C"]
    assert said["runoff_possible"] is True


def test_a_measure_counts_yes_and_no_alone() -> None:
    share = {"share": [2, 3], "share_strict": False}
    assert decide(instance("measure", (20, 10, 500), 0, share))["pass_certain"] is True
    strict = share | {"share_strict": True}
    assert decide(instance("measure", (20, 10, 500), 0, strict))["fail_certain"] is True


@pytest.mark.parametrize(
    ("rule", "params", "pointers"),
    [
        ("two_round", {"alternatives": []}, ["/params/alternatives"]),
        ("two_round", {"alternatives": {}}, ["/params/alternatives"]),
        ("two_round", {"alternatives": ["half"]}, ["/params/alternatives/0"]),
        ("two_round", {"alternatives": [{}]}, ["/params/alternatives/0/share"]),
        ("two_round", {"alternatives": [{"share": [3, 2]}]}, ["/params/alternatives/0/share"]),
        ("two_round", {"alternatives": [{"share": [1, 0]}]}, ["/params/alternatives/0/share"]),
        ("two_round", {"alternatives": [{"share": 0.5}]}, ["/params/alternatives/0/share"]),
        ("two_round", {"alternatives": [{"share": [1.0, 2]}]}, ["/params/alternatives/0/share/0"]),
        ("two_round", {"alternatives": [{"share": [1, 2], "lead": 1}]}, ["/params/alternatives/0/lead"]),
        ("two_round", {"alternatives": [{"share": [1, 2], "share_strict": 1}]}, ["/params/alternatives/0/share_strict"]),
        ("two_round", {"alternatives": [{"share": [1, 2], "margin": [1]}]}, ["/params/alternatives/0/margin"]),
        ("two_round", {"not_electable": ["Z"]}, ["/params/not_electable/0"]),
        ("two_round", {"not_electable": "A"}, ["/params/not_electable"]),
        ("two_round", {"seats": 1}, ["/params/seats"]),
        ("measure", {"share": [0, 2]}, ["/params/share/0"]),
        ("measure", {"share": None, "pass": 1}, ["/params/pass"]),
        ("measure", {"quorum": [1, 2]}, ["/params/quorum"]),
        ("measure", {"quorum": {"of": "turnout"}}, [
            "/params/quorum/fraction", "/params/quorum/of", "/params/quorum/registered",
        ]),
        ("measure", {"quorum": {"fraction": [1, 2], "registered": -1}}, ["/params/quorum/registered"]),
        ("measure", {"quorum": {"fraction": [1, 2], "registered": 9, "base": 1}}, ["/params/quorum/base"]),
    ],
)  # fmt: skip
def test_parameters_are_read_strictly(rule: str, params: dict[str, Any], pointers: list[str]) -> None:
    said = decide(instance(rule, (1, 2), 0, params))
    assert sorted(fault["pointer"] for fault in said["errors"]) == sorted(pointers)  # type: ignore[attr-defined]


def test_a_measure_has_two_selections() -> None:
    said = decide(instance("measure", (1,), 0, {}))
    assert [fault["pointer"] for fault in said["errors"]] == ["/params"]  # type: ignore[attr-defined]


def patience_of(claim: Claim) -> int:
    """How many votes and ballots may move before anybody looks again, as the service reckons."""
    if claim.patience is not None or claim.pace is None:
        return -1 if claim.patience is None else claim.patience
    if claim.slack is None:
        return 1_000
    return (claim.slack - 1 if claim.irreversible else -claim.slack) // claim.pace


@pytest.mark.parametrize("seed", range(2))
def test_nothing_turns_before_its_patience_is_used_up(seed: int) -> None:
    """Votes and outstanding ballots move one by one, up or down, with one style or several."""
    rng, waited = random.Random(seed), 0
    for _ in range(250):
        _, one = drawn(rng)
        rule: Any = RULES[one.rule]
        replace = msgspec.structs.replace
        before = one.completions
        lead = rng.choice([0, 0, 5, 30])
        counted = (before.counted[0] + lead, *before.counted[1:])
        before = replace(before, counted=counted, pools=(), ballots_counted=None)
        before = replace(before, groups=tuple(replace(group, pool=-1) for group in before.groups))
        claims = {(c.kind, c.who): c for c in rule.statuses(before, one.params)}
        moves, after = rng.choice([1, 1, 2, 4, 8]), before
        for _ in range(moves):
            after = moved(rng, after)
        for claim in rule.statuses(after, one.params):
            was = claims.get((claim.kind, claim.who))
            if was is not None and was.irreversible != claim.irreversible:
                assert patience_of(was) < moves, (before, after, one.params, was, claim)
            elif was is not None and was.slack is None:
                waited += patience_of(was) >= moves
    assert waited > 20


def moved(rng: random.Random, completions: Completions) -> Completions:
    """One vote, or one outstanding ballot of a group that has a bound, more or less."""
    replace = msgspec.structs.replace
    groups, counted, step = list(completions.groups), list(completions.counted), rng.choice([-1, 1])
    bounded = [p for p, group in enumerate(groups) if group.ballots_max is not None]
    if bounded and rng.random() < 0.5:
        p = rng.choice(bounded)
        groups[p] = replace(groups[p], ballots_max=max(0, (groups[p].ballots_max or 0) + step))
    else:
        j = rng.randrange(len(counted))
        counted[j] = max(0, counted[j] + step)
    return replace(completions, counted=tuple(counted), groups=tuple(groups))


# Proofs.


def field_of(completions: Completions) -> Field:
    """The same outstanding ballots as a verifier sees them."""
    size, form = len(completions.counted), completions.ballot
    sources = tuple(
        Source(frozenset(j for j in range(size) if g.on_ballot >> j & 1), g.ballots_max, g.pool)
        for g in completions.groups
    )
    rooms = tuple(Room(pool.ballots_max, pool.parent) for pool in completions.pools)
    ballot = Ballot(form.kind, form.votes, form.blank)
    return Field(completions.counted, ballot, sources, rooms, ballots=completions.ballots_counted)


def body_of(
    raw: dict[str, Any], kind: str, who: tuple[str, ...], proof: Any, witness: Any = None
) -> Certificate:
    """A certificate of a claim, as far as a checker of rules looks at it."""
    names = tuple(raw["candidates"])
    said = Claimed(f"{kind}:{'+'.join(who)}" if who else kind, kind, who)
    lemma = "A" if kind == "passes" else "D"
    data = Data("e", 1, "2026-01-01T00:00:00.000Z", "0" * 64, "/", "0" * 64)
    return Certificate(
        1, "tally-certificate/1", "e", None, False, "c", {"type": raw["rule"], **raw["params"]}, said,
        "open" if proof is None else "irreversible", None, (), lemma, True, data, names, names,
        Ballot("choose", 1, True), (), (), (), (), proof, witness, "0" * 64,
    )  # fmt: skip


def said_of(raw: dict[str, Any], field: Field, kind: str, who: tuple[str, ...], proof: Any) -> list[str]:
    """What the checker says of a proof."""
    findings = Findings()
    body = body_of(raw, kind, who, proof)
    question = thresholds.question_of(body, findings)
    if question is not None:
        thresholds.check_proof(body, question, field, findings)
    return [one.what for one in findings.found]


def numbers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every whole number in a JSON value."""
    if type(value) is int:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from numbers(inner, (*path, key))


def with_number(value: Any, path: tuple[Any, ...], more: int) -> Any:
    """A copy with one number changed."""
    found = copy.deepcopy(value)
    at = found
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] += more
    return found


def drawn(rng: random.Random) -> tuple[dict[str, Any], Instance]:
    """An instance such as the service has: no unit in doubt, no ballot known to be in the box."""
    while True:
        raw = family.draw(rng)
        for unit in raw["units"]:
            for name in ("annullable", "revote", "revisable", "min_outstanding"):
                unit.pop(name, None)
        parsed = parse(raw)
        if isinstance(parsed, Instance):
            return raw, parsed


@pytest.mark.parametrize("seed", range(3))
def test_proofs_are_accepted_and_none_serves_another_claim(seed: int) -> None:
    rng = random.Random(seed)
    proved = refused = trees = 0
    for _ in range(120):
        raw, parsed = drawn(rng)
        rule, completions, names = RULES[parsed.rule], parsed.completions, parsed.names
        field = field_of(completions)
        claims = rule.claims(completions, parsed.params)
        proofs = {}
        for claim in claims:
            who = tuple(names[j] for j in claim.who)
            if claim.irreversible:
                proof = json.loads(json.dumps(rule.publish(completions, claim, names)))
                proofs[claim.kind, who] = proof
                assert said_of(raw, field, claim.kind, who, proof) == [], (raw, claim, proof)
                proved += 1
                trees += bool(proof["refuted"])
                for path in list(numbers(proof))[:40]:
                    forged = with_number(proof, path, rng.choice([-1, 1]))
                    assert said_of(raw, field, claim.kind, who, forged), (raw, claim, proof, path)
            else:
                _check_open(raw, parsed, claim, field)
        for claim in claims:
            who = tuple(names[j] for j in claim.who)
            if not claim.irreversible:
                for proof in proofs.values():
                    assert said_of(raw, field, claim.kind, who, proof), (raw, claim, proof)
                    refused += 1
    print(seed, proved, refused, trees)
    assert min(proved, refused) > 150
    assert trees > 3


def _check_open(raw: dict[str, Any], parsed: Instance, claim: Claim, field: Field) -> None:
    """The witness of an open claim passes the verifier, and its law finds the claim false there."""
    found = RULES[parsed.rule].witness(parsed.completions, parsed.params, claim)
    assert found is not None
    assert faults(parsed.completions, found) == []
    who = tuple(parsed.names[j] for j in claim.who)
    unbounded = tuple(f"c{n}" for n, source in enumerate(field.sources) if source.ballots is None)
    witness = Witness(
        tuple(cast.ballots for cast in found.cast),
        tuple(cast.votes for cast in found.cast),
        found.totals,
        unbounded,
    )
    body, findings = body_of(raw, claim.kind, who, None, witness), Findings()
    question = thresholds.question_of(body, findings)
    assert question is not None
    check_witness(body, thresholds, question, field, findings)
    assert findings.found == [], (raw, claim)


def argentina() -> tuple[dict[str, Any], Field, dict[str, Any]]:
    raw = instance("two_round", (4_600, 3_000, 1_000), 50, {"alternatives": ARGENTINA})
    parsed = parse(raw)
    assert isinstance(parsed, Instance)
    claim = next(one for one in two_round.claims(parsed.completions, parsed.params) if one.kind == "outright")
    return raw, field_of(parsed.completions), two_round.publish(parsed.completions, claim, parsed.names)


def test_forged_proofs_are_refused() -> None:
    raw, field, proof = argentina()
    assert said_of(raw, field, "outright", ("A",), proof) == []
    first = proof["assertions"][0]
    tree = [{"weights": [1], "a": [0, 0, 0], "wanted": 1, "most": 0}]
    forged: list[Any] = [
        None, {}, [], "proof", proof | {"assertions": []}, proof | {"assertions": proof["assertions"][::-1]},
        proof | {"assertions": proof["assertions"][1:]}, proof | {"assertions": proof["assertions"][:-1]},
        proof | {"assertions": [*proof["assertions"], first]}, proof | {"refuted": [tree]},
        proof | {"refuted": [[]]}, proof | {"refuted": [[{"weights": []}]]}, proof | {"uncontested": True},
        proof | {"winner": "A"}, proof | {"turnout": []}, proof | {"extra": 1},
        proof | {"assertions": [first | {"strict": not first["strict"]}, *proof["assertions"][1:]]},
        proof | {"assertions": [first | {"a": first["a"][:-1]}, *proof["assertions"][1:]]},
        proof | {"assertions": [], "refuted": [[{"split": "total", "of": "A", "at": 4_000}]]},
        proof | {"assertions": [first | {"worst": None}]},
    ]  # fmt: skip
    for one in forged:
        assert said_of(raw, field, "outright", ("A",), one), one
    for kind, who in (
        ("outright", ("B",)),
        ("runoff", ()),
        ("eliminated", ("A",)),
        ("runoff", ("A", "B")),
        ("elected", ("A",)),
    ):
        assert said_of(raw, field, kind, who, proof), (kind, who)
    assert said_of(raw, field, "outright", ("A", "B"), proof)
    assert said_of(raw, field, "outright", ("Z",), proof)
    other = raw | {"params": {"alternatives": [ARGENTINA[0] | {"share": [11, 20]}]}}
    assert said_of(other, field, "outright", ("A",), proof)
    assert said_of(raw | {"params": {"alternatives": 7}}, field, "outright", ("A",), proof)
    assert said_of(raw | {"params": {"not_electable": ["A"]}}, field, "outright", ("A",), proof)
    assert said_of(raw, field._replace(counted=(3_000, 4_600, 1_000)), "outright", ("A",), proof)
    assert said_of(
        raw, field._replace(sources=(Source(frozenset({0, 1, 2}), None, -1),)), "outright", ("A",), proof
    )


def test_no_runoff_rests_on_who_wins() -> None:
    raw, field, proof = argentina()
    assert said_of(raw, field, "no-runoff", (), proof | {"winner": "A"}) == []
    assert said_of(raw, field, "no-runoff", (), proof)
    assert said_of(raw, field, "no-runoff", (), proof | {"winner": "B"})
    assert said_of(raw, field, "no-runoff", (), proof | {"winner": "Z"})


def test_a_forged_quorum_is_refused() -> None:
    quorum = {"of": "ballots", "fraction": [1, 2], "registered": 200}
    raw = instance("measure", (95, 3), 1, {"quorum": quorum})
    raw["units"][0]["ballots"] = 100
    parsed = parse(raw)
    assert isinstance(parsed, Instance)
    passes, _ = measure.claims(parsed.completions, parsed.params)
    proof = measure.publish(parsed.completions, passes, parsed.names)
    field = field_of(parsed.completions)
    assert said_of(raw, field, "passes", (), proof) == []
    for forged in ([], [{"wanted": 99, "fewest": 100}], [{"wanted": 100}], [{"wanted": 100, "fewest": 101}]):
        assert said_of(raw, field, "passes", (), proof | {"turnout": forged}), forged
    assert said_of(raw, field._replace(ballots=99), "passes", (), proof)
    assert said_of(raw, field._replace(ballots=None), "passes", (), proof)
    assert said_of(raw, field, "fails", (), proof)


def test_a_night_of_two_million_is_decided_in_microseconds_and_never_goes_back() -> None:
    """Twelve reports of a majority law: what is certain stays so, and the end is the official result."""
    rng = random.Random(9)
    units = [[rng.randint(0, n) for n in (90_000, 60_000, 20_000, 5_000)] for _ in range(12)]
    rule = RULES["two_round"]
    params = rule.read({}, "/params", ("A", "B", "C", "D"))
    certain: set[Any] = set()
    for done in range(13):
        counted = tuple(map(sum, zip(*units[:done], strict=True))) if done else (0,) * 4
        left = sum(map(sum, units[done:]))
        now = {
            (claim.kind, claim.who)
            for claim in rule.statuses(Completions(counted, (Group(ballots_max=left),)), params)
            if claim.irreversible
        }
        assert certain <= now
        certain = now
    assert {kind for kind, _ in certain} >= {"eliminated", "advances"}

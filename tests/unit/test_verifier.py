"""The verifier alone: planted lies, nonsense of every shape, its own arithmetic, and the size of a country."""

import copy
import json
import random
import time
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tally import certificate, verifier
from tally.model import canonical
from tally.rows import canonical_rows
from tally.state import State
from tally.verifier.arithmetic import Field, Room, Source
from tally.verifier.shapes import Ballot
from tally.verifier.shortages import can_meet
from tests.oracle.alter import Case, rehashed
from tests.oracle.ballots import box
from tests.unit.test_certificate import counted, opened, town

Change = Callable[[Case], None]


def case_of(state: State, claim: str) -> Case:
    """What a verifier is given of a claim, each part decoded from JSON."""
    contest = state.contests[0]
    made = certificate.certify(state, contest, claim, "e1")
    rows = json.loads(json.dumps(list(canonical_rows(contest))))
    return Case(json.loads(json.dumps(made)), rows, json.loads(canonical(state.layout.definition)))


def named(case: Case, *, with_definition: bool = True) -> list[str]:
    """What a verifier says of a case whose hashes fit."""
    made, rows, definition = rehashed(case)
    return [one.what for one in verifier.verify(made, rows, definition if with_definition else None)]


def two_of_three() -> State:
    """Two seats, three selections: ann has one, bo and cy contest the other."""
    state = opened(town(2, registered=20, rule={"type": "plurality", "seats": 2}))
    return counted(state, "u0", 16, 2, 2)


def one_of_three(**contest: Any) -> State:
    """One seat, two units of three counted, ann far ahead."""
    return counted(counted(opened(town(**contest)), "u0", 90, 5, 0), "u1", 80, 10, 5)


def test_true_is_true_with_and_without_the_definition() -> None:
    for claim in ("elected:ann", "elected:bo", "eliminated:bo", "eliminated:ann"):
        case = case_of(one_of_three(), claim)
        assert named(case) == named(case, with_definition=False) == []


def test_a_missing_rival_is_refused_though_every_assertion_is_true() -> None:
    case = case_of(one_of_three(), "elected:ann")
    del case.certificate["proof"]["assertions"][0]
    assert any("bo is missing" in what for what in named(case))
    assert any("/proof/shortages: none among these rivals" in what for what in named(case))


def test_an_assertion_about_another_pair_is_refused_though_it_is_true() -> None:
    state = counted(counted(opened(town()), "u0", 90, 10, 0), "u1", 10, 90, 0)
    case = case_of(counted(state, "u2", 60, 40, 0), "elected:ann")
    assert named(case) == []
    case.certificate["proof"]["assertions"][0] = {
        "a": [0, 1, -1], "c": 0, "strict": True, "counted": 140, "worst": 0, "slack": 140,
    }  # fmt: skip
    assert any("/proof/assertions/0: about this claim" in what for what in named(case))


def test_an_assertion_that_ties_is_refused() -> None:
    state = counted(counted(opened(town(2)), "u0", 60, 40, 0), "u1", 20, 40, 0)
    case = case_of(state, "elected:ann")
    assert case.certificate["verdict"] == "open"
    lie = {"a": [1, -1, 0], "c": 0, "strict": True, "counted": 0, "worst": 0, "slack": 0}
    other = {"a": [1, 0, -1], "c": 0, "strict": True, "counted": 80, "worst": 0, "slack": 80}
    proof = {"logic": "AND", "assertions": [lie, other], "shortages": [], "above": [], "uncontested": False}
    case.certificate.update(verdict="irreversible", grade="certain", proof=proof, witness=None)
    assert "/proof/assertions/0: fails in some completion" in named(case)
    lie["strict"] = False
    assert any("/proof/assertions/0: about this claim" in what for what in named(case))


@pytest.mark.parametrize(("part", "value", "ending"), [("number", 5, ":5"), ("place", "north", ":north")])
def test_a_claim_that_says_more_than_its_rule_can_is_refused(part: str, value: object, ending: str) -> None:
    case = case_of(one_of_three(), "elected:ann")
    case.certificate["claim"][part] = value
    assert "/claim/id: type, who, how many, where" in named(case)
    case.certificate["claim"]["id"] += ending
    assert named(case) == ["/claim: neither a number nor a place"]


def test_fewer_rivals_above_than_seats_are_refused() -> None:
    state = opened(town(2, registered=20, rule={"type": "plurality", "seats": 2}))
    case = case_of(counted(counted(state, "u0", 12, 8, 0), "u1", 8, 10, 1), "eliminated:cy")
    assert named(case) == []
    case.certificate["proof"]["above"] = ["ann"]
    case.certificate["proof"]["assertions"] = [
        one for one in case.certificate["proof"]["assertions"] if one["a"][0] == 1
    ]
    assert "/proof/above: as many as there are seats" in named(case)


def test_a_shortage_left_out_or_untrue_is_refused() -> None:
    case = case_of(two_of_three(), "elected:ann")
    assert len(case.certificate["proof"]["shortages"]) == 1
    kept = case.certificate["proof"]["shortages"].pop()
    assert "/proof/shortages: none among these rivals" in named(case)
    case.certificate["proof"]["shortages"] = [kept | {"available": kept["available"] - 1}]
    assert any("available" in what for what in named(case))
    case.certificate["proof"]["shortages"] = [kept | {"rivals": ["bo"], "needed": 14}]
    assert any(what.startswith("/proof/shortages") for what in named(case))


def test_uncontested_is_believed_of_nobody_who_has_rivals() -> None:
    case = case_of(one_of_three(), "elected:ann")
    case.certificate["proof"] |= {"uncontested": True, "assertions": []}
    assert "/proof/uncontested: there are rivals" in named(case)


def test_soft_caps_make_nothing_certain() -> None:
    state = one_of_three(bound={"kind": "registered", "hard": False})
    case = case_of(state, "elected:ann")
    assert case.certificate["grade"] == "conditional"
    case.certificate.update(grade="certain", assumptions=[])
    assert any(what.startswith("/aggregates/0/R") for what in named(case))


def test_rows_with_an_invented_cap_are_caught_by_the_definition_alone() -> None:
    honest = case_of(one_of_three(bound={"kind": "none"}), "elected:ann")
    liar = case_of(one_of_three(), "elected:ann")
    case = Case(liar.certificate, liar.rows, honest.definition)
    assert named(case, with_definition=False) == []
    assert any(what.startswith("/rows: cap of unit u0") for what in named(case))


def test_an_open_unit_left_out_is_caught_by_the_definition_alone() -> None:
    case = case_of(counted(opened(town(2)), "u0", 60, 10, 0), "elected:ann")
    small = case_of(counted(opened(town(1)), "u0", 60, 10, 0), "elected:ann")
    assert (case.certificate["verdict"], small.certificate["verdict"]) == ("open", "irreversible")
    lie = Case(small.certificate, small.rows, case.definition)
    lie.certificate["data"]["definition_sha256"] = case.certificate["data"]["definition_sha256"]
    assert named(lie, with_definition=False) == []
    assert "/rows: a row for every unit and type" in named(lie)


def test_annulled_votes_count_for_nothing() -> None:
    case = case_of(one_of_three(), "elected:ann")
    for row in case.rows:
        if row["unit"] == "u0":
            row["standing"] = "annulled"
    assert "/counted: the sum of the rows" in named(case)


def witness_lies() -> list[tuple[str, Change]]:
    """Ways to spoil a witness, and what must be said of each."""

    def more_than_can_come(case: Case) -> None:
        case.certificate["witness"].update(ballots=[900], votes=[[0, 900, 0]], totals=[60, 930, 0])

    def votes_without_ballots(case: Case) -> None:
        case.certificate["witness"].update(ballots=[0])

    def totals_of_thin_air(case: Case) -> None:
        case.certificate["witness"].update(totals=[0, 930, 0])

    def breaks_nothing(case: Case) -> None:
        case.certificate["witness"].update(ballots=[0], votes=[[0, 0, 0]], totals=[60, 30, 0])

    return [
        ("/witness/ballots/0: more than can come", more_than_can_come),
        ("/witness/votes/0: more than so many ballots can give", votes_without_ballots),
        ("/witness/totals: counted and witnessed", totals_of_thin_air),
        ("/witness: the claim is true in it", breaks_nothing),
    ]


@pytest.mark.parametrize(("said", "spoil"), witness_lies())
def test_a_witness_must_be_a_count_that_can_come_and_break_the_claim(said: str, spoil: Change) -> None:
    case = case_of(counted(opened(town(2)), "u0", 60, 30, 0), "elected:ann")
    assert named(case) == []
    spoil(case)
    assert said in named(case)


def test_an_open_claim_without_a_witness_cannot_be_checked_and_is_not_believed() -> None:
    case = case_of(counted(opened(town(2)), "u0", 60, 30, 0), "elected:ann")
    case.certificate.update(witness=None, exact=False)
    assert any(what.startswith("/witness") for what in named(case))


# Nonsense

SEEDS = [
    case_of(one_of_three(), "elected:ann"),
    case_of(two_of_three(), "elected:ann"),
    case_of(
        counted(opened(town(2, caps=[{"id": "p", "units": ["u0"], "ballots": 9}])), "u0", 6, 1, 0),
        "elected:bo",
    ),
]
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=4)
    | st.sampled_from(["rest", "ann", "u0", "c0", "\ud800", "0" * 64, "plurality", "assertion"])
)  # fmt: skip
NONSENSE = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
RULES: list[dict[str, Any]] = [
    {},
    {"type": ["plurality"]},
    {"type": "irv"},
    {"type": "plurality", "seats": "1"},
    {"type": "assertion", "assertions": [1, {"coef": [1]}]},
    {"type": "assertion"},
]


def put(value: Any, path: list[int], what: Any) -> Any:
    """The value with what stands at the end of a path replaced; the path wraps around."""
    if not path or not isinstance(value, (dict, list)) or not value:
        return what
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[path[0] % len(keys)]
    value[key] = put(value[key], path[1:], what)
    return value


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(SEEDS), st.integers(0, 2), st.lists(st.integers(0, 40), max_size=5), NONSENSE)
def test_no_json_raises(seed: Case, part: int, path: list[int], what: Any) -> None:
    parts = [copy.deepcopy(one) for one in seed]
    parts[part] = put(parts[part], path, what)
    found = verifier.verify(*parts)
    if json.dumps(parts[part]) == json.dumps(seed[part]):
        assert found == []
    elif part < 2 and path:
        assert found


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("claim", ["elected", "eliminated", "holds"])
def test_a_rule_or_claim_that_makes_no_sense_is_a_difference(rule: dict[str, Any], claim: str) -> None:
    case = case_of(one_of_three(), "elected:ann")
    case.certificate["rule"] = rule
    case.certificate["claim"] = {"id": f"{claim}:0", "type": claim, "who": ["0"]}
    assert named(case)


def test_pools_inside_themselves_and_deep_nesting_are_differences() -> None:
    case = case_of(counted(opened(town(2, caps=[{"id": "p", "units": ["u0"], "ballots": 9}])), "u0", 6, 1, 0),
                   "elected:bo")  # fmt: skip
    assert named(case) == []
    case.certificate["pools"][0]["parent"] = "p"
    assert "/pools: none is inside itself" in named(case)
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    assert verifier.verify({"rule": deep}, [], None)
    assert verifier.verify({}, deep, None)
    assert verifier.verify(case.certificate, case.rows, {"units": deep})


# Arithmetic


def test_meeting_demands_on_shared_pools_agrees_with_casting_every_ballot() -> None:
    chance = random.Random(5)
    seen = {True: 0, False: 0}
    for _ in range(400):
        size = chance.choice([2, 3])
        form = Ballot(chance.choice(["choose", "cumulative", "score"]), chance.choice([1, 2]), blank=True)
        sources = tuple(
            Source(frozenset(chance.sample(range(size), chance.randint(1, size))), chance.choice([0, 1, 2]),
                   chance.choice([-1, 0, 1]))
            for _ in range(chance.choice([1, 2, 3]))
        )  # fmt: skip
        rooms = (Room(chance.choice([None, 1, 2]), 1), Room(chance.choice([1, 2, 3]), -1))
        field = Field((0,) * size, form, sources, rooms)
        demands = {j: chance.choice([1, 1, 2, 3]) for j in range(size)}
        wanted = any(
            all(sum(column) >= demands[j] for j, column in enumerate(zip(*votes, strict=True)))
            for ballots in product(*(range((source.ballots or 0) + 1) for source in sources))
            if _fits(ballots, field)
            for votes in product(*(
                box((form.kind, form.votes, True), tuple(sorted(source.on_ballot)), size, number)
                for source, number in zip(sources, ballots, strict=True)
            ))
        )  # fmt: skip
        assert can_meet(demands, field) == wanted, (field, demands)
        seen[wanted] += 1
    assert min(seen.values()) > 50, seen


def _fits(ballots: tuple[int, ...], field: Field) -> bool:
    used = [0, 0]
    for source, number in zip(field.sources, ballots, strict=True):
        for pool in field.chain(source.pool):
            used[pool] += number
    return all(
        room.ballots is None or number <= room.ballots for room, number in zip(field.rooms, used, strict=True)
    )


# Size


def _took(what: Callable[[], object]) -> float:
    """Seconds of processor time: others on the machine take none of them."""
    start = time.process_time()
    what()
    return time.process_time() - start


def test_verifying_a_country_takes_ten_times_as_long_as_a_tenth_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    taken = {}
    for units in (3_938, 39_376):
        state = opened(town(units, registered=480))
        state = counted(counted(state, "u0", 300, 100, 5), "u7", 10, 20, 3)
        made = _took(lambda state=state: certificate.certify(state, state.contests[0], "elected:ann", "e1"))
        case = case_of(state, "elected:ann")
        assert verifier.verify(*case) == []
        taken[units] = min(_took(lambda case=case: verifier.verify(*case)) for _ in range(3))
        with capsys.disabled():
            print(f"\n{units} rows: certified in {made:.2f} s, verified in {taken[units]:.2f} s")
    assert taken[39_376] <= 20 * taken[3_938]

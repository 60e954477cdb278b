"""Instant runoff, points by place, STV at its first count: the pitfalls, laws in use, parameters, witnesses."""

import random
from collections import Counter
from typing import Any

import msgspec
import pyrankvote
import pytest

from tally.completions import ALL, BallotForm, Completions, Group, ModalUnit
from tally.instance import decide, parse
from tally.rules import RULES, irv, positional, stv
from tally.rules._ground import Ground
from tally.rules._mixture import Mix, _Question, mix_or_refute, paths
from tally.rules._room import Crowd, Ranks, rank_within
from tally.rules._rounds import Tallies, rounds
from tally.rules._simplex import Clash, Point, common_point
from tally.verifier.arithmetic import Final
from tally.verifier.rules import CHECKERS
from tally.verifier.shapes import Findings
from tally.witness import Witness, faults
from tests.oracle.families import rankings as family
from tests.oracle.families._rankings_law import runoff_winners, tallies_of
from tests.unit.rankings_cases import certificate, claims, instance, parsed, points

RANKED = BallotForm("ranked")


def certain(raw: dict[str, Any]) -> set[str]:
    return {name for name, claim in claims(raw).items() if claim.irreversible}


# The pitfalls


def test_p17_a_lead_in_first_places_proves_nothing_of_an_instant_runoff() -> None:
    # A leads by 3 and one ballot is out: B goes, C takes its ballots and has 12 against 11 at most.
    raw = instance("irv", "ABC", {"A": 10, "BC": 5, "CB": 7}, 1)
    assert decide(raw)["winner_certain"] == "C"
    assert "eliminated:A" in certain(raw)


def test_p17_a_lead_in_first_places_proves_nothing_of_points() -> None:
    # 3 ballots A>B>C, 2 ballots B>C>A, Borda: A has more first places and B has more points.
    raw = points("ABC", [6, 7, 2], 0, scores=[2, 1, 0])
    assert decide(raw)["elected"] == ["B"]
    # A lead of 2 points is not enough against one ballot that ranks the rival first and the leader last.
    assert decide(points("ABC", [9, 7, 0], 1, scores=[2, 1, 0], truncation=False))["elected"] == []
    assert decide(points("ABC", [10, 7, 0], 1, scores=[2, 1, 0], truncation=False))["elected"] == ["A"]


def test_p11_an_annulled_unit_does_not_also_bring_its_ballots() -> None:
    unit = {"id": "d", "ballots": [{"ranking": ["A"], "count": 3}], "outstanding": 3, "annullable": True}
    raw = instance("irv", "AB", {"A": 4, "B": 0}, 0)
    raw["units"].append(unit)
    # Kept, B can have 3 against 7; annulled, 0 against 4: never the 3 beside the 4.
    assert decide(raw)["winner_certain"] == "A"


def test_only_the_combination_of_steps_needs_more_ballots_than_come() -> None:
    # Two ballots lift C or D to B's four, and never both: B is not the first to go, though no single lead says so.
    raw = instance("irv", "BCD", {"B": 4, "CB": 2, "DB": 2}, 2)
    assert decide(raw) == {"winner_certain": "B", "possible_winners": ["B"]}
    assert decide(instance("irv", "BCD", {"B": 4, "CB": 2, "DB": 2}, 4))["winner_certain"] is None


def test_a_tie_decides_nothing() -> None:
    assert decide(instance("irv", "AB", {"A": 2, "B": 2}))["possible_winners"] == ["A", "B"]
    # A tie for last: with C gone B wins, with B gone A does.
    raw = instance("irv", "ABC", {"A": 4, "BA": 3, "CB": 3})
    assert decide(raw) == {"winner_certain": None, "possible_winners": ["A", "B"]}
    assert decide(instance("irv", "AB", {}))["possible_winners"] == ["A", "B"]
    assert decide(points("AB", [3, 3], scores=[1]))["elected"] == []


def test_a_ballot_may_stop_anywhere_and_may_not_be_cast() -> None:
    raw = instance("irv", "ABC", {"AB": 3, "B": 3, "C": 5, "": 4}, 1)
    # Cast for B alone it lets B pass A and win with A's ballots; not cast, C wins.
    assert decide(raw)["possible_winners"] == ["B", "C"]


# Who is continuing


def test_write_ins_go_before_the_first_round_in_alaska() -> None:
    ballots = {"P": 5, "B": 3, "WB": 4}
    assert decide(instance("irv", "PBW", ballots))["winner_certain"] == "P"
    raw = instance("irv", "PBW", ballots, eliminate_first=["W"])
    assert decide(raw) == {"winner_certain": "B", "possible_winners": ["B"]}
    assert decide(instance("irv", "PBW", ballots, eliminate_first=[2])) == decide(raw)
    assert "eliminated:W" in certain(raw)


def test_one_who_is_left_by_law_is_elected_whatever_comes() -> None:
    raw = instance("irv", "AB", {"B": 9}, None, eliminate_first=["B"])
    assert decide(raw) == {"winner_certain": "A", "possible_winners": ["A"]}
    open_one = claims(raw)["elected:B"]
    assert irv.witness(parsed(raw).completions, irv.Params((1,)), open_one) is not None
    assert decide(instance("irv", "AB", {"B": 9}, 1, eliminate_first=["A", "B"]))["possible_winners"] == []


def test_withdrawn_selections_are_skipped_on_every_ballot() -> None:
    whole = parsed(instance("irv", "ABC", {"CA": 5, "B": 4})).completions
    found = irv.claims(msgspec.structs.replace(whole, electable=0b011), irv.Params())
    assert [claim.who for claim in found if claim.kind == "elected" and claim.irreversible] == [(0,)]


# Where rankings are not known


def totals_only(counted: tuple[int, ...], ballots: int | None, **more: Any) -> Completions:
    return Completions(counted, (Group(ballots_max=ballots),), RANKED, **more)


def test_first_preferences_alone_prove_a_majority_and_who_goes_before_all_others() -> None:
    found = irv.claims(totals_only((60, 30, 10), 19), irv.Params())
    assert {(c.kind, c.who[0]) for c in found if c.irreversible} == {
        ("elected", 0), ("eliminated", 1), ("eliminated", 2),
    }  # fmt: skip
    found = irv.claims(totals_only((50, 40, 9), 20), irv.Params())
    assert {(c.kind, c.who[0], c.slack) for c in found if c.irreversible} == {("eliminated", 2, 11)}
    assert not [c for c in found if not c.irreversible and c.exact]
    assert not any(c.irreversible for c in irv.claims(totals_only((50, 40, 10), 30), irv.Params()))
    assert not any(c.irreversible for c in irv.claims(totals_only((50, 40, 9), None), irv.Params()))


def test_ballots_of_those_out_by_law_may_go_to_anybody_while_nobody_knows_where() -> None:
    assert irv.claims(totals_only((60, 30, 40), 0), irv.Params((2,)))[0].irreversible is False
    assert irv.claims(totals_only((60, 30, 29), 0), irv.Params((2,)))[0].irreversible is True


def test_a_majority_of_what_can_come_is_needed_not_of_what_is_counted() -> None:
    assert irv.claims(totals_only((60, 40), 20), irv.Params())[0].irreversible is False
    assert irv.claims(totals_only((61, 40), 20), irv.Params())[0].irreversible is True


# Units in doubt


def doubtful(units: int, **more: Any) -> Completions:
    unit = ModalUnit((1, 0, 0), 1, annullable=True, rankings=(((0,), 1),), **more)
    return Completions(
        (units + 60, 10, 5), (Group(ballots_max=2),), RANKED, modal=(unit,) * units,
        rankings=(((0,), units + 60), ((1,), 10), ((2,), 5)),
    )  # fmt: skip


def test_many_units_in_doubt_are_judged_by_single_leads_each_in_its_worst_mode() -> None:
    found = irv.claims(doubtful(30), irv.Params())
    assert [c.irreversible for c in found if c.kind == "elected"] == [True, False, False]
    close = Completions(
        (6, 5), (), RANKED, rankings=(((0,), 6), ((1,), 5)),
        modal=(ModalUnit((1, 0), annullable=True, rankings=(((0,), 1),)),) * 30,
    )  # fmt: skip
    assert irv.claims(close, irv.Params())[0].irreversible is True
    one = claims_of(
        positional.claims(points_in_doubt(30), positional.Params(positional.Scores((1, 0), True)))
    )
    assert not any(c.irreversible or c.exact for c in one)


def points_in_doubt(units: int) -> Completions:
    return Completions((90, 1), (), RANKED, modal=(ModalUnit((1, 0), annullable=True),) * units)


def claims_of(found: tuple) -> list:
    return [claim for claim in found if claim.kind == "elected"]


def test_rankings_that_may_be_revised_leave_everything_open() -> None:
    unit = ModalUnit((1, 0, 0), 0, revisable=1, rankings=(((0,), 1),))
    whole = Completions((60, 1, 1), (), RANKED, rankings=(((0,), 60), ((1,), 1), ((2,), 1)), modal=(unit,))
    for found in (irv.claims(whole, irv.Params()), stv.claims(whole, stv.Params(1))):
        assert not any(claim.irreversible or claim.exact for claim in found)


# Larger than what is decided exactly


def test_thirteen_selections_are_decided_by_single_leads() -> None:
    names = "ABCDEFGHIJKLM"
    ballots = {name: 100 - 7 * place for place, name in enumerate(names[1:])} | {"A": 900}
    raw = instance("irv", names, ballots, 40)
    assert decide(raw)["winner_certain"] == "A"
    close = claims(instance("irv", names, {name + "A" * (name != "A"): 10 for name in names}, 40))
    assert not any(claim.irreversible for claim in close.values())


def test_where_nothing_bounds_the_ballots_anybody_can_win() -> None:
    raw = instance("irv", "ABC", {"A": 90}, None)
    assert decide(raw)["possible_winners"] == ["A", "B", "C"]
    for claim in claims(raw).values():
        check_witness(raw, claim)
    for truncation in (True, False):
        raw = points("ABC", [90, 1, 0], None, scores=[2, 1, 0], truncation=truncation)
        assert decide(raw) == {"elected": [], "eliminated": [], "worst_margin": dict.fromkeys("ABC")}
        for claim in claims(raw).values():
            check_witness(raw, claim)
    assert not certain(instance("stv", "ABC", {"A": 90}, None, seats=1))


# Points


def test_dowdall_points_of_nauru_as_whole_numbers() -> None:
    # 1, 1/2, 1/3 are 6, 3, 2.
    raw = points("ABC", [60, 50, 40], 1, scores=[6, 3, 2], truncation=False)
    assert decide(raw)["elected"] == ["A"]
    assert decide(raw)["worst_margin"] == {"A": 6, "B": -14, "C": -24}
    assert decide(raw)["eliminated"] == ["B", "C"]


def test_rivals_share_the_places_of_a_full_ballot() -> None:
    # C needs 3 more than A and B have room for: on one ballot C gets 2, and one of them 1.
    raw = points("ABC", [2, 2, 0], 1, scores=[2, 1, 0], truncation=False)
    assert decide(raw)["eliminated"] == ["C"]
    assert decide(points("ABC", [2, 1, 0], 1, scores=[2, 1, 0], truncation=False))["eliminated"] == []
    assert decide(points("ABC", [2, 2, 0], 1, scores=[2, 1, 0]))["eliminated"] == []


def test_full_rankings_of_many_ballots_are_found_or_left_open() -> None:
    raw = points("ABCD", [100_000, 90_000, 80_000, 0], 90_000, scores=[3, 2, 1, 0], truncation=False)
    found = claims(raw)
    for claim in found.values():
        check_witness(raw, claim)
    assert not any(claim.irreversible for claim in found.values())


def test_rank_within_finds_what_greed_misses_and_says_what_it_tried() -> None:
    assert isinstance(rank_within([0, 3], [2, 1], 1), Crowd)
    assert isinstance(rank_within([1, 2], [2, 1], 1), Ranks)
    rng, met = random.Random(3), Counter()
    for _ in range(3_000):
        rivals = rng.choice([2, 3, 4])
        scores = sorted((rng.choice([0, 1, 2, 3, 5, 8]) for _ in range(rivals)), reverse=True)
        rooms = [rng.randint(0, 12) for _ in range(rivals)]
        found = rank_within(rooms, scores, rng.randint(1, 3))
        met[type(found).__name__] += 1
    assert met["NoneType"] == 0
    assert min(met["Crowd"], met["Ranks"], met["Searched"]) > 20, met


def test_a_style_that_lacks_selections_is_ranked_in_full_by_its_own() -> None:
    raw = points("ABC", [5, 4, 0], 1, scores=[3, 2, 0], truncation=False)
    raw["units"][0]["on_ballot"] = [0, 1]
    # A ballot of A and B gives 3 and 2: B gains 1 on A.
    assert decide(raw)["worst_margin"]["A"] == 0
    raw["units"][0]["on_ballot"] = [1, 2]
    assert decide(raw)["worst_margin"]["A"] == -2


# STV


def test_droop_quotas_of_the_first_count_in_ireland() -> None:
    # Three seats: a quota is more than a quarter. 100 counted, 10 out: more than 27.5 is enough.
    raw = instance("stv", "ABCDE", {"A": 28, "B": 27, "C": 20, "D": 14, "E": 11}, 10, seats=3)
    assert decide(raw) == {"elected": ["A"], "eliminated": []}


def test_surpluses_can_carry_the_lowest_past_the_others() -> None:
    # By first preferences alone C and D go first, but A leaves 30 ballots over for them.
    ballots = {"AC": 70, "B": 20, "E": 15, "C": 3, "D": 2}
    assert "C" not in decide(instance("stv", "ABCDE", ballots, 0, seats=2))["eliminated"]
    # Nobody has a surplus to speak of: D goes before all others, as in any law.
    raw = instance("stv", "ABCD", {"A": 34, "B": 33, "C": 30, "D": 3}, 0, seats=2)
    assert decide(raw)["eliminated"] == ["D"]


def test_as_many_quotas_as_seats_leave_nothing_for_others_and_no_seats_too_many_nothing_to_decide() -> None:
    raw = instance("stv", "ABC", {"A": 40, "B": 35, "C": 25}, 0, seats=2)
    assert decide(raw) == {"elected": ["A", "B"], "eliminated": ["C"]}
    assert decide(instance("stv", "AB", {}, None, seats=2)) == {"elected": ["A", "B"], "eliminated": []}
    known = claims(instance("stv", "AB", {}, 3, seats=2))
    assert stv.witness(parsed(instance("stv", "AB", {}, 3)).completions, stv.Params(2), known["eliminated:A"])
    assert stv.witness(parsed(raw).completions, stv.Params(2), claims(raw)["elected:A"]) is None


def test_stv_by_first_preferences_alone() -> None:
    found = stv.claims(totals_only((60, 30, 10), 5), stv.Params(1))
    assert {(c.kind, c.who[0]) for c in found if c.irreversible} == {
        ("elected", 0), ("eliminated", 1), ("eliminated", 2),
    }  # fmt: skip


# Counting


def test_rounds_of_a_count() -> None:
    found = rounds((((0, 1), 4), ((1,), 3), ((2, 1), 2), ((), 1)), 3)
    assert [(one.tallies, one.exhausted, one.out) for one in found] == [
        ((4, 3, 2), 1, 2),
        ((4, 5, 0), 1, None),
    ]
    assert rounds((), 0) == ()
    assert rounds((((0,), 3), ((1,), 1), ((2,), 1)), 3)[0].out is None
    assert rounds((((0,), 2), ((1,), 2), ((2,), 2)), 3)[0].tied is True


def test_the_oracle_counts_as_pyrankvote_does_where_no_tie_is_broken() -> None:
    rng, compared = random.Random(11), 0
    while compared < 400:
        size = rng.choice([2, 3, 4, 5])
        counted = family._ballots(rng, size, rng.choice([5, 9, 14]))
        continuing = tuple(range(size))
        end = sum(
            one["count"] * tallies_of(tuple(int(name[1:]) for name in one["ranking"]), continuing)
            for one in counted
        )
        found = runoff_winners(end, continuing)
        if len(found) != 1 or _tie(counted, size):
            continue
        people = [pyrankvote.Candidate(f"C{j}") for j in range(size)]
        ballots = [
            pyrankvote.Ballot([people[int(name[1:])] for name in one["ranking"]])
            for one in counted
            for _ in range(one["count"])
        ]
        (winner,) = pyrankvote.instant_runoff_voting(people, ballots).get_winners()
        assert found == {people.index(winner)}
        compared += 1


def _tie(counted: list[dict], size: int) -> bool:
    listed = tuple((tuple(int(name[1:]) for name in one["ranking"]), one["count"]) for one in counted)
    return any(one.tied for one in rounds(listed, size))


# The exact core


def test_common_points_and_clashes_are_what_they_say() -> None:
    rng, met = random.Random(1), Counter()
    for _ in range(3_000):
        columns, number = rng.randint(1, 4), rng.randint(1, 6)
        rows = [[rng.randint(-2, 2) for _ in range(columns)] for _ in range(number)]
        constants = [rng.randint(-5, 5) for _ in range(number)]
        found = common_point(rows, constants)
        met[type(found)] += 1
        if isinstance(found, Point):
            assert found.under > 0
            assert min(found.over) >= 0
            sums = [sum(map(int.__mul__, row, found.over)) for row in rows]
            assert all(c * found.under + s >= 0 for c, s in zip(constants, sums, strict=True))
        else:
            assert isinstance(found, Clash)
            assert min(found.weights) >= 0
            assert sum(map(int.__mul__, found.weights, constants)) < 0
            assert all(
                sum(w * row[j] for w, row in zip(found.weights, rows, strict=True)) <= 0
                for j in range(columns)
            )
    assert min(met.values()) > 1_000


def test_the_kinds_of_ballots_an_order_needs_grow_as_fibonacci_says() -> None:
    assert [len(paths(length, frozenset(range(length)))) for length in range(2, 9)] == [1, 2, 3, 5, 8, 13, 21]
    assert paths(3, frozenset({0, 1, 2})) == [(1, 2), (2,)]
    assert paths(3, frozenset({0, 1})) == [(1,)]


def test_a_mix_is_whole_ballots_that_bring_its_order_about_and_a_sum_says_why_none_do() -> None:
    rng, met, torn = random.Random(2), Counter(), 0
    for _ in range(1_500):
        size = rng.choice([3, 4, 5])
        known = [tuple(rng.sample(range(size), rng.randint(1, size))) for _ in range(rng.randint(2, 5))]
        counted = Counter(rng.choice(known) for _ in range(rng.randint(3, 16)))
        groups = (Group(ALL, rng.randint(1, 6)), Group(rng.randrange(1, 1 << size), rng.randint(0, 3)))
        firsts = tuple(sum(n for order, n in counted.items() if order[0] == j) for j in range(size))
        ground = Ground(
            Completions(firsts, groups, RANKED, rankings=tuple(sorted(counted.items()))), range(size)
        )
        order = tuple(rng.sample(range(size), size))
        found = mix_or_refute(ground, order)
        met[type(found).__name__] += 1
        if not isinstance(found, Mix):
            assert found is not None
            continue
        question = _Question(ground, order)
        point = common_point(*question._rows(()))
        torn += question._torn(point) is not None
        casts = ground.cast(found.wanted)
        assert all(cast.ballots <= group.ballots_max for cast, group in zip(casts, groups, strict=True))
        ended = counted + Counter()
        for cast in casts:
            ended.update(dict(cast.rankings))
        for t in range(size - 1):
            votes = Tallies(tuple(ended.items()), size, order[t:]).of(order[t:])
            assert votes[order[t]] == min(votes[j] for j in order[t:])
    assert min(met["Mix"], met["Sum"], torn) > 5, (met, torn)


def test_too_many_styles_or_selections_are_left_to_single_leads() -> None:
    groups = tuple(Group(mask, 1) for mask in (1, 2, 4, 3, 5))
    whole = Completions((1, 1, 1), groups, RANKED, rankings=(((0,), 1), ((1,), 1), ((2,), 1)))
    assert mix_or_refute(Ground(whole, range(3)), (0, 1, 2)) is None
    alike = msgspec.structs.replace(whole, groups=(Group(ALL, 1),))
    assert isinstance(mix_or_refute(Ground(alike, range(3)), (0, 1, 2)), Mix)


# Parameters

BAD: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("irv", {"eliminate_first": "A"}, [("wrong-type", "/params/eliminate_first")]),
    ("irv", {"eliminate_first": ["Z"]}, [("unknown-choice", "/params/eliminate_first/0")]),
    ("irv", {"eliminate_first": ["A", "A"]}, [("duplicate-key", "/params/eliminate_first")]),
    ("irv", {"seats": 1}, [("unknown-field", "/params/seats")]),
    ("stv", {"seats": 0}, [("count-out-of-range", "/params/seats")]),
    ("stv", {"seats": True}, [("number-not-integer", "/params/seats")]),
    ("stv", {"quota": "hare"}, [("unknown-field", "/params/quota")]),
    ("positional", {}, [("wrong-type", "/params/scores")]),
    ("positional", {"scores": []}, [("wrong-type", "/params/scores")]),
    ("positional", {"scores": [3, 2, 1, 0]}, [("bad-definition", "/params/scores")]),
    ("positional", {"scores": [1, 2]}, [("bad-definition", "/params/scores/1")]),
    ("positional", {"scores": [1.5]}, [("number-not-integer", "/params/scores/0")]),
    ("positional", {"scores": [2, -1]}, [("count-negative", "/params/scores/1")]),
    ("positional", {"scores": [1], "truncation": 1}, [("wrong-type", "/params/truncation")]),
    (
        "positional",
        {"scores": ["x", None], "points": 1},
        [
            ("unknown-field", "/params/points"),
            ("number-not-integer", "/params/scores/0"),
            ("number-not-integer", "/params/scores/1"),
        ],
    ),
]


@pytest.mark.parametrize(("rule", "params", "expected"), BAD)
def test_every_fault_of_the_parameters_has_its_pointer(
    rule: str, params: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    raw = points("ABC", [1, 2, 3]) if rule == "positional" else instance(rule, "ABC", {"A": 1})
    found = parse(raw | {"params": params})
    assert isinstance(found, list)
    assert [(fault.code, fault.pointer) for fault in found] == expected


# Witnesses


def final_of(raw: dict[str, Any], witness: Witness) -> Final:
    whole = parsed(raw).completions
    total = Counter(dict(whole.rankings))
    for cast in witness.cast:
        total.update(dict(cast.rankings))
    return Final(witness.totals, (), tuple(sorted(total.items())))


def check_witness(raw: dict[str, Any], claim: Any) -> None:
    """An open claim has a completion that breaks it, by the verifier's own law and points."""
    if claim.irreversible or not claim.exact:
        return
    one, findings = parsed(raw), Findings()
    witness = RULES[one.rule].witness(one.completions, one.params, claim)
    assert witness is not None
    assert faults(one.completions, witness) == []
    checker = CHECKERS[one.rule]
    question = checker.question_of(certificate(raw, claim, None), findings)
    assert findings.found == []
    assert not checker.holds(question, final_of(raw, witness))
    for cast in witness.cast:
        given = [0] * len(one.names)
        for ranking, number in cast.rankings:
            for j, votes in enumerate(checker.points(question, ranking)):
                given[j] += votes * number
        assert tuple(given) == cast.votes


def test_every_open_claim_has_a_witness_the_verifier_accepts() -> None:
    rng, seen = random.Random(8), Counter()
    while min(seen["irv"], seen["positional"]) < 300:
        raw = family.draw(rng)
        for unit in raw["units"]:
            for name in ("annullable", "revote", "revisable"):
                unit.pop(name, None)
        if raw["rule"] == "stv":
            continue
        for claim in claims(raw).values():
            check_witness(raw, claim)
            seen[raw["rule"]] += not claim.irreversible


def test_thousands_of_units_in_doubt_are_no_depth_of_recursion() -> None:
    """As many ways as there are units, all of them looked past: the claim rests on single leads."""
    ballots = [{"ranking": ["A", "B"], "count": 5}, {"ranking": ["B"], "count": 3}]
    units = [{"id": f"u{n}", "ballots": ballots, "outstanding": 0, "annullable": True} for n in range(2_000)]
    raw = {"rule": "irv", "candidates": ["A", "B", "C"], "params": {"max_annulled": 1}, "units": units}
    assert decide(raw)["winner_certain"] == "A"

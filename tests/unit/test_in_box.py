"""Ballots declared to be in the box: what they carry, when they no longer do, and what a verifier makes of them."""

import copy
from typing import Any

import pytest

from tally import aside, decide, engine, events, freeze, verifier
from tally.expansion import expands
from tally.pending import Pending
from tally.report import CountBatch, CountReport, DeskCommand
from tally.rows import canonical_rows
from tally.state import State
from tally.weakest import weakest
from tests.oracle.alter import Case
from tests.unit.test_certificate import certified, counted, opened, take, town
from tests.unit.test_verifier import case_of, named

QUORUM = {"type": "measure", "quorum": {"of": "ballots", "fraction": [1, 2], "registered": 200}}


def measure(**contest: Any) -> dict[str, Any]:
    """Three units of 100 voters; it passes with more yes (ann) than no (bo) where 100 ballots are cast."""
    return town(rule=contest.pop("rule", QUORUM), **contest) | {"assumptions": []}


def box(state: State, unit: str, declared: int | None, *votes: int, **changes: Any) -> State:
    """The state after a unit that is being counted declared what its box holds."""
    return counted(
        state, unit, *(votes or (0, 0, 0)), status="in-process", ballots_declared=declared, **changes
    )


def standing(state: State) -> dict[str, str | None]:
    """The irreversible claims with their grades."""
    claims = state.contests[0].claims
    return {name: claim.grade for name, claim in claims.items() if claim.status == "irreversible"}


def least(state: State) -> list[int]:
    """Ballots sure to come, class by class, under hard caps alone."""
    contest = state.contests[0]
    return [group.ballots_min for group in decide.to_come(contest.layout, contest.sums, 0)[0]]


def short_of_the_quorum() -> State:
    """80 ballots of the quorum's 100 cast, nearly all for yes; one unit is out with 20 voters."""
    raw = measure()
    raw["units"][2]["voters_registered"] = 20
    return counted(counted(opened(raw), "u0", 78, 2, 0), "u1", 0, 0, 0)


def test_a_quorum_of_ballots_is_met_by_what_is_in_the_box() -> None:
    state = short_of_the_quorum()
    assert standing(state) == {}
    state = box(state, "u2", 19)
    assert standing(state) == {"fails": "certain"}, "no more than 99 can come"
    state = box(state, "u2", 20, revision=2)
    assert standing(state) == {"passes": "certain"}
    made = certified(state, "passes")
    assert made["aggregates"][0] | {"members": ""} == {
        "class": "c0", "units": 3, "members": "", "on_ballot": None, "pool": None, "R": 20, "L": 20,
    }  # fmt: skip
    assert made["proof"]["turnout"] == [{"wanted": 100, "fewest": 100}]
    rows = list(canonical_rows(state.contests[0]))
    assert [row.get("declared") for row in rows] == [None, None, 20]


def test_the_weakest_assumption_counts_what_is_in_the_box_among_the_ballots_to_come() -> None:
    state = box(short_of_the_quorum(), "u2", 20)
    found = weakest(state.contests[0], "passes")
    assert found is not None
    assert found.ballots_max == 75  # 78 for yes, and 2 and 75 against
    found = weakest(box(short_of_the_quorum(), "u2", 19).contests[0], "passes")
    assert found is not None
    assert found.ballots_max == -1


def test_counting_what_was_declared_keeps_the_claim() -> None:
    state = box(short_of_the_quorum(), "u2", 20)
    for revision, votes in ((2, (0, 5, 0)), (3, (0, 12, 3))):
        state = box(state, "u2", 20, *votes, revision=revision)
        assert standing(state) == {"passes": "certain"}
        assert least(state) == [20 - sum(votes)]
    state = counted(state, "u2", 0, 16, 4, revision=4)
    assert standing(state) == {"passes": "certain"}
    assert least(state) == []


@pytest.mark.parametrize(
    ("status", "declared", "cast"),
    [("completed", None, 15), ("in-process", 15, 0), ("in-process", None, 0), ("not-installed", None, 0)],
)
def test_a_box_that_holds_fewer_than_declared_undoes_the_claim_and_is_an_expansion(
    status: str, declared: int | None, cast: int
) -> None:
    state = box(short_of_the_quorum(), "u2", 20)
    report = CountReport(
        "u2", "mayor", 2, status, {"ann": cast, "bo": 0, "cy": 0}, cast, ballots_declared=declared
    )  # type: ignore[arg-type]
    step = engine.step(state, CountBatch("town", "less", "s", (report,)), 9_000)
    assert step.record is not None
    assert expands(state, step.effects[0])
    assert ("passes", "withdrawn") in [(turn.claim, turn.status) for turn in step.record.claims]


def test_a_contest_judged_beside_the_count_waits_for_judgement_when_a_box_holds_fewer() -> None:
    raw = measure()
    raw["units"][2]["voters_registered"] = 20
    raw["contests"][0]["selections"][2]["units"] = ["u0"]  # two styles: judged beside the count
    state = box(counted(counted(opened(raw), "u0", 78, 2, 0), "u1", 0, 0, 0), "u2", 20)
    assert state.contests[0].layout.aside
    step = engine.step(state, aside.judge(aside.question_of(state.contests[0], state.seq)), 8_000)
    assert step.record is not None
    state = engine.apply(state, step.record, step.effects)
    assert standing(state) == {"passes": "certain"}
    certified(state, "passes")
    for cast, unsettled in ((20, ()), (19, (0,))):
        report = CountReport("u2", "mayor", 2, "completed", {"ann": 0, "bo": cast, "cy": 0}, cast)
        step = engine.step(state, CountBatch("town", f"b{cast}", "s", (report,)), 9_000)
        assert step.unsettled == unsettled
    answers = [aside.judge(question) for question in engine.questions(state, step)]
    settled = engine.settled(state, step, answers)
    assert settled.record is not None
    assert ("passes", "withdrawn") in [(turn.claim, turn.status) for turn in settled.record.claims]


def test_as_many_as_declared_or_a_higher_declaration_only_narrow() -> None:
    state = box(short_of_the_quorum(), "u2", 15, 0, 5, 0)
    for report in (
        CountReport("u2", "mayor", 2, "completed", {"ann": 8, "bo": 7, "cy": 0}, 15),
        CountReport("u2", "mayor", 2, "in-process", {"ann": 0, "bo": 9, "cy": 0}, 9, ballots_declared=15),
    ):
        step = engine.step(state, CountBatch("town", "b", "s", (report,)), 9_000)
        assert not expands(state, step.effects[0])


def test_what_is_carried_is_the_same_after_a_restart_and_within_a_group() -> None:
    first = engine.define(opened(measure()).layout.definition, 1_000)
    state, payloads = engine.open_state(first), [events.encode(first)]
    said = [
        CountReport("u2", "mayor", 1, "in-process", {"ann": 0, "bo": 0, "cy": 0}, 0, ballots_declared=40),
        CountReport("u0", "mayor", 1, "completed", {"ann": 70, "bo": 2, "cy": 0}, 72),
        CountReport("u1", "mayor", 1, "completed", {"ann": 2, "bo": 0, "cy": 0}, 2),
        CountReport("u2", "mayor", 2, "in-process", {"ann": 0, "bo": 9, "cy": 0}, 9, ballots_declared=40),
    ]
    pending, steps = Pending(state), []
    for number, report in enumerate(said):
        step = engine.step(pending, CountBatch("town", f"b{number}", "s", (report,)), 2_000)
        assert step.record is not None
        pending.take(step.record, list(step.effects))
        steps.append(step)
    for step in steps:
        assert step.record is not None
        payloads.append(events.encode(step.record))
        state = engine.apply(state, step.record, step.effects)
    assert standing(state) == {"passes": "certain"}
    again: State | None = None
    for payload in payloads:
        again = engine.decode_and_apply(again, payload)
    assert again is not None
    for other in (again, freeze.thaw(freeze.freeze(state))):
        assert freeze.digest(other) == freeze.digest(state)
        assert other.contests[0].outstanding == state.contests[0].outstanding
        assert other.contests[0].sums.least == state.contests[0].sums.least


def votes_wanted(last: int) -> State:
    """60 of the 90 votes for yes or no that a quorum wants are counted; 40 voters are out, and `last` in u1."""
    quorum = {"of": "valid", "fraction": [1, 2], "registered": 180}
    raw = measure(rule={"type": "measure", "no_blank": True, "quorum": quorum})
    raw["units"][1]["voters_registered"], raw["units"][2]["voters_registered"] = last, 40
    raw["contests"][0]["selections"].pop()
    return said(opened(raw), "u0", 60)


def said(state: State, unit: str, yes: int, **changes: Any) -> State:
    """The state after a report to a measure of two selections."""
    report = CountReport(
        **{"unit": unit, "contest": "mayor", "revision": 1, "status": "completed", "ballots_cast": yes}
        | {"counts": {"ann": yes, "bo": 0}}
        | changes
    )
    return take(state, CountBatch("town", f"b{state.seq}", "s", (report,)))


def test_a_declaration_alone_is_looked_at_though_no_vote_and_no_cap_moves() -> None:
    state = said(votes_wanted(0), "u1", 0)
    assert standing(state) == {}
    assert state.contests[0].sums.patience > 0
    state = said(state, "u2", 0, status="in-process", ballots_declared=40)
    assert standing(state) == {"passes": "certain"}


def test_one_blank_ballot_is_looked_at_though_hardly_anything_moves() -> None:
    state = said(votes_wanted(2), "u2", 0, status="in-process", ballots_declared=40)
    assert standing(state) == {"passes": "certain"}
    assert state.contests[0].sums.patience > 1
    state = said(state, "u1", 0, ballots_cast=1, invalid=1)
    assert standing(state) == {}
    state = said(state, "u1", 0, revision=2, reason="it was a vote after all", ballots_cast=0)
    assert standing(state) == {"passes": "certain"}


def pooled(*declared: int, room: int = 50) -> State:
    """Units in a pool inside another one, with so many ballots declared, and a quorum only those could meet."""
    raw = town(len(declared) + 1, registered=100, rule=QUORUM)
    units = [f"u{n}" for n in range(len(declared))]
    raw["contests"][0]["caps"] = [
        {"id": "inner", "units": units[:2], "ballots": room, "source": "printed", "hard": True},
        {"id": "outer", "units": units, "ballots": 1_000, "source": "printed", "hard": True},
    ]
    state = counted(opened(raw), f"u{len(declared)}", 60, 0, 0)
    for unit, number in zip(units, declared, strict=True):
        state = box(state, unit, number)
    return state


def test_boxes_that_fit_their_pool_count_and_take_room_in_it() -> None:
    state = pooled(25, 25, 30)
    assert sorted(least(state)) == [30, 50]
    assert certified(state, "fails")["verdict"] == "open"


def test_boxes_that_overfill_a_pool_are_not_believed_nor_those_around_it() -> None:
    state = pooled(26, 25, 30)
    assert least(state) == [0, 0]
    contest = state.contests[0]
    found = {d.id: d.grounds for d in decide.decisions(contest.layout, contest.sums)}
    assert found == {"passes": None, "fails": None}, "of a count that cannot end anything would follow"
    for claim in ("passes", "fails"):
        made = certified(state, claim)
        assert made["verdict"] == "open"
        assert not any("L" in one for one in made["aggregates"])


def test_a_pool_that_comes_to_be_overfilled_is_an_expansion() -> None:
    state = pooled(25, 0, 30)
    assert sorted(least(state)) == [25, 30]
    report = CountReport("u1", "mayor", 2, "in-process", {"ann": 0, "bo": 0, "cy": 0}, 0, ballots_declared=26)
    step = engine.step(state, CountBatch("town", "b", "s", (report,)), 9_000)
    assert expands(state, step.effects[0])


@pytest.mark.parametrize("action", ["dispute", "annul"])
def test_a_unit_that_is_disputed_or_annulled_is_sure_of_nothing(action: Any) -> None:
    state = box(short_of_the_quorum(), "u2", 20)
    state = take(state, DeskCommand(action, "because", "desk", ("u2",)))
    assert "passes" not in standing(state)
    assert sum(least(state)) == 0
    certified(state, "passes")
    state = take(state, DeskCommand("restore", "because", "desk", ("u2",)))
    assert standing(state) == {"passes": "certain"}


def test_a_unit_under_quarantine_is_sure_of_nothing() -> None:
    state = box(short_of_the_quorum(), "u2", 20)
    state = box(state, "u2", 20, 21, 0, 0, revision=2)
    assert (
        next(row for row in canonical_rows(state.contests[0]) if row["unit"] == "u2")["standing"]
        == "quarantined"
    )
    assert standing(state) == {}
    assert sum(least(state)) == 0
    certified(state, "passes")


def test_under_a_cap_shown_wrong_a_unit_is_sure_of_nothing() -> None:
    raw = measure()
    state = box(counted(opened(raw), "u0", 78, 2, 0), "u1", 40)
    assert sum(least(state)) == 40
    state = take(counted(state, "u2", 101, 0, 0), DeskCommand("restore", "because", "desk", ("u2",)))
    assert state.contests[0].sums.tainted
    for variant in range(len(state.contests[0].layout.variants)):
        groups = decide.to_come(state.contests[0].layout, state.contests[0].sums, variant)[0]
        assert [group.ballots_min for group in groups] == [0]
    certified(state, "passes")


def two_types(**contest: Any) -> State:
    """One unit of two count types under one cap of 100, 40 counted elsewhere."""
    raw = town(2, rule=QUORUM, count_types=["day", "mail"], **contest)
    state = opened(raw)
    for kind in ("day", "mail"):
        state = counted(state, "u1", 30, 0, 0, type=kind)
    return state


def test_one_type_that_declares_is_enough_and_several_add_up() -> None:
    state = box(two_types(), "u0", 25, 5, 0, 0, type="day")
    assert least(state) == [20]
    assert state.contests[0].outstanding[0][0] == 95  # what is not declared may fill the cap
    certified(state, "passes")
    state = box(state, "u0", 20, type="mail")
    assert least(state) == [40]
    assert standing(state) == {"passes": "certain"}
    certified(state, "passes")
    state = counted(state, "u0", 20, 0, 0, type="mail", revision=2)
    assert least(state) == [20]


def test_no_more_is_sure_than_the_cap_lets_come() -> None:
    state = box(two_types(), "u0", 90, 5, 0, 0, type="day")
    state = box(state, "u0", 40, type="mail")
    assert least(state) == [95]
    certified(state, "passes")


def test_a_row_that_holds_more_than_it_declares_takes_the_whole_cell_out() -> None:
    state = box(two_types(), "u0", 40, type="mail")
    state = box(state, "u0", 50, 20, 0, 0, type="day")
    assert least(state) == [70]
    state = box(state, "u0", 50, 51, 0, 0, type="day", revision=2)
    state = take(state, DeskCommand("restore", "because", "desk", ("u0",)))
    assert state.contests[0].row(0).ballots_cast == 51
    assert least(state) == [0]
    certified(state, "passes")


def no_blank(**rule: Any) -> State:
    """Plurality without blank ballots; cy is on u2's ballot alone, and nobody else is."""
    raw = town(rule={"type": "plurality", "no_blank": True, **rule})
    raw["contests"][0]["selections"] = [
        {"id": "ann", "units": ["u0", "u1"]}, {"id": "bo", "units": ["u0", "u1"]}, {"id": "cy", "units": ["u2"]},
    ]  # fmt: skip
    return counted(counted(opened(raw), "u0", 30, 10, 0), "u1", 30, 20, 0)


def test_ballots_that_may_not_be_blank_are_votes_before_they_are_counted() -> None:
    state = box(no_blank(), "u2", 60)
    assert "elected:cy" not in standing(state)  # a tie
    state = box(no_blank(), "u2", 61)
    assert standing(state)["elected:cy"] == "certain"
    made = certified(state, "elected:cy")
    assert made["aggregates"][1]["L"] == 61
    assert certified(state, "eliminated:ann")["verdict"] == "irreversible"


def test_a_blank_ballot_where_the_law_knows_none_ends_what_boxes_say() -> None:
    state = box(no_blank(), "u2", 61)
    report = CountReport(
        "u2", "mayor", 2, "in-process", {"ann": 0, "bo": 0, "cy": 5}, 6, 1, ballots_declared=61
    )
    step = engine.step(state, CountBatch("town", "b", "s", (report,)), 9_000)
    assert expands(state, step.effects[0])
    state = engine.apply(state, step.record, step.effects)  # type: ignore[arg-type]
    assert "elected:cy" not in standing(state)
    assert sum(least(state)) == 0
    made = certified(state, "elected:cy")
    assert made["verdict"] == "open"
    again = freeze.thaw(freeze.freeze(state))
    assert again.contests[0].sums.silent == state.contests[0].sums.silent == 1
    state = take(state, DeskCommand("annul", "because", "desk", ("u2",)))
    assert state.contests[0].sums.silent == 0


def test_ballots_that_bring_fewer_votes_than_they_are_undo_what_boxes_carried() -> None:
    raw = town(rule={"type": "plurality", "no_blank": True, "seats": 2}, votes_allowed=2)
    state = box(opened(raw), "u2", 10, 5, 5, 0, ballots_cast=5)
    assert least(state) == [5]
    report = CountReport("u2", "mayor", 2, "completed", {"ann": 5, "bo": 5, "cy": 0}, 10)
    step = engine.step(state, CountBatch("town", "b", "s", (report,)), 9_000)
    assert expands(state, step.effects[0])


def test_several_rivals_lifted_by_what_is_in_boxes_eliminate_though_no_one_of_them_must_stand_above() -> None:
    raw = town(rule={"type": "plurality", "no_blank": True})
    raw["contests"][0]["selections"] = [
        {"id": "ann", "units": ["u2"]}, {"id": "bo", "units": ["u2"]}, {"id": "cy", "units": ["u0", "u1"]},
    ]  # fmt: skip
    state = counted(counted(opened(raw), "u0", 0, 0, 20), "u1", 0, 0, 0)
    state = box(state, "u2", 40)
    assert "eliminated:cy" not in standing(state)  # 20 and 20 leave it level
    state = box(state, "u2", 41, revision=2)
    assert standing(state) == {"eliminated:cy": "certain"}
    made = certified(state, "eliminated:cy")
    assert made["proof"]["above"] == []
    case = case_of(state, "eliminated:cy")
    case.certificate["aggregates"][1]["L"] = 40
    assert named(case)


def test_other_rules_make_nothing_of_a_box() -> None:
    rule = {"type": "highest_averages", "seats": 3, "divisors": "dhondt", "no_blank": True}
    state = box(opened(town(rule=rule)), "u0", 50)
    assert sum(least(state)) == 0
    assert state.contests[0].outstanding[0][0] == 50


# What a verifier refuses


def stripped(case: Case) -> Case:
    """The case with rows that declare nothing."""
    for row in case.rows:
        row.pop("declared", None)
        if row["cap"] is not None:
            row["cap"].pop("declared", None)
    return case


def test_a_proof_that_uses_more_than_the_rows_say_is_refused() -> None:
    case = case_of(box(short_of_the_quorum(), "u2", 20), "passes")
    assert named(case) == []
    assert "/aggregates/0/L: ballots known to be in the box" in named(stripped(copy.deepcopy(case)))
    liar = stripped(copy.deepcopy(case))
    del liar.certificate["aggregates"][0]["L"]
    assert "/proof/turnout: the ballots counted, and those in the box" in named(liar)
    assert "/proof/turnout: fewer than the quorum" in named(liar)
    liar.certificate["proof"]["turnout"][0]["fewest"] = 80
    assert named(liar) == ["/proof/turnout: fewer than the quorum"]


@pytest.mark.parametrize("change", [1, -1])
def test_a_number_of_the_box_that_is_altered_is_refused(change: int) -> None:
    case = case_of(box(short_of_the_quorum(), "u2", 19), "passes")
    assert named(case) == []
    other = copy.deepcopy(case)
    other.certificate["aggregates"][0]["L"] += change
    assert "/aggregates/0/L: ballots known to be in the box" in named(other)
    other = copy.deepcopy(case)
    other.rows[2]["declared"] += change
    assert any("declared: what all its open rows declare" in what for what in named(other))
    case = case_of(box(two_types(), "u0", 25, 5, 0, 0, type="day"), "passes")
    case.rows[0]["declared"] += change
    assert "/aggregates/0/L: ballots known to be in the box" in named(case)


def test_a_declaration_of_a_row_that_is_done_or_an_l_of_nothing_is_refused() -> None:
    case = case_of(short_of_the_quorum(), "passes")
    other = copy.deepcopy(case)
    other.rows[0]["declared"] = 90
    assert any("of a row that is being counted" in what for what in named(other))
    case.certificate["aggregates"][0]["L"] = 0
    assert named(case) == ["/aggregates/0/L: what does not apply is left out"]


def test_a_witness_with_fewer_ballots_than_are_in_the_box_is_none() -> None:
    case = case_of(box(short_of_the_quorum(), "u2", 19), "passes")
    assert case.certificate["witness"]["ballots"] == [19]
    case.certificate["witness"]["ballots"] = [18]
    assert named(case) == ["/witness/ballots/0: fewer than are in the box"]


def test_a_verifier_that_is_told_of_boxes_that_cannot_be_does_not_follow() -> None:
    case = case_of(pooled(26, 25, 30), "passes")
    for index, number in ((0, 51), (1, 30)):
        case.certificate["aggregates"][index]["L"] = number
    assert "/aggregates/0/L: ballots known to be in the box" in named(case)
    assert verifier.verify(case.certificate, case.rows, None)

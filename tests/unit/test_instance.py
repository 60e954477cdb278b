"""An instance of `tally decide`: what it says is what is judged, and every fault in it is listed."""

import copy

import pytest

from tally.completions import ALL, BallotForm, Completions, Group, ModalUnit, Pool
from tally.instance import Instance, decide, parse
from tally.rules.plurality import Params

PLAIN = {
    "rule": "plurality",
    "candidates": ["A", "B", "C"],
    "params": {"seats": 1},
    "units": [
        {"id": "u1", "counted": [10, 5, 1], "outstanding": 3},
        {"id": "u2", "counted": [4, 4, 4], "outstanding": 2, "on_ballot": [0, 2], "min_outstanding": 1},
    ],
    "caps": [{"units": ["u1", "u2"], "max": 4}],
}


def changed(*path: object, to: object) -> dict:
    """The plain instance with one value replaced."""
    raw = copy.deepcopy(PLAIN)
    place = raw
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return raw


def codes(raw: object) -> list[tuple[str, str]]:
    verdict = decide(raw)
    assert set(verdict) == {"errors"}, verdict
    assert all(set(fault) == {"pointer", "code", "detail"} and fault["detail"] for fault in verdict["errors"])
    return [(fault["code"], fault["pointer"]) for fault in verdict["errors"]]


def completions(raw: dict) -> Completions:
    parsed = parse(raw)
    assert isinstance(parsed, Instance), parsed
    return parsed.completions


def test_units_alike_become_one_group_and_caps_become_pools() -> None:
    parsed = parse(PLAIN)
    assert parsed == Instance(
        "plurality",
        ("A", "B", "C"),
        Params(1),
        Completions(
            (14, 9, 5),
            (Group(ALL, 3, 0, 0), Group(0b101, 2, 1, 0)),
            BallotForm(),
            (Pool(4),),
            ballots_counted=28,
        ),
    )


def test_the_verdict_has_the_names_of_the_candidates_in_their_order() -> None:
    assert decide(PLAIN) == {
        "elected": ["A"],
        "eliminated": ["B", "C"],
        "outcome_certain": True,
        "worst_margin": {"A": 2, "B": -9, "C": -13},
    }


def test_units_in_doubt_stay_by_themselves() -> None:
    unit = {"id": "u3", "counted": [1, 2, 3], "outstanding": 4, "annullable": True, "ballots": 8}
    found = completions(changed("units", to=[*PLAIN["units"], unit]))
    assert found.counted == (14, 9, 5)
    assert found.modal == (ModalUnit((1, 2, 3), 4, annullable=True, ballots=8),)


@pytest.mark.parametrize(
    ("params", "form"),
    [
        ({}, BallotForm()),
        ({"votes_per_ballot": 3, "no_blank": True}, BallotForm("choose", 3, blank=False)),
        ({"ballot": "cumulative", "votes_per_ballot": 2}, BallotForm("cumulative", 2)),
        ({"ballot": "score", "votes_per_ballot": 5}, BallotForm("score", 5)),
        ({"ballot": None, "votes_per_ballot": None, "no_blank": None, "max_annulled": None}, BallotForm()),
    ],
)
def test_the_form_of_a_ballot(params: dict, form: BallotForm) -> None:
    assert completions(changed("params", to=params)).ballot == form


def test_what_is_left_out_has_its_default() -> None:
    bare = {
        "rule": "plurality",
        "candidates": ["A"],
        "units": [{"id": "u", "counted": [0], "outstanding": None}],
    }
    assert completions(bare) == Completions((0,), (Group(ALL, None),), ballots_counted=0)
    assert decide(bare) == {
        "elected": ["A"],
        "eliminated": [],
        "outcome_certain": True,
        "worst_margin": {"A": None},
    }
    assert decide({"rule": "plurality", "candidates": ["A", "B"], "units": []})["elected"] == []


def test_nested_caps_are_pools_within_pools_in_any_order() -> None:
    raw = changed(
        "caps",
        to=[{"units": ["u2"], "max": 1}, {"units": ["u2", "u1"], "max": 4}, {"units": ["u2"], "max": 2}],
    )
    found = completions(raw)
    assert found.pools == (Pool(4), Pool(1, 0), Pool(2, 1))
    assert [group.pool for group in found.groups] == [0, 2]


@pytest.mark.parametrize(
    ("raw", "code", "pointer"),
    [
        (3, "wrong-type", ""),
        (changed("rule", to="range_voting"), "not-in-this-release", "/rule"),
        (changed("rule", to=None), "not-in-this-release", "/rule"),
        (changed("surprise", to=1), "unknown-field", "/surprise"),
        (changed("candidates", to=[]), "wrong-type", "/candidates"),
        (changed("candidates", 1, to="A"), "duplicate-key", "/candidates/1"),
        (changed("candidates", 1, to=7), "wrong-type", "/candidates/1"),
        (changed("params", to=[]), "wrong-type", "/params"),
        (changed("params", "seats", to=0), "count-out-of-range", "/params/seats"),
        (changed("params", "ballot", to="borda"), "wrong-type", "/params/ballot"),
        (changed("params", "no_blank", to=1), "wrong-type", "/params/no_blank"),
        (changed("params", "max_annulled", to=-1), "count-negative", "/params/max_annulled"),
        (changed("params", "votes_per_ballot", to=0), "count-out-of-range", "/params/votes_per_ballot"),
        (changed("params", "quota", to="hare"), "unknown-field", "/params/quota"),
        (changed("units", to={}), "wrong-type", "/units"),
        (changed("units", 0, to=[]), "wrong-type", "/units/0"),
        (changed("units", 1, "id", to="u1"), "duplicate-key", "/units/1/id"),
        (changed("units", 0, "id", to=4), "wrong-type", "/units/0/id"),
        (changed("units", 0, "counted", to=[1, 2]), "wrong-type", "/units/0/counted"),
        (changed("units", 0, "counted", 2, to=-1), "count-negative", "/units/0/counted/2"),
        (changed("units", 0, "counted", 2, to=1.0), "number-not-integer", "/units/0/counted/2"),
        (changed("units", 0, "counted", 2, to=True), "number-not-integer", "/units/0/counted/2"),
        (changed("units", 0, "outstanding", to=2**63), "count-out-of-range", "/units/0/outstanding"),
        (changed("units", 1, "min_outstanding", to=3), "count-out-of-range", "/units/1/min_outstanding"),
        (changed("units", 1, "on_ballot", to="A"), "wrong-type", "/units/1/on_ballot"),
        (changed("units", 1, "on_ballot", 1, to=3), "count-out-of-range", "/units/1/on_ballot/1"),
        (changed("units", 1, "anullable", to=True), "unknown-field", "/units/1/anullable"),
        (changed("caps", to=4), "wrong-type", "/caps"),
        (changed("caps", 0, to=4), "wrong-type", "/caps/0"),
        (changed("caps", 0, "units", to=[]), "wrong-type", "/caps/0/units"),
        (changed("caps", 0, "units", 1, to="u9"), "unknown-unit", "/caps/0/units/1"),
        (changed("caps", 0, "max", to=None), "number-not-integer", "/caps/0/max"),
        (changed("caps", 0, "max", to=0), "bad-definition", "/caps"),
    ],
)
def test_every_fault_has_its_code_and_its_place(raw: object, code: str, pointer: str) -> None:
    assert (code, pointer) in codes(raw)


def test_a_unit_must_say_what_is_outstanding() -> None:
    raw = copy.deepcopy(PLAIN)
    del raw["units"][0]["outstanding"]
    del raw["units"][1]["id"]
    raw["caps"] = []
    assert codes(raw) == [("field-missing", "/units/0/outstanding"), ("field-missing", "/units/1/id")]


def test_caps_that_cross_are_refused() -> None:
    third = {"id": "u3", "counted": [0, 0, 0], "outstanding": 1}
    raw = changed("units", to=[*PLAIN["units"], third])
    raw["caps"] = [{"units": ["u1", "u2"], "max": 2}, {"units": ["u2", "u3"], "max": 2}]
    assert codes(raw) == [("bad-definition", "/caps/1/units")]


def test_all_faults_are_listed_at_once() -> None:
    raw = changed("params", to={"seats": 0, "seat": 1})
    raw["units"][0]["counted"] = [1]
    raw["caps"][0]["max"] = "4"
    assert len(codes(raw)) == 4


@pytest.mark.parametrize(
    ("assertions", "pointer"),
    [
        (None, "/params/assertions"),
        ([3], "/params/assertions/0"),
        ([{"coef": [1, 2]}], "/params/assertions/0/coef"),
        ([{"coef": [1, 2, 0.5]}], "/params/assertions/0/coef/2"),
        ([{"coef": [1, 2, 0], "c": "0"}], "/params/assertions/0/c"),
        ([{"coef": [1, 2, 0], "strict": "yes"}], "/params/assertions/0/strict"),
        ([{"coef": [1, 2, 0], "weak": True}], "/params/assertions/0/weak"),
    ],
)
def test_faults_of_assertions_have_their_place(assertions: object, pointer: str) -> None:
    raw = changed("params", to={"assertions": assertions}) | {"rule": "assertion"}
    assert pointer in [place for _, place in codes(raw)]


def test_assertions_are_answered_in_their_order() -> None:
    params = {"assertions": [{"coef": [1, -1, 0], "c": 1}, {"coef": [1, -1, 0], "c": 2, "strict": False}]}
    raw = changed("params", to=params) | {"rule": "assertion"}
    assert decide(raw) == {
        "assertions": [{"slack": 1, "irreversible": True}, {"slack": 0, "irreversible": True}]
    }
    raw["units"][0]["outstanding"] = None
    raw["caps"] = []
    assert decide(raw)["assertions"][0] == {"slack": None, "irreversible": False}


def test_a_dispute_names_the_leader_and_what_overturns_it() -> None:
    raw = changed("rule", to="disputed")
    raw["units"][0]["annullable"] = True
    assert decide(raw) == {
        "elected": [],
        "eliminated": [],
        "outcome_certain": False,
        "worst_margin": {"A": -2, "B": -9, "C": -13},
        "leader": "A",
        "min_units_to_overturn": 1,
        "min_ballots_to_overturn": 16,
    }


def test_the_instance_is_not_changed() -> None:
    before = copy.deepcopy(PLAIN)
    decide(PLAIN)
    assert before == PLAIN

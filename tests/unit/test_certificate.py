"""Certificates: what they say of a claim, what they hash, and what rows and amendments must not hide."""

import hashlib
import json
from typing import Any

import msgspec

from tally import certificate, engine, verifier
from tally.model import Definition, canonical
from tally.report import CountBatch, CountReport, DeskCommand
from tally.rows import canonical_lines, canonical_rows
from tally.state import State
from tally.view import contest_view
from tally.wire import canonical_json

NAMES = ("ann", "bo", "cy")


def town(units: int = 3, *, registered: int = 100, **contest: Any) -> dict[str, Any]:
    """Units u0, u1… with `registered` voters each and one contest over three selections."""
    return {
        "format": "tally-election/1",
        "election": {"id": "town", "label": "reconstruction"},
        "units": [{"id": f"u{n}", "voters_registered": registered} for n in range(units)],
        "contests": [
            {
                "id": "mayor",
                "rule": {"type": "plurality", "seats": 1},
                "selections": [{"id": name} for name in NAMES],
                "bound": {"kind": "registered", "hard": True},
                **contest,
            }
        ],
        "assumptions": [{"id": "half", "kind": "turnout_max", "value": [1, 2], "text": "At most half vote."}],
    }


def opened(raw: dict[str, Any]) -> State:
    """The state of an election nobody has reported to."""
    return engine.open_state(engine.define(msgspec.convert(raw, Definition), 1_000))


def take(state: State, command: CountBatch | DeskCommand) -> State:
    """The state after a command that must be accepted."""
    step = engine.step(state, command, state.at_ms + 1_000)
    assert step.record is not None, step.refusals
    return engine.apply(state, step.record, step.effects)


def counted(state: State, unit: str, *votes: int, **changes: Any) -> State:
    """The state after a completed report of `unit` with those votes, unless `changes` say otherwise."""
    said: dict[str, Any] = {
        "unit": unit, "contest": "mayor", "revision": 1, "status": "completed",
        "counts": dict(zip(NAMES, votes, strict=True)), "ballots_cast": sum(votes),
    }  # fmt: skip
    report = CountReport(**said | changes)
    return take(state, CountBatch("town", f"b{state.seq}", "s", (report,)))


def certified(state: State, claim: str) -> dict[str, Any]:
    """The certificate of a claim, decoded from its JSON, found true first."""
    contest = state.contests[0]
    made = certificate.certify(state, contest, claim, "e1")
    assert made is not None
    rows = [json.loads(line) for line in canonical_lines(contest)]
    definition = json.loads(canonical(state.layout.definition))
    assert verifier.verify(json.loads(json.dumps(made)), rows, definition) == []
    assert verifier.verify(json.loads(json.dumps(made)), rows, None) == []
    return made


def test_an_irreversible_claim_carries_its_assertions() -> None:
    state = counted(counted(opened(town()), "u0", 90, 5, 0), "u1", 80, 10, 5)
    made = certified(state, "elected:ann")
    assert (made["verdict"], made["grade"], made["assumptions"], made["lemma"]) == (
        "irreversible",
        "certain",
        [],
        "A",
    )
    assert made["proof"]["assertions"] == [
        {"a": [1, -1, 0], "c": 0, "strict": True, "counted": 155, "worst": -100, "slack": 55},
        {"a": [1, 0, -1], "c": 0, "strict": True, "counted": 165, "worst": -100, "slack": 65},
    ]
    assert made["aggregates"] == [
        {"class": "c0", "units": 3, "members": "rest", "on_ballot": None, "pool": None, "R": 100}
    ]
    assert made["bounds"] == [
        {"class": "c0", "source": "registered", "hard": True, "open_cells": 1, "total": 100}
    ]
    assert made["counted"] == [170, 15, 5]
    assert made["witness"] is None
    assert made["label"] == "reconstruction"


def test_an_open_claim_carries_a_count_that_breaks_it() -> None:
    made = certified(counted(opened(town()), "u0", 60, 30, 0), "elected:ann")
    assert (made["verdict"], made["grade"], made["proof"]) == ("open", None, None)
    totals = made["witness"]["totals"]
    assert max(totals[1:]) >= totals[0]


def test_where_nothing_bounds_the_ballots_the_witness_says_so() -> None:
    made = certified(counted(opened(town(bound={"kind": "none"})), "u0", 60, 30, 0), "elected:ann")
    assert made["aggregates"][0]["R"] is None
    assert made["witness"]["unbounded_classes"] == ["c0"]


def test_a_claim_on_soft_caps_names_the_assumption_and_its_words() -> None:
    state = opened(town(bound={"kind": "registered", "hard": False}))
    state = counted(counted(state, "u0", 90, 5, 0), "u1", 20, 10, 5)
    made = certified(state, "elected:ann")
    assert made["grade"] == "conditional"
    assert made["assumptions"] == [
        {"id": "half", "text": "At most half vote.", "kind": "turnout_max", "value": [1, 2]}
    ]
    assert made["aggregates"][0]["R"] == 50


def test_several_seats_are_proved_by_shortages_and_eliminations_by_who_stays_above() -> None:
    state = opened(town(2, registered=10, rule={"type": "plurality", "seats": 2}))
    state = counted(state, "u0", 4, 3, 0)
    assert certified(state, "elected:ann")["verdict"] == "open"
    state = counted(opened(town(2, registered=12, rule={"type": "plurality", "seats": 2})), "u0", 10, 1, 1)
    made = certified(state, "elected:ann")
    assert made["proof"]["shortages"] == [
        {"rivals": ["bo", "cy"], "needed": 18, "available": 12, "whoever": True}
    ]
    assert made["lemma"] == "C"
    state = opened(town(2, registered=20, rule={"type": "plurality", "seats": 1}))
    made = certified(counted(counted(state, "u0", 15, 5, 0), "u1", 0, 0, 10), "eliminated:bo")
    assert made["proof"]["above"] == ["ann"]


def test_hashes_are_those_of_the_published_bytes() -> None:
    state = counted(opened(town()), "u0", 90, 5, 0)
    made = certified(state, "elected:ann")
    lines = b"".join(canonical_lines(state.contests[0]))
    assert made["data"]["snapshot_sha256"] == hashlib.sha256(lines).hexdigest()
    assert made["data"]["definition_sha256"] == hashlib.sha256(canonical(state.layout.definition)).hexdigest()
    assert made["data"]["rows"] == f"/v1/contests/mayor/units.ndjson?at={state.seq}"
    body = {name: value for name, value in made.items() if name != "certificate_sha256"}
    assert made["certificate_sha256"] == hashlib.sha256(canonical_json(body)).hexdigest()


def test_the_hash_of_the_rows_follows_every_change() -> None:
    state = opened(town())
    before = certified(state, "elected:ann")["data"]["snapshot_sha256"]
    state = counted(state, "u0", 90, 5, 0)
    after = certified(state, "elected:ann")["data"]["snapshot_sha256"]
    assert (
        before != after != certified(counted(state, "u1", 1, 0, 0), "elected:ann")["data"]["snapshot_sha256"]
    )


def test_no_such_claim_no_certificate() -> None:
    state = opened(town())
    assert certificate.certify(state, state.contests[0], "elected:zoe", "e1") is None
    assert certificate.certify(state, state.contests[0], "", "e1") is None


def test_a_bare_assertion_is_claimed_by_its_place() -> None:
    rule = {
        "type": "assertion",
        "assertions": [{"coef": [1, 0, 0], "c": n, "strict": True} for n in (5, 90, 900)],
    }
    state = counted(opened(town(rule=rule)), "u0", 90, 5, 0)
    assert certified(state, "holds:0")["verdict"] == "irreversible"
    assert certified(state, "holds:1")["claim"] == {"id": "holds:1", "type": "holds", "who": ["1"]}
    assert certified(state, "holds:2")["witness"]["totals"][0] <= 900


def test_a_row_says_what_is_declared_beside_a_larger_cap_and_beside_a_soft_one() -> None:
    state = counted(opened(town()), "u0", 9, 5, 0, status="in-process", ballots_declared=20)
    cap = next(iter(canonical_rows(state.contests[0])))["cap"]
    assert (cap["ballots"], cap["source"], cap["hard"], cap["declared"]) == (20, "declared", True, 20)
    state = opened(town(bound={"kind": "registered", "hard": False}))
    state = counted(state, "u0", 9, 5, 0, status="in-process", ballots_declared=120)
    cap = next(iter(canonical_rows(state.contests[0])))["cap"]
    assert (cap["ballots"], cap["source"], cap["hard"], cap["declared"]) == (100, "registered", False, 120)
    certified(state, "elected:ann")


def test_a_quarantined_report_leaves_the_cap_standing_as_stated_hard() -> None:
    state = counted(opened(town()), "u0", 90, 5, 0, status="in-process")
    state = counted(state, "u0", 190, 5, 0, revision=2, status="in-process")
    row = next(iter(canonical_rows(state.contests[0])))
    assert row["standing"] == "quarantined"
    assert row["counts"] == {"ann": 90, "bo": 5, "cy": 0}
    assert row["cap"] == {
        "ballots": 100, "source": "registered", "hard": False, "stated_hard": True, "exceeded": True,
        "held_ballots": 195, "registered": 100,
    }  # fmt: skip
    assert certified(state, "elected:ann")["aggregates"][0]["R"] is None


def test_a_held_correction_of_a_completed_unit_leaves_the_rest_of_its_cap_outstanding() -> None:
    state = counted(opened(town(1)), "u0", 60, 5, 0)
    state = counted(state, "u0", 50, 20, 0, revision=2, reason="recount", ballots_declared=60)
    assert next(iter(canonical_rows(state.contests[0])))["standing"] == "quarantined"
    assert certified(state, "elected:ann")["aggregates"][0]["R"] == 35


def test_an_amended_cap_that_is_already_exceeded_is_shown_wrong_at_once() -> None:
    raw = town(3, bound={"kind": "registered", "hard": False})
    raw["units"][0]["cap"] = {"ballots": 200, "source": "papers", "hard": False}
    raw["units"][1]["cap"] = {"ballots": 200, "source": "papers", "hard": False}
    state = counted(opened(raw), "u0", 90, 60, 0)
    raw["units"][0]["cap"] = {"ballots": 100, "source": "papers", "hard": True}
    raw["units"][1]["cap"] = {"ballots": 200, "source": "papers", "hard": True}
    state = take(state, DeskCommand("amend", "counted again", "desk", definition=raw))
    assert state.contests[0].sums.tainted == {"papers"}
    second = list(canonical_rows(state.contests[0]))[1]["cap"]
    assert (second["hard"], second["stated_hard"], second["shown_wrong"]) == (False, True, True)
    raw["units"][0]["cap"] = raw["units"][1]["cap"] = {"ballots": 300, "source": "printed", "hard": True}
    state = take(state, DeskCommand("amend", "another source", "desk", definition=raw))
    assert state.contests[0].sums.tainted == set()
    certified(state, "elected:ann")


def test_an_amended_pool_that_is_already_exceeded_is_shown_wrong_at_once() -> None:
    pool = {"id": "mail", "units": ["u0", "u1"], "ballots": 300, "source": "printed", "hard": True}
    raw = town(3, caps=[pool])
    state = counted(opened(raw), "u0", 80, 10, 0)
    raw["contests"][0]["caps"] = [pool | {"ballots": 80}]
    state = take(state, DeskCommand("amend", "counted again", "desk", definition=raw))
    assert state.contests[0].sums.tainted == {"pool:mail"}
    assert certified(state, "elected:ann")["pools"][0] == {
        "id": "mail", "parent": None, "ballots": 80, "hard": False, "source": "printed", "cast": 90,
        "outstanding": None, "stated_hard": True, "shown_wrong": True,
    }  # fmt: skip


def test_a_pool_of_0_ballots_is_no_cap_and_cannot_be_exceeded() -> None:
    pool = {"id": "mail", "units": ["u0", "u1"], "ballots": 0, "source": "printed", "hard": True}
    state = counted(opened(town(3, caps=[pool])), "u0", 80, 10, 0)
    assert state.contests[0].sums.tainted == set()
    assert certified(state, "elected:ann")["pools"][0]["outstanding"] is None


def test_a_view_names_bare_assertions_by_their_place_even_with_more_of_them_than_selections() -> None:
    rule = {
        "type": "assertion",
        "assertions": [{"coef": [1, 0, 0], "c": n, "strict": True} for n in range(4)],
    }
    claims = contest_view(counted(opened(town(rule=rule)), "u0", 90, 5, 0), 0, "e1")["claims"]
    assert [(one["id"], one["who"]) for one in claims] == [(f"holds:{n}", [str(n)]) for n in range(4)]
    assert [one["status"] for one in claims] == ["irreversible"] * 4

"""Every fault of a definition is found before anything is journaled, with the place of the bad field."""

from typing import Any

import pytest

from tally.checks import faults
from tally.model import read
from tests.service.world import definition

FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("rule/ballot", {"rule": {"type": "plurality", "ballot": "guess"}}, "/contests/0/rule/ballot"),
    ("votes 0", {"rule": {"type": "plurality", "votes_per_ballot": 0}}, "/contests/0/rule/votes_per_ballot"),
    ("votes text", {"rule": {"type": "plurality", "votes_per_ballot": "2"}}, "/contests/0/rule/votes_per_ballot"),
    ("no_blank", {"rule": {"type": "plurality", "no_blank": 1}}, "/contests/0/rule/no_blank"),
    ("rule", {"rule": {"type": "dice"}}, "/contests/0/rule/type"),
    ("seats", {"rule": {"type": "plurality", "seats": 0}}, "/contests/0/rule/seats"),
    ("votes allowed", {"votes_allowed": 0}, "/contests/0/votes_allowed"),
    ("total and more", {"count_types": ["total", "mail"]}, "/contests/0/count_types"),
    ("pools cross", {"caps": [{"units": ["p001", "p002"], "ballots": 5}, {"units": ["p002", "p003"], "ballots": 5}]},
     "/contests/0/caps/1/units"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "pointer"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_contest_s_fault(changes: dict[str, Any], pointer: str) -> None:
    assert [fault.pointer for fault in faults(read(definition(**changes)))] == [pointer]


def test_a_scope_that_is_not_there() -> None:
    wrong = definition()
    wrong["contests"][0]["units"] = "west"
    assert [fault.pointer for fault in faults(read(wrong))] == ["/contests/0/units"]


@pytest.mark.parametrize(
    "instant", ["yesterday", "2026-01-01T18:00:00", "2026-13-01T18:00:00Z", "2026-01-01 18:00Z"]
)
def test_polls_close_at_an_instant(instant: str) -> None:
    wrong = definition()
    wrong["election"]["polls_close"] = instant
    assert [fault.pointer for fault in faults(read(wrong))] == ["/election/polls_close"]
    wrong["election"]["polls_close"] = "2013-04-14T18:00:00-04:30"
    assert not faults(read(wrong))


def test_units_and_assumptions() -> None:
    wrong = definition()
    wrong["units"][2]["type_caps"] = {"total": {"ballots": -1}}
    wrong["units"][3]["count_types"] = ["mail"]
    wrong["assumptions"] = [{"id": "a", "kind": "turnout_max", "value": [2, 1]}] * 2
    assert [(f.code, f.pointer) for f in faults(read(wrong))] == [
        ("count-negative", "/units/2/type_caps/total/ballots"),
        ("unknown-type", "/units/3"),
        ("bad-definition", "/assumptions/0/value"),
        ("bad-identifier", "/assumptions/1/id"),
        ("bad-definition", "/assumptions/1/value"),
    ]


def test_a_pool_without_a_name_is_named_by_its_place() -> None:
    found = read(
        definition(caps=[{"units": ["p001"], "ballots": 5}, {"id": "mail", "units": ["p002"], "ballots": 5}])
    )
    assert [pool.id for pool in found.contests[0].caps] == ["pool-1", "mail"]

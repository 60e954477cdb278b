"""Real nights in the common data format: valid, the XML is the JSON, both hold every number that was counted.

civics-cdf-validator judges them too; over the units of Georgia alone, as it takes a minute for those of the others.
"""

import json
from typing import Any

import pytest

from ingest.replay import load
from tally.instant import written
from tally.state import BALLOTS, State
from tests.data.counting import counted
from tests.data.where import published
from tests.unit import cdf_civics, cdf_xml
from tests.unit.test_cdf import check_json
from tests.unit.test_cdf_rules import HELD, NATIVE, NOT_OURS, OTHER_FIELDS
from ws.exports import as_cdf, as_cdf_xml
from ws.exports.sheets import UNITS, Results, units

NIGHTS = {"demo": 38_971, "us_ga_2018_two_round": 2_635, "bolivia_2020": 18_557}
"""And the units that reported, for each contest."""


def night(name: str) -> State:
    """Counted to its end; skipped where the published election is not there."""
    return counted(load(name if name == "demo" else published(name)))[0]


@pytest.mark.parametrize("name", NIGHTS)
def test_a_night_comes_back_from_the_xml_number_by_number(name: str) -> None:
    state = night(name)
    results = Results(
        state.layout.definition, tuple(state.contests), "1", state.seq, written(state.at_ms), with_units=True
    )
    report, raw = json.loads(as_cdf.written(results)), as_cdf_xml.written(results)
    assert cdf_xml.faults(raw) == []
    read = cdf_xml.read(raw)
    assert read == report
    if len(state.layout.definition.units) < 5_000:
        check_rules(raw)
    check_small(state)
    election = read["Election"][0]
    for contest, told in zip(state.contests, election["Contest"], strict=True):
        root = contest.nodes[0].tolist()
        votes: dict[tuple[str, str], list[int]] = {}
        for s, selection in enumerate(told["ContestSelection"]):
            whole, *parts = selection["VoteCounts"]
            assert whole["Count"] == root[s] == sum(one["Count"] for one in parts)
            for one in parts:
                votes.setdefault((one["GpUnitId"], kind(one)), []).append(one["Count"])
        start = len(UNITS)
        held = {
            (as_cdf._id("gp", str(row[1])), row[4]): list(row[start:])
            for row in units(contest)
            if row[start] is not None and row[6] != "annulled"
        }
        assert votes == held
        assert len({unit for unit, _ in votes}) == NIGHTS[name]
    whole, *parts = election["BallotCounts"]
    root = state.contests[0].nodes[0].tolist()
    assert (
        whole["BallotsCast"]
        == root[state.contests[0].layout.selections + BALLOTS]
        == sum(one["BallotsCast"] for one in parts)
    )


def kind(told: dict[str, Any]) -> Any:
    return told.get("OtherType") or told["Type"]


def check_small(state: State) -> None:
    """Without rows of units: valid as JSON too, which takes its schema minutes for the rows of a night."""
    results = Results(
        state.layout.definition, tuple(state.contests), "1", state.seq, written(state.at_ms), with_units=False
    )
    report, raw = json.loads(as_cdf.written(results)), as_cdf_xml.written(results)
    check_json(report)
    assert cdf_xml.faults(raw) == []
    assert cdf_xml.read(raw) == report
    check_rules(raw)


def check_rules(raw: bytes) -> None:
    """Names in capital letters are the definition's."""
    root = cdf_civics.in_dialect(raw)
    assert cdf_civics.at_once(root, {*HELD, *OTHER_FIELDS, *NOT_OURS} - {"AllCaps"}) == {}
    assert cdf_civics.found_as_it_is(raw, NATIVE) == {}

"""The common data format of NIST: valid as JSON and as XML, both the same, ids that are ids whatever names are."""

import json
from typing import Any

import jsonschema
import pytest

from tally import engine
from tally.instant import written
from tally.model import read
from tally.report import CountBatch, CountReport
from tests.unit import cdf_xml
from tests.unit.test_exports import counted, export
from ws.exports import as_cdf, as_cdf_xml, sheets
from ws.exports.sheets import Results

MARKUP = "]]><!-- & \" ' </Name> &amp; -->"
UNCARRIED = "a\x00b\x0b\x1b\ufffe\uffff"
SPACES = " a\r\nb\tc\r "
FACES = "𐍈 العربية 🗳"
DEFINITION: dict[str, Any] = {
    "format": "tally-election/1",
    "election": {"id": "e:1", "name": "  ", "date": "spring 2026", "label": MARKUP, "is_test": True},
    "units": [
        {"id": "a:b", "type": "borough", "name": MARKUP}, {"id": "a_b", "type": "water", "name": UNCARRIED},
        {"id": "a_x3a_b", "type": "<t>", "name": SPACES}, {"id": "whole", "name": FACES}, {"id": "gp-whole", "name": " "},
        {"id": "in", "parent": "holds"}, {"id": "holds", "type": "state", "name": "Holds"},
    ],
    "contests": [
        {"id": "a", "name": MARKUP, "rule": {"type": "plurality"}, "count_types": ["seats", "mail"], "selections": [
            {"id": "b.c", "name": UNCARRIED, "party": "Ñ"}, {"id": "b:c", "name": SPACES, "party": "É"},
            {"id": "b_c", "name": FACES, "party": "N N"}, {"id": "b-c", "party": "N_N"}, {"id": "d", "party": MARKUP},
            {"id": "f", "party": " "},
        ]},
        {"id": "a.b", "name": " ", "rule": {"type": "plurality"}, "selections": [{"id": "c"}, {"id": "x_b"}]},
        {"id": "a:b", "rule": {"type": "plurality"}, "selections": [{"id": "c"}, {"id": "d"}]},
    ],
}  # fmt: skip


def hostile(*, with_units: bool) -> Results:
    """Names that are markup, what no XML can hold, and ids that are alike once what they may not hold is gone."""
    state = engine.open_state(engine.define(read(json.loads(json.dumps(DEFINITION))), 1_700_000_000_123))
    names = [one["id"] for one in DEFINITION["contests"][0]["selections"]]
    reports = tuple(
        CountReport(
            unit, "a", 1, "completed", dict(zip(names, range(n, n + 6), strict=True)), 6 * n + 15, 0, name
        )
        for n, unit in enumerate(("a:b", "a_b", "a_x3a_b", "whole", "gp-whole", "in"))
        for name in ("seats", "mail")
    )
    step = engine.step(state, CountBatch("e:1", "b1", "s", reports, is_test=True), 1_700_000_000_123)
    assert step.record is not None, step.refusals
    state = engine.apply(state, step.record, step.effects)
    return Results(
        state.layout.definition, tuple(state.contests), "epoch", state.seq, written(state.at_ms), with_units
    )


def check_json(report: Any) -> None:
    """Valid against the schema, dates and instants too."""
    schema = json.loads((cdf_xml.folder() / "NIST_V2_election_results_reporting.json").read_text("utf-8"))
    jsonschema.validate(report, schema, format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize("with_units", [True, False])
def test_the_common_data_format_is_valid_and_adds_up(*, with_units: bool) -> None:
    report = json.loads(export("cdf.json", with_units=with_units))
    check_json(report)
    assert cdf_xml.faults(export("cdf.xml", with_units=with_units)) == []
    assert cdf_xml.read(export("cdf.xml", with_units=with_units)) == report
    known = {unit["@id"] for unit in report["GpUnit"]}
    assert len(known) == len(report["GpUnit"])
    for unit in report["GpUnit"]:
        assert set(unit.get("ComposingGpUnitIds", ())) <= known
    election = report["Election"][0]
    people = {one["@id"] for one in election["Candidate"]}
    for contest in election["Contest"]:
        for selection in contest["ContestSelection"]:
            assert set(selection["CandidateIds"]) <= people
            whole, *parts = selection["VoteCounts"]
            assert {count["GpUnitId"] for count in selection["VoteCounts"]} <= known
            if with_units:
                assert sum(count["Count"] for count in parts) == whole["Count"]
    assert [one["VoteCounts"][0]["Count"] for one in election["Contest"][0]["ContestSelection"]] == [
        205,
        94,
        1,
    ]
    assert [contest["VoteVariation"] for contest in election["Contest"]] == ["plurality", "majority", "other"]


def said(text: dict[str, Any]) -> str:
    return str(text["Text"][0]["Content"])


def test_everything_comes_back_from_the_common_data_format() -> None:
    """A reader of the format alone has the tree, the names and every number of every counted row."""
    report, state = json.loads(export("cdf.json")), counted()
    definition = state.layout.definition
    units = {unit["@id"].removeprefix("gp-"): unit for unit in report["GpUnit"]}
    parent = {
        child.removeprefix("gp-"): name
        for name, unit in units.items()
        for child in unit.get("ComposingGpUnitIds", ())
    }
    for unit in definition.units:
        found = units[unit.id]
        assert said(found["Name"]) == unit.name if unit.name else "Name" not in found
        assert found.get("VotersRegistered") == unit.voters_registered
        assert found.get("OtherType") or found["Type"] == unit.type
        assert parent[unit.id] == (unit.parent or "whole")
    election = report["Election"][0]
    people = {one["@id"]: one for one in election["Candidate"]}
    parties = {one["@id"]: said(one["Name"]) for one in report["Party"]}
    for contest, told in zip(state.contests, election["Contest"], strict=True):
        assert (told["VotesAllowed"], told["NumberElected"]) == (contest.layout.contest.votes_allowed, 1)
        rows: dict[tuple[str, str], list[int]] = {}
        for selection, shown in zip(contest.layout.contest.selections, told["ContestSelection"], strict=True):
            person = people[shown["CandidateIds"][0]]
            assert said(person["BallotName"]) == (selection.name or selection.id)
            assert parties.get(person.get("PartyId")) == selection.party
            for count in shown["VoteCounts"][1:]:
                key = count["GpUnitId"].removeprefix("gp-"), count.get("OtherType") or count["Type"]
                rows.setdefault(key, []).append(count["Count"])
        start = len(sheets.UNITS)
        held = {
            (row[1], row[4]): list(row[start:]) for row in sheets.units(contest) if row[start] is not None
        }
        assert rows == {key: row for key, row in held.items() if key[0] != "b"}, (
            "b is annulled: it counts nothing"
        )
    cast = {
        (one["GpUnitId"], one.get("OtherType") or one["Type"]): one["BallotsCast"]
        for one in election["BallotCounts"]
    }
    assert cast == {("whole", "total"): 309, ("gp-a", "election-day"): 300, ("gp-a", "mail"): 9}


@pytest.mark.parametrize("with_units", [True, False])
def test_whatever_names_and_ids_are_both_forms_are_valid_and_the_same(*, with_units: bool) -> None:
    results = hostile(with_units=with_units)
    report = json.loads(as_cdf.written(results))
    check_json(report)
    raw = as_cdf_xml.written(results)
    assert cdf_xml.faults(raw) == []
    assert cdf_xml.read(raw) == cdf_xml.carried(report)
    assert report["GeneratedDate"] == "2023-11-14T22:13:20Z"  # no fraction: the standard has none
    assert report["Election"][0]["StartDate"] == "2023-11-14"
    assert report["Notes"].endswith("date spring 2026")
    assert report["Issuer"] == "e:1"


def _ids(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for one in value for name in _ids(one)]
    if not isinstance(value, dict):
        return []
    mine = [value["@id"]] if "@id" in value else []
    return mine + [name for one in value.values() for name in _ids(one)]


def test_no_two_things_share_an_id() -> None:
    report = as_cdf.report(hostile(with_units=True))
    ids = _ids(report)
    election = report["Election"][0]
    assert len(set(ids)) == len(ids) == 1 + 7 + 5 + 2 * 10 + 3
    names = [cdf_xml.carried(one["BallotName"]["Text"][0]["Content"]) for one in election["Candidate"]]
    assert names[:6] == ["a\ufffdb\ufffd\ufffd\ufffd\ufffd", SPACES, FACES, "b-c", "d", "f"]
    assert [one["Name"] for one in election["Contest"]] == [MARKUP, "a.b", "a:b"]


def test_without_rows_of_units_nothing_points_at_a_unit_that_is_not_there() -> None:
    shown = {one["@id"]: one for one in as_cdf.report(hostile(with_units=False))["GpUnit"]}
    assert set(shown) == {"whole", "gp-holds"}
    assert shown["whole"]["ComposingGpUnitIds"] == ["gp-holds"]


def test_every_word_the_standard_has_is_used() -> None:
    assert cdf_xml.enumerated("ReportingUnitType") - {"other"} == as_cdf.UNIT_TYPES
    assert cdf_xml.enumerated("CountItemType") - {"other"} == as_cdf.COUNT_TYPES
    assert set(as_cdf.VARIATIONS.values()) <= cdf_xml.enumerated("VoteVariation")
    units = {one["@id"]: one["Type"] for one in as_cdf.report(hostile(with_units=True))["GpUnit"]}
    assert (units["gp-a_x3a_b"], units["gp-a_b"], units["gp-a_x5f_x3a_b"]) == ("borough", "water", "other")


def test_the_order_of_the_schema_is_ours() -> None:
    for kind, order in as_cdf_xml.ORDER.items():
        assert list(order) == [name for name in cdf_xml.fields(kind) if name in order], kind


@pytest.mark.parametrize("kind", sorted(kind for kind, order in as_cdf_xml.ORDER.items() if len(order) > 1))
def test_another_order_is_invalid(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(as_cdf_xml.ORDER, kind, as_cdf_xml.ORDER[kind][::-1])
    assert cdf_xml.faults(export("cdf.xml"))


def test_a_field_nobody_gave_a_place_is_not_left_out_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(as_cdf_xml.ORDER, "Party", ())
    with pytest.raises(AssertionError, match="Party has"):
        export("cdf.xml")

"""Exports read back by other people's readers: the same numbers, no formula, the schema of NIST."""

import csv
import io
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import jsonschema
import openpyxl
import pytest

from tally import engine
from tally.model import read
from tally.report import CountBatch, CountReport, DeskCommand
from tally.state import State
from tests.data.where import published
from ws.exports import EXPORTS, sheets
from ws.exports.feed import atom
from ws.exports.sheets import Results

HOSTILE = "=cmd|' /C calc'!A0"
DEFINITION: dict[str, Any] = {
    "format": "tally-election/1",
    "election": {"id": "e", "name": "An election, “quoted”", "date": "2026-11-27", "label": "reconstruction"},
    "units": [
        {"id": "n", "type": "state", "name": HOSTILE},
        {"id": "a", "parent": "n", "voters_registered": 500, "name": "+1 station"},
        {"id": "b", "parent": "n", "voters_registered": 400, "name": "Ñandú, العربية"},
        {"id": "c", "parent": "n", "type": "odd-kind"},
    ],
    "contests": [
        {
            "id": "mayor", "name": "Mayor", "rule": {"type": "plurality"}, "count_types": ["election-day", "mail"],
            "bound": {"kind": "registered", "hard": True}, "reconcile": "flag",
            "selections": [{"id": "x", "name": HOSTILE, "party": "@evil"}, {"id": "y", "party": "Y"}, {"id": "-z"[1:]}],
        },
        {"id": "a/very:long*name?that[no]sheet-may-have-1", "rule": {"type": "two_round"}, "selections": [{"id": "x"}, {"id": "y"}]},
        {"id": "a/very:long*name?that[no]sheet-may-have-2", "rule": {"type": "assertion", "assertions": [{"coef": [1, -1]}]}, "selections": [{"id": "x"}, {"id": "y"}]},
    ],
}  # fmt: skip
DEFINITION["contests"][1]["id"] = "a-very-long-contest-name-that-no-sheet-may-have-1"
DEFINITION["contests"][2]["id"] = "a-very-long-contest-name-that-no-sheet-may-have-2"


def counted() -> State:
    """Two stations in, one of them annulled, one not yet heard of."""
    state = engine.open_state(engine.define(read(json.loads(json.dumps(DEFINITION))), 1_700_000_000_000))
    reports = (
        CountReport("a", "mayor", 1, "completed", {"x": 200, "y": 90, "z": 1}, 300, 9, "election-day"),
        CountReport("a", "mayor", 1, "in-process", {"x": 5, "y": 4, "z": 0}, 9, 0, "mail"),
        CountReport("b", "mayor", 1, "completed", {"x": 20, "y": 190, "z": 3}, 213, 0, "election-day"),
    )
    for command in (CountBatch("e", "b1", "s", reports), DeskCommand("annul", "burnt", "desk", ("b",))):
        step = engine.step(state, command, 1_700_000_000_000)
        assert step.record is not None, step.refusals
        state = engine.apply(state, step.record, step.effects)
    return state


def taken(*, with_units: bool = True) -> Results:
    state = counted()
    return Results(
        state.layout.definition, tuple(state.contests), "epoch", state.seq, "2026-11-27T20:00:00Z", with_units
    )


def export(name: str, *, with_units: bool = True) -> bytes:
    found = next(one for one in EXPORTS if one.PATH.endswith(name))
    return found.written(taken(with_units=with_units))


def test_every_format_of_the_contract_is_here() -> None:
    assert {one.PATH for one in EXPORTS} == {
        "/v1/export.json", "/v1/export.csv", "/v1/export.xlsx", "/v1/export/cdf.json",
    }  # fmt: skip


def test_json_says_what_it_is_and_what_was_counted() -> None:
    found = json.loads(export("export.json"))
    assert (found["election"], found["label"], found["is_test"], found["seq"]) == (
        "e",
        "reconstruction",
        False,
        3,
    )
    mayor = found["contests"][0]
    assert [row["votes"] for row in mayor["totals"]] == [205, 94, 1]  # an annulled station counts nothing
    assert {row["valid_votes"] for row in mayor["totals"]} == {300}
    by_unit = {(row["unit"], row["type"]): row for row in mayor["units"]}
    assert by_unit["b", "election-day"]["standing"] == "annulled"
    assert by_unit["c", "mail"]["x"] is None
    assert by_unit["a", "mail"]["progress"] == "in-process"
    assert "units" not in json.loads(export("export.json", with_units=False))["contests"][0]


def test_csv_reads_back_and_runs_nothing() -> None:
    raw = export("export.csv", with_units=False)
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert [row["votes"] for row in rows[:3]] == ["205", "94", "1"]
    assert rows[0]["selection_name"] == f"'{HOSTILE}"
    assert rows[0]["party"] == "'@evil"
    units = list(csv.DictReader(io.StringIO(export("export.csv").decode("utf-8-sig"), newline="")))
    assert sum(int(row["votes"]) for row in units if row["unit"] == "a" and row["votes"]) == 300
    for cell in (cell for row in (*rows, *units) for cell in row.values()):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell


def test_a_workbook_opens_with_the_same_cells() -> None:
    book = openpyxl.load_workbook(io.BytesIO(export("export.xlsx")))
    assert book.sheetnames[:3] == ["About", "Totals", "mayor"]
    assert len({name.lower() for name in book.sheetnames}) == 5
    assert all(len(name) <= 31 for name in book.sheetnames)
    found = [[cell.value for cell in row] for row in book["Totals"].iter_rows()]
    expected = [list(sheets.TOTALS)] + [list(row) for one in counted().contests for row in sheets.totals(one)]
    assert found == [[None if cell == "" else cell for cell in row] for row in expected]
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    assert not any(sheet._hyperlinks for sheet in book)  # openpyxl has no other way to ask
    units = [[cell.value for cell in row] for row in book["mayor"].iter_rows(min_row=2)]
    assert units == [[None if c == "" else c for c in row] for row in sheets.units(counted().contests[0])]


@pytest.mark.parametrize("with_units", [True, False])
def test_the_common_data_format_is_valid_and_adds_up(*, with_units: bool) -> None:
    folder = published("feed_samples/nist_1500_100_v2")
    schema = json.loads((folder / "NIST_V2_election_results_reporting.json").read_text("utf-8"))
    report = json.loads(export("cdf.json", with_units=with_units))
    jsonschema.validate(report, schema)
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
    assert cast == {("gp-whole", "total"): 309, ("gp-a", "election-day"): 300, ("gp-a", "mail"): 9}


def test_the_feed_links_to_claims_whose_ids_are_not_plain() -> None:
    event = {"kind": "claim", "contest": "mayor", "claim": "runoff:a&b+c d", "status": "irreversible"}
    election = {"id": "e", "name": "", "label": None, "is_test": False}
    feed = ET.fromstring(atom(election, "1", [(7, "at", [event])], "https://count.example", "at"))  # noqa: S314
    link = feed.find(".//{*}entry/{*}link")
    assert link is not None
    address = urlsplit(link.attrib["href"])
    assert address.path == "/v1/contests/mayor/certificate"
    assert parse_qs(address.query) == {"claim": ["runoff:a&b+c d"]}

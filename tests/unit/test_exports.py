"""Exports read back by other people's readers: the same numbers, no formula, the schema of NIST."""

import csv
import io
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import openpyxl

from tally import engine
from tally.model import read
from tally.report import CountBatch, CountReport, DeskCommand
from tally.state import State
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
        "/v1/export.json", "/v1/export.csv", "/v1/export.xlsx", "/v1/export/cdf.json", "/v1/export/cdf.xml",
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


def test_the_feed_links_to_claims_whose_ids_are_not_plain() -> None:
    event = {"kind": "claim", "contest": "mayor", "claim": "runoff:a&b+c d", "status": "irreversible"}
    election = {"id": "e", "name": "", "label": None, "is_test": False}
    feed = ET.fromstring(atom(election, "1", [(7, "at", [event])], "https://count.example", "at"))  # noqa: S314
    link = feed.find(".//{*}entry/{*}link")
    assert link is not None
    address = urlsplit(link.attrib["href"])
    assert address.path == "/v1/contests/mayor/certificate"
    assert parse_qs(address.query) == {"claim": ["runoff:a&b+c d"]}

"""Exports and the feed of claims, from a running service."""

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from multidict import CIMultiDictProxy

from tests.service.world import Client, batch, definition, report, town
from tests.unit import cdf_xml
from tests.unit.test_cdf import check_json

ATOM = "{http://www.w3.org/2005/Atom}"


async def taken(client: Client, path: str, **headers: str) -> tuple[int, CIMultiDictProxy[str], bytes]:
    async with client.http.get(client.read + path, headers=headers) as response:
        return response.status, response.headers, await response.read()


@pytest.mark.parametrize(
    "path",
    ["/v1/export.json", "/v1/export.csv", "/v1/export.xlsx", "/v1/export/cdf.json", "/v1/export/cdf.xml"],
)
async def test_every_export_is_a_file_that_says_where_it_stands(tmp_path: Path, path: str) -> None:
    async with town(tmp_path) as client:
        await client.post(batch("b1", report("p001", 50, 20)))
        status, headers, body = await taken(client, path + "?units=1")
        assert (status, bool(body)) == (200, True)
        assert headers["Tally-Position"].endswith("/2")
        assert "attachment; filename=" in headers["Content-Disposition"]
        assert "-00000002-" in headers["Content-Disposition"]
        again, _, nothing = await taken(client, path + "?units=1", **{"If-None-Match": headers["ETag"]})
        assert (again, nothing) == (304, b"")
        await client.post(batch("b2", report("p002", 5, 2)))
        assert (await taken(client, path, **{"If-None-Match": headers["ETag"]}))[0] == 200


async def test_exports_hold_what_the_view_shows(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        for n in range(1, 4):
            await client.post(batch(f"b{n}", report(f"p{n:03}", 50 + n, 20)))
        shown = {one["selection"]: one["votes"] for one in (await client.view())["totals"]}
        found = json.loads((await taken(client, "/v1/export.json"))[2])["contests"][0]["totals"]
        assert {row["selection"]: row["votes"] for row in found} == shown
        text = (await taken(client, "/v1/export.csv"))[2].decode("utf-8-sig")
        assert {row["selection"]: int(row["votes"]) for row in csv.DictReader(io.StringIO(text))} == shown
        book = openpyxl.load_workbook(io.BytesIO((await taken(client, "/v1/export.xlsx"))[2]))
        head, *rows = book["Totals"].iter_rows(values_only=True)
        place, votes = head.index("selection"), head.index("votes")
        assert {row[place]: row[votes] for row in rows} == shown
        report_ = json.loads((await taken(client, "/v1/export/cdf.json"))[2])
        selections = report_["Election"][0]["Contest"][0]["ContestSelection"]
        assert [one["VoteCounts"][0]["Count"] for one in selections] == list(shown.values())


async def test_the_common_data_format_of_a_service_is_valid_in_both_forms(tmp_path: Path) -> None:
    defined = definition()
    defined["units"][0]["name"] = "North <&> \x01 “South”"
    async with town(tmp_path, defined) as client:
        await client.post(batch("b1", report("p001", 50, 20), report("p002", 5, 2)))
        for query in ("", "?units=1", "?contest=mayor&units=1"):
            told = json.loads((await taken(client, "/v1/export/cdf.json" + query))[2])
            check_json(told)
            status, headers, raw = await taken(
                client, "/v1/export/cdf.xml" + query, **{"Accept-Encoding": "gzip"}
            )
            assert (status, headers["Content-Type"]) == (200, "application/xml")
            assert headers["Content-Encoding"] == "gzip"
            assert headers["Content-Disposition"].endswith('-results-cdf-v2.xml"')
            assert cdf_xml.faults(raw) == []
            assert cdf_xml.read(raw) == cdf_xml.carried(told)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [("?contest=nobody", 404, "unknown-contest"), ("?units=yes", 400, "bad-query")],
)
async def test_a_wrong_question_is_told(tmp_path: Path, query: str, status: int, code: str) -> None:
    async with town(tmp_path) as client:
        found, _, body = await taken(client, "/v1/export.csv" + query)
        assert (found, json.loads(body)["code"]) == (status, code)


async def test_the_feed_has_an_entry_for_each_turn_of_a_claim(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        for n in range(1, 7):
            await client.post(batch(f"b{n}", report(f"p{n:03}", 70, 20)))
        await client.post(batch("b7", report("p001", 60, 20, revision=2, reason="misread <&>")))
        status, headers, body = await taken(client, "/v1/claims.atom")
        assert status == 200
        assert headers["Content-Type"].startswith("application/atom+xml")
        feed = ET.fromstring(body)  # noqa: S314  # our own bytes
        entries = feed.findall(f"{ATOM}entry")
        titles = [entry.findtext(f"{ATOM}title") for entry in entries]
        assert "mayor: elected:ann is irreversible" in titles
        assert titles[0] == "mayor: a count of p001 went down"  # the newest first
        ids = [entry.findtext(f"{ATOM}id") for entry in entries]
        assert len(set(ids)) == len(ids)
        assert "misread <&>" in str(entries[0].findtext(f"{ATOM}content"))
        assert (await taken(client, "/v1/claims.atom"))[2] == body

"""The read door: views, entity tags, rows, history, the past, problems, headers, metrics, settings."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.commands import keys as keys_command
from deploy.failure import ConfigurationFault
from deploy.settings import load_settings
from tally import freeze
from tests.service.world import Client, batch, definition, report, town


async def night(client: Client) -> None:
    """Six precincts in five records, one of them a correction."""
    for n in range(1, 5):
        await client.post(batch(f"b{n}", report(f"p{n:03}", 50 + n, 20)))
    await client.post(batch("b5", report("p001", 40, 20, revision=2, reason="misread")))


async def test_entity_tags_stand_until_the_view_changes(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        await night(client)
        async with client.http.get(client.read + "/v1/contests/mayor") as response:
            tag, body = response.headers["ETag"], await response.read()
            assert response.headers["Tally-Position"].endswith("/6")
        async with client.http.get(
            client.read + "/v1/contests/mayor", headers={"If-None-Match": tag}
        ) as response:
            assert response.status == 304
            assert response.headers["ETag"] == tag
        await client.post(batch("b6", report("p005", 1)))
        async with client.http.get(
            client.read + "/v1/contests/mayor", headers={"If-None-Match": tag}
        ) as response:
            assert response.status == 200
            assert await response.read() != body


async def test_the_past_is_what_was_shown_then(tmp_path: Path) -> None:
    async with town(tmp_path, snapshot_records=2) as client:
        shown = {}
        instants = {}
        for n in range(1, 7):
            await client.post(batch(f"b{n}", report(f"p{n:03}", 50 + n, 20)))
            async with client.http.get(client.read + "/v1/contests/mayor") as response:
                shown[n + 1] = await response.read()
            instants[n + 1] = json.loads(shown[n + 1])["as_of"]
        for seq, body in shown.items():
            async with client.http.get(f"{client.read}/v1/contests/mayor?at={seq}") as response:
                assert await response.read() == body
            async with client.http.get(
                f"{client.read}/v1/contests/mayor", params={"at": instants[seq]}
            ) as response:
                later = json.loads(await response.read())
                assert later["position"]["seq"] >= seq
                assert later["as_of"] == instants[seq]
        for at, status, code in [("0", 404, "unknown-position"), ("99", 404, "unknown-position"),
                                 ("yesterday", 400, "bad-query"), ("2026-01-01T00:00:00", 400, "bad-query")]:  # fmt: skip
            async with client.http.get(client.read + "/v1/contests/mayor", params={"at": at}) as response:
                assert (response.status, (await response.json(content_type=None))["code"]) == (status, code)


async def test_origins_say_of_every_row_what_the_table_says(tmp_path: Path) -> None:
    async with town(tmp_path, definition(reconcile="flag")) as client:
        await client.post(batch("b1", report("p001", 60, 20), report("p004", 10, 5, ballots_cast=99)))
        await client.post(batch("b2", report("p003", 90, 80), source="other"))
        await client.post(batch("b3", report("p001", 61, 20, revision=2, reason="misread")))
        said = await client.get("/v1/contests/mayor/origins")
        async with client.http.get(client.read + "/v1/contests/mayor/units.ndjson") as response:
            lines = [json.loads(line) for line in (await response.read()).splitlines()]
        held = {one["row"]: one["rule"] for one in said["under_review"]}
        assert len(said["rows"]) == len(lines)
        for n, line in enumerate(lines):
            [row] = (await client.get(f"/v1/contests/mayor/units?parent={line['unit']}"))["units"]
            place = said["rows"][n]
            batch_of = None if place is None else said["batches"][place]
            assert row["batch"] == (batch_of and batch_of["batch"])
            assert row["source"] == (batch_of and batch_of["source"])
            assert (row["position"] or {}).get("seq") == (batch_of and batch_of["seq"])
            assert row["under_review"] == held.get(n)
            assert row["unreconciled"] == (n in said["unreconciled"])
        assert held
        assert said["unreconciled"] == [3]
        assert [one["batch"] for one in said["batches"]] == ["b1", "b3"], "what is held has changed no row"
        assert said["definition_sha256"] == (await client.get("/v1/election"))["definition_sha256"]
        assert (await client.get("/v1/contests/mayor/origins?at=2"))["rows"][0] == 0


async def test_rows_and_their_digest(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        await night(client)
        async with client.http.get(client.read + "/v1/contests/mayor/units.ndjson") as response:
            lines = (await response.read()).splitlines(keepends=True)
        rows = [json.loads(line) for line in lines]
        assert [row["unit"] for row in rows] == [f"p{n:03}" for n in range(1, 7)]
        assert set(rows[0]) == {
            "unit", "type", "revision", "progress", "standing", "counts", "ballots_cast", "invalid", "cap",
        }  # fmt: skip
        for line, row in zip(lines, rows, strict=True):
            assert line == json.dumps(row, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        certificate = await client.get("/v1/contests/mayor/certificate?claim=elected:ann")
        assert certificate["data"]["snapshot_sha256"] == hashlib.sha256(b"".join(lines)).hexdigest()
        then = await client.get("/v1/contests/mayor/certificate?claim=elected:ann&at=3")
        async with client.http.get(client.read + "/v1/contests/mayor/units.ndjson?at=3") as response:
            assert then["data"]["snapshot_sha256"] == hashlib.sha256(await response.read()).hexdigest()


async def test_units_in_pages(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        await night(client)
        top = await client.get("/v1/contests/mayor/units")
        assert [(u["unit"], u["ballots_cast"]) for u in top["units"]] == [("north", 133), ("south", 146)]
        assert top["units"][0]["totals"] == [
            {"selection": "ann", "votes": 93}, {"selection": "bo", "votes": 40}, {"selection": "cy", "votes": 0},
        ]  # fmt: skip
        first = await client.get("/v1/contests/mayor/units?parent=north&limit=2")
        assert ([u["unit"] for u in first["units"]], first["next"]) == (["p001", "p003"], "p003")
        rest = await client.get("/v1/contests/mayor/units?parent=north&limit=2&after=p003")
        assert ([u["unit"] for u in rest["units"]], rest["next"]) == (["p005"], None)
        row = first["units"][0]
        assert (row["batch"], row["source"], row["position"]["seq"], row["revision"]) == ("b5", "test", 6, 2)
        assert row["turnout"] == [60, 100]
        for query in ("limit=NaN", "limit=-1", "limit=" + "9" * 400, "after=p002"):
            async with client.http.get(
                f"{client.read}/v1/contests/mayor/units?parent=north&{query}"
            ) as response:
                assert (response.status, (await response.json(content_type=None))["code"]) == (
                    400,
                    "bad-query",
                )


async def test_history_in_pages(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        await night(client)
        whole = await client.get("/v1/contests/mayor/history")
        assert [p["seq"] for p in whole["points"]] == [2, 3, 4, 5, 6]
        assert [c["reason"] for c in whole["corrections"]] == ["misread"]
        part = await client.get("/v1/contests/mayor/history?limit=2")
        assert ([p["seq"] for p in part["points"]], part["next"]) == ([2, 3], 3)
        rest = await client.get("/v1/contests/mayor/history?after=3")
        assert part["points"] + rest["points"] == whole["points"]


async def test_each_point_says_what_the_view_of_its_time_says(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        await night(client)
        history = await client.get("/v1/contests/mayor/history")
        for point in history["points"]:
            then = await client.get(f"/v1/contests/mayor?at={point['seq']}")
            assert point["outstanding"] == {
                key: then["outstanding"][key] for key in ("certain", "assumptions")
            }
            assert (point["leader"], point["lead"], point["as_of"]) == (
                then["leader"],
                then["lead"],
                then["as_of"],
            )
            assert point["votes"] == {total["selection"]: total["votes"] for total in then["totals"]}


async def test_the_whole_night_in_so_many_points(tmp_path: Path) -> None:
    async with town(tmp_path, definition(units=60)) as client:
        for number in range(1, 61):
            assert (await client.post(batch(f"b{number}", report(f"p{number:03}", 60, 40))))[0] == 201
        await client.post(batch("fix", report("p001", 50, 40, revision=2, reason="misread")))
        whole = await client.get("/v1/contests/mayor/history")
        picture = await client.get("/v1/contests/mayor/history?points=10")
        turned = {turn["seq"] for turn in picture["claims"]}
        seqs = [point["seq"] for point in picture["points"]]
        assert (picture["claims"], picture["corrections"]) == (whole["claims"], whole["corrections"])
        assert (seqs[0], seqs[-1], picture["next"]) == (2, 62, None)
        assert turned <= set(seqs)
        assert 10 <= len(seqs) <= 10 + len(turned)
        assert all(point in whole["points"] for point in picture["points"])
        rest = await client.get("/v1/contests/mayor/history?points=1000&after=40")
        assert rest["points"] == [point for point in whole["points"] if point["seq"] > 40]
        for query in ("points=1", "points=1001", "points=x", "points=10&limit=10", "after=-1"):
            problem = await client.get(f"/v1/contests/mayor/history?{query}")
            assert (problem["status"], problem["code"]) == (400, "bad-query")
            assert problem["pointer"] == f"/{query.split('=')[0]}"


async def test_a_snapshot_of_another_release_costs_a_longer_start_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freeze, "SNAPSHOT_VERSION", freeze.SNAPSHOT_VERSION - 1)
    async with town(tmp_path, snapshot_records=3) as client:
        await night(client)
        before, epoch = await client.get("/v1/contests/mayor/history"), client.service.board.epoch
    assert list((tmp_path / "data" / "snapshots").iterdir())
    monkeypatch.undo()
    async with town(tmp_path) as client:
        assert client.service.board.epoch == epoch
        assert await client.get("/v1/contests/mayor/history") == before
        assert (await client.get("/v1/contests/mayor?at=4"))["position"]["seq"] == 4


async def test_problems_and_headers(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        for path, status, code in [
            ("/nothing", 404, "not-found"),
            ("/v1/contests/judge", 404, "unknown-contest"),
            ("/v1/contests/mayor/certificate?claim=elected:zoe", 404, "unknown-claim"),
            ("/v1/contests/mayor/certificate", 400, "bad-query"),
            ("/v1/contests/mayor/projection?at=1", 404, "not-in-this-release"),
            ("/v1/bulletins", 404, "not-in-this-release"),
            ("/..%2f..%2fetc/passwd", 404, "not-found"),
            ("/static/..%2fapp.js", 404, "not-found"),
        ]:
            async with client.http.get(client.read + path) as response:
                problem = await response.json(content_type=None)
                assert (response.status, problem["code"]) == (status, code), path
                assert response.content_type == "application/problem+json"
        for method in ("PUT", "POST", "DELETE", "PATCH"):
            async with client.http.request(method, client.read + "/v1/contests/mayor") as response:
                assert response.status == 405
                assert "GET" in response.headers["Allow"]
        async with client.http.get(client.read + "/", headers={"Host": "evil.example"}) as response:
            assert response.status == 421
        async with client.http.get(client.read + "/") as response:
            assert response.headers["Server"] == "tally"
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_health_and_metrics(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        await night(client)
        async with client.http.get(client.ingest + "/readyz") as response:
            assert (response.status, (await response.json())["ready"]) == (200, True)
        async with client.http.get(client.ingest + "/healthz") as response:
            assert response.status == 200
        async with client.http.get(client.ingest + "/metrics") as response:
            text = await response.text()
        for line in (
            'tally_ingest_batches_total{outcome="accepted",source="open"} 5.0',
            "tally_ingest_reports_total 5.0",
            "tally_journal_position 6.0",
            'tally_contest_votes{contest="mayor",selection="ann"} 199.0',
            'tally_contest_units{contest="mayor",status="completed"} 4.0',
            'tally_contest_outstanding_ballots{contest="mayor",grade="certain"} 200.0',
            'tally_contest_lead{contest="mayor"} 119.0',
            'tally_claim_slack{claim="elected:ann",contest="mayor"} -81.0',
            'tally_claim_irreversible{claim="elected:ann",contest="mayor"} 0.0',
            'tally_corrections_total{contest="mayor"} 1.0',
            "tally_claims_withdrawn_total 1.0",  # what the correction undid: that Cy is out
        ):
            assert line in text, line
        for name in ("ingest_latency_seconds", "journal_commit_seconds", "publish_latency_seconds", "loop_lag_seconds",
                     "ws_connections", "ws_frames_total", "ws_conflated_total", "source_last_report_seconds",
                     "bound_violations_total", "quarantined_units", "fanout_backend", "build_info"):  # fmt: skip
            assert f"tally_{name}" in text, name


async def test_a_restart_changes_nothing(tmp_path: Path) -> None:
    async with town(tmp_path, snapshot_records=3) as client:
        await night(client)
        before = await client.get("/v1/contests/mayor")
        history = await client.get("/v1/contests/mayor/history")
    async with town(tmp_path) as client:
        assert await client.get("/v1/contests/mayor") == before
        assert await client.get("/v1/contests/mayor/history") == history
        status, answer = await client.post(batch("b1", report("p001", 51, 20)))
        assert (status, answer["position"]["seq"]) == (200, 2), "what was acknowledged is known for ever"


def test_faults_of_configuration_come_all_at_once(tmp_path: Path) -> None:
    defined = definition()
    defined["contests"][0]["selections"] = []
    defined["units"][3]["parent"] = "nowhere"
    defined["units"].append({"id": "P001"})
    defined["units"].append({"id": "p900", "voters_registered": -1})
    (tmp_path / "election.json").write_text(json.dumps(defined, indent=1))
    command = [sys.executable, "-m", "deploy", "serve", "--election", "election.json"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 78, ended.stderr
    lines = ended.stderr.strip().splitlines()
    text = (tmp_path / "election.json").read_text().splitlines()
    assert len(lines) == 4
    for line, where in zip(lines, ('"parent": "nowhere"', '"id": "P001"', '"voters_registered": -1', '"selections": []'),
                           strict=True):  # fmt: skip
        number = int(line.split(":")[1])
        assert where in text[number - 1], line


def test_faults_of_settings(tmp_path: Path) -> None:
    config = tmp_path / "tally.toml"
    config.write_text('election = "election.json"\nlistn = "127.0.0.1:1"\ntick_ms = -1\n')
    with pytest.raises(ConfigurationFault) as caught:
        load_settings(config)
    assert {(fault.line, fault.what.split(":")[0]) for fault in caught.value.faults} == {
        (2, "listn"),
        (3, "tick_ms"),
    }
    config.write_text('election = "election.json"\n')
    with pytest.raises(ConfigurationFault, match="behind-proxy"):
        load_settings(config, listen="0.0.0.0:80")
    assert load_settings(config, tick_ms=7).tick_ms == 7
    assert keys_command.app is not None


async def test_the_rows_under_a_parent_are_a_channel(tmp_path: Path) -> None:
    async with town(tmp_path, definition(units=2_010)) as client:
        async with client.http.get(client.read + "/v1/stream?channels=units:mayor:north:1") as response:
            shown = []
            await client.post(batch("b1", report("p2005", 5)))
            async for line in response.content:
                if line.startswith(b"data:"):
                    shown.append(json.loads(line[5:]))
                    if len(shown) == 2:
                        break
        for frame in shown:
            assert (frame["parent"], frame["page"], frame["pages"]) == ("north", 1, 2)
            assert [row["unit"] for row in frame["units"]] == [f"p{n}" for n in range(2_001, 2_010, 2)]
        assert [frame["units"][2]["counts"] for frame in shown] == [None, {"ann": 5, "bo": 0, "cy": 0}]
        assert shown[0]["position"]["seq"] < shown[1]["position"]["seq"]
        for channel in (
            "units:mayor:p001",
            "units:mayor:north:2",
            "units:judge:north",
            "contest:judge",
            "calls:city",
        ):
            async with client.http.get(f"{client.read}/v1/stream?channels={channel}") as response:
                assert response.status == 404, channel


async def test_the_swing_is_of_the_units_that_are_counted_and_were_there(tmp_path: Path) -> None:
    before = {
        "p001": {"old": 60, "bo": 30, "other": 10},
        "p002": {"old": 50, "bo": 50},
        "p003": {"old": 9},
        "away": {"old": 5},
    }
    previous = {"contest": "town-2022", "map": {"old": "ann"}, "votes": before}
    async with town(tmp_path, definition(previous=previous)) as client:
        empty = (await client.view())["swing"]
        assert (empty["units"], empty["votes"], empty["votes_before"]) == (0, 0, 0)
        await client.post(batch("b1", report("p001", 70, 20, 5), report("p005", 50, 40)))
        await client.post(batch("b2", report("p002", 10, 10, status="in-process")))
        assert (await client.view())["swing"] == {
            "units": 1,
            "votes": 95,
            "votes_before": 100,
            "totals": [
                {"selection": "ann", "votes": 70, "votes_before": 60},
                {"selection": "bo", "votes": 20, "votes_before": 30},
                {"selection": "cy", "votes": 5, "votes_before": None},
            ],
        }
        page = await client.get("/v1/contests/mayor/units?parent=north")
        assert [row["swing"]["votes_before"] for row in page["units"]] == [100, 0, 0]
        await client.desk("annul", units=["p001"])
        assert (await client.view())["swing"]["units"] == 0
        assert (await client.get("/v1/contests/mayor?at=3"))["swing"]["units"] == 1

"""What a batch says: every wrong meaning has its code and pointer, and nothing of the batch enters."""

from pathlib import Path
from typing import Any

import pytest

from tally.report import CountBatch, CountReport
from tests.service.world import batch, definition, report, town

GOOD = report("p001", 10, 5, 1)


def changed(**changes: Any) -> dict[str, Any]:
    return batch("b1", {**GOOD, **changes})


# fmt: off
CASES: list[tuple[str, dict[str, Any], int, str, str]] = [
    ("I01", changed(counts={"ann": -1, "bo": 5, "cy": 1}), 422, "count-negative", "/reports/0/counts/ann"),
    ("I02", changed(counts={"ann": 10_000_001, "bo": 5, "cy": 1}), 422, "count-out-of-range", "/reports/0/counts/ann"),
    ("I02 53", changed(ballots_cast=2**53 + 1), 422, "count-out-of-range", "/reports/0/ballots_cast"),
    ("I02 64", changed(invalid=2**64), 422, "count-out-of-range", "/reports/0/invalid"),
    ("I03", changed(ballots_cast=16.0), 422, "number-not-integer", "/reports/0/ballots_cast"),
    ("I05 str", changed(ballots_cast="16"), 422, "wrong-type", "/reports/0/ballots_cast"),
    ("I05 bool", changed(ballots_cast=True), 422, "wrong-type", "/reports/0/ballots_cast"),
    ("I05 list", changed(counts=[10, 5, 1]), 422, "wrong-type", "/reports/0/counts"),
    ("I05 arabic", changed(invalid="١٥٠"), 422, "wrong-type", "/reports/0/invalid"),
    ("I06", changed(ballots_cast=17), 422, "sum-mismatch", "/reports/0"),
    ("I08", changed(voters_registered=99), 409, "register-mismatch", "/reports/0/voters_registered"),
    ("I09 unit", changed(unit="p999"), 422, "unknown-unit", "/reports/0/unit"),
    ("I09 inner unit", changed(unit="north"), 422, "unknown-unit", "/reports/0/unit"),
    ("I09 contest", changed(contest="major"), 422, "unknown-contest", "/reports/0/contest"),
    ("I09 choice", changed(counts={"ann": 10, "bo": 5, "cy": 1, "dee": 0}), 422, "unknown-choice", "/reports/0/counts/dee"),
    ("I09 election", batch("b1", GOOD, election="city"), 422, "unknown-election", "/election"),
    ("I10 choice", changed(counts={"ann": 10, "bo": 6}), 422, "choice-missing", "/reports/0/counts"),
    ("I10 extra", changed(colour="red"), 422, "unknown-field", "/reports/0/colour"),
    ("I11", batch("b1", GOOD, definition_sha256="0" * 64), 409, "definition-mismatch", "/definition_sha256"),
    ("I18", batch("b1", GOOD, is_test=True), 409, "wrong-phase", "/is_test"),
    ("I37", changed(unit="../../etc"), 422, "bad-identifier", "/reports/0/unit"),
    ("I37 cyrillic", changed(unit="Р001"), 422, "bad-identifier", "/reports/0/unit"),
    ("I37 newline", changed(unit="p001\n"), 422, "bad-identifier", "/reports/0/unit"),
    ("I37 long", changed(unit="p" * 300), 422, "bad-identifier", "/reports/0/unit"),
    ("type", changed(type="mail"), 422, "unknown-type", "/reports/0/type"),
    ("status", changed(status="done"), 422, "unknown-status", "/reports/0/status"),
    ("status object", changed(status={}, counts=None), 422, "unknown-status", "/reports/0/status"),
    ("status list", changed(status=[], counts=None), 422, "unknown-status", "/reports/0/status"),
    ("revision", changed(revision=0), 422, "count-out-of-range", "/reports/0/revision"),
    ("withdraw", changed(status="not-processed", counts=None, ballots_cast=0), 422, "reason-required", "/reports/0/reason"),
    ("format", batch("b1", GOOD, format="tally-batch/2"), 422, "bad-format", "/format"),
    ("empty", batch("b1"), 422, "reports-empty", "/reports"),
]
# fmt: on


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
async def test_refused_whole(
    tmp_path: Path, body: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    async with town(tmp_path) as client:
        if body["reports"]:
            body["reports"] = [body["reports"][0], report("p002", 1)]
        got, problem = await client.post(body)
        assert (got, problem["code"], problem["pointer"]) == (status, code, pointer), problem
        assert problem["type"] == f"urn:tally:problem:{code}"
        assert problem["status"] == status
        assert problem["detail"]
        view = await client.view()
        assert view["ballots_cast"] == 0, "nothing of a refused batch may enter"
        assert view["position"]["seq"] == 1


async def test_every_fault_is_listed(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        bad = [report("p001", ballots_cast=-1), report("p002", invalid="x"), report("p003", colour=1)]
        status, problem = await client.post(batch("b1", *bad))
        assert status == 422
        assert [error["pointer"] for error in problem["errors"]] == [
            "/reports/0/ballots_cast",
            "/reports/1/invalid",
            "/reports/2/colour",
        ]
        assert problem["batch_id"] is None or problem["batch_id"] == "b1"


async def test_a_field_that_is_missing(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        for name in ("unit", "contest", "revision", "ballots_cast", "invalid", "counts"):
            body = batch("b1", {key: value for key, value in GOOD.items() if key != name})
            status, problem = await client.post(body)
            assert (status, problem["code"], problem["pointer"]) == (
                422,
                "field-missing",
                f"/reports/0/{name}",
            )


async def test_repeats_converge(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        status, first = await client.post(batch("b1", GOOD))
        assert (status, first["accepted"], first["position"]["seq"]) == (201, 1, 2)
        status, again = await client.post(batch("b1", GOOD))
        assert (status, again["duplicate"], again["position"]) == (200, True, first["position"])
        status, other_id = await client.post(batch("b2", GOOD))
        assert (status, other_id["duplicates"], other_id["position"]) == (200, 1, first["position"])
        status, conflict = await client.post(batch("b1", report("p002", 3)))
        assert (status, conflict["code"]) == (409, "batch-conflict")
        assert len(set(conflict["digests"])) == 2
        status, conflict = await client.post(batch("b3", {**GOOD, "invalid": 1, "ballots_cast": 17}))
        assert (status, conflict["code"]) == (409, "revision-conflict")
        assert (await client.view())["ballots_cast"] == 16


async def test_stale_rows_never_block_good_ones(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        await client.post(batch("b1", report("p001", 20, revision=3)))
        status, answer = await client.post(batch("b2", report("p001", 10, revision=2), report("p002", 7)))
        assert (status, answer["accepted"], answer["stale"]) == (201, 1, 1)
        status, problem = await client.post(batch("b3", report("p001", 10, revision=1)))
        assert (status, problem["code"]) == (409, "stale-report")
        assert (await client.view())["totals"][0]["votes"] == 27


async def test_a_number_goes_down_only_with_a_reason(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        await client.post(batch("b1", report("p001", 60, 5)))
        status, problem = await client.post(batch("b2", report("p001", 40, 5, revision=2)))
        assert (status, problem["code"]) == (409, "total-decreased")
        status, problem = await client.post(
            batch("b3", report("p001", 60, 5, revision=2, status="in-process"))
        )
        assert (status, problem["code"]) == (422, "reason-required")
        status, _ = await client.post(batch("b4", report("p001", 40, 5, revision=2, reason="typing error")))
        assert status == 201
        status, _ = await client.post(
            batch("b5", report("p001", revision=3, status="not-processed", counts=None, reason="wrong box"))
        )
        assert status == 201
        history = await client.get("/v1/contests/mayor/history")
        assert [(c["kind"], c["unit"], c["reason"]) for c in history["corrections"]] == [
            ("correction", "p001", "typing error"),
            ("withdrawal", "p001", "wrong box"),
        ]
        assert history["corrections"][0]["before"]["ann"] == 60
        assert (await client.view())["ballots_cast"] == 0


async def test_over_a_hard_cap_is_held_and_never_refused(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        reports = [report(f"p{n:03}", 90, 5) for n in range(1, 6)]
        await client.post(batch("b1", *reports))
        view = await client.view()
        assert {c["id"]: c["grade"] for c in view["claims"]}["elected:ann"] == "certain"
        status, answer = await client.post(batch("b2", report("p006", 100, 7)))
        assert (status, answer["quarantined"], answer["accepted"]) == (202, ["p006"], 0)
        view = await client.view()
        assert view["ballots_cast"] == 5 * 95, "a held report is in no total"
        assert (view["units"]["quarantined"], view["units"]["completed"]) == (1, 5)
        assert view["outstanding"]["certain"] is None
        elected = next(c for c in view["claims"] if c["id"] == "elected:ann")
        assert (elected["status"], elected["grade"]) == ("irreversible", "conditional")
        assert elected["assumptions"] == ["no-other-unit-over-cap"]
        calls = [e for _seq, _at, e in _calls(client)]
        assert any(e["kind"] == "bound-violated" and e["hard"] for events in calls for e in events)
        status, _ = await client.desk("restore", units=["p006"])
        assert status == 201
        view = await client.view()
        assert view["ballots_cast"] == 5 * 95 + 107
        elected = next(c for c in view["claims"] if c["id"] == "elected:ann")
        assert elected["grade"] == "certain", "with every unit complete nothing rests on a cap any more"


async def test_over_a_soft_cap_counts_and_is_said(tmp_path: Path) -> None:
    async with town(tmp_path, definition(hard=False)) as client:
        status, _ = await client.post(batch("b1", report("p001", 100, 7)))
        assert status == 201
        view = await client.view()
        assert view["ballots_cast"] == 107
        assert view["outstanding"]["certain"] is None
        assert view["outstanding"]["assumptions"]["soft-caps"] == 500
        assert any(
            e["kind"] == "bound-violated" and not e["hard"] for _, _, events in _calls(client) for e in events
        )


async def test_more_than_was_declared_is_held(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        opened = report("p001", 10, status="in-process", ballots_declared=50)
        await client.post(batch("b1", opened))
        assert (await client.view())["outstanding"]["certain"] == 40 + 5 * 100
        status, answer = await client.post(batch("b2", report("p001", 60, revision=2)))
        assert (status, answer["quarantined"]) == (202, ["p001"])


async def test_too_many_reports_even_where_they_fit_the_body(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        one = CountReport("p001", "mayor", 1, "completed", {"ann": 1, "bo": 0, "cy": 0}, 1)
        crowd = CountBatch("town", "b1", "test", (one,) * 10_001)
        step = await client.service.sequencer.submit(crowd)
        assert [(r.code, r.status) for r in step.refusals] == [("batch-too-many-units", 413)]


async def test_polls_still_open(tmp_path: Path) -> None:
    defined = definition()
    defined["election"]["polls_close"] = "2999-01-01T18:00:00+00:00"
    async with town(tmp_path, defined) as client:
        status, problem = await client.post(batch("b1", GOOD))
        assert (status, problem["code"]) == (425, "polls-open")


async def test_several_votes_a_ballot(tmp_path: Path) -> None:
    async with town(tmp_path, definition(votes_allowed=2, rule={"type": "plurality", "seats": 2})) as client:
        over = report("p001", 20, 20, 20, ballots_cast=29)
        status, problem = await client.post(batch("b1", over))
        assert (status, problem["code"]) == (422, "sum-mismatch")
        assert "expected 58, got 60" in problem["detail"]
        status, _ = await client.post(batch("b2", report("p001", 20, 20, 20, ballots_cast=30)))
        assert status == 201


async def test_flagged_where_the_contest_lets_it_pass(tmp_path: Path) -> None:
    async with town(tmp_path, definition(reconcile="flag")) as client:
        status, _ = await client.post(batch("b1", report("p001", 20, 5, ballots_cast=30)))
        assert status == 201
        assert (await client.view())["units"]["unreconciled"] == 1
        rows = (await client.get("/v1/contests/mayor/units?parent=north"))["units"]
        assert [row["unreconciled"] for row in rows] == [True, False, False]
        await client.post(batch("b2", report("p001", 20, 5, ballots_cast=25, revision=2, reason="recounted")))
        assert (await client.view())["units"]["unreconciled"] == 0


def _calls(client: object) -> list[tuple[int, int, list[dict[str, Any]]]]:
    import msgspec

    state = client.service.sequencer.state  # type: ignore[attr-defined]
    return [(seq, at, msgspec.msgpack.decode(events)) for seq, at, events in state.calls]

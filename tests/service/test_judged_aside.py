"""Contests judged beside the count: at a stated position, never outliving what carried them, whatever dies."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from deploy.opening import begin_or_resume
from tally import verifier
from tally.freeze import digest
from tests.service.world import Client, batch, claim, definition, report, town

RANKED: dict[str, Any] = {"rule": {"type": "irv"}}


def ranked(unit: str, *ballots: tuple[str, int], **changes: Any) -> dict[str, Any]:
    """A completed report of ballots such as ("ann bo", 40)."""
    listed = [{"ranking": names.split(), "count": number} for names, number in ballots]
    firsts = dict.fromkeys(("ann", "bo", "cy"), 0)
    for one in listed:
        firsts[one["ranking"][0]] += one["count"]
    return report(unit, **firsts) | {"ballots": listed} | changes


async def counted(client: Client) -> None:
    """Five of six units in: ann is ahead of whatever the last can bring."""
    for n in range(1, 6):
        ballots = (("ann bo", 60), ("bo cy", 20), ("cy", 10))
        status, answer = await client.post(batch(f"b{n}", ranked(f"p{n:03}", *ballots)))
        assert status == 201, answer
    await client.service.sequencer.judged()


async def test_a_claim_turns_at_a_stated_position_and_verifies(tmp_path: Path) -> None:
    async with town(tmp_path, definition(**RANKED)) as client:
        await counted(client)
        won = await claim(client, "elected:ann")
        assert (won["status"], won["grade"], won["lemma"]) == ("irreversible", "certain", won["lemma"])
        view = await client.view()
        assert won["evaluated_at"] < won["since"] <= view["position"]["seq"]
        made = await client.get("/v1/contests/mayor/certificate?claim=elected:ann")
        rows = await client.get("/v1/contests/mayor/units")
        assert len(rows["units"]) == 2
        async with client.http.get(client.read + "/v1/contests/mayor/units.ndjson") as response:
            lines = (await response.text()).splitlines()
        import json

        found = verifier.verify(
            made, [json.loads(line) for line in lines], await client.get("/v1/election?form=canonical")
        )
        assert not found
        assert (await client.get("/v1/contests/mayor/weakest?claim=elected:ann"))["ballots_max"] >= 100


async def test_a_correction_that_undoes_a_claim_withdraws_it_in_its_own_record(tmp_path: Path) -> None:
    async with town(tmp_path, definition(**RANKED)) as client:
        await counted(client)
        undone = [
            ranked(f"p{n:03}", ("ann bo", 5), ("bo cy", 75), ("cy", 10), revision=2, reason="recount")
            for n in range(1, 6)
        ]
        status, answer = await client.post(batch("recount", *undone))
        assert status == 201
        seq = answer["position"]["seq"]
        history = await client.get("/v1/contests/mayor/history")
        withdrawn = [turn for turn in history["claims"] if turn["status"] == "withdrawn"]
        assert {turn["claim"] for turn in withdrawn} >= {"elected:ann"}
        assert {turn["seq"] for turn in withdrawn} == {seq}
        turned = [
            turn["claim"]
            for turn in history["claims"]
            if turn["seq"] == seq and turn["status"] != "withdrawn"
        ]
        assert "elected:bo" in turned


async def test_a_correction_that_does_not_matter_withdraws_nothing(tmp_path: Path) -> None:
    async with town(tmp_path, definition(**RANKED)) as client:
        await counted(client)
        small = ranked("p001", ("ann bo", 59), ("bo cy", 21), ("cy", 10), revision=2, reason="recount")
        assert (await client.post(batch("small", small)))[0] == 201
        await client.service.sequencer.judged()
        history = await client.get("/v1/contests/mayor/history")
        assert not [turn for turn in history["claims"] if turn["status"] == "withdrawn"]
        assert (await claim(client, "elected:ann"))["status"] == "irreversible"


async def test_the_process_that_judges_may_die(tmp_path: Path) -> None:
    async with town(tmp_path, definition(**RANKED)) as client:
        assert (await client.post(batch("b0", ranked("p006", ("bo", 10)))))[0] == 201
        await client.service.sequencer.judged()
        pool = client.service.sequencer.judging._pool
        assert pool is not None
        for process in list(pool._processes.values()):
            os.kill(process.pid, signal.SIGKILL)
        await counted(client)
        assert (await claim(client, "elected:ann"))["status"] == "irreversible"


async def test_an_amendment_is_judged_before_it_is_durable(tmp_path: Path) -> None:
    async with town(tmp_path, definition(**RANKED)) as client:
        await counted(client)
        changed = await client.get("/v1/election?form=canonical")
        changed["units"].append({"id": "abroad", "voters_registered": 5_000})
        status, answer = await client.desk("amend", definition=changed)
        assert status == 201, answer
        assert (await claim(client, "elected:ann"))["status"] == "withdrawn"


async def test_a_restart_comes_to_the_same_claims(tmp_path: Path) -> None:
    async with town(tmp_path, definition(**RANKED)) as client:
        await counted(client)
        view, before = await client.view(), digest(client.service.sequencer.state)
    opened = begin_or_resume(tmp_path / "data", lambda: pytest.fail("there is a journal"))
    assert digest(opened.state) == before
    opened.journal.close()
    async with town(tmp_path) as client:
        await client.service.sequencer.judged()
        assert (await client.view())["claims"] == view["claims"]


async def test_ballots_that_do_not_add_up_are_refused_by_name(tmp_path: Path) -> None:
    async with town(tmp_path, definition(**RANKED)) as client:
        odd = ranked("p001", ("ann bo", 60)) | {"counts": {"ann": 59, "bo": 1, "cy": 0}}
        status, problem = await client.post(batch("odd", odd))
        assert (status, problem["code"], problem["pointer"]) == (422, "sum-mismatch", "/reports/0/ballots")
        twice = ranked("p001", ("ann bo", 60))
        twice["ballots"][0]["ranking"] = ["ann", "ann"]
        status, problem = await client.post(batch("twice", twice))
        assert (status, problem["pointer"]) == (422, "/reports/0/ballots/0")
        lower = ranked("p001", ("ann bo", 50), ("ann cy", 10))
        assert (await client.post(batch("first", lower)))[0] == 201
        moved = ranked("p001", ("ann bo", 49), ("ann cy", 11), revision=2)
        status, problem = await client.post(batch("moved", moved))
        assert (status, problem["code"]) == (409, "total-decreased")


async def test_rankings_have_no_place_in_other_contests(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        status, problem = await client.post(batch("b", ranked("p001", ("ann", 5))))
        assert (status, problem["code"], problem["pointer"]) == (422, "unknown-field", "/reports/0/ballots")


async def test_disputes_say_what_they_would_overturn(tmp_path: Path) -> None:
    async with town(tmp_path, definition(**RANKED)) as client:
        await counted(client)
        units = [f"p{n:03}" for n in range(1, 6)]
        assert (await client.desk("dispute", units=units, contest="mayor"))[0] == 201
        await client.service.sequencer.judged()
        robust = (await claim(client, "elected:ann"))["robust"]
        # Two of five gone: ann 180; with the 100 voters out cy passes bo, whose ballots name it next: 190.
        assert robust == {
            "if_all_disputed_annulled": False,
            "if_any_disputed_annulled": False,
            "units_to_overturn": 2,
            "ballots_to_overturn": None,
        }

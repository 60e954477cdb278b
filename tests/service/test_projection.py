"""Projections beside the count: they appear, are scored, and whatever becomes of their process, the count is the same."""

import asyncio
import json
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.opening import begin_or_resume
from tally.freeze import digest
from tests.service.world import Client, batch, claim, definition, report, town

UNITS = 80
EARLY, LATER, ALMOST = 30, 50, 78
"""Units in at the three looks of a night: Ann leads throughout, and is elected for certain at the last."""
FAST: dict[str, Any] = {"projection_interval_ms": 100}
PATH = "/v1/contests/mayor/projection"


def night(**contest: Any) -> dict[str, Any]:
    """Eighty units in two states, each with its votes of the election before."""
    before = {f"p{n:03}": {"ann": 40 + n % 9, "bo": 40 - n % 7, "cy": 3} for n in range(1, UNITS + 1)}
    return definition(UNITS, **{"previous": {"contest": "old", "votes": before}, **contest})


async def count(client: Client, first: int, last: int) -> None:
    """The units in an order, and with votes, that are the same every night."""
    chance = random.Random(7)
    order = chance.sample(range(1, UNITS + 1), UNITS)
    made = [report(f"p{n:03}", 44 + chance.randrange(9), 33 + chance.randrange(9), 3) for n in order]
    for number in range(first, last):
        status, answer = await client.post(batch(f"b{number}", made[number]))
        assert status == 201, answer


async def until(client: Client, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The projection once it fits; every answer on the way is a good one."""
    async with asyncio.timeout(120):
        while True:
            async with client.http.get(client.read + PATH) as response:
                view: dict[str, Any] = json.loads(await response.read())
                assert response.status == 200, view
            if fits(view):
                return view
            await asyncio.sleep(0.02)


def fresh(view: dict[str, Any]) -> bool:
    """Made from the newest count."""
    return view["status"] in {"projected", "counted"} and view["age_records"] == 0


def chances(view: dict[str, Any]) -> dict[str, float]:
    return {one["selection"]: one["chance"] for one in view["selections"]}


async def metrics(client: Client) -> dict[str, float]:
    async with client.http.get(client.ingest + "/metrics") as response:
        lines = (await response.text()).splitlines()
    said = [line.rsplit(" ", 1) for line in lines if line.startswith("tally_projection")]
    return {name: float(value) for name, value in said}


async def test_a_projection_appears_is_scored_and_gives_way_to_what_is_irreversible(tmp_path: Path) -> None:
    async with town(tmp_path, night(), **FAST) as client:
        early = await client.get(PATH)
        assert (early["status"], early["reason"], early["rows_in"]) == ("too-early", "few-rows", 0)
        await count(client, 0, EARLY)
        view = await until(client, fresh)
        assert (view["status"], view["grade"], view["stale"]) == ("projected", "projected", False)
        assert view["position"] == (await client.view())["position"]
        assert 0.5 < chances(view)["ann"] < 1, "likely, and never as sure as a proof"
        assert view["calibration"]["rows_scored"] == 0

        await count(client, EARLY, LATER)
        view = await until(client, fresh)
        assert 0 < view["calibration"]["rows_scored"] <= LATER - EARLY
        shown = await metrics(client)
        inside = {one["level"]: one["inside"] for one in view["calibration"]["levels"]}
        for level, share in inside.items():
            told = shown[f'tally_projection_coverage{{contest="mayor",level="{level}"}}']
            assert told == pytest.approx(share, abs=1e-4)
        assert shown['tally_projection_age_records{contest="mayor"}'] == 0

        await count(client, LATER, ALMOST)
        assert (await claim(client, "elected:ann"))["status"] == "irreversible"
        view = await until(client, fresh)
        assert (view["status"], chances(view)) == ("projected", {"ann": 1, "bo": 0, "cy": 0})

        await count(client, ALMOST, UNITS)
        view = await until(client, fresh)
        assert view["status"] == "counted"
        totals = {one["selection"]: one["votes"] for one in (await client.view())["totals"]}
        assert {one["selection"]: one["votes"]["middle"] for one in view["selections"]} == totals


async def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    await asyncio.sleep(0)


async def stall(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(0)


async def heard(client: Client, channel: str) -> AsyncIterator[dict[str, Any]]:
    """What a stream carries on one channel."""
    async with client.http.get(f"{client.read}/v1/stream?channels={channel}") as response:
        async for line in response.content:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])


async def played(
    path: Path, harm: Callable[[int], Awaitable[None]] | None, **settings: Any
) -> dict[str, Any]:
    """A night, its projector harmed in the middle of it; what counted, what was decided, what was streamed."""
    async with town(path, night(), **settings) as client:
        await count(client, 0, EARLY)
        if harm is not None:
            await until(client, fresh)
            pid = client.service.projecting.process.pid
            assert pid is not None
            await harm(pid)
        await count(client, EARLY, ALMOST)
        view = await client.view()
        streamed = await anext(heard(client, "contest:mayor"))
        history = await client.get("/v1/contests/mayor/history")
        if harm is not None:
            await until(client, fresh)
            assert (await metrics(client))["tally_projection_restarts_total"] >= 1
        found = {
            "digest": digest(client.service.sequencer.state), "claims": view["claims"], "totals": view["totals"],
            "streamed": {**streamed, "position": streamed["position"]["seq"], "as_of": None},
            "turns": [(turn["seq"], turn["claim"], turn["status"]) for turn in history["claims"]],
        }  # fmt: skip
    assert digest(begin_or_resume(path / "data", lambda: pytest.fail("it is there")).state) == found["digest"]
    return found


@pytest.mark.parametrize("harm", [kill, stall])
async def test_a_projector_that_dies_or_stalls_touches_nothing(
    tmp_path: Path, harm: Callable[[int], Awaitable[None]]
) -> None:
    for name in ("without", "with"):
        (tmp_path / name).mkdir()
    without = await played(tmp_path / "without", None, projection_interval_ms=0)
    harmed = await played(tmp_path / "with", harm, projection_deadline_ms=2_000, **FAST)
    assert harmed == without


async def test_it_is_stale_while_it_stalls_and_recovers(tmp_path: Path) -> None:
    async with town(tmp_path, night(), **FAST) as client:
        await count(client, 0, EARLY)
        view = await until(client, fresh)
        async with client.http.get(client.read + PATH) as response:
            tag = response.headers["ETag"]
        frames = heard(client, "projection:mayor")
        assert (await anext(frames))["stale"] is False
        pid = client.service.projecting.process.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        await count(client, EARLY, LATER)
        stale = await until(client, lambda view: view["stale"])
        assert stale["position"] == view["position"], "the last good one stays"
        assert stale["age_records"] == LATER - EARLY
        async with client.http.get(client.read + PATH, headers={"If-None-Match": tag}) as response:
            assert (response.status, response.headers["Cache-Control"]) == (200, "no-cache")
            tag = response.headers["ETag"]
        async with client.http.get(client.read + PATH, headers={"If-None-Match": tag}) as response:
            assert response.status == 304
        assert (await metrics(client))['tally_projection_stale{contest="mayor"}'] == 1
        async with asyncio.timeout(60):
            while not (await anext(frames))["stale"]:
                pass
        os.kill(pid, signal.SIGCONT)
        assert (await until(client, fresh))["stale"] is False
        assert client.service.projecting.restarts == 0
        async with asyncio.timeout(60):
            while (await anext(frames))["stale"]:
                pass
        await frames.aclose()  # type: ignore[attr-defined]  # it is a generator


async def test_a_process_that_dies_again_and_again_is_told_and_then_recovers(tmp_path: Path) -> None:
    async with town(tmp_path, night(), **FAST) as client:
        process = client.service.projecting.process
        await count(client, 0, EARLY)
        async with asyncio.timeout(120):
            while client.service.projecting.restarts < 2:
                if process.running and process.pid is not None:
                    os.kill(process.pid, signal.SIGKILL)
                await asyncio.sleep(0.01)
        view = await client.get(PATH)
        assert (view["status"], view["reason"]) == ("too-early", "failed")
        assert (await until(client, fresh))["status"] == "projected"
        assert (await client.view())["units"]["completed"] == EARLY


async def test_what_was_learnt_outlives_the_process(tmp_path: Path) -> None:
    async with town(tmp_path, night(), **FAST) as client:
        await count(client, 0, EARLY)
        await until(client, fresh)
        await count(client, EARLY, LATER)
        scored = (await until(client, fresh))["calibration"]["rows_scored"]
        pid = client.service.projecting.process.pid
        assert scored
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await count(client, LATER, ALMOST)
        assert (await until(client, fresh))["calibration"]["rows_scored"] >= scored


@pytest.mark.parametrize(
    ("contest", "reason"),
    [
        ({"rule": {"type": "irv"}}, "ranked-ballots"),
        ({"rule": {"type": "positional", "scores": [2, 1, 0]}}, "ranked-ballots"),
        ({"rule": {"type": "spread", "spread": {"fraction": [1, 4], "units": 1}}, "districts": "state"}, "rule"),
        ({"rule": {"type": "assertion", "assertions": [{"coef": [1, -1, 0]}]}}, "no-outcome"),
        ({"rule": {"type": "measure", "quorum": {"of": "ballots", "fraction": [1, 4], "registered": 600}}}, "quorum"),
        ({"rule": {"type": "electoral_college", "pool": 5}, "districts": "state"}, "pool"),
    ],
)  # fmt: skip
async def test_what_is_not_modelled_says_so(tmp_path: Path, contest: dict[str, Any], reason: str) -> None:
    async with town(tmp_path, definition(**contest), **FAST) as client:
        view = await client.get(PATH)
        assert (view["status"], view["reason"]) == ("not-modelled", reason)
        frame = await anext(heard(client, "projection:mayor"))
        assert frame == view


async def test_switched_off_in_the_past_and_elsewhere(tmp_path: Path) -> None:
    async with town(tmp_path, night(), projection_interval_ms=0) as client:
        for path, code in ((PATH, "not-projected"), ("/v1/contests/x/projection", "unknown-contest")):
            async with client.http.get(client.read + path) as response:
                assert (response.status, (await response.json())["code"]) == (404, code)
        assert (await anext(heard(client, "projection:mayor")))["status"] == "not-projected"
        assert client.service.projecting.process.pid is None
    async with town(tmp_path, **FAST) as client, client.http.get(f"{client.read}{PATH}?at=1") as response:
        found = await response.json()
        assert (response.status, found["code"], found["pointer"]) == (404, "not-in-this-release", "/at")


def one_region() -> dict[str, Any]:
    odd = night()
    odd["units"] = [one for one in odd["units"] if one.get("type") != "state"]
    for unit in odd["units"]:
        del unit["parent"]
    return odd


def one_giant() -> dict[str, Any]:
    odd = night()
    for place in (5, -3):  # one that is in, one that is out to the end
        odd["units"][place]["voters_registered"] = 9_000_000
    return odd


def no_registers() -> dict[str, Any]:
    odd = night(previous=None, bound={"kind": "none"})
    for unit in odd["units"]:
        unit.pop("voters_registered", None)
    return odd


def new_selection() -> dict[str, Any]:
    odd = night()
    odd["contests"][0]["selections"].append({"id": "new"})
    return odd


def other_boundaries() -> dict[str, Any]:
    return night(previous={"contest": "old", "votes": {f"old-{n}": {"ann": 5} for n in range(9)}})


def blank_ballots() -> dict[str, Any]:
    odd = night()
    odd["contests"][0]["selections"][0]["electable"] = False
    return odd


def by_list() -> dict[str, Any]:
    return night(rule={"type": "highest_averages", "seats": 5})


def of_states() -> dict[str, Any]:
    return night(rule={"type": "electoral_college"}, districts="state")


def two_rounds() -> dict[str, Any]:
    return night(rule={"type": "two_round"})


def two_seats() -> dict[str, Any]:
    return night(rule={"type": "plurality", "seats": 2}, votes_allowed=2)


def reports_of(defined: dict[str, Any], empty: int) -> list[dict[str, Any]]:
    """Reports of all but ten units, the first of them without a vote; as many votes as a unit has voters for."""
    registered = {unit["id"]: unit.get("voters_registered", 100) for unit in defined["units"]}
    selections = [one["id"] for one in defined["contests"][0]["selections"]]
    made = []
    for n in range(1, UNITS - 9):
        of = (42 + n * 7 % 13, 28 + n * 5 % 11, n % 4, n % 6)[: len(selections)]
        votes = [0 if n <= empty else number * (registered[f"p{n:03}"] // 100) for number in of]
        counts = dict(zip(selections, votes, strict=True))
        made.append(report(f"p{n:03}") | {"counts": counts, "ballots_cast": sum(votes)})
    return made


@pytest.mark.parametrize("empty", [0, 25], ids=["votes", "empty"])
@pytest.mark.parametrize(
    "odd",
    [
        one_region, one_giant, no_registers, new_selection, other_boundaries, blank_ballots, by_list, of_states,
        two_rounds, two_seats,
    ],
)  # fmt: skip
async def test_an_odd_contest_is_projected_or_told_why_not(
    tmp_path: Path, odd: Callable[[], dict[str, Any]], empty: int
) -> None:
    """Units without a vote among them. The projector neither dies nor is anything but 200 read."""
    defined = odd()
    reports = reports_of(defined, empty)
    async with town(tmp_path, defined, **FAST) as client:
        for first, last in ((0, 25), (25, 50), (50, len(reports))):
            status, answer = await client.post(batch(f"b{first}", *reports[first:last]))
            assert status == 201, answer
            view = await until(client, lambda view: view["age_records"] == 0 and view["reason"] != "not-yet")
        assert view["status"] == "projected"
        assert client.service.projecting.restarts == 0


async def test_an_amendment_is_followed(tmp_path: Path) -> None:
    async with town(tmp_path, night(), **FAST) as client:
        await count(client, 0, EARLY)
        await until(client, fresh)
        changed = await client.get("/v1/election?form=canonical")
        changed["units"].append({"id": "abroad", "voters_registered": 5_000})
        changed["contests"][0]["selections"].append({"id": "late"})
        status, answer = await client.desk("amend", definition=changed)
        assert status == 201, answer
        view = await until(client, fresh)
        assert {"late"} < set(chances(view))
        assert view["outstanding"]["rows"] == UNITS - EARLY + 1

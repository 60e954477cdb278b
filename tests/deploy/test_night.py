"""A real Prometheus over a service that counts the night we ship: every panel shows something."""

import asyncio
import contextlib
import json
import math
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from tests.deploy.tools import Prometheus, prometheus
from tests.deploy.written import DASHBOARDS, Query, filled, queries, rules
from tests.service.process import Served

CONTEST = "ve-pres-2013"
SPEED = "1200"
"""The night's five and a half hours in 17 seconds: counts still come when the panels are looked at."""
NOTHING_ON_A_SOUND_NIGHT = {
    "annotation claim withdrawn": "marks the moment a claim is withdrawn; none is on this night",
    "annotation started again": "marks a new process; this one goes on to the end",
}
"""What can only be non-empty after an incident, and why: it has to parse, and to be empty."""


async def command(*arguments: str) -> None:
    """One of our commands, which must succeed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode()


async def listen(url: str, stay_s: float) -> None:
    """A reader of the contest: subscribes, answers pings, and leaves after a while."""
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{url}/connection/websocket") as socket:
        await socket.send_str('{"id":1,"connect":{}}')
        await socket.send_str(json.dumps({"id": 2, "subscribe": {"channel": f"contest:{CONTEST}"}}))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(stay_s):
                async for message in socket:
                    if message.data == "{}":
                        await socket.send_str("{}")


@contextlib.asynccontextmanager
async def night(path: Path) -> AsyncIterator[tuple[Served, Prometheus]]:
    """The night being played into a service of its own, readers, and a Prometheus that watches; ended with the block."""
    await command("replay", "demo", "--definition", str(path / "election.json"))
    served = Served(path, ("--projection-interval-ms", "1000"))
    try:
        await served.start()
        async with prometheus(path, served.ingest_listen) as asked, asyncio.TaskGroup() as tasks:
            play = command("replay", "demo", "--to", served.ingest, "--speed", SPEED)
            running = [tasks.create_task(play)]
            running += [tasks.create_task(listen(served.read, stay_s)) for stay_s in (3, 300, 300)]
            yield served, asked
            for task in running:
                task.cancel()
        await served.end()
    finally:
        if served.process is not None and served.process.returncode is None:
            served.process.kill()
            await served.process.wait()


async def shown(asked: Prometheus, query: Query, served: Served) -> bool:
    """Whether a query has a number to show."""
    expr = filled(query.expr, __rate_interval="20s", instance=served.ingest_listen, contest=CONTEST)
    return any(math.isfinite(value) for value in await asked.values(expr))


async def test_every_panel_shows_something_and_a_sound_night_wakes_nobody(tmp_path: Path) -> None:
    every = [query for name in DASHBOARDS for query in queries(name)]
    assert {query.panel for query in every} >= set(NOTHING_ON_A_SOUND_NIGHT)
    wanted = [query for query in every if query.panel not in NOTHING_ON_A_SOUND_NIGHT]
    async with night(tmp_path) as (served, asked):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(90):
                while wanted:
                    await asyncio.sleep(1)
                    wanted = [query for query in wanted if not await shown(asked, query, served)]
        assert not wanted, f"nothing to show: {wanted}"
        for query in every:
            if query.panel in NOTHING_ON_A_SOUND_NIGHT:
                assert not await shown(asked, query, served), query
        await look_at_rules(asked)


async def look_at_rules(asked: Prometheus) -> None:
    """Every rule is evaluated without a fault, every recorded series is there, and no alert fires."""
    groups = (await asked.get("rules"))["groups"]
    found = {rule["name"]: rule for group in groups for rule in group["rules"]}
    assert set(found) == {rule.name for file in ("recording.yml", "alerts.yml") for rule in rules(file)}
    assert not [(name, rule["lastError"]) for name, rule in found.items() if rule["health"] != "ok"]
    for rule in rules("recording.yml"):
        assert await asked.values(rule.name), rule.name
    firing = [alert for alert in (await asked.get("alerts"))["alerts"] if alert["state"] == "firing"]
    assert not firing

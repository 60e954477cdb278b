"""docs/asyncapi.json is valid AsyncAPI 3, and what a night's streams carry is what it says."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema
import pytest

from deploy.api.asyncapi import CHANNELS
from tests.service.documented import checker, described
from tests.service.test_projection import FAST, night
from tests.service.world import Client, batch, report, town
from tests.ws.test_sdk_javascript import installed, missing

NAMES = {
    "election:town": "election", "contest:mayor": "contest", "units:mayor:north": "units", "calls:town": "calls",
    "units:mayor:north:0": "unitsPage", "status:town": "status", "projection:mayor": "projection",
}  # fmt: skip
KINDS = {
    "amended",
    "dispute",
    "annul",
    "restore",
    "correction",
    "withdrawal",
    "quarantined",
    "bound-violated",
    "claim",
}


class Frames:
    """Judges what streams carry, and counts it by message."""

    def __init__(self) -> None:
        self.document = described("asyncapi.json")
        self.checkers = {
            name: checker(
                self.document,
                self.document["components"]["messages"][name]["payload"],
                jsonschema.Draft7Validator,
            )
            for name in self.document["components"]["messages"]
        }
        self.seen: dict[str, int] = {}
        self.kinds: set[str] = set()

    def judge(self, name: str, value: Any) -> None:
        """Raises AssertionError where a value is not the message of that name."""
        faults = [
            f"{list(e.absolute_path)}: {e.message[:200]}" for e in self.checkers[name].iter_errors(value)
        ]
        assert not faults, f"{name}: {faults}"
        self.seen[name] = self.seen.get(name, 0) + 1
        if name == "calls":
            self.kinds |= {event["kind"] for event in value["events"]}


def test_it_is_valid_by_the_schema_of_its_makers() -> None:
    if shutil.which("npm") is None:
        missing("npm is not installed")
    schema = json.loads((installed() / "@asyncapi/specs/schemas/3.0.0.json").read_text())
    document = json.loads(Path("docs/asyncapi.json").read_text())
    validator = jsonschema.Draft7Validator(schema)
    assert not [error.message for error in validator.iter_errors(document)]
    document["channels"]["contest"]["addres"] = "x"
    assert [*validator.iter_errors(document)]


def test_every_pointer_leads_somewhere() -> None:
    document = json.loads(Path("docs/asyncapi.json").read_text())

    def pointers(part: Any) -> list[str]:
        if isinstance(part, list):
            return [found for one in part for found in pointers(one)]
        if not isinstance(part, dict):
            return []
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for one in part.values() for found in pointers(one)]

    found = set(pointers(document))
    assert len(found) > len(CHANNELS)
    for pointer in found:
        at: Any = document
        for token in pointer.removeprefix("#/").split("/"):
            at = at[token]


async def play(client: Client) -> None:
    """A night with everything calls are made of: a cap broken, a correction, every verb, a claim turned and taken back."""
    for n in range(1, 31):
        await client.post(batch(f"b{n}", report(f"p{n:03}", 60, 20, 3)))
    await client.post(batch("held", report("p031", 90, 20)))
    await client.post(batch("lower", report("p001", 50, 20, 3, revision=2, reason="misread")))
    nothing = {"counts": None, "status": "not-processed", "ballots_cast": 0, "reason": "of another place"}
    await client.post(batch("gone", report("p002", revision=2, **nothing)))
    await client.desk("dispute", units=["p003"])
    await client.desk("restore", units=["p003"])
    rest = [report(f"p{n:03}", 80, 3, 3) for n in range(32, 79)]
    await client.post(batch("rest", *rest))
    await client.desk("annul", units=[one["unit"] for one in rest])
    whole = await client.get("/v1/election")
    del whole["definition_sha256"]
    whole["election"]["name"] = "Town of old"
    status, answer = await client.desk("amend", definition=whole)
    assert status == 201, answer


async def heard_by_sse(client: Client, frames: Frames, ready: asyncio.Event) -> None:
    """Judge every event of a stream that begins at a position nobody knows."""
    query = {"channels": ",".join(NAMES), "last_event_id": "of-old/7"}
    async with client.http.get(client.read + "/v1/stream", params=query) as response:
        event = ""
        async for raw in response.content:
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: "):
                frames.judge("recovery" if event == "recovery" else NAMES[event], json.loads(line[6:]))
                ready.set()


async def heard_by_websocket(client: Client, frames: Frames, ready: asyncio.Event) -> None:
    """Judge every reply and push, and every command sent."""
    async with client.http.ws_connect(client.read.replace("http", "ws") + "/connection/websocket") as socket:
        commands: list[dict[str, Any]] = [{"id": 1, "connect": {}}]
        commands += [
            {"id": 2 + n, "subscribe": {"channel": name, "recover": True, "epoch": "of-old", "offset": 7}}
            for n, name in enumerate(NAMES)
        ]
        commands += [{"id": 20, "subscribe": {"channel": "nowhere"}}, {"id": 21, "ping": {}}]
        commands += [{"id": 22, "unsubscribe": {"channel": "units:mayor:north:0"}}]
        for command in commands:
            frames.judge("command", command)
        await socket.send_str("\n".join(map(json.dumps, commands)))
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            for line in message.data.splitlines():
                told = json.loads(line)
                frames.judge("push" if "push" in told else "reply", told)
                if "push" in told:
                    frames.judge(NAMES[told["push"]["channel"]], told["push"]["pub"]["data"])
                elif told["id"] == 22:
                    ready.set()


async def test_what_streams_carry_is_what_it_says(tmp_path: Path) -> None:
    for hear in (heard_by_sse, heard_by_websocket):
        frames, ready = Frames(), asyncio.Event()
        (tmp_path / hear.__name__).mkdir()
        async with town(tmp_path / hear.__name__, night(), **FAST) as client, asyncio.TaskGroup() as tasks:
            task = tasks.create_task(hear(client, frames, ready))
            await ready.wait()
            await play(client)
            wanted = {
                *NAMES.values(),
                *(("recovery",) if hear is heard_by_sse else ("push", "reply", "command")),
            }
            if hear is heard_by_websocket:
                wanted -= {"unitsPage"}  # unsubscribed above
            async with asyncio.timeout(60):
                while not (wanted <= frames.seen.keys() and frames.kinds >= KINDS):
                    await asyncio.sleep(0.05)
            task.cancel()


async def test_a_frame_that_is_not_as_told_is_seen() -> None:
    frames = Frames()
    with pytest.raises(AssertionError, match="position"):
        frames.judge("status", {"format": "tally-status/1"})
    with pytest.raises(AssertionError, match="more"):
        frames.judge("recovery", {"recovered": False, "epoch": "x", "channels": [], "more": 1})

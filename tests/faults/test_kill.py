"""kill -9 under load: every acknowledged batch is there, resending changes nothing, the digest is the live one."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.service.world import batch, definition, report

UNITS = 400
KILLS = 20
LOOPS = ("asyncio", "uvloop")
HASH_SEEDS = ("0", "1", "4711", "random")


@dataclass
class Sender:
    """Sends numbered batches for ever, several at once, and remembers what was acknowledged."""

    chance: random.Random
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)

    def next(self) -> dict[str, Any]:
        number = len(self.sent) + 1
        unit = f"p{self.chance.randrange(1, UNITS + 1):03}"
        votes = [self.chance.randrange(40) for _ in range(3)]
        made = batch(
            f"b{number}", report(unit, *votes, revision=number, reason="recount", status="in-process")
        )
        self.sent[made["batch_id"]] = made
        return made

    async def pour(self, http: aiohttp.ClientSession, url: str) -> None:
        while True:
            made = self.next()
            try:
                async with http.post(f"{url}/v1/batches", json=made) as response:
                    answer = await response.json(content_type=None)
                    if response.status in {200, 201, 202}:
                        self.acknowledged[made["batch_id"]] = answer["position"]["seq"]
                    else:
                        assert answer["code"] == "stale-report", answer
            except (aiohttp.ClientError, json.JSONDecodeError):
                return


def start(path: Path, loop: str, hash_seed: str) -> tuple[subprocess.Popen[str], str, str]:
    """A service as its own process; its read and ingest URLs."""
    command = [
        sys.executable, "-m", "deploy", "serve", "--election", str(path / "election.json"), "--data", str(path / "data"),
        "--listen", "127.0.0.1:0", "--ingest-listen", "127.0.0.1:0", "--loop", loop, "--snapshot-records", "500",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "NO_COLOR": "1"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "ready" in line:
            words = dict(word.split("=", 1) for word in line.split() if "=" in word)
            return process, words["read"], words["ingest"]
    raise AssertionError("".join(said))


def digest_of(path: Path, hash_seed: str = "0") -> list[str]:
    """What `tally digest` prints of the data directory."""
    command = [sys.executable, "-m", "deploy", "digest", "--data", str(path / "data")]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return ended.stdout.split()


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("hash_seed", HASH_SEEDS)
async def test_kill_9(tmp_path: Path, loop: str, hash_seed: str) -> None:
    (tmp_path / "election.json").write_text(json.dumps(definition(units=UNITS)))
    sender = Sender(random.Random(f"{loop} {hash_seed}"))
    kills = KILLS // (len(LOOPS) * len(HASH_SEEDS)) + 1
    for _ in range(kills):
        process, _read, ingest = start(tmp_path, loop, hash_seed)
        async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as pouring:
            for _ in range(8):
                pouring.create_task(sender.pour(http, ingest))
            await asyncio.sleep(sender.chance.uniform(0.05, 0.8))
            process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(sender.acknowledged) > 20, "a run in which nothing was acknowledged proves nothing"
    process, _read, ingest = start(tmp_path, loop, hash_seed)
    async with aiohttp.ClientSession() as http:
        for batch_id, seq in sender.acknowledged.items():
            async with http.post(f"{ingest}/v1/batches", json=sender.sent[batch_id]) as response:
                answer = await response.json()
                assert (response.status, answer["duplicate"], answer["position"]["seq"]) == (200, True, seq)
    before = digest_of(tmp_path)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    after = digest_of(tmp_path)
    assert after == before, "resending what was acknowledged changed something"
    for seed in HASH_SEEDS:
        assert digest_of(tmp_path, seed) == after


async def test_the_live_digest_is_the_journal_s(tmp_path: Path) -> None:
    from tally import freeze
    from tests.service.world import town

    async with town(tmp_path, definition(units=20), snapshot_records=7) as client:
        chance = random.Random(3)
        for n in range(1, 60):
            unit = f"p{chance.randrange(1, 21):03}"
            votes = [chance.randrange(36) for _ in range(3)]
            await client.post(batch(f"b{n}", report(unit, *votes, revision=n, reason="again")))
        await client.desk("dispute", units=["north"])
        await client.desk("annul", units=["p002", "p003"])
        live = freeze.digest(client.service.sequencer.state)
        assert freeze.digest(freeze.thaw(freeze.freeze(client.service.sequencer.state))) == live
    assert digest_of(tmp_path)[2] == live
    async with town(tmp_path) as client:
        assert freeze.digest(client.service.sequencer.state) == live, (
            "a restart from a snapshot is the same state"
        )

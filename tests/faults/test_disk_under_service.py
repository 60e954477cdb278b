"""A full disk is refused and got over; a failed fsync is final: real tmpfs, real system calls, the real service."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.faults.test_kill import UNITS, digest_of, start
from tests.service.world import batch, definition, report


def need(condition: bool, what: str) -> None:
    """Skip saying what is missing; with CI=true that is a failure."""
    if not condition:
        if os.environ.get("CI") == "true":
            pytest.fail(f"missing: {what}")
        pytest.skip(f"missing: {what}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A directory whose data/ is a file system of 4 MiB, 1 MiB of it taken by a file that can be removed."""
    need(os.geteuid() == 0, "root, to mount a small file system")
    data = tmp_path / "data"
    data.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(data)], check=False)
    need(mounted.returncode == 0, "the right to mount a tmpfs")
    (data / "ballast").write_bytes(b"\0" * (1 << 20))
    (tmp_path / "election.json").write_text(json.dumps(definition(units=UNITS)))
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", str(data)], check=True)


def body(number: int) -> dict[str, Any]:
    """A batch of a hundred reports: about 10 kB in the journal."""
    units = [f"p{1 + (number * 100 + n) % UNITS:03}" for n in range(100)]
    chance = random.Random(number)
    rows = [
        report(unit, chance.randrange(60), chance.randrange(40), revision=number, reason="again " * 10)
        for unit in units
    ]
    return batch(f"b{number}", *rows)


async def test_a_full_disk_is_refused_and_got_over(small_disk: Path) -> None:
    process, read, ingest = start(small_disk, "asyncio", "0")
    statuses = []
    acknowledged = []
    try:
        async with aiohttp.ClientSession() as http:
            for number in range(1, 700):
                async with http.post(f"{ingest}/v1/batches", json=body(number)) as response:
                    answer = await response.json(content_type=None)
                    statuses.append(response.status)
                    if response.status == 201:
                        acknowledged.append(number)
                    elif statuses.count(507) == 3:
                        break
            assert statuses.count(507) == 3, "the disk was never full"
            assert answer["code"] == "journal-full"
            async with http.get(f"{read}/v1/contests/mayor") as response:
                assert response.status == 200, "reads go on"
            assert process.poll() is None
            (small_disk / "data" / "ballast").unlink()
            async with http.post(f"{ingest}/v1/batches", json=body(900)) as response:
                assert response.status == 201, "it recovers alone once there is room"
            acknowledged.append(900)
            for number in acknowledged[-5:]:
                async with http.post(f"{ingest}/v1/batches", json=body(number)) as response:
                    assert (response.status, (await response.json())["duplicate"]) == (200, True)
            async with http.get(f"{ingest}/readyz") as response:
                seq = (await response.json())["position"]["seq"]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert int(digest_of(small_disk)[1]) == seq == 1 + len(acknowledged)


async def test_a_failed_fsync_ends_the_service_with_75(tmp_path: Path) -> None:
    need(shutil.which("strace") is not None, "strace")
    (tmp_path / "election.json").write_text(json.dumps(definition(units=UNITS)))
    command = [
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=25+",
        sys.executable, "-m", "deploy", "serve", "--election", str(tmp_path / "election.json"),
        "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0", "--ingest-listen", "127.0.0.1:0",
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert process.stdout is not None
    ingest = ""
    for line in process.stdout:
        if "ready" in line:
            ingest = dict(word.split("=", 1) for word in line.split() if "=" in word)["ingest"]
            break
    acknowledged = []
    async with aiohttp.ClientSession() as http:
        for number in range(1, 200):
            try:
                async with http.post(f"{ingest}/v1/batches", json=body(number)) as response:
                    if response.status == 201:
                        acknowledged.append((await response.json())["position"]["seq"])
            except aiohttp.ClientError:
                break
    assert process.wait(timeout=30) == 75
    said = process.stdout.read()
    assert "writing failed after" in said
    assert "Traceback" not in said
    assert 3 < len(acknowledged) < 100
    assert int(digest_of(tmp_path)[1]) >= acknowledged[-1], "everything acknowledged is there"

"""Fifty unmodified centrifuge-js clients through twenty cuts, a restart and two kinds of close."""

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ws.night import CALLS, CONTEST, Night, Witness, play

HERE = Path(__file__).parent
CLIENTS = 50
DROPS = 20


def missing(why: str) -> None:
    """Say why this cannot run here; under CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def installed() -> Path:
    """What tests/ws/package.json names, installed once a machine outside the repository."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        missing("node and npm are not installed")
    manifest = (HERE / "package.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "tally-tests" / hashlib.sha256(manifest).hexdigest()[:16]
    if not (folder / "node_modules" / "centrifuge").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_bytes(manifest)
        command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
        if done.returncode:
            missing(f"npm could not install the SDK: {done.stderr.strip()[-300:]}")
    return folder / "node_modules"


@pytest.fixture(scope="module")
def modules() -> Path:
    """The SDK's folder."""
    return installed()


class Clients:
    """The node process and what its clients saw."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def report(self) -> list[dict]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"report\n")
        async with asyncio.timeout(20):
            return json.loads(await self.process.stdout.readline())

    async def witnesses(self) -> list[Witness]:
        return [
            Witness(seen["offsets"], seen["views"], seen["calls"], [tuple(start) for start in seen["starts"]])
            for seen in await self.report()
        ]


@contextlib.asynccontextmanager
async def node(night: Night, modules: Path, count: int) -> AsyncIterator[Clients]:
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "sdk_clients.cjs"),
        night.running.ws_url,
        str(count),
        CONTEST,
        CALLS,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 26,
        env={**os.environ, "NODE_PATH": str(modules)},
    )
    try:
        yield Clients(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def test_fifty_clients_twenty_cuts_one_restart(modules: Path) -> None:
    night = await Night.begin()
    async with node(night, modules, CLIENTS) as clients:
        await night.back(CLIENTS)
        await play(night, CLIENTS, DROPS)
        assert await night.bytes_seen() == night.board.newest(CONTEST).json
        for witness in await clients.witnesses():
            witness.check(night, first=1)
            fresh = [start for start in witness.starts if not start[1]]
            assert sorted(fresh) == [(CALLS, False, False), (CONTEST, False, False)]
            assert all(recovered for _, was, recovered in witness.starts if was)
            assert len(witness.starts) >= 2 * (DROPS + 2)
            assert len(witness.offsets) < night.offset, "state was conflated"

        await night.restart(epoch="e2")
        await night.back(CLIENTS)
        await asyncio.sleep(0.3)
        for witness in await clients.witnesses():
            assert sorted(witness.starts[-2:]) == [(CALLS, True, False), (CONTEST, True, False)]
            assert witness.views[-1] == night.newest()
    await night.running.stop()


@pytest.mark.parametrize(
    ("code", "comes_back"), [(4008, True), (1012, True), (3010, True), (3501, False), (3503, False)]
)
async def test_which_closes_say_come_back(modules: Path, code: int, comes_back: bool) -> None:
    night = await Night.begin()
    async with node(night, modules, 1) as clients:
        await night.back(1)
        hub, fanout = night.running.streaming.hub, night.running.streaming.fanout
        (session,) = hub.sessions()
        if code == 1012:
            fanout.perform(hub.stop(lambda: 1_234))
        else:
            fanout.perform(session.close(code, "why"))
        async with asyncio.timeout(10):
            while session in set(hub.sessions()):
                await asyncio.sleep(0.02)
        if comes_back:
            await night.back(1)
        else:
            await asyncio.sleep(1.5)
            assert not list(hub.sessions())
            assert (await clients.report())[0]["closes"][-1] == code
    await night.running.stop()

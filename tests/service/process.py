"""The service as its own process on loopback: started, ended, started again on the same ports."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

ANYWHERE = "127.0.0.1:0"


@dataclass
class Served:
    """A service process over `path`: its definition, its data and what it said are in there."""

    path: Path
    options: tuple[str, ...] = ()
    listen: str = ANYWHERE
    ingest_listen: str = ANYWHERE
    data: str = "data"
    process: asyncio.subprocess.Process | None = None

    @property
    def read(self) -> str:
        return f"http://{self.listen}"

    @property
    def ingest(self) -> str:
        return f"http://{self.ingest_listen}"

    @property
    def read_port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    async def start(self) -> None:
        """Start, and wait until it says that it is ready; from then on its ports are fixed."""
        said = self.path / "said.txt"
        with said.open("w") as out:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "deploy", "serve",
                "--election", str(self.path / "election.json"), "--data", str(self.path / self.data),
                "--listen", self.listen, "--ingest-listen", self.ingest_listen, *self.options,
                stdout=out, stderr=out, env={**os.environ, "NO_COLOR": "1"},
            )  # fmt: skip
        async with asyncio.timeout(120):
            while " ready " not in said.read_text():
                assert self.process.returncode is None, said.read_text()
                await asyncio.sleep(0.02)
        line = next(line for line in said.read_text().splitlines() if " ready " in line)
        words = dict(word.split("=", 1) for word in line.split() if "=" in word)
        self.listen = words["read"].removeprefix("http://")
        self.ingest_listen = words["ingest"].removeprefix("http://")

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal and wait for the end, which after SIGTERM is a clean one."""
        assert self.process is not None
        self.process.send_signal(how)
        async with asyncio.timeout(60):
            code = await self.process.wait()
        assert code == (0 if how is signal.SIGTERM else -how), (self.path / "said.txt").read_text()

    async def post(self, http: aiohttp.ClientSession, body: Any) -> None:
        """Post a batch that must be counted."""
        async with http.post(f"{self.ingest}/v1/batches", json=body) as response:
            assert response.status == 201, await response.text()

    async def restart(self) -> None:
        await self.end()
        await self.start()


@contextlib.asynccontextmanager
async def serving(path: Path, defined: dict[str, Any], *options: str) -> AsyncIterator[Served]:
    """A service of a definition until the block ends."""
    (path / "election.json").write_text(json.dumps(defined))
    served = Served(path, options)
    await served.start()
    try:
        yield served
        await served.end()
    finally:
        if served.process is not None and served.process.returncode is None:
            served.process.kill()
            await served.process.wait()


async def body_of(http: aiohttp.ClientSession, url: str) -> bytes:
    """The body of a GET that must succeed."""
    async with http.get(url) as response:
        body = await response.read()
        assert response.status == 200, body
        return body

"""promtool and prometheus, Debian's: run over our files, or started on a port of their own."""

import asyncio
import contextlib
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.deploy.written import PROMETHEUS
from tests.faults.test_disk_under_service import need


def promtool(*arguments: str) -> str:
    """What promtool says; it must find nothing wrong."""
    need(shutil.which("promtool") is not None, "promtool (Debian's package prometheus)")
    done = subprocess.run(
        ["promtool", *arguments], check=False, capture_output=True, text=True, cwd=PROMETHEUS
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def configuration(target: str) -> str:
    """Our prometheus.yml asking another address every second, and telling nobody."""
    text = (PROMETHEUS / "prometheus.yml").read_text()
    text = re.sub(r"^alerting:\n(?:[ #].*\n|\n)+", "", text, flags=re.MULTILINE)
    for said, instead in (
        ("127.0.0.1:8081", target),
        ("scrape_interval: 5s", "scrape_interval: 1s"),
        ("scrape_timeout: 4s", "scrape_timeout: 1s"),
        ("evaluation_interval: 5s", "evaluation_interval: 1s"),
        ("- recording.yml", f"- {PROMETHEUS / 'recording.yml'}"),
        ("- alerts.yml", f"- {PROMETHEUS / 'alerts.yml'}"),
    ):
        assert text.count(said) == 1, said
        text = text.replace(said, instead)
    assert "alertmanagers" not in text
    return text


@dataclass
class Prometheus:
    """A running Prometheus to ask."""

    url: str
    http: aiohttp.ClientSession

    async def get(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API."""
        async with self.http.get(f"{self.url}/api/v1/{path}", params=parameters) as response:
            answer = await response.json()
            assert answer["status"] == "success", (parameters, answer)
            return answer["data"]

    async def values(self, expr: str) -> list[float]:
        """The value of every series an expression has now."""
        return [float(one["value"][1]) for one in _vector(await self.get("query", query=expr))]


def _vector(data: Any) -> list[Any]:
    assert data["resultType"] == "vector", data
    found: list[Any] = data["result"]
    return found


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def prometheus(path: Path, target: str) -> AsyncIterator[Prometheus]:
    """A Prometheus on loopback that asks `target`, its data under `path`, until the block ends."""
    need(shutil.which("prometheus") is not None, "prometheus (Debian's package)")
    (path / "prometheus.yml").write_text(configuration(target))
    listen = f"127.0.0.1:{free_port()}"
    with (path / "prometheus.txt").open("w") as out:
        process = await asyncio.create_subprocess_exec(
            "prometheus", "--config.file", str(path / "prometheus.yml"), "--storage.tsdb.path", str(path / "tsdb"),
            "--web.listen-address", listen, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as http:
            await _ready(http, f"http://{listen}", process, path / "prometheus.txt")
            yield Prometheus(f"http://{listen}", http)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(
    http: aiohttp.ClientSession, url: str, process: asyncio.subprocess.Process, said: Path
) -> None:
    async with asyncio.timeout(30):
        while True:
            assert process.returncode is None, said.read_text()
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(f"{url}/-/ready") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.05)

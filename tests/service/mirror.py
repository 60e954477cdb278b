"""A directory served by Python's own web server, as anybody would, and `tally bake` to fill it."""

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.house.tree import ROOT


async def tally(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy", *arguments, cwd=ROOT, env={**os.environ, "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(120):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def baked(directory: Path, *options: str) -> str:
    """Bake once, which must succeed; what it said."""
    code, _, said = await tally("bake", str(directory), *options)
    assert code == 0, said
    return said


@contextlib.asynccontextmanager
async def served_plainly(directory: Path, log: Path | None = None) -> AsyncIterator[str]:
    """`python -m http.server` over a directory; its URL. `log`: where it writes each request."""
    errors = asyncio.subprocess.DEVNULL if log is None else log.open("w")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(directory),
        stdout=asyncio.subprocess.PIPE, stderr=errors,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            line = (await process.stdout.readline()).decode()
        port = re.search(r"port (\d+)", line)
        assert port, line
        yield f"http://127.0.0.1:{port[1]}"
    finally:
        process.kill()
        await process.wait()

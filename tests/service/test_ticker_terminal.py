"""`tally watch` in a true terminal: it starts, ends cleanly whoever ends it, and is lines of JSON elsewhere."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pexpect
import pytest

from tests.service.process import body_of, serving
from tests.service.test_ticker import contests
from tests.service.world import definition

ENTERED, LEFT, CURSOR_BACK = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"
WATCH = ["-m", "deploy", "watch"]


def terminal(url: str, *options: str, **variables: str) -> "pexpect.spawn[str]":
    """The command in a terminal of 80 by 24."""
    env = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", **variables}
    return pexpect.spawn(
        sys.executable, [*WATCH, url, *options], dimensions=(24, 80), encoding="utf-8", timeout=60, env=env
    )


def ended(child: "pexpect.spawn[str]") -> tuple[str, int | None]:
    """What it wrote until it ended, and its exit code."""
    child.expect(pexpect.EOF)
    child.close()
    return str(child.before), child.exitstatus


@pytest.mark.parametrize("how", ["q", "\x03", signal.SIGTERM, signal.SIGHUP])
async def test_it_leaves_the_terminal_as_it_was(tmp_path: Path, how: str | signal.Signals) -> None:
    async with serving(tmp_path, definition()) as served:

        def run() -> tuple[str, int | None]:
            child = terminal(served.read)
            child.expect_exact(ENTERED)
            child.expect("live")
            child.send(how) if isinstance(how, str) else child.kill(how)
            return ended(child)

        after, code = await asyncio.to_thread(run)
        assert code == 0, after
        assert LEFT in after
        assert CURSOR_BACK in after
        assert "Traceback" not in after


async def test_no_color_is_heeded_and_plain_is_lines(tmp_path: Path) -> None:
    async with serving(tmp_path, definition()) as served:

        def without_colour() -> str:
            child = terminal(served.read, NO_COLOR="1")
            child.expect("live")
            before = str(child.before)
            child.send("q")
            return before + ended(child)[0]

        def plain() -> list[str]:
            found = []
            for options, variables in ((["--plain"], {}), ([], {"TERM": "dumb"})):
                child = terminal(served.read, *options, **variables)
                child.expect(r'\{"format":"tally-contest/1".*?\n')
                found.append(str(child.before) + str(child.after))
                child.sendcontrol("c")
                assert ended(child)[1] == 0
            return found

        said = await asyncio.to_thread(without_colour)
        hues = set(re.findall(r"\x1b\[[0-9;]*(?:38|48);2;(\d+);(\d+);(\d+)", said))
        assert all(red == green == blue for red, green, blue in hues), hues
        for line in await asyncio.to_thread(plain):
            assert ENTERED not in line
            assert json.loads(line)["contest"] == "mayor"


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("http://127.0.0.1:9", 69, "refused"),
        ("127.0.0.1:9", 69, "refused"),
        ("http://", 64, "not an address"),
    ],
)
def test_a_service_that_is_away_is_one_clear_line(address: str, code: int, said: str) -> None:
    after, status = ended(terminal(address))
    assert status == code
    assert ENTERED not in after
    assert said in after.casefold()
    assert len(after.strip().splitlines()) == 1, after


async def test_another_server_and_an_unknown_contest_are_said(tmp_path: Path) -> None:
    async with serving(tmp_path, definition()) as served:
        for options, code, said in (
            ([served.ingest], 69, "404"),
            ([served.read, "nobody"], 1, "contests: mayor"),
        ):
            done = await asyncio.to_thread(
                subprocess.run, [sys.executable, *WATCH, *options], capture_output=True, text=True, check=False, timeout=60
            )  # fmt: skip
            assert (done.returncode, said in done.stderr) == (code, True), done.stderr


async def test_300_contests_and_long_views_are_lines_too(tmp_path: Path) -> None:
    selections = [{"id": f"s{n}", "name": f"S{n}"} for n in range(90)]
    states = [{"id": f"z{n:03}", "type": "state", "name": f"Z{n}"} for n in range(230)]
    defined = contests(*(f"seat-{n:03}" for n in range(301)))
    defined["units"] += [
        one
        for state in states
        for one in (state, {"id": f"q{state['id']}", "name": "Q", "parent": state["id"]})
    ]
    defined["contests"][0]["selections"] = selections
    async with serving(tmp_path, defined) as served:
        async with aiohttp.ClientSession() as http:
            view = await body_of(http, f"{served.read}/v1/contests/seat-000")
        assert len(view) > 1 << 19, "longer than the library's own limit for a line"
        process = await asyncio.create_subprocess_exec(
            sys.executable, *WATCH, served.read, stdout=asyncio.subprocess.PIPE, limit=1 << 24
        )
        assert process.stdout is not None
        heard: dict[str, Any] = {}
        async with asyncio.timeout(60):
            while len(heard) < 301:
                told = json.loads(await process.stdout.readline())
                heard[told["contest"]] = told
        process.send_signal(signal.SIGINT)
        await process.stdout.read()
        assert await process.wait() == 0


def test_other_commands_do_not_load_it() -> None:
    code = "import sys, deploy.cli, deploy.commands.watch; print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

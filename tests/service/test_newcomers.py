"""What a newcomer pastes from the operators' and the observers' page works as it is written, in its order."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.deploy.tools import free_port
from tests.house.tree import document
from tests.service.world import batch, report, town

NOT_HERE = re.compile(r"^(?:make install|\. \.venv/bin/activate)$\n?", re.MULTILINE)
"""What made the environment the tests run in."""


def blocks(name: str) -> list[str]:
    """The shell blocks of a document, as they stand, without the indent of the list they are in."""
    found = re.findall(r"^( *)```sh\n(.*?)^ *```", document(name), re.MULTILINE | re.DOTALL)
    return [NOT_HERE.sub("", re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)) for indent, text in found]


def block(name: str, *words: str) -> str:
    """The one block that holds all these words."""
    (found,) = [text for text in blocks(name) if all(word in text for word in words)]
    return found


class Terminal:
    """A shell of a newcomer in a directory: pastes blocks, other addresses in place of those shown."""

    def __init__(self, path: Path, **instead: str) -> None:
        self._path, self._instead = path, instead
        commands = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self._environment = {**os.environ, "PATH": commands, "NO_COLOR": "1"}

    def _typed(self, text: str) -> list[str]:
        for shown, instead in self._instead.items():
            text = text.replace(shown, instead)
        return ["bash", "-euc", text]

    async def paste(self, text: str) -> str:
        """What it prints; it must succeed."""
        process = await asyncio.create_subprocess_exec(
            *self._typed(text), cwd=self._path, env=self._environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(120):
            said, complained = await process.communicate()
        assert process.returncode == 0, (text, said.decode(), complained.decode())
        return said.decode()

    @contextlib.asynccontextmanager
    async def staying(self, text: str, said: str) -> AsyncIterator[None]:
        """A command that stays: from when it has said so, until the block ends and it is ended cleanly."""
        log = self._path / "stays.txt"
        with log.open("w") as out:
            process = await asyncio.create_subprocess_exec(
                *self._typed(f"exec {text}"), cwd=self._path, env=self._environment, stdout=out, stderr=out
            )
        try:
            async with asyncio.timeout(60):
                while said not in log.read_text():
                    assert process.returncode is None, log.read_text()
                    await asyncio.sleep(0.02)
            yield
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0, log.read_text()


async def test_an_operator_gets_from_nothing_to_a_back_up(tmp_path: Path) -> None:
    read, ingest = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    shell = Terminal(tmp_path, **{"127.0.0.1:8080": read, "127.0.0.1:8081": ingest})
    page = "docs/operators.md"
    await shell.paste(block(page, "cat > data/election.json"))
    await shell.paste(block(page, "tally keys new"))
    serve = f"{block(page, 'tally serve', 'keys.toml').strip()} --listen {read} --ingest-listen {ingest}"
    async with shell.staying(serve, " ready "):
        counted = await shell.paste(block(page, "/v1/batches"))
        assert '"accepted":1' in counted
        desk = block(page, "tally desk").replace("tally desk", f"tally desk --to http://{ingest}")
        assert (await shell.paste(desk)).count('"accepted": 1') == 2
        copied, live = (await shell.paste(block(page, "tally digest"))).splitlines()
        assert copied == live
        held = block(page, "/v1/batches").replace('"b-1"', '"b-2"').replace('"p1"', '"p3"')
        assert '"held_by":["over-cap"]' in (await shell.paste(held)).replace(" ", "")
        runbook = document("deploy/RUNBOOK.md")
        looks = re.findall(r"`(curl [^`]*\$[^`]*)`", runbook)
        assert len(looks) > 4
        for look in looks:
            seen = await shell.paste(f"{block('deploy/RUNBOOK.md', 'export READ')}\n{look}")
            assert "mayor" in seen or '"p3"' in seen or '"seq": 5' in seen, look
    again = Terminal(tmp_path)
    (copy,) = (tmp_path / "data" / "backup").iterdir()
    async with again.staying(f"{serve.replace('data/night', str(copy))}", " ready "):
        assert '"seq": 4' in await again.paste(f"curl -sS http://{ingest}/readyz")


async def test_an_observer_checks_a_service_and_a_copy(tmp_path: Path) -> None:
    page = "docs/observers.md"
    async with town(tmp_path) as client:
        for n in range(1, 6):
            await client.post(batch(f"b{n}", report(f"p{n:03}", 80, 10)))
        here = tmp_path / "here"
        here.mkdir()
        shell = Terminal(here, **{"https://count.example": client.read})
        (checking,) = [text for text in blocks(page) if text.startswith("tally verify https://")]
        said = await shell.paste(checking)
        assert "true  mayor elected:ann: irreversible, certain" in said
        assert await shell.paste(block(page, "tally bake")) == said
        for name, path in (
            ("certificate.json", "v1/contests/mayor/certificate?claim=elected:ann"),
            ("units.ndjson", "v1/contests/mayor/units.ndjson"),
            ("election.json", "v1/election?form=canonical"),
        ):
            await shell.paste(f"curl -sS '{client.read}/{path}' > {name}")
    assert said.splitlines()[0] in await shell.paste(block(page, "--units units.ndjson"))

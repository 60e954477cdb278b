"""Schemathesis asks both listeners what docs/openapi.json allows and forbids: nothing is a 500, or not told."""

import asyncio
import re
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.service.process import serving
from tests.service.world import batch, definition, report

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method",
)  # fmt: skip
LISTENERS = {
    # a stream does not end, a WebSocket answers any method as the bad handshake it is, oEmbed owes a 501
    "reading": (
        "--exclude-path", "/v1/stream", "--exclude-path", "/connection/websocket", "--exclude-path", "/oembed", "-n", "12",
    ),
    "writing": ("--checks", ",".join((*CHECKS, "negative_data_rejection")), "-n", "40"),
}  # fmt: skip


async def asked(folder: Path, url: str, tag: str, *options: str) -> str:
    """What a run said; the examples are the same every time."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("st")), "run", str(DOCUMENT), "--url", url, "--include-tag", tag,
        "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--seed", "7", "--no-color",
        "--generation-deterministic", "--suppress-health-check", "all", *options,
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    text = said.decode()
    assert process.returncode == 0, text[-6_000:]
    return text


@pytest.mark.parametrize("tag", LISTENERS)
async def test_no_answer_is_a_fault_or_untold(tmp_path: Path, tag: str) -> None:

    async with serving(tmp_path, definition()) as served, aiohttp.ClientSession() as http:
        for n in (1, 2):
            body = batch(f"b{n}", report(f"p{n:03}", 50, 20, 3))
            async with http.post(served.ingest + "/v1/batches", json=body) as response:
                assert response.status == 201
        url = served.read if tag == "reading" else served.ingest
        said = await asked(tmp_path, url, tag, *LISTENERS[tag])
        cases = re.search(r"(\d+) generated", said)
        assert cases is not None, said
        assert int(cases[1]) > 300, said

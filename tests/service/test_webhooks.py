"""Webhooks over real sockets: what a receiver hears, in which order, and what it does not notice."""

import asyncio
import base64
import contextlib
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from deploy.failure import ConfigurationFault
from deploy.settings import load_settings
from tests.house.tree import ROOT, document
from tests.service.process import serving
from tests.service.receiver import SECRET, Receiver, receiving
from tests.service.world import Client, batch, definition, report, town
from ws.webhooks import sender

UNITS = 12


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "PAUSE_FIRST_S", 0.02)
    monkeypatch.setattr(sender, "PAUSE_S_MAX", 0.1)


@contextlib.asynccontextmanager
async def told(path: Path, receiver: Receiver, **changes: Any) -> AsyncIterator[Client]:
    async with town(path, definition(units=UNITS), webhooks=(receiver.setting(**changes),)) as client:
        yield client


async def count(client: Client, first: int, last: int, ann: int = 60, bo: int = 40) -> int:
    """Units first…last counted in one batch; its seq."""
    reports = [report(f"p{n:03}", ann, bo) for n in range(first, last + 1)]
    status, answer = await client.post(batch(f"b{first}", *reports))
    assert status == 201, answer
    return int(answer["position"]["seq"])


def kinds(told: list[tuple[str, dict[str, Any]]]) -> list[tuple[int, str, Any]]:
    """(seq, type, what it is about) of messages."""
    said = []
    for _, message in told:
        event = message["data"]["event"]
        about = event.get("percent") or event.get("claim") or event.get("unit")
        said.append((message["data"]["position"]["seq"], message["type"], about))
    return said


async def calls(client: Client) -> list[tuple[int, int, dict[str, Any]]]:
    """(seq, index, event) of the calls channel."""
    publications, whole = client.service.board.since("calls:town", 0)
    assert whole
    frames = [json.loads(one.json) for one in publications]
    return [(f["position"]["seq"], i, event) for f in frames for i, event in enumerate(f["events"])]


async def test_what_calls_say_is_posted_in_order_under_ids_of_their_own(tmp_path: Path) -> None:
    everything = ["irreversible", "withdrawn", "correction", "threshold", "desk", "review"]
    async with receiving(Receiver()) as receiver, told(tmp_path, receiver, events=everything) as client:
        await count(client, 1, 3)
        await count(client, 4, 11)
        await client.post(batch("fix", report("p001", 50, 40, revision=2, reason="misread")))
        await client.desk("annul", units=["north"], reason="court order")
        await client.post(batch("over", report("p012", 100, 50)))
        expected = await calls(client)
        epoch = client.service.board.epoch
        took = await receiver.until_taken(len(expected) + 3)
        plain = [one for one in took if one[1]["type"] != "threshold"]
        assert [(i, m["data"]["event"]) for i, m in plain] == [
            (f"desk_{epoch}_{seq}_{index}", event) for seq, index, event in expected
        ]
        types = {m["type"] for _, m in took}
        assert types >= {
            "claim.irreversible",
            "claim.withdrawn",
            "correction",
            "annul",
            "quarantined",
            "threshold",
        }
        assert [(s, p) for s, t, p in kinds(took) if t == "threshold"] == [(2, 25), (3, 50), (3, 75)]
        seqs = [m["data"]["position"]["seq"] for _, m in took]
        assert seqs == sorted(seqs)
        assert len({i for i, _ in took}) == len(took)
        await asyncio.sleep(0.2)
        assert len(receiver.came) == len(expected) + 3, "nothing is said twice"


async def test_only_what_was_asked_for_under_the_same_ids(tmp_path: Path) -> None:
    async with receiving(Receiver()) as one, receiving(Receiver()) as other:
        hooks = (
            one.setting(name="one", events=["withdrawn", "threshold"], thresholds=[30, 100]),
            other.setting(name="other", events=["threshold"], thresholds=[30, 58]),
        )
        async with town(tmp_path, definition(units=UNITS), webhooks=hooks) as client:
            await count(client, 1, 8)
            await count(client, 9, 12)
            assert kinds(await one.until_taken(2)) == [(2, "threshold", 30), (3, "threshold", 100)]
            assert kinds(await other.until_taken(2)) == [(2, "threshold", 30), (2, "threshold", 58)]
            event = one.took[0][1]["data"]["event"]
            assert event == {
                "kind": "threshold",
                "contest": "mayor",
                "percent": 30,
                "finished": 8,
                "units": 12,
            }
            assert one.took[0][0].removeprefix("one") == other.took[0][0].removeprefix("other")


async def test_500_then_200_keeps_id_and_order(tmp_path: Path) -> None:
    async def grudging(_request: web.Request) -> web.Response:
        return web.Response(status=204 if len(receiver.came) % 3 == 0 else 500)

    async with receiving(Receiver(answer=grudging)) as receiver, told(tmp_path, receiver) as client:
        await count(client, 1, 6)
        await count(client, 7, 12)
        took = await receiver.until_taken(6)
        ids = [one for one, _ in receiver.came]
        assert ids[: 3 * len(took)] == [one for one, _ in took for _ in range(3)]
        text = await metrics(client)
        assert f'tally_webhook_posts_total{{endpoint="desk",outcome="taken"}} {len(took)}.0' in text
        assert f'tally_webhook_posts_total{{endpoint="desk",outcome="failed"}} {2 * len(took)}.0' in text
        assert "in-the-url" not in text


async def metrics(client: Client) -> str:
    async with client.http.get(client.ingest + "/metrics") as response:
        return await response.text()


async def measured(client: Client, line: str) -> None:
    """Wait until the metrics have a line."""
    async with asyncio.timeout(10):
        while line not in await metrics(client):
            await asyncio.sleep(0.02)


async def test_down_at_first_then_everything(tmp_path: Path) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        pass  # its port is known and nobody listens on it
    async with told(tmp_path, receiver) as client:
        await count(client, 1, 6)
        await count(client, 7, 12)
        await measured(client, 'tally_webhook_failing{endpoint="desk"} 1.0')
        assert 'tally_webhook_behind_records{endpoint="desk"} 2.0' in await metrics(client)
        async with receiving(receiver):
            took = await receiver.until_taken(6)
            assert kinds(took)[:2] == [(2, "threshold", 25), (2, "threshold", 50)]
            await measured(client, 'tally_webhook_behind_records{endpoint="desk"} 0.0')
            assert 'tally_webhook_failing{endpoint="desk"} 0.0' in await metrics(client)


async def test_slow_is_given_up_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "ANSWER_TIMEOUT_S", 0.2)

    async def slow(_request: web.Request) -> web.Response:
        if len(receiver.came) == 1:
            await asyncio.sleep(30)
        return web.Response(status=200)

    async with receiving(Receiver(answer=slow)) as receiver, told(tmp_path, receiver) as client:
        await count(client, 1, 3)
        took = await receiver.until_taken(1)
        assert [one for one, _ in receiver.came] == [took[0][0]] * 2


async def test_redirections_are_not_followed(tmp_path: Path) -> None:
    async def moved(_request: web.Request) -> web.Response:
        if len(receiver.came) < 3:
            return web.Response(status=308, headers={"Location": "/elsewhere"})
        return web.Response(status=200)

    async with receiving(Receiver(answer=moved)) as receiver, told(tmp_path, receiver) as client:
        await count(client, 1, 3)
        await receiver.until_taken(1)
        assert (len(receiver.came), receiver.elsewhere) == (3, 0)


async def test_retry_after_is_waited_for(tmp_path: Path) -> None:
    at: list[float] = []

    async def later(_request: web.Request) -> web.Response:
        at.append(time.monotonic())
        if len(at) == 1:
            return web.Response(status=429, headers={"Retry-After": "1"})
        return web.Response(status=500 if len(at) == 2 else 200)

    async with receiving(Receiver(answer=later)) as receiver, told(tmp_path, receiver) as client:
        await count(client, 1, 3)
        await receiver.until_taken(1)
        assert at[1] - at[0] > 2 * (at[2] - at[1]), "asked for, the pause is longer than our own"


async def test_410_ends_it_until_the_url_is_another(tmp_path: Path) -> None:
    async def gone(_request: web.Request) -> web.Response:
        return web.Response(status=410)

    async with receiving(Receiver(answer=gone)) as receiver:
        async with told(tmp_path, receiver) as client:
            await count(client, 1, 3)
            await receiver.until(lambda: len(receiver.came) == 1)
            await count(client, 4, 6)
            await measured(client, 'tally_webhook_gone{endpoint="desk"} 1.0')
        async with told(tmp_path, receiver) as client:
            assert 'tally_webhook_gone{endpoint="desk"} 1.0' in await metrics(client)
            await count(client, 7, 9)
            await asyncio.sleep(0.3)
        assert len(receiver.came) == 1
        async with receiving(Receiver()) as new, told(tmp_path, new, events=["threshold"]) as client:
            took = await new.until_taken(3)
            assert took[0][0] == receiver.came[0][0], "it goes on with what the old one refused"
            assert kinds(took) == [(2, "threshold", 25), (3, "threshold", 50), (4, "threshold", 75)]


async def test_a_restart_in_the_middle_skips_and_doubles_nothing(tmp_path: Path) -> None:
    """Ended between two messages of one record, and with more counted while nobody listened."""
    stuck = asyncio.Event()

    async def then_stuck(_request: web.Request) -> web.Response:
        if len(receiver.came) > 2:
            stuck.set()
            return web.Response(status=503)
        return web.Response(status=200)

    async with receiving(Receiver(answer=then_stuck)) as receiver:
        async with told(tmp_path, receiver) as client:
            await count(client, 1, 11)
            await stuck.wait()
            await client.post(batch("fix", report("p001", 50, 40, revision=2, reason="misread")))
            expected = {(s, i) for s, i, e in await calls(client) if e["kind"] in {"claim", "correction"}}
        receiver.answer = Receiver().answer
        async with told(tmp_path, receiver, thresholds=[]) as client:
            await receiver.until(lambda: len({i for i, _ in receiver.took}) >= len(expected))
            await count(client, 12, 12, ann=10, bo=10)
            await asyncio.sleep(0.3)
        ids = [one for one, _ in receiver.took]
        assert len(ids) == len(set(ids))
        assert {(int(s), int(i)) for s, i in (one.split("_")[2:] for one in ids)} >= expected


async def test_killed_with_a_message_on_its_way_it_comes_again_under_its_id(tmp_path: Path) -> None:
    answered = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        answered.set()
        await asyncio.sleep(30)
        return web.Response(status=200)

    async with receiving(Receiver(answer=hang)) as receiver:
        config = tmp_path / "tally.toml"
        hook = "\n".join(f"{name} = {json.dumps(value)}" for name, value in receiver.setting().items())
        config.write_text(f"[[webhooks]]\n{hook}\n")
        async with (
            serving(tmp_path, definition(units=UNITS), "--config", str(config)) as served,
            aiohttp.ClientSession() as http,
        ):
            body = batch("b1", *(report(f"p{n:03}", 60, 40) for n in range(1, 12)))
            async with http.post(f"{served.ingest}/v1/batches", json=body) as response:
                assert response.status == 201
            await answered.wait()
            await served.end(signal.SIGKILL)
            first = receiver.came[0][0]
            receiver.answer = Receiver().answer
            await served.start()
            took = await receiver.until_taken(6)
            assert took[0][0] == first
            assert [t for _, t, _ in kinds(took)].count("threshold") == 3
            said = (tmp_path / "said.txt").read_text()
            assert SECRET.removeprefix("whsec_") not in said
            assert "in-the-url" not in said


async def test_a_damaged_mark_is_a_gap_and_stops_nothing(tmp_path: Path) -> None:
    async with receiving(Receiver()) as receiver:
        async with told(tmp_path, receiver) as client:
            await count(client, 1, 3)
            await receiver.until_taken(1)
        (tmp_path / "data" / "webhooks" / "desk.json").write_text("{")
        async with told(tmp_path, receiver) as client:
            await receiver.until_taken(2)
            await count(client, 4, 6)
            took = await receiver.until_taken(3)
            assert [t for _, t, _ in kinds(took)] == ["threshold", "gap", "threshold"]


async def test_a_stalled_endpoint_does_not_slow_the_count(tmp_path: Path) -> None:
    """The same batches, turn by turn, into a service with a stalled endpoint and into one without."""

    async def stalled(_request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response(status=200)

    async with receiving(Receiver(answer=stalled)) as receiver:
        plain, hooked = tmp_path / "plain", tmp_path / "hooked"
        plain.mkdir()
        hooked.mkdir()
        spent = {"plain": 0.0, "hooked": 0.0}
        async with town(plain, definition(units=400)) as one, town(
            hooked, definition(units=400), webhooks=(receiver.setting(),)
        ) as other:  # fmt: skip
            for n in range(1, 401):
                for name, client in (("plain", one), ("hooked", other)):
                    begun = time.perf_counter()
                    status, _ = await client.post(batch(f"b{n}", report(f"p{n:03}", 60, 40)))
                    spent[name] += time.perf_counter() - begun
                    assert status == 201
            await receiver.until(lambda: len(receiver.came) >= 1)
            assert 'tally_webhook_posts_total{endpoint="desk",outcome="taken"} 0.0' in await metrics(other)
        assert spent["hooked"] < 1.5 * spent["plain"], spent


async def test_the_receiver_in_the_page_is_all_it_takes(tmp_path: Path) -> None:
    page = document("docs/webhooks.md")
    (program,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    lines = [line for line in program.splitlines() if line.strip()]
    assert len(lines) <= 20
    (shown,) = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "receiver.py").write_text(program)
    probe = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = probe.sockets[0].getsockname()[1]
    probe.close()
    await probe.wait_closed()
    secret = "whsec_" + base64.b64encode(os.urandom(32)).decode()
    config = tmp_path / "tally.toml"
    config.write_text(shown.replace("whsec_…", secret).replace("9000", str(port)))
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(tmp_path / "receiver.py"), stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        env={**os.environ, "SECRET": secret, "PORT": str(port), "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        hooks = load_settings(config).webhooks
        async with town(tmp_path, definition(units=UNITS), webhooks=hooks) as client:
            await count(client, 1, 11)
            assert process.stdout is not None
            async with asyncio.timeout(30):
                while b"claim.irreversible" not in (line := await process.stdout.readline()):
                    assert line, "it ended"
            assert b"'claim': 'elected:ann'" in line
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('url = "http://example.org/hook"', "say plain_http = true"),
        ('url = "ftp://127.0.0.1/"', "not a URL with https or http"),
        ('secret = "whsec_c2hvcnQ="', "at least 24 bytes"),
        ('events = ["everything"]', "webhooks.1.events.0"),
        ("thresholds = [0]", "webhooks.1.thresholds.0"),
        ("thresholds = [12.5]", "webhooks.1.thresholds.0"),
        ('name = "first"', "the same name"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_line_and_no_secret(tmp_path: Path, line: str, said: str) -> None:
    field = line.partition(" ")[0]
    sound = {"name": '"second"', "url": '"https://example.org/"', "secret": f'"{SECRET}"'}
    lines = [f"{name} = {value}" for name, value in sound.items() if name != field]
    config = tmp_path / "tally.toml"
    first = f'[[webhooks]]\nname = "first"\nurl = "https://example.org/"\nsecret = "{SECRET}"\n'
    config.write_text(first + "\n".join(["[[webhooks]]", line, *lines, ""]))
    with pytest.raises(ConfigurationFault) as refused:
        load_settings(config)
    text = str(refused.value)
    assert said in text
    assert SECRET not in text
    assert "c2hvcnQ" not in text
    if field != "name":
        assert f"{config}:{6 if field in {'events', 'thresholds'} else 5}" in text
    shown = repr(
        load_settings(None, webhooks=({"name": "a", "url": "https://example.org/k", "secret": SECRET},))
    )
    assert SECRET not in shown
    assert "example.org/k" not in shown

"""The command line as a person meets it: what it prints, and the code it ends with."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.faults.test_kill import digest_of, start
from tests.service.world import batch, definition, report, town


def tally(
    *arguments: str, stdin: str = "", cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100", **variables}
    return subprocess.run(
        [sys.executable, "-m", "deploy", *arguments],
        input=stdin, capture_output=True, text=True, timeout=120, check=False, env=environment, cwd=cwd,
    )  # fmt: skip


INSTANCE = {
    "rule": "plurality",
    "candidates": ["A", "B"],
    "params": {"seats": 1},
    "units": [{"id": "u1", "counted": [10, 5], "outstanding": 4}],
}


def test_decide_one_and_many() -> None:
    one = tally("decide", "-", stdin=json.dumps(INSTANCE))
    assert one.returncode == 0
    verdict = json.loads(one.stdout)
    assert (verdict["elected"], verdict["eliminated"], verdict["outcome_certain"]) == (["A"], ["B"], True)
    assert verdict["worst_margin"] == {"A": 1, "B": -9}
    open_ = {**INSTANCE, "units": [{"id": "u1", "counted": [10, 5], "outstanding": 5}]}
    many = tally("decide", "-", stdin=f"{json.dumps(INSTANCE)}\n\n{json.dumps(open_)}\n")
    assert many.returncode == 0
    assert [json.loads(line)["elected"] for line in many.stdout.splitlines()] == [["A"], []]


def test_decide_says_every_fault_with_its_place() -> None:
    bad = {**INSTANCE, "units": [{"id": "u1", "counted": [10], "outstanding": -1}]}
    ended = tally("decide", "-", stdin=json.dumps(bad))
    assert ended.returncode == 65
    assert {error["pointer"] for error in json.loads(ended.stdout)["errors"]} == {
        "/units/0/counted",
        "/units/0/outstanding",
    }
    later = tally("decide", "-", stdin=json.dumps({**INSTANCE, "rule": "range_voting"}))
    assert json.loads(later.stdout)["errors"][0]["code"] == "not-in-this-release"
    nonsense = tally("decide", "-", stdin='{"rule": NaN}')
    assert (nonsense.returncode, json.loads(nonsense.stdout)["errors"][0]["code"]) == (65, "malformed-json")


def test_usage_is_64_and_help_helps() -> None:
    for arguments in (["dance"], ["decide"], ["replay", "demo", "--speed", "backwards"],
                      ["replay", "demo", "--until", "midnight"], ["replay", "demo", "--order", "sideways"]):  # fmt: skip
        ended = tally(*arguments)
        assert ended.returncode == 64, (arguments, ended.stderr)
        assert "Traceback" not in ended.stderr
    for command in ("serve", "replay", "decide", "verify", "digest", "watch", "keys", "desk"):
        ended = tally(command, "--help")
        assert ended.returncode == 0
        assert "Usage" in ended.stdout
    assert tally("--version").stdout.startswith("tally ")


def test_help_names_every_default_and_every_option_whole() -> None:
    """Defaults told in words stand in square brackets, which a markup would swallow."""
    assert "[a service of our own]" in " ".join(tally("replay", "--help").stdout.split())
    assert "--projection-interval-ms" in tally("serve", "--help").stdout
    assert "..." not in tally("--help").stdout.partition("Commands:")[2]


def test_a_setting_that_cannot_be_read_is_78_where_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("data = 'x'\n\nlisten = [\n")
    (tmp_path / "word.toml").write_text("data = 'x'\nembed_origins = 'https://news.example'\n")
    for variable, arguments, said in (
        ("https://news.example", [], "TALLY_EMBED_ORIGINS:1: a JSON list"),
        ('["https://news.example/"]', [], "TALLY_EMBED_ORIGINS:1: embed_origins: 'https://news.example/' is not"),
        (None, ["--config", "broken.toml"], "broken.toml:"),
        (None, ["--config", "word.toml"], "word.toml:2: embed_origins: Input should be a list"),
        (None, ["--config", "word.toml", "--tick-ms", "-1"], "options:1: tick_ms"),
    ):  # fmt: skip
        environment = {} if variable is None else {"TALLY_EMBED_ORIGINS": variable}
        ended = tally("serve", *arguments, cwd=tmp_path, **environment)
        assert ended.returncode == 78, (said, ended.stderr)
        assert said in ended.stderr
        assert "Traceback" not in ended.stderr


def test_what_a_person_gets_wrong_is_said_with_what_is_right(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("p1 was wrong")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (tmp_path / "election.json").write_text(json.dumps(definition()))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for arguments, code, said in (
            (["serve", "--election", "nothing.json"], 78, "tally replay demo --definition"),
            (["serve", "--election", "election.json", "--listen", address], 69, "ss -ltnp"),
            (["desk", "correct", "--file", "notes.txt", "--reason", "x"], 78, "notes.txt:1: no JSON"),
            (["verify", "count.example"], 69, "begins with http:// or https://"),
            (["verify", "."], 69, "tally bake"),
            (["verify", "http://["], 64, "http://[ is no URL"),
        ):
            ended = tally(*arguments, cwd=tmp_path)
            assert ended.returncode == code, (arguments, ended.stderr)
            assert said in ended.stderr
            assert "Traceback" not in ended.stderr


def test_a_service_that_is_away_is_69(tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:9"
    for arguments in (["watch", nobody], ["verify", nobody], ["replay", "demo", "--to", nobody],
                      ["desk", "dispute", "u1", "--reason", "x", "--to", nobody]):  # fmt: skip
        ended = tally(*arguments)
        assert ended.returncode == 69, (arguments, ended.stderr)
        assert "Traceback" not in ended.stderr


def test_a_flipped_bit_is_65_with_its_place(tmp_path: Path) -> None:
    ended = tally("replay", "demo", "--data", str(tmp_path / "data"), "--until", "counted=1")
    assert ended.returncode == 0, ended.stderr
    assert len(digest_of(tmp_path)) == 3
    segment = next((tmp_path / "data" / "journal").glob("*.seg"))
    raw = bytearray(segment.read_bytes())
    offset = raw.rindex(b"tly") - 40
    raw[offset] ^= 4
    segment.write_bytes(raw)
    ended = tally("digest", "--data", str(tmp_path / "data"))
    assert ended.returncode == 65, ended.stderr
    assert str(segment) in ended.stderr
    assert "record" in ended.stderr
    assert "byte" in ended.stderr


def test_nothing_there_is_78(tmp_path: Path) -> None:
    for arguments in (["digest", "--data", str(tmp_path)], ["replay", str(tmp_path)],
                      ["serve", "--election", "nothing.json"], ["serve", "--config", "nothing.toml"]):  # fmt: skip
        ended = tally(*arguments, cwd=tmp_path)
        assert ended.returncode == 78, (arguments, ended.stderr)
        assert "Traceback" not in ended.stderr


def test_two_services_on_one_journal_is_78(tmp_path: Path) -> None:
    (tmp_path / "election.json").write_text(json.dumps(definition()))
    process, _read, _ingest = start(tmp_path, "asyncio", "0")
    try:
        ended = tally("serve", "--election", str(tmp_path / "election.json"), "--data", str(tmp_path / "data"),
                      "--listen", "127.0.0.1:0", "--ingest-listen", "127.0.0.1:0")  # fmt: skip
        assert ended.returncode == 78
        assert "another process holds the lock" in ended.stderr
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0, "Ctrl-C ends it cleanly"


def test_keys(tmp_path: Path) -> None:
    made = tally("keys", "new", "north", "--units", "p00*", cwd=tmp_path)
    assert made.returncode == 0
    assert len(made.stdout.strip()) >= 32
    assert made.stdout.strip() not in (tmp_path / "keys.toml").read_text()
    assert tally("keys", "new", "north", cwd=tmp_path).returncode == 78
    listed = tally("keys", "list", cwd=tmp_path)
    assert "north" in listed.stdout
    assert "p00*" in listed.stdout
    assert tally("keys", "revoke", "north", cwd=tmp_path).returncode == 0
    assert "revoked" in tally("keys", "list", cwd=tmp_path).stdout
    assert tally("keys", "revoke", "south", cwd=tmp_path).returncode == 78
    (tmp_path / "keys.toml").chmod(0o644)
    assert "chmod" in tally("keys", "list", cwd=tmp_path).stderr


def heed_ctrl_c() -> None:
    """A suite started in the background of a shell hands down that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_in_a_terminal_ends_a_demo_without_a_traceback(tmp_path: Path) -> None:
    """A terminal sends it to every process of the group: those that project and draw, at work or just starting."""
    said = (tmp_path / "said").open("w+")
    demo = subprocess.Popen(
        [sys.executable, "-m", "deploy", "replay", "demo", "--serve", "--speed", "600",
         "--listen", "127.0.0.1:0", "--ingest-listen", "127.0.0.1:0"],
        stdout=said, stderr=said, start_new_session=True, env={**os.environ, "NO_COLOR": "1"},
        preexec_fn=heed_ctrl_c,  # noqa: PLW1509 (one call, no lock)
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while "the night is at" not in (tmp_path / "said").read_text() or not children(demo.pid):
            assert demo.poll() is None, (tmp_path / "said").read_text()
            assert time.monotonic() < until
            time.sleep(0.01)
        read = re.findall(r"http://\S+", (tmp_path / "said").read_text())[0]
        with urllib.request.urlopen(f"{read}/embed/ve-pres-2013/card.png") as answer:
            assert answer.status == 200
        projector = next(pid for pid, line in children(demo.pid).items() if "projector" in line)
        os.kill(projector, signal.SIGKILL)  # another begins
        while projector in children(demo.pid) or not any(
            "projector" in one for one in children(demo.pid).values()
        ):
            assert time.monotonic() < until
            time.sleep(0.01)
        os.killpg(demo.pid, signal.SIGINT)
        assert demo.wait(timeout=30) == 0
    finally:
        demo.kill()
    assert "Traceback" not in (tmp_path / "said").read_text()


def children(pid: int) -> dict[int, str]:
    """The command lines of a process's children."""
    found = {}
    for one in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int((one / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found[int(one.name)] = (one / "cmdline").read_text().replace("\0", " ")
    return found


def test_replay_into_a_running_service_desk_and_watch(tmp_path: Path) -> None:
    written = tally("replay", "demo", "--definition", str(tmp_path / "election.json"))
    assert written.returncode == 0
    process, read, ingest = start(tmp_path, "uvloop", "0")
    said = (tmp_path / "watched").open("w+")
    watching = subprocess.Popen(
        [sys.executable, "-m", "deploy", "watch", read],
        stdout=said,
        stderr=subprocess.DEVNULL,
        preexec_fn=heed_ctrl_c,  # noqa: PLW1509 (one call, no lock)
    )
    try:
        played = tally("replay", "demo", "--to", ingest, "--until", "counted=3", "--batch", "200")
        assert played.returncode == 0, played.stderr
        wrong = tally("replay", "demo", "--to", read)
        assert wrong.returncode == 69, "the read listener is not the ingest listener, and that is said"
        disputed = tally("desk", "dispute", "01", "--reason", "challenged in court", "--to", ingest)
        assert disputed.returncode == 0, disputed.stdout + disputed.stderr
        assert json.loads(disputed.stdout)["accepted"] > 3_000
        refused = tally("desk", "dispute", "nowhere", "--reason", "x", "--to", ingest)
        assert (refused.returncode, json.loads(refused.stdout)["code"]) == (1, "unknown-unit")
        assert tally("desk", "dispute", "01", "--to", ingest).returncode == 64, "a reason is needed"
        time.sleep(1)
    finally:
        watching.send_signal(signal.SIGINT)
        assert watching.wait(timeout=30) == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    views = [json.loads(line) for line in (tmp_path / "watched").read_text().splitlines()]
    assert views[-1]["units"]["disputed"] > 3_000
    assert [v["position"]["seq"] for v in views] == sorted({v["position"]["seq"] for v in views})


def test_a_recorded_journal_plays_again(tmp_path: Path) -> None:
    first = tally("replay", "demo", "--data", str(tmp_path / "one"), "--until", "counted=5")
    assert first.returncode == 0
    again = tally("replay", str(tmp_path / "one"), "--data", str(tmp_path / "two"))
    assert again.returncode == 0, again.stderr
    one = tally("digest", "--data", str(tmp_path / "one")).stdout.split()
    two = tally("digest", "--data", str(tmp_path / "two")).stdout.split()
    assert one[1:] == two[1:], "the same commands make the same state"
    assert one[0] != two[0], "and another journal"


async def test_verify_a_service_and_a_file(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        for n in range(1, 6):
            await client.post(batch(f"b{n}", report(f"p{n:03}", 80, 10)))
        ended = await asyncio.to_thread(tally, "verify", client.read)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "true  mayor elected:ann: irreversible, certain" in ended.stdout
        certificate = await client.get("/v1/contests/mayor/certificate?claim=elected:ann")
        async with client.http.get(client.read + "/v1/contests/mayor/units.ndjson") as response:
            lines = await response.text()
    (tmp_path / "rows.ndjson").write_text(lines)
    (tmp_path / "certificate.json").write_text(json.dumps(certificate))
    good = tally("verify", "certificate.json", "--units", "rows.ndjson", cwd=tmp_path)
    assert good.returncode == 0, good.stdout + good.stderr
    (tmp_path / "rows.ndjson").write_text(lines.replace('"ann":80', '"ann":81', 1))
    bad = tally("verify", "certificate.json", "--units", "rows.ndjson", cwd=tmp_path)
    assert bad.returncode == 1
    assert bad.stdout.startswith("FALSE mayor elected:ann: /data/snapshot_sha256")
    assert "units.ndjson?at=6; certificate and rows of one position" in bad.stderr, (
        "not fraud, perhaps: later rows"
    )
    certificate["proof"]["assertions"][0]["slack"] += 1
    (tmp_path / "rows.ndjson").write_text(lines)
    (tmp_path / "certificate.json").write_text(json.dumps(certificate))
    bad = tally("verify", "certificate.json", "--units", "rows.ndjson", cwd=tmp_path)
    assert bad.returncode == 1
    assert "slack" in bad.stdout


@pytest.mark.parametrize("said", [{}, {"contests": [{}]}, {"contests": 5}, {"contests": None}])
async def test_who_answers_something_else_is_no_false_certificate(said: Any) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(said)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ended = await asyncio.to_thread(tally, "verify", f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()
    assert ended.returncode == 69
    assert "answers, but not as a tally service does" in ended.stderr


async def test_verify_takes_the_address_at_hand_and_a_copy_on_disk(tmp_path: Path) -> None:
    """What a reader has is the address of a page, or the directory a copy was baked to."""
    async with town(tmp_path) as client:
        await client.post(batch("b1", report("p001", 80, 10)))
        for page in ("/observe", "/contest/mayor?lang=es", "/embed/mayor?size=card", "/"):
            ended = await asyncio.to_thread(tally, "verify", client.read + page, "--claim", "elected:ann")
            assert (ended.returncode, ended.stderr.strip()) == (0, "1 claim checked: true"), (
                page,
                ended.stderr,
            )
        unknown = await asyncio.to_thread(tally, "verify", client.read, "--claim", "elected:nobody")
        assert unknown.returncode == 64, "a claim nobody makes is not true"
        baked = await asyncio.to_thread(tally, "bake", str(tmp_path / "a copy"), "--from", client.read)
        assert baked.returncode == 0, baked.stderr
    whole = tally("verify", "a copy", cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    assert "6 claims checked: true" in whole.stderr
    rows = tmp_path / "a copy/v1/contests/mayor/units.ndjson"
    rows.write_text(rows.read_text().replace('"ann":80', '"ann":81'))
    changed = tally("verify", "a copy", cwd=tmp_path)
    assert changed.returncode == 69, "files that are not those of the index are no copy"

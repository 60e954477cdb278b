"""A copy of a night as plain files: the same claims when the service is gone, and never a torn one."""

import asyncio
import hashlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from deploy.baking.baker import Baker
from deploy.baking.hosted import hosting
from deploy.baking.places import claim_file, folder
from deploy.baking.shelf import BOOK, Shelf
from deploy.baking.source import Got, Source, SourceAway
from deploy.failure import ConfigurationFault
from tests.house.tree import ROOT
from tests.service.mirror import baked, served_plainly, tally
from tests.service.process import body_of, serving
from tests.service.world import Client, batch, definition, report, town

UNITS = 12


def two_contests() -> dict[str, Any]:
    defined = definition(units=UNITS)
    other = {**defined["contests"][0], "id": "judge", "name": "Judge"}
    return {**defined, "contests": [*defined["contests"], other]}


def counted(first: int, last: int, contest: str = "mayor") -> dict[str, Any]:
    reports = [report(f"p{n:03}", 60, 40, contest=contest) for n in range(first, last + 1)]
    return batch(f"{contest}{first}", *reports)


def files(directory: Path) -> dict[str, tuple[int, int]]:
    """When every file but the book came into its place, and its time as a web server tells it."""
    return {
        str(path.relative_to(directory)): (path.stat().st_ctime_ns, path.stat().st_mtime_ns)
        for path in directory.rglob("*")
        if path.is_file() and path.name != BOOK
    }


async def test_killed_and_still_readable_with_the_same_totals(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with serving(tmp_path, two_contests()) as served, aiohttp.ClientSession() as http:
        for body in (counted(1, 11), counted(1, 3, "judge")):
            async with http.post(f"{served.ingest}/v1/batches", json=body) as response:
                assert response.status == 201
        await baked(copy, "--from", served.read)
        live = await tally("verify", served.read)
        view = await body_of(http, f"{served.read}/v1/contests/mayor")
        export = await body_of(http, f"{served.read}/v1/export.csv")
        await served.end(signal.SIGKILL)
        async with served_plainly(copy) as url:
            assert await tally("verify", url) == live
            assert live[0] == 0
            assert "mayor elected:ann: irreversible" in live[1]
            assert await body_of(http, f"{url}/v1/contests/mayor.json") == view
            assert await body_of(http, f"{url}/v1/export.csv") == export
            for page in ("/", "/contest/mayor", "/observe", "/static/app.js", "/static/style.css"):
                await body_of(http, url + page)
        from_data = tmp_path / "from-data"
        await baked(from_data, "--data", str(tmp_path / "data"))
        async with served_plainly(from_data) as url:
            assert await tally("verify", url) == live
            assert await body_of(http, f"{url}/v1/contests/mayor.json") == view
        await served.start()


async def test_a_copy_that_was_touched_is_not_true(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, definition(units=UNITS)) as client:
        await client.post(counted(1, 11))
        await baked(copy, "--from", client.read)
    rows = copy / "v1/contests/mayor/units.ndjson"
    rows.write_bytes(rows.read_bytes().replace(b'"ann":60', b'"ann":61'))
    async with served_plainly(copy) as url:
        code, out, err = await tally("verify", url)
        assert (code, out) == (69, "")
        assert "not those its index names" in err
        index = copy / "v1/contests/mayor/index.json"
        held = json.loads(index.read_text())
        held["units"]["sha256"] = hashlib.sha256(rows.read_bytes()).hexdigest()
        index.write_text(json.dumps(held))
        code, out, _ = await tally("verify", url)
        assert code == 1
        assert "FALSE mayor elected:ann" in out


async def test_only_what_changed_is_written_and_the_position_comes_last(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, two_contests(), projection_interval_ms=0) as client:
        await client.post(counted(1, 5))
        await client.post(counted(1, 5, "judge"))
        await baked(copy, "--from", client.read)
        first = files(copy)
        assert "1 files written" in await baked(copy, "--from", client.read), "it only says when it looked"
        second = files(copy)
        assert {name for name in first if first[name] != second[name]} == {"mirror.json"}
        await client.post(counted(6, 6))
        await baked(copy, "--from", client.read)
        third = files(copy)
        changed = {name for name in second if second[name] != third[name]}
        assert not any("judge" in name for name in changed)
        assert changed >= {
            "v1/contests/mayor.json",
            "v1/contests/mayor/units.ndjson",
            "v1/contests.json",
            "mirror.json",
        }
        assert "v1/contests/mayor/names.json" not in changed
        assert max(third, key=lambda name: third[name][0]) == "mirror.json"
        for name in changed:
            whole_seconds = [int(one[name][1] // 1_000_000_000) for one in (second, third)]
            assert whole_seconds[0] < whole_seconds[1], "a server that compares seconds must see it"
        torn = copy / "v1/contests/judge.json"
        torn.write_bytes(torn.read_bytes()[:100])
        await baked(copy, "--from", client.read)
        assert json.loads(torn.read_text())["contest"] == "judge", "what is not whole is fetched again"


async def test_parts_are_of_one_position_while_the_count_goes_on(tmp_path: Path) -> None:
    """A contest that changes faster than it can be copied is copied as it stood."""
    copy = tmp_path / "copy"
    defined = definition(units=400)
    async with town(tmp_path, defined) as client:
        stop = asyncio.Event()

        async def pour() -> None:
            for n in range(1, 401):
                if stop.is_set():
                    return
                await client.post(batch(f"b{n}", report(f"p{n:03}", 60, 40)))

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(pour())
            shelf = Shelf(copy)
            baker = Baker(Source(client.http, client.read), shelf)
            for _ in range(5):
                index = await baker.bake()
                seqs = {seq_of(copy, name) for name in ("", "/index", "/history", "/recent")}
                seqs |= {seq_of(copy, f"/certificates/{one.stem}") for one in certificates(copy)}
                assert len(seqs) == 1, seqs
                assert min(seqs) >= index["position"]["seq"], "no part is older than what the index says"
            stop.set()
        async with served_plainly(copy) as url:
            assert (await tally("verify", url))[0] == 0


def certificates(copy: Path) -> list[Path]:
    found = list((copy / "v1/contests/mayor/certificates").iterdir())
    assert found
    return found


def seq_of(copy: Path, name: str) -> int:
    held = json.loads((copy / f"v1/contests/mayor{name}.json").read_bytes())
    return int(held["position"]["seq"] if "position" in held else held["data"]["seq"])


async def test_long_histories_are_pages_and_full_ones_stay(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, definition(units=UNITS)) as client:
        await many(client, 1, 1_005)
        await baked(copy, "--from", client.read)
        first = files(copy)
        await many(client, 1_005, 1_010)
        await baked(copy, "--from", client.read)
        second = files(copy)
        folder = copy / "v1/contests/mayor"
        page = json.loads((folder / "history.json").read_text())
        rest = json.loads((folder / f"history/{page['next']}.json").read_text())
        points = page["points"] + rest["points"]
        assert [point["seq"] for point in points] == list(range(2, 1_011))
        assert first["v1/contests/mayor/history.json"] == second["v1/contests/mayor/history.json"]


async def many(client: Client, first: int, last: int) -> None:
    """One record each, seq first + 1 … last."""
    for n in range(first, last):
        status, _ = await client.post(
            batch(f"r{n}", report("p001", n % 50, 1, revision=n, status="in-process", reason="again"))
        )
        assert status == 201


async def test_another_journal_replaces_everything(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        async with town(tmp_path / name, definition(units=UNITS)) as client:
            await client.post(counted(1, 5 if name == "one" else 3))
            await baked(copy, "--from", client.read)
            epoch = client.service.board.epoch
    held = json.loads((copy / "v1/contests/mayor/history.json").read_text())
    assert held["position"]["epoch"] == epoch
    assert held["points"][-1]["ballots_cast"] == 300


async def test_one_baker_over_another_journal_has_its_pages(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with aiohttp.ClientSession() as http:
        baker = Baker(Source(http, ""), Shelf(copy))
        for name in ("mayor", "judge"):
            (tmp_path / name).mkdir()
            async with town(tmp_path / name, definition(units=UNITS, id=name)) as client:
                baker.source.url = client.read
                await baker.bake()
    assert (copy / "contest/judge/index.html").is_file()


async def test_a_look_that_was_cut_off_is_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source goes away over one contest, and long after comes back where it was."""
    copy = tmp_path / "copy"
    async with town(tmp_path, definition(units=UNITS)) as client:
        source = Source(client.http, client.read)
        baker = Baker(source, Shelf(copy))
        await baker.bake()
        await client.post(counted(1, 5))
        get = source.get

        async def away(path: str, known: str | None = None) -> Got:
            if path.endswith("/doubt"):
                raise SourceAway(path)
            return await get(path, known)

        monkeypatch.setattr(source, "get", away)
        with pytest.raises(SourceAway):
            await baker.bake()
        monkeypatch.undo()
        monkeypatch.setattr("deploy.baking.baker.SETTLING_S", -1)
        assert (await baker.bake())["position"]["seq"] == 2
        assert json.loads((copy / "v1/contests/mayor.json").read_text()) == await client.view()


async def test_kept_up_until_stopped_and_over_an_outage(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, definition(units=UNITS)) as client:
        address = client.read.removeprefix("http://")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy", "bake", str(copy), "--from", client.read, "--every", "1",
            cwd=ROOT, env={**os.environ, "NO_COLOR": "1"}, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        await said(process.stderr, "/1, ")
        await client.post(counted(1, 5))
        await said(process.stderr, "/2, ")
    await said(process.stderr, "the copy stands as it was")
    async with town(tmp_path, listen=address) as client:
        await client.post(counted(6, 11))
        await said(process.stderr, "/3, ")
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert process.returncode == 0
    assert json.loads((copy / "mirror.json").read_text())["every_s"] == 1


async def said(stream: asyncio.StreamReader, what: str) -> None:
    async with asyncio.timeout(60):
        while what not in (line := (await stream.readline()).decode()):
            assert line, "it ended"


async def test_ways_to_be_told_no(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    code, _, err = await tally("bake", str(tmp_path / "mine"))
    assert code == 78
    assert "directory of its own" in err
    assert [one.name for one in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    code, _, err = await tally("bake", str(tmp_path / "a"), "--from", "http://127.0.0.1:9")
    assert code == 69
    assert "the copy stands" in err
    assert (await tally("bake", str(tmp_path / "b"), "--from", "http://x", "--data", "y"))[0] == 64
    assert (await tally("bake", str(tmp_path / "c"), "--data", str(tmp_path / "nothing")))[0] == 78


def test_names_of_files_stay_inside_and_apart(tmp_path: Path) -> None:
    for name in ("../up", "", "a/b", "..", "x" * 65):
        with pytest.raises(ValueError, match="no id"):
            folder(name)
    same = {claim_file("c", one) for one in ("runoff:a+b", "runoff:a-b", "runoff/a b", "r" * 500, "r" * 501)}
    assert len(same) == 5
    assert all(len(one.rpartition("/")[2]) < 128 for one in same)
    begun = Shelf(tmp_path / "begun")
    begun.begin("epoch")
    begun.put("index.html", b"")
    assert Shelf(tmp_path / "begun").epoch == "epoch", "cut off in its first look it is known again"
    (tmp_path / BOOK).write_text("[]")
    assert Shelf(tmp_path).tag("index.html") is None
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("")
    with pytest.raises(ConfigurationFault):
        Shelf(tmp_path / "other")


async def test_a_data_directory_is_followed_while_a_service_writes(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, definition(units=UNITS)) as client:
        await client.post(counted(1, 5))
        async with hosting(tmp_path / "data") as hosted:
            await hosted.refresh()
            baker = Baker(Source(client.http, hosted.url), Shelf(copy))
            assert (await baker.bake())["position"]["seq"] == 2
            await client.post(counted(6, 11))
            await client.desk("dispute", units=["p001"], reason="protest")
            await hosted.refresh()
            assert (await baker.bake())["position"]["seq"] == 4
            view = json.loads((copy / "v1/contests/mayor.json").read_text())
            assert view == await client.view()

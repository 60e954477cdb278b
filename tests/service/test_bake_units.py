"""The unit tables of a copy are what the service answers, page by page, whatever is counted and however it went."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from deploy.baking.baker import Baker
from deploy.baking.hosted import hosting
from deploy.baking.pages import PAGE_UNITS
from deploy.baking.places import ROOTS, TOP, unit_file
from deploy.baking.shelf import Shelf
from deploy.baking.source import Source
from tests.service.mirror import baked, served_plainly, tally
from tests.service.wide import many_units
from tests.service.world import Client, batch, definition, report, town

UNITS = 12


def nested(within: Any = "all") -> dict[str, Any]:
    """A country of two states, with ids that no file system takes for one another."""
    defined = part(within)
    defined["units"].insert(0, {"id": "land", "type": "country", "name": "Länd"})
    for place in defined["units"][1:3]:
        place["parent"] = "land"
    names = {"p001": "P_001", "p003": "p:003", "p005": "p.005", "p007": "con"}
    for unit in defined["units"]:
        unit["id"] = names.get(unit["id"], unit["id"])
    return defined


def part(within: Any, **contest: Any) -> dict[str, Any]:
    """Contested in a part of the units only."""
    defined = definition(units=UNITS, **contest)
    defined["contests"][0]["units"] = within
    return defined


CONTESTS: dict[str, dict[str, Any]] = {
    "flat": definition(units=UNITS),
    "nested": nested(),
    "part": nested("north"),
    "listed": part(["p004", "p001", "south"]),
    "types": definition(units=UNITS, count_types=["mail", "booth"]),
    "ranked": definition(units=UNITS, rule={"type": "irv"}),
    "flag": definition(units=UNITS, reconcile="flag"),
    "swing": definition(
        units=UNITS, previous={"contest": "old", "map": {"anna": "ann"}, "votes": {f"p{n:03}": {"anna": 30, "bo": 20 + n} for n in range(1, 10)}}
    ),
    "wide": many_units(250),
}  # fmt: skip


def reports_of(defined: dict[str, Any], revision: int) -> list[dict[str, Any]]:
    """What comes of some of the units: counted, in process, over a cap, not adding up."""
    contest, parents = defined["contests"][0], {unit.get("parent") for unit in defined["units"]}
    types = contest.get("count_types", ["total"])
    leaves = [unit["id"] for unit in defined["units"] if unit["id"] not in parents]
    made = []
    for n, unit in enumerate(leaves[revision :: 2 + revision]):
        more: dict[str, Any] = {"type": types[n % len(types)], "revision": revision}
        more |= {"reason": "again"} if revision > 1 else {}
        if contest["rule"]["type"] == "irv":
            more["ballots"] = [{"ranking": ["ann", "bo"], "count": 30 + n}, {"ranking": ["bo"], "count": 9}]
            made.append(report(unit, 30 + n, 9, **more))
        elif n == 2:
            made.append(report(unit, 600, 60, **more))
        elif n == 3 and contest.get("reconcile") == "flag":
            made.append(report(unit, 20, 9, **more | {"ballots_cast": 60}))
        else:
            made.append(report(unit, 30 + n, 9, **more, **({"status": "in-process"} if n % 4 == 1 else {})))
    return made


@pytest.mark.parametrize("name", CONTESTS)
async def test_every_page_is_what_the_service_answers(tmp_path: Path, name: str) -> None:
    defined, copy = CONTESTS[name], tmp_path / "copy"
    scope = defined["contests"][0].get("units", "all")
    async with town(tmp_path, defined) as client:
        baker = Baker(Source(client.http, client.read), Shelf(copy))
        await baker.bake()
        assert await compared(client, copy) > 0
        for revision in (1, 2):
            for one in reports_of(defined, revision):
                await client.post(batch(f"{one['unit']}-{revision}", one))
            await baker.bake()
            await compared(client, copy)
        if name != "wide":
            await client.desk("dispute", units=["north"] if scope in ("all", "north") else ["p001"])
            await baker.bake()
            await compared(client, copy)
            await client.desk("annul", units=["p002"])
            await baker.bake()
            await compared(client, copy)
        else:
            pages = list((copy / "v1/contests/mayor/units").glob("_top-*.json"))
            assert len(pages) == 3


async def compared(client: Client, copy: Path) -> int:
    """How many pages there are, each as the service answers but for the position; and no other file."""
    seen = {"v1/contests/mayor/units/_find.json"}
    path, waiting, done = "/v1/contests/mayor/units", [(None, TOP), (None, ROOTS)], set()
    while waiting:
        parent, name = waiting.pop()
        after, asked = None, f"limit={PAGE_UNITS}" + (f"&parent={parent}" if parent else "")
        for number in itertools.count(1):
            file = unit_file("mayor", name, number)
            if name == ROOTS and not (copy / file).exists():
                break
            held = json.loads((copy / file).read_bytes())
            seen.add(file)
            if name != ROOTS:
                told = await client.get(f"{path}?{asked}" + (f"&after={after}" if after else ""))
                del told["position"]
                assert held == told
            waiting += [(step["unit"],) * 2 for step in held["path"]]
            waiting += [(row["unit"],) * 2 for row in held["units"] if "totals" in row]
            after = held["next"]
            if after is None:
                break
        done.add(name)
        waiting = [one for one in waiting if one[1] not in done]
    found = {str(one.relative_to(copy)) for one in (copy / "v1/contests/mayor/units").iterdir()}
    assert seen == found
    return len(seen)


async def test_only_pages_of_what_changed_are_written(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, CONTESTS["nested"]) as client:
        await client.post(batch("b1", *(report(f"p{n:03}", 60, 20) for n in (2, 4, 6))))
        baker = Baker(Source(client.http, client.read), Shelf(copy))
        await baker.bake()
        first = times(copy)
        await client.post(batch("b2", report("p008", 60, 20)))
        await baker.bake()
        assert {name for name, at in times(copy).items() if first[name] != at} == {
            "_top-1.json", "_roots-1.json", "land-1.json", "south-1.json",
        }  # fmt: skip
        second = times(copy)
        await Baker(Source(client.http, client.read), Shelf(copy)).bake()
        assert times(copy) == second, "begun anew it writes nothing that is there"


def times(copy: Path) -> dict[str, int]:
    """When each file of the tables came into its place."""
    return {one.name: one.stat().st_ctime_ns for one in (copy / "v1/contests/mayor/units").iterdir()}


async def test_a_look_cut_in_the_middle_of_the_tables_is_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, CONTESTS["nested"]) as client:
        shelf = Shelf(copy)
        baker = Baker(Source(client.http, client.read), shelf)
        await baker.bake()
        index = (copy / "v1/contests/mayor/index.json").read_bytes()
        for n, cut in enumerate(("land", "south"), 1):
            await client.post(batch(f"b{n}", *(report(f"p{2 * n + unit:03}", 60, 20) for unit in (2, 4))))
            put = shelf.put

            def full(file: str, body: bytes, tag: str = "", cut: str = cut, put: Any = put) -> str:
                if file.endswith(f"{cut}-1.json"):
                    raise OSError(28, "no space left")
                return str(put(file, body, tag))

            monkeypatch.setattr(shelf, "put", full)
            with pytest.raises(OSError, match="no space"):
                await baker.bake()
            monkeypatch.undo()
            assert (copy / "v1/contests/mayor/index.json").read_bytes() == index, "it comes last"
            await baker.bake()
            await compared(client, copy)
            index = (copy / "v1/contests/mayor/index.json").read_bytes()


async def test_a_copy_of_an_earlier_version_gets_tables_and_is_verified_without(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with town(tmp_path, CONTESTS["nested"]) as client:
        await client.post(batch("b1", *(report(f"p{n:03}", 60, 20) for n in (2, 4, 6))))
        await baked(copy, "--from", client.read)
        folder = copy / "v1/contests/mayor"
        index = json.loads((folder / "index.json").read_text())
        (folder / "index.json").write_text(json.dumps({k: v for k, v in index.items() if k != "tables"}))
        for file in [*(folder / "units").iterdir(), folder / "origins.json"]:
            file.unlink()
        async with served_plainly(copy) as url:
            assert (await tally("verify", url))[0] == 0
        await baked(copy, "--from", client.read)
        await compared(client, copy)
        async with served_plainly(copy) as url:
            assert (await tally("verify", url))[0] == 0


async def test_an_amendment_and_a_data_directory(tmp_path: Path) -> None:
    """Units that are added stand in the tables; files no unit has are taken away."""
    copy, defined = tmp_path / "copy", definition(units=UNITS)
    async with town(tmp_path, defined) as client, hosting(tmp_path / "data") as hosted:
        await client.post(batch("b1", *(report(f"p{n:03}", 60, 20) for n in (1, 2, 3))))
        await hosted.refresh()
        baker = Baker(Source(client.http, hosted.url), Shelf(copy))
        await baker.bake()
        await compared(client, copy)
        (copy / "v1/contests/mayor/units/gone-1.json").write_text("{}")
        more = {"id": "p013", "name": "Precinct 13", "parent": "north", "voters_registered": 100}
        amended = {**defined, "units": [*defined["units"], more]}
        status, told = await client.desk("amend", definition=amended, reason="forgotten")
        assert status == 201, told
        await hosted.refresh()
        baker.source.url = hosted.url
        await baker.bake()
        await compared(client, copy)
        assert not (copy / "v1/contests/mayor/units/gone-1.json").exists()
        await client.post(batch("b2", report("p013", 50, 10)))
        await hosted.refresh()
        baker.source.url = hosted.url
        await baker.bake()
        await compared(client, copy)
        north = json.loads((copy / "v1/contests/mayor/units/north-1.json").read_text())
        assert north["units"][-1]["batch"] == "b2"


async def test_too_many_units_have_no_list_to_be_found_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy"
    monkeypatch.setattr("deploy.baking.pages.FIND_UNITS_MAX", UNITS)
    async with town(tmp_path, definition(units=UNITS)) as client:
        await Baker(Source(client.http, client.read), Shelf(copy)).bake()
    folder = copy / "v1/contests/mayor"
    assert json.loads((folder / "index.json").read_text())["tables"]["find"] is None
    assert not (folder / "units/_find.json").exists()

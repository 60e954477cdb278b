"""Units and contests found by name over HTTP, in pages that add up."""

from pathlib import Path
from typing import Any

from tests.service.world import Client, batch, definition, report, town

UNITS = "/v1/contests/mayor/units"


async def refused(client: Client, path: str) -> tuple[int, str, str]:
    async with client.http.get(client.read + path) as response:
        said = await response.json(content_type=None)
        return response.status, said["code"], said["pointer"]


def two_contests() -> dict[str, Any]:
    """Sixty units; `mayor` is of all of them, `ward` of the northern ones."""
    defined = definition(units=60)
    mayor = defined["contests"][0]
    defined["contests"].append({**mayor, "id": "ward", "name": "Ward of the Nörth", "units": "north"})
    return defined


def ids(page: dict[str, Any]) -> list[str]:
    return [row["unit"] for row in page["units"]]


async def test_pages_of_what_was_found_are_all_of_it(tmp_path: Path) -> None:
    async with town(tmp_path, two_contests()) as client:
        await client.post(batch("b1", report("p012", 30, 5)))
        whole = await client.get(f"{UNITS}?q=PRECINCT")
        assert (whole["total"], whole["next"], len(whole["units"])) == (60, None, 60)
        found: list[str] = []
        after = ""
        while True:
            page = await client.get(f"{UNITS}?q=precinct&limit=25{after}")
            found += ids(page)
            assert page["total"] == 60
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert found == ids(whole)
        [one] = (await client.get(f"{UNITS}?q=precinct%2012"))["units"]
        assert (one["unit"], one["counts"]["ann"], one["batch"]) == ("p012", 30, "b1")
        sums = await client.get(f"{UNITS}?q=south")
        assert [(row["unit"], row["totals"][0]["votes"]) for row in sums["units"]] == [("south", 30)]
        assert await client.get(f"{UNITS}?q=nowhere") | {"position": None} == {
            "contest": "mayor", "parent": None, "path": [], "position": None, "total": 0, "units": [], "next": None,
        }  # fmt: skip


async def test_a_page_under_a_parent_says_how_many_there_are_and_where_it_is(tmp_path: Path) -> None:
    async with town(tmp_path, two_contests()) as client:
        page = await client.get(f"{UNITS}?parent=north&limit=10")
        assert (page["total"], len(page["units"])) == (30, 10)
        assert page["path"] == [{"unit": "north", "name": "North"}]
        assert (await client.get(f"{UNITS}?parent=p001"))["path"][1]["unit"] == "p001"
        ward = await client.get("/v1/contests/ward/units?q=precinct")
        assert ward["total"] == len(ward["units"]) == 30
        assert (await client.get("/v1/contests/ward/units?parent=south"))["total"] == 0


async def test_contests_by_name_and_how_many_there_are(tmp_path: Path) -> None:
    async with town(tmp_path, two_contests()) as client:
        everything = await client.get("/v1/contests")
        assert everything["total"] == len(everything["contests"]) == 2
        first = await client.get("/v1/contests?limit=1")
        assert (first["total"], [one["contest"] for one in first["contests"]]) == (2, ["mayor"])
        found = await client.get("/v1/contests?q=north")
        assert (found["total"], [one["contest"] for one in found["contests"]]) == (1, ["ward"])


async def test_what_cannot_be_looked_for_is_refused(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        for path in (UNITS, "/v1/contests"):
            assert await refused(client, f"{path}?q={'x' * 101}") == (400, "bad-query", "/q")
            assert await refused(client, f"{path}?limit=1001") == (400, "bad-query", "/limit")
        assert await refused(client, f"{UNITS}?q=a&parent=north") == (400, "bad-query", "/q")
        assert await refused(client, f"{UNITS}?q=precinct&after=north") == (400, "bad-query", "/after")

"""Nights of many contests or many units for tests, and a source that counts on meanwhile."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from typing import Any

from tests.service.world import Client, batch, report

ORTS = ("Aubach", "Bérghof", "Castel", "Dornau", "Espera", "Fönsdorf", "Grünau", "Hollen")


def many_contests(contests: int, units: int = 300) -> dict[str, Any]:
    """Contests of three selections, each in a few of the units."""
    places = [f"w{n:03}" for n in range(units)]
    return {
        "format": "tally-election/1",
        "election": {"id": "town", "name": "Local elections", "date": "2026-01-01", "is_test": False, "label": None},
        "units": [
            {"id": one, "name": f"Ward {n + 1}", "voters_registered": 1_000}
            for n, one in enumerate(places)
        ],
        "contests": [
            {
                "id": f"c{n:04}",
                "name": f"{ORTS[n % len(ORTS)]} council, seat {n + 1}",
                "rule": {"type": "plurality", "seats": 1},
                "units": [places[(n + step) % units] for step in range(3)],
                "selections": [{"id": s, "name": s.title()} for s in ("ann", "bo", "cy")],
                "bound": {"kind": "registered", "hard": True},
            }
            for n in range(contests)
        ],
    }  # fmt: skip


def many_units(units: int) -> dict[str, Any]:
    """One contest, all of its units directly under the root."""
    return {
        "format": "tally-election/1",
        "election": {"id": "town", "name": "Country", "date": "2026-01-01", "is_test": False, "label": None},
        "units": [
            {"id": f"u{n:05}", "name": f"{ORTS[n % len(ORTS)]} {n}", "voters_registered": 500}
            for n in range(units)
        ],
        "contests": [
            {
                "id": "mayor",
                "name": "President",
                "rule": {"type": "plurality", "seats": 1},
                "selections": [{"id": s, "name": s.title()} for s in ("ann", "bo", "cy")],
                "bound": {"kind": "registered", "hard": True},
            }
        ],
    }  # fmt: skip


@contextlib.asynccontextmanager
async def counting(client: Client, definition: dict[str, Any], every_s: float = 0.1) -> AsyncIterator[None]:
    """While the block runs, fifty reports at a time arrive, of units and contests in no order."""
    chance = random.Random(3)
    units = [unit["id"] for unit in definition["units"]]
    places = [
        (contest["id"], unit)
        for contest in definition["contests"]
        for unit in (units if contest.get("units", "all") == "all" else contest["units"])
    ]
    chance.shuffle(places)

    async def count() -> None:
        for first in range(0, len(places), 50):
            reports = (
                report(unit, chance.randint(80, 200), chance.randint(80, 190), 9, contest=contest)
                for contest, unit in places[first : first + 50]
            )
            status, answer = await client.post(batch(f"wide-{first}", *reports))
            assert status in {200, 201}, answer
            await asyncio.sleep(every_s)

    async with asyncio.TaskGroup() as tasks:
        counted = tasks.create_task(count())
        yield
        counted.cancel()

"""A small election and a running service for tests: real sockets, real journal, a directory of its own."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from deploy.service import Service, build, running
from deploy.settings import Settings

SELECTIONS = ("ann", "bo", "cy")


def definition(units: int = 6, *, registered: int = 100, hard: bool = True, **contest: Any) -> dict[str, Any]:
    """Two states of precincts p001…, `registered` voters each, one plurality contest `mayor`."""
    return {
        "format": "tally-election/1",
        "election": {"id": "town", "name": "Town", "date": "2026-01-01", "is_test": False, "label": None},
        "units": [
            {"id": "north", "type": "state", "name": "North"},
            {"id": "south", "type": "state", "name": "South"},
            *(
                {
                    "id": f"p{n:03}",
                    "name": f"Precinct {n}",
                    "parent": "north" if n % 2 else "south",
                    "voters_registered": registered,
                }
                for n in range(1, units + 1)
            ),
        ],
        "contests": [
            {
                "id": "mayor",
                "name": "Mayor",
                "rule": {"type": "plurality", "seats": 1},
                "selections": [{"id": s, "name": s.title()} for s in SELECTIONS],
                "bound": {"kind": "registered", "hard": hard},
                **contest,
            }
        ],
    }


def report(unit: str, ann: int = 0, bo: int = 0, cy: int = 0, **changes: Any) -> dict[str, Any]:
    """A completed first report whose numbers add up, unless `changes` say otherwise."""
    return {
        "unit": unit,
        "contest": "mayor",
        "type": "total",
        "revision": 1,
        "status": "completed",
        "counts": {"ann": ann, "bo": bo, "cy": cy},
        "ballots_cast": ann + bo + cy,
        "invalid": 0,
        **changes,
    }


def batch(batch_id: str, *reports: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A batch of the small election."""
    return {
        "format": "tally-batch/1",
        "election": "town",
        "batch_id": batch_id,
        "source": "test",
        "is_test": False,
        "reports": list(reports),
        **changes,
    }


@dataclass
class Client:
    """A service and a way to talk to it."""

    service: Service
    http: aiohttp.ClientSession

    @property
    def read(self) -> str:
        host, port = self.service.addresses()[0]
        return f"http://{host}:{port}"

    @property
    def ingest(self) -> str:
        host, port = self.service.addresses()[1]
        return f"http://{host}:{port}"

    async def post(self, body: Any, path: str = "/v1/batches", **options: Any) -> tuple[int, dict[str, Any]]:
        """Status and answer of a POST to the ingest listener; `body` bytes go as they are."""
        options.setdefault("headers", {"Content-Type": "application/json"})
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.http.post(self.ingest + path, data=data, **options) as response:
            return response.status, json.loads(await response.read())

    async def desk(self, action: str, reason: str = "ordered", **body: Any) -> tuple[int, dict[str, Any]]:
        """A desk verb."""
        return await self.post({"reason": reason, **body}, f"/v1/desk/{action}")

    async def get(self, path: str, **options: Any) -> Any:
        """The JSON body of a GET on the read listener."""
        async with self.http.get(self.read + path, **options) as response:
            return json.loads(await response.read())

    async def view(self) -> dict[str, Any]:
        """The contest view of `mayor`."""
        found: dict[str, Any] = await self.get("/v1/contests/mayor")
        return found


@contextlib.asynccontextmanager
async def town(path: Path, defined: dict[str, Any] | None = None, **settings: Any) -> AsyncIterator[Client]:
    """The service of the small election in `path`, until the block ends."""
    election = path / "election.json"
    if not election.exists() or defined is not None:
        election.write_text(json.dumps(defined or definition()))
    chosen = {"listen": "127.0.0.1:0", "ingest_listen": "127.0.0.1:0", "tick_ms": 10, **settings}
    service = build(Settings(election=election, data=path / "data", **chosen))
    async with running(service), aiohttp.ClientSession() as http:
        yield Client(service, http)


async def claim(client: Client, claim_id: str) -> dict[str, Any]:
    """One claim of the contest view."""
    view = await client.view()
    return next(one for one in view["claims"] if one["id"] == claim_id)

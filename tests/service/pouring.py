"""A night that never rests: counts, recounts that turn the claims about, disputes; sent until stopped."""

import asyncio
import random
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.service.world import batch, report

UNITS = 40
SWING = 60
"""Recounts that favour one of the two, before as many favour the other: long enough to turn every claim."""
TOLD_BEFORE = frozenset({"not-disputed", "nothing-to-restore"})
"""What a desk verb is answered that had entered before its answer was lost."""


def commands(chance: random.Random):
    """(path, body) for ever. Every unit is counted once, then recounted, re-opened, disputed and restored."""
    number = 0
    disputed: list[str] = []
    while True:
        number += 1
        unit = f"p{(number if number <= UNITS else chance.randrange(1, UNITS + 1)):03}"
        if number > UNITS and number % 29 == 0:
            action, units = ("restore", disputed) if disputed else ("dispute", [unit])
            disputed = [] if disputed else units
            yield f"/v1/desk/{action}", {"reason": "protest", "units": units}
            continue
        ahead, behind = 50 + chance.randrange(20), chance.randrange(15)
        votes = (ahead, behind, 5) if number // SWING % 2 == 0 else (behind, ahead, 5)
        status = "in-process" if number % 7 == 0 else "completed"
        made = report(unit, *votes, revision=number, status=status, reason="recount")
        yield "/v1/batches", batch(f"b{number}", made)


@dataclass
class Pour:
    """Sends the night to an address, one command after the other, and again what was not answered.

    `least`: what has to have entered before it stops, however busy the machine is.
    """

    ingest: str
    chance: random.Random
    pause_s: float = 0.01
    entered: int = 0
    least: int = 0
    stopped: bool = False

    async def run(self) -> None:
        async with aiohttp.ClientSession() as http:
            for path, body in commands(self.chance):
                if self.stopped and self.entered >= self.least:
                    return
                await self._sent(http, path, body)
                await asyncio.sleep(self.pause_s)

    async def _sent(self, http: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> None:
        """Send until it is answered; a service that is away or stopping is tried again."""
        while True:
            try:
                async with http.post(self.ingest + path, json=body) as response:
                    told = await response.json(content_type=None)
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
                continue
            if response.status != 503:
                assert response.status < 300 or told["code"] in TOLD_BEFORE, told
                self.entered += 1
                return
            await asyncio.sleep(0.05)

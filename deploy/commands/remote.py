"""A running service to play a night into, over HTTP."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
from rich.console import Console

from ingest.sequencer import Command
from tally import wire
from tally.report import CountBatch


class Away(Exception):
    """The service does not answer, or is not the one that was meant."""


@dataclass(slots=True)
class Remote:
    """The ingest listener at `url`, and the read listener it names."""

    url: str
    read_url: str
    http: aiohttp.ClientSession
    headers: dict[str, str]
    console: Console
    refused: int = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, url: str, key: str | None, console: Console) -> AsyncIterator["Remote"]:
        """Connect for the length of a block. Raises Away."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with aiohttp.ClientSession() as http:
            try:
                async with http.get(f"{url}/readyz") as response:
                    ready = await response.json()
                yield cls(url, ready["read"], http, headers, console)
            except (aiohttp.ClientError, KeyError, ValueError) as error:
                raise Away(f"{url}: {type(error).__name__}: {error}; is this the ingest listener?") from error

    async def same_election(self, election: str) -> None:
        """Raises Away when the service counts another election."""
        counted = (await self._get("/v1/contests"))["election"]
        if counted != election:
            raise Away(
                f"{self.url} counts {counted}, the night is {election}: serve its own definition "
                "(tally replay NIGHT --definition election.json)"
            )

    async def send(self, command: Command) -> None:
        """Post one batch or desk command; a refusal is said and counted. Raises Away."""
        if isinstance(command, CountBatch):
            path, body = "/v1/batches", wire.batch_object(command)
        else:
            path = f"/v1/desk/{command.action}"
            body = {"units": list(command.units), "contest": command.contest, "reason": command.reason}
            if command.batch is not None:
                body["batch"] = wire.batch_object(command.batch)
            if command.definition is not None:
                body["definition"] = command.definition
        data, headers = wire.to_msgpack(body), {**self.headers, "Content-Type": "application/msgpack"}
        async with self.http.post(self.url + path, data=data, headers=headers) as response:
            if response.status >= 300:
                problem = await response.json(content_type=None)
                self.refused += 1
                said = f"{problem.get('code')} {problem.get('pointer')} {problem.get('detail')}"
                self.console.print(f"refused: {said}", highlight=False)

    async def reached(self, counted_percent: int | None, *, irreversible: bool) -> bool:
        """Whether every contest is as far as asked; with nothing asked, never."""
        if counted_percent is None and not irreversible:
            return False
        lines = (await self._get("/v1/contests"))["contests"]
        if counted_percent is not None:
            return all(
                line["units"]["completed"] * 100 >= counted_percent * line["units"]["total"] for line in lines
            )
        return all(line["decision"] for line in lines)

    async def summary(self) -> None:
        """Say on standard output when each claim turned."""
        for line in (await self._get("/v1/contests"))["contests"]:
            after: int | None = 0
            while after is not None:
                history = await self._get(f"/v1/contests/{line['contest']}/history?after={after}")
                for turn in history["claims"]:
                    print(
                        f"{line['contest']} {turn['claim']} {turn['status']} ({turn['grade']}) at seq {turn['seq']:,}"
                    )
                after = history["next"]

    async def _get(self, path: str) -> Any:
        async with self.http.get(self.read_url + path) as response:
            return await response.json()

"""A service of our own to play a night into: in this process, with its own journal."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from rich.console import Console

from deploy.opening import begin_or_resume
from deploy.service import Service, build, running
from deploy.settings import Settings
from ingest.sequencer import Command
from tally.coming import outstanding_ballots
from tally.decide import decided
from tally.events import Record
from tally.instant import written
from tally.model import Definition
from tally.state import DONE
from tally.view import leading


@dataclass(slots=True)
class Hosted:
    """The service, and what it printed of each claim as it turned."""

    settings: Settings
    definition: Definition
    console: Console
    _service: Service | None = None
    _turned: list[str] = field(default_factory=list)

    @property
    def service(self) -> Service:
        """The running service."""
        assert self._service is not None, "entered through running()"
        return self._service

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve for the length of a block."""
        service = build(self.settings, begin_or_resume(self.settings.data, lambda: self.definition))
        self._service = service
        then = service.sequencer.applied

        def applied(record: Record) -> None:
            then(record)
            self._tell(record)

        service.sequencer.applied = applied
        async with running(service):
            yield

    def url(self) -> str:
        """Where the page is."""
        host, port = self.service.addresses()[0]
        return f"http://{host}:{port}"

    async def send(self, command: Command) -> str:
        """Count one command; what was refused, or nothing."""
        step = await self.service.sequencer.submit(command)
        return "; ".join(f"{r.code} {r.pointer} {r.detail}" for r in step.refusals[:3])

    def reached(self, counted_percent: int | None, *, irreversible: bool) -> bool:
        """Whether every contest is as far as asked; with nothing asked, never."""
        contests = self.service.sequencer.state.contests
        if counted_percent is not None:
            return all(
                int(c.nodes[0, c.layout.selections + DONE]) * 100 >= counted_percent * len(c.layout.units)
                for c in contests
            )
        return irreversible and all(decided(c.claims) for c in contests if c.layout.rule is not None)

    def _tell(self, record: Record) -> None:
        for change in record.claims:
            contest = self.service.sequencer.state.contests[change.contest]
            layout, root = contest.layout, contest.nodes[0].tolist()
            done, total = root[layout.selections + DONE], len(layout.units)
            coming = outstanding_ballots(layout, contest.sums, 0)
            grounds = change.grade or ""
            if change.assumptions:
                grounds += f" on {', '.join(change.assumptions)}"
            line = (
                f"{layout.contest.id} {change.claim} {change.status}"
                f"{f' ({grounds})' if grounds else ''} at seq {record.seq:,}, {written(record.at_ms)}: "
                f"{done:,} of {total:,} units, lead {leading(layout, root[: layout.selections])[1]:,}, "
                f"outstanding {'unknown' if coming is None else f'{coming:,}'}"
            )
            self._turned.append(line)
            self.console.print(line, highlight=False)

    def summary(self) -> None:
        """Say on standard output when each claim turned, or that none did."""
        for line in self._turned or ["no claim became irreversible"]:
            print(line)

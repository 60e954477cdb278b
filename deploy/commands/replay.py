"""`tally replay`: plays a recorded or published night into a service, ours or a running one."""

import asyncio
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy import failure
from deploy.commands.hosted import Hosted
from deploy.commands.remote import Away, Remote
from deploy.commands.serve import run
from deploy.definition import load_definition
from deploy.failure import ConfigurationFault, Fault
from deploy.settings import load_settings
from ingest.night.night import NightUnreadable
from ingest.replay import Due, Night, load, ordered, paced
from tally.model import canonical

ANY_PORT = "127.0.0.1:0"
DEMO_LISTEN, DEMO_INGEST = "127.0.0.1:8080", "127.0.0.1:8081"


@dataclass(slots=True)
class Until:
    """When to stop before the end: at a share of the units counted, or once every contest is decided."""

    counted_percent: int | None = None
    irreversible: bool = False

    @classmethod
    def parse(cls, text: str | None) -> "Until":
        """`counted=PCT` or `irreversible`. BadParameter: neither."""
        if text is None:
            return cls()
        if text == "irreversible":
            return cls(irreversible=True)
        name, _, percent = text.partition("=")
        if name == "counted" and percent.isascii() and percent.isdigit() and int(percent) <= 100:
            return cls(counted_percent=int(percent))
        raise typer.BadParameter("--until is counted=PCT (0 to 100) or irreversible")


@dataclass(slots=True)
class Player:
    """Plays a night through `send`, which answers whether to go on; waits are real time."""

    night: Night
    speed: float | None
    console: Console
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def play(self, send: Callable[[Due], Awaitable[bool]]) -> None:
        """Send every event when it is due, with a progress bar, until the end, a stop, or `send` says no."""
        loop = asyncio.get_running_loop()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.console) as progress:
            task = progress.add_task(self.night.name, total=len(self.night.events))
            started = loop.time()
            for due in paced(self.night.events, self.speed):
                await self._wait(started + due.due_ms / 1_000 - loop.time())
                if self.stopped.is_set() or not await send(due):
                    break
                progress.advance(task)

    async def _wait(self, seconds: float) -> None:
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self.stopped.wait()
        except TimeoutError:
            pass


def replay(
    night: Annotated[
        str, typer.Argument(help="A folder of results, a data directory with a journal, or `demo`.")
    ],
    speed: Annotated[str, typer.Option(help="How many times faster than the night was, or max.")] = "max",
    to: Annotated[
        str | None, typer.Option(help="The ingest listener of a running service. [a service of our own]")
    ] = None,
    key: Annotated[str | None, typer.Option(envvar="TALLY_KEY", help="With --to: a source's key.")] = None,
    order: Annotated[str, typer.Option(help="file, time, random or random:SEED.")] = "file",
    until: Annotated[str | None, typer.Option(help="Stop at counted=PCT or irreversible. [the end]")] = None,
    batch: Annotated[int, typer.Option(help="Reports in a batch.", min=1, max=10_000)] = 50,
    data: Annotated[
        Path | None, typer.Option(help="Keep our own service's journal here. [thrown away]")
    ] = None,
    listen: Annotated[
        str | None, typer.Option(help="Our own service's readers' address. [any free port; 8080 to --serve]")
    ] = None,
    ingest_listen: Annotated[
        str | None, typer.Option(help="Our own service's ingest address. [any free port; 8081 to --serve]")
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Show the night on the page and stay until Ctrl-C.")
    ] = False,
    leave: Annotated[bool, typer.Option("--exit", help="With --serve: end when the night does.")] = False,
    definition: Annotated[
        Path | None, typer.Option(help="Only write the night's election.json here.")
    ] = None,
) -> int:
    """Play a night, and print for each contest the moment each claim became irreversible.

    Exit 1: --until was not reached, or the service refused a batch. 69: the service is away.
    """
    console = Console(stderr=True)
    wanted = Until.parse(until)
    played = _load(night, order, batch)
    if definition is not None:
        definition.write_bytes(canonical(played.definition) + b"\n")
        return failure.DONE
    player = Player(played, _speed(speed), console)
    if to is not None:
        return asyncio.run(_into(player, to.rstrip("/"), key, wanted))
    usual = (DEMO_LISTEN, DEMO_INGEST) if serve else (ANY_PORT, ANY_PORT)
    with tempfile.TemporaryDirectory(prefix="tally-") as scratch:
        settings = load_settings(
            None,
            data=data or Path(scratch),
            listen=listen or usual[0],
            ingest_listen=ingest_listen or usual[1],
        )
        hosted = Hosted(settings, played.definition, console)
        return run("auto", _hosted(player, hosted, wanted, stay=serve and not leave))


def _load(night: str, order: str, batch: int) -> Night:
    try:
        return ordered(load(night, batch, load_definition, previous=True), order)
    except NightUnreadable as error:
        raise ConfigurationFault([Fault(night, 1, str(error))]) from error
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < 1e9:
        raise typer.BadParameter("--speed is a number above 0, or max")
    return speed


async def _hosted(player: Player, hosted: Hosted, until: Until, *, stay: bool) -> int:
    """Play into a service of our own; stay and serve afterwards if asked, until SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, player.stopped.set)
    refused = 0

    async def send(due: Due) -> bool:
        nonlocal refused
        faults = await hosted.send(due.event.command)
        refused += bool(faults)
        if faults:
            player.console.print(f"refused: {faults}")
        return not hosted.reached(until.counted_percent, irreversible=until.irreversible)

    async with hosted.running():
        player.console.print(f"the night is at {hosted.url()}")
        await player.play(send)
        await hosted.service.sequencer.judged()
        hosted.summary()
        if stay and not player.stopped.is_set():
            player.console.print("the night is over; the page stays until Ctrl-C")
            await player.stopped.wait()
        reached = hosted.reached(until.counted_percent, irreversible=until.irreversible)
    asked = until.irreversible or until.counted_percent is not None
    return failure.NO if refused or (asked and not reached and not player.stopped.is_set()) else failure.DONE


async def _into(player: Player, url: str, key: str | None, until: Until) -> int:
    """Play into a running service over HTTP."""
    try:
        async with Remote.open(url, key, player.console) as remote:
            await remote.same_election(player.night.definition.election.id)

            async def send(due: Due) -> bool:
                await remote.send(due.event.command)
                return not await remote.reached(until.counted_percent, irreversible=until.irreversible)

            await player.play(send)
            await remote.summary()
            asked = until.irreversible or until.counted_percent is not None
            reached = not asked or await remote.reached(
                until.counted_percent, irreversible=until.irreversible
            )
            return failure.DONE if reached and not remote.refused else failure.NO
    except Away as away:
        sys.stderr.write(f"tally: {away}\n")
        return failure.AWAY

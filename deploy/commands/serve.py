"""`tally serve`: the service."""

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.maps import chosen
from deploy.opening import Opened, open_journal
from deploy.service import Service, build
from deploy.settings import Settings, load_settings

log = structlog.get_logger("tally")
T = TypeVar("T")


def serve(
    election: Annotated[Path | None, typer.Option(help="election.json: what is counted.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Directory of the journal and its snapshots. [data]")
    ] = None,
    listen: Annotated[str | None, typer.Option(help="Readers' HOST:PORT. [127.0.0.1:8080]")] = None,
    ingest_listen: Annotated[str | None, typer.Option(help="Sources' HOST:PORT. [127.0.0.1:8081]")] = None,
    admin_listen: Annotated[
        str | None, typer.Option(help="Metrics and health once more, at HOST:PORT.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="tally.toml with any of these settings.")] = None,
    keys: Annotated[Path | None, typer.Option(help="keys.toml with source and operator keys.")] = None,
    tick_ms: Annotated[
        int | None, typer.Option(help="Frames gather this long; 0 sends at once. [100]")
    ] = None,
    projection_interval_ms: Annotated[
        int | None, typer.Option(help="Project contests at most so often; 0 never. [2000]")
    ] = None,
    projection_deadline_ms: Annotated[
        int | None, typer.Option(help="Give up a projection that takes longer. [10000]")
    ] = None,
    snapshot_records: Annotated[int | None, typer.Option(help="Records between snapshots. [50000]")] = None,
    map: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(help="Map of the pages: ve, us, or a TopoJSON file. [as defined]")
    ] = None,
    map_property: Annotated[
        str | None, typer.Option(help="Property of the file's places that holds ids or names of units.")
    ] = None,
    behind_proxy: Annotated[
        bool | None, typer.Option(help="A proxy with TLS is in front; public addresses are fine.")
    ] = None,
    loop: Annotated[str | None, typer.Option(help="Event loop: auto, asyncio or uvloop. [auto]")] = None,
) -> None:
    """Run the service: counts in at the ingest address, views and streams out at the read address.

    Every option is also a TALLY_* variable and a line of the TOML file. Ctrl-C ends it cleanly.
    """
    settings = load_settings(
        config, election=election, data=data, listen=listen, ingest_listen=ingest_listen, admin_listen=admin_listen,
        keys=keys, tick_ms=tick_ms, snapshot_records=snapshot_records, behind_proxy=behind_proxy, loop=loop,
        projection_interval_ms=projection_interval_ms, projection_deadline_ms=projection_deadline_ms,
        map=map, map_property=map_property,
    )  # fmt: skip
    maps = chosen(settings.map, settings.map_property)  # before a recovery that may be long
    opened = open_with_progress(settings)
    run(settings.loop, serve_until_stopped(build(settings, opened, maps)))


def open_with_progress(settings: Settings) -> Opened:
    """Open the journal, showing how far a long recovery is."""
    columns = (TextColumn("recovering"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("recovering", total=None, visible=False)
        return open_journal(
            settings, lambda done, total: progress.update(task, completed=done, total=total, visible=True)
        )


async def serve_until_stopped(service: Service) -> None:
    """Serve, say where, and stop at SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, service.stop)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(service.serve())
        await service.settled(serving)
        if service.ready:
            said = [f"http://{host}:{port}" for host, port in service.addresses()]
            state = service.sequencer.state
            log.info(
                "ready", election=state.layout.definition.election.id, read=said[0], ingest=said[1],
                epoch=service.board.epoch, seq=state.seq,
            )  # fmt: skip


def run(loop: str, main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the event loop asked for; `auto` is uvloop where it is installed."""
    try:
        import uvloop  # not on every platform
    except ImportError:
        if loop == "uvloop":
            raise
        loop = "asyncio"
    with asyncio.Runner(loop_factory=None if loop == "asyncio" else uvloop.new_event_loop) as runner:
        return runner.run(main)

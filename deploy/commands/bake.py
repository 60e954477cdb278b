"""`tally bake`: a night as plain files, to be served by anybody when we are down."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from deploy import failure
from deploy.baking.baker import Baker
from deploy.baking.hosted import Hosted, hosting
from deploy.baking.shelf import Shelf
from deploy.baking.source import Source, SourceAway

HERE = "http://127.0.0.1:8080"


def bake(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the copy goes: a directory of its own.")
    ],
    source: Annotated[
        str | None, typer.Option("--from", metavar="URL", help=f"A running service. Default: {HERE}.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Copy from this data directory instead, read only.")
    ] = None,
    every: Annotated[
        int | None,
        typer.Option(metavar="SECONDS", min=1, help="Go on, looking again so often. Default: once."),
    ] = None,
    site: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where readers find the copy: links in the feed go there."),
    ] = None,
) -> int:
    """Write a copy of a night as files that any web server can serve: the page, and all it needs to be checked.

    Only what changed is fetched and written; a copy that was interrupted goes on where it stopped. The position
    comes last, so a reader never sees one that is newer than its parts. `tally verify` takes the copy,
    by its directory or URL.

    Exit 69: the service does not answer (with --every it is tried again); 78: other files are in DIR.
    """
    if source is not None and data is not None:
        raise typer.BadParameter("--from or --data, not both")
    return asyncio.run(_bake(directory, source or HERE, data, every, site))


async def _bake(directory: Path, url: str, data: Path | None, every: int | None, site: str | None) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    shelf = Shelf(directory)
    async with aiohttp.ClientSession() as session, _hosted(data) as hosted:
        baker = Baker(Source(session, url), shelf, every, site)
        while not stopping.is_set():
            ended = await _once(baker, hosted, stopping)
            if every is None:
                return ended
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every):
                    await stopping.wait()
    return failure.DONE


async def _once(baker: Baker, hosted: Hosted | None, stopping: asyncio.Event) -> int:
    """One look; its exit code. A stop does not wait for its end."""
    if hosted is not None:
        await hosted.refresh()
        baker.source.url = hosted.url
    before = baker.shelf.written
    with _progress() as told:
        work = asyncio.ensure_future(baker.bake(told.update))
        stopped = asyncio.ensure_future(stopping.wait())
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
    if not work.done():
        work.cancel()
        await asyncio.wait({work})
        baker.shelf.save()
        return failure.DONE
    try:
        index = work.result()
    except BaseExceptionGroup as group:
        return _away(group.exceptions[0])
    except SourceAway as error:
        return _away(error)
    position, written = index["position"], baker.shelf.written - before
    if baker.every_s is None or written > 1:  # kept up, it says nothing of a look that found nothing
        at = f"{position['epoch']}/{position['seq']}"
        sys.stderr.write(f"{baker.shelf.root}: {at}, {written:,} files written\n")
    return failure.DONE


def _away(error: BaseException) -> int:
    if not isinstance(error, SourceAway):
        raise error
    sys.stderr.write(f"tally: {error}; the copy stands as it was\n")
    return failure.AWAY


class _Told:
    """The bar: contests done of all."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("copying", total=None)

    def update(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total)


@contextlib.contextmanager
def _progress() -> Iterator[_Told]:
    columns = (TextColumn("copying"), BarColumn(), MofNCompleteColumn(), TextColumn("contests"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield _Told(progress)


@contextlib.asynccontextmanager
async def _hosted(data: Path | None) -> AsyncIterator[Hosted | None]:
    if data is None:
        yield None
        return
    async with hosting(data) as hosted:
        yield hosted

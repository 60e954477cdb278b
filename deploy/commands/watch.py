"""`tally watch`: a full-screen ticker in a terminal, lines of JSON everywhere else."""

import asyncio
import json
import os
import signal
import sys
import time
from typing import Annotated, Any

import aiohttp
import typer

from deploy import failure
from deploy.watching.link import CHANNELS_MAX, Said, Stands, follow, said_of

SERVICE = "http://127.0.0.1:8080"
FIRST_ANSWER_TIMEOUT_S = 20
NOT_OURS = "what answers there is not tally's read listener"


def watch(
    url: Annotated[str, typer.Argument(help="The read listener of a service.")] = SERVICE,
    contest: Annotated[str | None, typer.Argument(help="Only this contest. [all]")] = None,
    *,
    plain: Annotated[bool, typer.Option("--plain", help="Lines of JSON in a terminal too.")] = False,
) -> int:
    """Follow a service live.

    In a terminal: a full screen with every contest in a list; Enter opens
    one, / searches, ? helps, q quits. Elsewhere, or with --plain: each new
    view of a contest as a line of JSON on standard output.

    Ends with 69 when the service is away at the start. A connection that is
    lost later is taken up again.
    """
    address = (url if "://" in url else f"http://{url}").rstrip("/")
    try:
        return asyncio.run(_watch(address, contest, full=not plain and _is_terminal()))
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        sys.stderr.write(f"tally: {url}: not an address of a service, such as {SERVICE}\n")
        return failure.USAGE
    except aiohttp.ContentTypeError:
        sys.stderr.write(f"tally: {url}: {NOT_OURS}\n")
    except (aiohttp.ClientError, TimeoutError) as error:
        sys.stderr.write(f"tally: {url}: {said_of(error)}\n")
    except KeyboardInterrupt:
        return failure.DONE
    return failure.AWAY


def _is_terminal() -> bool:
    """Whether a whole screen can be drawn and keys can be read."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


async def _watch(url: str, contest: str | None, *, full: bool) -> int:
    async with aiohttp.ClientSession() as session:
        first = aiohttp.ClientTimeout(total=FIRST_ANSWER_TIMEOUT_S, sock_connect=5)
        async with session.get(f"{url}/v1/observers", raise_for_status=True, timeout=first) as response:
            observers = await response.json()
        if not isinstance(observers, dict) or observers.get("format") != "tally-observers/1":
            sys.stderr.write(f"tally: {url}: {NOT_OURS}\n")
            return failure.AWAY
        known = [line["contest"] for line in observers["contests"]]
        if contest is not None and contest not in known:
            sys.stderr.write(f"tally: no contest {contest}; contests: {', '.join(known)}\n")
            return failure.NO
        if full:
            await _screen(session, url, observers, contest)
        else:
            try:
                await _lines(session, url, [contest] if contest else known)
            except* BrokenPipeError:  # whoever read the lines has enough
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return failure.DONE


async def _screen(
    session: aiohttp.ClientSession, url: str, observers: dict[str, Any], contest: str | None
) -> None:
    """The full screen, until somebody quits it or the process is told to end."""
    from deploy.watching.night import Night
    from deploy.watching.ticker import Ticker

    ticker = Ticker(session, url, Night.begun(observers, time.monotonic), contest)
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(ending, ticker.exit)
    await ticker.run_async()


async def _lines(session: aiohttp.ClientSession, url: str, contests: list[str]) -> None:
    """Every view of the contests as a line, for ever; as many streams as it takes."""
    async with asyncio.TaskGroup() as tasks:
        for first in range(0, len(contests), CHANNELS_MAX):
            channels = [f"contest:{name}" for name in contests[first : first + CHANNELS_MAX]]
            tasks.create_task(_told(session, url, channels))


async def _told(session: aiohttp.ClientSession, url: str, channels: list[str]) -> None:
    async for item in follow(session, url, channels):
        if isinstance(item, Said) and "totals" in item.value:
            sys.stdout.write(json.dumps(item.value, separators=(",", ":")) + "\n")
            sys.stdout.flush()
        elif isinstance(item, Stands) and item.state == "lost":
            sys.stderr.write(f"connection lost ({item.why}); trying again in {item.again_s:.1f} s\n")

"""`tally watch`: a live ticker in the terminal."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Annotated, Any

import aiohttp
import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from deploy import failure

RETRY_S = 2.0


def watch(
    url: Annotated[str, typer.Argument(help="The read listener of a service.")] = "http://127.0.0.1:8080",
    contest: Annotated[str | None, typer.Argument(help="Only this contest. [all]")] = None,
) -> int:
    """Follow a service live. On a terminal the picture is redrawn; elsewhere each change is a line of JSON."""
    try:
        return asyncio.run(_watch(url.rstrip("/"), contest))
    except aiohttp.ClientResponseError as error:
        sys.stderr.write(f"tally: {url}: {error.status} {error.message}\n")
    except aiohttp.ClientConnectionError as error:
        sys.stderr.write(f"tally: {url}: {error}\n")
    except KeyboardInterrupt:
        return failure.DONE
    return failure.AWAY


async def _watch(url: str, contest: str | None) -> int:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_connect=5)) as session:
        async with session.get(f"{url}/v1/contests", raise_for_status=True) as response:
            known = [line["contest"] for line in (await response.json())["contests"]]
        if contest is not None and contest not in known:
            sys.stderr.write(f"tally: no contest {contest}; contests: {', '.join(known)}\n")
            return failure.NO
        channels = ",".join(f"contest:{name}" for name in ([contest] if contest else known))
        if not sys.stdout.isatty():
            async for view in follow(session, url, channels):
                sys.stdout.write(json.dumps(view, separators=(",", ":")) + "\n")
                sys.stdout.flush()
            return failure.DONE
        views: dict[str, dict[str, Any]] = {}
        with Live(Text("waiting for the first count …"), console=Console(), refresh_per_second=8) as live:
            async for view in follow(session, url, channels):
                views[view["contest"]] = view
                live.update(Group(*(picture(one) for one in views.values())))
    return failure.DONE


async def follow(session: aiohttp.ClientSession, url: str, channels: str) -> AsyncIterator[dict[str, Any]]:
    """Every view of the channels, newest state first, for ever: a lost stream is resumed where it stopped."""
    last_id: str | None = None
    while True:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        try:
            async with session.get(
                f"{url}/v1/stream", params={"channels": channels}, headers=headers, raise_for_status=True
            ) as response:
                async for raw in response.content:
                    line = raw.decode().rstrip("\r\n")
                    if line.startswith("id:"):
                        last_id = line[3:].strip()
                    elif line.startswith("data:"):
                        view = json.loads(line[5:])
                        if "totals" in view:
                            yield view
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
            sys.stderr.write("connection lost; trying again\n")
        await asyncio.sleep(RETRY_S)


def picture(view: dict[str, Any]) -> Group:
    """One contest as a table: votes, and what they make certain."""
    units, outstanding = view["units"], view["outstanding"]
    head = Text.assemble(
        (view["name"] or view["contest"], "bold"),
        f"  {units['completed']:,} of {units['total']:,} units",
        (f"  [{view['label']}]", "yellow") if view["label"] else "",
        ("  TEST", "bold red") if view["is_test"] else "",
    )
    table = Table("selection", "votes", "claim", box=None)
    claims: dict[str, list[str]] = {}
    for claim in view["claims"]:
        if claim["status"] == "irreversible" and len(claim["who"]) == 1 and "place" not in claim:
            number = f" {claim['number']:,}" if "number" in claim else ""
            claims.setdefault(claim["who"][0], []).append(f"{claim['claim']}{number} ({claim['grade']})")
    for total in sorted(view["totals"], key=lambda t: -t["votes"]):
        sure = claims.get(total["selection"])
        said = f"irreversible: {', '.join(sure)}" if sure else ""
        table.add_row(total["selection"], f"{total['votes']:,}", Text(said, style="green" if said else ""))
    coming = outstanding["certain"]
    unknown = f"unknown: {outstanding['uncapped']:,} open units have no hard cap"
    tail = Text(
        f"lead {view['lead']:,} · may still come {f'{coming:,}' if coming is not None else unknown}",
        style="dim",
    )
    return Group(head, table, tail, Text(""))

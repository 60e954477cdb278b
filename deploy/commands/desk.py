"""`tally desk`: what a person may do to units, sent to a running service."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer

from deploy import failure
from deploy.failure import ConfigurationFault, Fault


def desk(
    action: Annotated[str, typer.Argument(help="dispute, annul, restore, correct or amend.")],
    units: Annotated[
        list[str] | None, typer.Argument(help="Unit ids; a unit with others under it stands for them.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it is published.")] = "",
    contest: Annotated[str | None, typer.Option(help="Only in this contest. [all]")] = None,
    file: Annotated[
        Path | None, typer.Option(help="correct: a batch; amend: the whole definition as it is to be.")
    ] = None,
    to: Annotated[str, typer.Option(help="The ingest listener.")] = "http://127.0.0.1:8081",
    key: Annotated[str | None, typer.Option(envvar="TALLY_KEY", help="An operator's key.")] = None,
) -> int:
    """Dispute, annul or restore units; correct counts; amend the definition. Every verb needs a reason.

    Prints the service's answer. Exit 1: it was refused; 69: the service is away.
    """
    if not reason.strip():
        raise typer.BadParameter("every desk verb needs --reason; it is published")
    body: dict[str, Any] = {"units": units or [], "contest": contest, "reason": reason}
    if file is not None:
        body["definition" if action == "amend" else "batch"] = _object(file)
    return asyncio.run(_send(f"{to.rstrip('/')}/v1/desk/{action}", body, key))


def _object(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise ConfigurationFault([Fault(str(file), line, f"no JSON: {error}")]) from error


async def _send(url: str, body: dict[str, Any], key: str | None) -> int:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=body, headers=headers) as response,
        ):
            answer = await response.json(content_type=None)
            sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
            return failure.DONE if response.status < 300 else failure.NO
    except aiohttp.ClientConnectionError as error:
        sys.stderr.write(f"tally: {url}: {error}\n")
        return failure.AWAY

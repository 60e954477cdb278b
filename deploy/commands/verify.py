"""`tally verify`: re-computes a certificate, or all claims of a service, from unit rows."""

import asyncio
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit
from urllib.request import url2pathname

import aiohttp
import typer
from rich.console import Console
from rich.progress import Progress

from deploy import failure
from deploy.baking.checked import contest_of, is_copy
from tally import verifier

PAGE = re.compile(r"/(?:observe|contest/[^/]+|embed(?:/[^/]+)?)/?\Z")
"""The pages whose address a reader has at hand; their service is above."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a verification stands on: a certificate, unit rows, and the definition where it could be had."""

    certificate: dict[str, Any]
    rows: list[dict[str, Any]]
    definition: dict[str, Any] | None


def verify(
    source: Annotated[
        str,
        typer.Argument(help="A certificate file, the URL of a service, or a copy of it: URL or directory."),
    ],
    units: Annotated[
        str | None, typer.Option(help="Unit rows: file or URL. [the URL the certificate names]")
    ] = None,
    election: Annotated[
        str | None, typer.Option(help="The definition: file or URL, to check caps and styles too.")
    ] = None,
    claim: Annotated[str | None, typer.Option(help="With a URL: only this claim. [all]")] = None,
) -> int:
    """Re-compute everything a certificate says, from unit rows, with code that decides nothing.

    Exit 0: all of it is true. 1: it is not; the first difference is printed. 69: something is out of reach.
    """
    try:
        return asyncio.run(_verify(_place(source), units, election, claim))
    except aiohttp.ClientResponseError as error:
        sys.stderr.write(
            f"tally: {error.request_info.url} answers {error.status}: is this a tally service?\n"
        )
        return failure.AWAY
    except aiohttp.ClientError as error:
        sys.stderr.write(f"tally: {error}\n")
        return failure.AWAY
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        sys.stderr.write(f"tally: {error}\n")
        return failure.AWAY


def _place(source: str) -> str:
    """A file; or the URL all of a service or copy is under, with its slash. FileNotFoundError: neither."""
    if _is_url(source):
        try:
            parts = urlsplit(source)
        except ValueError as error:
            raise typer.BadParameter(f"{source} is no URL: {error}") from error
        return urlunsplit((parts.scheme, parts.netloc, PAGE.sub("", parts.path).rstrip("/") + "/", "", ""))
    path = Path(source)
    if path.is_dir():
        if not (path / "mirror.json").is_file():
            raise FileNotFoundError(f"{source}: no copy of a service is here (tally bake makes one)")
        return path.resolve().as_uri() + "/"
    if not path.exists():
        raise FileNotFoundError(
            f"{source}: no such file; the address of a service begins with http:// or https://"
        )
    return source


async def _verify(source: str, units: str | None, election: str | None, claim: str | None) -> int:
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        if not _is_url(source):
            certificate = json.loads(await _fetch(session, source))
            rows = await _rows(session, units or _named_rows(certificate))
            definition = json.loads(await _fetch(session, election)) if election else None
            return _judge([Material(certificate, rows, definition)])
        try:
            materials = await _from_service(session, source, units, claim)
        except (KeyError, TypeError) as error:
            raise aiohttp.ClientError(f"{source} answers, but not as a tally service does") from error
        if claim is not None and not materials:
            raise typer.BadParameter(f"no contest there has a claim {claim}; without --claim all are checked")
        worst = _judge(materials)
        many = "1 claim" if len(materials) == 1 else f"{len(materials)} claims"
        how = "true" if worst == failure.DONE else "not all true"
        sys.stderr.write(f"{many} checked: {how}\n" if materials else "nothing is claimed there\n")
        return worst


async def _from_service(
    session: aiohttp.ClientSession, base: str, units: str | None, claim: str | None
) -> list[Material]:
    if await _is_mirror(session, base):
        return await _from_mirror(session, base, units, claim)
    definition = json.loads(await _fetch(session, urljoin(base, "v1/election?form=canonical")))
    listed = json.loads(await _fetch(session, urljoin(base, "v1/contests")))["contests"]
    found = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for contest in progress.track(listed, description="fetching"):
            path = f"v1/contests/{quote(contest['contest'])}"
            view = json.loads(await _fetch(session, urljoin(base, path)))
            seq = view["position"]["seq"]
            rows = await _rows(session, units or urljoin(base, f"{path}/units.ndjson?at={seq}"))
            for one in view["claims"]:
                if claim is None or one["id"] == claim:
                    url = urljoin(base, f"{path}/certificate?claim={quote(one['id'])}&at={seq}")
                    found.append(Material(json.loads(await _fetch(session, url)), rows, definition))
    return found


async def _is_mirror(session: aiohttp.ClientSession, base: str) -> bool:
    if base.startswith("file:"):
        return True
    async with session.get(urljoin(base, "mirror.json"), raise_for_status=False) as response:
        return response.status == 200 and is_copy(await response.read())


async def _from_mirror(
    session: aiohttp.ClientSession, base: str, units: str | None, claim: str | None
) -> list[Material]:
    async def fetch(url: str) -> bytes:
        return await _fetch(session, url)

    definition = json.loads(await fetch(urljoin(base, "v1/election/canonical.json")))
    listed = json.loads(await fetch(urljoin(base, "v1/contests.json")))["contests"]
    found = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for contest in progress.track(listed, description="fetching"):
            body, certificates = await contest_of(fetch, base, contest["contest"], claim)
            rows = _lines(body) if units is None else await _rows(session, units)
            found += [Material(certificate, rows, definition) for certificate in certificates]
    return found


def _judge(materials: list[Material]) -> int:
    worst = failure.DONE
    for material in materials:
        differences = verifier.verify(material.certificate, material.rows, material.definition)
        name = _name(material.certificate)
        if differences:
            worst = failure.NO
            first = differences[0]
            sys.stdout.write(
                f"FALSE {name}: {first.what}: {first.expected!r} expected, {first.found!r} found\n"
            )
            if first.what.startswith("/data/snapshot_sha256"):
                sys.stderr.write(f"these are other rows than it was made of: {_at(material.certificate)}\n")
        else:
            verdict, grade = material.certificate.get("verdict"), material.certificate.get("grade")
            sys.stdout.write(f"true  {name}: {verdict}{f', {grade}' if grade else ''}\n")
    return worst


def _name(certificate: object) -> str:
    """The contest and the claim a certificate says it is about, whatever it is made of."""
    said = certificate if isinstance(certificate, dict) else {}
    claim = said.get("claim")
    return f"{said.get('contest')} {claim.get('id') if isinstance(claim, dict) else claim}"


def _at(certificate: Any) -> str:
    """Which rows a certificate was made of, for a person who has others at hand."""
    data = certificate.get("data") if isinstance(certificate, dict) else None
    rows = data.get("rows") if isinstance(data, dict) else None
    return f"it names {rows}; certificate and rows of one position belong together"


def _named_rows(certificate: Any) -> str:
    data = certificate.get("data") if isinstance(certificate, dict) else None
    url = data.get("rows") if isinstance(data, dict) else None
    if not isinstance(url, str) or not _is_url(url):
        raise typer.BadParameter(
            "the certificate names no rows that can be fetched from here; give --units FILE or URL"
        )
    return url


async def _rows(session: aiohttp.ClientSession, place: str) -> list[dict[str, Any]]:
    return _lines(await _fetch(session, place))


def _lines(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body.splitlines() if line.strip()]


async def _fetch(session: aiohttp.ClientSession, place: str) -> bytes:
    if not place.startswith(("http://", "https://")):
        path = url2pathname(urlsplit(place).path) if place.startswith("file:") else place
        return await asyncio.to_thread(Path(path).read_bytes)
    async with session.get(place) as response:
        return await response.read()


def _is_url(place: str) -> bool:
    return place.startswith(("http://", "https://", "file:"))

"""Reads a copy back: every file must be the very one its index names."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, urljoin

from deploy.baking.places import CONTEST_FORMAT, MIRROR_FORMAT, folder

TRIES_MAX = 5
AGAIN_AFTER_S = 1.0
Fetch = Callable[[str], Awaitable[bytes]]


class CopyTorn(OSError):
    """A copy whose files do not belong together, however often it was looked at."""


def is_copy(body: bytes) -> bool:
    """Whether a `mirror.json` is one of ours."""
    try:
        held = json.loads(body)
    except ValueError:
        return False
    return isinstance(held, dict) and held.get("format") == MIRROR_FORMAT


async def contest_of(
    fetch: Fetch, base: str, contest: str, claim: str | None
) -> tuple[bytes, list[dict[str, Any]]]:
    """(unit rows, certificates) of a contest in a copy. Raises CopyTorn, and what `fetch` raises.

    A copy may be rewritten while it is read: what does not fit is read again, with the index.
    """
    for _ in range(TRIES_MAX):
        index = json.loads(await fetch(urljoin(base, f"{quote(folder(contest))}/index.json")))
        if not isinstance(index, dict) or index.get("format") != CONTEST_FORMAT:
            raise CopyTorn(f"{base}: the index of {contest} is none")
        try:
            rows = await _named(fetch, base, index["units"])
            chosen = [one for name, one in index["certificates"].items() if claim in {None, name}]
            return rows, [json.loads(await _named(fetch, base, one)) for one in chosen]
        except _Other:
            await asyncio.sleep(AGAIN_AFTER_S)
    raise CopyTorn(f"{base}: files of {contest} are not those its index names")


class _Other(Exception):
    """A file that is not the one named."""


async def _named(fetch: Fetch, base: str, named: dict[str, str]) -> bytes:
    body = await fetch(urljoin(base, quote(named["path"].lstrip("/"))))
    if hashlib.sha256(body).hexdigest() != named["sha256"]:
        raise _Other
    return body

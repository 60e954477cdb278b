"""Which file holds what: paths of a copy, and its pages made from the live ones."""

import hashlib
import re

from deploy.guard import HEADERS
from tally.model import IDENTIFIER

MIRROR_FORMAT = "tally-mirror/1"
CONTEST_FORMAT = "tally-mirror-contest/1"
DEFINITION = "v1/election/canonical.json"
TOP, ROOTS = "_top", "_roots"
"""In place of a parent: what a contest's table begins with; units with no parent, where those are others."""
HEAD = '<meta charset="utf-8">'
POLICY = HEADERS["Content-Security-Policy"].replace("frame-ancestors 'none'; ", "")
"""What the service sends, but for what a page cannot say of itself."""
LINKS = {
    "/v1/contests": "/v1/contests.json",
    "/v1/observers": "/v1/observers.json",
    "/v1/election?form=canonical": "/v1/election/canonical.json",
}
"""Addresses written in pages, and the file that answers each."""


def folder(contest: str) -> str:
    """Where the files of a contest are. ValueError: what the service calls a contest is no id."""
    if not IDENTIFIER.match(contest):
        raise ValueError(f"{contest[:80]!r} is no id")
    return f"v1/contests/{contest}"


def claim_file(contest: str, claim: str) -> str:
    """The certificate of a claim: readable, and one of its own whatever the id holds."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", claim)[:80]
    return f"{folder(contest)}/certificates/{plain}-{hashlib.sha256(claim.encode()).hexdigest()[:8]}.json"


def unit_file(contest: str, parent: str, number: int) -> str:
    """A page, from 1, of the units under a parent, or under TOP or ROOTS; ws/static/mirror.js says the same.

    Another file for another id, also where names of files may hold no colon. No two ids differ in case alone.
    """
    plain = parent if parent in {TOP, ROOTS} else re.sub(r"[^A-Za-z0-9-]", _written, parent)
    return f"{folder(contest)}/units/{plain}-{number}.json"


def find_file(contest: str) -> str:
    """What the units of a contest are called."""
    return f"{folder(contest)}/units/_find.json"


def _written(character: re.Match[str]) -> str:
    return f"_{ord(character[0]):02x}"


def page(body: bytes) -> bytes:
    """A live page as a page of the copy: it says so to its scripts, and carries the policy a server would send."""
    text = body.decode()
    assert HEAD in text, "every page declares its encoding so"
    said = (
        f'{HEAD}\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<meta name="tally-mirror">'
    )
    text = text.replace(HEAD, said, 1)
    for address, file in LINKS.items():
        text = text.replace(f'href="{address}"', f'href="{file}"')
    return text.encode()

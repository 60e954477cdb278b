"""Published codes → ids."""

import re

_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9._:-]")


def unit_id(published: str) -> str:
    """A published code as an id: a slash becomes a colon, whatever else an id cannot hold a hyphen."""
    return _NOT_IN_AN_ID.sub("-", published.strip().replace("/", ":"))[:64]

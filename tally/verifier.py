"""Checks a certificate from unit rows alone; imports nothing that decides."""

from typing import Any, NamedTuple


class Difference(NamedTuple):
    """Where a certificate and the rows disagree."""

    what: str
    expected: object
    found: object


def verify(
    certificate: dict[str, Any], rows: list[dict[str, Any]], definition: dict[str, Any] | None
) -> list[Difference]:
    """Every difference found; empty: the certificate is true."""
    del rows, definition
    return [Difference("not checked", None, certificate.get("v"))]

"""Claims as an Atom feed: each turn of a claim an entry that never changes."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

ENTRIES_MAX = 100
"""Entries a feed shows, the newest."""

Event = Mapping[str, Any]


def atom(
    election: Mapping[str, Any],
    epoch: str,
    calls: Iterable[tuple[int, str, list[Event]]],
    address: str,
    updated: str,
) -> bytes:
    """An Atom 1.0 feed (RFC 4287) of claims that turned or were withdrawn, and of corrections.

    `calls`: seq, instant and events, oldest first; `address`: where this service is read; `updated`: the
    instant of the newest record. An entry's id names the journal, the position and the event in it.
    """
    entries = [
        _entry(epoch, seq, number, at, event, address)
        for seq, at, events in calls
        for number, event in enumerate(events)
        if event.get("kind") in _TITLES
    ][-ENTRIES_MAX:][::-1]
    said = f"{election['name'] or election['id']}: claims"
    if election["label"]:
        said += f" ({election['label']})"
    if election["is_test"]:
        said = f"TEST {said}"
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<id>urn:tally:{escape(epoch)}</id><title>{escape(said)}</title><updated>{escape(updated)}</updated>\n"
        f"<author><name>tally</name></author><generator>tally</generator>\n"
        f'<link rel="self" type="application/atom+xml" href={quoteattr(address + "/v1/claims.atom")}/>\n'
        f'<link rel="alternate" type="text/html" href={quoteattr(address + "/")}/>\n'
    )
    return (head + "\n".join(entries) + "\n</feed>\n").encode()


_TITLES = {
    "claim": "{contest}: {claim} is {status}",
    "correction": "{contest}: a count of {unit} went down",
    "withdrawal": "{contest}: the report of {unit} was withdrawn",
    "reopened": "{contest}: {unit} is open again",
    "bound-violated": "{contest}: {unit} has more ballots than its bound",
}


def _entry(epoch: str, seq: int, number: int, at: str, event: Event, address: str) -> str:
    told = {name: value for name, value in event.items() if value not in (None, [], "")}
    title = _TITLES[str(event["kind"])].format_map(_Said(told))
    body = "; ".join(f"{name}: {_plain(value)}" for name, value in told.items() if name != "kind")
    about = f"{address}/v1/contests/{_quoted(event.get('contest', ''))}"
    if event["kind"] == "claim":
        about += f"/certificate?claim={_quoted(event['claim'])}"
    return (
        f"<entry><id>urn:tally:{escape(epoch)}:{seq}:{number}</id><title>{escape(title)}</title>"
        f"<updated>{escape(at)}</updated><category term={quoteattr(str(event['kind']))}/>"
        f'<link rel="related" href={quoteattr(about)}/><content type="text">{escape(body)}</content></entry>'
    )


def _quoted(name: object) -> str:
    return quote(str(name), safe="")


class _Said(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

"""An address to post to: what it wants to hear, and the secrets it knows us by."""

from dataclasses import dataclass, field

GROUPS = {
    "correction": "correction",
    "withdrawal": "correction",
    "reopened": "correction",
    "dispute": "desk",
    "annul": "desk",
    "restore": "desk",
    "amended": "desk",
    "quarantined": "review",
    "bound-violated": "review",
}
"""Kinds of events on the calls channel, by the word in a setting that asks for them; claims go by status."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address. `name` stands in ids, metrics and logs, where the URL, which may hold a secret, never does."""

    name: str
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)  # each signs: two while one takes the place of the other
    events: frozenset[str] = frozenset({"irreversible", "withdrawn", "correction", "threshold"})
    thresholds: frozenset[int] = frozenset({25, 50, 75, 100})  # percent of units finished

    def wants(self, event: dict[str, object]) -> bool:
        """Whether it asked for an event of the calls channel."""
        kind = event["kind"]
        return (event["status"] if kind == "claim" else GROUPS.get(str(kind))) in self.events

"""What a ticker knows of a night: every contest in one line, what happened, how fresh it is."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from deploy.watching import words
from deploy.watching.link import Said, Stands

EVENTS_KEPT = 1_000
"""What happened, the newest."""
Json = dict[str, Any]


@dataclass(slots=True)
class Link:
    """How the connection stands; `heard_at` and `again_at` are the clock's."""

    state: str = "connecting"
    why: str = ""
    tries: int = 0
    again_at: float = 0.0
    heard_at: float = 0.0

    def take(self, stands: Stands, now: float) -> None:
        """Note a turn of the connection."""
        self.state, self.why, self.tries = stands.state, stands.why, stands.tries
        self.again_at = now + stands.again_s
        if stands.state == "live":
            self.heard_at = now

    def words(self, now: float) -> tuple[str, str]:
        """A mark, and how it stands in words."""
        return words.link_words(self.state, self.why, now - self.heard_at, self.again_at - now, self.tries)


@dataclass(slots=True)
class Night:
    """Everything shown of an election. `clock`: seconds, for ages only."""

    clock: Callable[[], float]
    head: Json
    lines: dict[str, Json] = field(default_factory=dict)
    events: deque[tuple[int, str, Json]] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))
    link: Link = field(default_factory=Link)
    definition: str = ""

    @classmethod
    def begun(cls, observers: Json, clock: Callable[[], float]) -> "Night":
        """From the first answer of `/v1/observers`."""
        night = cls(clock, {})
        night.link.heard_at = clock()
        night.take_lines(observers, whole=True)
        return night

    @property
    def election(self) -> str:
        """Its id, of which channels are named."""
        return str(self.head["election"])

    @property
    def seq(self) -> int:
        """The newest record told of."""
        return int(self.head["position"]["seq"])

    def channels(self) -> list[str]:
        """What has to be listened to for the list."""
        return [f"{kind}:{self.election}" for kind in ("election", "calls", "status")]

    def take_lines(self, observers: Json, *, whole: bool) -> None:
        """Contests as `/v1/observers` has them. `whole`: these are all there are."""
        if whole:
            self.lines = {}
        self.head = {name: value for name, value in observers.items() if name != "contests"}
        self.lines |= {line["contest"]: line for line in observers["contests"]}

    def take(self, item: Said | Stands) -> str:
        """Note what the stream said; what that asks for: `lines`, `all`, or nothing."""
        if isinstance(item, Stands):
            self.link.take(item, self.clock())
            return ""
        self.link.take(Stands("live"), self.clock())
        kind = item.channel.partition(":")[0]
        if kind == "recovery":
            self.events.clear()  # the last ones are told anew
            return "all"
        if kind == "calls":
            position = item.value["position"]["seq"]
            if not any(seq == position for seq, _, _ in self.events):  # an event may come again
                self.events.extend((position, item.value["as_of"], event) for event in item.value["events"])
            return ""
        if kind == "election":
            renewed, self.definition = (
                item.value["definition_sha256"] != self.definition,
                item.value["definition_sha256"],
            )
            return "all" if renewed else "lines"
        return ""

    def named(self, contest: str) -> str:
        """A contest as people call it."""
        return words.clean(self.lines.get(contest, {}).get("name") or contest)

    def told(self, contest: str, names: words.Names, most: int) -> list[tuple[str, str]]:
        """What happened in a contest, the newest first."""
        found = []
        for _, at, event in reversed(self.events):
            said = words.event_words(event, names) if words.concerns(event, contest) else None
            if said is not None:
                found.append((at, said))
            if len(found) == most:
                break
        return found

"""The board: every channel's newest frame and kept events, from applied state, in memory."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tally import wire
from tally.calls import CALLS_KEPT
from tally.instant import written
from tally.rows import unit_row
from tally.state import ContestState, State
from tally.view import child_view, contest_view, election_view
from ws.projecting import Projecting
from ws.publication import EVENTS_AFTER_GAP_MAX, ChannelKind, Publication

UNITS_FORMAT = "tally-units/1"
CALLS_FORMAT = "tally-calls/1"
STATUS_FORMAT = "tally-status/1"
PAGE_ROWS_MAX = 1_000


class StateBoard:
    """What can be read now. `state` hands over the applied state; `status` adds what the shell knows.

    Views are built when first asked for at a position, and kept until the position moves. Projections are
    asked for each time: they move by themselves.
    """

    def __init__(
        self,
        epoch: str,
        state: Callable[[], State],
        status: Callable[[], dict[str, Any]],
        projecting: Projecting,
    ) -> None:
        self._epoch = epoch
        self._projecting = projecting
        self._state = state
        self._status = status
        self._built: dict[str, Publication] = {}
        self._calls: dict[int, Publication] = {}

    @property
    def epoch(self) -> str:
        """The name of the journal all offsets count in."""
        return self._epoch

    def kind(self, channel: str) -> ChannelKind | None:
        """The channel's kind; None when there is no such channel."""
        state = self._state()
        name, _, rest = channel.partition(":")
        if name in {"contest", "projection"}:
            kind = ChannelKind.STATE if name == "contest" else ChannelKind.STATUS
            return kind if rest in state.layout.contest_index else None
        if name == "units":
            return ChannelKind.STATE if self._units_of(channel) is not None else None
        if rest != state.layout.definition.election.id:
            return None
        kinds = {"election": ChannelKind.STATE, "calls": ChannelKind.EVENT, "status": ChannelKind.STATUS}
        return kinds.get(name)

    def top(self, channel: str) -> int:
        """The channel's newest offset, 0 before the first. Builds nothing."""
        state = self._state()
        name, _, rest = channel.partition(":")
        if name == "contest":
            return state.contests[state.layout.contest_index[rest]].changed_seq
        if name == "units":
            place = self._units_of(channel)
            return 0 if place is None else state.contests[place[0]].changed_seq
        if name == "calls":
            return state.calls[-1][0] if state.calls else 0
        return state.seq if name == "election" else 0

    def newest(self, channel: str) -> Publication | None:
        """The current whole view of a state or status channel."""
        name, _, rest = channel.partition(":")
        if name == "status":
            return _publication(channel, None, self._status_view())
        if name == "projection":
            state = self._state()
            return self._projecting.publication(state.contests[state.layout.contest_index[rest]])
        if name == "calls":
            return None
        offset = self.top(channel)
        built = self._built.get(channel)
        if built is None or built.offset != offset:
            built = _publication(channel, offset, self._view(channel, name, rest))
            self._built[channel] = built
        return built

    def since(self, channel: str, offset: int) -> tuple[Sequence[Publication], bool]:
        """What the calls channel carried after `offset`, oldest first, and whether that is all of it."""
        state = self._state()
        kept = state.calls
        complete = len(kept) < (kept.maxlen or 0) or not kept or offset >= kept[0][0] - 1
        newer = [e for e in kept if e[0] > offset] if complete else list(kept)[-EVENTS_AFTER_GAP_MAX:]
        return [self._call(channel, *event) for event in newer], complete

    def calls_after(self, offset: int) -> Sequence[Publication]:
        """The calls newer than `offset`, to be published. Cost: O(what is newer)."""
        state = self._state()
        channel = f"calls:{state.layout.definition.election.id}"
        newer = []
        for event in reversed(state.calls):
            if event[0] <= offset:
                break
            newer.append(self._call(channel, *event))
        return newer[::-1]

    def _call(self, channel: str, seq: int, at_ms: int, events: bytes) -> Publication:
        """One record's events as a frame; built once, since every reader who resumes asks again."""
        if (known := self._calls.get(seq)) is not None:
            return known
        if len(self._calls) >= CALLS_KEPT:
            self._calls.clear()
        election = self._state().layout.definition.election
        view = {
            "format": CALLS_FORMAT,
            "election": election.id,
            "label": election.label,
            "is_test": election.is_test,
            "position": {"epoch": self._epoch, "seq": seq},
            "as_of": written(at_ms),
            "events": msgspec.msgpack.decode(events),
        }
        built = self._calls[seq] = _publication(channel, seq, view)
        return built

    def _view(self, channel: str, name: str, rest: str) -> dict[str, Any]:
        state = self._state()
        if name == "contest":
            return contest_view(state, state.layout.contest_index[rest], self._epoch)
        if name == "election":
            return election_view(state, self._epoch)
        place = self._units_of(channel)
        assert place is not None, "kind() is asked before newest()"
        return units_view(state, *place, self._epoch)

    def _status_view(self) -> dict[str, Any]:
        state = self._state()
        election = state.layout.definition.election
        return {
            "format": STATUS_FORMAT,
            "election": election.id,
            "label": election.label,
            "is_test": election.is_test,
            "position": {"epoch": self._epoch, "seq": state.seq},
            "as_of": written(state.at_ms),
            **self._status(),
        }

    def _units_of(self, channel: str) -> tuple[int, str, int] | None:
        """(contest, parent, page from 0) of a `units:` channel; ids may hold colons, so known ids decide."""
        state = self._state()
        rest = channel.removeprefix("units:")
        for contest_id, index in state.layout.contest_index.items():
            if not rest.startswith(f"{contest_id}:"):
                continue
            parent = rest[len(contest_id) + 1 :]
            if parent in state.layout.children:
                return index, parent, 0
            parent, _, page = parent.rpartition(":")
            if parent in state.layout.children and page.isascii() and page.isdigit() and len(page) < 7:
                pages = -(-len(state.layout.children[parent]) // PAGE_ROWS_MAX)
                return (index, parent, int(page)) if int(page) < pages else None
        return None


def units_view(state: State, index: int, parent: str, page: int, epoch: str) -> dict[str, Any]:
    """One page of the units directly under a parent, as `units:` frames carry it."""
    contest = state.contests[index]
    election = state.layout.definition.election
    below = state.layout.children[parent]
    rows = below[page * PAGE_ROWS_MAX : (page + 1) * PAGE_ROWS_MAX]
    return {
        "format": UNITS_FORMAT,
        "election": election.id,
        "label": election.label,
        "is_test": election.is_test,
        "contest": contest.layout.contest.id,
        "parent": parent,
        "page": page,
        "pages": max(1, -(-len(below) // PAGE_ROWS_MAX)),
        "position": {"epoch": epoch, "seq": contest.changed_seq},
        "as_of": written(contest.changed_at_ms),
        "units": [row for unit_id in rows for row in rows_of(state, contest, unit_id, epoch)],
    }


def rows_of(state: State, contest: ContestState, unit_id: str, epoch: str) -> list[dict[str, Any]]:
    """What is shown of one unit: its rows if it reports, else its sums."""
    layout = contest.layout
    unit = layout.unit_index.get(unit_id)
    if unit is None:
        return [child_view(state, contest, unit_id)] if unit_id in layout.node_index else []
    first = unit * layout.types
    return [
        unit_row(state, contest, unit, t, epoch) for t in range(layout.types) if layout.applies[first + t]
    ]


def _publication(channel: str, offset: int | None, view: dict[str, Any]) -> Publication:
    return Publication(channel, offset, wire.to_json(view), wire.to_msgpack(view))

"""What an endpoint is owed after a mark: messages in the journal's order, each with its id."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from tally.history import Passed
from tally.instant import written
from tally.state import State
from ws.webhooks.endpoint import Endpoint
from ws.webhooks.mark import WHOLE_RECORD, Mark

RECORDS_AT_ONCE_MAX = 64


@dataclass(frozen=True, slots=True)
class Message:
    """One POST: its id is the same each time it is sent. `mark`: where the endpoint is once it took it."""

    id: str
    body: bytes
    mark: Mark


@dataclass(frozen=True, slots=True)
class Owed:
    """The messages after a mark, made as they are asked for, and the mark once all of them were taken."""

    messages: Iterator[Message]
    mark: Mark


def owed(state: State, epoch: str, endpoint: Endpoint, mark: Mark) -> Owed:
    """What is owed of the next 64 records at most that gave something to tell. Cost: O(calls kept), small.

    An endpoint whose mark lies in another journal, or before the events that are kept, is told that there is
    a gap, from where to where; what lies in it can be read in the history.
    """
    first = state.calls[0][0] if state.calls else 0
    if mark.epoch != epoch:
        return _gap(state, epoch, endpoint, mark, state.seq)
    if len(state.calls) == state.calls.maxlen and mark.seq < first - 1:
        return _gap(state, epoch, endpoint, mark, first - 1)
    calls: list[tuple[int, int, bytes]] = []
    for call in reversed(state.calls):
        if call[0] < mark.seq:
            break
        calls.append(call)
    calls = calls[::-1][:RECORDS_AT_ONCE_MAX]
    last = calls[-1][0] if len(calls) == RECORDS_AT_ONCE_MAX else state.seq
    passed = state.finished.passed
    passed = passed[bisect_left(passed, mark.seq, key=_seq) :]
    news = _by_record(calls, [one for one in passed if one.seq <= last])
    return Owed(_messages(state, epoch, endpoint, mark, news), Mark(epoch, last))


def _seq(passed: Passed) -> int:
    return passed.seq


def _by_record(
    calls: list[tuple[int, int, bytes]], passed: list[Passed]
) -> list[tuple[int, int, bytes | None, list[Passed]]]:
    found: dict[int, tuple[int, bytes | None, list[Passed]]] = {seq: (at, e, []) for seq, at, e in calls}
    for one in passed:
        found.setdefault(one.seq, (one.at_ms, None, []))[2].append(one)
    return [(seq, *found[seq]) for seq in sorted(found)]


def _messages(
    state: State,
    epoch: str,
    endpoint: Endpoint,
    mark: Mark,
    news: list[tuple[int, int, bytes | None, list[Passed]]],
) -> Iterator[Message]:
    """Numbers count everything a record gave to tell, wanted or not: a changed setting moves no id."""
    for seq, at_ms, packed, passed in news:
        events: list[dict[str, Any]] = msgspec.msgpack.decode(packed) if packed is not None else []
        wanted = [endpoint.wants(event) for event in events]
        for one in passed:
            percents = range(one.before + 1, one.percent + 1)
            events += [_counted(state, one, percent) for percent in percents]
            asked = endpoint.thresholds if "threshold" in endpoint.events else frozenset()
            wanted += [percent in asked for percent in percents]
        for index, event in enumerate(events):
            if wanted[index] and (seq, index) > (mark.seq, mark.index):
                yield _message(state, epoch, endpoint, (seq, index), at_ms, event)


def _counted(state: State, passed: Passed, percent: int) -> dict[str, Any]:
    contest = state.layout.contests[passed.contest].contest.id
    return {
        "kind": "threshold", "contest": contest, "percent": percent, "finished": passed.finished,
        "units": passed.units,
    }  # fmt: skip


def _message(
    state: State, epoch: str, endpoint: Endpoint, place: tuple[int, int], at_ms: int, event: dict[str, Any]
) -> Message:
    seq, index = place
    election = state.layout.definition.election
    kind = f"claim.{event['status']}" if event["kind"] == "claim" else event["kind"]
    body = {
        "type": kind,
        "timestamp": written(at_ms),
        "data": {
            "election": election.id,
            "label": election.label,
            "is_test": election.is_test,
            "position": {"epoch": epoch, "seq": seq},
            "event": event,
        },
    }
    name = "gap" if index == WHOLE_RECORD else str(index)
    return Message(
        f"{endpoint.name}_{epoch}_{seq}_{name}", msgspec.json.encode(body), Mark(epoch, seq, index)
    )


def _gap(state: State, epoch: str, endpoint: Endpoint, mark: Mark, until: int) -> Owed:
    event = {
        "kind": "gap",
        "after": {"epoch": mark.epoch, "seq": mark.seq},
        "until": {"epoch": epoch, "seq": until},
    }
    told = _message(state, epoch, endpoint, (until, WHOLE_RECORD), state.at_ms, event)
    return Owed(iter([told]), told.mark)

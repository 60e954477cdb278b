"""A night counted in this process, by the core alone: step, apply, and nothing refused."""

from collections.abc import Iterable, Iterator

from ingest.replay import Night, TimedBatch
from tally import engine
from tally.events import Record
from tally.state import State

AT_MS = 1_365_984_000_000


def opened(night: Night) -> State:
    return engine.open_state(engine.define(night.definition, AT_MS))


def count(state: State, events: Iterable[TimedBatch]) -> Iterator[Record]:
    """Each event's record, once it is in the state; an event that is refused or a repeat is a failure."""
    for event in events:
        at_ms = max(state.at_ms, event.at_ms or AT_MS)
        step = engine.step(state, event.command, at_ms)
        assert not step.refusals, step.refusals[:3]
        assert step.record is not None, event
        engine.apply(state, step.record, step.effects)
        yield step.record


def counted(night: Night) -> tuple[State, list[Record]]:
    state = opened(night)
    return state, list(count(state, night.events))

"""What the core costs in this process, in CPU time: a report, a decision, a view, a certificate, a restart."""

import gc
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

from ingest.night.night import Night
from tally import certificate, decide, engine, events, freeze, wire
from tally.state import State
from tally.view import contest_view
from tests.bench.nights import rebatched, reports_of

AT_MS = 1_700_000_000_000


@dataclass(frozen=True)
class Inside:
    """CPU seconds of each thing at one number of units."""

    units: int
    report: float  # step, encode, apply; per report
    report_of_50: float  # the same in batches of 50
    decide: float  # every claim of the contest, once
    view: float  # one contest view, as JSON
    certificate: float  # one certificate at a new position: the hash of every row
    certificate_again: float  # at a position already hashed
    freeze: float  # one snapshot's bytes
    thaw: float
    replay: float  # a journal record decoded and applied again; per record


def cpu(act: Callable[[], object], times: int = 1) -> float:
    """CPU seconds of one call; the least of `times`. Nothing is collected meanwhile, as in the service."""
    best = float("inf")
    gc.collect()
    gc.disable()
    for _ in range(times):
        started = time.process_time()
        act()
        best = min(best, time.process_time() - started)
    gc.enable()
    return best


def counted(night: Night, per_batch: int) -> tuple[State, float, list[bytes]]:
    """The state after the whole night, CPU seconds a report, and its journal."""
    first = engine.define(night.definition, AT_MS)
    state = engine.open_state(first)
    reports = reports_of(night)
    commands = [event.command for event in rebatched(night.definition, reports, per_batch)]
    journal = [events.encode(first)]
    gc.collect()
    gc.freeze()  # as the service does once it listens
    started = time.process_time()
    for command in commands:
        step = engine.step(state, command, AT_MS)
        assert step.record is not None, step.refusals
        journal.append(events.encode(step.record))
        state = engine.apply(state, step.record, step.effects)
    taken = time.process_time() - started
    gc.unfreeze()
    return state, taken / len(reports), journal


def measure(night: Night, per_batch: int = 1, times: int = 5) -> Inside:
    """Every figure at the size of this night."""
    state, report, journal = counted(night, per_batch)
    contest = state.contests[0]
    layout = contest.layout
    claim = f"elected:{layout.contest.selections[0].id}"

    def certify() -> None:
        assert certificate.certify(state, contest, claim, "epoch") is not None

    def certify_anew() -> None:
        certificate._snapshots.pop(contest, None)
        certify()

    in_fifties = counted(night, 50)[1]
    body = freeze.freeze(state)
    return Inside(
        units=len(layout.units),
        report=report,
        report_of_50=in_fifties,
        decide=cpu(lambda: decide.decisions(layout, contest.sums), times),
        view=cpu(lambda: wire.to_json(contest_view(state, 0, "epoch")), times),
        certificate=cpu(certify_anew, min(times, 3)),
        certificate_again=cpu(certify, times),
        freeze=cpu(lambda: freeze.freeze(state), min(times, 3)),
        thaw=cpu(lambda: freeze.thaw(body), min(times, 3)),
        replay=cpu(lambda: replayed(journal)) / len(journal),
    )


def replayed(journal: list[bytes]) -> State:
    """The state a journal makes, as a restart makes it."""
    state: State | None = None
    for payload in journal:
        state = engine.decode_and_apply(state, payload)
    assert state is not None
    return state


def state_bytes(night: Night) -> int:
    """Memory the state of a whole night takes, its layout and history included."""
    payloads = counted(night, 50)[2]
    gc.collect()
    tracemalloc.start()
    state = replayed(payloads)
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert state.seq == len(payloads)
    return taken

"""Laws on whole nights: order, splitting and repeating of batches change nothing that was counted."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from ingest.night.night import TimedReport, batched
from ingest.replay import Night, load, ordered
from tally import engine
from tally.state import State
from tests.data.counting import AT_MS, counted
from tests.data.where import published

NIGHTS = ["demo", "venezuela_2013", "us_nc_2020_timeseries", "bolivia_2020"]


def facts(state: State) -> list:
    """What was counted and decided, without the road that led there."""
    found = []
    for contest in state.contests:
        columns = (contest.counts, contest.numbers, contest.progress, contest.standing, contest.nodes)
        found += [np.asarray(column).tobytes() for column in columns]
        sums = contest.sums
        found += [sums.votes, sums.votes_disputed, sums.ballots, sums.unbounded, sums.open_cells]
        found += [sorted(contest.unreconciled), sorted(contest.held)]
        found.append({name: (c.status, c.grade, c.assumptions) for name, c in contest.claims.items()})
    return found


def corrections(state: State) -> list:
    return sorted(
        (c.kind, c.row, c.reason, c.before, c.after)
        for contest in state.contests
        for c in contest.history.corrections
    )


@pytest.mark.parametrize("name", NIGHTS)
def test_order_and_splitting_do_not_matter(name):
    night = load("demo" if name == "demo" else published(name), reports_per_batch=1_000)
    state, _ = counted(night)
    whole, corrected = facts(state), corrections(state)
    assert any(any(np.asarray(contest.counts).ravel()) for contest in state.contests)
    for size, order in ((1_000, "random:1"), (7, "random:2"), (1, "file")):
        other, _ = counted(recut(ordered(night, order), size))
        assert facts(other) == whole, (size, order)
        if size < 1_000:  # in one large batch two revisions of a row meet, and only the last is seen
            assert corrections(other) == corrected, (size, order)


def recut(night: Night, size: int) -> Night:
    reports = (TimedReport(event.at_ms, r) for event in night.events for r in event.command.reports)
    return replace(night, events=batched(night.definition, reports, size))


def test_sending_everything_again_counts_nothing_again():
    night = load("demo", reports_per_batch=500)
    state, _ = counted(night)
    seq, whole = state.seq, facts(state)
    for number, event in enumerate(night.events):
        assert engine.step(state, event.command, AT_MS).answer.duplicate
        renamed = msgspec.structs.replace(event.command, batch_id=f"again-{number}", source="another")
        step = engine.step(state, renamed, AT_MS)
        assert step.record is None
        codes = {refusal.code for refusal in step.refusals}
        assert codes <= {"stale-report"}  # a first revision alone, whose correction is already in
    assert state.seq == seq
    assert facts(state) == whole


def test_a_decrease_without_its_reason_is_refused_whole():
    """The same correction, robbed of its reason, takes its batch down with it."""
    night = load("demo", reports_per_batch=500)
    state = engine.open_state(engine.define(night.definition, AT_MS))
    refused = []
    for event in night.events:
        reports = tuple(msgspec.structs.replace(report, reason=None) for report in event.command.reports)
        command = msgspec.structs.replace(event.command, reports=reports)
        step = engine.step(state, command, AT_MS)
        refused += [(refusal.code, len(reports)) for refusal in step.refusals]
        if step.record is not None:
            engine.apply(state, step.record, step.effects)
    assert [code for code, _ in refused] == ["total-decreased"]
    done = int((np.asarray(state.contests[0].progress) == 2).sum())
    with_its_reason, _ = counted(night)
    missing = int((np.asarray(with_its_reason.contests[0].progress) == 2).sum()) - done
    assert missing == refused[0][1] - 1  # the table to be corrected keeps its first report

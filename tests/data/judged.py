"""Nights of every rule counted in this process, judged aside where their rule is, every certificate checked."""

import json
import os
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from ingest.replay import Night
from tally import aside, certificate, decide, engine, verifier
from tally.events import Record
from tally.model import canonical
from tally.rows import canonical_lines
from tally.state import ContestState, State
from tests.data.counting import AT_MS, opened


class Turn(NamedTuple):
    """A claim that turned: where, and how much was counted."""

    seq: int
    contest: str
    claim: str
    status: str
    grade: str | None
    assumptions: tuple[str, ...]


def judged(
    night: Night,
    every: int,
    look: Callable[[State], None] = lambda _state: None,
    look_every: int | None = None,
    after: Callable[[State], None] = lambda _state: None,
) -> tuple[State, list[Turn]]:
    """Count a night; every so many records judge what is judged aside, and (as often, or less) look."""
    state, turns = opened(night), list[Turn]()
    for number, event in enumerate(night.events, 1):
        step = engine.step(state, event.command, max(state.at_ms, event.at_ms or AT_MS))
        assert not step.refusals, step.refusals[:3]
        if step.unsettled:
            step = engine.settled(state, step, [aside.judge(one) for one in engine.questions(state, step)])
        assert step.record is not None, event
        engine.apply(state, step.record, step.effects)
        turns += _turned(state, step.record)
        after(state)
        if number % every == 0 or number == len(night.events):
            for record in judge(state):
                turns += _turned(state, record)
        if number % (look_every or every) == 0 or number == len(night.events):
            look(state)
    return state, turns


def judge(state: State) -> Iterator[Record]:
    """Judge every contest that is judged aside, and enter what is new."""
    for contest in state.contests:
        if contest.layout.aside:
            answer = aside.judge(aside.question_of(contest, state.seq))
            step = engine.step(state, answer, state.at_ms)
            if step.record is not None:
                engine.apply(state, step.record, step.effects)
                yield step.record


def _turned(state: State, record: Record) -> list[Turn]:
    return [
        Turn(
            record.seq, state.layout.contests[c.contest].contest.id, c.claim, c.status, c.grade, c.assumptions
        )
        for c in record.claims
    ]


ALL = os.environ.get("TALLY_NIGHTLY") == "1"
PICKED = 4  # certificates looked at of one contest at one moment; all of them in the nightly form


def check_certificates(state: State, contest: ContestState) -> int:
    """Verify certificates of a contest's claims; how many carried a proof or a witness."""
    rows = [json.loads(line) for line in canonical_lines(contest)]
    definition = json.loads(canonical(state.layout.definition))
    found = decide.decisions(contest.layout, contest.sums)
    picked = found if ALL else random.Random(state.seq).sample(found, min(PICKED, len(found)))
    checked = 0
    for decision in picked:
        made = json.loads(json.dumps(certificate.certify(state, contest, decision.id, "1")))
        if made["exact"]:
            differences = verifier.verify(made, rows, definition)
            assert not differences, (decision.id, differences[:3])
            checked += 1
        else:
            assert made["verdict"] == "open", decision.id
    return checked


def with_rule(night: Night, rule: dict, districts: str) -> Night:
    """The same reports under another rule, its districts the units of a type."""
    contests = tuple(
        msgspec.structs.replace(contest, rule=rule, districts=districts)
        for contest in night.definition.contests
    )
    definition = msgspec.structs.replace(night.definition, contests=contests)
    return Night(night.name, definition, night.events, night.reports_per_batch)

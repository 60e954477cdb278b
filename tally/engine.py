"""step(ledger, command) → Step, the one door; apply, the one way in for durable records."""

import hashlib
from collections.abc import Sequence

import msgspec

from tally import aside, clones, decide, events
from tally.admit import Admitted, admit
from tally.amend import amended_definition, migrated
from tally.aside import Answer as Judged
from tally.aside import Question
from tally.checks import faults
from tally.desk import judge_desk
from tally.effects import ContestEffect, effects_of
from tally.events import Amended, BatchCounted, BoundViolated, Cause, ClaimChanged, Defined, Evaluated, Record
from tally.expansion import expands
from tally.layout import compile_definition
from tally.ledger import Ledger
from tally.model import Definition, canonical
from tally.refusal import Refusal
from tally.report import CountBatch, DeskCommand
from tally.state import State


class Answer(msgspec.Struct, frozen=True):
    """What the sender is told once the record is durable. `seq` is None where nothing was written."""

    seq: int | None
    accepted: int = 0
    duplicates: int = 0
    stale: int = 0
    quarantined: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    duplicate: bool = False


class Step(msgspec.Struct, frozen=True):
    """A command decided: a record to make durable and its effects, or refusals, or neither (a repeat).

    `unsettled`: contests judged beside the count to which it adds something possible though claims stand in
    them. They have to be judged anew, and the step to be `settled`, before the record may be made durable.
    """

    record: Record | None = None
    effects: tuple[ContestEffect, ...] = ()
    answer: Answer = Answer(None)
    refusals: tuple[Refusal, ...] = ()
    unsettled: tuple[int, ...] = ()
    batch_digests: tuple[str, str] | None = None


def define(definition: Definition, at_ms: int) -> Record:
    """Record 1 of a journal, with what is certain before any vote: an uncontested seat.

    AssertionError: the definition has faults; ask `checks.faults` first.
    """
    assert not faults(definition), "a definition with faults must not reach the journal"
    data = canonical(definition)
    cause = Defined(data, hashlib.sha256(data).hexdigest())
    return Record(1, at_ms, cause, _all_claims(State(compile_definition(definition, cause.sha256))))


def open_state(record: Record) -> State:
    """The state after record 1."""
    assert isinstance(record.cause, Defined), "record 1 defines the election"
    definition = msgspec.json.decode(record.cause.definition, type=Definition)
    state = State(compile_definition(definition, record.cause.sha256))
    state.stamp(record.seq, record.at_ms)
    for contest in state.contests:
        contest.changed_seq, contest.changed_at_ms = record.seq, record.at_ms
    state.turn(record.claims, record.seq, record.at_ms)
    state.call(record, [])
    return state


def _all_claims(state: State) -> tuple[ClaimChanged, ...]:
    """What looking at every contest anew changes."""
    return tuple(
        change
        for layout, contest in zip(state.layout.contests, state.contests, strict=True)
        for change in decide.changes(layout, contest.sums, contest.claims)
    )


def step(ledger: Ledger, command: CountBatch | DeskCommand | Judged, at_ms: int) -> Step:
    """Decide a command against the ledger, mutating nothing. Cost: O(reports) plus one decision a contest."""
    if isinstance(command, CountBatch):
        return _step_batch(ledger, command, at_ms, operator=None)
    if isinstance(command, Judged):
        return _step_judged(ledger, command, at_ms)
    if command.action == "correct" and command.batch is not None:
        return _step_batch(
            ledger, _with_reason(command.batch, command.reason), at_ms, operator=command.operator
        )
    if command.action == "amend":
        return _step_amend(ledger, command, at_ms)
    cause = judge_desk(ledger, command)
    if isinstance(cause, Refusal):
        return Step(refusals=(cause,))
    return _step_cause(ledger, cause, at_ms, Answer(ledger.seq + 1, accepted=len(cause.units)))


def _step_batch(ledger: Ledger, batch: CountBatch, at_ms: int, operator: str | None) -> Step:
    digest = batch_digest(batch)
    refusal = _wrong_batch(ledger, batch, at_ms)
    if refusal is not None:
        return Step(refusals=(refusal,))
    known = ledger.batch(batch.batch_id)
    if known is not None:
        if known.digest == digest:
            return Step(answer=Answer(known.seq, duplicates=len(batch.reports), duplicate=True))
        why = f"batch {batch.batch_id} is already known with other content (at seq {known.seq})"
        return Step(
            refusals=(Refusal("batch-conflict", "/batch_id", why),),
            batch_digests=(known.digest.hex(), digest.hex()),
        )
    verdict = admit(ledger, batch)
    if verdict.refusals:
        return Step(refusals=tuple(verdict.refusals))
    if not verdict.rows:
        return Step(answer=_repeated(ledger, verdict))
    rows = clones.held(verdict.rows, ledger.runs)
    cause = BatchCounted(
        batch.batch_id, batch.source, digest, tuple(rows), verdict.duplicates, verdict.stale,
        batch.created, operator,
    )  # fmt: skip
    held = [row for row in rows if row.held_by]
    answer = Answer(
        ledger.seq + 1,
        len(rows) - len(held),
        verdict.duplicates,
        verdict.stale,
        tuple(dict.fromkeys(row.unit for row in held)),
        tuple(dict.fromkeys(row.held_by for row in held if row.held_by)),
    )
    return _step_cause(ledger, cause, at_ms, answer)


def _step_cause(ledger: Ledger, cause: Cause, at_ms: int, answer: Answer) -> Step:
    effects = effects_of(ledger, cause)
    record = Record(ledger.seq + 1, at_ms, cause, _claims(ledger, effects), _violations(effects))
    unsettled = _mark_expansions(ledger, effects)
    return Step(record=record, effects=tuple(effects), answer=answer, unsettled=unsettled)


def _mark_expansions(ledger: Ledger, effects: list[ContestEffect]) -> tuple[int, ...]:
    """Note which effects add to what is possible; the contests beside the count whose claims that questions."""
    unsettled = []
    for effect in effects:
        if ledger.layout.contests[effect.contest].aside:
            effect.expands = expands(ledger, effect)
            standing = any(claim.status == "irreversible" for claim in ledger.claims(effect.contest).values())
            if effect.expands and standing:
                unsettled.append(effect.contest)
    return tuple(unsettled)


def _step_judged(ledger: Ledger, judged: Judged, at_ms: int) -> Step:
    """Enter what was judged beside the count, if it says something new and nothing has overtaken it."""
    cause = aside.evaluated(ledger, judged)
    if cause is None:
        return Step(answer=Answer(None))
    record = Record(ledger.seq + 1, at_ms, cause, _claims_of(ledger, cause))
    return Step(record=record, answer=Answer(ledger.seq + 1, accepted=1))


def _claims_of(ledger: Ledger, cause: Evaluated) -> tuple[ClaimChanged, ...]:
    layout = ledger.layout.contests[cause.contest]
    return decide.turned_by(layout, aside.grounds_of(cause.claims), ledger.claims(cause.contest))


def questions(state: State, step: Step) -> list[Question]:
    """What an unsettled step asks: its contests as its record would leave them. The state stays as it is."""
    assert step.record is not None, "only a record leaves contests unsettled"
    if isinstance(step.record.cause, Amended):
        definition = msgspec.json.decode(step.record.cause.definition, type=Definition)
        after = migrated(state, compile_definition(definition, step.record.cause.sha256)).contests
        return [aside.question_of(after[contest], step.record.seq) for contest in step.unsettled]
    asked = []
    for effect in step.effects:
        if effect.contest in step.unsettled:
            twin = state.contests[effect.contest].still()
            twin.install(effect, -1)
            asked.append(aside.question_of(twin, step.record.seq))
    return asked


def settled(ledger: Ledger, step: Step, answers: Sequence[Judged]) -> Step:
    """The step with its unsettled contests judged as its record leaves them."""
    assert step.record is not None, "only a record leaves contests unsettled"
    causes = tuple(Evaluated(one.contest, step.record.seq, one.claims) for one in answers)
    claims = [change for cause in causes for change in _claims_of(ledger, cause)]
    record = msgspec.structs.replace(step.record, claims=(*step.record.claims, *claims), evaluated=causes)
    return msgspec.structs.replace(step, record=record, unsettled=())


def _step_amend(ledger: Ledger, command: DeskCommand, at_ms: int) -> Step:
    """Amend the definition. The ledger must be durable state: an amendment is alone in its commit group."""
    assert isinstance(ledger, State), "an amendment is alone in its commit group"
    definition = amended_definition(ledger.layout.definition, command)
    if not isinstance(definition, Definition):
        return Step(refusals=tuple(definition))
    data = canonical(definition)
    cause = Amended(data, hashlib.sha256(data).hexdigest(), command.reason, command.operator)
    after = migrated(ledger, compile_definition(definition, cause.sha256))
    claims = _all_claims(after)
    return Step(
        record=Record(ledger.seq + 1, at_ms, cause, claims),
        answer=Answer(ledger.seq + 1, accepted=1),
        unsettled=tuple(one.index for one in after.layout.contests if one.aside),
    )


def apply(state: State, record: Record, effects: tuple[ContestEffect, ...] | None = None) -> State:
    """Enter a durable record; the state to go on with (an amendment makes a new one).

    `effects` spares working them out again when `step` just did. Recovery and followers pass none:
    the same arithmetic runs, and must decide the very claims the record holds.
    """
    assert record.seq == state.seq + 1, f"record {record.seq} after {state.seq}"
    if isinstance(record.cause, Amended):
        definition = msgspec.json.decode(record.cause.definition, type=Definition)
        after = migrated(state, compile_definition(definition, record.cause.sha256))
        after.install_amendment(record, previous_sha256=state.layout.sha256)
        return after
    if effects is None:
        effects = tuple(effects_of(state, record.cause))
        _mark_expansions(state, list(effects))
        claims = _claims(state, list(effects))
        for cause in (*((record.cause,) if isinstance(record.cause, Evaluated) else ()), *record.evaluated):
            claims += _claims_of(state, cause)
        assert claims == record.claims, (
            f"record {record.seq} decides {claims}, its journal says {record.claims}"
        )
    state.install(record, list(effects))
    return state


def decode_and_apply(state: State | None, payload: bytes) -> State:
    """Recovery's one move: a journal payload onto the state so far (None before record 1)."""
    record = events.decode(payload)
    return open_state(record) if state is None else apply(state, record)


def _claims(ledger: Ledger, effects: list[ContestEffect]) -> tuple[ClaimChanged, ...]:
    changes: list[ClaimChanged] = []
    for effect in effects:
        layout = ledger.layout.contests[effect.contest]
        changes += decide.changes(layout, effect.sums, ledger.claims(effect.contest))
    return tuple(changes)


def _violations(effects: list[ContestEffect]) -> tuple[BoundViolated, ...]:
    return tuple(violation for effect in effects for violation in effect.violations)


def _repeated(ledger: Ledger, verdict: Admitted) -> Answer:
    """Nothing new in the batch: the position at which its content first entered."""
    seq = None
    if verdict.original_row is not None:
        seq = ledger.seq_of_row(*verdict.original_row)
    return Answer(seq, duplicates=verdict.duplicates, stale=verdict.stale, duplicate=True)


def _wrong_batch(ledger: Ledger, batch: CountBatch, at_ms: int) -> Refusal | None:
    election = ledger.layout.definition.election
    if batch.election != election.id:
        return Refusal("unknown-election", "/election", f"this service counts {election.id}")
    if batch.is_test != election.is_test:
        phase = "a test" if election.is_test else "live"
        return Refusal("wrong-phase", "/is_test", f"this election is {phase}; the batch says otherwise")
    if batch.definition_sha256 is not None and not ledger.accepts_definition(batch.definition_sha256, at_ms):
        return Refusal(
            "definition-mismatch", "/definition_sha256", f"the definition in force is {ledger.layout.sha256}"
        )
    return None


def _with_reason(batch: CountBatch, reason: str) -> CountBatch:
    """A desk correction's batch: the desk's reason stands for every report that gives none."""
    reports = tuple(
        report if report.reason else msgspec.structs.replace(report, reason=reason)
        for report in batch.reports
    )
    return msgspec.structs.replace(batch, reports=reports)


def batch_digest(batch: CountBatch) -> bytes:
    """SHA-256 of what a batch says, whatever its encoding; the time of its making is not part of it."""
    said = (batch.election, batch.batch_id, batch.source, batch.is_test, batch.reports)
    return hashlib.sha256(msgspec.msgpack.encode(said)).digest()

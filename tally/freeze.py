"""The state ↔ bytes for snapshots, and the digest that says two states are the same."""

import hashlib
from typing import Any

import msgspec
import numpy as np

from tally.completions import Ranked
from tally.events import ANNULLED, DISPUTED, ClaimShown, RowCounted
from tally.history import ClaimTurn, Correction, History, Passed
from tally.in_box import names_somebody
from tally.layout import compile_definition
from tally.ledger import ClaimState, KnownBatch
from tally.model import Definition, canonical
from tally.outstanding import Sums, fresh_sums
from tally.state import ContestState, State

SNAPSHOT_VERSION = 4
_CLOSED = -2
"""How a closed cell is written in the table of outstanding ballots."""


class _Contest(msgspec.Struct):
    arrays: dict[str, bytes]
    held: list[tuple[int, RowCounted]]
    unreconciled: list[int]
    claims: dict[str, ClaimState]
    changed: tuple[int, int]
    points: bytes
    corrections: list[Correction]
    turns: list[ClaimTurn]
    violations: int
    tainted: list[str]
    rankings: list[tuple[int, tuple[Ranked, ...]]]
    shown: tuple[ClaimShown, ...]
    shown_seq: int
    expanded_seq: int


class OtherVersion(ValueError):
    """A snapshot another release wrote: its journal says the same, and takes longer to read."""


class _Head(msgspec.Struct):
    version: int


class _Snapshot(msgspec.Struct):
    version: int
    definition: bytes
    sha256: str
    seq: int
    at_ms: int
    previous_definition: tuple[str, int] | None
    batches: list[KnownBatch]
    times: bytes
    calls: list[tuple[int, int, bytes]]
    passed: list[Passed]
    runs: bytes
    contests: list[_Contest]


_head = msgspec.msgpack.Decoder(_Head)
_decoder = msgspec.msgpack.Decoder(_Snapshot)
_COLUMNS = ("counts", "numbers", "declared", "progress", "batch_of_row", "standing", "nodes")


def freeze(state: State) -> bytes:
    """The whole state as bytes. Cost: one copy of its columns."""
    return msgspec.msgpack.encode(
        _Snapshot(
            SNAPSHOT_VERSION,
            canonical(state.layout.definition),
            state.layout.sha256,
            state.seq,
            state.at_ms,
            state.previous_definition,
            state.batches,
            state.times.tobytes(),
            list(state.calls),
            state.finished.passed,
            b"".join(content + units for content, units in state.runs.items()),
            [_freeze_contest(contest) for contest in state.contests],
        )
    )


def thaw(data: bytes) -> State:
    """The state in bytes that `freeze` made. OtherVersion: another release's; DecodeError: not a snapshot."""
    version = _head.decode(data).version
    if version != SNAPSHOT_VERSION:
        raise OtherVersion(f"snapshot version {version} is not ours; this release reads {SNAPSHOT_VERSION}")
    snapshot = _decoder.decode(data)
    definition = msgspec.json.decode(snapshot.definition, type=Definition)
    state = State(compile_definition(definition, snapshot.sha256))
    state.seq, state.at_ms = snapshot.seq, snapshot.at_ms
    state.previous_definition = snapshot.previous_definition
    state.times.extend(np.frombuffer(snapshot.times, dtype=np.int64).tolist())
    state.calls.extend(snapshot.calls)
    state.finished.restore(snapshot.passed)
    runs = snapshot.runs
    state.runs = {runs[at : at + 8]: runs[at + 8 : at + 16] for at in range(0, len(runs), 16)}
    for batch in snapshot.batches:
        state.know(batch)
    for contest, frozen in zip(state.contests, snapshot.contests, strict=True):
        _thaw_contest(contest, frozen)
    return state


def _freeze_contest(contest: ContestState) -> _Contest:
    variants = len(contest.layout.variants)
    closed, none_known = (_CLOSED,) * (2 * variants), (0,) * variants
    outstanding = np.array(
        [((*cell, *none_known) if cell else closed)[: 2 * variants] for cell in contest.outstanding],
        dtype=np.int64,
    ).reshape(-1, 2 * variants)
    arrays = {name: np.ascontiguousarray(getattr(contest, name)).tobytes() for name in _COLUMNS}
    return _Contest(
        arrays | {"outstanding": outstanding.tobytes()},
        sorted(contest.held.items()),
        sorted(contest.unreconciled),
        contest.claims,
        (contest.changed_seq, contest.changed_at_ms),
        contest.history.points.tobytes(),
        contest.history.corrections,
        contest.history.turns,
        contest.history.violations,
        sorted(contest.sums.tainted),
        sorted(contest.rankings.items()),
        contest.shown,
        contest.shown_seq,
        contest.expanded_seq,
    )


def _thaw_contest(contest: ContestState, frozen: _Contest) -> None:
    for name in _COLUMNS:
        column = getattr(contest, name)
        column[...] = np.frombuffer(frozen.arrays[name], dtype=column.dtype).reshape(column.shape)
    if contest.swing is not None:
        contest.swing.recount(contest.counts, contest.progress, contest.standing)
    layout = contest.layout
    contest.held = dict(frozen.held)
    contest.rankings = dict(frozen.rankings)
    contest.shown, contest.shown_seq = frozen.shown, frozen.shown_seq
    contest.expanded_seq = frozen.expanded_seq
    contest.unreconciled = set(frozen.unreconciled)
    contest.claims = frozen.claims
    contest.changed_seq, contest.changed_at_ms = frozen.changed
    contest.history = History(layout.selections, layout.readings)
    contest.history.points = (
        np.frombuffer(frozen.points, dtype=np.int64).reshape(-1, contest.history.columns).copy()
    )
    contest.history.violations = frozen.violations
    contest.history.corrections, contest.history.turns = frozen.corrections, frozen.turns
    variants = len(layout.variants)
    table = np.frombuffer(frozen.arrays["outstanding"], dtype=np.int64).reshape(-1, 2 * variants)
    contest.outstanding = [
        () if cell[0] == _CLOSED else tuple(cell if any(cell[variants:]) else cell[:variants])
        for cell in table.tolist()
    ]
    contest.sums = _resum(contest, frozenset(frozen.tainted))


def _resum(contest: ContestState, tainted: frozenset[str]) -> Sums:
    """The sums that follow from the columns. Cost: O(cells), vectorised but for pools."""
    layout, m = contest.layout, contest.layout.selections
    sums = fresh_sums(layout)
    sums.tainted = tainted
    sums.votes = contest.nodes[0, :m].tolist()
    sums.ballots_cast = int(contest.nodes[0, m])
    by_unit = contest.counts.reshape(len(layout.units), layout.types, m).sum(axis=1)
    sums.votes_disputed = by_unit[contest.standing == DISPUTED].sum(axis=0).tolist()
    standing = contest.standing != ANNULLED
    district_of = np.array(layout.district_of, dtype=np.int64)
    for index in range(len(layout.districts)):
        sums.districts[index] = by_unit[standing & (district_of == index)].sum(axis=0).tolist()
    for row, rankings in contest.rankings.items():
        unit = row // layout.types
        if standing[unit]:
            sums.rank(rankings, 1, disputed=contest.standing[unit] == DISPUTED)
    for group, cell in zip(layout.cells.group, contest.outstanding, strict=True):
        sums.add_cell(group, cell, 1)
    if names_somebody(layout):
        speaking = contest.counts.sum(axis=1)
        silent = np.maximum(contest.numbers[:, 2], contest.numbers[:, 1] - speaking)
        sums.silent = int(silent.reshape(-1, layout.types)[standing].sum())
    for unit, pools in layout.pools_of_unit.items():
        cast = int(contest.numbers[unit * layout.types : (unit + 1) * layout.types, 1].sum())
        for pool in pools:
            sums.pool_cast[pool] += cast
    return sums


def digest(state: State) -> str:
    """SHA-256 over counts, unit states and claims: equal for equal states, whatever road led there."""
    whole = hashlib.sha256()
    whole.update(f"tally-state/1 {state.seq} {state.layout.sha256}\n".encode())
    for contest in state.contests:
        for name in ("counts", "numbers", "declared", "progress", "standing", "nodes"):
            column: Any = getattr(contest, name)
            whole.update(name.encode() + np.ascontiguousarray(column.astype("<i8")).tobytes())
        facts = (
            sorted(contest.held.items()),
            sorted(contest.unreconciled),
            sorted(contest.claims.items()),
            contest.changed_seq,
            contest.sums.votes,
            contest.sums.ballots,
            contest.sums.unbounded,
            contest.sums.pool_cast,
            sorted(contest.sums.tainted),
            sorted(contest.rankings.items()),
            contest.shown,
        )
        whole.update(msgspec.msgpack.encode(facts))
    return whole.hexdigest()


def thawed_if_ours(data: bytes) -> State | None:
    """The state in bytes that `freeze` made; None where another release made them. DecodeError as `thaw`."""
    try:
        return thaw(data)
    except OtherVersion:
        return None

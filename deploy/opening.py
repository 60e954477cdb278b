"""Opening a data directory: a new journal from a definition, or one recovered by apply."""

import contextlib
import gc
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from deploy.definition import election_of, load_definition
from deploy.failure import ConfigurationFault, Fault
from deploy.settings import Settings
from ingest import snapshot
from ingest.journal.readonly import read_only
from ingest.journal.segments import Segments
from tally import engine, events, freeze
from tally.model import Definition
from tally.state import State

log = structlog.get_logger("tally")


@dataclass(frozen=True, slots=True)
class Opened:
    """A journal open for writing, and the state at its end."""

    journal: Segments
    state: State
    snapshots: Path

    def snapshot_before(self, seq: int) -> bytes | None:
        """The newest snapshot at or before a seq; None where there is none."""
        for path in sorted(self.snapshots.glob("*.snap"), reverse=True):
            if path.stem.isdigit() and int(path.stem) <= seq:
                found = snapshot.read(path)
                if isinstance(found, snapshot.Snapshot):
                    return found.body
        return None


def journal_directory(data: Path) -> Path:
    """Where the segments of a data directory are."""
    return data / "journal"


def open_journal(settings: Settings, told: Callable[[int, int], None] = lambda _done, _all: None) -> Opened:
    """The journal of the data directory, made if there is none. `told(done, all)` follows the replay.

    Raises ConfigurationFault, JournalUnsound, JournalBusy, JournalLost, JournalFull.
    """
    directory = journal_directory(settings.data)
    begun = directory.exists() and any(directory.iterdir())
    opened = begin_or_resume(settings.data, lambda: _defined(settings), told)
    if begun:
        _same_election(settings, opened.state, opened.journal)
    return opened


def _defined(settings: Settings) -> Definition:
    if settings.election is None:
        where = str(settings.data)
        raise ConfigurationFault(
            [Fault(where, 1, "no journal is here yet: --election FILE says what is counted")]
        )
    return load_definition(settings.election)


def begin_or_resume(
    data: Path,
    definition: Callable[[], Definition],
    told: Callable[[int, int], None] = lambda _done, _all: None,
) -> Opened:
    """A data directory open for writing: begun where it holds no record, else recovered.

    `definition` is asked only for a beginning. Raises as `open_journal`.
    """
    with _uncollected():
        return _begun_or_resumed(data, definition, told)


def _begun_or_resumed(
    data: Path, definition: Callable[[], Definition], told: Callable[[int, int], None]
) -> Opened:
    directory, snapshots = journal_directory(data), data / "snapshots"
    if not directory.exists() or not any(directory.iterdir()):
        wanted = definition()
        epoch = new_epoch(is_test=wanted.election.is_test)
        return _begin(Segments.create(directory, epoch), wanted, snapshots)
    resumed = snapshot.resume(directory, snapshots)
    for skipped in resumed.skipped:
        log.warning("snapshot passed over", path=str(skipped.path), why=skipped.why)
    journal = resumed.journal
    state = freeze.thawed_if_ours(resumed.snapshot.body) if resumed.snapshot else None
    if resumed.snapshot and state is None:
        log.warning("snapshot passed over", path=str(resumed.snapshot.path), why="another release wrote it")
    total = journal.position.seq
    for seq, payload in journal.read(state.seq if state else 0):
        state = engine.decode_and_apply(state, payload)
        if seq % 1_000 == 0:
            told(seq, total)
    if state is None:  # a start that died before its first record: nothing was acknowledged
        return _begin(journal, definition(), snapshots)
    return Opened(journal, state, snapshots)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing is collected inside: a state being rebuilt only grows, and has no cycles to be found.

    Looking through it again and again took half the time of a restart at 128,000 units.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _begin(journal: Segments, definition: Definition, snapshots: Path) -> Opened:
    record = engine.define(definition, time.time_ns() // 1_000_000)
    journal.append([events.encode(record)])
    return Opened(journal, engine.open_state(record), snapshots)


def new_epoch(*, is_test: bool) -> str:
    """A name for a new journal, never given before; a test's says so."""
    return ("test-" if is_test else "") + secrets.token_hex(6)


def _same_election(settings: Settings, state: State, journal: Segments) -> None:
    """The file given must not contradict the journal: the journal's definition is the one in force."""
    if settings.election is None or not settings.election.is_file():
        return
    given = election_of(settings.election)
    known = state.layout.definition.election
    if given.id != known.id or given.is_test != known.is_test:
        journal.close()
        where = str(settings.election)
        raise ConfigurationFault(
            [
                Fault(
                    where,
                    1,
                    f"this journal counts {known.id}, the definition says {given.id}: another --data?",
                )
            ]
        )


def read_state(data: Path) -> tuple[str, State]:
    """(epoch, state) of a data directory, read without a lock: every record checked and applied."""
    position, records = read_only(journal_directory(data))
    state: State | None = None
    with _uncollected():
        for _seq, payload in records:
            state = engine.decode_and_apply(state, payload)
    if state is None:
        raise ConfigurationFault([Fault(str(data), 1, "the journal holds no record")])
    return position.epoch, state

"""What deciding may read: one protocol for durable state and for what is laid over it."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from tally.events import ClaimChanged, ClaimShown, RowCounted
from tally.layout import Layout
from tally.outstanding import Row, Sums


class ClaimState(msgspec.Struct, frozen=True):
    """Where a claim stands: its status, what it rests on, and the seq at which that came about."""

    status: str
    grade: str | None
    assumptions: tuple[str, ...]
    since: int


class KnownBatch(msgspec.Struct, frozen=True):
    """A batch already in the journal: what it said (digest), who sent it, and where it stands."""

    batch_id: str
    source: str
    digest: bytes
    seq: int


def turned(was: ClaimState | None, change: ClaimChanged, seq: int) -> ClaimState:
    """Where a claim stands after a change: `since` moves only with the status, not with what it rests on."""
    since = was.since if was is not None and was.status == change.status else seq
    return ClaimState(change.status, change.grade, change.assumptions, since)


class Ledger(Protocol):
    """What deciding may read: durable state, or durable state with an open commit group laid over it."""

    layout: Layout

    @property
    def seq(self) -> int:
        """Seq of the newest record seen through this ledger."""
        ...

    def row(self, contest: int, row: int) -> Row:
        """One row as it stands."""
        ...

    def standing(self, contest: int, unit: int) -> int:
        """The standing of a unit in a contest."""
        ...

    def held(self, contest: int, row: int) -> RowCounted | None:
        """The quarantined report of a row, if there is one."""
        ...

    def outstanding(self, contest: int, cell: int) -> tuple[int, ...]:
        """What a cell adds to the sums: see `outstanding_of_cell`."""
        ...

    def sums(self, contest: int) -> Sums:
        """The sums of a contest. Not to be changed: copy first."""
        ...

    def claims(self, contest: int) -> dict[str, ClaimState]:
        """Every claim that ever turned, by id."""
        ...

    def shown(self, contest: int) -> tuple[ClaimShown, ...]:
        """Every claim of a contest judged beside the count, as last evaluated."""
        ...

    def expanded_seq(self, contest: int) -> int:
        """The newest seq that added to what is possible in a contest; what was proved before it is not proved."""
        ...

    def batch(self, batch_id: str) -> KnownBatch | None:
        """The batch with this id, if it is already in."""
        ...

    def seq_of_row(self, contest: int, row: int) -> int | None:
        """The position at which a row's newest report entered; None while it is only pending."""
        ...

    def accepts_definition(self, sha256: str, at_ms: int) -> bool:
        """Whether a batch may name this definition: the one in force, or for a while the one before."""
        ...

    @property
    def runs(self) -> Mapping[bytes, bytes]:
        """Runs of counts already seen, and the units they were of: see tally/clones.py."""
        ...

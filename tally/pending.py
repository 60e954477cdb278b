"""An open commit group laid over a ledger: seen by what is decided next, shown to nobody."""

from collections.abc import Iterator, Mapping

from tally.clones import runs
from tally.effects import ContestEffect
from tally.events import BatchCounted, ClaimChanged, ClaimShown, Evaluated, Record, RowCounted
from tally.ledger import ClaimState, KnownBatch, Ledger, turned
from tally.outstanding import Row, Sums


class _Both(Mapping[bytes, bytes]):
    """Two mappings as one; the first wins. Copies nothing."""

    def __init__(self, first: Mapping[bytes, bytes], second: Mapping[bytes, bytes]) -> None:
        self._first, self._second = first, second

    def __getitem__(self, key: bytes) -> bytes:
        return self._first[key] if key in self._first else self._second[key]

    def __iter__(self) -> Iterator[bytes]:
        return iter({**self._second, **self._first})

    def __len__(self) -> int:
        return len(self._first.keys() | self._second.keys())


class Pending:
    """Records of the open commit group, laid over a ledger: seen by what is decided next, shown to nobody.

    Dropped whole when the group cannot be made durable.
    """

    def __init__(self, base: Ledger) -> None:
        self._base = base
        self.layout = base.layout
        self._seq = base.seq
        self._rows: dict[tuple[int, int], Row] = {}
        self._standings: dict[tuple[int, int], int] = {}
        self._held: dict[tuple[int, int], RowCounted | None] = {}
        self._outstanding: dict[tuple[int, int], tuple[int, ...]] = {}
        self._sums: dict[int, Sums] = {}
        self._claims: dict[int, dict[str, ClaimState]] = {}
        self._batches: dict[str, KnownBatch] = {}
        self._runs: dict[bytes, bytes] = {}
        self._shown: dict[int, tuple[ClaimShown, ...]] = {}
        self._expanded: dict[int, int] = {}

    @property
    def seq(self) -> int:
        """Seq of the newest record of the group, or of the durable state under it."""
        return self._seq

    def row(self, contest: int, row: int) -> Row:
        """One row as it would stand."""
        return self._rows.get((contest, row)) or self._base.row(contest, row)

    def standing(self, contest: int, unit: int) -> int:
        """The standing of a unit in a contest."""
        standing = self._standings.get((contest, unit))
        return self._base.standing(contest, unit) if standing is None else standing

    def held(self, contest: int, row: int) -> RowCounted | None:
        """The quarantined report of a row, if there is one."""
        key = (contest, row)
        return self._held[key] if key in self._held else self._base.held(contest, row)

    def outstanding(self, contest: int, cell: int) -> tuple[int, ...]:
        """What a cell adds to the sums."""
        key = (contest, cell)
        return self._outstanding[key] if key in self._outstanding else self._base.outstanding(contest, cell)

    def sums(self, contest: int) -> Sums:
        """The sums of a contest. Not to be changed: copy first."""
        return self._sums.get(contest) or self._base.sums(contest)

    def claims(self, contest: int) -> dict[str, ClaimState]:
        """Every claim that ever turned, by id."""
        claims = self._claims.get(contest)
        return self._base.claims(contest) if claims is None else claims

    def shown(self, contest: int) -> tuple[ClaimShown, ...]:
        """Every claim of a contest judged beside the count, as last evaluated."""
        return self._shown[contest] if contest in self._shown else self._base.shown(contest)

    def expanded_seq(self, contest: int) -> int:
        """The newest seq that added to what is possible in a contest."""
        return self._expanded.get(contest) or self._base.expanded_seq(contest)

    def batch(self, batch_id: str) -> KnownBatch | None:
        """The batch with this id, if it is already in or about to be."""
        return self._batches.get(batch_id) or self._base.batch(batch_id)

    def seq_of_row(self, contest: int, row: int) -> int | None:
        """The position at which a row's newest report entered; this group's own if it is pending."""
        return self._seq if (contest, row) in self._rows else self._base.seq_of_row(contest, row)

    def accepts_definition(self, sha256: str, at_ms: int) -> bool:
        """Whether a batch may name this definition."""
        return self._base.accepts_definition(sha256, at_ms)

    @property
    def runs(self) -> Mapping[bytes, bytes]:
        """Runs of counts already seen, this group's behind the durable ones."""
        return _Both(self._base.runs, self._runs) if self._runs else self._base.runs

    def take(self, record: Record, effects: list[ContestEffect]) -> None:
        """Lay one more record over what is there."""
        self._seq = record.seq
        if isinstance(record.cause, BatchCounted):
            cause = record.cause
            self._batches[cause.batch_id] = KnownBatch(cause.batch_id, cause.source, cause.digest, record.seq)
            for _, content, units in runs(cause.rows):
                self._runs.setdefault(content, units)
        if isinstance(record.cause, Evaluated):
            self._shown[record.cause.contest] = record.cause.claims
        for one in record.evaluated:
            self._shown[one.contest] = one.claims
        for effect in effects:
            contest = effect.contest
            if effect.expands:
                self._expanded[contest] = record.seq
            self._sums[contest] = effect.sums
            for unit in effect.units:
                self._standings[contest, unit.unit] = unit.standing
                self._rows.update({(contest, row): value for row, value in unit.rows.items()})
                self._held.update({(contest, row): held for row, held in unit.held.items()})
            self._outstanding.update({(contest, cell): value for cell, value in effect.outstanding.items()})
        for change in record.claims:
            self._claim(change, record.seq)

    def _claim(self, change: ClaimChanged, seq: int) -> None:
        claims = self._claims.setdefault(change.contest, dict(self._base.claims(change.contest)))
        claims[change.claim] = turned(claims.get(change.claim), change, seq)

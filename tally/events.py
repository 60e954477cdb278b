"""The journal's vocabulary: what happened, as values that fit in one record."""

from typing import TypeAlias

import msgspec

FORMAT_VERSION = 1

EXPECTED, IN_PROCESS, COMPLETED, NOT_INSTALLED = range(4)
PROGRESS_NAMES = ("expected", "in-process", "completed", "not-installed")
PROGRESS_OF_STATUS = {
    "not-processed": EXPECTED,
    "in-process": IN_PROCESS,
    "completed": COMPLETED,
    "not-installed": NOT_INSTALLED,
}

STANDS, QUARANTINED, DISPUTED, ANNULLED = range(4)
STANDING_NAMES = ("stands", "quarantined", "disputed", "annulled")


class RowCounted(msgspec.Struct, frozen=True, array_like=True):
    """One accepted report. `counts` is in selection order; `held_by` names the rule that quarantined it.

    `rankings`: its ballots, where they are ranked.
    """

    contest: int
    unit: str
    type: int
    revision: int
    progress: int
    counts: tuple[int, ...]
    ballots_cast: int
    invalid: int
    declared: int = -1
    reason: str | None = None
    held_by: str | None = None
    unreconciled: bool = False
    rankings: tuple[tuple[tuple[int, ...], int], ...] = ()


class BoundViolated(msgspec.Struct, frozen=True, array_like=True):
    """More ballots than a cap allows. `unit` is a pool's id when `joint`."""

    contest: int
    unit: str
    ballots: int
    cap: int
    source: str
    hard: bool
    joint: bool = False


class ClaimChanged(msgspec.Struct, frozen=True, array_like=True):
    """A claim turned irreversible, was withdrawn, or rests on other grounds than before."""

    contest: int
    claim: str
    status: str  # "irreversible" | "withdrawn"
    grade: str | None  # "certain" | "conditional"
    assumptions: tuple[str, ...] = ()


class Defined(msgspec.Struct, frozen=True, tag="defined"):
    """Record 1: the whole definition, as canonical JSON."""

    definition: bytes
    sha256: str


class Amended(msgspec.Struct, frozen=True, tag="amended"):
    """The definition after an amendment, whole; its reason, and who asked."""

    definition: bytes
    sha256: str
    reason: str
    operator: str


class BatchCounted(msgspec.Struct, frozen=True, tag="batch"):
    """A batch that entered, row by row, and how many of its reports were already known."""

    batch_id: str
    source: str
    digest: bytes
    rows: tuple[RowCounted, ...]
    duplicates: int = 0
    stale: int = 0
    created: str | None = None
    operator: str | None = None


class StandingChanged(msgspec.Struct, frozen=True, tag="standing"):
    """A desk verb on units: dispute, annul or restore, for the contests listed."""

    action: str
    contests: tuple[int, ...]
    units: tuple[str, ...]
    reason: str
    operator: str


class ClaimShown(msgspec.Struct, frozen=True, array_like=True):
    """A claim as an evaluation left it: what is said, of whom, and how it stands."""

    id: str
    kind: str
    who: tuple[str, ...]
    irreversible: bool
    slack: int | None
    exact: bool
    lemma: str
    number: int | None = None
    place: str | None = None
    grade: str | None = None
    assumptions: tuple[str, ...] = ()
    variant: int = 0
    if_all_annulled: bool = False
    if_any_annulled: bool = False
    units_to_overturn: int | None = None


class Evaluated(msgspec.Struct, frozen=True, tag="evaluated"):
    """A contest judged beside the count: every claim, as the votes and bounds of `at_seq` had it."""

    contest: int
    at_seq: int
    claims: tuple[ClaimShown, ...]


Cause: TypeAlias = Defined | Amended | BatchCounted | StandingChanged | Evaluated


class Record(msgspec.Struct, frozen=True):
    """One journal record: what happened, when it was sequenced, and what it decided.

    `evaluated`: contests judged beside the count for this very record, since it added to what is possible.
    """

    seq: int
    at_ms: int
    cause: Cause
    claims: tuple[ClaimChanged, ...] = ()
    violations: tuple[BoundViolated, ...] = ()
    version: int = FORMAT_VERSION
    evaluated: tuple[Evaluated, ...] = ()


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)


def encode(record: Record) -> bytes:
    """The record as journal payload (MessagePack)."""
    return _encoder.encode(record)


def decode(payload: bytes) -> Record:
    """The record in a journal payload. ValueError: not a record, or of a version this code does not know."""
    record = _decoder.decode(payload)
    if record.version != FORMAT_VERSION:
        raise ValueError(f"record version {record.version} is unknown; this code reads {FORMAT_VERSION}")
    return record

"""The shapes of what a count is made of and rests on: rows, history, proofs."""

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field

from deploy.api.views import (
    ClaimStatus,
    Count,
    Fraction,
    Grade,
    Identifier,
    Instant,
    IsTest,
    Label,
    Position,
    Sha256,
    ShownSwing,
)

Progress: TypeAlias = Literal["expected", "in-process", "completed", "not-installed"]
Standing: TypeAlias = Literal["stands", "quarantined", "disputed", "annulled"]
Counts: TypeAlias = dict[str, int]
UNIT_SHOWN = "#/components/schemas/UnitShown"
"""A row or a sum: msgspec has no word for a choice of untagged objects."""


class RowCap(Struct):
    """What limits a row while it is open: see the certificates' page."""

    ballots: Count | UnsetType = UNSET
    source: str | UnsetType = UNSET
    hard: bool | UnsetType = UNSET
    types: list[str] | UnsetType = UNSET
    declared: Count | UnsetType = UNSET
    held_ballots: Count | UnsetType = UNSET
    exceeded: bool | UnsetType = UNSET
    stated_hard: bool | UnsetType = UNSET
    shown_wrong: bool | UnsetType = UNSET
    registered: Count | UnsetType = UNSET


class RankedBallots(Struct):
    """So many ballots with one ranking."""

    ranking: list[str]
    count: Count


class ProofRow(Struct):
    """One (unit, count type) in the fields proofs rest on; a line of units.ndjson."""

    unit: Identifier
    type: str
    revision: Count
    progress: Progress
    standing: Standing
    counts: Annotated[Counts | None, Meta(description="null before a report.")]
    ballots_cast: Count
    invalid: Count
    cap: RowCap | None
    declared: Count | UnsetType = UNSET
    ballots: list[RankedBallots] | UnsetType | None = UNSET


class UnitRow(ProofRow, kw_only=True):
    """A row for readers: names, register, turnout, and where its numbers came from."""

    name: str
    parent: str | None
    voters_registered: int | None
    turnout: Fraction | None
    unreconciled: bool
    under_review: Annotated[
        Literal["over-cap", "content-clone"] | None, Meta(description="The rule that holds a report.")
    ]
    batch: str | None
    source: str | None
    position: Position | None
    swing: ShownSwing = UNSET


class Origin(Struct):
    """A batch: its id, who sent it, the record it entered by."""

    batch: str
    source: str
    seq: Count


class UnderReview(Struct):
    """A row with a held report."""

    row: Count
    rule: Literal["over-cap", "content-clone"]


class Origins(Struct):
    """Which batch each row came in. Rows are meant by their place in units.ndjson, from 0."""

    format: Literal["tally-origins/1"]
    contest: Identifier
    definition_sha256: Sha256
    position: Position
    batches: list[Origin]
    rows: Annotated[list[int | None], Meta(description="A place in batches a row; null before a report.")]
    under_review: list[UnderReview]
    unreconciled: list[Count]


class Step(Struct):
    """A unit by name, on the way from the top."""

    unit: Identifier
    name: str


class UnitsPage(Struct):
    """Rows and sums directly under a unit, or found by name."""

    contest: Identifier
    parent: str | None
    path: Annotated[list[Step], Meta(description="From the top down to the parent.")]
    position: Position
    total: Annotated[Count, Meta(description="Units there are under the parent, or that were found.")]
    units: Annotated[list[Any], Meta(extra_json_schema={"items": {"$ref": UNIT_SHOWN}})]
    next: Annotated[str | None, Meta(description="Go on with after=; null at the end.")]


class UnitsFrame(Struct):
    """One page of the units under a parent, as the stream carries it."""

    format: Literal["tally-units/1"]
    election: Identifier
    label: Label
    is_test: IsTest
    contest: Identifier
    parent: Identifier
    page: Count
    pages: Count
    position: Position
    as_of: Instant
    units: Annotated[list[Any], Meta(extra_json_schema={"items": {"$ref": UNIT_SHOWN}})]


class StillToCome(Struct):
    """The ballots that could still come after a record; null: nothing bounds them."""

    certain: Count | None
    assumptions: Annotated[dict[str, Count | None], Meta(description="By assumption, as the view had them.")]


class LeftOff(Struct):
    """How many of each, the oldest, a picture of the whole night leaves off."""

    corrections: Count
    claims: Count


class PastTotals(Struct):
    """Totals after one record."""

    seq: Count
    as_of: Instant
    ballots_cast: Count
    votes: Counts
    leader: Identifier | None
    lead: int | None
    outstanding: StillToCome


class Correction(Struct):
    """A number that went down, or a desk verb and the difference it made."""

    seq: Count
    as_of: Instant
    kind: Literal["correction", "withdrawal", "reopened", "dispute", "annul", "restore"]
    unit: Identifier
    type: str | None
    reason: str
    before: Counts
    after: Counts


class Turn(Struct):
    """A claim that turned, or rests on other grounds than before."""

    seq: Count
    as_of: Instant
    claim: str
    status: ClaimStatus
    grade: Grade | None
    assumptions: list[str]


class History(Struct):
    """Every change of the totals and of the claims, oldest first."""

    contest: Identifier
    position: Position
    points: list[PastTotals]
    corrections: list[Correction]
    claims: list[Turn]
    next: Annotated[int | None, Meta(description="Go on with after=; null at the end.")]
    left_off: LeftOff | UnsetType = UNSET


class Weakest(Struct):
    """The weakest assumptions that would carry a claim."""

    format: Literal["tally-weakest/1"]
    claim: str
    position: Position
    ballots_max: Annotated[int | None, Meta(description="Further ballots in all; null: not even with none.")]
    turnout_below: Annotated[Fraction | None, Meta(description="Of every open unit; [1, 1]: whoever comes.")]


class CertifiedClaim(Struct):
    """The claim a certificate is of."""

    id: str
    type: str
    who: list[str]
    number: int | UnsetType = UNSET
    place: str | UnsetType = UNSET


class CertifiedData(Struct):
    """Which rows and which definition the numbers are of, and where the rows are."""

    epoch: str
    seq: Count
    as_of: Instant
    snapshot_sha256: Annotated[str, Meta(description="SHA-256 of the bytes of units.ndjson.")]
    rows: str
    definition_sha256: Sha256


class Ballot(Struct):
    """What a ballot can say."""

    kind: str
    votes: int
    blank: bool


class Aggregate(Struct):
    """Units whose outstanding ballots are alike: R may come, L are sure to."""

    of_class: str = field(name="class")
    units: Count
    members: list[str] | Literal["rest"]
    on_ballot: list[str] | None
    pool: str | None
    may_come: int | None = field(name="R")
    sure_to_come: int | UnsetType = field(name="L", default=UNSET)
    district: str | UnsetType | None = UNSET


class Certificate(Struct):
    """The proof of an irreversible claim, or a witness against an open one: see the certificates' page."""

    v: Literal[1]
    format: Literal["tally-certificate/1"]
    election: Identifier
    label: Label
    is_test: IsTest
    contest: Identifier
    rule: dict[str, Any]
    claim: CertifiedClaim
    verdict: Literal["open", "irreversible"]
    grade: Grade | None
    assumptions: list[dict[str, Any]]
    lemma: str
    data: CertifiedData
    selections: list[Identifier]
    electable: list[Identifier]
    ballot: Ballot
    counted: list[int]
    aggregates: list[Aggregate]
    bounds: list[dict[str, Any]]
    pools: list[dict[str, Any]]
    proof: Any
    witness: Annotated[dict[str, Any] | None, Meta(description="A completion in which the claim is false.")]
    exact: bool
    certificate_sha256: Sha256
    districts: list[dict[str, Any]] | UnsetType = UNSET
    rankings: list[RankedBallots] | UnsetType = UNSET

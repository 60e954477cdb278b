"""The shapes of what is sent, how it is answered and how it is refused."""

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from deploy.api.views import Count, Identifier, Position, Sha256
from tally.report import COUNT_MAX, RANKINGS_MAX, REPORTS_MAX, Status
from tally.wire import REASON_CHARACTERS_MAX

Number: TypeAlias = Annotated[int, Meta(ge=0, le=COUNT_MAX)]
Reason: TypeAlias = Annotated[str, Meta(max_length=REASON_CHARACTERS_MAX)]


class Ranked(Struct, forbid_unknown_fields=True):
    """So many ballots with one ranking, the first preference first."""

    ranking: list[Identifier]
    count: Number


class Report(Struct, forbid_unknown_fields=True):
    """Absolute counts of one (unit, contest, count type)."""

    unit: Identifier
    contest: Identifier
    revision: Annotated[int, Meta(ge=1, le=COUNT_MAX)]
    status: Status
    type: Identifier = "total"
    counts: dict[str, Number] | None = None
    ballots_cast: Number | None = None
    invalid: Number | None = None
    ballots_declared: Number | None = None
    reason: Reason | None = None
    voters_registered: Number | None = None
    ballots: Annotated[list[Ranked], Meta(max_length=RANKINGS_MAX)] | None = None


class Batch(Struct, forbid_unknown_fields=True):
    """Reports that enter together or not at all."""

    format: Literal["tally-batch/1"]
    election: Identifier
    batch_id: Identifier
    source: Identifier
    reports: Annotated[list[Report], Meta(min_length=1, max_length=REPORTS_MAX)]
    is_test: bool = False
    created: str | None = None
    definition_sha256: str | None = None


class Desk(Struct, forbid_unknown_fields=True):
    """What a person at the desk does, and why."""

    reason: Reason
    units: list[Identifier] | None = None
    contest: Identifier | None = None
    batch: Annotated[Batch | None, Meta(description="Of correct.")] = None
    definition: Annotated[dict[str, Any] | None, Meta(description="Of amend: a whole definition.")] = None


class Accepted(Struct):
    """What became of a batch or a verb; said only once it is durable."""

    position: Position | None
    accepted: Count
    duplicates: Count
    stale: Count
    quarantined: list[str]
    held_by: Annotated[list[str], Meta(description="The rules that hold reports.")] | UnsetType = UNSET
    duplicate: Annotated[bool, Meta(description="Nothing was new.")] | UnsetType = UNSET


class Fault(Struct):
    """One of several faults."""

    code: str
    pointer: str
    detail: str


class Problem(Struct):
    """RFC 9457. Branch on code; detail is for people and may change."""

    type: str
    code: str
    status: int
    title: str
    detail: str
    pointer: Annotated[str, Meta(description="RFC 6901, or /name of a parameter.")] | UnsetType = UNSET
    batch_id: str | UnsetType | None = UNSET
    errors: list[Fault] | UnsetType = UNSET
    digests: Annotated[list[Sha256], Meta(description="Of batch-conflict: known, sent.")] | UnsetType = UNSET
    channel: str | UnsetType = UNSET


class Alive(Struct):
    """The process answers."""

    status: Literal["alive"]


class Ready(Struct):
    """Whether counts are taken and readers served, and where."""

    ready: bool
    position: Position
    read: str

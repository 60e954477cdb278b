"""The shapes of what only the stream carries: events, freshness, recovery, the protocol."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from deploy.api.rows import Counts
from deploy.api.views import ClaimStatus, Count, Grade, Identifier, Instant, IsTest, Label, Position, Sha256
from ws.protocol import ConnectRequest, SubscribeRequest, UnsubscribeRequest

EVENT = "#/components/schemas/Event"
"""One of EVENTS: msgspec has no word for a choice of untagged objects."""


class AmendedEvent(Struct, tag_field="kind", tag="amended"):
    """The definition was amended."""

    reason: str
    by: str
    definition_sha256: Sha256


class DeskEvent(Struct):
    """A desk verb on units."""

    kind: Literal["dispute", "annul", "restore"]
    contests: list[Identifier]
    units: list[Identifier]
    reason: str
    by: str


class CorrectionEvent(Struct):
    """A number that went down, or a report taken back."""

    kind: Literal["correction", "withdrawal", "reopened"]
    contest: Identifier
    unit: Identifier
    type: str
    reason: str
    before: Counts
    after: Counts


class QuarantinedEvent(Struct, tag_field="kind", tag="quarantined"):
    """A report is held for review."""

    contest: Identifier
    unit: Identifier
    type: str
    rule: str


class BoundEvent(Struct, tag_field="kind", tag="bound-violated"):
    """More ballots than a cap allows; unit is a pool's id when joint."""

    contest: Identifier
    unit: str
    ballots: Count
    cap: Count
    source: str
    hard: bool
    joint: bool


class ClaimEvent(Struct, tag_field="kind", tag="claim"):
    """A claim turned irreversible, was withdrawn, or rests on other grounds than before."""

    contest: Identifier
    claim: str
    status: ClaimStatus
    grade: Grade | None
    assumptions: list[str]


EVENTS = (AmendedEvent, DeskEvent, CorrectionEvent, QuarantinedEvent, BoundEvent, ClaimEvent)


class CallsFrame(Struct):
    """What one record gives people to talk about, in a fixed order."""

    format: Literal["tally-calls/1"]
    election: Identifier
    label: Label
    is_test: IsTest
    position: Position
    as_of: Instant
    events: Annotated[list[Any], Meta(extra_json_schema={"items": {"$ref": EVENT}})]


class StatusFrame(Struct):
    """Freshness: how far the count is, and the service's clock."""

    format: Literal["tally-status/1"]
    election: Identifier
    label: Label
    is_test: IsTest
    position: Position
    as_of: Instant
    ready: bool
    now_ms: Annotated[int, Meta(description="The service's wall clock, in milliseconds; for display only.")]


class Recovery(Struct):
    """Before the first frame of a stream that could not be resumed: these channels start over."""

    recovered: Literal[False]
    epoch: str
    channels: list[str]


class Command(Struct):
    """One command: an id and exactly one method; {} is the answer to a ping. Further methods are refused."""

    id: Annotated[int, Meta(ge=0, le=2**32 - 1)] | UnsetType = UNSET
    connect: ConnectRequest | UnsetType = UNSET
    subscribe: SubscribeRequest | UnsetType = UNSET
    unsubscribe: UnsubscribeRequest | UnsetType = UNSET
    ping: dict[str, Any] | UnsetType = UNSET

"""What is posted to webhooks: the shapes, and their part of the OpenAPI document."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from deploy.api.frames import EVENTS
from deploy.api.views import Count, Identifier, Instant, IsTest, Label, Position

POSTED = "#/components/schemas/PostedEvent"
"""An event of the stream, a threshold or a gap: msgspec has no word for one of several untagged objects."""


class ThresholdEvent(Struct, tag_field="kind", tag="threshold"):
    """A contest's finished units reached a percent for the first time."""

    contest: Identifier
    percent: Annotated[int, Meta(ge=1, le=100)]
    finished: Count
    units: Count


class GapEvent(Struct, tag_field="kind", tag="gap"):
    """What lies between two positions is not posted: read it in the history of each contest."""

    after: Position
    until: Position


class MessageData(Struct):
    """What happened, and where in the count."""

    election: Identifier
    label: Label
    is_test: IsTest
    position: Position
    event: Annotated[Any, Meta(extra_json_schema={"$ref": POSTED})]


class Message(Struct):
    """One POST: signed as Standard Webhooks has it; `timestamp` is the record's."""

    type: Literal[
        "claim.irreversible", "claim.withdrawn", "correction", "withdrawal", "reopened", "threshold", "dispute",
        "annul", "restore", "amended", "quarantined", "bound-violated", "gap",
    ]  # fmt: skip
    timestamp: Instant
    data: MessageData


POSTED_EVENTS = (*EVENTS, ThresholdEvent, GapEvent)
HEADERS = {
    "webhook-id": "The same each time this event is posted: drop what you have.",
    "webhook-timestamp": "Of this attempt, in seconds since 1970.",
    "webhook-signature": "One signature, or two while a secret is changed.",
}


def webhooks(ref: str) -> dict[str, Any]:
    """The `webhooks` of the document; `ref`: where schemas are, by name."""
    heard = {
        "operationId": "hearWebhook",
        "summary": "Something happened that the endpoint's setting asks for. docs/webhooks.md.",
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": about,
                "schema": {"type": "string"},
            }
            for name, about in HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": ref.format(name=Message.__name__)}}},
        },
        "responses": {
            "2XX": {"description": "Taken. Anything else is posted again, under the same id."},
            "410": {"description": "Gone: nothing more is posted to this URL."},
        },
    }
    return {"happened": {"post": heard}}

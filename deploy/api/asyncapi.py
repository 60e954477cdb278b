"""The AsyncAPI 3 document of what the stream carries, over WebSocket and Server-Sent Events."""

from typing import Any, NamedTuple

from deploy.api.frames import EVENTS, CallsFrame, Command, Recovery, StatusFrame
from deploy.api.likely import Projection
from deploy.api.openapi import REF, components, one_of, plain
from deploy.api.rows import UnitRow, UnitsFrame
from deploy.api.views import ContestView, ElectionView, UnitSum
from deploy.version import VERSION
from ws import protocol
from ws.board import PAGE_ROWS_MAX
from ws.handshake import CODECS
from ws.sse import SseSettings

Json = dict[str, Any]
INTRODUCTION = (
    "One publication, two doors: a WebSocket that speaks the Centrifugo client protocol, so that its SDKs work, and "
    "Server-Sent Events. A state frame is the whole view: replace what you had; older ones may be left out. An event "
    "frame is one event: none is left out. A status frame is the newest only, without an offset. Fields may be added: "
    "pass over what you do not know. Positions, recovery and close codes are told in docs/streaming.md."
)
CONNECT, STREAM = "/connection/websocket", "/v1/stream"


class Channel(NamedTuple):
    """A kind of channel: its address, and what its frames hold. `kind`: state, event or status."""

    name: str
    address: str
    kind: str
    about: str
    shape: type


CHANNELS = (
    Channel("election", "election:{election}", "state", "All contests, one line each.", ElectionView),
    Channel("contest", "contest:{contest}", "state", "The contest view, as GET returns it.", ContestView),
    Channel("units", "units:{contest}:{parent}", "state", "The first page of rows under a parent.", UnitsFrame),
    Channel(
        "unitsPage", "units:{contest}:{parent}:{page}", "state",
        f"A further page of rows, from 0, {PAGE_ROWS_MAX:,} units a page.", UnitsFrame,
    ),
    Channel("calls", "calls:{election}", "event", "What one record turned, withdrew or corrected.", CallsFrame),
    Channel("status", "status:{election}", "status", "Freshness.", StatusFrame),
    Channel("projection", "projection:{contest}", "status", "What it will probably come to.", Projection),
)  # fmt: skip
PARAMETERS = {
    "election": "The election's id.",
    "contest": "A contest's id.",
    "parent": "A unit with others under it.",
    "page": "From 0.",
}


def document() -> Json:
    """The whole document, as JSON values."""
    said = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "tally",
            "version": VERSION,
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "websocket": {
                "host": "127.0.0.1:8080",
                "protocol": "ws",
                "description": "Both ways; needs no key.",
            },
            "sse": {"host": "127.0.0.1:8080", "protocol": "http", "description": "One way; needs no key."},
        },
        "channels": {one.name: _channel(one) for one in CHANNELS}
        | {"connection": _connection(), "stream": _stream()},
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": _schemas()},
    }
    return plain(said)


def _channel(one: Channel) -> Json:
    names = [name for name in PARAMETERS if f"{{{name}}}" in one.address]
    return {
        "address": one.address,
        "description": f"{one.kind.capitalize()}. {one.about}",
        "parameters": {name: {"description": PARAMETERS[name]} for name in names},
        "servers": [{"$ref": "#/servers/websocket"}, {"$ref": "#/servers/sse"}],
        "messages": {one.name: _message(one.name)},
    }


def _connection() -> Json:
    return {
        "address": CONNECT,
        "description": f"Subprotocols: {', '.join(CODECS)}; none is {protocol.JSON.name}. Publications of every "
        "channel come inside pushes, and inside the replies to subscriptions.",
        "servers": [{"$ref": "#/servers/websocket"}],
        "messages": {name: _message(name) for name in ("command", "reply", "push", "ping")},
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
    }


def _stream() -> Json:
    return {
        "address": STREAM,
        "description": "`event` is the channel, `data` the publication on one line, `id` is epoch/offset.",
        "servers": [{"$ref": "#/servers/sse"}],
        "messages": {name: _message(name) for name in ("recovery", *(one.name for one in CHANNELS))},
    }


def _message(name: str) -> Json:
    return {"$ref": f"#/components/messages/{name}"}


def _operations() -> Json:
    """What the service does: it sends publications, and receives commands, which it answers."""
    published = {
        f"publish{one.name[0].upper()}{one.name[1:]}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{one.name}"},
            "summary": one.about,
        }
        for one in CHANNELS
    }
    of = {"channel": {"$ref": "#/channels/connection"}}
    at = "#/channels/connection/messages"
    return published | {
        "command": of | {
            "action": "receive",
            "summary": "connect first and once; then subscribe, unsubscribe, ping.",
            "messages": [{"$ref": f"{at}/command"}],
            "reply": of | {"messages": [{"$ref": f"{at}/reply"}]},
        },
        "push": of | {
            "action": "send",
            "summary": "A publication on a channel, or a ping, which {} answers.",
            "messages": [{"$ref": f"{at}/push"}, {"$ref": f"{at}/ping"}],
        },
        "stream": {
            "action": "send",
            "channel": {"$ref": "#/channels/stream"},
            "summary": "Everything on the channels named, for as long as it is read.",
            "bindings": {"http": {"method": "GET", "query": _query(), "bindingVersion": "0.3.0"}},
        },
    }  # fmt: skip


def _query() -> Json:
    most = SseSettings().channels_max
    channels = {"type": "string", "description": f"1 to {most} channels, separated by commas."}
    resumed = {
        "type": "string",
        "description": "epoch/offset of the last event seen; the header of that name goes before.",
    }
    return {
        "type": "object",
        "required": ["channels"],
        "properties": {"channels": channels, "last_event_id": resumed},
    }


def _messages() -> Json:
    told: list[tuple[str, str, type]] = [(one.name, one.about, one.shape) for one in CHANNELS] + [
        ("recovery", "These channels start over: the position asked for is not known here.", Recovery),
        ("command", "What a client asks.", Command),
        ("reply", "The answer to the command with the same id.", protocol.Reply),
        ("push", "A publication, unasked.", protocol.Push),
    ]
    found = {
        name: {"name": name, "title": about, "payload": {"$ref": REF.format(name=shape.__name__)}}
        for name, about, shape in told
    }
    nothing = {"type": "object", "maxProperties": 0}
    return found | {"ping": {"name": "ping", "title": "Are you there? Answer {}.", "payload": nothing}}


def _schemas() -> Json:
    """Every shape by name, in the words of JSON Schema draft-07, which AsyncAPI's own format extends."""
    shapes = {*(one.shape for one in CHANNELS), *EVENTS, Recovery, Command, protocol.Reply, protocol.Push}
    found = components({*shapes, UnitRow, UnitSum})
    found |= {"UnitShown": one_of(UnitRow, UnitSum), "Event": one_of(*EVENTS)}
    drafted: Json = _draft_07(dict(sorted(found.items())))
    return drafted


def _draft_07(schema: Any) -> Any:
    """The same schema where tuples are `items` and `additionalItems`."""
    if isinstance(schema, list):
        return [_draft_07(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "prefixItems" in schema:
        rest = {name: part for name, part in schema.items() if name not in {"prefixItems", "items"}}
        return rest | {"items": _draft_07(schema["prefixItems"]), "additionalItems": False}
    return {name: _draft_07(part) for name, part in schema.items()}

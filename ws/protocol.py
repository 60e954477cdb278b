"""The Centrifugo client protocol: commands and replies as values, and their codecs."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Protocol

import msgpack
import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from ws.publication import Publication

Uint32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Offset = Annotated[int, Meta(ge=0, le=2**63 - 1)]

FLAG_REJECT_UNRECOVERED = 2  # subscribe flag: answer error 112 instead of recovered:false


class Malformed(Exception):
    """The bytes are not commands of this protocol. Raised by a codec, answered with close 3501."""


class Recover(Struct, frozen=True):
    """Where the client stopped in one channel; `recover` false asks for a fresh start."""

    recover: bool = False
    epoch: str = ""
    offset: Offset = 0


class ConnectRequest(Struct, frozen=True):
    """First command of a connection. `subs`: channels to be subscribed with the same reply."""

    name: str = ""
    version: str = ""
    subs: dict[str, Recover] = {}


class SubscribeRequest(Recover, frozen=True, kw_only=True):
    """Listen to one channel, from a position or from now."""

    channel: str
    flag: int = 0


class UnsubscribeRequest(Struct, frozen=True):
    """Stop listening to one channel."""

    channel: str


NOTHING = Raw(b"")


class Command(Struct, frozen=True):
    """One command: an id and exactly one method; all absent is a pong. Unknown fields are passed over."""

    id: Uint32 = 0
    connect: ConnectRequest | None = None
    subscribe: SubscribeRequest | None = None
    unsubscribe: UnsubscribeRequest | None = None
    ping: Raw = NOTHING
    send: Raw = NOTHING
    publish: Raw = NOTHING
    rpc: Raw = NOTHING
    history: Raw = NOTHING
    presence: Raw = NOTHING
    presence_stats: Raw = NOTHING
    refresh: Raw = NOTHING
    sub_refresh: Raw = NOTHING


PONG = Command()


class Error(Struct, frozen=True, omit_defaults=True):
    """Why a command was refused; the codes are Centrifugo's, below 400 reserved by it."""

    code: int
    message: str
    temporary: bool = False


INTERNAL = Error(100, "internal server error", temporary=True)
UNKNOWN_CHANNEL = Error(102, "unknown channel")
PERMISSION_DENIED = Error(103, "permission denied")
METHOD_NOT_FOUND = Error(104, "method not found")
ALREADY_SUBSCRIBED = Error(105, "already subscribed")
LIMIT_EXCEEDED = Error(106, "limit exceeded")
BAD_REQUEST = Error(107, "bad request")
NOT_AVAILABLE = Error(108, "not available")
UNRECOVERABLE_POSITION = Error(112, "unrecoverable position")


class Pub(Struct, frozen=True):
    """A publication inside a reply or a push; `data` is already encoded."""

    data: Raw
    offset: int | UnsetType = UNSET


class SubscribeResult(Struct, frozen=True):
    """What a subscription starts from.

    After a recovery `offset` is the one asked for, as the SDKs want: each publication then moves it, so a
    client cut off half way asks again for the rest. Else it is the channel's newest.
    """

    recoverable: bool | UnsetType = UNSET
    positioned: bool | UnsetType = UNSET
    epoch: str | UnsetType = UNSET
    offset: int | UnsetType = UNSET
    recovered: bool | UnsetType = UNSET
    was_recovering: bool | UnsetType = UNSET
    publications: tuple[Pub, ...] | UnsetType = UNSET


class ConnectResult(Struct, frozen=True):
    """`ping` is how often we ping, in seconds; `pong` says we want each one answered."""

    client: str
    version: str
    ping: int
    pong: bool
    session: str
    node: str
    subs: dict[str, SubscribeResult] | UnsetType = UNSET


class Empty(Struct, frozen=True):
    """A result that says only that it was done."""


class Reply(Struct, frozen=True):
    """The answer to the command with the same id."""

    id: int
    error: Error | UnsetType = UNSET
    connect: ConnectResult | UnsetType = UNSET
    subscribe: SubscribeResult | UnsetType = UNSET
    unsubscribe: Empty | UnsetType = UNSET
    ping: Empty | UnsetType = UNSET


class _ChannelPush(Struct, frozen=True):
    channel: str
    pub: Pub


class Push(Struct, frozen=True):
    """What the server says unasked: a publication on a channel."""

    push: _ChannelPush


class Codec(Protocol):
    """One way commands and replies travel. A further form (Protobuf) is one more of these.

    `binary` says which WebSocket message type carries it; `ping` is the whole of a server ping.
    """

    name: str
    binary: bool
    ping: bytes

    def decode(self, message: bytes) -> list[Command]:
        """The commands of one message, in order. Raises Malformed; nothing is half decoded."""

    def encode(self, replies: Iterable[Reply]) -> bytes:
        """One message carrying the replies, in order."""

    def push(self, publication: Publication) -> bytes:
        """One message carrying one publication."""

    def pub(self, publication: Publication) -> Pub:
        """The publication as it stands inside a subscribe reply."""


def _pub(publication: Publication, data: bytes) -> Pub:
    return Pub(Raw(data), UNSET if publication.offset is None else publication.offset)


class _Decoder(Protocol):
    def decode(self, part: bytes | memoryview, /) -> Command: ...


def _command(decoder: _Decoder, part: bytes | memoryview, is_pong: bool) -> Command:
    """Decode one command. Only an empty object is a pong: one of unknown fields alone is not."""
    try:
        command = decoder.decode(part)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as why:
        raise Malformed(str(why)) from why
    if command == PONG and not is_pong:
        raise Malformed("no known method")
    return command


class JsonCodec:
    """JSON objects, one a line, in a text message."""

    name = "centrifuge-json"
    binary = False
    ping = b"{}"

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(Command)
        self._encoder = msgspec.json.Encoder()

    def decode(self, message: bytes) -> list[Command]:
        """See Codec. Empty lines are passed over."""
        lines = [line for line in message.split(b"\n") if line.strip()]
        return [_command(self._decoder, line, b"".join(line.split()) == b"{}") for line in lines]

    def encode(self, replies: Iterable[Reply]) -> bytes:
        """See Codec."""
        return b"\n".join(map(self._encoder.encode, replies))

    def push(self, publication: Publication) -> bytes:
        """See Codec."""
        return self._encoder.encode(Push(_ChannelPush(publication.channel, self.pub(publication))))

    def pub(self, publication: Publication) -> Pub:
        """See Codec. A line break in the body would end the command for every reader."""
        if b"\n" in publication.json:
            raise AssertionError(f"the JSON of {publication.channel} must be one line")
        return _pub(publication, publication.json)


class MsgpackCodec:
    """The same objects as MessagePack, one after the other in a binary message."""

    name = "tally-msgpack"
    binary = True
    ping = b"\x80"

    def __init__(self) -> None:
        self._decoder = msgspec.msgpack.Decoder(Command)
        self._encoder = msgspec.msgpack.Encoder()

    def decode(self, message: bytes) -> list[Command]:
        """See Codec."""
        return [_command(self._decoder, part, part == self.ping) for part in _objects(message)]

    def encode(self, replies: Iterable[Reply]) -> bytes:
        """See Codec."""
        return b"".join(map(self._encoder.encode, replies))

    def push(self, publication: Publication) -> bytes:
        """See Codec."""
        return self._encoder.encode(Push(_ChannelPush(publication.channel, self.pub(publication))))

    def pub(self, publication: Publication) -> Pub:
        """See Codec."""
        return _pub(publication, publication.msgpack)


def _objects(message: bytes) -> Sequence[memoryview]:
    """Cut concatenated MessagePack objects apart without building them."""
    unpacker = msgpack.Unpacker(max_buffer_size=max(1, len(message)))
    unpacker.feed(message)
    view, start, parts = memoryview(message), 0, []
    while start < len(message):
        try:
            unpacker.skip()
        except (msgpack.UnpackException, ValueError) as why:
            raise Malformed("not MessagePack") from why
        parts.append(view[start : unpacker.tell()])
        start = unpacker.tell()
    return parts


JSON: Codec = JsonCodec()
MSGPACK: Codec = MsgpackCodec()

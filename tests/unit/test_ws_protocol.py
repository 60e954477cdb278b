"""Commands in, replies and pushes out, in both encodings: the same values either way."""

import json

import msgpack
import pytest

from ws import protocol
from ws.protocol import JSON, MSGPACK, Malformed, Pub, Reply, SubscribeResult
from ws.publication import Publication

COMMANDS = [
    {"id": 1, "connect": {"name": "js", "version": "5", "headers": {"a": "b"}}},
    {
        "id": 2,
        "subscribe": {
            "channel": "c",
            "recover": True,
            "epoch": "e",
            "offset": 7,
            "flag": 1,
            "tf": {"k": [1]},
        },
    },
    {"id": 3, "unsubscribe": {"channel": "c"}},
    {"id": 4, "rpc": {"method": "m", "data": {"deep": [[[1]]]}}},
    {},
]
VIEW = Publication("contest:a", 7, b'{"v":7}', msgpack.packb({"v": 7}))
FRESHNESS = Publication("status:e", None, b'{"at":"now"}', msgpack.packb({"at": "now"}))


def as_json(commands: list[dict]) -> bytes:
    return "\n".join(json.dumps(command) for command in commands).encode()


def as_msgpack(commands: list[dict]) -> bytes:
    return b"".join(msgpack.packb(command) for command in commands)


def shape(command: protocol.Command) -> tuple:
    rpc = bytes(command.rpc) != b""
    return (
        command.id,
        command.connect,
        command.subscribe,
        command.unsubscribe,
        rpc,
        command == protocol.PONG,
    )


def test_both_encodings_read_the_same_commands() -> None:
    from_json = [shape(command) for command in JSON.decode(as_json(COMMANDS))]
    assert from_json == [shape(command) for command in MSGPACK.decode(as_msgpack(COMMANDS))]
    assert [row[0] for row in from_json] == [1, 2, 3, 4, 0]
    assert from_json[1][2] == protocol.SubscribeRequest(
        channel="c", recover=True, epoch="e", offset=7, flag=1
    )
    assert [row[4] for row in from_json] == [False, False, False, True, False]
    assert [row[5] for row in from_json] == [False, False, False, False, True]


def test_blank_lines_and_a_spaced_pong_are_nothing_new() -> None:
    assert len(JSON.decode(b'\n{"id":1,"ping":{}}\n\n { }\n')) == 2
    assert JSON.decode(b"") == []
    assert MSGPACK.decode(b"") == []


@pytest.mark.parametrize(
    "message",
    [
        b"[]",
        b"7",
        b"nonsense",
        b'{"op":"sub"}',
        b'{"id":-1}',
        b'{"id":4294967296,"ping":{}}',
        b'{"id":1.5}',
        b"\xff\xfe{",
        b"\xef\xbb\xbf{}",
        b'{"id":1,"rpc":' + b"[" * 50000,
        b'{"id":1} {"id":2}',
        b'{"id":1,"subscribe":{}}',
        b'{"id":1,"subscribe":{"channel":"c","offset":-1}}',
        b'{"id":NaN}',
    ],
)
def test_what_is_not_commands_is_malformed_in_json(message: bytes) -> None:
    with pytest.raises(Malformed):
        JSON.decode(message)


@pytest.mark.parametrize(
    "message",
    [
        b"\xc1",
        b"\x90",
        b"\x81\xa2id",
        b"\xdf\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\x91" * 50000,
        b"\xc7\x01\x01\x01",
        msgpack.packb({"id": 1, 2: 3}),
        msgpack.packb({"id": 1.0}),
        b"\x80\x90",
        msgpack.packb({"op": 1}),
        b"\xa4{}{}",
    ],
)
def test_what_is_not_commands_is_malformed_in_messagepack(message: bytes) -> None:
    with pytest.raises(Malformed):
        MSGPACK.decode(message)


def test_one_malformed_command_voids_its_message() -> None:
    with pytest.raises(Malformed):
        JSON.decode(b'{"id":1,"connect":{}}\n{"id":2,')


def test_a_push_holds_the_view_byte_for_byte() -> None:
    assert JSON.push(VIEW) == b'{"push":{"channel":"contest:a","pub":{"data":{"v":7},"offset":7}}}'
    assert msgpack.unpackb(MSGPACK.push(VIEW)) == json.loads(JSON.push(VIEW))


def test_a_publication_without_a_position_has_no_offset() -> None:
    assert JSON.push(FRESHNESS) == b'{"push":{"channel":"status:e","pub":{"data":{"at":"now"}}}}'
    assert msgpack.unpackb(MSGPACK.push(FRESHNESS)) == json.loads(JSON.push(FRESHNESS))


def test_replies_travel_together_and_say_nothing_unset() -> None:
    result = SubscribeResult(epoch="e", offset=0, recovered=False, publications=(JSON.pub(VIEW),))
    message = JSON.encode([Reply(1, ping=protocol.Empty()), Reply(2, subscribe=result)])
    assert [json.loads(line) for line in message.split(b"\n")] == [
        {"id": 1, "ping": {}},
        {
            "id": 2,
            "subscribe": {
                "epoch": "e",
                "offset": 0,
                "recovered": False,
                "publications": [{"data": {"v": 7}, "offset": 7}],
            },
        },
    ]
    assert list(msgpack.Unpacker(_stream(MSGPACK.encode([Reply(3, error=protocol.UNKNOWN_CHANNEL)])))) == [
        {"id": 3, "error": {"code": 102, "message": "unknown channel"}}
    ]


def _stream(data: bytes):
    import io

    return io.BytesIO(data)


def test_a_body_of_two_lines_stops_the_program() -> None:
    with pytest.raises(AssertionError, match="one line"):
        JSON.push(Publication("contest:a", 1, b'{\n"v":1}', b"\x80"))


def test_pub_is_a_value() -> None:
    assert JSON.pub(VIEW) == Pub(data=JSON.pub(VIEW).data, offset=7)

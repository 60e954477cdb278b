"""Sessions as transcripts: what a client sends on the left, what it is owed on the right."""

import json

import msgpack
import pytest

from tests.ws.board import ScriptedBoard
from tests.ws.desk import CONNECTED, Desk, push, subscribed, told
from ws.actions import Send
from ws.protocol import MSGPACK
from ws.publication import Publication
from ws.session import Session

# Connecting


def test_connect_then_subscribe_in_one_message_is_answered_in_one() -> None:
    desk = Desk()
    desk.board.put("contest:a", 5, {"v": 5})
    lines = b'{"id":1,"connect":{"name":"js"}}\n{"id":2,"subscribe":{"channel":"contest:a"}}'
    actions = desk.session.receive(lines, 0, binary=False)
    assert len(actions) == 1
    assert told(actions) == [
        {"id": 1, "connect": CONNECTED},
        subscribed(2, offset=5, recovered=False, was=False, pubs=[(5, {"v": 5})]),
    ]


def test_connect_may_bring_its_channels_along() -> None:
    desk = Desk()
    desk.board.put("contest:a", 5, {"v": 5})
    desk.board.put("calls:e", 4, {"c": 4})
    subs = {"contest:a": {"recover": True, "epoch": "e1", "offset": 3}, "calls:e": {}, "contest:no": {}}
    (reply,) = desk.say({"id": 1, "connect": {"subs": subs}})
    got = reply["connect"]["subs"]
    assert list(got) == ["contest:a", "calls:e"]
    assert (
        got["contest:a"]
        == subscribed(0, offset=3, recovered=True, was=True, pubs=[(5, {"v": 5})])["subscribe"]
    )
    assert got["calls:e"]["offset"] == 4
    assert desk.publish("calls:e", 6, {"c": 6}) == [push("calls:e", 6, {"c": 6})]


@pytest.mark.parametrize(
    "first",
    [
        {"id": 1, "subscribe": {"channel": "contest:a"}},
        {"id": 0, "connect": {}},
        {"id": 1, "rpc": {}},
        {"send": {}},
    ],
)
def test_connect_comes_first_and_has_an_id(first: dict) -> None:
    assert Desk().say(first) == [(3501, "bad request")]


def test_connect_comes_once() -> None:
    assert Desk().connect().say({"id": 2, "connect": {}}) == [(3501, "bad request")]


def test_who_never_connects_is_stale() -> None:
    desk = Desk()
    assert told(desk.hub.tick(9_999)) == []
    assert told(desk.hub.tick(10_000)) == [(3502, "stale")]
    assert told(desk.hub.tick(11_000)) == []


def test_the_wrong_kind_of_message_and_bytes_that_are_no_commands() -> None:
    assert told(Desk().session.receive(b"\x80", 0, binary=True)) == [(1003, "wrong message type")]
    for message in (b"", b"\n", b"[]", b'{"op":"sub"}', b"\xff"):
        assert told(Desk().session.receive(message, 0, binary=False)) == [(3501, "bad request")]


# Subscribing


def test_state_resume_in_every_case() -> None:
    desk = Desk().connect()
    desk.board.put("contest:a", 5, {"v": 5})
    cases = [
        ("e1", 5, subscribed(2, offset=5, recovered=True, was=True, pubs=[])),
        ("e1", 3, subscribed(2, offset=3, recovered=True, was=True, pubs=[(5, {"v": 5})])),
        ("e1", 6, subscribed(2, offset=5, recovered=False, was=True, pubs=[(5, {"v": 5})])),
        ("e0", 5, subscribed(2, offset=5, recovered=False, was=True, pubs=[(5, {"v": 5})])),
    ]
    for epoch, offset, reply in cases:
        asked = {"channel": "contest:a", "recover": True, "epoch": epoch, "offset": offset}
        assert desk.say(
            {"id": 2, "subscribe": asked}, {"id": 3, "unsubscribe": {"channel": "contest:a"}}
        ) == [
            reply,
            {"id": 3, "unsubscribe": {}},
        ], (epoch, offset)
    assert desk.counters.recover == {"recovered": 2, "lost": 2}


def test_a_client_may_ask_to_be_refused_rather_than_to_start_over() -> None:
    desk = Desk().connect()
    desk.board.put("contest:a", 5, {"v": 5})
    asked = {"channel": "contest:a", "recover": True, "epoch": "e0", "offset": 5, "flag": 3}
    assert desk.say({"id": 2, "subscribe": asked}) == [
        {"id": 2, "error": {"code": 112, "message": "unrecoverable position"}}
    ]
    assert desk.publish("contest:a", 6, {"v": 6}) == []


def test_first_push_is_the_very_next_one_also_when_the_board_is_ahead() -> None:
    desk = Desk().connect()
    ahead = desk.board.put("contest:a", 7, {"v": 7})  # applied, and published only after the subscribe
    assert desk.say({"id": 2, "subscribe": {"channel": "contest:a"}})[0]["subscribe"]["offset"] == 7
    assert desk.hub.publish(ahead) == []
    assert desk.publish("contest:a", 8, {"v": 8}) == [push("contest:a", 8, {"v": 8})]


def test_events_are_neither_lost_nor_doubled_around_a_subscribe() -> None:
    desk = Desk().connect()
    for offset in (2, 4, 6):
        last = desk.board.put("calls:e", offset, {"c": offset})
    asked = {"channel": "calls:e", "recover": True, "epoch": "e1", "offset": 3}
    assert desk.say({"id": 2, "subscribe": asked}) == [
        subscribed(2, offset=3, recovered=True, was=True, pubs=[(4, {"c": 4}), (6, {"c": 6})])
    ]
    assert desk.hub.publish(last) == []
    assert desk.publish("calls:e", 9, {"c": 9}) == [push("calls:e", 9, {"c": 9})]


def test_status_has_no_position() -> None:
    desk = Desk().connect()
    desk.board.put("status:e", None, {"at": 1})
    asked = {"channel": "status:e", "recover": True, "epoch": "e1", "offset": 5}
    assert desk.say({"id": 2, "subscribe": asked}) == [
        {"id": 2, "subscribe": {"publications": [{"data": {"at": 1}}]}}
    ]
    assert desk.publish("status:e", None, {"at": 2}) == [push("status:e", None, {"at": 2})]


def test_errors_of_subscribe() -> None:
    desk = Desk().connect()
    desk.say({"id": 2, "subscribe": {"channel": "contest:a"}})
    assert desk.say(
        {"id": 3, "subscribe": {"channel": "contest:a"}}, {"id": 4, "subscribe": {"channel": "x"}}
    ) == [
        {"id": 3, "error": {"code": 105, "message": "already subscribed"}},
        {"id": 4, "error": {"code": 102, "message": "unknown channel"}},
    ]


def test_the_hundred_and_first_channel_is_refused_and_ends_it() -> None:
    desk = Desk(ScriptedBoard([f"contest:{n}" for n in range(101)])).connect()
    for number in range(100):  # far past the burst: new subscriptions are free
        assert "subscribe" in desk.say({"id": 2 + number, "subscribe": {"channel": f"contest:{number}"}})[0]
    assert desk.say({"id": 200, "subscribe": {"channel": "contest:100"}}) == [
        {"id": 200, "error": {"code": 106, "message": "limit exceeded"}},
        (3501, "too many subscriptions"),
    ]
    assert not any(desk.hub.heard())


def test_unsubscribe_stops_pushes_and_forgets_what_waits() -> None:
    desk = Desk().connect()
    desk.say({"id": 2, "subscribe": {"channel": "calls:e"}})
    desk.session.block(0)
    assert desk.publish("calls:e", 5, {"c": 5}) == []
    assert (
        desk.say({"id": 3, "unsubscribe": {"channel": "calls:e"}}, {"id": 4, "unsubscribe": {"channel": "?"}})
        == []
    )
    assert desk.publish("calls:e", 6, {"c": 6}) == []
    desk.session.unblock(0)
    waiting = desk.session.backlog.pop()
    assert waiting is not None
    assert [json.loads(line) for line in waiting.split(b"\n")] == [
        {"id": 3, "unsubscribe": {}},
        {"id": 4, "unsubscribe": {}},
    ]
    assert desk.session.backlog.pop() is None


# What is no part of a read-only feed


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("publish", 103),
        ("rpc", 108),
        ("history", 108),
        ("presence", 108),
        ("presence_stats", 108),
        ("refresh", 108),
    ],
)
def test_refusals_leave_the_connection_open(method: str, code: int) -> None:
    desk = Desk().connect()
    (reply,) = desk.say({"id": 2, method: {"channel": "contest:a"}})
    assert (reply["id"], reply["error"]["code"]) == (2, code)
    assert desk.say({"id": 3, "ping": {}}) == [{"id": 3, "ping": {}}]
    assert desk.say({"send": {"data": {}}}) == []


def test_an_unknown_command_is_answered_and_ends_it() -> None:
    for command in ({"id": 2, "subscribed": {}}, {"id": 2}):
        assert Desk().connect().say(command) == [
            {"id": 2, "error": {"code": 104, "message": "method not found"}},
            (3501, "unknown command"),
        ]
    assert Desk().connect().say({"subscribed": {}}) == [(3501, "bad request")]


# The other encoding


def test_messagepack_says_the_same() -> None:
    desk = Desk()
    desk.board.put("contest:a", 5, {"v": 5})
    packed: Session = desk.hub.open("id1", MSGPACK, 0)
    message = msgpack.packb({"id": 1, "connect": {}}) + msgpack.packb(
        {"id": 2, "subscribe": {"channel": "contest:a"}}
    )
    (action,) = packed.receive(message, 0, binary=True)
    assert isinstance(action, Send)
    unpacker = msgpack.Unpacker()
    unpacker.feed(action.message)
    assert list(unpacker) == [
        {"id": 1, "connect": CONNECTED},
        subscribed(2, offset=5, recovered=False, was=False, pubs=[(5, {"v": 5})]),
    ]
    (broadcast,) = desk.hub.publish(Publication("contest:a", 6, b"{}", msgpack.packb({"v": 6})))
    assert (broadcast.binary, msgpack.unpackb(broadcast.message)) == (True, push("contest:a", 6, {"v": 6}))

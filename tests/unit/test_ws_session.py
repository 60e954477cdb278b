"""Sessions as transcripts: what a client sends on the left, what it is owed on the right."""

import json

import msgpack
import pytest

from tests.ws.board import ScriptedBoard
from ws.actions import Action, Close, Send
from ws.counters import Counters
from ws.hub import Hub
from ws.limits import Limits
from ws.protocol import JSON, MSGPACK
from ws.publication import Publication
from ws.session import Session

CONNECTED = {
    "client": "id1",
    "version": "tally 1",
    "ping": 20,
    "pong": True,
    "session": "id1",
    "node": "tally",
}


class Desk:
    """One hub with one client, spoken to in JSON lines."""

    def __init__(self, board: ScriptedBoard | None = None, **limits: int) -> None:
        self.board = board or ScriptedBoard(["contest:a", "contest:b", "calls:e", "status:e"])
        self.counters = Counters()
        self.hub = Hub(self.board, Limits(**limits), self.counters, "tally 1")
        self.session = self.hub.open("id1", JSON, 0)

    def say(self, *commands: dict, at: int = 0) -> list:
        lines = "\n".join(map(json.dumps, commands)).encode()
        return told(self.session.receive(lines, at, binary=False))

    def connect(self) -> "Desk":
        assert self.say({"id": 1, "connect": {}}) == [{"id": 1, "connect": CONNECTED}]
        return self

    def publish(self, channel: str, offset: int | None, data: object) -> list:
        """What is written to the client's socket, as the fan-out would."""
        out = []
        for broadcast in self.hub.publish(self.board.put(channel, offset, data)):
            for subscription in broadcast.subscriptions:
                if subscription.session.blocked:
                    out += told(subscription.session.hold(subscription, broadcast.message))
                else:
                    out.append(json.loads(broadcast.message))
        return out


def told(actions: list[Action]) -> list:
    """Replies as objects, a close as (code, reason)."""
    out: list = []
    for action in actions:
        match action:
            case Send(message=message):
                out += [json.loads(line) for line in message.split(b"\n")]
            case Close(code=code, reason=reason):
                out.append((code, reason))
    return out


def push(channel: str, offset: int | None, data: object) -> dict:
    pub = {"data": data} if offset is None else {"data": data, "offset": offset}
    return {"push": {"channel": channel, "pub": pub}}


def subscribed(
    command_id: int, *, offset: int, recovered: bool, was: bool, pubs: list[tuple[int, object]]
) -> dict:
    result: dict = {"recoverable": True, "positioned": True, "epoch": "e1", "offset": offset}
    result |= {"recovered": recovered, "was_recovering": was}
    if pubs:
        result["publications"] = [{"data": data, "offset": at} for at, data in pubs]
    return {"id": command_id, "subscribe": result}


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


# Rate, pings, deadlines


def test_more_than_a_burst_is_a_terminal_close() -> None:
    desk = Desk().connect()
    for number in range(19):
        assert desk.say({"id": 2 + number, "ping": {}}) != []
    assert desk.say({"id": 90, "ping": {}}) == [(3503, "rate")]
    assert desk.say({"id": 91, "ping": {}}) == []


def test_commands_in_one_message_count_one_each() -> None:
    pings = [{"id": 2 + number, "ping": {}} for number in range(30)]
    answered = Desk().connect().say(*pings)
    assert answered == [{"id": 2 + number, "ping": {}} for number in range(19)] + [(3503, "rate")]


def test_ten_a_second_may_go_on_for_ever() -> None:
    desk = Desk().connect()
    for number in range(100):
        assert desk.say({"id": 2 + number, "ping": {}}, at=100 * number) == [{"id": 2 + number, "ping": {}}]


def test_failed_subscribes_and_control_frames_are_not_free() -> None:
    desk = Desk().connect()
    for _ in range(10):
        desk.say({"id": 5, "subscribe": {"channel": "nowhere"}})
        assert desk.session.closed or told(desk.session.control(0)) in ([], [(3503, "rate")])
    assert desk.session.closed


def test_ping_pong_and_who_does_not_answer() -> None:
    desk = Desk().connect()
    assert told(desk.hub.tick(19_999)) == []
    assert told(desk.hub.tick(20_000)) == [{}]
    assert desk.say({}, at=25_000) == []
    assert told(desk.hub.tick(39_999)) == []
    assert told(desk.hub.tick(40_000)) == [{}]
    assert told(desk.hub.tick(49_999)) == []
    assert told(desk.hub.tick(50_000)) == [(4008, "no-pong")]


def test_a_crowd_is_not_pinged_in_one_moment() -> None:
    desk = Desk()
    for number in range(40):
        desk.hub.open(f"c{number}", JSON, 0).receive(b'{"id":1,"connect":{}}', 0, binary=False)
    pinged = [len(told(desk.hub.tick(second * 1_000))) for second in range(1, 10)]
    assert max(pinged) <= 3


# Falling behind


def test_a_blocked_client_gets_the_newest_state_and_every_event() -> None:
    desk = Desk().connect()
    for number, channel in enumerate(("contest:a", "calls:e", "status:e"), 2):
        desk.say({"id": number, "subscribe": {"channel": channel}})
    desk.session.block(1_000)
    for offset in range(1, 11):
        assert desk.publish("contest:a", offset, {"v": offset}) == []
        assert desk.publish("status:e", None, {"at": offset}) == []
    for offset in (3, 7):
        assert desk.publish("calls:e", offset, {"c": offset}) == []
    desk.session.unblock(2_000)
    out = []
    while (message := desk.session.backlog.pop()) is not None:
        out.append(json.loads(message))
    assert out == [
        push("contest:a", 10, {"v": 10}),
        push("status:e", None, {"at": 10}),
        push("calls:e", 3, {"c": 3}),
        push("calls:e", 7, {"c": 7}),
    ]
    assert desk.counters.conflated == 18


def test_events_past_the_queue_close_with_a_code_that_says_come_back() -> None:
    desk = Desk(queue_frames_max=3).connect()
    desk.say({"id": 2, "subscribe": {"channel": "calls:e"}})
    desk.session.block(0)
    assert [desk.publish("calls:e", offset, {}) for offset in (1, 2, 3)] == [[], [], []]
    assert desk.publish("calls:e", 4, {}) == [(4008, "slow-consumer")]
    assert desk.publish("calls:e", 5, {}) == []
    assert desk.counters.closed == {4008: 1}


def test_replies_to_a_client_that_does_not_read_are_bounded_too() -> None:
    desk = Desk(queue_bytes_max=60).connect()
    desk.session.block(0)
    assert desk.say({"id": 2, "ping": {}}) == []
    assert desk.say({"id": 3, "rpc": {}}) == [(4008, "slow-consumer")]


def test_unread_for_thirty_seconds_is_the_end_and_draining_starts_it_over() -> None:
    desk = Desk().connect()
    desk.session.block(1_000)
    assert told(desk.hub.tick(30_999)) == []
    desk.session.unblock(30_999)
    desk.say({}, at=31_000)
    desk.session.block(31_000)
    assert told(desk.hub.tick(60_999)) == []
    assert told(desk.hub.tick(61_000)) == [(4008, "slow-consumer")]


def test_a_ping_that_waited_unread_is_not_held_against_the_client() -> None:
    desk = Desk().connect()
    assert told(desk.hub.tick(20_000)) == [{}]
    desk.session.block(20_001)
    desk.session.unblock(45_000)
    assert told(desk.hub.tick(45_001)) == []
    assert told(desk.hub.tick(55_000)) == [(4008, "no-pong")]


def test_nothing_is_said_after_a_close() -> None:
    desk = Desk().connect()
    desk.say({"id": 2, "subscribe": {"channel": "contest:a"}})
    assert desk.session.close(4008, "slow-consumer") == [Close(desk.session, 4008, "slow-consumer")]
    assert desk.publish("contest:a", 5, {}) == []
    assert desk.say({"id": 3, "ping": {}}) == []
    assert desk.session.close(3501, "x") == []
    assert desk.hub.tick(10**9) == []


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

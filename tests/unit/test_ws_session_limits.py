"""Sessions as transcripts: rate, pings and deadlines, and what a client that falls behind is sent."""

import json

from tests.ws.desk import Desk, push, told
from ws.actions import Close
from ws.protocol import JSON

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

"""Who hears what, and that it is encoded once."""

import pytest

from tests.ws.board import ScriptedBoard
from ws.actions import Close
from ws.counters import Counters
from ws.hub import Hub
from ws.limits import Limits
from ws.protocol import JSON, MSGPACK, Codec
from ws.publication import Publication
from ws.session import Session


class Counting:
    """The JSON codec, counting how often a push is encoded."""

    def __init__(self) -> None:
        self.pushes = 0
        self.name, self.binary, self.ping = JSON.name, JSON.binary, JSON.ping
        self.decode, self.encode, self.pub = JSON.decode, JSON.encode, JSON.pub

    def push(self, publication: Publication) -> bytes:
        self.pushes += 1
        return JSON.push(publication)


def a_hub() -> tuple[Hub, ScriptedBoard]:
    board = ScriptedBoard(["contest:a", "contest:b", "calls:e", "status:e"])
    return Hub(board, Limits(), Counters(), "tally 1"), board


def listener(hub: Hub, codec: Codec, *channels: str) -> Session:
    session = hub.open("c", codec, 0)
    if codec is not MSGPACK:
        session.receive(b'{"id":1,"connect":{}}', 0, binary=False)
        for number, channel in enumerate(channels, 2):
            session.receive(
                b'{"id":%d,"subscribe":{"channel":"%s"}}' % (number, channel.encode()), 0, binary=False
            )
    return session


class Heard:
    """A feed that remembers what it was offered."""

    def __init__(self) -> None:
        self.offered: list[Publication] = []
        self.finished = 0

    def offer(self, publication: Publication) -> None:
        self.offered.append(publication)

    def finish(self) -> None:
        self.finished += 1


def test_a_thousand_listeners_are_given_one_object() -> None:
    hub, board = a_hub()
    codec = Counting()
    sessions = [listener(hub, codec, "contest:a") for _ in range(1_000)]
    (broadcast,) = hub.publish(board.put("contest:a", 1, {"v": 1}))
    assert [each.session for each in broadcast.subscriptions] == sessions
    assert codec.pushes == 1


def test_only_those_who_listen_are_told() -> None:
    hub, board = a_hub()
    one = listener(hub, JSON, "contest:a")
    both = listener(hub, JSON, "contest:a", "contest:b")
    assert [
        [each.session for each in broadcast.subscriptions]
        for broadcast in hub.publish(board.put("contest:b", 1, {}))
    ] == [[both]]
    assert sorted(hub.heard()) == ["contest:a", "contest:b"]
    hub.drop(both)
    assert list(hub.heard()) == ["contest:a"]
    assert not hub.is_heard("contest:b")
    hub.drop(both)
    hub.drop(one)
    assert not list(hub.heard())
    assert hub.counters.connections == 0


def test_nobody_listening_costs_no_encoding() -> None:
    hub, _ = a_hub()
    assert hub.publish(Publication("contest:a", 1, b"two\nlines", b"")) == []


def test_state_that_is_not_newer_is_left_out_and_an_event_that_is_not_newer_stops_the_program() -> None:
    hub, board = a_hub()
    listener(hub, JSON, "contest:a", "calls:e")
    assert hub.publish(board.put("contest:a", 5, {}))
    assert not hub.publish(board.put("contest:a", 5, {}))
    assert not hub.publish(board.put("contest:a", 4, {}))
    assert hub.publish(board.put("calls:e", 5, {}))
    with pytest.raises(AssertionError, match="calls:e: event 5 after 5"):
        hub.publish(board.put("calls:e", 5, {}))


def test_only_those_who_joined_before_it_are_sent_a_publication() -> None:
    hub, board = a_hub()
    early = listener(hub, JSON, "contest:a")
    ahead = board.put("contest:a", 5, {})
    late = listener(hub, JSON, "contest:a")
    (broadcast,) = hub.publish(ahead)
    assert [each.session for each in broadcast.subscriptions] == [early]
    (broadcast,) = hub.publish(board.put("contest:a", 6, {}))
    assert [each.session for each in broadcast.subscriptions] == [early, late]


def test_feeds_are_offered_what_they_attached_to() -> None:
    hub, board = a_hub()
    feed = Heard()
    hub.attach(feed, ("contest:a", "calls:e"))
    assert sorted(hub.heard()) == ["calls:e", "contest:a"]
    published = board.put("contest:a", 5, {})
    hub.publish(published)
    hub.publish(published)
    hub.publish(board.put("contest:b", 5, {}))
    assert feed.offered == [published]
    hub.detach(feed, ("contest:a", "calls:e"))
    hub.publish(board.put("contest:a", 6, {}))
    assert feed.offered == [published]
    assert not list(hub.heard())


def test_stop_tells_each_client_its_own_moment_to_come_back() -> None:
    hub, _ = a_hub()
    one, two = listener(hub, JSON, "contest:a"), listener(hub, JSON)
    feed = Heard()
    hub.attach(feed, ("contest:a", "calls:e"))
    moments = iter([1_200, 7_700])
    assert hub.stop(lambda: next(moments)) == [
        Close(one, 1012, '{"reason":"shutdown","reconnect":true,"retry_ms":1200}'),
        Close(two, 1012, '{"reason":"shutdown","reconnect":true,"retry_ms":7700}'),
    ]
    assert feed.finished == 1
    assert hub.counters.closed == {1012: 2}


def test_a_new_epoch_sends_everyone_back_and_counts_from_there() -> None:
    hub, board = a_hub()
    one = listener(hub, JSON, "contest:a")
    hub.publish(board.put("contest:a", 50, {}))
    board.epoch = "e2"
    assert hub.renew() == [Close(one, 3010, "insufficient state")]
    hub.drop(one)
    board.put("contest:a", 2, {})
    again = listener(hub, JSON, "contest:a")
    (broadcast,) = hub.publish(board.put("contest:a", 3, {}))
    assert [each.session for each in broadcast.subscriptions] == [again]


@pytest.mark.parametrize("retry_ms", [0, 10_000])
def test_a_close_reason_fits_its_frame(retry_ms: int) -> None:
    hub, _ = a_hub()
    listener(hub, JSON)
    (close,) = hub.stop(lambda: retry_ms)
    assert isinstance(close, Close)
    assert len(close.reason.encode()) <= 123

"""The backlog holds the newest state a channel and every event, and never outgrows its limits."""

from hypothesis import given
from hypothesis import strategies as st

from ws.backlog import Backlog


def drain(backlog: Backlog) -> list[bytes]:
    out = []
    while (message := backlog.pop()) is not None:
        out.append(message)
    return out


def test_newer_state_takes_the_place_of_older() -> None:
    backlog = Backlog(4, 100)
    assert not backlog.keep_newest("a", b"a1")
    assert not backlog.keep_newest("b", b"b1")
    assert backlog.keep_newest("a", b"a2")
    assert drain(backlog) == [b"a2", b"b1"]
    assert len(backlog) == 0


def test_events_and_replies_keep_their_order_and_are_never_replaced() -> None:
    backlog = Backlog(4, 100)
    assert backlog.append("calls", b"1")
    assert backlog.append("", b"reply")
    assert backlog.append("calls", b"2")
    assert drain(backlog) == [b"1", b"reply", b"2"]


def test_past_either_limit_nothing_is_queued() -> None:
    frames = Backlog(2, 100)
    assert [frames.append("c", b"x") for _ in range(3)] == [True, True, False]
    assert drain(frames) == [b"x", b"x"]
    assert frames.append("c", b"x"), "what was sent makes room"
    size = Backlog(64, 10)
    assert [size.append("c", b"123456"), size.append("c", b"12345"), size.append("c", b"1234")] == [
        True,
        False,
        True,
    ]


def test_state_frames_are_outside_the_queue_limit() -> None:
    backlog = Backlog(1, 1)
    for number in range(100):
        backlog.keep_newest(f"c{number}", b"big" * 100)
    assert backlog.append("calls", b"1")
    assert len(backlog) == 101


def test_a_channel_left_is_forgotten_with_its_share_of_the_queue() -> None:
    backlog = Backlog(2, 100)
    backlog.keep_newest("a", b"a")
    backlog.append("calls", b"1")
    backlog.append("", b"reply")
    backlog.forget("calls")
    backlog.forget("a")
    assert backlog.append("calls", b"2")
    assert drain(backlog) == [b"reply", b"2"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["state", "event", "forget", "pop"]), st.sampled_from("abc"), st.integers(1, 40)
    )
)


@given(STEPS)
def test_any_history_stays_within_limits(steps: list[tuple[str, str, int]]) -> None:
    backlog = Backlog(5, 60)
    newest: dict[str, bytes] = {}
    queued: list[tuple[str, bytes]] = []
    for number, (what, channel, size) in enumerate(steps):
        message = f"{number}:".encode() + b"x" * size
        if what == "state":
            backlog.keep_newest("s" + channel, message)
            newest["s" + channel] = message
        elif what == "event":
            fits = len(queued) < 5 and sum(len(each) for _, each in queued) + len(message) <= 60
            assert backlog.append("e" + channel, message) == fits
            queued += [("e" + channel, message)] * fits
        elif what == "forget":
            backlog.forget("e" + channel)
            queued = [pair for pair in queued if pair[0] != "e" + channel]
        else:
            message = backlog.pop() or b""
            newest = {name: each for name, each in newest.items() if each != message}
            queued = [pair for pair in queued if pair[1] != message]
        assert len(backlog) == len(newest) + len(queued)
    left = drain(backlog)
    assert [each for each in left if each not in newest.values()] == [each for _, each in queued]
    assert sorted(each for each in left if each in newest.values()) == sorted(newest.values())

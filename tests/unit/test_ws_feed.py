"""One SSE stream of many channels: order, conflation, and positions that never promise too much."""

from hypothesis import given
from hypothesis import strategies as st

from tests.ws.board import ScriptedBoard
from ws.feed import StreamFeed
from ws.publication import ChannelKind, Position

CHANNELS = ["contest:a", "contest:b", "calls:e"]


def a_board() -> ScriptedBoard:
    return ScriptedBoard([*CHANNELS, "status:e"])


def a_feed(
    board: ScriptedBoard, *channels: str, asked: Position | None = None
) -> tuple[StreamFeed, list[str]]:
    feed = StreamFeed(board, 64, 1 << 20, lambda: None)
    kinds: dict[str, ChannelKind] = {}
    for channel in channels or CHANNELS:
        kind = board.kind(channel)
        assert kind is not None
        kinds[channel] = kind
    return feed, feed.begin(kinds, asked)


def taken(feed: StreamFeed) -> list[tuple[str, int | None, int | None]]:
    out = []
    while (item := feed.take()) is not None:
        out.append((item.publication.channel, item.publication.offset, item.resume))
    return out


def test_a_newcomer_gets_every_view_in_order_and_no_past_events() -> None:
    board = a_board()
    board.put("contest:b", 4, {})
    board.put("contest:a", 7, {})
    board.put("calls:e", 6, {})
    feed, lost = a_feed(board)
    assert lost == []
    assert taken(feed) == [("contest:b", 4, 6), ("contest:a", 7, 7)]


def test_channels_that_moved_at_once_share_one_position_given_when_all_are_sent() -> None:
    board = a_board()
    feed, _ = a_feed(board)
    for channel in CHANNELS:
        feed.offer(board.put(channel, 10, {}))
    assert taken(feed) == [("contest:a", 10, 9), ("contest:b", 10, 9), ("calls:e", 10, 10)]


def test_a_position_does_not_pass_a_view_that_changed_but_is_not_published_yet() -> None:
    board = a_board()
    feed, _ = a_feed(board)
    late = board.put("contest:b", 9, {})  # its tick comes later
    feed.offer(board.put("calls:e", 12, {}))
    assert taken(feed) == [("calls:e", 12, 8)]
    feed.offer(late)
    assert taken(feed) == [("contest:b", 9, 12)]


def test_state_is_conflated_and_events_are_not() -> None:
    board = a_board()
    feed, _ = a_feed(board)
    for offset in range(1, 9):
        feed.offer(board.put("contest:a", offset, {}))
    feed.offer(board.put("calls:e", 3, {}))
    feed.offer(board.put("calls:e", 5, {}))
    assert taken(feed) == [("calls:e", 3, 3), ("calls:e", 5, 5), ("contest:a", 8, 8)]
    assert feed.conflated == 7


def test_resume_sends_what_is_newer_and_says_nothing_of_the_rest() -> None:
    board = a_board()
    board.put("contest:a", 3, {})
    board.put("contest:b", 8, {})
    for offset in (2, 5, 8):
        board.put("calls:e", offset, {})
    feed, lost = a_feed(board, asked=Position("e1", 4))
    assert lost == []
    assert [(channel, offset) for channel, offset, _ in taken(feed)] == [
        ("calls:e", 5),
        ("contest:b", 8),
        ("calls:e", 8),
    ]
    nothing, _ = a_feed(board, asked=Position("e1", 8))
    assert taken(nothing) == []


def test_a_position_of_another_epoch_is_lost_on_every_channel_that_has_one() -> None:
    board = a_board()
    board.put("contest:a", 3, {})
    board.put("calls:e", 5, {})
    board.put("status:e", None, {})
    feed, lost = a_feed(board, *CHANNELS, "status:e", asked=Position("e0", 4))
    assert lost == CHANNELS
    assert taken(feed) == [("status:e", None, 0), ("contest:a", 3, 3), ("calls:e", 5, 5)]


def test_what_was_sent_at_the_start_is_not_sent_again_when_published() -> None:
    board = a_board()
    ahead = board.put("contest:a", 3, {})
    feed, _ = a_feed(board)
    assert taken(feed) == [("contest:a", 3, 3)]
    feed.offer(ahead)
    assert taken(feed) == []


def test_a_stream_of_status_alone_has_no_position() -> None:
    board = a_board()
    feed, _ = a_feed(board, "status:e")
    feed.offer(board.put("status:e", None, {}))
    assert taken(feed) == [("status:e", None, None)]


def test_events_that_pile_up_finish_the_stream() -> None:
    board = a_board()
    feed = StreamFeed(board, 3, 1 << 20, lambda: None)
    feed.begin({"calls:e": ChannelKind.EVENT}, None)
    for offset in (1, 2, 3):
        feed.offer(board.put("calls:e", offset, {}))
    assert not feed.finished
    feed.offer(board.put("calls:e", 4, {}))
    assert feed.finished


def test_a_position_newer_than_anything_here_is_lost() -> None:
    board = a_board()
    board.put("contest:a", 3, {})
    feed, lost = a_feed(board, asked=Position("e1", 4))
    assert lost == CHANNELS
    assert taken(feed) == [("contest:a", 3, 3)]


SCRIPT = st.lists(
    st.tuples(st.sets(st.sampled_from(CHANNELS), min_size=1), st.booleans(), st.integers(0, 3)), max_size=25
)


@given(SCRIPT, st.integers(0, 200))
def test_cut_anywhere_and_resumed_nothing_is_missing(
    script: list[tuple[set[str], bool, int]], cut: int
) -> None:
    """Records change channels; some views are published late; the stream is cut after `cut` items."""
    board = a_board()
    feed, _ = a_feed(board)
    seen: dict[str, list[int]] = {channel: [] for channel in CHANNELS}
    position, cut_at, late = 0, cut, []

    def read(limit: int) -> int:
        nonlocal position
        while limit and (item := feed.take()) is not None:
            assert item.publication.offset is not None
            assert item.resume is not None
            assert item.resume >= position, "positions never go back"
            seen[item.publication.channel].append(item.publication.offset)
            position, limit = item.resume, limit - 1
        return limit

    for offset, (channels, is_late, reads) in enumerate(script, 1):
        for channel in sorted(channels):
            publication = board.put(channel, offset, {})
            if is_late and channel != "calls:e":
                late.append(publication)
            else:
                feed.offer(publication)
        allowed = min(reads, cut_at)
        cut_at -= allowed - read(allowed)
        if late and board.newest(late[0].channel) is late[0]:  # the hub leaves out what is not newest
            feed.offer(late[0])
        del late[:1]
    resumed, lost = a_feed(board, asked=Position("e1", position))
    assert lost == []
    for channel, offset, _ in taken(resumed):
        assert offset is not None
        seen[channel].append(offset)
    for channel in ("contest:a", "contest:b"):
        assert max(seen[channel], default=0) == board.top(channel)
    assert set(seen["calls:e"]) == {event.offset for event in board.since("calls:e", 0)[0]}

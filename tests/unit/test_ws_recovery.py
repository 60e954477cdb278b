"""From every kind of position to what was missed: recovered, or said that it was not."""

from tests.ws.board import ScriptedBoard
from ws.publication import ChannelKind, Position
from ws.recovery import Start, start


def offsets(begun: Start) -> list[int | None]:
    return [publication.offset for publication in begun.publications]


def test_state_newcomer_gets_the_newest_view() -> None:
    board = ScriptedBoard(["contest:a"])
    assert start(board, "contest:a", ChannelKind.STATE, None) == Start(False, (), 0)
    board.put("contest:a", 3, {"v": 3})
    newest = board.put("contest:a", 9, {"v": 9})
    assert start(board, "contest:a", ChannelKind.STATE, None) == Start(False, (newest,), 9)


def test_state_resume_is_recovered_up_to_the_newest_and_never_beyond() -> None:
    board = ScriptedBoard(["contest:a"])
    newest = board.put("contest:a", 9, {"v": 9})
    for asked, recovered, shown in [
        (Position("e1", 9), True, ()),
        (Position("e1", 8), True, (newest,)),
        (Position("e1", 0), True, (newest,)),
        (Position("e1", 10), False, (newest,)),
        (Position("e0", 9), False, (newest,)),
        (Position("", 0), False, (newest,)),
    ]:
        assert start(board, "contest:a", ChannelKind.STATE, asked) == Start(recovered, shown, 9), asked


def test_events_since_a_known_position_are_all_there() -> None:
    board = ScriptedBoard(["calls:e"], events_kept=150)
    for offset in range(10, 2_010, 10):  # 200 events, 50 of them no longer kept
        board.put("calls:e", offset, {"at": offset})
    kind = ChannelKind.EVENT
    assert offsets(start(board, "calls:e", kind, None)) == []
    assert start(board, "calls:e", kind, Position("e1", 2_000)).recovered
    assert offsets(start(board, "calls:e", kind, Position("e1", 1_985))) == [1_990, 2_000]
    whole = start(board, "calls:e", kind, Position("e1", 500))
    assert (whole.recovered, len(whole.publications), whole.top) == (True, 150, 2_000)


def test_events_before_what_is_kept_or_of_another_life_are_said_to_be_lost() -> None:
    board = ScriptedBoard(["calls:e"], events_kept=150)
    for offset in range(1, 201):
        board.put("calls:e", offset, {"at": offset})
    for asked in (Position("e1", 49), Position("e0", 150), Position("e1", 201), Position("", 0)):
        begun = start(board, "calls:e", ChannelKind.EVENT, asked)
        assert not begun.recovered, asked
        assert offsets(begun) == list(range(101, 201)), asked
        assert begun.top == 200


def test_another_epoch_gets_the_last_hundred_events_even_when_more_are_kept() -> None:
    board = ScriptedBoard(["calls:e"])
    for offset in range(1, 121):
        board.put("calls:e", offset, {"at": offset})
    begun = start(board, "calls:e", ChannelKind.EVENT, Position("e0", 50))
    assert (begun.recovered, offsets(begun)) == (False, list(range(21, 121)))


def test_status_has_no_position_and_shows_what_there_is() -> None:
    board = ScriptedBoard(["status:e"])
    assert start(board, "status:e", ChannelKind.STATUS, None) == Start(False, (), 0)
    newest = board.put("status:e", None, {"fresh": True})
    assert start(board, "status:e", ChannelKind.STATUS, None) == Start(False, (newest,), 0)
    assert start(board, "status:e", ChannelKind.STATUS, Position("e1", 0)).publications == (newest,)

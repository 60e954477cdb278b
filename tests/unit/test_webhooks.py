"""What an endpoint is owed, from state alone; what its answers mean; the place it keeps on disk."""

import json
from pathlib import Path

import msgspec
import pytest

from deploy.webhooks import is_private
from tally import engine, freeze
from tally.history import Finished
from tally.model import Definition
from tally.state import State
from tests.service.world import definition
from ws.webhooks import mark as marks
from ws.webhooks.answers import Gone, NotTaken, judge
from ws.webhooks.endpoint import Endpoint
from ws.webhooks.mark import Mark
from ws.webhooks.messages import RECORDS_AT_ONCE_MAX, owed

ENDPOINT = Endpoint("desk", "https://example.org/", ("whsec_",))
CLAIM = {"kind": "claim", "contest": "mayor", "claim": "elected:ann", "status": "irreversible"}


@pytest.fixture
def state() -> State:
    defined = msgspec.convert(definition(units=4), Definition)
    return engine.open_state(engine.define(defined, 1_000))


def happen(state: State, seq: int, *events: dict[str, str]) -> None:
    """A record that gave something to tell."""
    state.seq = seq
    state.calls.append((seq, seq * 1_000, msgspec.msgpack.encode(list(events))))


def test_in_order_after_the_mark_and_never_more_than_a_stretch(state: State) -> None:
    for seq in range(2, 2 + 3 * RECORDS_AT_ONCE_MAX):
        happen(state, seq, {"kind": "quarantined"}, CLAIM)
    mark, ids, rounds = Mark("e", 1), [], 0
    while mark.seq < state.seq:
        news = owed(state, "e", ENDPOINT, mark)
        ids += [one.id for one in news.messages]
        mark, rounds = news.mark, rounds + 1
    assert ids == [f"desk_e_{seq}_1" for seq in range(2, 2 + 3 * RECORDS_AT_ONCE_MAX)]
    assert rounds > 3
    assert not list(owed(state, "e", ENDPOINT, mark).messages)


def test_in_the_middle_of_a_record(state: State) -> None:
    happen(state, 2, CLAIM, CLAIM, CLAIM)
    assert [one.id for one in owed(state, "e", ENDPOINT, Mark("e", 2, 0)).messages] == [
        "desk_e_2_1",
        "desk_e_2_2",
    ]


def test_a_gap_is_said_and_what_is_kept_follows(state: State) -> None:
    most = state.calls.maxlen
    assert most is not None
    for seq in range(2, most + 12):
        happen(state, seq, CLAIM)
    news = owed(state, "e", ENDPOINT, Mark("e", 1))
    (gap,) = list(news.messages)
    message = json.loads(gap.body)
    assert message["type"] == "gap"
    assert message["data"]["event"] == {
        "kind": "gap", "after": {"epoch": "e", "seq": 1}, "until": {"epoch": "e", "seq": 11},
    }  # fmt: skip
    assert [one.id for one in owed(state, "e", ENDPOINT, news.mark).messages][:2] == [
        "desk_e_12_0",
        "desk_e_13_0",
    ]
    elsewhere = list(owed(state, "e", ENDPOINT, Mark("other", 9)).messages)
    assert json.loads(elsewhere[0].body)["data"]["event"]["after"] == {"epoch": "other", "seq": 9}


def test_shares_are_kept_once_and_over_a_snapshot(state: State) -> None:
    records = [
        msgspec.structs.replace(engine.define(state.layout.definition, 5), seq=seq) for seq in range(2, 8)
    ]
    for record, finished in zip(records, (1, 1, 3, 2, 3, 4), strict=True):
        state.finished.note(record, 0, finished, 4)
    kept = [(one.seq, one.before, one.percent) for one in state.finished.passed]
    assert kept == [(2, 0, 25), (4, 25, 75), (7, 75, 100)]
    again = freeze.thaw(freeze.freeze(state)).finished
    assert again.passed == state.finished.passed
    again.note(records[0], 0, 4, 4)
    assert len(again.passed) == 3, "it knows how far the share had come"
    empty = Finished(1)
    empty.note(records[0], 0, 0, 0)
    assert not empty.passed


@pytest.mark.parametrize(
    ("status", "retry_after", "wait"),
    [
        (500, "7", None), (301, None, None), (429, "7", 7.0), (503, "999999999999", 3_600.0), (429, "soon", None),
        (503, "Thu, 01 Jan 1970 00:01:40 GMT", 40.0), (429, "Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        (503, "Mon, 01 Jan 99999999999999 00:00:00 GMT", None),
    ],
)  # fmt: skip
def test_not_taken(status: int, retry_after: str | None, wait: float | None) -> None:
    with pytest.raises(NotTaken) as said:
        judge(status, retry_after, 60.0)
    assert said.value.wait_s == wait


def test_taken_and_gone() -> None:
    judge(200, None, 0.0)
    judge(204, None, 0.0)
    with pytest.raises(Gone):
        judge(410, None, 0.0)


def test_a_mark_outlives_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "webhooks" / "desk.json"
    assert marks.read(path) is None
    marks.write(path, Mark("e", 7, 2, "gone"))
    assert marks.read(path) == Mark("e", 7, 2, "gone")
    assert [one.name for one in path.parent.iterdir()] == ["desk.json"]
    path.write_text("{}")
    with pytest.raises(ValueError, match="no mark"):
        marks.read(path)


def test_private_is_tls_or_this_machine() -> None:
    assert is_private("https://example.org/")
    assert is_private("http://[::1]:9000/")
    assert not is_private("http://localhost.example.org/")

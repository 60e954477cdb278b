"""History against the views of its time: what was outstanding at each record, and pictures of a whole night."""

import itertools
import json
import random
from typing import Any

import msgspec
import numpy as np
import pytest

from tally import engine, events, freeze
from tally.history import History
from tally.model import Definition, canonical
from tally.report import DeskCommand
from tally.state import State
from tally.view import contest_view
from tests.unit.test_engine import command, drawn
from ws import history as shown
from ws.history import history_page, history_picture, thinned

LAST = 38
SAID = ("ballots_cast", "leader", "lead")


def told(view: dict[str, Any]) -> dict[str, Any]:
    """What a point of the history says, from the view of its time."""
    return {key: view[key] for key in SAID} | {
        "votes": {total["selection"]: total["votes"] for total in view["totals"]},
        "outstanding": {key: view["outstanding"][key] for key in ("certain", "assumptions")},
    }


def amendment(state: State, number: int) -> DeskCommand:
    """A unit more, and an assumption; the last time a selection as well, which no later report can name."""
    raw = json.loads(canonical(state.layout.definition))
    raw["units"].append({"id": f"late{number}", "parent": "n", "voters_registered": 30})
    raw["assumptions"].insert(0, {"id": f"t{number}", "kind": "turnout_max", "value": [2, 3]})
    if number == LAST:
        for contest in raw["contests"]:
            contest["selections"].append({"id": "d"})
    return DeskCommand("amend", "forgotten", "desk", definition=raw)


def played(
    night: int, commands: int = 40
) -> tuple[State, list[bytes], dict[tuple[int, int], dict[str, Any]], int]:
    """A random night: its state, its journal, each contest as it was shown at each seq, and its amendments."""
    chance = random.Random(night)
    first = engine.define(msgspec.convert(drawn(chance), Definition), 1_000)
    state, payloads, views, amended = engine.open_state(first), [events.encode(first)], {}, 0
    for number in range(commands):
        wanted = amendment(state, number) if number % 13 == 12 else command(chance, state, number)
        step = engine.step(state, wanted, 2_000 + number)
        if step.record is None:
            continue
        payloads.append(events.encode(step.record))
        amended += isinstance(step.record.cause, events.Amended)
        state = engine.apply(state, step.record, step.effects)
        for index in range(len(state.contests)):
            views[index, step.record.seq] = told(contest_view(state, index, "e"))
    return state, payloads, views, amended


def test_each_point_is_what_the_view_of_its_time_said() -> None:
    checked = unknown = amendments = assumed = 0
    for night in range(40):
        state, payloads, views, amended = played(night)
        amendments += amended
        replayed: State | None = None
        for payload in payloads:
            replayed = engine.decode_and_apply(replayed, payload)
        assert replayed is not None
        for one in (state, replayed, freeze.thaw(freeze.freeze(state))):
            for index, contest in enumerate(one.contests):
                names = {selection.id for selection in contest.layout.contest.selections}
                for point in history_page(contest, 0, 1_000, "e")["points"]:
                    then = views[index, point["seq"]]
                    added = names - then["votes"].keys()
                    assert {key: point[key] for key in SAID} == {key: then[key] for key in SAID}
                    assert point["votes"] == then["votes"] | dict.fromkeys(added, 0)
                    assert point["outstanding"] == then["outstanding"]
                    checked += 1
                    unknown += point["outstanding"]["certain"] is None
                    assumed += bool(point["outstanding"]["assumptions"])
    assert min(unknown, amendments, assumed, checked - unknown) > 20, (checked, unknown, amendments, assumed)


def test_an_amendment_is_a_point_of_every_contest() -> None:
    for night in range(40):
        state, payloads, _, amended = played(night)
        changed = [r.seq for r in map(events.decode, payloads) if isinstance(r.cause, events.Amended)]
        assert len(changed) == amended
        for contest in state.contests:
            assert set(changed) <= set(contest.history.points[:, 0].tolist())


def test_another_release_s_snapshot_is_passed_over_and_a_broken_one_is_not() -> None:
    state, *_ = played(1)
    ours = msgspec.msgpack.decode(freeze.freeze(state))
    older = msgspec.msgpack.encode(
        ours | {"version": freeze.SNAPSHOT_VERSION - 1, "contests": "of another form"}
    )
    assert freeze.thawed_if_ours(older) is None
    with pytest.raises(freeze.OtherVersion, match=f"version {freeze.SNAPSHOT_VERSION - 1}"):
        freeze.thaw(older)
    with pytest.raises(msgspec.DecodeError):
        freeze.thawed_if_ours(b"\x00")
    with pytest.raises(msgspec.DecodeError):
        freeze.thawed_if_ours(msgspec.msgpack.encode(ours | {"contests": 1}))


def long_history(points: int) -> History:
    made = History(2, (None,))
    made.points = np.array([[3 * n + 2, 0, n, n, 0, 100 - n] for n in range(points)], dtype=np.int64)
    return made


@pytest.mark.parametrize("points", [2, 3, 10, 240, 1_000])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 9, 10, 11, 500, 5_000])
def test_thinning_keeps_the_ends_and_every_turn_and_is_even(points: int, length: int) -> None:
    history = long_history(length)
    assert thinned(history, length, points, []) == []
    if not length:
        return
    even = thinned(history, 0, points, [])
    assert (even[0], even[-1], len(even)) == (0, length - 1, min(points, length) if length > 1 else 1)
    gaps = {b - a for a, b in itertools.pairwise(even)}
    assert not gaps or max(gaps) - min(gaps) <= 1
    chance = random.Random(length)
    places = sorted(chance.sample(range(length), min(5, length)))
    at_a_point = thinned(history, 0, points, [3 * place + 2 for place in places])
    just_after = thinned(history, 0, points, [3 * place + 3 for place in places])
    assert at_a_point == just_after == sorted({*even, *places})
    assert thinned(history, 0, points, [1]) == even, "a claim certain before any vote has no point"


def test_a_picture_has_the_newest_turns_and_says_how_many_it_left_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state, *_ = next(night for night in map(played, range(40)) if len(night[0].contests[0].history.turns) > 3)
    contest = state.contests[0]
    whole = history_picture(contest, 0, 1_000, "e")
    page = history_page(contest, 0, 1_000, "e")
    assert whole == page | {"left_off": {"corrections": 0, "claims": 0}}
    monkeypatch.setattr(shown, "TURNS_MAX", 2)
    some = history_picture(contest, 0, 2, "e")
    assert some["claims"] == whole["claims"][-2:]
    assert some["corrections"] == whole["corrections"][-2:]
    assert some["left_off"] == {
        "corrections": max(0, len(whole["corrections"]) - 2), "claims": len(whole["claims"]) - 2,
    }  # fmt: skip
    assert {turn["seq"] for turn in some["claims"]} <= {point["seq"] for point in some["points"]}
    after = whole["points"][3]["seq"]
    assert history_picture(contest, after, 1_000, "e")["points"] == whole["points"][4:]

"""A contest as places: what is known of it before a vote is counted."""

from typing import Any

import pytest

from tally import engine
from tally.model import read
from tally.projection.facts import places_of


def electable(rule: dict[str, Any]) -> list[bool]:
    """Which of three selections can win, the last of them withdrawn."""
    contest = {
        "id": "c",
        "rule": rule,
        "selections": [{"id": "a"}, {"id": "blank"}, {"id": "gone", "withdrawn": True}],
    }
    definition = read(
        {
            "format": "tally-election/1",
            "election": {"id": "e"},
            "units": [{"id": "u"}],
            "contests": [contest],
        }
    )
    state = engine.open_state(engine.define(definition, 0))
    return places_of(state.layout.contests[0]).electable.tolist()


@pytest.mark.parametrize("barred", [["blank"], [1]])
def test_who_the_rule_bars_cannot_win(barred: list[str | int]) -> None:
    assert electable({"type": "two_round"}) == [True, True, False]
    assert electable({"type": "two_round", "not_electable": barred}) == [True, False, False]

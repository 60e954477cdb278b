"""A first round of France: finished counts at which the law is easily misread, and what is left to come."""

import pytest

from tally.instance import decide, parse


def _decide(counted: list[int], outstanding: int = 0, registered: int = 1_000) -> dict:
    names = [chr(ord("A") + j) for j in range(len(counted))]
    units = [{"id": "u", "counted": counted, "outstanding": outstanding}]
    return decide(
        {
            "rule": "qualifying_round",
            "candidates": names,
            "params": {"registered": registered},
            "units": units,
        }
    )


@pytest.mark.parametrize(
    ("counted", "elected", "going_on", "out"),
    [
        ([301, 200, 99], "A", "A", "BC"),  # more than half, and a quarter of the voters
        (
            [249, 100, 90],
            "",
            "AB",
            "C",
        ),  # more than half, of too few voters: with whom else, then, but the second
        ([250, 100, 90], "A", "A", "BC"),  # exactly a quarter is enough
        ([300, 200, 100], "", "AB", "C"),  # exactly half is not
        ([200, 190, 180, 124], "", "ABC", "D"),  # three over the bar of 125
        ([190, 180, 150, 125], "", "ABCD", ""),  # all four
        ([240, 120, 119, 1], "", "AB", "CD"),  # one over it: the second goes on, too
        ([100, 90, 80], "", "AB", "C"),  # nobody over it: the two highest
        ([100, 90, 90], "", "A", ""),  # who is second is for a tie-break
        ([0, 0], "", "", ""),  # without a vote nothing is decided
    ],
)
def test_the_law_on_finished_counts(counted: list[int], elected: str, going_on: str, out: str) -> None:
    assert _decide(counted) == {
        "outright_certain": list(elected),
        "runoff_certain": any(counted) and not elected,
        "advance_certain": list(going_on),
        "eliminated": list(out),
    }


def test_registered_voters_are_in_whole_numbers() -> None:
    """An eighth of 1,001 is 125.125: 125 are too few, 126 enough."""
    assert _decide([200, 190, 125], registered=1_001)["advance_certain"] == ["A", "B"]
    assert _decide([200, 190, 126], registered=1_001)["advance_certain"] == ["A", "B", "C"]


def test_a_third_goes_on_long_before_anything_else_is_certain() -> None:
    said = _decide([200, 190, 125], outstanding=100)
    assert said["advance_certain"] == ["A", "B", "C"]
    assert said["runoff_certain"]
    assert not said["outright_certain"]
    assert _decide([200, 190, 125], outstanding=200)["advance_certain"] == []


def test_a_missing_register_is_a_fault() -> None:
    raw = {"rule": "qualifying_round", "candidates": ["A"], "params": {}, "units": []}
    faults = parse(raw)
    assert isinstance(faults, list)
    assert [(one.code, one.pointer) for one in faults] == [("field-missing", "/params/registered")]

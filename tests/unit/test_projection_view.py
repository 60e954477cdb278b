"""What is irreversible for certain is no longer a chance; what is not is never told as one."""

import pytest

from tally.ledger import ClaimState
from ws.projection import NEARLY_ONE, certain, told

NAMES = ["ann", "bo", "cy"]


def claims(*ids: str, status: str = "irreversible", grade: str = "certain") -> dict[str, ClaimState]:
    return {name: ClaimState(status, grade, (), 1) for name in ids}


@pytest.mark.parametrize(
    ("kind", "seats", "ids", "sure", "runoff"),
    [
        ("elected", 1, ("elected:ann",), {"ann": 1, "bo": 0, "cy": 0}, None),
        ("elected", 1, ("eliminated:cy",), {"cy": 0}, None),
        ("elected", 2, ("elected:ann",), {"ann": 1}, None),
        ("elected", 2, ("elected:ann", "elected:bo"), {"ann": 1, "bo": 1, "cy": 0}, None),
        ("outright", 1, ("outright:bo",), {"bo": 1, "ann": 0, "cy": 0}, 0),
        ("outright", 1, ("runoff", "runoff:ann+bo"), {"ann": 0, "bo": 0, "cy": 0}, 1),
        ("outright", 1, ("no-runoff", "eliminated:cy"), {"cy": 0}, 0),
        ("outright", 1, ("advances:ann",), {}, None),
        ("passes", 1, ("passes",), {"ann": 1, "bo": 0}, None),
        ("passes", 1, ("fails",), {"ann": 0, "bo": 1}, None),
        ("passes", 1, (), {}, None),
        ("seats", 5, ("at-least:ann:3", "at-most:cy:0", "at-most:bo:2"), {"ann": 1, "cy": 0}, None),
    ],
)
def test_a_certain_claim_decides_a_chance(
    kind: str, seats: int, ids: tuple[str, ...], sure: dict[str, float], runoff: float | None
) -> None:
    assert certain(claims(*ids), kind, NAMES, seats) == (sure, runoff)
    assert certain(claims(*ids, status="withdrawn"), kind, NAMES, seats) == ({}, None)
    assert certain(claims(*ids, grade="conditional"), kind, NAMES, seats) == ({}, None)


def test_ids_may_hold_colons() -> None:
    names = ["p:1", "p"]
    assert certain(claims("at-least:p:1:2"), "seats", names, 5) == ({"p:1": 1}, None)
    assert certain(claims("at-least:p:1"), "seats", names, 5) == ({"p": 1}, None)


def test_a_chance_is_never_told_as_certain() -> None:
    assert (told(1.0, None), told(0.5, None), told(0.5, 1.0)) == (NEARLY_ONE, 0.5, 1.0)

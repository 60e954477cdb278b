"""Which claims imply which, and that asking only those that are alike misses none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.implied import Said, carries, implies

KINDS = ("at-least", "at-most", "units-at-least", "units-at-most", "elected", "bloc")
IDS = st.builds(
    ":".join,
    st.one_of(
        st.tuples(st.sampled_from(KINDS), st.sampled_from("ab")),
        st.tuples(st.sampled_from(KINDS), st.sampled_from("ab"), st.integers(0, 12).map(str)),
        st.tuples(st.sampled_from(KINDS), st.integers(0, 12).map(str)),
    ),
)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("at-least:a:30", "at-least:a:28", True),
        ("at-least:a:28", "at-least:a:30", False),
        ("at-most:a:28", "at-most:a:30", True),
        ("units-at-least:a:9", "units-at-least:a:8", True),
        ("at-least:a:30", "at-least:b:28", False),
        ("at-least:a:30", "units-at-least:a:28", False),
        ("elected:a", "elected:a", False),
        ("elected:30", "elected:28", False),
        ("runoff", "runoff", False),
    ],
)
def test_only_more_of_the_same_implies(one: str, other: str, verdict: bool) -> None:
    assert implies(one, other) is verdict


def test_a_claim_is_carried_by_itself_and_by_what_implies_it() -> None:
    assert carries(["elected:a"], "elected:a")
    assert carries(["at-least:a:30"], "at-least:a:28")
    assert not carries(["at-least:a:27", "elected:b"], "at-least:a:28")


@given(st.lists(IDS, max_size=40), IDS)
def test_what_is_asked_of_the_alike_is_what_is_true_of_all(ids: list[str], claim: str) -> None:
    assert Said(ids).implying(claim) == [one for one in ids if implies(one, claim)]

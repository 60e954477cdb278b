"""The fan of projections: few points, the first and the newest always among them, in their order."""

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ws.fan import ALL_POINTS_MAX, POINTS_MAX, SELECTIONS_MAX, Fan

VOTES = {"a": 60, "b": 30, "c": 10, "d": 0}


def projected(**middles: float) -> list[dict[str, Any]]:
    return [
        {"selection": name, "share": {"middle": middle, "90": [middle - 0.03125, middle + 0.03125]}}
        for name, middle in middles.items()
    ]


def grown(count: int, contests: int = 1) -> Fan:
    fan = Fan(contests)
    for seq in range(1, count + 1):
        fan.add(seq, 1_000 * seq, 100, VOTES, projected(a=0.6, b=0.3, c=0.1))
    return fan


@given(st.integers(1, 2_000), st.sampled_from([1, 7, 600, 7_000, 10 * ALL_POINTS_MAX]))
def test_the_first_and_the_newest_stay_in_order_and_there_are_few(count: int, contests: int) -> None:
    seqs = [point.seq for point in grown(count, contests).points]
    assert seqs[0] == 1
    assert seqs[-1] == count
    assert seqs == sorted(set(seqs))
    most = max(2, min(POINTS_MAX, ALL_POINTS_MAX // contests))
    assert len(seqs) <= most
    assert len(seqs) >= min(count, most // 2)


def test_a_thinned_fan_is_even() -> None:
    seqs = [point.seq for point in grown(1_000).points]
    gaps = [later - sooner for sooner, later in itertools.pairwise(seqs)]
    assert len(set(gaps[:-1])) == 1
    assert gaps[-1] <= gaps[0]


def test_the_highest_are_kept_with_their_votes() -> None:
    fan = Fan(1)
    fan.add(7, 5_000, 100, VOTES, projected(a=0.25, b=0.5, c=0.125, d=0.375))
    (point,) = fan.shown()
    assert [one["selection"] for one in point["selections"]] == ["b", "d", "a"]
    assert len(point["selections"]) == SELECTIONS_MAX
    assert point["selections"][0] == {
        "selection": "b",
        "votes": 30,
        "share": {"middle": 0.5, "90": [0.46875, 0.53125]},
    }
    assert (point["seq"], point["valid"]) == (7, 100)
    assert point["as_of"].startswith("1970-01-01T00:00:05")

"""What explains a row: that what is only true of large towns is learnt from the smaller ones."""

import numpy as np

from tally.projection.design import explaining
from tally.projection.frame import Facts, Frame, Places
from tally.projection.projector import Projection, Projector

TOWN_ROWS = (4, 6, 8, 12, 16, 24, 32, 48)
TIMES = 4  # towns of each size
VOTERS = 500
A_SWING = 0.05  # for each logarithm of a town's size: away from the first


def towns(seed: int) -> tuple[Places, np.ndarray, np.ndarray]:
    """Towns of many sizes whose rows are all alike; their votes, and the row numbers of the largest towns."""
    chance = np.random.default_rng(seed)
    sizes = np.array(TOWN_ROWS * TIMES)
    town = np.repeat(np.arange(len(sizes)), sizes)
    lean = 0.5 + chance.normal(0, 0.05, len(sizes))[town]
    swing = -A_SWING * np.log(sizes / np.mean(sizes))[town]
    votes = np.stack([chance.binomial(VOTERS, np.clip(part, 0, 1)) for part in (lean, lean + swing)])
    before, now = (np.column_stack((of, VOTERS - of)) for of in votes)
    one = np.zeros(len(town), dtype=np.int64)
    places = Places(
        ("a", "b"), np.ones(2, dtype=np.bool_), np.full(len(town), float(VOTERS)),
        before.astype(np.float64), (one, town), ("all",), one,
    )  # fmt: skip
    return places, now.astype(np.int64), sizes[town] == max(TOWN_ROWS)


def off(places: Places, votes: np.ndarray, open_: np.ndarray) -> tuple[float, float]:
    """How far the projected share of the open rows is from theirs, and how far the swing of the seen is."""
    rows = np.arange(len(votes))
    known = Facts(
        np.where(open_[:, None], 0, votes), ~open_, np.where(open_, -1, rows), np.full(len(votes), VOTERS)
    )
    found = Projector(places, {"type": "plurality"}).update(known)
    assert isinstance(found, Projection)
    expected = found.votes.middle[0] - known.votes[:, 0].sum()
    truth = votes[open_, 0].sum()
    assert places.previous is not None
    swing = (votes[~open_, 0].sum() - places.previous[~open_, 0].sum()) / (~open_).sum()
    uniform = places.previous[open_, 0].sum() + swing * open_.sum()
    cast = open_.sum() * VOTERS
    return abs(expected - truth) / cast, abs(uniform - truth) / cast


def test_large_towns_follow_the_trend_of_the_smaller_ones() -> None:
    offs = np.array([off(*towns(seed)) for seed in range(6)])
    ours, uniform = offs.mean(axis=0)
    assert ours < uniform / 3, offs


def test_rows_and_towns_that_are_all_alike_explain_nothing() -> None:
    places, votes, open_ = towns(0)
    alike = np.arange(len(votes)) // 4
    same = Places(
        places.selections, places.electable, places.size, None, (places.kind, alike), places.areas,
        places.kind,
    )  # fmt: skip
    known = Facts(np.where(open_[:, None], 0, votes), ~open_, np.where(open_, -1, 1), np.full(len(votes), -1))
    rows = len(votes) // 4 * 4
    assert rows == len(votes), "every town is whole"
    assert explaining(Frame(same, known)).names == ()
    assert explaining(Frame(places, known)).names[-1:] == ("size",)

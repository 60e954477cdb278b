"""Projections: what they may never say, and what they say at the edges."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tally.ledger import ClaimState
from tally.projection.ensemble import blended
from tally.projection.frame import Facts, Frame, Ints
from tally.projection.projector import ROWS_MIN, Projection, Projector, TooEarly
from tally.projection.record import LEVELS
from tally.projection.regression import regressed
from tally.projection.shown import shown
from tests.unit.projection_cases import Made, facts, made, renamed, shuffled
from ws.projection import certain, told

PLURALITY = {"type": "plurality"}


def projected(night: Made, known: Facts) -> Projection:
    found = Projector(night.places, PLURALITY).update(known)
    assert isinstance(found, Projection)
    return found


def sound(night: Made, known: Facts, found: Projection) -> None:
    """Ends in order, each level inside the next, and nothing outside what may still come."""
    counted = known.votes.sum(axis=0)
    open_ = ~known.closed
    bounded = (known.ballots_max[open_] >= 0).all()
    room = np.maximum(known.ballots_max[open_] - known.valid[open_], 0).sum() if bounded else np.inf
    for quantity in (found.votes, found.shares, found.area_shares, found.total):
        below, above = quantity.middle, quantity.middle
        for level in LEVELS:
            low, high = quantity.ends[level]
            assert np.isfinite(low).all()
            assert np.isfinite(high).all()
            assert (low <= below + 1e-9).all()
            assert (above <= high + 1e-9).all()
            below, above = low, high
    low, high = found.votes.ends[95]
    assert (low >= counted - 1e-6).all()
    assert (high <= counted + room + 1e-6).all()
    assert found.total.ends[95][1][0] <= counted.sum() + room + 1e-6
    assert (found.shares.ends[95][0] >= 0).all()
    assert (found.shares.ends[95][1] <= 1).all()
    assert np.isfinite(found.row_votes).all()
    assert (found.row_votes >= known.valid[found.rows] - 1e-9).all()
    chances = found.outcomes.chances
    assert ((chances >= 0) & (chances <= 1)).all()
    assert sum(found.weights.values()) == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), share=st.integers(8, 99), previous=st.booleans(), sizes=st.booleans(),
    selections=st.integers(2, 6),
)  # fmt: skip
def test_a_projection_stays_inside_what_may_come(
    seed: int, share: int, previous: bool, sizes: bool, selections: int
) -> None:
    night = made(seed, selections=selections, previous=previous, sizes=sizes)
    known = facts(night, shuffled(night, seed), len(night.votes) * share // 100)
    sound(night, known, projected(night, known))


def test_at_the_end_the_projection_is_the_count() -> None:
    night = made(3)
    found = projected(night, facts(night, shuffled(night), len(night.votes)))
    assert found.counted
    final = night.votes.sum(axis=0)
    for level in LEVELS:
        low, high = found.votes.ends[level]
        assert low.tolist() == final.tolist() == high.tolist()
    assert sorted(found.outcomes.chances.tolist()) == [0.0, 0.0, 1.0]
    assert found.outcomes.chances[final.argmax()] == 1


def test_the_way_there_does_not_matter_at_the_end() -> None:
    night = made(4)
    ends = []
    for seed in range(3):
        projector = Projector(night.places, PLURALITY)
        order = shuffled(night, seed)
        for rows_in in (40, 160, 300):
            projector.update(facts(night, order, rows_in))
        found = projector.update(facts(night, order, len(order)))
        assert isinstance(found, Projection)
        ends.append(found.votes.middle.tolist())
    assert ends[0] == ends[1] == ends[2]


def test_the_same_count_gives_the_same_projection() -> None:
    night = made(5)
    known = facts(night, shuffled(night), 120)
    one, other = projected(night, known), projected(night, known)
    assert shown(one, night.places) == shown(other, night.places)


def test_more_counted_is_more_known() -> None:
    widths = []
    night = made(6)
    order = shuffled(night)
    for rows_in in (40, 120, 240, 340, 358):
        found = projected(night, facts(night, order, rows_in))
        low, high = found.shares.ends[90]
        widths.append(float((high - low)[0]))
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < widths[0] / 20


def test_too_little_is_too_early() -> None:
    night = made(7)
    found = Projector(night.places, PLURALITY).update(facts(night, shuffled(night), ROWS_MIN - 1))
    assert isinstance(found, TooEarly)
    said = shown(found, night.places)
    assert (said["status"], said["reason"], said["rows_in"]) == ("too-early", "few-rows", ROWS_MIN - 1)
    nothing = Projector(night.places, PLURALITY).update(facts(night, shuffled(night), 0))
    assert isinstance(nothing, TooEarly)
    alone = made(7, selections=1)
    assert isinstance(Projector(alone.places, PLURALITY).update(facts(alone, shuffled(alone), 100)), TooEarly)


def odd_nights() -> dict[str, tuple[Made, Ints, int]]:
    """Nights that break naive estimators, each with an order and how many rows are in."""
    night = made(11)
    n = len(night.votes)
    blocks = np.arange(n)
    none = np.zeros_like(night.votes)
    giant = night.votes.copy()
    giant[-1] *= 400
    empty = night.votes.copy()
    empty[::3] = 0
    new = night.places.previous.copy() if night.places.previous is not None else None
    assert new is not None
    new[:, 2] = 0
    unmatched = night.places.previous.copy() if night.places.previous is not None else None
    assert unmatched is not None
    unmatched[: n // 3] = np.nan
    size = night.places.size.copy()
    size[::5] = np.nan
    kinds = np.arange(n) % 3
    one_level = np.zeros(n, dtype=np.int64)
    single = night.votes.copy()
    single[:, 1:] = 0
    over = np.minimum(night.most, 5)
    return {
        "one area only": (night, blocks, 60),
        "one giant row": (Made(night.places, giant, np.full(n, -1)), blocks, 200),
        "a giant row is in": (Made(night.places, giant, np.full(n, -1)), blocks[::-1].copy(), 200),
        "rows without votes": (Made(night.places, empty, night.most), shuffled(night), 100),
        "more votes than voters": (Made(renamed(night.places, size=np.full(n, 10.0)), night.votes, night.most), shuffled(night), 90),
        "more votes than can be": (Made(night.places, night.votes, over), shuffled(night), 90),
        "a new selection": (Made(renamed(night.places, previous=new), night.votes, night.most), shuffled(night), 90),
        "a third unmatched": (Made(renamed(night.places, previous=unmatched), night.votes, night.most), blocks[::-1].copy(), 150),
        "some sizes unknown": (Made(renamed(night.places, size=size), night.votes, night.most), shuffled(night), 90),
        "count types": (Made(renamed(night.places, kind=kinds), night.votes, night.most), shuffled(night), 90),
        "a count type not seen": (Made(renamed(night.places, kind=kinds), night.votes, night.most), np.argsort(kinds, kind="stable"), 200),
        "no places": (Made(renamed(night.places, levels=(one_level,), areas=("",)), night.votes, night.most), shuffled(night), 60),
        "all for one": (Made(night.places, single, night.most), shuffled(night), 60),
        "nobody else": (Made(night.places, none + np.array([1, 0, 0]), night.most), shuffled(night), 60),
        "one row is open": (night, shuffled(night), n - 1),
    }  # fmt: skip


@pytest.mark.parametrize("name", odd_nights())
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_odd_nights_get_a_sane_answer(name: str) -> None:
    night, order, rows_in = odd_nights()[name]
    known = facts(night, order, rows_in)
    found = projected(night, known)
    sound(night, known, found)
    shown(found, night.places)


def test_nothing_seen_at_all_is_too_early_though_rows_are_closed() -> None:
    night = made(12)
    empty = Made(night.places, np.zeros_like(night.votes), night.most)
    assert isinstance(Projector(empty.places, PLURALITY).update(facts(empty, shuffled(empty), 200)), TooEarly)


def test_what_is_irreversible_is_certain_here_too() -> None:
    night = made(13)
    found = projected(night, facts(night, shuffled(night), 100))
    said = shown(found, night.places)
    turned = ClaimState("irreversible", "certain", (), 1)
    sure, _ = certain({"elected:c": turned, "eliminated:a": turned}, "elected", ["a", "b", "c"], 1)
    chances = {
        one["selection"]: told(one["chance"], sure.get(one["selection"])) for one in said["selections"]
    }
    assert chances["c"] == 1
    assert chances["a"] == 0


def test_a_second_needs_what_would_make_it_level() -> None:
    night = made(14)
    known = facts(night, shuffled(night), 100)
    found = projected(night, known)
    needs = found.needs
    assert needs is not None
    counted = known.votes.sum(axis=0)
    rest = float((found.row_votes - known.valid[found.rows]).sum())
    coming_of_two = needs.expected + (1 - needs.expected - _others(night, known, found))
    ahead = coming_of_two - needs.needs
    assert counted[needs.who] + needs.needs * rest == pytest.approx(
        counted[needs.ahead] + ahead * rest, rel=1e-6
    )
    assert needs.has_had is not None
    assert 0 < needs.has_had < 1


def _others(night: Made, known: Facts, found: Projection) -> float:
    """The part of the rest that goes to neither of the two, by the blend."""
    frame = Frame(night.places, known)
    regression = regressed(frame)
    blend = blended(frame, regression, {})
    rest = regression.votes - known.valid[frame.open]
    assert found.needs is not None
    return float(1 - (rest @ blend.shares / rest.sum())[[found.needs.who, found.needs.ahead]].sum())


def test_areas_unlike_the_rest_widen_what_is_said() -> None:
    night = made(15, previous=False)
    together, apart = np.arange(len(night.votes)), shuffled(night)
    in_blocks = projected(night, facts(night, together, 120)).shares.ends[90]
    at_random = projected(night, facts(night, apart, 120)).shares.ends[90]
    assert (in_blocks[1] - in_blocks[0])[0] > 2 * (at_random[1] - at_random[0])[0]


def test_seats_are_those_of_the_law_on_every_draw() -> None:
    night = made(16, selections=5)
    known = facts(night, shuffled(night), 300)
    rule = {"type": "highest_averages", "seats": 20, "threshold": {"fraction": [3, 100]}}
    found = Projector(night.places, rule).update(known)
    assert isinstance(found, Projection)
    assert found.seats is not None
    assert found.seats.middle.sum() == pytest.approx(20, abs=2)
    assert (found.seats.ends[95][0] <= found.seats.middle).all()


def test_a_body_needs_its_majority() -> None:
    night = made(17, selections=2, areas=5)
    weights = np.array([10.0, 1, 1, 1, 1])
    known = facts(night, shuffled(night), 280)
    found = Projector(night.places, {"type": "electoral_college"}, weights).update(known)
    assert isinstance(found, Projection)
    area = night.places.levels[0]
    final = [np.bincount(area, night.votes[:, s], 5) for s in range(2)]
    winner = 0 if final[0][0] > final[1][0] else 1
    assert found.outcomes.chances[winner] == pytest.approx(found.area_chances[0, winner])


def test_disputed_places_do_not_depend_on_the_order_of_selections() -> None:
    night = made(18, selections=4)
    turned = Made(
        replace(night.places, selections=night.places.selections[::-1], previous=None if night.places.previous is None else night.places.previous[:, ::-1]),
        night.votes[:, ::-1], night.most,
    )  # fmt: skip
    order = shuffled(night)
    one = projected(night, facts(night, order, 150))
    other = projected(turned, facts(turned, order, 150))
    width = (one.shares.ends[90][1] - one.shares.ends[90][0]).max()
    np.testing.assert_allclose(one.shares.middle, other.shares.middle[::-1], atol=0.2 * width)

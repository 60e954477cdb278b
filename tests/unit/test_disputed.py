"""Overturning a leader: the fewest units, the fewest ballots, exactly, at the size of a country."""

import random

import numpy as np

from tally.completions import BallotForm, Completions, Group, ModalUnit, Pool
from tally.instance import decide
from tally.knapsack import Cheapest, cheapest
from tally.rules import disputed
from tally.rules.disputed import (
    Overturn,
    annulment_gains,
    fewest_ballots,
    fewest_units,
    leader,
    overturn,
    robust_margin,
)

TABLES = 5_729
MARGIN = 272_865


def column(numbers: list[int]) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def by_table(gains: np.ndarray, costs: np.ndarray, target: int) -> int | None:
    """The least cost by dynamic programming over every sum of gains, all from the target on being one."""
    never = np.iinfo(np.int64).max // 2
    best = np.full(target + 1, never, dtype=np.int64)
    best[0] = 0
    for gain, cost in zip(gains.tolist(), costs.tolist(), strict=True):
        grown = best.copy()
        if 0 < gain < target:
            np.minimum(grown[gain:target], best[: target - gain] + cost, out=grown[gain:target])
        grown[target] = min(int(best[target]), int(best[max(0, target - gain) :].min()) + cost)
        best = grown
    return None if best[target] >= never else int(best[target])


def brute(gains: list[int], costs: list[int], target: int) -> int | None:
    sets = range(1 << len(gains))
    reached = [
        sum(cost for i, cost in enumerate(costs) if chosen >> i & 1)
        for chosen in sets
        if sum(gain for i, gain in enumerate(gains) if chosen >> i & 1) >= target
    ]
    return min(reached, default=None)


def test_the_cheapest_set_is_the_cheapest_of_all_sets() -> None:
    rng = random.Random(5_729)
    for _ in range(3_000):
        size, most = rng.randint(0, 8), rng.choice([3, 12, 60])
        gains = [rng.randint(0, most) for _ in range(size)]
        costs = gains[:] if rng.random() < 0.3 else [rng.randint(0, most) for _ in range(size)]
        target = rng.randint(-1, sum(gains) + 2)
        assert cheapest(column(gains), column(costs), target) == Cheapest(brute(gains, costs, target))


def test_the_cheapest_set_agrees_with_the_textbook_where_sets_are_too_many() -> None:
    rng = np.random.default_rng(8)
    for size in (20, 60, 150):
        for kind in range(4):
            costs = rng.integers(20, 90, size)
            gains = (
                costs.copy(),
                costs - 15,
                rng.integers(0, 60, size),
                costs * rng.integers(10, 90, size) // 100,
            )[kind]
            target = int(gains.sum()) * 2 // 5
            assert cheapest(gains, costs, target) == Cheapest(by_table(gains, costs, target))


def tables(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """As many tables as were in dispute once: their ballots, and the lead annulling each takes away."""
    rng = np.random.default_rng(seed)
    ballots = rng.integers(100, 700, TABLES)
    return ballots * (2 * rng.integers(50, 95, TABLES) - 100) // 100, ballots


def test_at_the_size_of_a_country_it_is_still_exact() -> None:
    gains, ballots = tables(1)
    found = cheapest(gains, ballots, MARGIN)
    assert found == Cheapest(by_table(gains, ballots, MARGIN))


def test_at_the_size_of_a_country_the_search_stays_narrow() -> None:
    for seed in range(2, 8):
        assert cheapest(*tables(seed), MARGIN, states_max=20_000).exact


def test_out_of_budget_the_cost_is_a_lower_bound_and_says_so() -> None:
    gains, costs = column([5, 7, 11, 13] * 6), column([6, 8, 12, 14] * 6)
    exact = cheapest(gains, costs, 100)
    bound = cheapest(gains, costs, 100, states_max=0)
    assert exact.exact
    assert bound.cost is not None
    assert exact.cost is not None
    assert bound.exact == (bound.cost == exact.cost)
    assert bound.cost <= exact.cost


def test_numbers_of_any_size_are_as_exact() -> None:
    rng = random.Random(63)
    for _ in range(300):
        size = rng.randint(1, 7)
        gains = [rng.randint(0, 2**61) for _ in range(size)]
        costs = [rng.randint(0, 2**61) for _ in range(size)]
        target = rng.randint(1, sum(gains) + 1)
        wide = np.array(gains, dtype=object), np.array(costs, dtype=object)
        assert cheapest(*wide, target) == Cheapest(brute(gains, costs, target))
    units = [
        {"id": f"u{p}", "counted": [2**62 + p, 2**61], "outstanding": 2**60, "annullable": True}
        for p in range(4)
    ]
    verdict = decide({"rule": "disputed", "candidates": ["A", "B"], "units": units})
    assert verdict["leader"] == "A"
    assert verdict["min_units_to_overturn"] == 4
    assert verdict["min_ballots_to_overturn"] == 4 * (2**62 + 2**61) + 6


def test_columns_of_a_service_give_what_an_instance_gives() -> None:
    rng = random.Random(4)
    for _ in range(200):
        counted = [[rng.randint(0, 30), rng.randint(0, 20), rng.randint(0, 9)] for _ in range(6)]
        outstanding = [rng.randint(0, 3) for _ in range(6)]
        disputed_units = rng.randint(1, 6)
        most = rng.choice([None, 1, 2])
        verdict = decide(
            {
                "rule": "disputed",
                "candidates": ["A", "B", "C"],
                "params": {"max_annulled": most},
                "units": [
                    {
                        "id": f"u{p}",
                        "counted": votes,
                        "outstanding": ballots,
                        "annullable": p < disputed_units,
                    }
                    for p, (votes, ballots) in enumerate(zip(counted, outstanding, strict=True))
                ],
            }
        )
        if verdict["leader"] is None:
            continue
        who = "ABC".index(verdict["leader"])
        rivals = [j for j in range(3) if j != who]
        votes = np.array(counted, dtype=np.int64)
        totals = votes.sum(axis=0)
        margins = column([int(totals[who] - totals[j]) - sum(outstanding) for j in rivals])
        doubtful = votes[:disputed_units]
        exposed = np.repeat(column(outstanding[:disputed_units])[:, None], 2, axis=1)
        gains = annulment_gains(doubtful, who, rivals, exposed)
        assert robust_margin(margins, gains, most) == verdict["worst_margin"][verdict["leader"]]
        assert fewest_units(margins, gains) == verdict["min_units_to_overturn"]
        ballots = fewest_ballots(margins, gains, doubtful.sum(axis=1))
        assert (0 if (margins <= 0).any() else ballots.cost) == verdict["min_ballots_to_overturn"]


def test_who_leads_is_nobody_where_two_do() -> None:
    assert leader(Completions((5, 5, 1))) is None
    assert leader(Completions((5, 4, 9), electable=0b011)) == 0
    assert leader(Completions((1, 2), modal=(ModalUnit((3, 0), annullable=True),))) == 0


def test_nothing_overturns_a_leader_without_rivals_or_with_too_large_a_lead() -> None:
    unit = ModalUnit((3, 1), annullable=True)
    assert overturn(Completions((9, 0), modal=(unit,)), 0) == Overturn(None, None)
    assert overturn(Completions((9, 8), modal=(unit,), electable=0b01), 0) == Overturn(None, None)
    assert overturn(Completions((9, 8), (Group(ballots_max=None),), modal=(unit,)), 0) == Overturn(0, 0)


def test_a_unit_costs_its_ballots_where_they_are_known() -> None:
    units = (ModalUnit((3, 1), annullable=True, ballots=9), ModalUnit((3, 1), annullable=True, ballots=5))
    assert overturn(Completions((0, 1), modal=units), 0) == Overturn(2, 14)
    assert overturn(Completions((0, 2), modal=units), 0) == Overturn(1, 5)


def test_many_disputed_units_in_a_pool_give_a_lower_bound_and_say_so() -> None:
    units = tuple(ModalUnit((4, 0), 2, on_ballot=0b10, pool=0, annullable=True) for _ in range(12))
    few = Completions((0, 0), (), BallotForm(), (Pool(5),), units[:6])
    many = Completions((0, 0), (), BallotForm(), (Pool(5),), units)
    assert overturn(few, 0) == Overturn(6, 24)
    # Twelve are needed; eleven would do if the ballots of annulled units could come from others.
    assert overturn(many, 0) == Overturn(11, 44, exact=False)


def test_one_seat_and_no_other_number() -> None:
    (fault,) = disputed.read({"seats": 2}, "/params", 2)
    assert (fault.code, fault.pointer) == ("count-out-of-range", "/params/seats")
    assert disputed.read({"seats": 1}, "/params", 2) == disputed.Params(1)

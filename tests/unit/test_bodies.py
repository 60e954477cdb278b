"""Bodies made of districts: mistakes that are easy to make, laws in use, parameters, forged proofs."""

from typing import Any

import pytest

from tally.instance import decide, parse


def districts(*of: tuple[list[int], int, int]) -> list[dict[str, Any]]:
    return [
        {"id": f"d{n}", "counted": counted, "outstanding": outstanding, "weight": weight}
        for n, (counted, outstanding, weight) in enumerate(of)
    ]


def college(units: list[dict[str, Any]], **params: Any) -> dict[str, Any]:
    names = list("ABC"[: len(units[0]["counted"])])
    return decide({"rule": "electoral_college", "candidates": names, "params": params, "units": units})


def test_p14_a_state_is_certain_whatever_is_outstanding_elsewhere() -> None:
    # 1,000 ballots are out nationally, ten times the national lead; they are all in one state.
    found = college(districts(([500, 400], 10, 5), ([600, 500], 20, 4), ([10, 110], 1_000, 3)))
    assert found["winner_certain"] == "A"
    assert (found["min_electors"], found["max_electors"]) == ([9, 0], [12, 3])


def test_p15_a_pool_of_unknown_state_flips_the_cheapest_states_that_fit() -> None:
    units = districts(([60, 50], 0, 4), ([57, 50], 0, 3), ([53, 50], 0, 3), ([0, 90], 0, 6))
    # 10 ballots: the states of 7 and 3 ballots for 6 electors, not the one of 10 for 4; never all three.
    assert college(units, pool=10)["min_electors"] == [4, 6]
    assert college(units, pool=9)["min_electors"] == [7, 6]
    assert college(units, pool=20)["min_electors"] == [0, 6]
    assert college(units)["min_electors"] == [10, 6]


def test_p15_ballots_that_take_a_district_are_missing_at_large() -> None:
    # B needs all 3 for the whole; C needs 2 of them for the district: not both, though each alone.
    raw = {
        "rule": "district_method",
        "candidates": ["A", "B", "C"],
        "params": {"at_large": 2},
        "units": districts(([4, 0, 2], 2, 1), ([3, 5, 0], 1, 1)),
    }
    assert decide(raw)["min_electors"] == [1, 1, 0]
    alone = {**raw, "params": {"at_large": 0}}
    assert decide(alone)["min_electors"] == [0, 1, 0]


def test_p16_others_as_one_selection_are_late_for_winners_and_nobody_is_out_for_it() -> None:
    apart = {"rule": "plurality", "candidates": ["A", "B", "C"], "params": {},
             "units": [{"id": "u", "counted": [10, 6, 5], "outstanding": 3}]}  # fmt: skip
    together = {**apart, "candidates": ["A", "others"],
                "units": [{"id": "u", "counted": [10, 11], "outstanding": 3}]}  # fmt: skip
    assert decide(apart)["elected"] == ["A"]
    assert decide(together)["elected"] == []
    assert decide(together)["eliminated"] == []


def test_p19_a_correction_downwards_is_outside_what_may_come_unless_it_is_modelled() -> None:
    kept = {"rule": "plurality", "candidates": ["A", "B"], "params": {},
            "units": [{"id": "u", "counted": [10, 6], "outstanding": 3}]}  # fmt: skip
    revisable = {**kept, "units": [{**kept["units"][0], "revisable": 1}]}  # type: ignore[dict-item]  # a unit
    assert decide(kept)["elected"] == ["A"]
    assert decide(revisable)["elected"] == []


def test_a_tied_state_is_nobody_s_and_everybody_s() -> None:
    found = college(districts(([5, 5], 0, 3), ([9, 1], 0, 2)))
    assert (found["min_electors"], found["max_electors"]) == ([2, 0], [5, 3])
    assert found["winner_certain"] is None


def test_269_to_269() -> None:
    found = college(districts(([9, 1], 0, 269), ([1, 9], 0, 268), ([4, 3], 1, 1)))
    assert found["no_majority_possible"] is True
    assert found["possible_winners"] == ["A"]
    assert college(districts(([9, 1], 0, 269), ([1, 9], 0, 268), ([6, 3], 1, 1)))["winner_certain"] == "A"


SPREAD = {
    "nigeria 1999 s. 134": ("plurality", [1, 4], False, 2),
    "kenya 2010 art. 138(4)": ("majority", [1, 4], False, 2),
    "indonesia 1945 art. 6A": ("majority", [1, 5], False, 2),
}


@pytest.mark.parametrize("law", SPREAD)
def test_laws_with_spread(law: str) -> None:
    national, share, strict, units = SPREAD[law]
    params = {"national": national, "spread": {"fraction": share, "strict": strict, "units": units}}
    names = ["A", "B"]
    wide = districts(([60, 30], 2, 1), ([60, 30], 2, 1), ([10, 90], 2, 1))
    narrow = districts(([260, 30], 2, 1), ([10, 90], 2, 1), ([10, 90], 2, 1))
    found = decide({"rule": "spread", "candidates": names, "params": params, "units": wide})
    assert found["win_certain"] == ["B"]  # 150 to 130, a third of the votes where A is ahead
    found = decide({"rule": "spread", "candidates": names, "params": params, "units": narrow})
    assert found["win_certain"] == []  # A leads 280 to 210, with its share in one district of three
    assert found["no_winner_certain"] is True
    won = districts(([60, 30], 2, 1), ([60, 30], 2, 1), ([20, 40], 2, 1))
    assert decide({"rule": "spread", "candidates": names, "params": params, "units": won})["win_certain"] == [
        "A"
    ]


def test_a_share_of_exactly_a_quarter_is_at_least_and_not_more_than_it() -> None:
    units = districts(([1, 3], 0, 1), ([9, 1], 0, 1))
    for strict, won in ((False, ["A"]), (True, [])):
        params = {"national": "plurality", "spread": {"fraction": [1, 4], "strict": strict, "units": 2}}
        assert decide({"rule": "spread", "candidates": ["A", "B"], "params": params, "units": units})[
            "win_certain"
        ] == won  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "params", "pointers"),
    [
        (
            "electoral_college",
            {"need": 0, "pool": -1, "neede": 3},
            ["/params/neede", "/params/pool", "/params/need"],
        ),
        ("district_method", {"at_large": True}, ["/params/at_large"]),
        ("spread", {"national": "most"}, ["/params/national", "/params/spread"]),
        (
            "spread",
            {"spread": {"fraction": [5, 4], "units": "all"}},
            ["/params/spread/fraction", "/params/spread/units"],
        ),
    ],
)
def test_parameters_are_read_strictly(rule: str, params: dict[str, Any], pointers: list[str]) -> None:
    raw = {"rule": rule, "candidates": ["A", "B"], "params": params, "units": districts(([1, 2], 0, 1))}
    faults = parse(raw)
    assert isinstance(faults, list)
    assert [fault.pointer for fault in faults] == pointers


def test_units_of_one_district_must_agree_on_its_weight() -> None:
    units = districts(([1, 2], 0, 1), ([1, 2], 0, 2))
    for unit in units:
        unit["district"] = "north"
    faults = parse({"rule": "electoral_college", "candidates": ["A", "B"], "params": {}, "units": units})
    assert isinstance(faults, list)
    assert [fault.pointer for fault in faults] == ["/units/1/weight"]

"""Judging costs the same at any number of units, grows as said with selections, and the loop does not feel it."""

from collections.abc import Iterator
from itertools import islice

import pytest

from tally import decide
from tally.rules import RULES
from tests.bench.elections import MADE, Made
from tests.bench.judging import (
    SIZES,
    Cost,
    by_selections,
    by_units,
    counted,
    measure,
    opened,
    reports_of,
    times,
)

FLAT = 2.0
"""Head-room over 1: completions are grouped by style. A spread keeps ends that differ, and fewer large ones coincide."""
WIDER = {
    "plurality": 4.5, "disputed": 4.5, "two_round": 4.5, "highest_averages": 4.5, "parliament": 4.5,
    "electoral_college": 4.5, "spread": 4.5,  # no more than squares
    "positional": 6.0, "largest_remainder": 6.0, "district_method": 6.0,  # pairs, and something for each
    "assertion": 10.0,  # 132 assertions instead of 30, each over twice the selections
    "qualifying_round": 130.0,  # cubes of cases, each a larger search: 6 to 76 measured
    "stv": 4.0, "irv": 100.0,  # for every time the rankings grow in number
}  # fmt: skip
"""What judging twice the selections may cost, about twice what was measured."""
SHARE = 0.6
"""The longest stretch on the loop over the judgement beside it, both at p99."""
CHEAP_MS_RATIO = 4.0
"""Where judging costs no more than counting: that stretch over plurality's."""
UPDATES, SLOW_UPDATES = 50, 3
TRIES = 3
"""Whole measurements of a rule, of which one must show nothing amiss: other work on the machine disturbs single ones."""
NARROW_UNITS = 100
TESTED = [made for made in MADE if not (made.slow and made.form == "ranked")]
"""All but ten ranked selections, which take too long; the rule is there with five."""


def test_every_rule_is_measured() -> None:
    assert {made.rule["type"] for made in MADE} == set(RULES)


@pytest.mark.parametrize("made", TESTED, ids=lambda made: made.name)
def test_a_night_of_more_units_poses_the_same_question_in_larger_numbers(made: Made) -> None:
    """So that growth can be measured by multiplying: nothing in the question is as long as the units are many."""
    asked = []
    for units in (SIZES[0], 2 * SIZES[0]):
        reports = list(islice(reports_of(made, units), units // 5))
        contest = counted(opened(made._replace(disputed=0), units), reports).contests[0]
        asked.append(decide.completions(contest.layout, contest.sums))
    assert times(asked[0], 2) == asked[1]


@pytest.mark.parametrize("made", TESTED, ids=lambda made: made.name)
def test_judging_grows_as_said_and_the_loop_does_not_feel_it(made: Made) -> None:
    small = made._replace(
        disputed=min(made.disputed, 30)
    )  # fewer in doubt than are printed, for the time it takes
    amiss: list[str] = []
    for _ in range(TRIES):
        amiss = [*too_steep(small), *too_wide(small), *felt(small)]
        if not amiss:
            return
    pytest.fail(f"{made.name}: {'; '.join(amiss)}")


def too_steep(made: Made) -> Iterator[str]:
    """What judging costs at more units over what it costs at few."""
    first, *larger = by_units(made)
    ratio = max(size / first for size in larger)
    print(made.name, f"{ratio:.2f} by units")
    if ratio >= FLAT:
        yield f"{ratio:.2f} times as long for more units"


def too_wide(made: Made) -> Iterator[str]:
    """What judging costs with twice the selections; of ranked ballots, for every time the rankings grow."""
    if made.doubles:
        longer, rankings = by_selections(made, NARROW_UNITS)
        ratio = longer / (rankings or 1)
        print(made.name, f"{ratio:.2f} by selections")
        if ratio >= WIDER[made.rule["type"]]:
            yield f"{ratio:.2f} times as long for twice the selections"


def felt(made: Made) -> Iterator[str]:
    """The longest stretch on the loop, of what is judged beside it."""
    cost = _cost(made)
    if cost.beside:
        share, over = cost.stretch.p99 / cost.judged.p99, cost.stretch.p99 / _cost(MADE[0]).stretch.p99
        print(made.name, f"{share:.3f} of the judgement, {over:.1f} of plurality")
        if share >= SHARE and over >= CHEAP_MS_RATIO:
            yield f"the loop is held {share:.2f} as long as judging takes, {over:.1f} times plurality's"


def _cost(made: Made) -> Cost:
    return measure(made, updates=SLOW_UPDATES if made.slow else UPDATES)

"""Nothing grows faster than the number of units, and what a report pays does not grow with it at all."""

import pytest

from tests.bench.inside import Inside, measure, state_bytes
from tests.bench.nights import synthetic

SIZES = (2_000, 8_000, 32_000)
ROOM = 2.0
"""Head-room over the ratio promised: the machine is shared."""
LINEAR_ROOM = 3.0
"""The same where all units are gone through: 2,000 fit the caches, 32,000 do not. Squares would show 16."""
TIMES = 3


@pytest.fixture(scope="module")
def sizes() -> list[Inside]:
    """Each size measured; of what is measured once a run, the least of several runs."""
    found = []
    for units in SIZES:
        night = synthetic(units)
        runs = [measure(night, per_batch=10) for _ in range(TIMES if units < SIZES[-1] else 2)]
        found.append(
            Inside(**{name: min(getattr(run, name) for run in runs) for name in Inside.__dataclass_fields__})
        )
    return found


@pytest.mark.parametrize("what", ["report", "report_of_50", "decide", "view", "replay"])
def test_it_costs_the_same_at_any_size(sizes: list[Inside], what: str) -> None:
    ratios = [getattr(each, what) / getattr(sizes[0], what) for each in sizes[1:]]
    print(what, [f"{ratio:.2f}" for ratio in ratios])
    assert max(ratios) < ROOM


@pytest.mark.parametrize("what", ["certificate", "certificate_again", "freeze", "thaw"])
def test_it_grows_no_faster_than_the_units(sizes: list[Inside], what: str) -> None:
    per_unit = [getattr(each, what) / each.units for each in sizes]
    print(what, [f"{each / per_unit[0]:.2f}" for each in per_unit[1:]])
    assert max(per_unit[1:]) < LINEAR_ROOM * per_unit[0]


def test_memory_grows_no_faster_than_the_units() -> None:
    small, large = (state_bytes(synthetic(units)) / units for units in (SIZES[0], SIZES[1]))
    print("bytes a unit", f"{small:.0f}", f"{large:.0f}")
    assert large < 1.2 * small

"""The constants of the regression, set on past elections (docs/projection.md)."""

from typing import NamedTuple


class Scale(NamedTuple):
    """Standard deviations expected before a row is seen, and how much unlikeness widens what is said.

    `places`: of the effect of a place, by level, coarsest first (the last for all below); `row`: of a row;
    `drift`: of the trend over arrival; `kind`, `lean`, `bend` (squared lean), `unmatched`, `size`: of coefficients;
    `apart`, `sorted`, `beyond`: what places not seen yet, places that come in sorted, and rows unlike the seen
    ones add, in deviations of rows (`selection`); with `few` places in, having so few adds as much as being apart.
    """

    places: tuple[float, ...]
    row: float
    drift: float
    kind: float
    lean: float
    bend: float
    unmatched: float
    size: float
    apart: float
    few: float
    sorted: float
    beyond: float


WITH_PREVIOUS = Scale(
    places=(0.05, 0.04, 0.03, 0.03), row=0.07, drift=0.03, kind=0.2, lean=0.15, bend=0.15, unmatched=0.3, size=0.05,
    apart=0.3, few=4.0, sorted=0.4, beyond=0.1,
)  # fmt: skip
WITHOUT_PREVIOUS = Scale(
    places=(0.3, 0.25, 0.2, 0.2), row=0.2, drift=0.1, kind=0.5, lean=1.0, bend=1.0, unmatched=1.0, size=0.2,
    apart=0.65, few=12.0, sorted=1.0, beyond=0.25,
)  # fmt: skip
SIZES_KNOWN = Scale(
    places=(0.08, 0.06, 0.05, 0.05), row=0.08, drift=0.03, kind=0.1, lean=0.05, bend=0.02, unmatched=0.1, size=0.1,
    apart=0.3, few=4.0, sorted=0.0, beyond=0.15,
)  # fmt: skip
SIZES_UNKNOWN = Scale(
    places=(0.4, 0.3, 0.3, 0.3), row=0.8, drift=0.2, kind=0.5, lean=0.5, bend=0.5, unmatched=0.5, size=0.15,
    apart=0.4, few=8.0, sorted=0.0, beyond=0.2,
)  # fmt: skip

WIDEN = 0.67
"""What all errors are times: so that 92.5 % of the shares of the six past elections fell inside 90 % intervals."""
WEIGHT_PLACES, WEIGHT_ROWS, WEIGHT_DRIFT = 10.0, 20.0, 3.0
"""How many seen places, rows and knots an expected deviation is worth."""
WEIGHT_SCALE = 8.0
"""How many rows the expectation is worth that every response varies as its share says."""
WEIGHT_SPREAD = 20.0
"""How many seen places the expected variance of rows is worth."""
SHRINK_PLACES = 5.0
"""How many places the expected share of a leader is worth."""
KNOTS = 10
"""Pieces of the trend over a whole night."""
SLOPE = 0.5
"""The variance of the trend's first slope, in units of its drift."""
CHANCE_APART = 1.2
"""How many times the distance by luck between the open and the seen counts as luck."""
BEYOND_MAX = 3
"""Deviations at which rows unlike the seen ones count as no further away."""
ROUNDS = 5
"""Rounds of estimating the deviations."""
SAMPLE_ROWS = 12_000
"""Rows from which the deviations are estimated; the rest only enter the projection."""

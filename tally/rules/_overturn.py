"""The least annulment that overturns a leader: units, ballots, the margin that withstands."""

from collections.abc import Sequence
from itertools import combinations

import msgspec
import numpy as np
import numpy.typing as npt

from tally.assertion import Assertion, least
from tally.completions import NO_POOL, Completions
from tally.knapsack import PRODUCT_MAX, STATES_MAX, Cheapest, Column, cheapest
from tally.modes import stakes_of
from tally.rules._doubt import pair

POOLED_MAX = 10  # units inside pools whose annulments are tried set by set

Matrix = npt.NDArray[np.int64]


class Overturn(msgspec.Struct, frozen=True):
    """The least annulment after which the leader is no longer certain; None: no annulment does it.

    0 says that the lead is not certain with nothing annulled. A number that is not exact is a lower bound.
    """

    units: int | None
    ballots: int | None
    exact: bool = True


def robust_margin(margins: Column, gains: Matrix, annulled_max: int | None = None) -> int:
    """Return the least lead over any rival when the disputed units may be annulled, all or `annulled_max`.

    `margins` is the least lead over each rival with nothing annulled; `gains` (units × rivals) is what
    annulling a unit takes from it, 0 where it takes nothing (see `annulment_gains`). Exact without pools.
    Cost: O(units × rivals), sorting only when the number is limited.
    """
    if annulled_max is None or annulled_max >= len(gains):
        return int((margins - gains.sum(axis=0)).min())
    ranked = -np.sort(-gains, axis=0)[:annulled_max]
    return int((margins - ranked.sum(axis=0)).min())


def fewest_units(margins: Column, gains: Matrix) -> int | None:
    """Return the fewest annulled units that let some rival tie or pass; None: all of them do not.

    Exact: for each rival the largest gains first. Cost: O(rivals × units log units).
    """
    if bool((margins <= 0).any()):
        return 0
    fewest: int | None = None
    for margin, column in zip(margins, gains.T, strict=True):
        taken = np.cumsum(-np.sort(-column))
        needed = int(np.searchsorted(taken, margin)) + 1
        if needed <= len(taken) and (fewest is None or needed < fewest):
            fewest = needed
    return fewest


def fewest_ballots(margins: Column, gains: Matrix, ballots: Column, states_max: int = STATES_MAX) -> Cheapest:
    """Return the fewest counted ballots in units whose annulment lets some rival tie or pass.

    Exact, or marked as a lower bound when the search would hold more than `states_max` sums.
    Source: docs/maths.md, "Disputed units". Cost: see `tally.knapsack.cheapest`, once a rival, the nearest first;
    one who is seen to need as many as another is not searched.
    """
    fewest, exact = None, True
    for rival in np.argsort(margins, kind="stable").tolist():
        found = cheapest(gains[:, rival], ballots, int(margins[rival]), states_max, fewest)
        exact = exact and found.exact
        if found.cost is not None and (fewest is None or found.cost < fewest):
            fewest = found.cost
    return Cheapest(fewest, exact)


def annulment_gains(counted: Matrix, who: int, rivals: Sequence[int], exposed: Matrix) -> Matrix:
    """Return what annulling each unit takes from the lead of `who` over each rival, never below 0.

    `counted` is units × selections; `exposed` (units × rivals) is what the unit's outstanding ballots
    could give that rival: an annulled unit gives it nothing, so that part of the gain is lost.
    """
    lead = counted[:, who][:, None] - counted[:, list(rivals)]
    gains: Matrix = np.maximum(lead - exposed, 0)
    return gains


def overturn(completions: Completions, who: int) -> Overturn:
    """Return the least annulments after which `who` is not certain to be elected.

    Only annulment counts: re-votes and revisions are left aside, and so is `annulled_max`. A unit costs
    its `ballots`, or the sum of its counted votes. Exact without disputed units inside pools; with
    them, up to `POOLED_MAX` of them are tried set by set, and beyond that the numbers are lower bounds.
    """
    rivals = [j for j in completions.contenders() if j != who]
    if not rivals:
        return Overturn(None, None)
    pooled = [p for p, unit in enumerate(completions.modal) if unit.annullable and unit.pool != NO_POOL]
    loose = [p for p, unit in enumerate(completions.modal) if unit.annullable and unit.pool == NO_POOL]
    margins = _margins(completions, who, rivals, ())
    if margins is None or bool((margins <= 0).any()):
        return Overturn(0, 0)
    gains = _gains(completions, who, rivals, loose)
    costs = _column([_cost(completions, p) for p in loose])
    if len(pooled) > POOLED_MAX:
        freed = _gains_with_room(completions, who, rivals, pooled)
        everything = np.concatenate((gains, freed))
        all_costs = _column([_cost(completions, p) for p in (*loose, *pooled)])
        units, ballots = fewest_units(margins, everything), fewest_ballots(margins, everything, all_costs)
        return Overturn(units, ballots.cost, exact=units is None)
    found = [
        _beside(completions, who, rivals, gone, gains, costs)
        for number in range(len(pooled) + 1)
        for gone in combinations(pooled, number)
    ]
    units = min((one.units for one in found if one.units is not None), default=None)
    least_ballots = min((one.ballots for one in found if one.ballots is not None), default=None)
    return Overturn(units, least_ballots, exact=all(one.exact for one in found))


def _beside(
    completions: Completions, who: int, rivals: list[int], gone: tuple[int, ...], gains: Matrix, costs: Column
) -> Overturn:
    """Return the least annulments given that of the pooled units exactly those of `gone` are annulled."""
    margins = _margins(completions, who, rivals, gone)
    spent = sum(_cost(completions, p) for p in gone)
    if margins is None:
        return Overturn(len(gone), spent)
    units, ballots = fewest_units(margins, gains), fewest_ballots(margins, gains, costs)
    return Overturn(
        None if units is None else units + len(gone),
        None if ballots.cost is None else ballots.cost + spent,
        ballots.exact,
    )


def _cost(completions: Completions, p: int) -> int:
    unit = completions.modal[p]
    return sum(unit.counted) if unit.ballots is None else unit.ballots


def _margins(completions: Completions, who: int, rivals: list[int], gone: tuple[int, ...]) -> Column | None:
    """Return the least lead over each rival with the units of `gone` annulled and the others kept.

    None: over some rival there is no least lead.
    """
    kept = [unit for p, unit in enumerate(completions.modal) if p not in gone]
    counted = list(completions.counted)
    for unit in kept:
        for j, number in enumerate(unit.counted):
            counted[j] += number
    groups = completions.groups + tuple(unit.group for unit in kept)
    plain = msgspec.structs.replace(completions, counted=tuple(counted), groups=groups, modal=())
    slacks = [least(Assertion(pair(len(counted), who, j)), plain).slack for j in rivals]
    known = [slack for slack in slacks if slack is not None]
    return _column(known) if len(known) == len(slacks) else None


def _column(numbers: Sequence[int]) -> Column:
    """Return the numbers in 64 bits where their sum fits, as whole numbers of any size where not."""
    fits = sum(abs(number) for number in numbers) < PRODUCT_MAX
    column: Column = np.array(numbers, dtype=np.int64 if fits else object)
    return column


def _matrix(rows: Sequence[Sequence[int]], width: int) -> Matrix:
    """Return the rows as one matrix of that width, in the type `_column` would choose."""
    flat = _column([number for row in rows for number in row])
    return flat.reshape(len(rows), width)


def _gains(completions: Completions, who: int, rivals: list[int], units: list[int]) -> Matrix:
    """Return what annulling each unit takes from the lead over each rival, its outstanding ballots lost."""
    size = len(completions.counted)
    rows = []
    for p in units:
        unit = completions.modal[p]
        row = []
        for j in rivals:
            stake = stakes_of(pair(size, who, j), unit, completions.ballot)
            kept = stake.kept - max(0, stake.gain) * (unit.ballots_max or 0)
            if stake.rush and stake.gain < 0:
                kept -= stake.gain * unit.ballots_min
            row.append(max(0, kept))
        rows.append(row)
    return _matrix(rows, len(rivals))


def _gains_with_room(completions: Completions, who: int, rivals: list[int], units: list[int]) -> Matrix:
    """Return the gains as if an annulled unit's ballots could all come elsewhere: never too small."""
    size = len(completions.counted)
    rows = []
    for p in units:
        unit = completions.modal[p]
        row = []
        for j in rivals:
            stake = stakes_of(pair(size, who, j), unit, completions.ballot)
            # Its ballots known to be in the box held room that others may now take.
            room = unit.ballots_min * (completions.ballot.marks_max(1) + max(0, -stake.gain))
            row.append(max(0, stake.kept + room))
        rows.append(row)
    return _matrix(rows, len(rivals))

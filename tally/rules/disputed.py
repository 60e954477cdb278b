"""Plurality under dispute: the leader, and the least annulment that would overturn it."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import msgspec
import numpy as np
import numpy.typing as npt

from tally.assertion import Assertion, least
from tally.claim import Claim, Status
from tally.completions import NO_POOL, Completions
from tally.knapsack import STATES_MAX, Cheapest, Column, cheapest
from tally.modes import stakes_of
from tally.refusal import Refusal
from tally.rules._counterexample import find_witness
from tally.rules._doubt import pair
from tally.rules._params import Reader
from tally.rules._seats import seat_claims, seat_statuses, seat_verdict
from tally.witness import Witness

NAME = "disputed"
POOLED_MAX = 10  # units inside pools whose annulments are tried set by set

Matrix = npt.NDArray[np.int64]


class Params(msgspec.Struct, frozen=True):
    """One seat; the field is there to be refused when it says anything else."""

    seats: int = 1


class Overturn(msgspec.Struct, frozen=True):
    """The least annulment after which the leader is no longer certain; None: no annulment does it.

    0 says that the lead is not certain with nothing annulled. A number that is not exact is a lower bound.
    """

    units: int | None
    ballots: int | None
    exact: bool = True


def read(raw: Mapping[str, object], pointer: str, size: int) -> Params | list[Refusal]:
    """Return the parameters, or every fault: `seats` is 1."""
    del size
    reader = Reader(raw, pointer)
    reader.known(("seats",))
    if reader.count("seats", 1, least=1) != 1:
        reader.fault("count-out-of-range", "1: overturning is defined for one seat", "seats")
    return reader.faults or Params()


def outcome(votes: Sequence[int], params: Params, electable: int = -1) -> frozenset[tuple[int, ...]]:
    """Return every winner some tie-break gives on these final votes."""
    del params
    contenders = [j for j in range(len(votes)) if electable >> j & 1]
    most = max((votes[j] for j in contenders), default=0)
    return frozenset((j,) for j in contenders if votes[j] == most) or frozenset({()})


def statuses(completions: Completions, params: Params) -> tuple[Status, ...]:
    """Return what `claims` says of each selection, without proofs."""
    return seat_statuses(completions, params.seats)


def claims(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return "elected" and "eliminated" of every selection, disputed units annulled as suits worst."""
    return seat_claims(completions, params.seats)


def witness(completions: Completions, params: Params, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None: it holds, or none was found."""
    return find_witness(completions, params.seats, claim)


def verdict(completions: Completions, params: Params, names: tuple[str, ...]) -> dict[str, object]:
    """Return plurality's answer, the leader (null: a tie), and the least annulments that overturn it."""
    found = seat_verdict(completions, params.seats, names)
    who = leader(completions)
    least_annulment = Overturn(0, 0) if who is None else overturn(completions, who)
    return found | {
        "leader": None if who is None else names[who],
        "min_units_to_overturn": least_annulment.units,
        "min_ballots_to_overturn": least_annulment.ballots,
    }


def leader(completions: Completions) -> int | None:
    """Return the electable selection with most votes counted, every unit kept; None: several have them."""
    votes = completions.votes_counted()
    contenders = completions.contenders()
    most = max((votes[j] for j in contenders), default=0)
    ahead = [j for j in contenders if votes[j] == most]
    return ahead[0] if len(ahead) == 1 else None


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
    Source: docs/maths.md, "Disputed units". Cost: see `tally.knapsack.cheapest`, once a rival.
    """
    found = [
        cheapest(column, ballots, int(margin), states_max)
        for margin, column in zip(margins, gains.T, strict=True)
    ]
    known = [one.cost for one in found if one.cost is not None]
    return Cheapest(min(known, default=None), all(one.exact for one in found))


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
    costs = np.array([_cost(completions, p) for p in loose], dtype=np.int64)
    if len(pooled) > POOLED_MAX:
        freed = _gains_with_room(completions, who, rivals, pooled)
        everything = np.concatenate((gains, freed))
        all_costs = np.append(costs, [_cost(completions, p) for p in pooled]).astype(np.int64)
        units, ballots = fewest_units(margins, everything), fewest_ballots(margins, everything, all_costs)
        return Overturn(units, ballots.cost, exact=False)
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
    return np.array(known, dtype=np.int64) if len(known) == len(slacks) else None


def _gains(completions: Completions, who: int, rivals: list[int], units: list[int]) -> Matrix:
    """Return what annulling each unit takes from the lead over each rival, its outstanding ballots lost."""
    size = len(completions.counted)
    found = np.zeros((len(units), len(rivals)), dtype=np.int64)
    for row, p in enumerate(units):
        unit = completions.modal[p]
        for column, j in enumerate(rivals):
            stake = stakes_of(pair(size, who, j), unit, completions.ballot)
            kept = stake.kept - max(0, stake.gain) * (unit.ballots_max or 0)
            if stake.rush and stake.gain < 0:
                kept -= stake.gain * unit.ballots_min
            found[row, column] = max(0, kept)
    return found


def _gains_with_room(completions: Completions, who: int, rivals: list[int], units: list[int]) -> Matrix:
    """Return the gains as if an annulled unit's ballots could all come elsewhere: never too small."""
    size = len(completions.counted)
    found = np.zeros((len(units), len(rivals)), dtype=np.int64)
    for row, p in enumerate(units):
        unit = completions.modal[p]
        for column, j in enumerate(rivals):
            stake = stakes_of(pair(size, who, j), unit, completions.ballot)
            # Its ballots known to be in the box held room that others may now take.
            room = unit.ballots_min * (completions.ballot.marks_max(1) + max(0, -stake.gain))
            found[row, column] = max(0, stake.kept + room)
    return found

"""District method (Maine, Nebraska): electors by district and for the whole."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tally.assertion import Assertion
from tally.claim import Claim
from tally.completions import Completions
from tally.refusal import Refusal
from tally.rules._at_large import Plan, exactly, least_electors, most_electors, rooms
from tally.rules._bodies import bounds_of, ended, plain, whole
from tally.rules._doubt import pair
from tally.rules._electors import elector_claims, held_in, proved, publish_held
from tally.rules._params import Reader
from tally.rules._traits import Traits
from tally.rules._worst import worst_witness
from tally.witness import Cast, Witness

NAME = "district_method"
TRAITS = Traits(by_district=True, aside=True)


class Params(msgspec.Struct, frozen=True):
    """Electors of whoever wins the votes of all districts together."""

    at_large: int = 0


def read(raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Params | list[Refusal]:
    """Return the parameters, or every fault. `at_large` is 0 when not given."""
    del names
    reader = Reader(raw, pointer)
    reader.known(("at_large",))
    at_large = reader.count("at_large")
    return reader.faults or Params(at_large)


def statuses(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return what `claims` says, without proofs. Cost: O(districts × selections²), and a knapsack a pair."""
    total = params.at_large + sum(district.weight for district in completions.districts)
    numbers, exact = _numbers(completions, params), exactly(completions)
    return tuple(elector_claims(completions.contenders(), numbers, total, exact, None))


def _numbers(completions: Completions, params: Params) -> list[tuple[int, int]]:
    bounds = bounds_of(completions)
    return [
        (
            least_electors(completions, params.at_large, j, bounds).electors,
            most_electors(completions, params.at_large, j, bounds),
        )
        for j in range(len(completions.counted))
    ]


def claims(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return at least and at most so many electors of every selection that can have any.

    Exact where ballots are alike, or two can win and districts share nothing; otherwise never early.
    Source: docs/rules/bodies.md, "District method".
    """
    proof = held_in(completions, bounds_of(completions), 0)
    return proved(statuses(completions, params), proof)


def publish(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return who holds which district by how much."""
    return publish_held(completions, claim, names)


def witness(completions: Completions, params: Params, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None: it holds, or none was found."""
    if claim.irreversible:
        return None
    (who,) = claim.who
    if claim.kind == "at-most":
        found = _favour(completions, who)
    elif plain(completions):
        bounds = bounds_of(completions)
        found = _carried_out(completions, who, least_electors(completions, params.at_large, who, bounds))
    else:
        rivals = [j for j in completions.contenders() if j != who]
        a = pair(len(completions.counted), who, rivals[0]) if rivals else ()
        found = worst_witness(Assertion(a), completions, bounded=_bounded(completions)) if rivals else None
    if found is None:
        return None
    least, most = _electors_in(completions, params, who, found)
    number = claim.number or 0
    return found if (most > number if claim.kind == "at-most" else least < number) else None


def _bounded(completions: Completions) -> bool:
    return all(group.ballots_max is not None for group in completions.groups)


def _favour(completions: Completions, who: int) -> Witness | None:
    """Return the completion in which every ballot that can names `who`."""
    size = len(completions.counted)
    a = tuple(-int(j == who) for j in range(size))
    if _bounded(completions):
        return worst_witness(Assertion(a), completions, bounded=True)
    enough = 2 * sum(completions.votes_counted()) + 1
    return worst_witness(Assertion(a, c=-enough), completions, bounded=False)


def _carried_out(completions: Completions, who: int, plan: Plan) -> Witness:
    """Return the completion a plan describes: so many to who takes a district, the rest to who wins the whole."""
    size, room = len(completions.counted), rooms(completions)
    left = list(room)
    wanted = [[0] * size for _ in room]
    for d, k in plan.lost.items():
        votes = completions.districts[d].counted
        wanted[d][k] = max(0, votes[who] - votes[k])
        left[d] -= wanted[d][k]
    if plan.rival is not None:
        for d, spare in enumerate(left):
            wanted[d][plan.rival] += spare
    casts = []
    for group in completions.groups:
        given, many = [0] * size, room[group.district] if group.ballots_max is None else group.ballots_max
        for j in range(size):
            given[j] = min(wanted[group.district][j], many - sum(given))
            wanted[group.district][j] -= given[j]
        casts.append(Cast(max(sum(given), group.ballots_min), tuple(given)))
    return whole(completions, casts, (), ())


def _electors_in(completions: Completions, params: Params, who: int, witness: Witness) -> tuple[int, int]:
    """Return the fewest and the most electors of `who` in a completion, ties broken every way."""
    least = most = 0
    weights = [district.weight for district in completions.districts]
    places = [*ended(completions, witness), witness.totals]
    for weight, votes in zip((*weights, params.at_large), places, strict=True):
        rivals = [votes[j] for j in completions.contenders() if j != who]
        able = who in completions.contenders()
        least += weight * (able and all(votes[who] > other for other in rivals))
        most += weight * (able and all(votes[who] >= other for other in rivals))
    return least, most


def verdict(completions: Completions, params: Params, names: tuple[str, ...]) -> dict[str, object]:
    """Return the electors each selection has for certain, and can have at most."""
    del names
    numbers = _numbers(completions, params)
    return {
        "min_electors": [least for least, _ in numbers],
        "max_electors": [most for _, most in numbers],
    }

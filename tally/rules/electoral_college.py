"""Electoral college: the winner of each district gets its weight; a needed weight wins."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from tally.claim import Claim
from tally.completions import Completions
from tally.refusal import Refusal
from tally.rules._bodies import (
    Part,
    Spoil,
    afar,
    body_witness,
    bounds_of,
    chances,
    exact_of,
    patience_of,
)
from tally.rules._electors import Electors, elector_claims, held_in, proved, publish_held
from tally.rules._majority import deadlock
from tally.rules._params import Reader
from tally.rules._traits import Traits
from tally.witness import Witness

NAME = "electoral_college"
TRAITS = Traits(by_district=True, aside=True)


class Params(msgspec.Struct, frozen=True):
    """Ballots of no known district besides those of units, and the weight that wins (None: more than half)."""

    pool: int = 0
    need: int | None = None


def read(raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Params | list[Refusal]:
    """Return the parameters, or every fault."""
    del names
    reader = Reader(raw, pointer)
    reader.known(("pool", "need"))
    pool, need = reader.count("pool"), reader.count_or_null("need", least=1)
    return reader.faults or Params(pool, need)


class _Look(NamedTuple):
    """One look at the college: what each selection has for certain and can have at most."""

    electors: Electors
    units: Electors
    need: int
    exact: bool
    patience: int | None
    leaders: tuple[int | None, ...]
    held: tuple[tuple[bool, ...], ...]


def _look(completions: Completions, params: Params) -> _Look:
    bounds = bounds_of(completions)
    table = chances(completions, bounds)
    ballots = afar(completions, params.pool)
    weights = [district.weight for district in completions.districts]
    need = params.need if params.need is not None else sum(weights) // 2 + 1
    held = tuple(tuple(not _may(one.lose, ballots) for one in of) for of in table)
    leaders = tuple(_leader(completions, d, held[d]) for d in range(len(weights)))
    return _Look(
        Electors.of(completions, table, weights, ballots),
        Electors.of(completions, table, [1] * len(weights), ballots),
        need,
        exact_of(completions, loose=True),
        patience_of(completions, bounds) if ballots == 0 else None,
        leaders,
        held,
    )


def _may(price: int | None, ballots: int | None) -> bool:
    return price is not None and (ballots is None or price <= ballots)


def _leader(completions: Completions, d: int, held: Sequence[bool]) -> int | None:
    """Return who holds a district, or else has most votes counted in it; None: several do, or nobody has any.

    Ballots in the box that can name but one may hold it for who has no more votes counted than another.
    """
    votes = completions.districts[d].counted
    order = sorted(completions.contenders(), key=lambda j: (not held[j], -votes[j]))
    if len(order) > 1 and held[order[0]]:
        return order[0]
    if not order or not votes[order[0]]:
        return None
    return None if len(order) > 1 and votes[order[0]] == votes[order[1]] else order[0]


def statuses(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return what `claims` says, without proofs. Cost: O(districts × selections), and a knapsack with a pool."""
    return _claims(completions, params, _look(completions, params))


def _claims(completions: Completions, params: Params, look: _Look) -> tuple[Claim, ...]:
    contenders, electors = completions.contenders(), look.electors
    found = elector_claims(contenders, electors.least_most, electors.total, look.exact, look.patience)
    weights = [district.weight for district in completions.districts]
    if any(weight != 1 for weight in weights):
        units = look.units.least_most
        of_units = elector_claims(contenders, units, look.units.total, look.exact, look.patience)
        found += [msgspec.structs.replace(one, kind=f"units-{one.kind}") for one in of_units]
    for j in completions.contenders():
        least, most = look.electors.least[j].weight, look.electors.most[j].weight
        found.append(_claim("elected", (j,), least >= look.need, look))
        found.append(_claim("eliminated", (j,), most < look.need, look))
    found.append(_majority_claim(completions, params, look))
    for d, leader in enumerate(look.leaders):
        if leader is not None:
            name = completions.districts[d].name
            found.append(_claim("carries", (leader,), look.held[d][leader], look, name))
    return tuple(found)


def _claim(kind: str, who: tuple[int, ...], sure: bool, look: _Look, place: str | None = None) -> Claim:
    return Claim(
        kind, who, sure, None, exact=sure or look.exact, lemma="C", place=place, patience=look.patience
    )


def _majority_claim(completions: Completions, params: Params, look: _Look) -> Claim:
    """Return the claim that somebody reaches the needed weight."""
    if any(one.weight >= look.need for one in look.electors.least):
        return _claim("majority", (), True, look)
    found = _deadlock(completions, params, look.need)
    claim = _claim("majority", (), found is None, look)
    return msgspec.structs.replace(claim, exact=False) if found is True else claim


def _deadlock(completions: Completions, params: Params, need: int) -> tuple[int, ...] | bool | None:
    table = chances(completions, bounds_of(completions))
    weights = [district.weight for district in completions.districts]
    return deadlock(table, weights, need, afar(completions, params.pool))


def claims(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return at least and at most so many electors (and districts), elected, eliminated, majority, carries.

    Exact where districts share nothing but ballots of no known district, otherwise never early. Source:
    docs/rules/bodies.md, "Electoral college".
    """
    look = _look(completions, params)
    proof = held_in(completions, bounds_of(completions), params.pool)
    return proved(_claims(completions, params, look), proof)


def publish(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return who holds which district by how much, and the ballots that may still fall in any of them."""
    return publish_held(completions, claim, names)


def witness(completions: Completions, params: Params, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None: it holds, or none was found."""
    if claim.irreversible:
        return None
    look = _look(completions, params)
    table = chances(completions, bounds_of(completions))
    if claim.kind == "majority":
        winners = _deadlock(completions, params, look.need)
        if not isinstance(winners, tuple):
            return None
        pairs = [(d, j) for d, j in enumerate(winners) if j >= 0]
        return body_witness(
            completions, {d: Part(j, wins=True, ballots=table[d][j].win or 0) for d, j in pairs}
        )
    (who,) = claim.who
    if claim.place is not None:
        d = next(d for d, one in enumerate(completions.districts) if one.name == claim.place)
        return body_witness(completions, {d: Part(who, wins=False, ballots=table[d][who].lose or 0)})
    counts = look.units if claim.kind.startswith("units-") else look.electors
    wins = claim.kind.removeprefix("units-") in {"at-most", "eliminated"}
    spoil: Spoil = counts.most[who] if wins else counts.lost[who]
    prices = {d: (table[d][who].win if wins else table[d][who].lose) or 0 for d in spoil.places}
    return body_witness(completions, {d: Part(who, wins, price) for d, price in prices.items()})


def verdict(completions: Completions, params: Params, names: tuple[str, ...]) -> dict[str, object]:
    """Return electors and districts won, least and most by selection, and who may still win the college."""
    look = _look(completions, params)
    least = [one.weight for one in look.electors.least]
    most = [one.weight for one in look.electors.most]
    sure = [name for name, electors in zip(names, least, strict=True) if electors >= look.need]
    return {
        "min_electors": least,
        "max_electors": most,
        "min_units_won": [one.weight for one in look.units.least],
        "max_units_won": [one.weight for one in look.units.most],
        "winner_certain": sure[0] if len(sure) == 1 else None,
        "possible_winners": [
            name for name, electors in zip(names, most, strict=True) if electors >= look.need
        ],
        "no_majority_possible": not _majority_claim(completions, params, look).irreversible,
    }

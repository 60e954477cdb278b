"""The law on a finished count, and what it makes of every completion; shares no code with the core."""

from collections.abc import Iterable
from itertools import combinations

from tests.oracle.ballots import ends, ends_by_annulment, unbounded

Votes = tuple[int, ...]

ENOUGH = 8  # ballots that overturn anything where every number counted is 0 or 1 in at most two units


def winner_sets(totals: Votes, seats: int, contenders: tuple[int, ...]) -> set[tuple[int, ...]]:
    """Every set of winners some tie-break gives: no one left out has more votes than one let in."""
    if len(contenders) <= seats:
        return {contenders}
    return {
        chosen
        for chosen in combinations(contenders, seats)
        if min(totals[j] for j in chosen) >= max(totals[j] for j in contenders if j not in chosen)
    }


def seat_answer(raw: dict, totals: Iterable[Votes], seats: int, contenders: tuple[int, ...]) -> dict:
    """plurality's verdict by definition, with the least leads of eliminations besides."""
    size = len(raw["candidates"])
    possible: set[tuple[int, ...]] = set()
    leads: list[int | None] = [None] * size
    behind: list[int | None] = [None] * size
    for end in totals:
        possible |= winner_sets(end, seats, contenders)
        for i in contenders:
            rivals = sorted((end[j] for j in contenders if j != i), reverse=True)
            if len(rivals) < seats:
                continue
            lead = end[i] - rivals[seats - 1]
            leads[i] = lead if leads[i] is None else min(leads[i], lead)
            behind[i] = -lead if behind[i] is None else min(behind[i], -lead)
    names = raw["candidates"]
    return {
        "elected": [names[i] for i in range(size) if all(i in winners for winners in possible)],
        "eliminated": [names[i] for i in range(size) if not any(i in winners for winners in possible)],
        "outcome_certain": len(possible) == 1,
        "worst_margin": dict(zip(names, leads, strict=True)),
        "behind": behind,
    }


def overturned(raw: dict, contenders: tuple[int, ...]) -> dict:
    """The leader, and the least annulments after which the leader may lose, by looking at all of them."""
    size = len(raw["candidates"])
    counted = [sum(unit["counted"][j] for unit in raw["units"]) for j in range(size)]
    ahead = [i for i in contenders if all(counted[i] > counted[j] for j in contenders if j != i)]
    if not ahead:
        return {"leader": None, "min_units_to_overturn": 0, "min_ballots_to_overturn": 0}
    (w,) = ahead
    lost = [
        (units, ballots)
        for end, units, ballots in ends_by_annulment(raw)
        if any(end[j] >= end[w] for j in contenders if j != w)
    ]
    return {
        "leader": raw["candidates"][w],
        "min_units_to_overturn": min((units for units, _ in lost), default=None),
        "min_ballots_to_overturn": min((ballots for _, ballots in lost), default=None),
    }


def assertion_answer(raw: dict, totals: Iterable[Votes]) -> dict:
    """The assertion rule's verdict by definition."""
    found = []
    for one in raw["params"]["assertions"]:
        slack = min(sum(w * v for w, v in zip(one["coef"], end, strict=True)) for end in totals) - one["c"]
        found.append({"slack": slack, "irreversible": slack > 0 or (slack == 0 and not one["strict"])})
    return {"assertions": found}


def answer(raw: dict, electable: int) -> tuple[dict, frozenset[Votes]]:
    """The verdict on an instance by enumeration, and every vector of final totals.

    Where nothing bounds the ballots, two numbers that are each enough to overturn anything are tried: a
    lead that differs between them has no bound. (No totals are returned then: no list of them is whole.)
    """
    if unbounded(raw):
        few, _ = _answer(raw | {"enough": ENOUGH}, electable)
        many, _ = _answer(raw | {"enough": ENOUGH + 2}, electable)
        return _unbounded_where_different(few, many), frozenset()
    return _answer(raw, electable)


def _answer(raw: dict, electable: int) -> tuple[dict, frozenset[Votes]]:
    totals = ends(raw)
    contenders = tuple(j for j in range(len(raw["candidates"])) if electable >> j & 1)
    if raw["rule"] == "assertion":
        return assertion_answer(raw, totals), totals
    found = seat_answer(raw, totals, raw["params"].get("seats", 1), contenders)
    if raw["rule"] == "disputed":
        found |= overturned(raw, contenders)
    return found, totals


def _unbounded_where_different(few: dict, many: dict) -> dict:
    if "assertions" in few:
        pairs = zip(few["assertions"], many["assertions"], strict=True)
        nothing = {"slack": None, "irreversible": False}
        return {"assertions": [one if one == other else nothing for one, other in pairs]}
    same = few | {
        "worst_margin": {
            name: lead if lead == many["worst_margin"][name] else None
            for name, lead in few["worst_margin"].items()
        },
        "behind": [
            one if one == other else None for one, other in zip(few["behind"], many["behind"], strict=True)
        ],
    }
    for key in few.keys() - {"worst_margin", "behind"}:
        assert few[key] == many[key], f"{ENOUGH} ballots were not enough: {key}"
    return same

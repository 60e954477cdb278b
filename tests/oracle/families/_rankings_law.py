"""Ranked ballots by definition: every ballot there can be, and what instant runoff, STV and points make of them."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache, lru_cache
from itertools import combinations, permutations

Ranking = tuple[int, ...]
WIDTH = 16  # bits a number has in a packed vector; no number here comes near 2^16


@cache
def rankings(names: Ranking, least: int = 0) -> tuple[Ranking, ...]:
    """Every ranking of every subset of at least so many of the names."""
    return tuple(
        order
        for number in range(least, len(names) + 1)
        for chosen in combinations(names, number)
        for order in permutations(chosen)
    )


# Instant runoff: an end is what everybody has in every round there can be, packed into one whole number


@cache
def rounds_of(continuing: Ranking) -> dict[frozenset[int], dict[int, int]]:
    """Where each tally stands in the packed number: by who is still in, by selection."""
    places: dict[frozenset[int], dict[int, int]] = {}
    at = 0
    for number in range(1, len(continuing) + 1):
        for still in combinations(continuing, number):
            places[frozenset(still)] = {}
            for j in still:
                places[frozenset(still)][j] = at
                at += WIDTH
    return places


@cache
def tallies_of(ranking: Ranking, continuing: Ranking) -> int:
    """One ballot's part in every tally."""
    total = 0
    for still, places in rounds_of(continuing).items():
        for j in ranking:
            if j in still:
                total += 1 << places[j]
                break
    return total


@lru_cache(maxsize=100_000)
def runoff_winners(end: int, continuing: Ranking) -> frozenset[int]:
    """Everybody whom some way to break ties elects."""
    places = rounds_of(continuing)
    winners: set[int] = set()
    waiting = {frozenset(continuing)} if continuing else set()
    while waiting:
        still = waiting.pop()
        if len(still) == 1:
            winners |= still
            continue
        tally = {j: end >> at & 0xFFFF for j, at in places[still].items()}
        lowest = min(tally.values())
        waiting |= {still - {j} for j, number in tally.items() if number == lowest}
    return frozenset(winners)


# STV: an end is how many ballots of each ranking there are, packed


@cache
def ballot_of(ranking: Ranking, continuing: Ranking) -> int:
    short = tuple(j for j in ranking if j in continuing)
    return 1 << WIDTH * rankings(continuing).index(short)


@lru_cache(maxsize=100_000)
def stv_outcomes(end: int, continuing: Ranking, seats: int) -> frozenset[frozenset[int]]:
    """Every set some way to break ties elects: Droop quota, surpluses by fractions, the lowest goes."""
    if len(continuing) <= seats:
        return frozenset({frozenset(continuing)})
    piles = [
        (ranking, Fraction(end >> WIDTH * place & 0xFFFF))
        for place, ranking in enumerate(rankings(continuing))
        if ranking and end >> WIDTH * place & 0xFFFF
    ]
    quota = sum(int(number) for _, number in piles) // (seats + 1) + 1
    return frozenset(_stv(tuple(piles), frozenset(continuing), frozenset(), quota, seats))


def _stv(
    piles: tuple, still: frozenset[int], elected: frozenset[int], quota: int, seats: int
) -> Iterator[frozenset[int]]:
    if len(elected) == seats:
        yield elected
        return
    if len(elected) + len(still) <= seats:
        yield elected | still
        return
    tally = {j: Fraction(0) for j in still}
    for ranking, number in piles:
        if ranking[0] in tally:
            tally[ranking[0]] += number
    highest, lowest = max(tally.values()), min(tally.values())
    over = highest >= quota
    for j in [j for j, number in tally.items() if number == (highest if over else lowest)]:
        share = (highest - quota) / highest if over else Fraction(1)
        moved = _moved(piles, j, still - {j}, share)
        yield from _stv(moved, still - {j}, elected | {j} if over else elected, quota, seats)


def _moved(piles: tuple, who: int, still: frozenset[int], share: Fraction) -> tuple:
    """The piles once `who` is no longer in and so much of each of its ballots goes on."""
    found = []
    for ranking, number in piles:
        worth = number * share if ranking[0] == who else number
        rest = tuple(j for j in ranking if j in still)
        if rest and worth:
            found.append((rest, worth))
    return tuple(found)


# Points: an end is the totals, packed


@cache
def points_of(ranking: Ranking, scores: Ranking) -> int:
    return sum((scores[place] if place < len(scores) else 0) << WIDTH * j for place, j in enumerate(ranking))


def totals_of(end: int, size: int) -> Ranking:
    return tuple(end >> WIDTH * j & 0xFFFF for j in range(size))


def packed(totals: Ranking) -> int:
    return sum(number << WIDTH * j for j, number in enumerate(totals))


# Every end, unit by unit


@lru_cache(maxsize=1_000)
def box(ballots: frozenset[int], number: int) -> frozenset[int]:
    """Every sum of so many ballots."""
    if number == 0:
        return frozenset({0})
    return frozenset(before + ballot for before in box(ballots, number - 1) for ballot in ballots)


Way = tuple[str, int, int]  # mode, ballots that count against a cap, what the unit adds


def joined(raw: dict, ways_of_units: list[list[Way]]) -> frozenset[int]:
    """Every sum over the units that caps and the number of annulments allow."""
    caps = raw.get("caps", [])
    most = raw["params"].get("max_annulled")
    most = len(raw["units"]) if most is None else most
    states: dict[tuple[tuple[int, ...], int], set[int]] = {((0,) * len(caps), 0): {0}}
    for unit, ways in zip(raw["units"], ways_of_units, strict=True):
        inside = [unit["id"] in cap["units"] for cap in caps]
        by_kind: dict[tuple[bool, int], set[int]] = {}
        for mode, ballots, adds in ways:
            by_kind.setdefault((mode != "keep", ballots if any(inside) else 0), set()).add(adds)
        grown: dict[tuple[tuple[int, ...], int], set[int]] = {}
        for (load, changed), sums in states.items():
            for (change, ballots), adds in by_kind.items():
                after = tuple(used + ballots * member for used, member in zip(load, inside, strict=True))
                fits = all(used <= cap["max"] for used, cap in zip(after, caps, strict=True))
                if fits and changed + change <= most:
                    key = (after, changed + change)
                    grown.setdefault(key, set()).update(one + other for one in sums for other in adds)
        states = grown
    return frozenset(end for ends in states.values() for end in ends)


def ways(unit: dict, counted: frozenset[int], revised: frozenset[int], ballots: frozenset[int]) -> list[Way]:
    """Every end of one unit: kept with its counted, revised, annulled, or voted again."""
    most, least = unit["outstanding"], unit.get("min_outstanding", 0)
    found = [
        (mode, number, start + cast)
        for mode, starts in (("keep", counted), ("revise", revised))
        for start in starts
        for number in range(least, most + 1)
        for cast in box(ballots, number)
    ]
    if unit.get("annullable"):
        found.append(("annul", 0, 0))
    if unit.get("revote") is not None:
        found += [("revote", 0, cast) for cast in box(ballots, unit["revote"])]
    return found

"""Can a body end without a majority: a search over who wins each district."""

from collections.abc import Sequence

from tally.rules._bodies import Chances

STATES_MAX = 20_000
"""Sums of weights kept at once; past that nobody knows, and a majority is not claimed."""

Winners = tuple[int, ...]


def deadlock(
    table: Sequence[Sequence[Chances]], weights: Sequence[int], need: int, ballots: int | None
) -> Winners | bool | None:
    """Return who wins each district so that nobody reaches `need`; None: somebody always does; True: unknown.

    Winners are indices by district (-1: nobody can win it). Only selections that can reach `need` at all are
    told apart. Exact, by dynamic programming over their sums. Cost: O(districts × sums).
    """
    size = len(table[0]) if table else 0
    able = [[one.win is not None and _within(one.win, ballots) for one in of] for of in table]
    tops = [sum(w for w, of in zip(weights, able, strict=True) if of[j]) for j in range(size)]
    matter = [j for j in range(size) if tops[j] >= need]
    dealt = _dealt(table, able, weights, need)
    if dealt is not None:
        return dealt
    states: dict[tuple[int, ...], tuple[int, Winners]] = {(0,) * len(matter): (0, ())}
    for of, can, weight in zip(table, able, weights, strict=True):
        options = _options(of, can, matter, size)
        grown: dict[tuple[int, ...], tuple[int, Winners]] = {}
        for sums, (spent, winners) in states.items():
            for place, who, price in options:
                total = spent + price
                if ballots is not None and total > ballots:
                    continue
                after = sums
                if place is not None:
                    after = (*sums[:place], sums[place] + weight, *sums[place + 1 :])
                    if after[place] >= need:
                        continue
                known = grown.get(after)
                if known is None or total < known[0]:
                    grown[after] = (total, (*winners, who))
        if len(grown) > STATES_MAX:
            return True
        states = grown
    best = min(states.values(), default=None)
    return None if best is None else best[1]


def _dealt(
    table: Sequence[Sequence[Chances]], able: Sequence[Sequence[bool]], weights: Sequence[int], need: int
) -> Winners | None:
    """Return winners that leave nobody with `need`, each district dealt to who has least so far; None: not so.

    Spends no ballots from afar. Early in a count, when most can still win most, this answers at once.
    """
    sums = [0] * (len(table[0]) if table else 0)
    winners = [-1] * len(table)
    for d in sorted(range(len(table)), key=lambda d: -weights[d]):
        free = [j for j, can in enumerate(able[d]) if can and table[d][j].win == 0]
        if not free:
            if any(able[d]):
                return None
            continue
        winners[d] = min(free, key=lambda j: sums[j])
        sums[winners[d]] += weights[d]
    return tuple(winners) if max(sums, default=0) < need else None


def _within(price: int, ballots: int | None) -> bool:
    return ballots is None or price <= ballots


def _options(
    of: Sequence[Chances], can: Sequence[bool], matter: Sequence[int], size: int
) -> list[tuple[int | None, int, int]]:
    """Return (place among those that matter or None, winner, price); of the others only the cheapest."""
    found: list[tuple[int | None, int, int]] = [
        (place, j, of[j].win or 0) for place, j in enumerate(matter) if can[j]
    ]
    others = [(of[j].win or 0, j) for j in range(size) if can[j] and j not in matter]
    if others:
        price, j = min(others)
        found.append((None, j, price))
    if not found:
        found.append((None, -1, 0))  # nobody can win it: no selection is on its ballot
    return found

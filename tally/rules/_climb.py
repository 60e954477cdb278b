"""How high k rivals of one selection can climb together: who could take its seat."""

import msgspec

from tally.claim import Shortage
from tally.field import Cut, Field, Spread, meet
from tally.reach import spend

COMBINATIONS_MAX = 1_000  # combinations of rivals asked about for one selection


class Climb(msgspec.Struct, frozen=True):
    """The highest mark that k rivals can all reach.

    `top` None: no bound (`contested`) or fewer than k rivals (not `contested`). `exact` false: the work
    budget ran out and `top` may be too high, never too low.
    """

    top: int | None
    contested: bool = True
    exact: bool = True


class Combination(msgspec.Struct, frozen=True):
    """k rivals that all reach a mark, and how; `free` need no ballot or have no bound."""

    rivals: tuple[int, ...]
    spread: Spread


class Climbers:
    """Questions about the rivals of `excluded` for `seats` seats; counts its work and keeps its cuts."""

    def __init__(self, field: Field, excluded: int, seats: int) -> None:
        self.field = field
        self.seats = seats
        self.rivals = [j for j in field.contenders if j != excluded]
        self.work_left = COMBINATIONS_MAX
        self.together = 0
        self.shortages: dict[tuple[int, ...], Shortage] = {}

    def climb(self, asked: int) -> Climb:
        """Return the highest mark `seats` rivals can all reach; `asked` is the mark that decides the claim.

        That mark is looked at first, so that a budget that runs out costs the number, not the verdict.
        Source: docs/maths.md, "Several seats".
        """
        field, seats = self.field, self.seats
        if len(self.rivals) < seats:
            return Climb(None, contested=False)
        heights = sorted((_height(field, j) for j in self.rivals), key=_none_first)
        roof = heights[seats - 1]
        if roof is None:
            return Climb(None)
        if seats == 1:
            return Climb(roof)
        by_votes = sorted((field.counted[j] for j in self.rivals), reverse=True)
        floor = by_votes[seats - 1]
        if field.ballots_alike is not None:
            return Climb(self._climb_alike(by_votes[:seats], floor, roof))
        middle = asked
        while floor < roof:
            if not floor < middle <= roof:
                middle = (floor + roof + 1) // 2
            if self.combination(middle) is None and self.work_left > 0:
                roof = middle - 1
            elif self.work_left > 0:
                floor = middle
            else:
                return Climb(roof, exact=False)
            middle = floor  # from here on the middle of what is left
        return Climb(floor)

    def _climb_alike(self, highest: list[int], floor: int, roof: int) -> int:
        """Return the highest mark when every outstanding ballot has every rival on it.

        Only the highest rivals matter, and of all conditions on the sets of them two: no one of them
        needs more than the ballots can give one (that is `roof`), nor all of them than all.
        """
        all_of_them = self.field.form.marks_max(self.seats) * (self.field.ballots_alike or 0)
        while floor < roof:
            middle = (floor + roof + 1) // 2
            if sum(max(0, middle - votes) for votes in highest) <= all_of_them:
                floor = middle
            else:
                roof = middle - 1
        return floor

    def combination(self, mark: int) -> Combination | None:
        """Return `seats` rivals that can all reach `mark`; None: there are none, or `work_left` is 0.

        Rivals already there, or without bound, come free. Of the others one that needs no more votes
        than another and is on every ballot that other is on may take its place, so the other is only
        tried when all such are in. What cannot be met is kept in `shortages`.
        """
        field = self.field
        free = [j for j in self.rivals if field.counted[j] >= mark or field.reach[j] is None]
        demands = {j: mark - field.counted[j] for j in self.rivals if j not in free}
        if len(free) >= self.seats:
            spread = meet(field, {})
            return Combination(tuple(free[: self.seats]), spread) if isinstance(spread, Spread) else None
        wanted = self.seats - len(free)
        near = []
        for j, demand in demands.items():
            reach = field.reach[j]
            if reach is None or demand <= reach:
                near.append(j)
            else:
                self.shortages[j,] = Shortage((j,), demand, reach)
        if len(near) < wanted:
            return None
        ranked, before = self._ranked(near, demands)
        self.together = self._together(wanted)
        found = self._extend(ranked, before, demands, wanted, (), ())
        if found is None:
            return None
        return Combination((*free, *found[0]), found[1])

    def _together(self, wanted: int) -> int:
        """Return the most votes all ballots can give any `wanted` rivals who have no unbounded group."""
        field = self.field
        bounded = [p for p, bound in enumerate(field.bounds) if bound is not None]
        used = spend(field.groups, field.pools, bounded)
        return field.form.marks_max(wanted) * sum(used[p] for p in bounded)

    def _too_dear(self, chosen: tuple[int, ...], rest: list[int], demands: dict[int, int]) -> bool:
        """Whether `chosen` and the cheapest of `rest` need more votes than all ballots can give them."""
        together = (*chosen, *rest)
        needed = sum(demands[j] for j in together)
        if needed > self.together:
            self.shortages[together] = Shortage(together, needed, self.together, whoever=True)
        return needed > self.together

    def _ranked(self, near: list[int], demands: dict[int, int]) -> tuple[list[int], dict[int, list[int]]]:
        """Return `near` with whoever can take another's place first, and for each those before it."""
        styles = {
            j: sum(
                1 << p
                for p, group in enumerate(self.field.groups)
                if group.on_ballot >> j & 1 and self.field.bounds[p]
            )
            for j in near
        }
        ranked = sorted(near, key=lambda j: (demands[j], -styles[j].bit_count(), j))
        before = {
            j: [h for h in ranked[:position] if styles[h] | styles[j] == styles[h]]
            for position, j in enumerate(ranked)
        }
        return ranked, before

    def _extend(
        self,
        ranked: list[int],
        before: dict[int, list[int]],
        demands: dict[int, int],
        wanted: int,
        chosen: tuple[int, ...],
        passed: tuple[int, ...],
    ) -> tuple[tuple[int, ...], Spread] | None:
        """Return `chosen` extended to `wanted` rivals that can be met together, in the order `ranked`."""
        depth = len(chosen) + len(passed)
        missing = wanted - len(chosen)
        if self.work_left <= 0 or len(ranked) - depth < missing:
            return None
        if self._too_dear(chosen, ranked[depth : depth + missing], demands):
            return None
        j = ranked[depth]
        if not any(h in passed for h in before[j]):
            self.work_left -= 1
            met = meet(self.field, {h: demands[h] for h in (*chosen, j)})
            if met is None:
                self.work_left = 0
                return None
            if isinstance(met, Cut):
                self.shortages[met.tight] = Shortage(met.tight, met.needed, met.available)
            elif len(chosen) + 1 == wanted:
                return (*chosen, j), met
            else:
                found = self._extend(ranked, before, demands, wanted, (*chosen, j), passed)
                if found is not None:
                    return found
        return self._extend(ranked, before, demands, wanted, chosen, (*passed, j))


def _height(field: Field, j: int) -> int | None:
    """Return the most votes selection `j` can end with; None: no bound."""
    reach = field.reach[j]
    return None if reach is None else field.counted[j] + reach


def _none_first(height: int | None) -> tuple[bool, int]:
    return (height is not None, -(height or 0))

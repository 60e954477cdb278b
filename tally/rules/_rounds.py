"""Instant-runoff counting: tallies among who is continuing, round by round."""

from collections.abc import Collection, Sequence

import msgspec

from tally.completions import Ranked, Ranking


class Round(msgspec.Struct, frozen=True):
    """One round of a count: tallies in selection order (0 for those out), and who goes out after it.

    `exhausted` ballots name nobody who is continuing. `out` is None in the last round. `tied`: the lowest
    tally was had by several, and the first of them in selection order was taken.
    """

    tallies: tuple[int, ...]
    exhausted: int
    out: int | None
    tied: bool


def rounds(rankings: Sequence[Ranked], selections: int, skipped: Collection[int] = ()) -> tuple[Round, ...]:
    """Return the count round by round, until two are left or one has more than half of what still counts.

    `skipped` are out before the first round (write-ins in Alaska). Cost: O(rankings × selections).
    """
    among = Tallies(rankings, selections, [j for j in range(selections) if j not in skipped])
    ballots = sum(number for _, number in rankings)
    continuing = list(among.continuing)
    found: list[Round] = []
    while continuing:
        tallies = among.of(continuing)
        counting = sum(tallies)
        ended = len(continuing) <= 2 or 2 * max(tallies) > counting
        lowest = min(tallies[j] for j in continuing)
        level = [j for j in continuing if tallies[j] == lowest]
        out = None if ended else level[0]
        found.append(Round(tallies, ballots - counting, out, out is not None and len(level) > 1))
        if out is None:
            break
        continuing.remove(out)
    return tuple(found)


class Tallies:
    """Ranked ballots among the `continuing` selections: what each has, whoever else is still in."""

    def __init__(self, rankings: Sequence[Ranked], selections: int, continuing: Sequence[int]) -> None:
        self.continuing = tuple(continuing)
        self.selections = selections
        merged: dict[Ranking, int] = {}
        among = frozenset(continuing)
        for ranking, number in rankings:
            short = tuple(j for j in ranking if j in among)
            if short:
                merged[short] = merged.get(short, 0) + number
        self.rankings = tuple(merged.items())
        self._known: dict[frozenset[int], tuple[int, ...]] = {}

    def of(self, among: Collection[int]) -> tuple[int, ...]:
        """Return the tallies, in selection order, when exactly those are still in."""
        key = frozenset(among)
        known = self._known.get(key)
        if known is None:
            tallies = [0] * self.selections
            for ranking, number in self.rankings:
                for j in ranking:
                    if j in key:
                        tallies[j] += number
                        break
            known = self._known[key] = tuple(tallies)
        return known

    def not_behind(self, who: int, other: int) -> int:
        """Return the most `who` has while `other` is in: ballots that name it, not after `other`."""
        total = 0
        for ranking, number in self.rankings:
            for j in ranking:
                if j == other:
                    break
                if j == who:
                    total += number
                    break
        return total

"""Can outstanding ballots bring about an order of eliminations: whole numbers decide."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import gcd

import msgspec

from tally.assertion import plain_ballots
from tally.completions import Ranking
from tally.rules._ground import Ground
from tally.rules._simplex import Clash, Point, common_point

STYLES_MAX = 4  # different ballots about which several rounds at once are decided
SELECTIONS_MAX = 8  # selections in an order about which several rounds at once are decided
HALVINGS_MAX = 200  # splits of one question that whole numbers need and fractions do not


class Split(msgspec.Struct, frozen=True):
    """Ballots of a style that support `over` in round `out`: at most `most`, or (`more`) more."""

    style: int
    out: int
    over: int
    most: int
    more: bool = False


class Term(msgspec.Struct, frozen=True):
    """The one out in round `out` has no more than the one at position `over`, taken `weight` times."""

    out: int
    over: int
    weight: int


class Sum(msgspec.Struct, frozen=True):
    """What an order asks of its rounds, added with weights, so that no ballots can bring it about.

    slack = counted + worst > 0, where the order asks for a sum of 0 or less.
    """

    terms: tuple[Term, ...]
    counted: int
    worst: int
    slack: int


class Mix(msgspec.Struct, frozen=True):
    """Ballots that bring the order about: so many of each ranking, style by style."""

    wanted: tuple[tuple[tuple[Ranking, int], ...], ...]


def paths(length: int, positions: frozenset[int]) -> list[tuple[int, ...]]:
    """Return the rankings, as positions in the order of going out, that an order can need.

    A ballot need not support the one who goes out next: without that name it goes on to its next one a
    round earlier, which no condition minds. So no two in a row except the last two; and naming the last of
    all where it can harms nobody else. There are as many as Fibonacci says, 21 for eight selections.
    """
    end = length - 1
    found: list[tuple[int, ...]] = []
    open_ended: list[tuple[int, ...]] = [()]
    while open_ended:
        path = open_ended.pop()
        if path and (path[-1] == end or end not in positions):
            found.append(path)
        at = path[-1] if path else -1
        open_ended += [
            (*path, j) for j in range(at + 1, length) if j in positions and (j > at + 1 or j == end)
        ]
    return sorted(found)


def mix_or_refute(ground: Ground, order: Sequence[int]) -> Mix | Sum | None:
    """Return ballots under which `order` are the last to go, in that order, or why there are none.

    Ties are broken as the order likes. None: too many styles or selections, or the budget ran out, or
    fractions of ballots would do it and no whole ones were found (never seen: docs/rules/rankings.md).
    Otherwise exact. Orders as in Magrino, Rivest, Shen and Wagner 2011. Cost: a linear program of
    Fibonacci(length) variables a style.
    """
    if len(ground.styles) > STYLES_MAX or len(order) > SELECTIONS_MAX:
        return None
    return _Question(ground, tuple(order)).settle()


class _Question:
    """One order's conditions over ballots by style and ranking."""

    def __init__(self, ground: Ground, order: tuple[int, ...]) -> None:
        self.ground, self.order = ground, order
        self.length = len(order)
        self.base = [ground.votes(order[t:]) for t in range(self.length - 1)]
        self.columns = [
            (style, path)
            for style, mask in enumerate(ground.styles)
            for path in paths(self.length, frozenset(t for t, j in enumerate(order) if mask >> j & 1))
        ]
        self.supports = [_supports(path, self.length) for _, path in self.columns]
        self.asked = [(t, j) for t in range(self.length - 1) for j in range(t + 1, self.length)]
        self.caps = list(self._caps())

    def _caps(self) -> Iterator[tuple[frozenset[int], int]]:
        """The most ballots each set of styles brings together: these numbers say all (a polymatroid)."""
        styles = range(len(self.ground.styles))
        for number in range(1, len(self.ground.styles) + 1):
            for chosen in combinations(styles, number):
                most = self.ground.ballots_of(chosen)
                if most is not None:
                    yield frozenset(chosen), most

    def settle(self) -> Mix | Sum | None:
        """Answer by fractions; where they have a point, look for one of whole ballots, half by half."""
        waiting: list[tuple[Split, ...]] = [()]
        for _ in range(HALVINGS_MAX):
            if not waiting:
                break
            splits = waiting.pop()
            found = common_point(*self._rows(splits))
            if isinstance(found, Clash) and not splits:
                return self._sum(found)
            if isinstance(found, Point):
                split = self._torn(found)
                if split is None:
                    return Mix(self._ballots(found))
                waiting += [(*splits, msgspec.structs.replace(split, more=True)), (*splits, split)]
        return None

    def _rows(self, splits: tuple[Split, ...]) -> tuple[list[list[int]], list[int]]:
        rows, constants = [], []
        for t, j in self.asked:
            rows.append([(support[t] == j) - (support[t] == t) for support in self.supports])
            constants.append(self.base[t][self.order[j]] - self.base[t][self.order[t]])
        for split in splits:
            sign = 1 if split.more else -1
            rows.append([sign * self._counts(split, column) for column in range(len(self.columns))])
            constants.append(-split.most - 1 if split.more else split.most)
        for chosen, most in self.caps:
            rows.append([-(style in chosen) for style, _ in self.columns])
            constants.append(most)
        return rows, constants

    def _counts(self, split: Split, column: int) -> bool:
        return self.columns[column][0] == split.style and self.supports[column][split.out] == split.over

    def _torn(self, found: Point) -> Split | None:
        """The first number of supporters that is no whole number, as a split there."""
        for style in range(len(self.ground.styles)):
            for t, j in self._places():
                total = sum(
                    number
                    for number, support, (of_style, _) in zip(
                        found.over, self.supports, self.columns, strict=True
                    )
                    if of_style == style and support[t] == j
                )
                if total % found.under:
                    return Split(style, t, j, total // found.under)  # the whole number below it
        return None

    def _places(self) -> Iterator[tuple[int, int]]:
        for t in range(self.length - 1):
            for j in range(t, self.length):
                yield t, j

    def _ballots(self, found: Point) -> tuple[tuple[tuple[Ranking, int], ...], ...]:
        """Whole ballots with the same supporters in every round: who leaves goes where supporters grow."""
        wanted = []
        for style in range(len(self.ground.styles)):
            have = [[0] * self.length for _ in range(self.length - 1)]
            for number, support, (of_style, _) in zip(found.over, self.supports, self.columns, strict=True):
                if of_style == style:
                    for t, j in enumerate(support):
                        if j >= 0:
                            have[t][j] += number
            whole = [[number // found.under for number in row] for row in have]  # nothing left over: not torn
            wanted.append(_decompose(whole, self.order))
        return tuple(wanted)

    def _sum(self, clash: Clash) -> Sum:
        """The clash as a sum of conditions, its numbers worked out from the ballots themselves."""
        weights = clash.weights[: len(self.asked)]
        common = gcd(*weights)
        terms = [Term(t, j, w // common) for (t, j), w in zip(self.asked, weights, strict=True) if w]
        counted = sum(
            one.weight * (self.base[one.out][self.order[one.out]] - self.base[one.out][self.order[one.over]])
            for one in terms
        )
        gains = [0] * len(self.ground.completions.groups)
        for style, members in enumerate(self.ground.parts):
            for p in members:
                gains[p] = self._dearest(style, terms)
        used = plain_ballots(gains, self.ground.completions)
        assert used is not None, "a clash that unbounded ballots undo"
        worst = -sum(number * gain for number, gain in zip(used, gains, strict=True))
        assert counted + worst > 0, "a clash that ballots undo"
        return Sum(tuple(terms), counted, worst, counted + worst)

    def _dearest(self, style: int, terms: Sequence[Term]) -> int:
        """The most one ballot of the style can take from the sum; not cast, it takes nothing."""
        taken = [
            sum(
                one.weight * ((support[one.out] == one.over) - (support[one.out] == one.out)) for one in terms
            )
            for (of_style, _), support in zip(self.columns, self.supports, strict=True)
            if of_style == style
        ]
        return max([0, *taken])


def _supports(path: tuple[int, ...], length: int) -> tuple[int, ...]:
    """Which position a ballot supports in each round; -1: nobody."""
    return tuple(next((j for j in path if j >= t), -1) for t in range(length - 1))


def _decompose(have: list[list[int]], order: tuple[int, ...]) -> tuple[tuple[Ranking, int], ...]:
    """Rankings whose supporters are `have[round][position]`."""
    length = len(order)
    held: list[list[tuple[Ranking, int]]] = [[] for _ in range(length)]
    for j, number in enumerate(have[0]):
        if number:
            held[j].append(((order[j],), number))
    for t in range(length - 2):
        for j in range(t + 1, length):
            grown = have[t + 1][j] - have[t][j]
            while grown:
                ranking, number = held[t].pop()
                moved = min(grown, number)
                held[j].append(((*ranking, order[j]), moved))
                if number > moved:
                    held[t].append((ranking, number - moved))
                grown -= moved
    found: dict[Ranking, int] = {}
    for ballots in held:
        for ranking, number in ballots:
            found[ranking] = found.get(ranking, 0) + number
    return tuple(sorted(found.items()))

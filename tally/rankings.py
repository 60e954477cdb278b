"""Ballots by ranking: a copy is cheap, and what differs between two copies is soon found."""

from collections.abc import Iterable, Iterator
from itertools import compress
from operator import is_not

from tally.completions import Ranked, Ranking

_Leaf = dict[Ranking, int]
_WIDTHS = (1, 64, 1_024, 16_384)
"""Numbers of leaves: the next one, while there are more than `_CROWDED` rankings a leaf."""
_CROWDED = 8


class Rankings:
    """How many ballots give each ranking.

    Rankings are spread over `leaves` by their hash. A leaf is replaced, never written: copies share every leaf
    into which neither has counted since.
    """

    __slots__ = ("_size", "leaves")

    def __init__(self, leaves: list[_Leaf] | None = None, size: int = 0) -> None:
        self.leaves: list[_Leaf] = [{}] * _WIDTHS[0] if leaves is None else leaves
        self._size = size

    def __len__(self) -> int:
        return self._size

    def get(self, ranking: Ranking) -> int:
        """Ballots that give this ranking."""
        return self.leaves[hash(ranking) & (len(self.leaves) - 1)].get(ranking, 0)

    def items(self) -> Iterator[Ranked]:
        """Every ranking with its ballots, in no order that may be relied on."""
        for leaf in self.leaves:
            yield from leaf.items()

    def copy(self) -> "Rankings":
        """An independent copy. Cost: O(leaves), 16,384 at most."""
        return Rankings(self.leaves[:], self._size)

    def count(self, rankings: Iterable[Ranked], sign: int) -> None:
        """Count ballots in (sign 1) or out (sign -1). Cost: a leaf copied for each ranking."""
        leaves = self.leaves
        for ranking, number in rankings:
            at = hash(ranking) & (len(leaves) - 1)
            before = leaves[at]
            leaf = leaves[at] = before.copy()
            left = leaf.get(ranking, 0) + sign * number
            if left:
                leaf[ranking] = left
            else:
                leaf.pop(ranking, None)
            self._size += len(leaf) - len(before)
        if self._size > _CROWDED * len(leaves) and len(leaves) < _WIDTHS[-1]:
            self._widen()

    def _widen(self) -> None:
        width = next((width for width in _WIDTHS if self._size <= _CROWDED * width), _WIDTHS[-1])
        wider: list[_Leaf] = [{} for _ in range(width)]
        for ranking, number in self.items():
            wider[hash(ranking) & (width - 1)][ranking] = number
        self.leaves = wider

    def comparable(self, other: "Rankings") -> bool:
        """Whether `changes` since the other can be told: they have as many leaves."""
        return len(self.leaves) == len(other.leaves)

    def changes(self, since: "Rankings | None", looked_at: int) -> Iterator[list[Ranked]]:
        """What makes these of others (None: of none): rankings with their new number, 0 where gone.

        In parts, each after a look at about so many rankings. Cost: O(leaves + rankings in those that differ).
        """
        assert since is None or self.comparable(since), "rankings on as many leaves"
        theirs = [{}] * len(self.leaves) if since is None else since.leaves
        part: list[Ranked] = []
        looked = 0
        for leaf, was in compress(zip(self.leaves, theirs, strict=True), map(is_not, self.leaves, theirs)):
            if was:
                part += [(ranking, number) for ranking, number in leaf.items() if was.get(ranking) != number]
                part += [(ranking, 0) for ranking in was if ranking not in leaf]
            else:
                part += leaf.items()
            looked += len(leaf) + len(was)
            if looked >= looked_at:
                yield part
                part, looked = [], 0
        yield part

"""Full rankings: can rivals share the other places so that none passes a mark."""

from collections.abc import Sequence

import msgspec

SEARCH_BALLOTS_MAX = 6  # ballots about which every way to rank is tried
SEARCH_RIVALS_MAX = 6  # selections that may share what those ballots give
STATES_MAX = 2_000  # rooms looked at in one such search
BLOCKS = 16  # parts in which many ballots are ranked alike


class Crowd(msgspec.Struct, frozen=True):
    """Together these rivals must get `points` at least, and have room for `room` only, which is less."""

    rivals: tuple[int, ...]
    points: int
    room: int


class Ranks(msgspec.Struct, frozen=True):
    """A way to rank: so many ballots give the rivals these places, best first."""

    ballots: tuple[tuple[tuple[int, ...], int], ...]


class Searched(msgspec.Struct, frozen=True):
    """Every way to rank so many ballots was tried, and none leaves all rivals their room."""

    ballots: int


def rank_within(
    rooms: Sequence[int | None], scores: Sequence[int], ballots: int
) -> Ranks | Crowd | Searched | None:
    """Return how so many ballots can rank everybody so that nobody gets more than its room, or why not.

    `rooms` is per rival (None: no limit), `scores` one ballot's points for them, best first. Exact where it
    answers; None: not found, and not every way was tried (the question is NP-hard: Betzler, Niedermeier and
    Woeginger 2011). Cost: O(rivals²) a block of ballots; the search only where few ballots come.
    """
    crowd = _crowd(rooms, scores, ballots)
    if crowd is not None:
        return crowd
    found = _greedy(rooms, scores, ballots)
    if found is not None:
        return found
    if ballots > SEARCH_BALLOTS_MAX or len(rooms) > SEARCH_RIVALS_MAX:
        return None
    search = _Search(scores)
    order = search.rank(tuple(rooms), ballots)
    if search.left < 0:
        return None
    return Searched(ballots) if order is None else Ranks(tuple((one, 1) for one in order))


def _crowd(rooms: Sequence[int | None], scores: Sequence[int], ballots: int) -> Crowd | None:
    """The rivals with least room who together must get more, if there are any; the fewest of them."""
    limited = sorted((room, j) for j, room in enumerate(rooms) if room is not None)
    least = sorted(scores)
    for number in range(1, len(limited) + 1):
        room = sum(one for one, _ in limited[:number])
        points = ballots * sum(least[:number])
        if room < points:
            return Crowd(tuple(sorted(j for _, j in limited[:number])), points, room)
    return None


def _greedy(rooms: Sequence[int | None], scores: Sequence[int], ballots: int) -> Ranks | None:
    """Most points to who has most room, a block of ballots at a time."""
    left = list(rooms)
    found: dict[tuple[int, ...], int] = {}
    while ballots:
        block = max(1, ballots // BLOCKS)  # the last ballots one by one
        order = tuple(sorted(range(len(left)), key=lambda j: -_wide(left[j])))
        for place, j in enumerate(order):
            room = left[j]
            if room is not None:
                left[j] = room - block * scores[place]
        found[order] = found.get(order, 0) + block
        ballots -= block
    if any(room is not None and room < 0 for room in left):
        return None
    return Ranks(tuple(sorted(found.items())))


def _wide(room: int | None) -> int:
    return 1 << 100 if room is None else room


class _Search:
    """Every way to rank, ballot by ballot; which rival is which does not matter, only their rooms do."""

    def __init__(self, scores: Sequence[int]) -> None:
        self.scores = tuple(scores)
        self.left = STATES_MAX
        self.failed: set[tuple[tuple[int, ...], int]] = set()

    def rank(self, rooms: tuple[int | None, ...], ballots: int) -> list[tuple[int, ...]] | None:
        """Return one order a ballot, or None when there is no way within these rooms or the budget is out."""
        if ballots == 0:
            return []
        key = (tuple(sorted(map(_wide, rooms))), ballots)
        if key in self.failed:
            return None
        self.left -= 1
        if self.left < 0 or _crowd(rooms, self.scores, ballots) is not None:
            return None
        found = self._place(rooms, ballots, ())
        if found is None:
            self.failed.add(key)
        return found

    def _place(
        self, rooms: tuple[int | None, ...], ballots: int, order: tuple[int, ...]
    ) -> list[tuple[int, ...]] | None:
        """Fill the places of one ballot from the best on, then go to the next ballot."""
        if len(order) == len(rooms):
            rest = self.rank(rooms, ballots - 1)
            return None if rest is None else [order, *rest]
        points = self.scores[len(order)]
        tried: set[int | None] = set()
        for j, room in enumerate(rooms):
            if j in order or room in tried or (room is not None and room < points):
                continue
            tried.add(room)
            left = rooms if room is None else (*rooms[:j], room - points, *rooms[j + 1 :])
            found = self._place(left, ballots, (*order, j))
            if found is not None:
                return found
        return None

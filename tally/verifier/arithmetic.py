"""The most outstanding ballots can do: marks a ballot, greedy over pools, whole numbers."""

from collections.abc import Sequence
from typing import NamedTuple

from tally.verifier.shapes import Ballot


class Source(NamedTuple):
    """Outstanding ballots of one class: the selections on them, how many (None: no bound), their pool.

    `district` is an index into the field's districts; -1: in none. `least` of them are sure to come.
    """

    on_ballot: frozenset[int]
    ballots: int | None
    pool: int
    district: int = -1
    least: int = 0


class Room(NamedTuple):
    """A joint cap on outstanding ballots (None: it does not count), and the pool around it (-1: none)."""

    ballots: int | None
    parent: int


class Place(NamedTuple):
    """A district of a body: its id, what winning it is worth, its counted votes in selection order."""

    name: str
    weight: int
    counted: tuple[int, ...]


class Final(NamedTuple):
    """A finished count: votes by selection, the same district by district, ballots by ranking, ballots in all.

    `ballots` counts blank ones, too; None where the field does not say how many were counted.
    """

    totals: tuple[int, ...]
    places: tuple[Place, ...] = ()
    rankings: tuple[tuple[tuple[int, ...], int], ...] = ()
    ballots: int | None = None


class Field(NamedTuple):
    """All that may still come in a contest, and what is counted.

    `places` are the districts of a body; `rankings` the counted ballots where they are ranked; `ballots` how
    many ballots were counted, blank ones included (None: the rows were not asked).
    """

    counted: tuple[int, ...]
    form: Ballot
    sources: tuple[Source, ...]
    rooms: tuple[Room, ...]
    places: tuple[Place, ...] = ()
    rankings: tuple[tuple[tuple[int, ...], int], ...] = ()
    ballots: int | None = None

    def chain(self, pool: int) -> list[int]:
        """The pools a ballot in `pool` uses up, innermost first, those that do not count left out."""
        found = []
        while pool >= 0:
            if self.rooms[pool].ballots is not None:
                found.append(pool)
            pool = self.rooms[pool].parent
        return found

    def ceiling(self, source: Source) -> int | None:
        """The most ballots one class can bring by itself; None: nothing bounds it."""
        bounds = [self.rooms[pool].ballots for pool in self.chain(source.pool)] + [source.ballots]
        return min((bound for bound in bounds if bound is not None), default=None)

    def room_beside(self, ballots: Sequence[int]) -> dict[int, int]:
        """What each pool that counts can take beside so many ballots of each class."""
        room = {p: one.ballots for p, one in enumerate(self.rooms) if one.ballots is not None}
        for source, number in zip(self.sources, ballots, strict=True):
            for pool in self.chain(source.pool):
                room[pool] -= number
        return room

    def sure(self, who: int) -> int:
        """Votes a selection is sure to get: of ballots in the box that may not be blank and name nobody else."""
        alone = frozenset({who})
        return 0 if self.form.blank else sum(one.least for one in self.sources if one.on_ballot == alone)

    def most(self, worth: Sequence[int]) -> int | None:
        """The most that ballots worth so much each, class by class, add up to; None: there is no limit.

        Those sure to come count first, also where they are worth less than nothing; then greedy, dearest first,
        which is best where pools are nested or disjoint (Edmonds 1970).
        """
        room = self.room_beside([source.least for source in self.sources])
        total = sum(source.least * one for source, one in zip(self.sources, worth, strict=True))
        for index in sorted(range(len(worth)), key=lambda index: -worth[index]):
            if worth[index] <= 0:
                break
            source = self.sources[index]
            chain = self.chain(source.pool)
            limits = [room[pool] for pool in chain]
            limits += [] if source.ballots is None else [source.ballots - source.least]
            if not limits:
                return None
            taken = min(limits)
            for pool in chain:
                room[pool] -= taken
            total += taken * worth[index]
        return total

    def reach(self, together: frozenset[int]) -> int | None:
        """The most votes that can still come to these selections together; None: there is no limit."""
        return self.most([marks(self.form, len(source.on_ballot & together)) for source in self.sources])

    def worst(self, a: Sequence[int]) -> int | None:
        """The most that outstanding ballots can take from a·V, as a number of 0 or less; None: no limit."""
        taken = self.most([_takes(self.form, a, source.on_ballot) for source in self.sources])
        return None if taken is None else -taken


def marks(form: Ballot, names: int) -> int:
    """The most votes one ballot can give to so many of the selections on it, together."""
    if form.kind == "choose":
        return min(form.votes, names)
    if form.kind == "cumulative":
        return form.votes if names else 0
    return form.votes * names


def _takes(form: Ballot, a: Sequence[int], on_ballot: frozenset[int]) -> int:
    """The most one ballot can take from a·V; blank it takes nothing, and else it may have to add."""
    if on_ballot and not form.blank and min(a[j] for j in on_ballot) >= 0:
        return -min(a[j] for j in on_ballot)
    losses = sorted((-a[j] for j in on_ballot if a[j] < 0), reverse=True)
    if form.kind == "choose":
        return sum(losses[: form.votes])
    if form.kind == "cumulative":
        return form.votes * losses[0] if losses else 0
    return form.votes * sum(losses)

"""All parts of a contest that share out seats, with the ranges of every list and bloc."""

from collections.abc import Sequence

import msgspec

from tally.completions import NOWHERE, Completions
from tally.rules._count import seats_in, standing
from tally.rules._law import Law
from tally.rules._outlook import realised
from tally.rules._ranges import End, Range, ranges, views
from tally.witness import Cast, Fate, Witness, faults

NOT_THERE = -1  # the index of a district that no unit is in


class Part(msgspec.Struct, frozen=True):
    """Seats that are shared out by themselves: a whole contest, or one district of it.

    `index` is the district's; NOT_THERE: no unit is in it.
    """

    name: str | None
    law: Law
    completions: Completions
    index: int | None = None


class Sum(msgspec.Struct, frozen=True):
    """The seats of some lists over all parts: one range a part."""

    members: tuple[int, ...]
    parts: tuple[Range, ...]

    @property
    def least(self) -> int:
        """The least seats in all."""
        return sum(part.least.seats for part in self.parts)

    @property
    def most(self) -> int:
        """The most seats in all."""
        return sum(part.most.seats for part in self.parts)

    def ends(self, side: str) -> list[End]:
        """Return, part by part, the end with the "least" or the "most" seats."""
        return [part.least if side == "least" else part.most for part in self.parts]


class Chamber(msgspec.Struct, frozen=True):
    """All parts of a contest with their ranges, and what is counted in each."""

    completions: Completions
    parts: tuple[Part, ...]
    lists: tuple[Sum, ...]
    blocs: tuple[Sum, ...]
    coupled: bool

    @property
    def afar(self) -> bool:
        """Return whether some ballots are of no known district: each part is then as if it had them all."""
        parts = [part.district for part in self.completions.groups]
        parts += [part.district for part in self.completions.modal]
        return bool(self.completions.districts) and NOWHERE in parts

    @property
    def seats(self) -> int:
        """Return the number of seats in all."""
        return sum(part.law.filled(len(self.completions.counted)) for part in self.parts)


def chamber(
    completions: Completions,
    parts: Sequence[Part],
    blocs: Sequence[tuple[int, ...]],
    *,
    coupled: bool = False,
    only: tuple[int, ...] = (),
) -> Chamber:
    """Return the ranges of every list and bloc; of `only` these lists together, where a claim is about them.

    `coupled`: parts share ballots, so that sums are bounds.
    """
    size = len(completions.counted)
    if only:
        alone = tuple(ranges(part.law, views(part.completions, part.law), [only])[0] for part in parts)
        return Chamber(completions, tuple(parts), (), (Sum(only, alone),), coupled)
    groups = [*((j,) for j in range(size)), *blocs]
    columns = [ranges(part.law, views(part.completions, part.law), groups) for part in parts]
    sums = [Sum(members, tuple(column[n] for column in columns)) for n, members in enumerate(groups)]
    return Chamber(completions, tuple(parts), tuple(sums[:size]), tuple(sums[size:]), coupled)


def now(found: Chamber) -> tuple[int, ...] | None:
    """Return the seats of every list on the votes counted so far; None: a tie leaves some open."""
    seats = [0] * len(found.completions.counted)
    for part in found.parts:
        votes = part.completions.votes_counted()
        lists = [j for j in part.completions.contenders() if not part.law.barred >> j & 1]
        counted = standing(part.law, votes, lists)
        for j in range(len(seats)):
            few, many = seats_in(part.law, votes, counted, (j,))
            if few != many:
                return None
            seats[j] += few
    return tuple(seats)


def stitched(found: Chamber, ends: Sequence[End]) -> Witness | None:
    """Return the completion in which every part ends so; None where they do not fit together."""
    size = len(found.completions.counted)
    casts: list[Cast] = [Cast(group.ballots_min, (0,) * size) for group in found.completions.groups]
    fates = [
        Fate("keep", unit.counted, Cast(unit.ballots_min, (0,) * size)) for unit in found.completions.modal
    ]
    totals = list(found.completions.counted)
    for part, end in zip(found.parts, ends, strict=True):
        made = realised(part.completions, end.outlook, end.gifts or {})
        if made is None:
            return None
        whole = found.completions
        if part.index == NOT_THERE:
            continue
        groups = [p for p, one in enumerate(whole.groups) if part.index in {None, one.district}]
        units = [p for p, one in enumerate(whole.modal) if part.index in {None, one.district}]
        for p, cast in zip(groups, made.cast, strict=True):
            casts[p] = cast
        for p, fate in zip(units, made.fates, strict=True):
            fates[p] = fate
    for cast in (*casts, *(fate.cast for fate in fates)):
        totals = [number + more for number, more in zip(totals, cast.votes, strict=True)]
    for fate in fates:
        totals = [number + more for number, more in zip(totals, fate.counted, strict=True)]
    witness = Witness(tuple(casts), tuple(fates), tuple(totals))
    return None if faults(found.completions, witness) else witness

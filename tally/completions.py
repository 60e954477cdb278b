"""What may still come: every completion of one contest's count, as one frozen value."""

from collections.abc import Sequence
from typing import Literal

import msgspec

ALL = -1  # every selection is on the ballot: the mask with every bit set
NO_POOL = -1

NOWHERE = -1  # in none of a body's districts

BallotKind = Literal["choose", "cumulative", "score", "ranked"]
Ranking = tuple[int, ...]
"""Selections in the order of a voter's preference, each at most once; () says nothing."""
Ranked = tuple[Ranking, int]
"""How many ballots give one ranking."""
Mode = Literal["keep", "annul", "revote", "revise"]


class BallotForm(msgspec.Struct, frozen=True):
    """What one ballot can say.

    `votes` is the marks allowed (choose: at most one a selection), the votes to hand out (cumulative:
    any number to one selection), or the most points a selection can get (score). Approval is `choose`
    with as many votes as selections. With `blank` false a cast ballot says at least one mark, vote or
    point, unless no selection is on it. `ranked`: an order of some of the selections; what it is worth to
    each is the rule's to say.
    """

    kind: BallotKind = "choose"
    votes: int = 1
    blank: bool = True

    def marks_max(self, selections: int) -> int:
        """Return the most marks one ballot can give to `selections` of the selections on it, together."""
        if self.kind == "choose":
            return min(self.votes, selections)
        if self.kind == "cumulative":
            return self.votes if selections else 0
        return self.votes * selections


class Pool(msgspec.Struct, frozen=True):
    """A joint cap: its groups, its units and its inner pools bring at most `ballots_max` ballots in all.

    `parent` is the index of the pool around this one, so that pools are nested or disjoint (laminar).
    """

    ballots_max: int
    parent: int = NO_POOL


class Group(msgspec.Struct, frozen=True):
    """Outstanding ballots that are alike: the same selections on them, the same pool.

    `on_ballot` is a bit mask of selection indices. `ballots_max` None means nobody knows a bound.
    `ballots_min` of them are known to be in the box. `district` is an index into the body's districts.
    """

    on_ballot: int = ALL
    ballots_max: int | None = 0
    ballots_min: int = 0
    pool: int = NO_POOL
    district: int = NOWHERE


class ModalUnit(msgspec.Struct, frozen=True):
    """A unit whose counted votes may yet be annulled, voted again, or revised.

    Kept, it stands: its counted votes and its outstanding ballots. Annulled, both are gone. Voted again,
    its counted votes are gone and up to `revote` new ballots come, outside any pool. Revised, it is kept
    and each counted number moves by at most `revisable`, never below 0. `ballots` is what annulling it
    costs in counted ballots; None means the sum of its counted votes. `rankings` are its counted ballots
    where they are ranked.
    """

    counted: tuple[int, ...]
    ballots_max: int | None = 0
    ballots_min: int = 0
    on_ballot: int = ALL
    pool: int = NO_POOL
    annullable: bool = False
    revote: int | None = None
    revisable: int = 0
    ballots: int | None = None
    district: int = NOWHERE
    rankings: tuple[Ranked, ...] = ()

    @property
    def group(self) -> Group:
        """Its outstanding ballots while it is kept."""
        return Group(self.on_ballot, self.ballots_max, self.ballots_min, self.pool, self.district)


class District(msgspec.Struct, frozen=True):
    """A part of a body: a state with so many electors, a constituency, one of the units a spread asks for.

    `counted` sums its units that stand as they are, in selection order.
    """

    name: str
    weight: int = 1
    counted: tuple[int, ...] = ()


class Completions(msgspec.Struct, frozen=True):
    """Every way one contest's count may still end.

    `counted` sums the units that stand as they are, in selection order; `modal` units are not in it.
    `annulled_max` bounds how many modal units may be in a mode other than keep (None: any number).
    `electable` is a bit mask; a selection outside it can neither win nor deny a seat. The least numbers
    of ballots must fit their pools; whoever builds the value has checked that. `rankings` are the counted
    ballots of the same units where ballots are ranked, each ranking once. A body has `districts`, whose
    counted votes are part of `counted`. `ballots_counted` is how many ballots were cast in the units `counted`
    sums, blank ones included; None where nobody says.
    """

    counted: tuple[int, ...]
    groups: tuple[Group, ...] = ()
    ballot: BallotForm = BallotForm()
    pools: tuple[Pool, ...] = ()
    modal: tuple[ModalUnit, ...] = ()
    annulled_max: int | None = None
    electable: int = ALL
    rankings: tuple[Ranked, ...] = ()
    districts: tuple[District, ...] = ()
    ballots_counted: int | None = None

    def votes_counted(self) -> list[int]:
        """Return the counted votes with every modal unit kept, in selection order."""
        votes = list(self.counted)
        for unit in self.modal:
            for i, number in enumerate(unit.counted):
                votes[i] += number
        return votes

    def contenders(self) -> list[int]:
        """Return the electable selections, in selection order."""
        return [i for i in range(len(self.counted)) if self.electable >> i & 1]

    def of_district(self, index: int) -> "Completions":
        """Return what may still come in one district by itself: a pool is as wide as if it had it alone."""
        return Completions(
            self.districts[index].counted,
            tuple(group for group in self.groups if group.district == index),
            self.ballot,
            self.pools,
            tuple(unit for unit in self.modal if unit.district == index),
            self.annulled_max,
            self.electable,
        )

    def couples_districts(self) -> bool:
        """Return whether ballots of several districts, or of none, share a pool or are without a district."""
        owner: dict[int, int] = {}
        for group in (*self.groups, *(unit.group for unit in self.modal)):
            if group.district == NOWHERE:
                return True
            pool = group.pool
            while pool != NO_POOL:
                if owner.setdefault(pool, group.district) != group.district:
                    return True
                pool = self.pools[pool].parent
        return self.annulled_max is not None and len({unit.district for unit in self.modal}) > 1


def mask_of(selections: Sequence[int]) -> int:
    """Return the bit mask with those selection indices set."""
    mask = 0
    for i in selections:
        mask |= 1 << i
    return mask

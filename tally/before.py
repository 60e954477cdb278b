"""The election before in dense indexes: who is compared with whom, where, on how many votes."""

from dataclasses import dataclass
from operator import methodcaller
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tally.model import Contest, Unit

Ints: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Before:
    """The election before, by unit.

    `votes`: by selection, mapped. `total`: of everybody, also of who is compared with nobody; 0: not matched.
    `listed`: whether the unit is there at all. `known`: which selections somebody is compared with.
    """

    votes: Ints
    total: Ints
    listed: npt.NDArray[np.bool_]
    known: tuple[bool, ...]


def before_of(contest: Contest, units: tuple[Unit, ...]) -> Before | None:
    """What a contest says of the election before; None where it says nothing. Cost: O(units), once a layout."""
    before = contest.previous
    if before is None or not before.votes:
        return None
    index = {selection.id: s for s, selection in enumerate(contest.selections)}
    votes = [before.votes.get(unit.id) for unit in units]
    listed = np.array(list(map(bool, votes)), dtype=np.bool_)
    matched = list(filter(None, votes))
    found = np.zeros((len(units), len(index)), dtype=np.int64)
    known = [False] * len(index)
    for old in set().union(*matched):
        s = index.get(before.map.get(old, old))
        if s is not None:
            known[s] = True
            found[listed, s] += np.fromiter(map(methodcaller("get", old, 0), matched), np.int64, len(matched))
    total = np.zeros(len(units), dtype=np.int64)
    total[listed] = np.fromiter((sum(one.values()) for one in matched), np.int64, len(matched))
    return Before(found, total, listed, tuple(known))

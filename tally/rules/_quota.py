"""A single transferable vote before any ballot is moved: quotas of the first count."""

from collections.abc import Sequence

import msgspec

from tally.completions import Completions
from tally.rules._first_round import most_ballots
from tally.rules._rounds import Tallies
from tally.rules._settle import firsts_fit


class Firsts(msgspec.Struct, frozen=True):
    """First preferences in selection order, and how many ballots may still join them.

    `unknown` are counted ballots for selections that do not count here, whose next preference nobody knows.
    """

    votes: tuple[int, ...]
    unknown: int
    outstanding: int

    @property
    def ballots_max(self) -> int:
        """The most ballots that can be in the count."""
        return sum(self.votes) + self.unknown + self.outstanding


class Quota(msgspec.Struct, frozen=True):
    """It has a Droop quota of the most ballots there can be: slack = (seats+1)·votes - ballots."""

    who: int
    votes: int
    ballots: int
    slack: int


class Kept(msgspec.Struct, frozen=True):
    """All but `kept` go before any of them, who are more than there are seats.

    `held` is what `kept` have for good, each its votes or a quota if that is less; `least` the least of
    these; all in votes times (seats + 1). slack = held + least - (seats+1)·ballots > 0.
    """

    kept: tuple[int, ...]
    ballots: int
    held: int
    least: int
    slack: int


def firsts_of(completions: Completions, continuing: Sequence[int]) -> Firsts | None:
    """Return the first preferences among `continuing`; None: nothing bounds what may come."""
    more = most_ballots(completions, sum(1 << j for j in continuing))
    if more is None:
        return None
    size = len(completions.counted)
    if firsts_fit(completions.counted, completions.rankings):
        return Firsts(Tallies(completions.rankings, size, continuing).of(continuing), 0, more)
    votes = tuple(completions.counted[j] if j in continuing else 0 for j in range(size))
    return Firsts(votes, sum(completions.counted) - sum(votes), more)


def quota(firsts: Firsts, seats: int, who: int) -> Quota | None:
    """Return why `who` has a Droop quota at the first count in every completion; None when it may not."""
    slack = (seats + 1) * firsts.votes[who] - firsts.ballots_max
    return Quota(who, firsts.votes[who], firsts.ballots_max, slack) if slack > 0 else None


def kept(firsts: Firsts, seats: int, continuing: Sequence[int]) -> tuple[Kept, ...]:
    """Return every set of highest selections before whom all others go, the smallest first.

    One who is in has its first preferences; one elected keeps a quota; so whoever else is in has at most the
    rest, surpluses and transfers included. Where no more are in than seats are left, all of them are elected,
    so a set has more than there are seats. Sound for every way of moving surpluses.
    """
    order = sorted(continuing, key=lambda j: -firsts.votes[j])
    ballots = firsts.ballots_max
    found = []
    for number in range(seats + 1, len(order)):
        holds = [min((seats + 1) * firsts.votes[j], ballots) for j in order[:number]]
        slack = sum(holds) + min(holds) - (seats + 1) * ballots
        if slack > 0:
            found.append(Kept(tuple(sorted(order[:number])), ballots, sum(holds), min(holds), slack))
    return tuple(found)

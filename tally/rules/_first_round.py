"""First preferences alone: who goes out before everybody else, whatever comes."""

from collections.abc import Sequence

import msgspec

from tally.completions import Completions, Group
from tally.reach import limits, spend


class Batch(msgspec.Struct, frozen=True):
    """All of `out` go before anybody else: together, with `unknown` and `outstanding`, they have less.

    `unknown` are ballots counted for selections that do not count here and may go to anybody. `least` is
    what the lowest of the others has. slack = least - counted - unknown - outstanding > 0.
    """

    out: tuple[int, ...]
    counted: int
    unknown: int
    outstanding: int
    least: int
    slack: int


def most_ballots(completions: Completions, on_ballot: int) -> int | None:
    """Return the most ballots that can come with any of those selections on them; None: no bound."""
    groups, pools = completions.groups, completions.pools
    members = [p for p, group in enumerate(groups) if _carries(group, on_ballot)]
    bounds = limits(groups, pools)
    if any(bounds[p] is None for p in members):
        return None
    used = spend(groups, pools, members)
    return sum(used[p] for p in members)


def _carries(group: Group, on_ballot: int) -> bool:
    return bool(group.on_ballot & on_ballot)


def batches(completions: Completions, continuing: Sequence[int]) -> tuple[Batch, ...]:
    """Return every set of lowest selections that goes out before all others, smallest first.

    Of the ballots only first preferences are looked at. Sound: a ballot whose first preference is not in the
    set stays where it is while nobody else has gone. Source: Cary 2011.
    """
    counted = completions.counted
    order = sorted(continuing, key=lambda j: counted[j])
    unknown = sum(counted) - sum(counted[j] for j in continuing)
    found = []
    for number in range(1, len(order)):
        out = order[:number]
        more = most_ballots(completions, sum(1 << j for j in out))
        if more is None:
            break
        together, least = sum(counted[j] for j in out), counted[order[number]]
        slack = least - together - unknown - more
        if slack > 0:
            found.append(Batch(tuple(sorted(out)), together, unknown, more, least, slack))
    return tuple(found)

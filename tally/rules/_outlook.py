"""Votes that may still come to lists, the units in doubt settled one way at a time."""

from collections.abc import Mapping, Sequence

import msgspec

from tally.assertion import plain_change
from tally.completions import Completions, Group, Mode
from tally.field import Spread, meet, survey
from tally.reach import limits, reach, spend
from tally.rules._settle import ways_of
from tally.witness import Cast, Witness, assemble, spread_casts

COMBINATIONS_MAX = 128  # ways of the units in doubt looked at one by one


class Outlook(msgspec.Struct, frozen=True):
    """Votes for every selection, and how many more can come, the units in doubt being settled one way.

    `total` is the sum of `votes`. `more` further votes can come at most, `fewest` at least, and `caps` of
    them at most to each selection; `alike` says that this is all there is to know (one style, one vote a
    ballot), otherwise it is a superset of what can come. `settled` holds the same without units in doubt,
    None where too many ways were taken together. `lists` are the selections that can have seats.
    """

    votes: tuple[int, ...]
    lists: tuple[int, ...]
    total: int
    more: int
    fewest: int
    caps: tuple[int, ...]
    alike: bool
    settled: Completions | None
    modes: tuple[Mode, ...] = ()
    stakes: tuple[tuple[int, int], ...] = ()

    def outside(self, members: Sequence[int]) -> list[int]:
        """Return the selections that are none of `members` and are on some ballot that may still come."""
        return [j for j, cap in enumerate(self.caps) if j not in members and (cap or not self.more)]


def finished(votes: Sequence[int], lists: tuple[int, ...]) -> Outlook:
    """Return the outlook of a finished count."""
    return Outlook(tuple(votes), lists, sum(votes), 0, 0, (0,) * len(votes), alike=True, settled=None)


def outlooks(completions: Completions, barred: int, enough: int) -> list[Outlook]:
    """Return one outlook a way of the units in doubt; a single, wider one when there are too many ways.

    `barred` masks selections the rule gives no seats. `enough` stands for a number nobody knows a bound of.
    Cost: O(ways × groups).
    """
    lists = tuple(j for j in completions.contenders() if not barred >> j & 1)
    bounded = _bounded(completions, enough)
    ways = ways_of(bounded, COMBINATIONS_MAX)
    if ways is None:
        return [_together(bounded, lists)]
    return [_look(*_settle(bounded, modes), lists, modes) for modes in ways]


def _bounded(completions: Completions, enough: int) -> Completions:
    """Return the same with `enough` ballots where nobody knows how many."""
    groups = tuple(
        msgspec.structs.replace(group, ballots_max=enough) if group.ballots_max is None else group
        for group in completions.groups
    )
    modal = tuple(
        msgspec.structs.replace(unit, ballots_max=enough) if unit.ballots_max is None else unit
        for unit in completions.modal
    )
    return msgspec.structs.replace(completions, groups=groups, modal=modal)


def _settle(
    completions: Completions, modes: tuple[Mode, ...]
) -> tuple[Completions, tuple[tuple[int, int], ...]]:
    """Return the completions with each unit in that mode; besides, per added group, its unit and selection.

    A revised unit is one with its least votes counted and, per selection, further ballots with that one
    selection on them: the same set of results. The selection is -1 where a group is a unit's own ballots.
    """
    votes, groups = list(completions.counted), list(completions.groups)
    stakes: list[tuple[int, int]] = []
    for index, (unit, mode) in enumerate(zip(completions.modal, modes, strict=True)):
        if mode == "annul":
            continue
        if mode == "revote":
            groups.append(Group(unit.on_ballot, unit.revote))
            stakes.append((index, -1))
            continue
        step = unit.revisable if mode == "revise" else 0
        groups.append(unit.group)
        stakes.append((index, -1))
        for j, number in enumerate(unit.counted):
            low = max(0, number - step)
            votes[j] += low
            if step:
                groups.append(Group(1 << j, number + step - low))
                stakes.append((index, j))
    settled = msgspec.structs.replace(completions, counted=tuple(votes), groups=tuple(groups), modal=())
    return settled, tuple(stakes)


def _look(
    settled: Completions, stakes: tuple[tuple[int, int], ...], lists: tuple[int, ...], modes: tuple[Mode, ...]
) -> Outlook:
    size, form = len(settled.counted), settled.ballot
    full = (1 << size) - 1
    bounds = limits(settled.groups, settled.pools)
    masks = {group.on_ballot & full for group, top in zip(settled.groups, bounds, strict=True) if top}
    masks.discard(0)
    alike = (
        len(masks) <= 1 and form.votes == 1 and form.kind != "score" and not any(j >= 0 for _, j in stakes)
    )
    votes = list(settled.counted)
    more = -(plain_change((-1,) * size, settled) or 0)
    if not form.blank:
        more = max(more, 0)
    caps = tuple(number or 0 for number in reach(settled))
    fewest = 0
    if alike and not form.blank:
        fewest = sum(group.ballots_min for group in settled.groups if group.on_ballot & full)
    return Outlook(tuple(votes), lists, sum(votes), more, fewest, caps, alike, settled, modes, stakes)


def _together(completions: Completions, lists: tuple[int, ...]) -> Outlook:
    """Return one outlook that every way fits in: the least each selection keeps, the most that can come."""
    size = len(completions.counted)
    votes, more, caps = list(completions.counted), 0, [0] * size
    for group in completions.groups:
        more += completions.ballot.marks_max(size) * (group.ballots_max or 0)
        for j in range(size):
            caps[j] += completions.ballot.marks_max(1) * (group.ballots_max or 0)
    for unit in completions.modal:
        gone = unit.annullable or unit.revote is not None
        ballots = max(unit.ballots_max or 0, unit.revote or 0)
        low = [0 if gone else max(0, number - unit.revisable) for number in unit.counted]
        high = [number + unit.revisable for number in unit.counted]
        more += completions.ballot.marks_max(size) * ballots + sum(high) - sum(low)
        for j in range(size):
            votes[j] += low[j]
            caps[j] += completions.ballot.marks_max(1) * ballots + high[j] - low[j]
    return Outlook(tuple(votes), lists, sum(votes), more, 0, tuple(caps), alike=False, settled=None)


def realised(completions: Completions, outlook: Outlook, gifts: Mapping[int, int]) -> Witness | None:
    """Return a completion in which just these votes come, by selection; None: none was found."""
    settled = outlook.settled
    if settled is None:
        return None
    wanted = {j: number for j, number in gifts.items() if number}
    casts = _poured(settled, wanted) if outlook.alike else _spread(settled, wanted)
    return None if casts is None else _gathered(completions, outlook, casts)


def _poured(settled: Completions, wanted: Mapping[int, int]) -> list[Cast] | None:
    """Return casts that give those votes, one vote a ballot: the least ballots first, then as many as need be."""
    size, total = len(settled.counted), sum(wanted.values())
    order = [p for p, group in enumerate(settled.groups) if group.on_ballot & ((1 << size) - 1)]
    most = spend(settled.groups, settled.pools, order)
    ballots = [group.ballots_min for group in settled.groups]
    short = total - sum(ballots[p] for p in order)
    for p in order:
        step = min(max(0, short), most[p] - ballots[p])
        ballots[p] += step
        short -= step
    left = dict(wanted)
    casts = []
    for p, number in enumerate(ballots):
        votes, room = [0] * size, number
        for j in range(size):
            if p in order and settled.groups[p].on_ballot >> j & 1:
                votes[j] = min(room, left.get(j, 0))
                room -= votes[j]
                left[j] = left.get(j, 0) - votes[j]
        casts.append(Cast(number, tuple(votes)))
    return None if any(left.values()) else casts


def _spread(settled: Completions, wanted: Mapping[int, int]) -> list[Cast] | None:
    """Return casts that give at least those votes, style by style, where a flow finds any."""
    everybody = msgspec.structs.replace(settled, electable=-1)
    found = meet(survey(everybody), dict(wanted))
    if not isinstance(found, Spread):
        return None
    return spread_casts(settled.ballot, settled.groups, len(settled.counted), found, -1)


def _gathered(completions: Completions, outlook: Outlook, casts: Sequence[Cast]) -> Witness:
    """Return the witness of the units in their modes, from the casts of their settled groups."""
    size = len(completions.counted)
    own = {index: Cast(0, (0,) * size) for index in range(len(completions.modal))}
    counted = [list(unit.counted) for unit in completions.modal]
    for index, mode in enumerate(outlook.modes):
        if mode in {"annul", "revote"}:
            counted[index] = [0] * size
        elif mode == "revise":
            step = completions.modal[index].revisable
            counted[index] = [max(0, number - step) for number in counted[index]]
    plain = len(completions.groups)
    for (index, j), cast in zip(outlook.stakes, casts[plain:], strict=True):
        if j < 0:
            own[index] = cast
        else:
            counted[index][j] += cast.votes[j]
    parts = [*casts[:plain], *(own[index] for index in range(len(completions.modal)))]
    return assemble(completions, outlook.modes, [tuple(votes) for votes in counted], parts)

"""Ballots cast, blank ones included: the fewest, and whether so many can go with a need."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import NamedTuple

import msgspec

from tally.completions import BallotForm, Completions, Group, ModalUnit, Mode
from tally.needs import Need
from tally.reach import ballot_gain, limits, spend
from tally.witness import Cast, Witness, assemble, cast_of

WAYS_MAX = 4_096
"""Ways for units in doubt to end, tried one by one."""


class Together(NamedTuple):
    """The most a·V with at least so many ballots cast (None: so many cannot be), and the completion of it."""

    value: int | None
    witness: Witness


def ballots_of(unit: ModalUnit) -> int:
    """Return the ballots counted in a unit: as stated, else one a vote. Revising votes does not change them."""
    return sum(unit.counted) if unit.ballots is None else unit.ballots


def fewest(completions: Completions) -> tuple[int, Witness]:
    """Return the fewest ballots there can be in all, and that completion: nobody else votes.

    `ballots_counted` must be known. Each unit that can be annulled, or voted again with nobody coming, takes
    all of its own ballots away: the largest first where only so many may be. Cost: O(units log units).
    """
    total = (completions.ballots_counted or 0) + sum(group.ballots_min for group in completions.groups)
    units = completions.modal
    kept = [ballots_of(unit) + unit.ballots_min for unit in units]
    order = sorted((p for p, unit in enumerate(units) if _may_go(unit)), key=lambda p: -kept[p])
    gone = order if completions.annulled_max is None else order[: completions.annulled_max]
    total += sum(kept) - sum(kept[p] for p in gone)
    modes: list[Mode] = ["keep"] * len(units)
    for p in gone:
        modes[p] = "annul" if units[p].annullable else "revote"
    size = len(completions.counted)
    parts = [
        *completions.groups,
        *(Group() if mode != "keep" else u.group for mode, u in zip(modes, units, strict=True)),
    ]
    casts = [cast_of(completions.ballot, part, size, part.ballots_min, {}, -1) for part in parts]
    counted = [(0,) * size if mode != "keep" else u.counted for mode, u in zip(modes, units, strict=True)]
    return total, assemble(completions, modes, counted, casts)


def _may_go(unit: ModalUnit) -> bool:
    return unit.annullable or unit.revote is not None


def together(completions: Completions, need: Need, ballots: int) -> Iterator[Together] | None:
    """Return, way by way for units in doubt to end, the most need.votes·V with `ballots` cast; None: too many ways.

    Exact: with the ways fixed, ballots are cast dearest first, those that cost only as long as more are wanted.
    """
    options = [list(_modes(completions, unit)) for unit in completions.modal]
    if prod(map(len, options)) > WAYS_MAX:
        return None
    most = len(options) if completions.annulled_max is None else completions.annulled_max
    free = ballots + abs(need.least) + sum(map(abs, need.votes)) * (sum(completions.votes_counted()) + 1)
    return (
        _together(completions, need, ballots, modes, free)
        for modes in product(*options)
        if sum(mode != "keep" for mode in modes) <= most
    )


def _modes(completions: Completions, unit: ModalUnit) -> Iterator[Mode]:
    """Yield the modes worth trying: a revision is as good as keeping where their number is not bounded."""
    if not (unit.revisable and completions.annulled_max is None):
        yield "keep"
    if unit.revisable:
        yield "revise"
    if unit.annullable:
        yield "annul"
    if unit.revote is not None:
        yield "revote"


def _together(
    completions: Completions, need: Need, ballots: int, modes: Sequence[Mode], free: int
) -> Together:
    units, size = completions.modal, len(completions.counted)
    parts = list(completions.groups)
    counted: list[tuple[int, ...]] = []
    cast = completions.ballots_counted or 0
    for mode, unit in zip(modes, units, strict=True):
        parts.append(_group(mode, unit))
        counted.append(_counted(mode, unit, need))
        cast += ballots_of(unit) if mode in {"keep", "revise"} else 0
    bounds = limits(parts, completions.pools)
    closed = [
        part if bound is not None else msgspec.structs.replace(part, ballots_max=part.ballots_min + free)
        for part, bound in zip(parts, bounds, strict=True)
    ]
    form = completions.ballot
    gains = [ballot_gain(form, tuple(-one for one in need.votes), part.on_ballot) for part in closed]
    worth = [max(0, gain) if form.blank else gain for gain in gains]
    used = _spent(completions, closed, worth, ballots - cast)
    casts = [_cast(form, part, need.votes, size, n) for part, n in zip(closed, used, strict=True)]
    found = assemble(completions, modes, counted, casts)
    value = sum(map(int.__mul__, need.votes, found.totals))
    return Together(value if cast + sum(used) >= ballots else None, found)


def _spent(completions: Completions, parts: list[Group], worth: list[int], wanted: int) -> list[int]:
    """Return ballots per group: all that do not cost, then as many of those that do as are wanted."""
    order = sorted(range(len(parts)), key=lambda p: -worth[p])
    free = [p for p in order if worth[p] >= 0]
    used = spend(parts, completions.pools, free)
    for place, p in enumerate(order[len(free) :], len(free) + 1):
        if sum(used) >= wanted:
            break
        used = spend(parts, completions.pools, order[:place])
        used[p] -= min(used[p] - parts[p].ballots_min, max(0, sum(used) - wanted))
    return used


def _group(mode: Mode, unit: ModalUnit) -> Group:
    if mode == "annul":
        return Group(unit.on_ballot)
    return Group(unit.on_ballot, unit.revote or 0) if mode == "revote" else unit.group


def _counted(mode: Mode, unit: ModalUnit, need: Need) -> tuple[int, ...]:
    """Return the unit's counted votes, a revision adding most to the need."""
    if mode in {"annul", "revote"}:
        return (0,) * len(unit.counted)
    if mode == "keep":
        return unit.counted
    return tuple(
        number + unit.revisable
        if weight > 0
        else number - min(unit.revisable, number)
        if weight < 0
        else number
        for weight, number in zip(need.votes, unit.counted, strict=True)
    )


def _cast(form: BallotForm, group: Group, weights: Sequence[int], size: int, ballots: int) -> Cast:
    """Return so many ballots, each adding as much to the weights as a ballot can."""
    names = sorted((j for j in range(size) if group.on_ballot >> j & 1), key=lambda j: -weights[j])
    good = [j for j in names if weights[j] > 0]
    if form.kind == "choose":
        votes = dict.fromkeys(good[: form.votes], ballots)
    elif form.kind == "cumulative":
        votes = dict.fromkeys(good[:1], form.votes * ballots)
    else:
        votes = dict.fromkeys(good, form.votes * ballots)
    if not good and names and not form.blank:
        votes = {names[0]: ballots}
    return Cast(ballots, tuple(votes.get(j, 0) for j in range(size)))

"""Units in doubt, settled: every way their modes can fall, each without a unit in doubt."""

from collections.abc import Iterator, Sequence
from itertools import combinations, islice, product

import msgspec

from tally.completions import NO_POOL, Completions, Group, ModalUnit, Mode, Ranked
from tally.witness import Cast, Witness, assemble

SETTLEMENTS_MAX = 512  # ways for the modes to fall that are looked at one by one


class Settled(msgspec.Struct, frozen=True):
    """One way the modes fall: `modes` per unit in doubt, and what may still come then.

    The groups of `completions` are those of the contest, then one per unit in doubt: the ballots it brings in
    that mode. A unit revised is kept; by how much its numbers move is for the rule to say.
    """

    modes: tuple[Mode, ...]
    completions: Completions


def settlements(completions: Completions) -> tuple[Settled, ...] | None:
    """Return every way the modes can fall; None when there are more than are looked at.

    Cost: one completions value a way.
    """
    ways = ways_of(completions, SETTLEMENTS_MAX)
    return None if ways is None else tuple(_settled(completions, modes) for modes in ways)


def ways_of(completions: Completions, most: int) -> list[tuple[Mode, ...]] | None:
    """Return every allowed combination of modes, every unit kept first; None when there are more than `most`."""
    limit = completions.annulled_max
    left = len(completions.modal) if limit is None else limit
    found = list(islice(_modes(completions.modal, left), most + 1))
    return None if len(found) > most else found


def _modes(units: Sequence[ModalUnit], left: int) -> Iterator[tuple[Mode, ...]]:
    """Yield the combinations with at most `left` units not kept, fewest first."""
    others = [(place, of) for place, unit in enumerate(units) if (of := _others(unit))]
    for changed in range(min(left, len(others)) + 1):
        for chosen in combinations(others, changed):
            for modes in product(*(of for _, of in chosen)):
                fallen: list[Mode] = ["keep"] * len(units)
                for (place, _), mode in zip(chosen, modes, strict=True):
                    fallen[place] = mode
                yield tuple(fallen)


def _others(unit: ModalUnit) -> list[Mode]:
    found: list[Mode] = ["annul"] if unit.annullable else []
    found += ["revote"] if unit.revote is not None else []
    return found + (["revise"] if unit.revisable else [])


def _settled(completions: Completions, modes: tuple[Mode, ...]) -> Settled:
    if not modes:
        return Settled((), completions)
    counted = list(completions.counted)
    groups = list(completions.groups)
    rankings = dict(completions.rankings)
    for unit, mode in zip(completions.modal, modes, strict=True):
        groups.append(_brings(unit, mode))
        if mode in {"keep", "revise"}:
            for j, number in enumerate(unit.counted):
                counted[j] += number
            for ranking, number in unit.rankings:
                rankings[ranking] = rankings.get(ranking, 0) + number
    return Settled(
        modes,
        msgspec.structs.replace(
            completions,
            counted=tuple(counted),
            groups=tuple(groups),
            modal=(),
            annulled_max=None,
            rankings=tuple(sorted(rankings.items())),
        ),
    )


def _brings(unit: ModalUnit, mode: Mode) -> Group:
    """The ballots a unit brings in that mode; voted again, outside any pool."""
    if mode == "annul":
        return Group(unit.on_ballot, 0, pool=NO_POOL, district=unit.district)
    if mode == "revote":
        return Group(unit.on_ballot, unit.revote or 0, pool=NO_POOL, district=unit.district)
    return unit.group


def unsettle(
    completions: Completions,
    settled: Settled,
    casts: Sequence[Cast],
    revised: Sequence[tuple[int, ...]] = (),
) -> Witness:
    """Return the witness in which the modes fall so and those ballots are cast, group by group.

    `revised`: the counted numbers each unit in doubt ends with, where some were revised.
    """
    nothing = (0,) * len(completions.counted)
    kept = revised or [unit.counted for unit in completions.modal]
    counted = [
        votes if mode in {"keep", "revise"} else nothing
        for mode, votes in zip(settled.modes, kept, strict=True)
    ]
    return assemble(completions, settled.modes, counted, casts)


def firsts_fit(counted: Sequence[int], rankings: Sequence[Ranked]) -> bool:
    """Return whether the rankings are those of all ballots counted: their first preferences add up."""
    firsts = [0] * len(counted)
    for ranking, number in rankings:
        if ranking:
            firsts[ranking[0]] += number
    return firsts == list(counted)


def all_kept(completions: Completions) -> Settled:
    """Return the completions as they are, every unit in doubt called kept and still among them."""
    modes: tuple[Mode, ...] = tuple("keep" for _ in completions.modal)
    return Settled(modes, completions)


def nothing_more(completions: Completions) -> Witness:
    """Return the completion in which every unit is kept and no more ballots come than are in the box."""
    nothing = (0,) * len(completions.counted)
    parts = [*completions.groups, *(unit.group for unit in completions.modal)]
    return unsettle(completions, all_kept(completions), [Cast(part.ballots_min, nothing) for part in parts])

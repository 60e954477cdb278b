"""One completion in which a claim is false, and the whole-number check that it is one."""

from collections.abc import Sequence

import msgspec

from tally.completions import NO_POOL, BallotForm, Completions, Group, ModalUnit, Mode, Ranked
from tally.field import Spread, ballots_for


class Cast(msgspec.Struct, frozen=True):
    """Ballots of one group or unit: how many are cast, and the votes they give, in selection order.

    Where ballots are ranked, `rankings` says which ones they are, and `votes` what the rule makes of them;
    the others say nothing.
    """

    ballots: int
    votes: tuple[int, ...]
    rankings: tuple[Ranked, ...] = ()


class Fate(msgspec.Struct, frozen=True):
    """What becomes of one modal unit: its mode, the counted votes it ends with, its further ballots."""

    mode: Mode
    counted: tuple[int, ...]
    cast: Cast


class Witness(msgspec.Struct, frozen=True):
    """A completion: per group the ballots cast, per modal unit its fate, and the final totals.

    `afar`, per district of a body: the votes that ballots of no known district give in it.
    """

    cast: tuple[Cast, ...]
    fates: tuple[Fate, ...]
    totals: tuple[int, ...]
    afar: tuple[tuple[int, ...], ...] = ()


def faults(completions: Completions, witness: Witness) -> list[str]:
    """Return everything about `witness` that is no completion; empty when it is one. Cost: O(its size).

    Checked number by number: every group and unit within its ballots, every pool within its cap, every
    vector of votes one that so many ballots can give, the modes allowed, the totals their sum.
    """
    said: list[str] = []
    used = [0] * len(completions.pools)
    totals = list(completions.counted)
    if len(witness.cast) != len(completions.groups) or len(witness.fates) != len(completions.modal):
        return ["not the same groups or units"]
    for p, (group, cast) in enumerate(zip(completions.groups, witness.cast, strict=True)):
        said += [f"group {p}: {fault}" for fault in _cast_faults(completions.ballot, group, cast)]
        _pour(completions, group.pool, cast.ballots, used)
        _add(totals, cast.votes)
    for p, (unit, fate) in enumerate(zip(completions.modal, witness.fates, strict=True)):
        said += [f"unit {p}: {fault}" for fault in _fate_faults(completions.ballot, unit, fate)]
        if fate.mode in {"keep", "revise"}:
            _pour(completions, unit.pool, fate.cast.ballots, used)
        _add(totals, fate.counted)
        _add(totals, fate.cast.votes)
    said += [
        f"pool {index}: {ballots} ballots, at most {pool.ballots_max}"
        for index, (pool, ballots) in enumerate(zip(completions.pools, used, strict=True))
        if ballots > pool.ballots_max
    ]
    changed = sum(fate.mode != "keep" for fate in witness.fates)
    if completions.annulled_max is not None and changed > completions.annulled_max:
        said.append(f"{changed} units changed, at most {completions.annulled_max}")
    if tuple(totals) != witness.totals:
        said.append("the totals are not the sum")
    return said


def _add(totals: list[int], votes: Sequence[int]) -> None:
    for j, number in enumerate(votes):
        totals[j] += number


def _pour(completions: Completions, pool: int, ballots: int, used: list[int]) -> None:
    while pool != NO_POOL:
        used[pool] += ballots
        pool = completions.pools[pool].parent


def _cast_faults(form: BallotForm, group: Group, cast: Cast) -> list[str]:
    said = []
    if cast.ballots < group.ballots_min:
        said.append(f"{cast.ballots} ballots, at least {group.ballots_min}")
    if group.ballots_max is not None and cast.ballots > group.ballots_max:
        said.append(f"{cast.ballots} ballots, at most {group.ballots_max}")
    if form.kind == "ranked":
        return said + _ranking_faults(group, cast)
    if any(number < 0 for number in cast.votes):
        said.append("votes below 0")
    named = {j: number for j, number in enumerate(cast.votes) if number}
    if any(not group.on_ballot >> j & 1 for j in named):
        said.append("votes for a selection not on the ballot")
    if ballots_for(form, named) > cast.ballots:
        said.append("more votes than so many ballots can give")
    size = len(cast.votes)
    nameable = bool(group.on_ballot & ((1 << size) - 1))
    if not form.blank and nameable and sum(named.values()) < cast.ballots:
        said.append("blank ballots, which the law does not know")
    return said


def _ranking_faults(group: Group, cast: Cast) -> list[str]:
    said = []
    if any(number < 0 for _, number in cast.rankings):
        said.append("ballots below 0")
    if sum(number for _, number in cast.rankings) > cast.ballots:
        said.append("more rankings than ballots")
    for ranking, _ in cast.rankings:
        if len(set(ranking)) < len(ranking):
            said.append("a selection ranked twice")
        if any(not group.on_ballot >> j & 1 for j in ranking):
            said.append("a selection ranked that is not on the ballot")
    return said


def _fate_faults(form: BallotForm, unit: ModalUnit, fate: Fate) -> list[str]:
    nothing = all(number == 0 for number in fate.counted)
    if fate.mode == "annul":
        bad = not unit.annullable or not nothing or fate.cast.ballots or any(fate.cast.votes)
        return ["cannot be annulled so"] if bad else []
    if fate.mode == "revote":
        said = [] if unit.revote is not None and nothing else ["cannot vote again so"]
        return said + _cast_faults(form, Group(unit.on_ballot, unit.revote or 0), fate.cast)
    step = unit.revisable if fate.mode == "revise" else 0
    moved = any(
        number < 0 or abs(number - before) > step
        for number, before in zip(fate.counted, unit.counted, strict=True)
    )
    said = ["counted votes moved too far"] if moved else []
    return said + _cast_faults(form, unit.group, fate.cast)


def cast_of(
    form: BallotForm, group: Group, size: int, ballots: int, votes: dict[int, int], avoid: int
) -> Cast:
    """Return a cast of at least `ballots` ballots with at least those votes; fill blanks if none may be.

    What a ballot must name besides goes to a selection other than `avoid` where one is on the ballot.
    """
    given = dict(votes)
    number = max(ballots, group.ballots_min, ballots_for(form, votes))
    short = number - sum(given.values())
    names = [j for j in range(size) if group.on_ballot >> j & 1]
    if not form.blank and names and short > 0:
        others = [j for j in names if j != avoid] or names
        given[others[0]] = given.get(others[0], 0) + short
    return Cast(number, tuple(given.get(j, 0) for j in range(size)))


def assemble(
    completions: Completions,
    modes: Sequence[Mode],
    counted: Sequence[tuple[int, ...]],
    casts: Sequence[Cast],
) -> Witness:
    """Return the witness with those modes and counted votes per unit; `casts` are groups, then units."""
    groups = len(completions.groups)
    fates = tuple(
        Fate(mode, votes, cast) for mode, votes, cast in zip(modes, counted, casts[groups:], strict=True)
    )
    totals = list(completions.counted)
    for cast in casts[:groups]:
        _add(totals, cast.votes)
    for fate in fates:
        _add(totals, fate.counted)
        _add(totals, fate.cast.votes)
    return Witness(tuple(casts[:groups]), fates, tuple(totals))


def spread_casts(
    form: BallotForm, groups: Sequence[Group], size: int, spread: Spread, avoid: int
) -> list[Cast]:
    """Return the casts of a spread, blanks filled where there may be none."""
    return [
        cast_of(form, group, size, ballots, votes, avoid)
        for group, ballots, votes in zip(groups, spread.ballots, spread.votes, strict=True)
    ]

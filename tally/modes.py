"""Units that may be annulled, re-voted or revised: the worst modes for one assertion."""

from collections.abc import Sequence

import msgspec

from tally.completions import NO_POOL, BallotForm, Completions, Group, ModalUnit, Mode
from tally.reach import ballot_gain, limits, spend

NODES_MAX = 4_000  # branches looked at before a bound is given instead of the exact number


class Worst(msgspec.Struct, frozen=True):
    """The completion that takes most from a·V: what it takes, and how.

    `change` is relative to every unit kept and nothing outstanding cast (None: no bound). `modes` and
    `unit_ballots` are per modal unit, `group_ballots` per group.
    """

    change: int | None
    exact: bool = True
    modes: tuple[Mode, ...] = ()
    unit_ballots: tuple[int, ...] = ()
    group_ballots: tuple[int, ...] = ()


class Stakes(msgspec.Struct, frozen=True):
    """What one modal unit can take from a·V, mode by mode.

    `kept` is a·counted; `gain` what one ballot takes; `revised` what revising takes besides;
    `left` what a·(its votes) becomes in the worst mode that gives its counted votes up (None: there is
    none), and `left_mode` that mode. `rush`: a number of ballots is in the box and none may be blank.
    """

    kept: int
    gain: int
    revised: int
    left: int | None
    left_mode: Mode
    rush: bool
    pooled: bool


def stakes_of(a: tuple[int, ...], unit: ModalUnit, form: BallotForm) -> Stakes:
    """Return what `unit` can take from a·V in each mode."""
    per_ballot = ballot_gain(form, a, unit.on_ballot)
    revised = 0
    if unit.revisable:
        for weight, number in zip(a, unit.counted, strict=True):
            step = min(unit.revisable, number) if weight > 0 else unit.revisable
            revised += abs(weight) * step
    left: int | None = 0 if unit.annullable else None
    left_mode: Mode = "annul"
    if unit.revote is not None and (left is None or per_ballot > 0):
        left = -unit.revote * max(0, per_ballot)
        left_mode = "revote"
    kept = sum(weight * number for weight, number in zip(a, unit.counted, strict=True))
    rush = bool(unit.ballots_min) and not form.blank
    pooled = unit.pool != NO_POOL
    return Stakes(kept, per_ballot, revised, left, left_mode, rush, pooled)


def modal_worst(a: tuple[int, ...], completions: Completions) -> Worst:
    """Return the least a·V − a·(votes counted) over every completion, and a completion that attains it.

    Where no modal unit that may be given up shares a pool, keeping it and giving it up compare on their
    own and the largest gains are taken (at most `annulled_max` of them): exact. Otherwise annulling a
    unit also frees the pool's room, and we branch on the units where a relaxation has it both ways.
    """
    search = _Search(a, completions)
    if search.unbounded:
        return Worst(None)
    best: Worst | None = None
    open_nodes: list[tuple[tuple[int, bool], ...]] = [()]
    relaxed = [search.relax(())]
    for _ in range(NODES_MAX):
        if not open_nodes:
            break
        node, (found, torn) = open_nodes.pop(), relaxed.pop()
        if best is not None and _change(found) >= _change(best):
            continue
        if torn is None:
            best = found
            continue
        for gives_up in search.branches(node):
            child = (*node, (torn, gives_up))
            open_nodes.append(child)
            relaxed.append(search.relax(child))
    pending = [found for found, _ in relaxed]
    if best is not None:
        pending.append(best)
    least = min(pending, key=_change)
    return least if least is best else msgspec.structs.replace(least, exact=False)


def _change(worst: Worst) -> int:
    if worst.change is None:
        raise AssertionError("a relaxation of a bounded problem is bounded")
    return worst.change


class _Search:
    """One assertion against one set of completions; holds what every node of the search shares."""

    def __init__(self, a: tuple[int, ...], completions: Completions) -> None:
        self.completions = completions
        form = completions.ballot
        self.group_gains = [ballot_gain(form, a, group.on_ballot) for group in completions.groups]
        self.stakes = [stakes_of(a, unit, form) for unit in completions.modal]
        gains = self.group_gains + [stake.gain for stake in self.stakes]
        parts = list(completions.groups) + [unit.group for unit in completions.modal]
        bounds = limits(parts, completions.pools)
        # A kept unit without a bound is without a bound, whatever else might become of it.
        self.unbounded = any(bound is None and g > 0 for bound, g in zip(bounds, gains, strict=True))

    def relax(self, node: Sequence[tuple[int, bool]]) -> tuple[Worst, int | None]:
        """Return a lower bound given the units `node` decides, and a unit it is dishonest about (None: honest)."""
        decided = dict(node)
        rows = [self._row(index, decided.get(index)) for index in range(len(self.stakes))]
        modes, taken = self._modes(rows, decided)
        parts = list(self.completions.groups) + [row.ballots for row in rows]
        gains = self.group_gains + [stake.gain for stake in self.stakes]
        order = [p for p, g in enumerate(gains) if g > 0]
        order.sort(key=lambda p: -gains[p])
        used = spend(parts, self.completions.pools, order)
        groups = len(self.group_gains)
        change = sum(row.base - stake.kept for row, stake in zip(rows, self.stakes, strict=True)) - taken
        for p, number in enumerate(used):
            counts = p < groups or rows[p - groups].spends
            if counts:
                free = self.completions.ballot.blank and gains[p] < 0
                change -= 0 if free else number * gains[p]
        torn = self._torn(modes, used[groups:], decided)
        unit_ballots = tuple(self._ballots(i, mode, used[groups + i]) for i, mode in enumerate(modes))
        return Worst(
            change, exact=True, modes=modes, unit_ballots=unit_ballots, group_ballots=tuple(used[:groups])
        ), torn

    def branches(self, decided: Sequence[tuple[int, bool]]) -> tuple[bool, ...]:
        """Return the ways the next unit can be decided: giving up one more than allowed is none."""
        most = self.completions.annulled_max
        given_up = sum(gives_up for _, gives_up in decided)
        return (False,) if most is not None and given_up >= most else (False, True)

    def _row(self, index: int, gives_up: bool | None) -> "_Row":
        stake, unit = self.stakes[index], self.completions.modal[index]
        if gives_up:
            if stake.left is None:
                raise AssertionError("only a unit that may be given up is branched on")
            return _Row(stake.left, 0, Group(unit.on_ballot), spends=False)
        if gives_up is None and stake.left is not None and stake.pooled:
            # Relaxed: its ballots are free to come whatever its mode, and free not to come.
            base = stake.kept + (unit.ballots_min * max(0, -stake.gain) if stake.rush else 0)
            loose = Group(unit.on_ballot, unit.ballots_max, 0, unit.pool)
            return _Row(base, max(stake.revised, base - stake.left), loose, spends=True)
        if stake.pooled:
            return _Row(stake.kept, stake.revised, unit.group, spends=True)
        base = stake.kept
        if stake.gain > 0:
            base -= stake.gain * (unit.ballots_max or 0)
        elif stake.rush:
            base -= stake.gain * unit.ballots_min
        best = stake.revised if stake.left is None else max(stake.revised, base - stake.left)
        return _Row(base, best, unit.group, spends=False)

    def _modes(self, rows: Sequence["_Row"], decided: dict[int, bool]) -> tuple[tuple[Mode, ...], int]:
        """Return the mode of each unit and what the modes other than keep take in all."""
        modes: list[Mode] = ["keep"] * len(rows)
        most = self.completions.annulled_max
        budget = len(rows) if most is None else most
        for index, gives_up in decided.items():
            if gives_up:
                modes[index] = self.stakes[index].left_mode
                budget -= 1
        ranked = [index for index, row in enumerate(rows) if row.best > 0 and not decided.get(index)]
        ranked.sort(key=lambda index: -rows[index].best)
        taken = 0
        for index in ranked[: max(0, budget)]:
            row, stake = rows[index], self.stakes[index]
            taken += row.best
            modes[index] = "revise" if row.best == stake.revised else stake.left_mode
        return tuple(modes), taken

    def _torn(self, modes: Sequence[Mode], used: Sequence[int], decided: dict[int, bool]) -> int | None:
        """Return the undecided unit whose relaxed part weighs most and is not what its mode allows."""
        torn, weight = None, -1
        for index, stake in enumerate(self.stakes):
            if index in decided or stake.left is None or not stake.pooled:
                continue
            gone = modes[index] not in {"keep", "revise"}
            short = used[index] < self.completions.modal[index].ballots_min
            both_ways = used[index] > 0 if gone else short
            if both_ways and abs(stake.kept) >= weight:
                torn, weight = index, abs(stake.kept)
        return torn

    def _ballots(self, index: int, mode: Mode, used: int) -> int:
        stake, unit = self.stakes[index], self.completions.modal[index]
        if mode == "annul":
            return 0
        if mode == "revote":
            return (unit.revote or 0) if stake.gain > 0 else 0
        if stake.pooled:
            return used
        return (unit.ballots_max or 0) if stake.gain > 0 else unit.ballots_min


class _Row(msgspec.Struct, frozen=True):
    """One modal unit at one node: its part of a·V when kept, the most another mode takes, its ballots."""

    base: int
    best: int
    ballots: Group
    spends: bool

"""Ballots that may still come: per cell, per grade of bound, pools; kept by difference."""

from itertools import zip_longest
from typing import NamedTuple

from tally.completions import Ranked
from tally.events import ANNULLED, EXPECTED, IN_PROCESS, STANDS
from tally.layout import NO_CAP, ContestLayout
from tally.rankings import Rankings

UNBOUNDED = -1
"""Nobody knows how many ballots may still come."""


class Row(NamedTuple):
    """What is known of one (unit, count type). `declared` is -1 where nothing was declared.

    `rankings` are its ballots where the contest's are ranked, each ranking once, sorted.
    """

    revision: int
    progress: int
    counts: tuple[int, ...]
    ballots_cast: int
    invalid: int
    declared: int
    rankings: tuple[Ranked, ...] = ()

    @property
    def open(self) -> bool:
        """Whether more ballots may come here."""
        return self.progress in {EXPECTED, IN_PROCESS}


class Sums:
    """What a decision needs to know of one contest, in a handful of integers.

    `votes[s]`: units that stand, are disputed, or whose last accepted counts stay under quarantine.
    `ballots[v][g]`, `unbounded[v][g]`: ballots that may still come in group g under variant v, and how
    many of its cells nobody can bound; `least[v][g]`: how many are known to be in the box; `open_cells[g]`;
    `pool_cast[p]`: ballots already cast in pool p. `silent`: counted ballots that are no vote for anybody.
    `ballots_cast`: of the units in `votes`, blank and invalid ones included. `districts[d][s]`: the votes
    again, by district; `rankings`: ballots by ranking, where they are ranked, and those of disputed units.
    """

    __slots__ = (
        "ballots", "ballots_cast", "districts", "least", "open_cells", "patience", "pool_cast", "rankings",
        "rankings_disputed", "silent", "tainted", "unbounded", "votes", "votes_disputed",
    )  # fmt: skip

    def __init__(self, selections: int, variants: int, groups: int, pools: int, districts: int = 0) -> None:
        self.votes = [0] * selections
        self.votes_disputed = [0] * selections
        self.ballots = [[0] * groups for _ in range(variants)]
        self.unbounded = [[0] * groups for _ in range(variants)]
        self.least = [[0] * groups for _ in range(variants)]
        self.open_cells = [0] * groups
        self.pool_cast = [0] * pools
        self.ballots_cast = self.silent = 0
        self.districts = [[0] * selections for _ in range(districts)]
        self.rankings, self.rankings_disputed = Rankings(), Rankings()
        self.tainted: frozenset[str] = frozenset()
        self.patience = -1

    def copy(self) -> "Sums":
        """An independent copy. Cost: O(selections + variants x groups)."""
        twin = Sums.__new__(Sums)
        twin.votes = self.votes[:]
        twin.votes_disputed = self.votes_disputed[:]
        twin.ballots = [of_variant[:] for of_variant in self.ballots]
        twin.unbounded = [of_variant[:] for of_variant in self.unbounded]
        twin.least = [of_variant[:] for of_variant in self.least]
        twin.open_cells = self.open_cells[:]
        twin.pool_cast = self.pool_cast[:]
        twin.ballots_cast, twin.silent = self.ballots_cast, self.silent
        twin.districts = [votes[:] for votes in self.districts]
        twin.rankings = self.rankings.copy()
        twin.rankings_disputed = self.rankings_disputed.copy()
        twin.tainted = self.tainted
        twin.patience = self.patience
        return twin

    def rank(self, rankings: tuple[Ranked, ...], sign: int, *, disputed: bool = False) -> None:
        """Count ballots by ranking in (sign 1) or out (sign -1), as those of a disputed unit as well."""
        self.rankings.count(rankings, sign)
        if disputed:
            self.rankings_disputed.count(rankings, sign)

    def taint(self, kind: str) -> None:
        """Note that a kind of cap has been exceeded by a completed cell: it is not hard after all."""
        self.tainted |= {kind}
        self.patience = -1

    def move_cell(self, group: int, before: tuple[int, ...], after: tuple[int, ...]) -> None:
        """Replace what a cell adds; what that moves is taken from `patience`."""
        knowable = UNBOUNDED not in before and UNBOUNDED not in after and not self.tainted
        was = None if knowable else self._bounded(group)
        self.add_cell(group, before, -1)
        self.add_cell(group, after, 1)
        if was is not None and was != self._bounded(group):
            self.patience = -1
            return
        variants = len(self.ballots)
        self.patience -= _furthest(before[:variants], after[:variants])
        if len(before) > variants or len(after) > variants:
            self.patience -= _furthest(before[variants:], after[variants:])

    def add_cell(self, group: int, outstanding: tuple[int, ...], sign: int) -> None:
        """Count a cell's outstanding ballots in (sign 1) or out (sign -1); `()` is a closed cell."""
        if not outstanding:
            return
        self.open_cells[group] += sign
        variants = len(self.ballots)
        for variant, ballots in enumerate(outstanding):
            if variant >= variants:
                self.least[variant - variants][group] += sign * ballots
            elif ballots == UNBOUNDED:
                self.unbounded[variant][group] += sign
            else:
                self.ballots[variant][group] += sign * ballots

    def _bounded(self, group: int) -> tuple[bool, ...]:
        """Which readings bound a group, whether certain and not differ, and whether it is open at all."""
        unbounded = [of_variant[group] for of_variant in self.unbounded]
        return (*[count > 0 for count in unbounded], unbounded[0] == unbounded[1], self.open_cells[group] > 0)


def _furthest(before: tuple[int, ...], after: tuple[int, ...]) -> int:
    """The largest change of a number from one tuple to the other; nothing is as good as zeros."""
    moved = 0
    for a, b in zip_longest(after, before, fillvalue=0):
        change = (a if a != UNBOUNDED else 0) - (b if b != UNBOUNDED else 0)
        moved = max(moved, change, -change)
    return moved


def outstanding_of_cell(
    layout: ContestLayout, cell: int, rows: list[Row], standing: int, held_ballots: int
) -> tuple[int, ...]:
    """Ballots that may still come in one cell under each variant; `()` when it is closed or annulled.

    Where some of them are known to be in the box, how many, again under each variant, follows (`ballots_in_box`).
    `held_ballots`: what the cell would hold if a quarantined report entered, -1 where none is held.
    A held report over the cap leaves the cell unbounded, but for who assumes it is the only one.
    """
    if standing == ANNULLED:
        return ()
    if held_ballots < 0:
        for row in rows:
            if row.progress in {EXPECTED, IN_PROCESS}:
                break
        else:
            return ()
    cast = sum([row.ballots_cast for row in rows])
    cells = layout.cells
    cap, hard, kind = cells.cap[cell], cells.hard[cell], cells.kind[cell]
    declared = declared_ballots(rows)
    known = ballots_in_box(layout, rows) if standing == STANDS and held_ballots < 0 else 0
    result, least = [], []
    for variant, reading in enumerate(layout.variants):
        limit = cap if cap != NO_CAP and reading.takes(kind, hard=hard) else UNBOUNDED
        if reading.turnout is not None:
            registered = layout.registered[cells.unit[cell]]
            if registered > 0:
                voting = registered * reading.turnout[0] // reading.turnout[1]
                limit = voting if limit == UNBOUNDED else min(limit, voting)
        if declared != UNBOUNDED:
            limit = declared if limit == UNBOUNDED else min(limit, declared)
        if limit != UNBOUNDED and held_ballots > limit:
            limit = UNBOUNDED if variant == 0 else held_ballots
        more = limit - cast if limit >= cast else UNBOUNDED
        result.append(more)
        if known:
            least.append(known if limit == UNBOUNDED else min(known, max(0, more)))
    return (*result, *least) if any(least) else tuple(result)


def ballots_in_box(layout: ContestLayout, rows: list[Row]) -> int:
    """Ballots declared by the open rows of a cell and not counted yet: they are sure to come.

    0 where a row has more counted than it declares, and under rules that make nothing of it.
    """
    if layout.rule is None or not layout.rule.TRAITS.in_box:
        return 0
    known = 0
    for row in rows:
        if row.declared >= 0 and row.progress in {EXPECTED, IN_PROCESS}:
            if row.declared < row.ballots_cast:
                return 0
            known += row.declared - row.ballots_cast
    return known


def declared_ballots(rows: list[Row]) -> int:
    """Ballots known to be in the boxes of a cell, when every open row declares them; else UNBOUNDED."""
    total, any_open = 0, False
    for row in rows:
        if row.progress not in {EXPECTED, IN_PROCESS}:
            total += row.ballots_cast
        elif row.declared < 0:
            return UNBOUNDED
        else:
            total += row.declared
            any_open = True
    return total if any_open else UNBOUNDED


def fresh_sums(layout: ContestLayout) -> Sums:
    """The sums of a contest in which nothing is counted and no cell is open."""
    return Sums(
        layout.selections, len(layout.variants), len(layout.groups), len(layout.pools), len(layout.districts)
    )

"""The completions and their needs as columns and rows of whole numbers, for a solver."""

from typing import NamedTuple

from tally.completions import NO_POOL, Group
from tally.needs import Problem
from tally.reach import limits

Row = dict[int, int]
"""Weights by column."""


class Part(NamedTuple):
    """The columns of one group or unit: ballots, ballots of a vote held again (-1: none), votes by selection."""

    ballots: int
    again: int
    votes: dict[int, int]


class Doubt(NamedTuple):
    """The columns of one unit in doubt (-1: none): annulled, voted again, revised, and by how much."""

    annul: int
    revote: int
    revise: int
    moves: dict[int, int]


class Polytope:
    """A problem as columns from `low` to `high` (None: no end), and `rows` Σ weight·column >= least.

    `totals` are the final votes as sums of columns beside the `fixed` ones; `needs` are rows, too.
    """

    def __init__(self, problem: Problem) -> None:
        completions = problem.completions
        self.problem = problem
        self.low: list[int] = []
        self.high: list[int | None] = []
        self.rows: list[tuple[Row, int]] = []
        size = len(completions.counted)
        self.fixed = list(completions.counted)
        self.totals: list[Row] = [{} for _ in range(size)]
        self.parts: list[Part] = []
        self.doubts: list[Doubt] = []
        self.used: list[Row] = [{} for _ in completions.pools]
        for group in completions.groups:
            part = Part(self._column(group.ballots_min, group.ballots_max), -1, self._votes(group))
            self._enter(group, part)
        units = [unit.group for unit in completions.modal]
        for index, bound in enumerate(limits(units, completions.pools)):
            self._unit(index, bound)
        for pool, row in zip(completions.pools, self.used, strict=True):
            self.rows.append((dict.fromkeys(row, -1), -pool.ballots_max))
        if completions.annulled_max is not None and self.doubts:
            changed = {c: -1 for doubt in self.doubts for c in doubt[:3] if c >= 0}
            self.rows.append((changed, -completions.annulled_max))
        self.extras = [self._column(one.low, one.high) for one in problem.extras]
        self.needs = [self._need(index) for index in range(len(problem.needs))]

    def _column(self, low: int, high: int | None) -> int:
        self.low.append(low)
        self.high.append(high)
        return len(self.low) - 1

    def _votes(self, group: Group) -> dict[int, int]:
        size = range(len(self.totals))
        return {j: self._column(0, None) for j in size if group.on_ballot >> j & 1}

    def _enter(self, group: Group, part: Part) -> None:
        """Add what so many ballots can say, and let them fill their pools."""
        form = self.problem.completions.ballot
        ballots = [part.ballots] if part.again < 0 else [part.ballots, part.again]
        votes = list(part.votes.values())
        together = (dict.fromkeys(ballots, form.votes) | dict.fromkeys(votes, -1), 0)
        if form.kind == "cumulative" or (form.kind == "choose" and form.votes == 1):
            self.rows.append(together)
        else:
            each = dict.fromkeys(ballots, form.marks_max(1))
            self.rows += [(each | {column: -1}, 0) for column in votes]
            if form.kind == "choose" and form.votes < len(votes):
                self.rows.append(together)
        if votes and not form.blank:
            self.rows.append((dict.fromkeys(votes, 1) | dict.fromkeys(ballots, -1), 0))
        for j, column in part.votes.items():
            self.totals[j][column] = 1
        self.parts.append(part)
        pool = group.pool
        while pool != NO_POOL:
            self.used[pool][part.ballots] = 1
            pool = self.problem.completions.pools[pool].parent

    def _plenty(self) -> int:
        """Return more ballots than a point needs of a unit in doubt that nothing bounds."""
        votes = sum(self.problem.completions.votes_counted())
        return 100 * (votes + sum(abs(need.least) for need in self.problem.needs) + 1)

    def _unit(self, index: int, bound: int | None) -> None:
        """Add one unit in doubt: a column of 0 or 1 for each mode but keep, which is what is left."""
        completions = self.problem.completions
        unit = completions.modal[index]
        annul = self._column(0, 1) if unit.annullable else -1
        revote = self._column(0, 1) if unit.revote is not None else -1
        limited = unit.revisable > 0 and completions.annulled_max is not None
        revise = self._column(0, 1) if limited else -1
        gone = {column: -1 for column in (annul, revote) if column >= 0}
        modes = gone | ({revise: -1} if limited else {})
        if modes:
            self.rows.append((modes, -1))
        most = self._plenty() if bound is None and gone else bound
        ballots = self._column(0 if gone else unit.ballots_min, most)
        if gone and most is not None:
            self.rows.append((dict.fromkeys(gone, -most) | {ballots: -1}, -most))
            self.rows.append((dict.fromkeys(gone, unit.ballots_min) | {ballots: 1}, unit.ballots_min))
        again = -1 if unit.revote is None else self._column(0, unit.revote)
        if unit.revote is not None:
            self.rows.append(({revote: unit.revote, again: -1}, 0))
        moves: dict[int, int] = {}
        for j, number in enumerate(unit.counted):
            self.fixed[j] += number
            for column in gone:
                self.totals[j][column] = -number
            if unit.revisable:
                down, up = min(unit.revisable, number), unit.revisable
                moves[j] = self._column(-down, up)
                self.totals[j][moves[j]] = 1
                if limited:
                    self.rows += [({revise: down, moves[j]: 1}, 0), ({revise: up, moves[j]: -1}, 0)]
                elif gone:
                    self.rows.append((dict.fromkeys(gone, -down) | {moves[j]: 1}, -down))
                    self.rows.append((dict.fromkeys(gone, -up) | {moves[j]: -1}, -up))
        self.doubts.append(Doubt(annul, revote, revise, moves))
        self._enter(unit.group, Part(ballots, again, self._votes(unit.group)))

    def _need(self, index: int) -> tuple[Row, int]:
        need = self.problem.needs[index]
        row: Row = {}
        least = need.least
        for j, weight in enumerate(need.votes):
            if weight:
                least -= weight * self.fixed[j]
                for column, one in self.totals[j].items():
                    row[column] = row.get(column, 0) + weight * one
        for k, weight in enumerate(need.extra):
            if weight:
                row[self.extras[k]] = weight
        return row, least

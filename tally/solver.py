"""The one place with floats: scipy's HiGHS is asked about whole numbers, and not believed.

All that leaves this module are whole numbers for somebody else to check: weights that may refute, points
that may be completions, a number on which to split. Wrong ones cost time, never truth.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import floor, lcm
from typing import Any, Literal, NamedTuple

import numpy as np

from tally.completions import Mode
from tally.field import ballots_for
from tally.needs import Problem
from tally.polytope import Doubt, Polytope, Row
from tally.witness import Cast, Witness, assemble

ASKED_NODES_MAX = 2_000
"""Nodes the solver may open by itself in search of one point."""
DENOMINATORS = (1, 60, 1_000, 1_000_000)
"""Multipliers are tried as fractions with denominators up to these."""
NEAR = 1e-6
"""A number this near a whole one is taken for it."""

Point = tuple[Witness, tuple[int, ...]]
"""What may be a completion, and the auxiliary numbers beside it."""


class Split(NamedTuple):
    """Where two cases may be told apart: at most `at`, or more; "mode": by the modes of unit `of`."""

    on: Literal["total", "ballots", "extra", "mode"]
    of: int
    at: int


class Look(NamedTuple):
    """What a relaxation without whole numbers suggests: a refutation, or points and a number to split on."""

    weights: tuple[tuple[int, ...], ...]
    points: tuple[Point, ...]
    split: Split | None


def relax(problem: Problem) -> Look | None:
    """Return what the problem without whole numbers suggests; None where the solver gave no answer.

    The least t such that every need is missed by at most t times the sum of its weights: below 0 there is a
    point with room to round, above 0 the multipliers of the needs say why there is none.
    """
    from scipy.optimize import linprog

    model = Polytope(problem)
    columns = len(model.low)
    rows = [*model.rows]
    for row, least in model.needs:
        rows.append((row | {columns: max(1, sum(map(abs, row.values())))}, least))
    matrix, least_of = _matrix(rows, columns + 1)
    bounds = np.array([*zip(model.low, _open(model.high), strict=True), (-2, np.inf)], dtype=float)
    cost = np.zeros(columns + 1)
    cost[columns] = 1
    found = linprog(cost, A_ub=-matrix, b_ub=-least_of, bounds=bounds, method="highs")
    if found.status != 0:
        return None
    weights: tuple[tuple[int, ...], ...] = ()
    if found.x[columns] > -NEAR:
        duals = -found.ineqlin.marginals[len(model.rows) :]
        weights = tuple(_whole_weights([max(0.0, float(one)) for one in duals]))
    if found.x[columns] > NEAR:
        return Look(weights, (), _split(model, found.x))
    return Look(weights, tuple(_points(model, found.x)), _split(model, found.x))


def ask(problem: Problem) -> tuple[Point, ...]:
    """Return points the solver takes for completions that meet the needs; none where it knows none."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    model = Polytope(problem)
    columns = len(model.low)
    if not columns:  # nothing may still come: one completion, and the solver does not take an empty problem
        return tuple(_points(model, ()))
    matrix, least_of = _matrix([*model.rows, *model.needs], columns)
    found = milp(
        np.zeros(columns),
        integrality=np.ones(columns),
        bounds=Bounds(np.array(model.low, dtype=float), np.array(_open(model.high))),
        constraints=LinearConstraint(matrix, least_of, np.inf),
        options={"node_limit": ASKED_NODES_MAX},
    )
    return () if found.x is None else tuple(_points(model, found.x))


def _open(high: Sequence[int | None]) -> list[float]:
    return [np.inf if one is None else float(one) for one in high]


def _matrix(rows: Sequence[tuple[Row, int]], columns: int) -> tuple[Any, Any]:
    from scipy.sparse import csr_array

    places = [(r, column, weight) for r, (row, _) in enumerate(rows) for column, weight in row.items()]
    least_of = np.array([least for _, least in rows], dtype=float)
    if len(rows) * columns <= 20_000:
        dense = np.zeros((len(rows), columns))
        for r, column, weight in places:
            dense[r, column] = weight
        return dense, least_of
    at = [[r for r, _, _ in places], [column for _, column, _ in places]]
    values = [float(weight) for _, _, weight in places]
    return csr_array((values, at), shape=(len(rows), columns)), least_of


def _whole_weights(duals: Sequence[float]) -> Iterator[tuple[int, ...]]:
    """Yield whole numbers in about these proportions, small ones first."""
    top = max(duals, default=0.0)
    if top <= 0:
        return
    seen = set()
    for denominator in DENOMINATORS:
        parts = [Fraction(one / top).limit_denominator(denominator) for one in duals]
        common = lcm(*(part.denominator for part in parts))
        whole = tuple(int(part * common) for part in parts)
        if whole not in seen:
            seen.add(whole)
            yield whole
    yield tuple(round(one / top * (1 << 40)) for one in duals)


def _points(model: Polytope, x: Sequence[float]) -> Iterator[Point]:
    """Yield the point with its numbers rounded, votes down and votes to the nearest."""
    completions = model.problem.completions
    form, size = completions.ballot, len(completions.counted)
    numbers = tuple(round(x[column]) for column in model.extras)
    modes: list[Mode] = []
    counted = []
    for unit, doubt in zip(completions.modal, model.doubts, strict=True):
        mode = _mode(doubt, x)
        moved = {j: round(x[column]) for j, column in doubt.moves.items()} if mode == "keep" else {}
        if mode == "keep" and any(moved.values()):
            mode = "revise"
        gone = mode in {"annul", "revote"}
        modes.append(mode)
        counted.append(
            tuple(0 if gone else number + moved.get(j, 0) for j, number in enumerate(unit.counted))
        )
    for shift in (NEAR, 0.5):
        casts = []
        for index, part in enumerate(model.parts):
            of_unit = index - len(completions.groups)
            group = completions.groups[index] if of_unit < 0 else completions.modal[of_unit].group
            mode = "keep" if of_unit < 0 else modes[of_unit]
            votes = {j: floor(x[column] + shift) for j, column in part.votes.items()}
            votes = {} if mode == "annul" else {j: number for j, number in votes.items() if number}
            least = group.ballots_min if mode in {"keep", "revise"} else 0
            ballots = max(least, ballots_for(form, votes))
            casts.append(Cast(ballots, tuple(votes.get(j, 0) for j in range(size))))
        yield assemble(completions, modes, counted, casts), numbers


def _mode(doubt: Doubt, x: Sequence[float]) -> Mode:
    """Return the mode nearest to 1; keep is what the others leave."""
    if doubt.annul >= 0 and x[doubt.annul] > 0.5:
        return "annul"
    return "revote" if doubt.revote >= 0 and x[doubt.revote] > 0.5 else "keep"


def _split(model: Polytope, x: Sequence[float]) -> Split | None:
    """Return where to split: a unit between its modes, a total, a number of ballots, or an auxiliary number."""
    for index, doubt in enumerate(model.doubts):
        if any(column >= 0 and _torn(x[column]) for column in doubt[:3]):
            return Split("mode", index, 0)
    for j, row in enumerate(model.totals):
        value = sum(weight * x[column] for column, weight in row.items())
        if _torn(value):
            return Split("total", j, model.fixed[j] + floor(value))
    for index in range(len(model.problem.completions.groups)):
        if _torn(x[model.parts[index].ballots]):
            return Split("ballots", index, floor(x[model.parts[index].ballots]))
    for k, column in enumerate(model.extras):
        if _torn(x[column]):
            return Split("extra", k, floor(x[column]))
    return Split("mode", 0, 0) if model.doubts else None


def _torn(value: float) -> bool:
    """Whether a number is not near a whole one."""
    return abs(value - round(value)) > NEAR

"""A state's published totals split over its tables: every sum exact, every table plausible."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

REGISTERED_MIN, REGISTERED_MAX = 60, 600
"""Voters on one table's roll; the real rolls of that day run from 26 to 603."""
SPREAD_MAX = 160
MAJOR = 2
"""Selections whose votes follow the lean of a place; those of the others fall where they fall."""


class Totals(Protocol):
    """What is known of a state."""

    @property
    def code(self) -> str:
        """Its code; tables are named after it."""

    @property
    def registered_expected(self) -> int:
        """Voters on all its rolls."""

    @property
    def registered_transmitted(self) -> int:
        """Voters on the rolls of tables that came in."""

    @property
    def tables_total(self) -> int:
        """All its tables."""

    @property
    def tables_in(self) -> int:
        """Those that came in."""

    @property
    def votes(self) -> tuple[int, ...]:
        """Votes in selection order."""

    @property
    def null(self) -> int:
        """Ballots that were null."""


@dataclass(slots=True)
class Table:
    """A generated table. One that never comes in has no votes at all, not even noughts."""

    unit: str
    registered: int
    votes: tuple[int, ...] = ()
    null: int = 0


def tables_of(state: Totals, chance: random.Random) -> list[Table]:
    """A state's tables in order of their code; those that never come in stand at places of their own."""
    came_in = state.tables_in
    rolls = _rolls(state.registered_transmitted, came_in, chance)
    missing = _rolls(
        state.registered_expected - state.registered_transmitted, state.tables_total - came_in, chance
    )
    columns = _columns(state, rolls, chance)
    tables = [
        Table("", roll, tuple(column[t] for column in columns[:-1]), columns[-1][t])
        for t, roll in enumerate(rolls)
    ]
    for roll in missing:
        tables.insert(chance.randrange(len(tables) + 1), Table("", roll))
    for number, table in enumerate(tables, 1):
        table.unit = f"{state.code}-{number:04d}"
    return tables


def _rolls(total: int, count: int, chance: random.Random) -> list[int]:
    """`count` rolls with `total` voters between them."""
    if count == 0:
        return []
    mean = total // count
    spread = min(SPREAD_MAX, mean - REGISTERED_MIN, REGISTERED_MAX - mean)
    rolls = [mean + chance.randint(-spread, spread) for _ in range(count)]
    over = sum(rolls) - total
    while over:
        table = chance.randrange(count)
        step = max(-20, min(20, over))
        if REGISTERED_MIN <= rolls[table] - step <= REGISTERED_MAX:
            rolls[table] -= step
            over -= step
    return rolls


def _columns(state: Totals, rolls: list[int], chance: random.Random) -> list[list[int]]:
    """Votes of each selection table by table, then null ballots; no table over its roll."""
    if not rolls:
        return [[] for _ in range(len(state.votes) + 1)]
    weights: list[list[int]] = [[], []]
    place = 0
    for t, roll in enumerate(rolls):
        if t % 25 == 0:  # neighbours vote alike
            place = chance.randint(-180, 180)
        lean = place + chance.randint(-90, 90)
        turnout = 1_000 + chance.randint(-90, 90)
        weights[0].append(roll * turnout * (1_000 + lean))
        weights[1].append(roll * turnout * (1_000 - lean))
    columns = [shares(votes, weights[s]) for s, votes in enumerate(state.votes[:MAJOR])]
    columns += [scattered(votes, rolls, chance) for votes in (*state.votes[MAJOR:], state.null)]
    _fit(columns, rolls)
    return columns


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in proportion to the weights; what is left over goes to the largest fractions."""
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    by_fraction = sorted(range(len(weights)), key=lambda t: (-(total * weights[t] % whole), t))
    for t in by_fraction[: total - sum(shares)]:
        shares[t] += 1
    return shares


def scattered(total: int, rolls: list[int], chance: random.Random) -> list[int]:
    """`total` ballots dropped one by one, a table as often as its roll is long."""
    column = [0] * len(rolls)
    for t in chance.choices(range(len(rolls)), weights=rolls, k=total):
        column[t] += 1
    return column


def _fit(columns: list[list[int]], rolls: list[int]) -> None:
    """Move votes of the largest selection from tables over their roll to the one with most room."""
    room = [roll - sum(column[t] for column in columns) for t, roll in enumerate(rolls)]
    for t, left in enumerate(room):
        if left < 0:
            column = max(columns, key=lambda of: of[t])
            to = max(range(len(rolls)), key=lambda other: (room[other], -other))
            column[t] += left
            column[to] -= left
            room[t], room[to] = 0, room[to] + left
            assert column[t] >= 0 <= room[to], "a state has room for its own votes"

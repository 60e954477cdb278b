"""The election before the shipped night: a state's published totals split over its tables."""

import random
from collections.abc import Mapping, Sequence

from ingest.night.tables import MAJOR, Table, scattered, shares
from tally.model import Previous

CONTEST = "ve-pres-2012"
SELECTIONS = ("chavez", "capriles", "sequera", "reyes", "bolivar", "chirino")
MAP = {"chavez": "maduro"}
"""Who of then is compared with whom of now; of the others those who stand again."""
_CHANGE = 60
"""Thousandths by which a table changed more or less than its state."""


def previous_of(states: Sequence[tuple[tuple[int, ...], list[Table]]], chance: random.Random) -> Previous:
    """`states`: votes of then in selection order, and the tables of now, of each state."""
    votes: dict[str, dict[str, int]] = {}
    for totals, tables in states:
        columns = _columns(totals, tables, chance)
        for t, table in enumerate(tables):
            votes[table.unit] = {
                name: column[t] for name, column in zip(SELECTIONS, columns, strict=True) if column[t]
            }
    return Previous(CONTEST, MAP, votes)


def votes_2012(row: Mapping[str, str]) -> tuple[int, ...]:
    """The state's votes of then, of a line of the shipped table."""
    return tuple(int(row[f"{name}_2012"]) for name in SELECTIONS)


def _columns(totals: tuple[int, ...], tables: list[Table], chance: random.Random) -> list[list[int]]:
    """Votes of each selection table by table: the first two as the table votes now, more or less."""
    rolls = [table.registered for table in tables]
    columns = []
    for s, total in enumerate(totals):
        if s >= MAJOR:
            columns.append(scattered(total, rolls, chance))
            continue
        leaning = [
            (table.votes[s] if table.votes else table.registered // 2)
            * (1_000 + chance.randint(-_CHANGE, _CHANGE))
            for table in tables
        ]
        columns.append(shares(total, leaning))
    return columns

"""The night we ship: Venezuela, 14 April 2013; state totals are real, tables generated."""

import csv
import random
from collections.abc import Iterator
from importlib import resources
from typing import NamedTuple

from ingest.night.earlier import previous_of, votes_2012
from ingest.night.night import Night, TimedReport, batched, checked, milliseconds
from ingest.night.tables import Table, tables_of
from tally.model import FORMAT, Bound, Contest, Definition, Election, Selection, Unit
from tally.report import CountReport, Status

NAME = "demo"
SEED, SEED_BEFORE = 20_130_414, 20_121_007
ELECTION, CONTEST = "ve-2013", "ve-pres-2013"
SELECTIONS = (
    Selection("maduro", "Nicolás Maduro", "GPP"),
    Selection("capriles", "Henrique Capriles", "MUD"),
    Selection("mendez", "Eusebio Méndez"),
    Selection("bolivar", "María Bolívar"),
    Selection("sequera", "Reina Sequera"),
    Selection("mora", "Julio Mora"),
)
TABLES_PER_GROUP = 50
"""Tables under one node of the tree, so that no page of the tree is flat."""
SLOT_MS = 5_000
"""Reports of the same five seconds travel together."""
PARTIAL_TABLES, CORRECTED_TABLES = 40, 1

ARRIVALS = (
    ("2013-04-14T18:30:00-04:30", 0),
    ("2013-04-14T19:00:00-04:30", 300),
    ("2013-04-14T19:30:00-04:30", 1_300),
    ("2013-04-14T20:00:00-04:30", 3_000),
    ("2013-04-14T20:30:00-04:30", 5_000),
    ("2013-04-14T21:00:00-04:30", 6_800),
    ("2013-04-14T21:30:00-04:30", 8_150),
    ("2013-04-14T22:00:00-04:30", 9_050),
    ("2013-04-14T22:30:00-04:30", 9_600),
    ("2013-04-14T23:15:00-04:30", 9_977),
    ("2013-04-14T23:59:00-04:30", 10_000),
)
"""Generated: (time, tables in by then, in ten-thousandths of those that come in at all).

At 23:15, when the council read its first bulletin, 99.12 % of the register is in, as it said.
"""


class StateRow(NamedTuple):
    """One line of the council's pages: a state, its register, its tables, its votes in selection order.

    `before`: its votes of 2012, in the order of `earlier.SELECTIONS`.
    """

    code: str
    name: str
    registered_expected: int
    registered_transmitted: int
    tables_total: int
    tables_in: int
    ballots_cast: int
    votes: tuple[int, ...]
    null: int
    before: tuple[int, ...]


def state_rows() -> list[StateRow]:
    """The shipped table: the council's pages of 15 April 2013 19:09, state by state, in code order."""
    text = resources.files("ingest.night").joinpath("data/venezuela_2013_states.csv").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return [
        StateRow(
            row["code"], row["name"], int(row["registered_expected"]), int(row["registered_transmitted"]),
            int(row["tables_total"]), int(row["tables_in"]), int(row["ballots_cast"]),
            tuple(int(row[selection.id]) for selection in SELECTIONS), int(row["null"]),
            votes_2012(row),
        )
        for row in csv.DictReader(lines)
    ]  # fmt: skip


def load_shipped(reports_per_batch: int) -> Night:
    """The reconstruction: every sum per state is the council's; tables, groups and times are generated.

    The same on every machine: Python's integers and one seeded generator. Cost: about a second.
    """
    chance = random.Random(SEED)
    states = [(row, tables_of(row, chance)) for row in state_rows()]
    definition = _definition(states)
    return Night(
        NAME,
        checked(NAME, definition),
        batched(definition, _reports(states, chance), reports_per_batch),
        reports_per_batch,
    )


def _definition(states: list[tuple[StateRow, list[Table]]]) -> Definition:
    units: list[Unit] = []
    for row, tables in states:
        units.append(Unit(row.code, "state", row.name))
        for number, table in enumerate(tables):
            group, place = divmod(number, TABLES_PER_GROUP)
            group_id = f"{row.code}-{group + 1:02d}"
            if place == 0:
                last = min(number + TABLES_PER_GROUP, len(tables))
                units.append(Unit(group_id, "other", f"{row.name}, tables {number + 1}–{last}", row.code))
            units.append(
                Unit(table.unit, "precinct", f"{row.name}, table {number + 1}", group_id, table.registered)
            )
    return Definition(
        format=FORMAT,
        election=Election(
            ELECTION, "Venezuela, presidential election of 14 April 2013", "2013-04-14", "America/Caracas",
            is_test=False, label="reconstruction", polls_close="2013-04-14T18:00:00-04:30", map="ve",
        ),
        units=tuple(units),
        contests=(
            Contest(
                CONTEST, SELECTIONS, {"type": "plurality", "seats": 1}, "President of the Republic",
                bound=Bound("registered", hard=True),
                previous=previous_of(
                    [(row.before, tables) for row, tables in states], random.Random(SEED_BEFORE)
                ),
            ),
        ),
    )  # fmt: skip


def _reports(states: list[tuple[StateRow, list[Table]]], chance: random.Random) -> Iterator[TimedReport]:
    """Every report in order of arrival. Some states are faster: a table's place is its state's plus chance.

    A few tables come in two reports, the first of them partial; one comes with two figures exchanged and is
    corrected. What is in at the end is the council's page.
    """
    waiting = []
    for _, tables in states:
        delay = chance.randrange(3_000)
        waiting += [
            (delay + chance.randrange(7_000) + chance.randrange(3_000), table.unit, table)
            for table in tables
            if table.votes
        ]
    order = [table for _, _, table in sorted(waiting)]
    odd = chance.sample(range(2_000, len(order) - 8_000), PARTIAL_TABLES + CORRECTED_TABLES)
    extra = dict.fromkeys(odd[:PARTIAL_TABLES], _partial)
    extra |= dict.fromkeys(odd[PARTIAL_TABLES:], _exchanged)
    times = arrival_times(len(order))
    found = []
    for place, table in enumerate(order):
        if place in extra:
            first, final = extra[place](table)
            found += [TimedReport(times[place - 1_500], first), TimedReport(times[place], final)]
        else:
            found.append(TimedReport(times[place], _completed(table, 1)))
    yield from sorted(found, key=lambda timed: timed.at_ms or 0)


def arrival_times(count: int) -> list[int]:
    """When the first, second, … table comes in, in ms: along ARRIVALS, in slots of five seconds."""
    marks = [(milliseconds(at) or 0, share) for at, share in ARRIVALS]
    times = []
    leg = 0
    for place in range(count):
        while place * 10_000 >= marks[leg + 1][1] * count:
            leg += 1
        (start, share), (end, next_share) = marks[leg], marks[leg + 1]
        done = place * 10_000 - share * count
        at = start + (end - start) * done // ((next_share - share) * count)
        times.append(at - at % SLOT_MS)
    return times


def _completed(table: Table, revision: int, reason: str | None = None) -> CountReport:
    return _report(table, revision, "completed", table.votes, table.null, reason)


def _partial(table: Table) -> tuple[CountReport, CountReport]:
    """Half of the ballots first, then all of them."""
    first = _report(table, 1, "in-process", tuple(votes // 2 for votes in table.votes), table.null // 2)
    return first, _completed(table, 2)


def _exchanged(table: Table) -> tuple[CountReport, CountReport]:
    """The figures of the first two selections exchanged, then as they are."""
    first = _report(table, 1, "completed", (table.votes[1], table.votes[0], *table.votes[2:]), table.null)
    reason = (
        "Reconstruction: generated to show a correction; "
        "the first report had the figures of two selections exchanged"
    )
    return first, _completed(table, 2, reason)


def _report(
    table: Table, revision: int, status: Status, votes: tuple[int, ...], null: int, reason: str | None = None
) -> CountReport:
    return CountReport(
        unit=table.unit,
        contest=CONTEST,
        revision=revision,
        status=status,
        counts={selection.id: count for selection, count in zip(SELECTIONS, votes, strict=True)},
        ballots_cast=sum(votes) + null,
        invalid=null,
        reason=reason,
    )

"""Nights → cases: contests as places and final votes; large areas as contests too."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from deploy.backtest.certainty import Hard, hard_of
from deploy.backtest.orders import Rows, order_of
from deploy.backtest.strata import areas_by_type, areas_of, blocks_of, evenly, numbered, taken, within
from ingest.night.known import without_known
from ingest.night.night import Night
from tally import engine
from tally.layout import Layout
from tally.projection.facts import facts_of, places_of
from tally.projection.frame import Bools, Ints, Places
from tally.projection.grouped import by_place
from tally.report import CountBatch, CountReport
from tally.state import ContestState

AREA_ROWS = 150
"""Rows from which an area is a contest of its own."""
LEAD: dict[str, Any] = {"type": "plurality", "seats": 1}
"""The rule of an area by itself: who leads there."""
AREA_TYPES = {"bo-pres-2020": "state"}
"""The type of units that are areas, where the children of a contest's root are not: almost all of it is one."""


@dataclass(frozen=True)
class Case:
    """A contest that was counted, to be counted again in any order; `area`: one area of it by itself.

    `votes`: final, rows x selections. `most`: the most votes a row can hold, as known beforehand; -1: no
    bound. `came`: its place in the true order, or that of the file. `blocks`: areas that may come in whole.
    `hard`: what bounds what is outstanding.
    """

    election: str
    contest: str
    area: str | None
    rule: dict[str, Any]
    places: Places
    votes: Ints
    most: Ints
    came: Ints
    blocks: Ints
    hard: Hard | None

    @property
    def name(self) -> str:
        """The contest's id, the area's behind a slash."""
        return self.contest if self.area is None else f"{self.contest}/{self.area}"

    def order(self, name: str, seed: int) -> Ints:
        """Its rows in an order, first to last."""
        return order_of(name, Rows(self.places, self.votes, self.came, self.blocks), seed)


class Final(NamedTuple):
    """A row's last report, its place among all reports, and its time."""

    report: CountReport
    place: int
    at_ms: int | None


@dataclass(frozen=True)
class Whole:
    """A contest with all its rows, those never counted as well (`came` -1), and the area each lies in."""

    election: str
    contest: str
    rule: dict[str, Any]
    places: Places
    votes: Ints
    most: Ints
    came: Ints
    hard: Hard | None
    area: Ints
    names: tuple[str, ...]

    def case(self, area: int | None = None) -> Case:
        """The contest, or one of its areas by itself, as far as it was counted."""
        inside = np.ones(len(self.came), dtype=np.bool_) if area is None else self.area == area
        kept: Bools = inside & (self.came >= 0)
        rule = self.rule if area is None else LEAD
        places = taken(self.places, kept) if area is None else within(self.places, self.area, kept)
        hard = None if self.hard is None else self.hard.of(kept, inside & (self.came < 0), rule)
        name = None if area is None else self.names[area]
        return Case(
            self.election, self.contest, name, rule, places, self.votes[kept], self.most[kept],
            self.came[kept], blocks_of(places) if area is not None else numbered(self.area[kept]), hard,
        )  # fmt: skip


def cases_of(night: Night, replicates: int) -> Iterator[Case]:
    """Every contest of a night that counts votes under a rule, and up to `replicates` areas of each.

    Rows that were not counted in the end are left out, but for what bounds them. Commands from the desk are
    not played. Cost: that of opening a service on the night's definition.
    """
    finals = final_reports(night)
    state = engine.open_state(engine.define(without_known(night.definition), 0))
    for contest in state.contests:
        found = finals.get(contest.layout.contest.id)
        if contest.layout.rule is None or contest.layout.ranked or not found:
            continue
        whole = _whole(night.name, state.layout, contest, found)
        yield whole.case()
        counted = np.bincount(whole.area[whole.came >= 0], minlength=len(whole.names))
        yield from (
            whole.case(area) for area in evenly(counted, AREA_ROWS, replicates) if len(whole.names) > 1
        )


def final_reports(night: Night) -> dict[str, dict[tuple[str, str], Final]]:
    """By contest, the last report of each (unit, count type) that was counted in the end."""
    finals: dict[str, dict[tuple[str, str], Final]] = {}
    place = 0
    for event in night.events:
        for report in event.command.reports if isinstance(event.command, CountBatch) else ():
            of_contest = finals.setdefault(report.contest, {})
            place += 1
            if report.counts is None:
                of_contest.pop((report.unit, report.type), None)
            else:
                of_contest[report.unit, report.type] = Final(report, place, event.at_ms)
    return finals


def _whole(
    election: str, compiled: Layout, contest: ContestState, finals: dict[tuple[str, str], Final]
) -> Whole:
    layout = contest.layout
    rows = np.flatnonzero(layout.applies)
    unit = rows // layout.types
    votes = np.zeros((len(rows), layout.selections), dtype=np.int64)
    came = np.full(len(rows), -1, dtype=np.int64)
    for n, (u, kind) in enumerate(zip(unit.tolist(), (rows % layout.types).tolist(), strict=True)):
        final = finals.get((layout.units[u].id, layout.contest.count_types[kind]))
        if final is not None:
            came[n] = final.place
            for selection, number in (final.report.counts or {}).items():
                votes[n, layout.selection_index[selection]] = number
    places, (area, names) = places_of(layout), areas_of(layout)
    if layout.contest.id in AREA_TYPES:
        area, names = areas_by_type(compiled, layout, AREA_TYPES[layout.contest.id])
    whole = Whole(
        election, layout.contest.id, layout.contest.rule, places, votes, facts_of(contest).ballots_max, came,
        hard_of(layout), area[unit], names,
    )  # fmt: skip
    return whole if layout.types == 1 or came_apart(finals.values()) else _joined(whole, unit)


def came_apart(finals: Iterable[Final]) -> bool:
    """Whether the count types of some unit came in at different times."""
    times: dict[str, int | None] = {}
    return any(times.setdefault(final.report.unit, final.at_ms) != final.at_ms for final in finals)


def _joined(whole: Whole, unit: Ints) -> Whole:
    """One row a unit: nobody wrote down when its count types came in, so they come together."""
    units, first, at = np.unique(unit, return_index=True, return_inverse=True)
    last = np.full(len(units), -1, dtype=np.int64)
    np.maximum.at(last, at, whole.came)
    votes = by_place(at, whole.votes, len(units))
    places = replace(taken(whole.places, first), kind=np.zeros(len(units), dtype=np.int64))
    return replace(
        whole, places=places, votes=votes.astype(np.int64), came=last, area=whole.area[first],
        most=np.full(len(units), -1, dtype=np.int64), hard=None,
    )  # fmt: skip

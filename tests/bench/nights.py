"""Nights to measure with: real tables where they are, cut to a number of units, or made up."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from ingest.night.night import Night, TimedReport, batched
from ingest.replay import load
from tally import wire
from tally.model import FORMAT, Bound, Contest, Definition, Election, Selection, Unit
from tally.report import CountReport

ROOT = Path(__file__).resolve().parents[2]
REAL = "mexico_2006"
PLACES = 32


def whole() -> tuple[Night, str]:
    """The largest night there is, and what to say of it."""
    data = Path(os.environ.get("TALLY_DATA") or ROOT.parent / "shared" / "data")
    if (data / REAL).is_dir():
        return load(data / REAL, reports_per_batch=1_000), f"the real tables of {REAL}"
    return load("demo", reports_per_batch=1_000), f"no {REAL} under {data}: the shipped night instead"


def reports_of(night: Night) -> list[CountReport]:
    return [report for event in night.events for report in event.command.reports]


def cut(night: Night, units: int) -> Night:
    """The same election with so many of its reporting units, taken evenly; its definition has no others."""
    reports = reports_of(night)
    count = min(units, len(reports))
    chosen = [reports[n * len(reports) // count] for n in range(count)]
    unit_of = {unit.id: unit for unit in night.definition.units}
    wanted: set[str] = set()
    for report in chosen:
        at: str | None = report.unit
        while at is not None and at not in wanted:
            wanted.add(at)
            at = unit_of[at].parent
    kept = tuple(unit for unit in night.definition.units if unit.id in wanted)
    definition = msgspec.structs.replace(night.definition, units=kept)
    return replace(night, definition=definition, events=rebatched(definition, chosen, 1_000))


def rebatched(definition: Definition, reports: Sequence[CountReport], per_batch: int):
    return batched(definition, (TimedReport(None, report) for report in reports), per_batch)


def synthetic(units: int) -> Night:
    """Made-up tables of 300 voters in 32 places; what is at the top of the tree does not grow with them."""
    places = tuple(Unit(f"s{n:02}", type="state") for n in range(PLACES))
    leaves = tuple(Unit(f"u{n:06}", parent=f"s{n % PLACES:02}", voters_registered=300) for n in range(units))
    selections = tuple(Selection(name) for name in ("a", "b", "c", "d", "e"))
    contest = Contest(
        id="contest",
        selections=selections,
        rule={"type": "plurality", "seats": 1},
        bound=Bound("registered", hard=True),
    )
    definition = Definition(
        format=FORMAT,
        election=Election(id="made-up", name="Made up", date="2026-01-01"),
        units=places + leaves,
        contests=(contest,),
    )
    reports = [_report(unit.id, n) for n, unit in enumerate(leaves)]
    return Night("made-up", definition, rebatched(definition, reports, 50), 50)


def _report(unit: str, number: int) -> CountReport:
    votes = (80 + number % 50, 70 + number * 7 % 60, 20, number % 9, 3)
    counts = dict(zip("abcde", votes, strict=True))
    return CountReport(unit, "contest", 1, "completed", counts, sum(votes) + 2, 2)


def bodies(night: Night, per_batch: int, revision: int = 1, reports: int | None = None) -> Iterator[bytes]:
    """MessagePack bodies of its reports as a source posts them; a later revision says the same again."""
    chosen = reports_of(night)[:reports]
    if revision > 1:
        chosen = [msgspec.structs.replace(report, revision=revision) for report in chosen]
    for event in rebatched(night.definition, chosen, per_batch):
        batch = msgspec.structs.replace(event.command, batch_id=f"r{revision}-{event.command.batch_id}")
        yield wire.to_msgpack(wire.batch_object(batch))

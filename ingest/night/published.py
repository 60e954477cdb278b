"""A folder of published results: contest, units, and final results or events, as a night."""

import csv
import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ingest.night import exports, rankings, results, timeseries
from ingest.night.before import with_previous
from ingest.night.ids import unit_id
from ingest.night.known import with_known
from ingest.night.night import Night, NightUnreadable, TimedReport, batched, checked
from ingest.night.sources import SOURCES, UNPLAYABLE, Level, Source
from tally.model import FORMAT, Contest, Definition, Election, Selection, Unit

LABEL = "replay of published results"
Row = dict[str, str]


def load_published(folder: Path, reports_per_batch: int, *, previous: bool = False) -> Night:
    """The night in a folder of published results. Raises NightUnreadable, OSError.

    With events.csv.gz: every publication in order; else the final results, once, in the order of the file.
    `previous`: with the election before, where one is known of.
    """
    try:
        about = json.loads((folder / "contest.json").read_text("utf-8"))
        source_id = str(about["source_id"])
        source = _source(folder, source_id)
        units = list(rows(folder / "units.csv.gz"))
        definition = _definition(folder, source_id, source, about, units)
        reports = list(_reports(folder, source, definition, units))
        if source.known:
            definition = with_known(definition, reports, source.known_pool)
        if previous:
            definition = with_previous(folder, source, definition)
    except (csv.Error, KeyError, ValueError, EOFError) as error:
        raise NightUnreadable(folder, f"{type(error).__name__}: {error}") from error
    return Night(source_id, definition, batched(definition, reports, reports_per_batch), reports_per_batch)


def _source(folder: Path, source_id: str) -> Source:
    if source_id in SOURCES:
        return SOURCES[source_id]
    why = UNPLAYABLE.get(source_id, f"unknown; known: {', '.join(SOURCES)}; or use election.json")
    raise NightUnreadable(folder, f"{source_id}: {why}")


def rows(path: Path) -> Iterator[Row]:
    """The rows of a gzipped CSV by column name. Raises OSError, csv.Error."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _definition(
    folder: Path, source_id: str, source: Source, about: dict[str, Any], units: list[Row]
) -> Definition:
    contests = tuple(
        Contest(
            id=contest["id"],
            selections=tuple(
                Selection(choice["id"], choice.get("name", choice["id"])) for choice in contest["choices"]
            ),
            rule=source.rules[contest["id"]],
            name=contest["name"],
            count_types=source.types_of.get(contest["id"], source.count_types),
            bound=source.bound,
        )
        for contest in about["contests"]
    )
    election = Election(
        source_id, source.title, about["date"][:10], source.timezone, label=LABEL, map=source.map
    )
    definition = Definition(FORMAT, election, tuple(_units(source, units)), contests)
    return checked(folder, definition)


def _units(source: Source, units: Iterable[Row]) -> Iterator[Unit]:
    """The tree of places, each before what is in it; then its reporting units, named as published."""
    known: dict[tuple[Level, tuple[str, ...]], str] = {}
    counters: dict[Level, int] = {}
    written: set[str] = set()
    for row in units:
        if source.ranked is not None and unit_id(row["unit_id"]) in written:
            continue  # one place, written in two ways in August and November
        written.add(unit_id(row["unit_id"]))
        parent = None
        for level in source.levels:
            key = (level, tuple(row[column] for column in level.of))
            place = known.get(key)
            if place is None:
                counters[level] = counters.get(level, 0) + 1
                place = known[key] = _place_id(level, key[1], counters[level])
                yield Unit(place, level.type, " ".join(row[level.name].split()), parent)
            parent = place
        registered = row.get(source.registered or "", "")
        yield Unit(
            id=unit_id(row["unit_id"]),
            type="precinct",
            name=" ".join(row[column] for column in source.names) or row["unit_id"],
            parent=parent,
            voters_registered=int(registered) if registered else None,
        )


def _place_id(level: Level, names: tuple[str, ...], number: int) -> str:
    if level.numbered:
        return f"{level.prefix}{number:04d}"
    return unit_id(level.prefix + ("/".join(names) if level.whole else names[-1]))


def _reports(folder: Path, source: Source, definition: Definition, units: list[Row]) -> Iterator[TimedReport]:
    if source.ranked is not None:
        return rankings.reports(definition.contests, units, rows(folder / source.ranked))
    if not (folder / "events.csv.gz").is_file():
        by_type = source.by_type is not None
        table = rows(folder / (source.by_type or "results.csv.gz"))
        return results.reports(definition.contests, units, table, by_type=by_type, every=source.known)
    events = list(rows(folder / "events.csv.gz"))
    read = exports.reports if "snapshot_at" in events[0] else timeseries.reports
    return read(definition.contests[0], events)

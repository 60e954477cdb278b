"""The election before, by unit: from the folder beside a published one, or from the same."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ingest.night.ids import unit_id
from ingest.night.sources import Before, Source
from tally.model import Contest, Definition, Previous

Row = dict[str, str]


def with_previous(folder: Path, source: Source, definition: Definition) -> Definition:
    """The definition, its contests with the election before, where there is one and its folder is there.

    Raises OSError, csv.Error, KeyError, ValueError.
    """
    contests = tuple(
        _with(folder, contest, source.before[contest.id]) if contest.id in source.before else contest
        for contest in definition.contests
    )
    return msgspec.structs.replace(definition, contests=contests)


def _with(folder: Path, contest: Contest, before: Before) -> Contest:
    at = folder if before.folder is None else folder.parent / before.folder
    if not at.is_dir():
        return contest
    previous = Previous(before.contest, before.map, votes_of(at, before.contest))
    return msgspec.structs.replace(contest, previous=previous)


def votes_of(folder: Path, contest: str) -> dict[str, dict[str, int]]:
    """Final votes by unit and selection, of the units that were counted; null and invalid ones left out."""
    counted = {
        row["unit_id"] for row in _rows(folder / "units.csv.gz") if row.get("status", "counted") == "counted"
    }
    votes: dict[str, dict[str, int]] = {}
    for row in _rows(folder / "results.csv.gz"):
        if (
            row["contest_id"] == contest
            and row["unit_id"] in counted
            and not row["choice_id"].startswith("_")
        ):
            votes.setdefault(unit_id(row["unit_id"]), {})[row["choice_id"]] = int(row["votes"])
    return votes


def _rows(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)

"""The votes of the election before, from a CSV beside the definition; faults by line."""

import csv
import gzip
import io
from pathlib import Path
from typing import Any

from deploy.failure import ConfigurationFault, Fault
from ingest.night.ids import unit_id

COLUMNS = ("unit", "selection", "votes", "contest")
PUBLISHED = ("unit_id", "choice_id", "votes", "contest_id")
"""The same four as published folders name them; their units' codes become ids."""

Votes = dict[str, dict[str, int]]


def with_votes(value: dict[str, Any], beside: Path) -> None:
    """Replace each contest's `previous.file` by the votes in it. Raises ConfigurationFault, with every fault.

    What is not as a definition should be is left as it is, for whoever converts it to say.
    """
    contests = value.get("contests")
    for contest in contests if isinstance(contests, list) else ():
        previous = contest.get("previous") if isinstance(contest, dict) else None
        if isinstance(previous, dict) and isinstance(previous.get("file"), str) and not previous.get("votes"):
            previous["votes"] = read(beside / previous["file"], str(previous.get("contest", "")))
            previous["file"] = None


def read(path: Path, contest: str) -> Votes:
    """Votes by unit and selection; rows of one unit and selection, such as by type of vote, add up.

    `contest`: whose rows are read where the file says whose they are; "": those of the only one.
    """
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        rows = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
        head = next(rows, [])
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationFault([Fault(str(path), 1, f"previous: {error}")]) from error
    published = PUBLISHED[0] in head
    columns = PUBLISHED if published else COLUMNS
    if absent := [name for name in columns[:3] if name not in head]:
        raise ConfigurationFault([Fault(str(path), 1, f"previous: no column {', '.join(absent)}")])
    at = [head.index(name) if name in head else -1 for name in columns]
    return _collected(path, rows, at, contest, published=published)


def _collected(path: Path, rows: Any, at: list[int], contest: str, *, published: bool) -> Votes:
    unit_at, selection_at, votes_at, contest_at = at
    found: Votes = {}
    faults: list[Fault] = []
    contests: set[str] = set()
    for number, row in enumerate(rows, 2):
        if not row:
            continue
        if len(row) <= max(at):
            faults.append(Fault(str(path), number, f"{len(row)} columns, not {max(at) + 1} or more"))
            continue
        if contest_at >= 0:
            contests.add(row[contest_at])
            if contest and row[contest_at] != contest:
                continue
        votes = row[votes_at]
        if not (votes.isascii() and votes.isdigit() and len(votes) < 16):
            faults.append(Fault(str(path), number, f"votes: {votes[:40]!r} is no number of votes"))
            continue
        of_unit = found.setdefault(unit_id(row[unit_at]) if published else row[unit_at], {})
        of_unit[row[selection_at]] = of_unit.get(row[selection_at], 0) + int(votes)
    if contest_at >= 0 and (contest not in contests if contest else len(contests) > 1):
        held = ", ".join(sorted(contests)[:5])
        faults.append(Fault(str(path), 1, f"previous.contest: it holds {held}; name one of them"))
    if faults:
        raise ConfigurationFault(faults[:100])
    return found

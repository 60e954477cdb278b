"""Final results by unit: every unit once, completed, in the order of the units file."""

from collections.abc import Iterable, Iterator

from ingest.night.ids import unit_id
from ingest.night.night import TimedReport, milliseconds
from tally.model import Contest
from tally.report import CountReport

Row = dict[str, str]


def reports(
    contests: tuple[Contest, ...],
    units: Iterable[Row],
    table: Iterable[Row],
    *,
    by_type: bool,
    every: bool = False,
) -> Iterator[TimedReport]:
    """One report a unit, contest and count type that was counted; or of every one, where nothing says which.

    Rows of nought are left out of such files, so a unit that is counted and has no row has noughts. Ids that
    begin with `_` (null, blank, invalid) are invalid ballots, as is what the units file calls so.
    """
    votes: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
    for row in table:
        of_unit = votes.setdefault((row["unit_id"], row["contest_id"]), {})
        key = (row["vote_type"] if by_type else "total", row["choice_id"])
        of_unit[key] = of_unit.get(key, 0) + int(row["votes"])
    for unit in units:
        for contest in contests:
            found = votes.get((unit["unit_id"], contest.id), {})
            if every or _counted(unit, found):
                for count_type in contest.count_types:
                    report = _report(unit, contest, count_type, found)
                    yield TimedReport(milliseconds(unit.get("known_by", "")), report)


def _counted(unit: Row, found: dict[tuple[str, str], int]) -> bool:
    """Whether a unit was counted: what the file says of it; else that it has ballots, or any row."""
    if "status" in unit:
        return unit["status"] == "counted"
    return bool(found) or bool(unit.get("ballots_cast"))


def _report(unit: Row, contest: Contest, count_type: str, found: dict[tuple[str, str], int]) -> CountReport:
    counts = {selection.id: found.get((count_type, selection.id), 0) for selection in contest.selections}
    invalid = int(unit.get("invalid_votes") or 0)
    for (of_type, choice), votes in found.items():
        if of_type == count_type and choice not in counts:
            if not choice.startswith("_"):
                raise ValueError(f"unit {unit['unit_id']}: no selection {choice} in {contest.id}")
            invalid += votes
    given = unit.get("ballots_cast")
    return CountReport(
        unit=unit_id(unit["unit_id"]),
        contest=contest.id,
        revision=1,
        status="completed",
        counts=counts,
        ballots_cast=int(given) if given else sum(counts.values()) + invalid,
        invalid=invalid,
        type=count_type,
    )

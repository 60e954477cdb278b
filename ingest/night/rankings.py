"""Alaska 2022: ballots by ranking and unit; what follows `!` says nothing."""

from collections.abc import Iterable, Iterator

from ingest.night.ids import unit_id
from ingest.night.night import TimedReport
from tally.model import Contest
from tally.report import CountReport, RankedCount

Row = dict[str, str]


def reports(
    contests: tuple[Contest, ...], units: Iterable[Row], table: Iterable[Row]
) -> Iterator[TimedReport]:
    """One report a unit and contest, in the order of the units file; a unit without rows counted nothing.

    A unit written in two ways that make one id is one unit.
    """
    found: dict[tuple[str, str], dict[tuple[str, ...], int]] = {}
    for row in table:
        ballots = found.setdefault((unit_id(row["unit_id"]), row["contest_id"]), {})
        ranking = tuple(_named(row["ranking"]))
        ballots[ranking] = ballots.get(ranking, 0) + int(row["count"])
    for unit in dict.fromkeys(unit_id(row["unit_id"]) for row in units):
        for contest in contests:
            yield TimedReport(None, _report(unit, contest, found.get((unit, contest.id), {})))


def _named(ranking: str) -> Iterator[str]:
    for name in ranking.split(">"):
        if name.startswith("!"):
            return
        yield name


def _report(unit: str, contest: Contest, ballots: dict[tuple[str, ...], int]) -> CountReport:
    blank = ballots.get((), 0)
    counts = {selection.id: 0 for selection in contest.selections}
    for ranking, number in ballots.items():
        if ranking:
            counts[ranking[0]] += number
    return CountReport(
        unit=unit,
        contest=contest.id,
        revision=1,
        status="completed",
        counts=counts,
        ballots_cast=sum(counts.values()) + blank,
        invalid=blank,
        type=contest.count_types[0],
        ballots=tuple(RankedCount(ranking, n) for ranking, n in sorted(ballots.items()) if ranking),
    )

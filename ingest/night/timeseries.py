"""North Carolina 2020: absolute counts by unit and vote type, publication by publication."""

from collections.abc import Iterable, Iterator

from ingest.night.ids import unit_id
from ingest.night.night import TimedReport, milliseconds
from tally.model import Contest
from tally.report import CountReport

Row = dict[str, str]


def reports(contest: Contest, events: Iterable[Row]) -> Iterator[TimedReport]:
    """One report an event. The source never says that a unit is done: every report is in-process.

    A `correction` (a count fell) has its reason: the publication in which it fell.
    """
    revisions: dict[tuple[str, str], int] = {}
    for event in events:
        key = (event["unit_id"], event["vote_type"])
        revisions[key] = revisions.get(key, 0) + 1
        counts = {selection.id: int(event[selection.id]) for selection in contest.selections}
        lowered = event["kind"] == "correction"
        report = CountReport(
            unit=unit_id(event["unit_id"]),
            contest=contest.id,
            revision=revisions[key],
            status="in-process",
            counts=counts,
            ballots_cast=sum(counts.values()),
            type=event["vote_type"],
            reason=f"lowered by the source in its publication of {event['reported_at']}" if lowered else None,
        )
        yield TimedReport(milliseconds(event["reported_at"]), report)

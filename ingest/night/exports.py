"""Bolivia 2020: official exports and what differs; tables come, go, come back and change."""

from collections.abc import Iterable, Iterator

from ingest.night.ids import unit_id
from ingest.night.night import TimedReport, milliseconds
from tally.model import Contest
from tally.report import CountReport, Status

Row = dict[str, str]
REASONS = {
    "withdraw": "left out of the official export of {at}",
    "readd": "back in the official export of {at}",
    "revise": "changed in the official export of {at}",
}


def reports(contest: Contest, events: Iterable[Row]) -> Iterator[TimedReport]:
    """One report an event, its revision one higher each time; the reason of a change names its export."""
    revisions: dict[str, int] = {}
    for event in events:
        unit, at, kind = event["unit_id"], event["snapshot_at"], event["kind"]
        revisions[unit] = revisions.get(unit, 0) + 1
        reason = None if kind == "new" else REASONS[kind].format(at=at)
        yield TimedReport(milliseconds(at), _report(contest, event, revisions[unit], reason))


def _report(contest: Contest, event: Row, revision: int, reason: str | None) -> CountReport:
    withdrawn = event["kind"] == "withdraw"
    status: Status = "not-processed" if withdrawn else "completed"
    counts = None if withdrawn else {s.id: int(event[s.id]) for s in contest.selections}
    invalid = 0 if withdrawn else int(event["_blank"]) + int(event["_null"])
    return CountReport(
        unit=unit_id(event["unit_id"]),
        contest=contest.id,
        revision=revision,
        status=status,
        counts=counts,
        ballots_cast=sum(counts.values()) + invalid if counts is not None else 0,
        invalid=invalid,
        reason=reason,
    )

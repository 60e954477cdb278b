"""May this batch enter? Revision order, repeats, impossible numbers: rows or refusals."""

from dataclasses import dataclass, field
from typing import NamedTuple

from tally.admit_counts import counts_said, rankings_said
from tally.effects import OVER_CAP
from tally.events import COMPLETED, EXPECTED, IN_PROCESS, NOT_INSTALLED, PROGRESS_OF_STATUS, RowCounted
from tally.layout import NO_CAP, ContestLayout
from tally.ledger import Ledger
from tally.outstanding import Row
from tally.refusal import FAULTS_MAX, Refusal, nearest
from tally.report import REPORTS_MAX, CountBatch, CountReport


@dataclass(slots=True)
class Admitted:
    """A batch's verdict, report by report. With any `refusals`, nothing of it enters."""

    rows: list[RowCounted] = field(default_factory=list)
    duplicates: int = 0
    stale: int = 0
    original_row: tuple[int, int] | None = None
    refusals: list[Refusal] = field(default_factory=list)


class _Seen(NamedTuple):
    """A report earlier in the same batch, as the row it will be."""

    row: Row
    held: bool


def admit(ledger: Ledger, batch: CountBatch) -> Admitted:
    """Judge every report of a batch against what is known. Mutates nothing. Cost: O(reports)."""
    verdict = Admitted()
    if not batch.reports:
        verdict.refusals.append(Refusal("reports-empty", "/reports", "a batch holds at least one report"))
    if len(batch.reports) > REPORTS_MAX:
        verdict.refusals.append(
            Refusal(
                "batch-too-many-units", "/reports", f"{len(batch.reports)} reports; at most {REPORTS_MAX}"
            )
        )
        return verdict
    seen: dict[tuple[int, int], _Seen] = {}
    for index, report in enumerate(batch.reports):
        fault = _admit_report(ledger, report, index, seen, verdict)
        if fault is not None:
            verdict.refusals.append(fault)
            if len(verdict.refusals) >= FAULTS_MAX:
                break
    if not verdict.refusals and verdict.stale and not verdict.rows and not verdict.duplicates:
        verdict.refusals.append(
            Refusal(
                "stale-report", "/reports", "every report is of a lower revision than one already counted"
            )
        )
    return verdict


def _admit_report(
    ledger: Ledger, report: CountReport, index: int, seen: dict[tuple[int, int], _Seen], verdict: Admitted
) -> Refusal | None:
    place = _locate(ledger, report, index)
    if isinstance(place, Refusal):
        return place
    layout, unit, of_type = place
    at = f"/reports/{index}"
    counts = counts_said(layout, unit, report, at)
    if isinstance(counts, Refusal):
        return counts
    progress = PROGRESS_OF_STATUS[report.status]
    declared = -1 if report.ballots_declared is None else report.ballots_declared
    rankings = rankings_said(layout, report, counts, at)
    if isinstance(rankings, Refusal):
        return rankings
    new = Row(report.revision, progress, counts, report.ballots_cast, report.invalid, declared, rankings)
    unreconciled = _unreconciled(layout, report, new, at)
    if isinstance(unreconciled, Refusal):
        return unreconciled
    row = unit * layout.types + of_type
    key = (layout.index, row)
    earlier = seen.get(key)
    accepted = earlier.row if earlier and not earlier.held else ledger.row(layout.index, row)
    known = earlier.row if earlier else _newest(ledger, layout, row, accepted)
    if new.revision <= known.revision:
        return _repeat(new, known, verdict, key, at)
    fault = _lowered(accepted, new, report, at)
    if fault is not None:
        return fault
    held = _over_hard_cap(ledger, layout, seen, row, accepted, new)
    seen[key] = _Seen(new, held)
    if earlier:
        verdict.rows = [
            r
            for r in verdict.rows
            if not (r.contest == layout.index and r.unit == report.unit and r.type == of_type)
        ]
    verdict.rows.append(
        RowCounted(
            layout.index, report.unit, of_type, new.revision, progress, counts, new.ballots_cast, new.invalid,
            declared, report.reason, OVER_CAP if held else None, unreconciled, rankings,
        )
    )  # fmt: skip
    return None


def _locate(ledger: Ledger, report: CountReport, index: int) -> tuple[ContestLayout, int, int] | Refusal:
    layout_of = ledger.layout
    contest = layout_of.contest_index.get(report.contest)
    if contest is None:
        near = nearest(report.contest, list(layout_of.contest_index))
        return Refusal(
            "unknown-contest", f"/reports/{index}/contest", f"no contest {report.contest}; nearest: {near}"
        )
    layout = layout_of.contests[contest]
    unit = layout.unit_index.get(report.unit)
    if unit is None:
        why = (
            "reports come from the units at the leaves"
            if report.unit in layout_of.unit_of
            else "no such unit"
        )
        near = nearest(report.unit, list(layout.unit_index))
        return Refusal(
            "unknown-unit", f"/reports/{index}/unit", f"{report.unit}: {why} of this contest; nearest: {near}"
        )
    of_type = layout.type_index.get(report.type)
    if of_type is None or not layout.applies[unit * layout.types + of_type]:
        known = ", ".join(layout.contest.count_types)
        return Refusal(
            "unknown-type", f"/reports/{index}/type", f"{report.type} is not counted here; types: {known}"
        )
    registered = layout.units[unit].voters_registered
    if report.voters_registered is not None and report.voters_registered != registered:
        return Refusal(
            "register-mismatch",
            f"/reports/{index}/voters_registered",
            f"the definition says {registered}, the report {report.voters_registered}: amend the definition",
        )
    return layout, unit, of_type


def _unreconciled(layout: ContestLayout, report: CountReport, row: Row, at: str) -> bool | Refusal:
    """Whether a report's numbers fail to add up; a refusal where the contest does not let that pass."""
    if row.progress in {EXPECTED, NOT_INSTALLED}:
        return False
    votes, allowed = sum(row.counts), layout.contest.votes_allowed
    if allowed == 1:
        fits, rule = votes + row.invalid == row.ballots_cast, "counts + invalid must equal ballots_cast"
        expected, got = row.ballots_cast, votes + row.invalid
    else:
        expected, got = allowed * (row.ballots_cast - row.invalid), votes
        fits, rule = 0 <= votes <= expected, f"counts must be at most {allowed} x (ballots_cast - invalid)"
    if fits:
        return False
    if layout.contest.reconcile == "flag":
        return True
    return Refusal("sum-mismatch", at, f"{rule}: expected {expected}, got {got} in unit {report.unit}")


def _newest(ledger: Ledger, layout: ContestLayout, row: int, accepted: Row) -> Row:
    """The newest revision of a row, held reports included: a held one keeps its place in the line."""
    held = ledger.held(layout.index, row)
    if held is None:
        return accepted
    return Row(
        held.revision,
        held.progress,
        held.counts,
        held.ballots_cast,
        held.invalid,
        held.declared,
        held.rankings,
    )


def _repeat(new: Row, known: Row, verdict: Admitted, key: tuple[int, int], at: str) -> Refusal | None:
    if new.revision < known.revision:
        verdict.stale += 1
        return None
    if new == known:
        verdict.duplicates += 1
        verdict.original_row = key
        return None
    return Refusal(
        "revision-conflict",
        f"{at}/revision",
        f"revision {new.revision} is already known with other content; a correction is a higher revision",
    )


def _lowered(known: Row, new: Row, report: CountReport, at: str) -> Refusal | None:
    """A correction needs a reason: a lower number, or a unit re-opened (a withdrawal is judged before)."""
    if report.reason or known.progress == EXPECTED:
        return None
    if any(was > now for was, now in zip(known.counts, new.counts, strict=True)):
        return Refusal(
            "total-decreased", f"{at}/counts", f"a count of unit {report.unit} goes down without a reason"
        )
    if known.rankings and any(dict(new.rankings).get(r, 0) < number for r, number in known.rankings):
        return Refusal(
            "total-decreased", f"{at}/ballots", f"ballots of unit {report.unit} go down without a reason"
        )
    if known.ballots_cast > new.ballots_cast or known.invalid > new.invalid:
        return Refusal("total-decreased", at, f"ballots of unit {report.unit} go down without a reason")
    if known.progress in {COMPLETED, NOT_INSTALLED} and new.progress == IN_PROCESS:
        return Refusal("reason-required", f"{at}/reason", f"re-opening unit {report.unit} needs a reason")
    return None


def _over_hard_cap(
    ledger: Ledger,
    layout: ContestLayout,
    seen: dict[tuple[int, int], _Seen],
    row: int,
    accepted: Row,
    new: Row,
) -> bool:
    """Whether a report would put its cell over a hard cap (or over what was declared to be in the box)."""
    if any(0 <= declared < new.ballots_cast for declared in (new.declared, accepted.declared)):
        return True
    cell = int(layout.cell_of_row[row])
    cap = int(layout.cells.cap[cell])
    if cap == NO_CAP or not layout.cells.hard[cell]:
        return False
    total = new.ballots_cast
    if total <= cap and len(layout.cells.rows[cell]) == 1:
        return False
    for other in layout.cells.rows[cell]:
        if other != row:
            earlier = seen.get((layout.index, other))
            accepted = earlier.row if earlier and not earlier.held else ledger.row(layout.index, other)
            total += accepted.ballots_cast
    return total > cap

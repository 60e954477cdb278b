"""The tables exports are made of: totals of contests, and rows of their units."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tally.events import PROGRESS_NAMES, STANDING_NAMES
from tally.model import Definition
from tally.state import BALLOTS, DONE, INVALID, ContestState
from tally.view import results_status

Cell = str | int | None


class Results(NamedTuple):
    """Contests at rest, and the position they were taken at. `with_units`: rows of units too."""

    definition: Definition
    contests: tuple[ContestState, ...]
    epoch: str
    seq: int
    as_of: str
    with_units: bool = True


TOTALS = (
    "contest", "contest_name", "selection", "selection_name", "party", "votes", "votes_disputed", "valid_votes",
    "ballots_cast", "invalid", "voters_registered", "units_completed", "units_total", "results_status",
    "irreversible", "grade",
)  # fmt: skip
UNITS = (
    "contest", "unit", "unit_name", "parent", "type", "progress", "standing", "revision", "ballots_cast", "invalid",
    "voters_registered",
)  # fmt: skip


def about(results: Results) -> dict[str, Any]:
    """Which count this is: what every export says of itself."""
    election = results.definition.election
    return {
        "election": election.id, "name": election.name, "date": election.date, "label": election.label,
        "is_test": election.is_test, "epoch": results.epoch, "seq": results.seq, "as_of": results.as_of,
    }  # fmt: skip


def totals(contest: ContestState) -> Iterator[tuple[Cell, ...]]:
    """A contest's totals, a row a selection, in the columns of `TOTALS`."""
    layout, root = contest.layout, contest.nodes[0].tolist()
    m = layout.selections
    votes, extra = root[:m], root[m:]
    ballots, invalid = extra[BALLOTS], extra[INVALID]
    for s, selection in enumerate(layout.contest.selections):
        claim = contest.claims.get(f"elected:{selection.id}") or contest.claims.get(
            f"outright:{selection.id}"
        )
        sure = claim is not None and claim.status == "irreversible"
        yield (
            layout.contest.id, layout.contest.name, selection.id, selection.name, selection.party, votes[s],
            contest.sums.votes_disputed[s], sum(votes), ballots, invalid, layout.registered_total,
            extra[DONE], len(layout.units), results_status(contest),
            "irreversible" if sure else "open", claim.grade if claim is not None and sure else None,
        )  # fmt: skip


def unit_columns(contest: ContestState) -> tuple[str, ...]:
    """The columns of a contest's units: those all have, then one a selection."""
    return (*UNITS, *(selection.id for selection in contest.layout.contest.selections))


def units(contest: ContestState) -> Iterator[tuple[Cell, ...]]:
    """A contest's rows in definition order; counts are empty before a report."""
    layout = contest.layout
    counts, numbers = contest.counts.tolist(), contest.numbers.tolist()
    for u, unit in enumerate(layout.units):
        for t, name in enumerate(layout.contest.count_types):
            row = u * layout.types + t
            if not layout.applies[row]:
                continue
            progress = int(contest.progress[row])
            revision, ballots, invalid = numbers[row]
            yield (
                layout.contest.id, unit.id, unit.name, unit.parent, name, PROGRESS_NAMES[progress],
                STANDING_NAMES[int(contest.standing[u])], revision, ballots, invalid, unit.voters_registered,
                *(counts[row] if progress else [None] * layout.selections),
            )  # fmt: skip

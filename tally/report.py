"""What a source says: batches of reports, in absolute counts."""

from typing import Literal

import msgspec

FORMAT = "tally-batch/1"
COUNT_MAX = 10_000_000
"""No single count of one unit is larger; more is a slipped column or an attack."""
REPORTS_MAX = 10_000
RANKINGS_MAX = 10_000
"""Different rankings in one report; a unit has fewer ballots than that, or they agree."""

DeskAction = Literal["dispute", "annul", "restore", "correct", "amend"]
Status = Literal["completed", "in-process", "not-processed", "not-installed"]


class RankedCount(msgspec.Struct, frozen=True):
    """So many ballots with one ranking: selection ids, the first preference first."""

    ranking: tuple[str, ...]
    count: int


class CountReport(msgspec.Struct, frozen=True):
    """Absolute counts for one (unit, contest, count type). `counts` is None only for a withdrawal.

    `ballots_cast` is every ballot counted here, blank and undervoted included; `ballots_declared`
    is how many are known to be in the box, a hard cap while it is being counted. `ballots`: the valid ballots
    by ranking, in a contest whose ballots are ranked; `counts` are then their first preferences.
    """

    unit: str
    contest: str
    revision: int
    status: Status
    counts: dict[str, int] | None
    ballots_cast: int = 0
    invalid: int = 0
    type: str = "total"
    ballots_declared: int | None = None
    reason: str | None = None
    voters_registered: int | None = None
    ballots: tuple[RankedCount, ...] | None = None


class CountBatch(msgspec.Struct, frozen=True):
    """Reports that enter together or not at all."""

    election: str
    batch_id: str
    source: str
    reports: tuple[CountReport, ...]
    is_test: bool = False
    created: str | None = None
    definition_sha256: str | None = None


class DeskCommand(msgspec.Struct, frozen=True):
    """What a person at the desk does: an action on units, with its reason."""

    action: DeskAction
    reason: str
    operator: str
    units: tuple[str, ...] = ()
    contest: str | None = None
    batch: CountBatch | None = None
    definition: dict[str, object] | None = None

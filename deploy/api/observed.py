"""The shapes of what observers look at: every contest in one full line; what is in doubt."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from deploy.api.rows import Counts
from deploy.api.views import Count, Grade, Identifier, Instant, IsTest, Label, Position, ResultsStatus


class ObserverUnits(Struct):
    """Units of a contest for observers."""

    total: Count
    completed: Count
    quarantined: Count
    disputed: Count
    annulled: Count


class SettlingClaim(Struct):
    """An irreversible claim that says how a contest ends."""

    id: str
    grade: Grade
    assumptions: list[str]
    since: Count
    since_at: Instant | None


class ObserverLine(Struct):
    """One contest in one full line."""

    contest: Identifier
    name: str
    names: dict[str, str]
    leader: str | None
    lead: Count
    outstanding: int | None
    uncapped: Count
    units: ObserverUnits
    results_status: ResultsStatus
    irreversible: list[SettlingClaim]
    claims_irreversible: Count
    withdrawn: list[str]
    seq: Count


class Observers(Struct):
    """Every contest in one full line; a line may be newer than the position, never older."""

    format: Literal["tally-observers/1"]
    election: Identifier
    name: str
    label: Label
    is_test: IsTest
    position: Position
    as_of: Instant
    contests: list[ObserverLine]


class Place(Struct):
    """A child of the root, and what may still come there."""

    unit: Identifier
    name: str
    open: Count
    outstanding: int | None
    uncapped: Count


class UnitInDoubt(Struct):
    """A quarantined or disputed unit. rules: what holds it, where it is held."""

    unit: Identifier
    name: str
    counts: Counts
    ballots_cast: Count
    rules: list[str] | UnsetType = UNSET


class InDoubt(Struct):
    """How many units, and at most 200 of them."""

    total: Count
    units: list[UnitInDoubt]


class Doubt(Struct):
    """Where the doubt in a contest lies."""

    format: Literal["tally-doubt/1"]
    contest: Identifier
    position: Position
    places: list[Place]
    pools: Count
    quarantined: InDoubt
    disputed: InDoubt

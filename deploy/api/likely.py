"""The shape of a projection: what the result will probably be, kept apart from the count."""

from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field

from deploy.api.views import Count, Identifier, Instant, IsTest, Label, Position

Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]


class VotesSpread(Struct):
    """The middle, and the two ends of the interval that should hold it so many times in a hundred."""

    middle: int
    in_50: tuple[int, int] = field(name="50")
    in_80: tuple[int, int] = field(name="80")
    in_90: tuple[int, int] = field(name="90")
    in_95: tuple[int, int] = field(name="95")


class ShareSpread(Struct):
    """The middle, and the two ends of each interval, as parts of 1."""

    middle: float
    in_50: tuple[float, float] = field(name="50")
    in_80: tuple[float, float] = field(name="80")
    in_90: tuple[float, float] = field(name="90")
    in_95: tuple[float, float] = field(name="95")


class Outcome(Struct):
    """What a chance is a chance of."""

    kind: Literal["elected", "outright", "passes", "seats"]
    runoff: Share | None


class Likely(Struct):
    """One selection. irreversible: its chance is 1 or 0 because a claim is irreversible for certain."""

    selection: Identifier
    chance: Share
    votes: VotesSpread
    share: ShareSpread
    irreversible: bool | UnsetType = UNSET
    seats: VotesSpread | UnsetType = UNSET


class LikelyThere(Struct):
    """One selection's chance to lead in one place."""

    selection: Identifier
    chance: Share
    share: ShareSpread


class LikelyArea(Struct):
    """A district of a body, or a child of the root."""

    unit: Identifier
    selections: list[LikelyThere]


class Needs(Struct):
    """What the second has to do to come to pass the first."""

    who: Identifier
    ahead: Identifier
    share_needed: float
    share_had_in_same_places: float | None
    share_expected: float


class ToCome(Struct):
    """Votes expected still to come, in so many rows."""

    expected: int
    rows: Count


class Level(Struct):
    """How often intervals of one level held what came, and by how much they are widened."""

    level: Literal[50, 80, 90, 95]
    inside: Share | None
    widened: float


class Calibration(Struct):
    """Predictions put to the test so far."""

    rows_scored: Count
    levels: list[Level]


class Headed(Struct):
    """Which contest, and which position of the count what is projected was made from."""

    grade: Literal["projected"]
    contest: Identifier
    election: Identifier
    label: Label
    is_test: IsTest
    position: Position
    as_of: Instant


class Projection(Headed):
    """Statistics, never a claim. Fields from calibration on are absent where nothing is modelled."""

    format: Literal["tally-projection/1"]
    age_records: Count
    stale: bool
    status: Literal["projected", "too-early", "counted", "not-modelled", "not-projected"]
    reason: str | None
    calibration: Calibration | UnsetType = UNSET
    outcome: Outcome | UnsetType | None = UNSET
    selections: list[Likely] | UnsetType = UNSET
    areas: list[LikelyArea] | UnsetType = UNSET
    total: VotesSpread | UnsetType | None = UNSET
    needs: Needs | UnsetType | None = UNSET
    outstanding: ToCome | UnsetType | None = UNSET
    estimators: dict[str, float] | UnsetType = UNSET
    rows_in: Count | UnsetType = UNSET
    rows_needed: Count | UnsetType = UNSET


class MiddleAndEnds(Struct):
    """The middle, and the two ends nine in ten final shares should fall between, as parts of 1."""

    middle: float
    in_90: tuple[float, float] = field(name="90")


class Ranged(Struct):
    """One selection: votes counted then, and the share it was projected to end at."""

    selection: Identifier
    votes: Count
    share: MiddleAndEnds


class ProjectedThen(Struct):
    """One projection of the night, at the position and time of the count it was made from."""

    seq: Count
    as_of: Instant
    valid: Count
    selections: Annotated[list[Ranged], Meta(max_length=3)]


class Projections(Headed):
    """How a contest's projections went, the oldest first: at most some 120 of them, of this run of the service."""

    format: Literal["tally-projections/1"]
    points: list[ProjectedThen]

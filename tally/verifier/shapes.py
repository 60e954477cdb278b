"""What a certificate and its rows look like, field by field; all else is a difference."""

from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

NUMBER_MAX = 2**63 - 1
DIFFERENCES_MAX = 100

Number = Annotated[int, msgspec.Meta(ge=-NUMBER_MAX, le=NUMBER_MAX)]
Count = Annotated[int, msgspec.Meta(ge=0, le=NUMBER_MAX)]
Hash = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Instant = Annotated[str, msgspec.Meta(pattern=r"\A\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")]

T = TypeVar("T")


class Difference(NamedTuple):
    """Where a certificate and what it stands on disagree; `what` begins with a JSON pointer."""

    what: str
    expected: object
    found: object


class Findings:
    """The differences found so far, up to a limit."""

    def __init__(self) -> None:
        self.found: list[Difference] = []

    def add(self, what: str, expected: object, found: object) -> None:
        """Note a difference."""
        if len(self.found) < DIFFERENCES_MAX:
            self.found.append(Difference(what, expected, found))

    def equal(self, what: str, expected: object, found: object) -> bool:
        """Whether two values are the same; a difference when they are not."""
        if expected != found:
            self.add(what, expected, found)
            return False
        return True


class Cap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What limits a row's cell. The three fields of a cap come together; flags are there when true."""

    ballots: Count | UnsetType = UNSET
    source: str | UnsetType = UNSET
    hard: bool | UnsetType = UNSET
    stated_hard: bool | UnsetType = UNSET
    shown_wrong: bool | UnsetType = UNSET
    exceeded: bool | UnsetType = UNSET
    held_ballots: Count | UnsetType = UNSET
    declared: Count | UnsetType = UNSET
    registered: Count | UnsetType = UNSET
    types: tuple[str, ...] | UnsetType = UNSET

    @property
    def stated(self) -> bool:
        """Whether the cap is hard by its own word, whatever became of it."""
        return self.hard is True or self.stated_hard is True

    @property
    def wrong(self) -> bool:
        """Whether a cap of this kind was exceeded by a completed unit."""
        return self.shown_wrong is True


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One (unit, count type) as published."""

    unit: str
    type: str
    revision: Count
    progress: Literal["expected", "in-process", "completed", "not-installed"]
    standing: Literal["stands", "quarantined", "disputed", "annulled"]
    counts: dict[str, Count] | None
    ballots_cast: Count
    invalid: Count
    cap: Cap | None
    ballots: tuple["Ranked", ...] | UnsetType | None = UNSET
    declared: Count | UnsetType = UNSET


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is claimed, of whom; how many, and where, if that is part of it."""

    id: str
    type: str
    who: tuple[str, ...]
    number: Count | UnsetType = UNSET
    place: str | UnsetType = UNSET


class Assumption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a conditional claim takes as given."""

    id: str
    text: str
    kind: Literal["turnout_max", "caps_hold"] | UnsetType = UNSET
    value: tuple[Count, Count] | UnsetType = UNSET
    sources: tuple[str, ...] | UnsetType = UNSET


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which rows, at which position, under which definition."""

    epoch: str
    seq: Count
    as_of: Instant
    snapshot_sha256: Hash
    rows: str
    definition_sha256: Hash


class Ballot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one ballot can say."""

    kind: Literal["choose", "cumulative", "score", "ranked"]
    votes: Annotated[int, msgspec.Meta(ge=1, le=NUMBER_MAX)]
    blank: bool


class Aggregate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One class of units: alike in ballot style and innermost pool."""

    name: str = msgspec.field(name="class")
    units: Count
    members: str | tuple[str, ...]
    on_ballot: tuple[str, ...] | None
    pool: str | None
    outstanding: Count | None = msgspec.field(name="R")
    district: str | UnsetType | None = UNSET
    least: Count | UnsetType = msgspec.field(name="L", default=UNSET)


class Ranked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many ballots of one ranking."""

    ranking: tuple[str, ...]
    count: Count


class District(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a body, with its counted votes in selection order."""

    id: str
    weight: Count
    counted: tuple[Count, ...]


class Bound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Open cells of one class under one kind of cap."""

    name: str = msgspec.field(name="class")
    source: str
    hard: bool
    open_cells: Count
    total: Count | None


class Pool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A joint cap."""

    id: str
    parent: str | None
    ballots: Count
    hard: bool
    source: str
    cast: Count
    outstanding: Count | None
    stated_hard: bool | UnsetType = UNSET
    shown_wrong: bool | UnsetType = UNSET

    @property
    def stated(self) -> bool:
        """Whether the pool is hard by its own word, whatever became of it."""
        return self.hard or self.stated_hard is True

    @property
    def wrong(self) -> bool:
        """Whether more ballots than it allows were once cast in it."""
        return self.shown_wrong is True


class Assertion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """a·V > c, or >= where not strict, with what is counted and the most that can be taken from it."""

    a: tuple[Number, ...]
    c: Number
    strict: bool
    counted: Number
    worst: Number
    slack: Number


class Shortage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rivals that together need more votes than can come to them, or (`whoever`) to any so many rivals."""

    rivals: tuple[str, ...]
    needed: Count
    available: Count | None
    whoever: bool | UnsetType = UNSET


class Witness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way the count can end in which a claim is false."""

    ballots: tuple[Count, ...]
    votes: tuple[tuple[Count, ...], ...]
    totals: tuple[Count, ...]
    unbounded_classes: tuple[str, ...]
    rankings: tuple[tuple[Ranked, ...], ...] | UnsetType = UNSET
    afar: tuple[tuple[Count, ...], ...] | UnsetType = UNSET


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The published proof object, version 1."""

    v: Literal[1]
    format: Literal["tally-certificate/1"]
    election: str
    label: str | None
    is_test: bool
    contest: str
    rule: dict[str, Any]
    claim: Claim
    verdict: Literal["irreversible", "open"]
    grade: Literal["certain", "conditional"] | None
    assumptions: tuple[Assumption, ...]
    lemma: str
    exact: bool
    data: Data
    selections: tuple[str, ...]
    electable: tuple[str, ...]
    ballot: Ballot
    counted: tuple[Count, ...]
    aggregates: tuple[Aggregate, ...]
    bounds: tuple[Bound, ...]
    pools: tuple[Pool, ...]
    proof: dict[str, Any] | None
    witness: Witness | None
    certificate_sha256: Hash
    districts: tuple[District, ...] | UnsetType = UNSET
    rankings: tuple[Ranked, ...] | UnsetType = UNSET


def read(value: object, shape: type[T], where: str, findings: Findings) -> T | None:
    """A JSON value in its shape; None, and a difference, when it has another one."""
    try:
        return msgspec.convert(value, shape)
    except UnicodeEncodeError:
        findings.add(f"{where}: text that is no Unicode", "the shape of tally-certificate/1", None)
        return None
    except (msgspec.ValidationError, RecursionError) as error:
        said, _, path = str(error).partition(" - at `$")
        pointer = path.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/")
        findings.add(f"{where}{pointer}: {said}", "the shape of tally-certificate/1", None)
        return None

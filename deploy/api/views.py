"""The shapes of what shows a count: contest, election, claims, and who is between."""

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

Count: TypeAlias = Annotated[int, Meta(ge=0)]
Fraction: TypeAlias = tuple[int, int]
Sha256: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Instant: TypeAlias = Annotated[str, Meta(description="ISO 8601 with its offset, to the millisecond.")]
Identifier: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:\-]{0,63}$")]
Label: TypeAlias = Annotated[
    str | None, Meta(description="Show it wherever a number is shown; null: the election has none.")
]
IsTest: TypeAlias = Annotated[
    bool, Meta(description="True: these are not real counts. Say so wherever a number is shown.")
]
ResultsStatus: TypeAlias = Literal["pre-election", "unofficial-partial", "unofficial-complete"]
ClaimStatus: TypeAlias = Literal["open", "irreversible", "withdrawn"]
Grade: TypeAlias = Literal["certain", "conditional"]


class Position(Struct):
    """Which journal, and the number of a record in it; numbers of different epochs have nothing in common."""

    epoch: str
    seq: Count


class Total(Struct):
    """Votes of one selection."""

    selection: Identifier
    votes: Count
    votes_disputed: Annotated[int, Meta(ge=0, description="The part of votes from disputed units.")]


class UnitNumbers(Struct):
    """How many units stand how."""

    total: Count
    completed: Count
    in_process: Count
    not_installed: Count
    quarantined: Count
    disputed: Count
    annulled: Count
    unreconciled: Count


class Outstanding(Struct):
    """Ballots that may still come. null: nobody can say while an open unit has no usable bound."""

    certain: Annotated[int | None, Meta(description="Under hard caps.")]
    by_type: dict[str, int | None]
    assumptions: Annotated[dict[str, int | None], Meta(description="Under each named assumption.")]
    uncapped: Annotated[int, Meta(ge=0, description="Open units without a hard cap.")]


class Robust(Struct):
    """What annulling disputed units would do to a claim. null: no annulment does it, or it is not known."""

    if_all_disputed_annulled: bool
    if_any_disputed_annulled: bool
    units_to_overturn: int | None
    ballots_to_overturn: int | None


class Claim(Struct):
    """What is said of the outcome, and whether it can still change."""

    id: Annotated[str, Meta(examples=["elected:ann"])]
    claim: Annotated[str, Meta(description="The kind; what each means is on the page of its rule.")]
    who: list[str]
    status: ClaimStatus
    grade: Annotated[Grade | None, Meta(description="null while open.")]
    assumptions: list[str]
    since: Annotated[int | None, Meta(description="The record its status dates from.")]
    slack: Annotated[int | None, Meta(description="The least lead any completion leaves; above 0 holds.")]
    exact: bool
    lemma: str
    robust: Robust
    number: int | UnsetType = UNSET
    place: str | UnsetType = UNSET
    evaluated_at: Annotated[int, Meta(description="Of rules judged beside the count.")] | UnsetType = UNSET


class Change(Struct):
    """Votes of one selection in units of both elections."""

    selection: Identifier
    votes: Count
    votes_before: Annotated[
        int | None, Meta(description="null: compared with nobody of the election before.")
    ]


class Swing(Struct):
    """Votes now and in the election before, of the very units that are completed and were there before."""

    units: Annotated[int, Meta(ge=0, description="How many units that rests on.")]
    votes: Annotated[int, Meta(ge=0, description="Of all selections: what a share now is a share of.")]
    votes_before: Annotated[int, Meta(ge=0, description="Of everybody then, also of who has no counterpart.")]
    totals: list[Change]


ShownSwing: TypeAlias = (
    Annotated[Swing, Meta(description="Absent where the definition has no `previous`.")] | UnsetType
)


class Votes(Struct):
    """Votes of one selection in one place."""

    selection: Identifier
    votes: Count


class SumNumbers(Struct):
    """How many units under a place stand how."""

    total: Count
    completed: Count
    in_process: Count
    quarantined: Count
    disputed: Count
    annulled: Count


class UnitSum(Struct):
    """A unit with others under it: its sums for one contest."""

    unit: Identifier
    name: str
    type: str
    totals: list[Votes]
    ballots_cast: Count
    invalid: Count
    voters_registered_counted: Count
    units: SumNumbers
    swing: ShownSwing = UNSET


class ContestView(Struct):
    """One whole contest as it stands: what is counted, and what that makes certain."""

    format: Literal["tally-contest/1"]
    contest: Identifier
    name: str
    election: Identifier
    label: Label
    position: Position
    as_of: Instant
    is_test: IsTest
    results_status: ResultsStatus
    totals: list[Total]
    valid: Count
    invalid: Count
    ballots_cast: Count
    voters_registered: Count
    voters_registered_counted: Count
    turnout: Fraction
    units: UnitNumbers
    outstanding: Outstanding
    leader: Annotated[str | None, Meta(description="null in a tie, and before the first vote.")]
    lead: Count
    claims: list[Claim]
    call: Annotated[None, Meta(description="Nobody calls in this release.")]
    swing: ShownSwing = UNSET
    subtotals: (
        Annotated[list[UnitSum], Meta(description="Children of the root; absent above 256.")] | UnsetType
    ) = UNSET


class LineUnits(Struct):
    """Units of a contest in one line."""

    total: Count
    completed: Count


class ContestLine(Struct):
    """A contest in one line."""

    contest: Identifier
    name: str
    leader: str | None
    lead: Count
    ballots_cast: Count
    units: LineUnits
    results_status: ResultsStatus
    decision: Annotated[list[str], Meta(description="Irreversible claims that say how it ends.")]
    seq: Annotated[int, Meta(ge=0, description="The last record that changed this contest.")]


class ElectionView(Struct):
    """Every contest of the election, one line each."""

    format: Literal["tally-election-view/1"]
    election: Identifier
    name: str
    label: Label
    is_test: IsTest
    definition_sha256: Sha256
    position: Position
    as_of: Instant
    total: Annotated[Count, Meta(description="Contests there are, or that were found.")]
    contests: list[ContestLine]


class NamedElection(Struct):
    """The election by name."""

    id: Identifier
    name: str


class NamedContest(Struct):
    """The contest by name, and its rule."""

    id: Identifier
    name: str
    rule: str
    seats: Annotated[int | None, Meta(description="As the rule says; null where it says none.")]


class NamedSelection(Struct):
    """A selection by name."""

    id: Identifier
    name: str
    party: str | None
    withdrawn: bool
    color: Annotated[str | None, Meta(description="#rrggbb, as the definition says.")]


class ShownMap(Struct):
    """A TopoJSON file, and which property of its features names units; null: whichever does, or their id."""

    url: str
    property: str | None


class Names(Struct):
    """Who a contest is between, without the places it is voted in."""

    format: Literal["tally-names/1"]
    definition_sha256: Sha256
    election: NamedElection
    contest: NamedContest
    selections: list[NamedSelection]
    map: Annotated[ShownMap | None, Meta(description="null: the night has none.")]


class OEmbed(Struct):
    """oEmbed 1.0, type rich."""

    type: Literal["rich"]
    version: Literal["1.0"]
    title: str
    provider_name: str
    provider_url: str
    cache_age: int
    thumbnail_url: str
    thumbnail_width: int
    thumbnail_height: int
    html: str
    width: int
    height: int


class Export(Struct):
    """Results to take away; rows have the columns of the CSV."""

    format: Literal["tally-export/1"]
    election: Identifier
    name: str
    date: str | None
    label: Label
    is_test: IsTest
    epoch: str
    seq: Count
    as_of: Instant
    contests: list[dict[str, Any]]

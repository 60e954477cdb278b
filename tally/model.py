"""The definition of what is being counted: election, units, contests, selections, caps."""

import re
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

FORMAT = "tally-election/1"
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z", re.ASCII)
ShippedMap: TypeAlias = Literal["ve", "us"]
REGISTERED = "registered"
"""The kind of cap that comes from a unit's register of voters."""


class Cap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At most `ballots` ballots can be cast. Hard only when the definition says so and the value is > 0."""

    ballots: int
    source: str = ""
    hard: bool = False


class PoolCap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A joint cap over several units, such as a county's mail ballots. Pools must nest or be disjoint."""

    id: str
    units: tuple[str, ...]
    ballots: int
    source: str = ""
    hard: bool = False


class Bound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the cap of a unit comes from when it states none of its own."""

    kind: Literal["registered", "none"] = "none"
    hard: bool = False


class Unit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A node of the tree of places. Those without children report counts; the others are sums.

    `parents` adds, per contest id, parents beyond `parent` (districts that cut across the tree).
    `type_caps` gives a count type a cap of its own; the other types share `cap`.
    `count_types` limits the types that apply here (None: all the contest declares).
    """

    id: str
    type: str = "precinct"
    name: str = ""
    parent: str | None = None
    voters_registered: int | None = None
    parents: dict[str, tuple[str, ...]] = {}
    cap: Cap | None = None
    type_caps: dict[str, Cap] = {}
    count_types: tuple[str, ...] | None = None


class Selection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a vote can be for. `units`: where it is on the ballot; `electable` is false for blank or null.

    `color`: #rrggbb, how pages mark it; without one they choose.
    """

    id: str
    name: str = ""
    party: str | None = None
    units: str | tuple[str, ...] = "all"
    electable: bool = True
    withdrawn: bool = False
    color: str | UnsetType = UNSET


class District(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a body: all that reports under `unit`, and what winning it is worth."""

    unit: str
    weight: int = 1


class Previous(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The election before, for swings and projections; nothing that decides looks at it.

    `map`: its selections to those of this contest they are compared with; the same id needs no entry, others left
    out count for nobody.
    `votes`: by reporting unit and its selections. `file`: a CSV beside the definition (columns unit, selection,
    votes, and contest where it holds several) that `votes` are read from.
    """

    contest: str = ""
    map: dict[str, str] = {}
    votes: dict[str, dict[str, int]] = {}
    file: str | None = None


class Contest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question put to voters. `rule` is a rule object of `tally decide`: a type and its parameters.

    `districts` are the parts of a body (an electoral college's states, a parliament's constituencies): a
    list, or a unit type, each unit of which is one. Who reports under none of them is of no known district.
    """

    id: str
    selections: tuple[Selection, ...]
    rule: dict[str, Any]
    name: str = ""
    votes_allowed: int = 1
    reconcile: Literal["refuse", "flag"] = "refuse"
    units: str | tuple[str, ...] = "all"
    count_types: tuple[str, ...] = ("total",)
    bound: Bound = Bound()
    caps: tuple[PoolCap, ...] = ()
    districts: str | tuple[District, ...] = ()
    previous: Previous | None = None


class Assumption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named assumption a claim may rest on.

    `turnout_max`: at most value[0] of value[1] voters of any unit vote. `caps_hold`: caps and pools from one
    of these `sources`, though nothing makes them hard, hold all the same.
    """

    id: str
    kind: Literal["turnout_max", "caps_hold"]
    value: tuple[int, int] = (1, 1)
    text: str = ""
    sources: tuple[str, ...] = ()


class Election(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the night is. `is_test` and `label` travel on every view and frame.

    `map`: which of the shipped maps shows its places; `ve` and `us` are those of states.
    """

    id: str
    name: str = ""
    date: str | None = None
    timezone: str | None = None
    is_test: bool = False
    label: str | None = None
    polls_close: str | None = None
    map: ShippedMap | UnsetType = UNSET


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of what is being counted: record 1 of every journal."""

    format: str
    election: Election
    units: tuple[Unit, ...]
    contests: tuple[Contest, ...]
    assumptions: tuple[Assumption, ...] = ()
    units_file: str | None = None


def read(written: dict[str, Any]) -> Definition:
    """A definition from plain objects; pools that were given no id are named by their place.

    Raises msgspec.ValidationError, whose text ends in the path of the bad field.
    """
    contests = written.get("contests")
    for contest in contests if isinstance(contests, list) else ():
        pools = contest.get("caps") if isinstance(contest, dict) else None
        for place, pool in enumerate(pools if isinstance(pools, list) else (), 1):
            if isinstance(pool, dict):
                pool.setdefault("id", f"pool-{place}")
    return msgspec.convert(written, Definition)


def canonical(definition: Definition) -> bytes:
    """The one byte form of a definition, which its SHA-256 is taken of: sorted keys, defaults written."""
    return msgspec.json.encode(definition, order="sorted")

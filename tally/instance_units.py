"""The units of an instance of `tally decide`: read strictly, gathered by what is alike."""

from collections.abc import Sequence

import msgspec

from tally.completions import (
    ALL,
    NO_POOL,
    NOWHERE,
    BallotForm,
    Completions,
    District,
    Group,
    ModalUnit,
    Pool,
    Ranked,
    mask_of,
)
from tally.reach import room_beside
from tally.refusal import Refusal
from tally.rules._params import Reader, selection, whole

UNIT_FIELDS = (
    "id", "counted", "ballots", "outstanding", "on_ballot", "min_outstanding", "annullable", "revote", "revisable",
    "weight", "district",
)  # fmt: skip


class _Unit(msgspec.Struct):
    """One unit as read; `doubtful` when it may be annulled, voted again or revised."""

    id: str
    unit: ModalUnit
    doubtful: bool
    district: str | None = None
    weight: int = 1


def read_units(
    reader: Reader,
    names: Sequence[str],
    form: BallotForm,
    annulled_max: int | None,
    *,
    ranked: bool = False,
    by_district: bool = False,
) -> Completions:
    """Return everything that may still come: units alike made one group, doubtful units each by itself.

    `ranked`: counted ballots are given as rankings. `by_district`: a unit belongs to the district it names,
    or is one by itself. Faults are noted in `reader`.
    """
    units = _units(reader, names, ranked=ranked)
    pools, pool_of = _pools(reader, {unit.id for unit in units})
    districts = _districts(reader, units) if by_district else {}
    places = {name: index for index, name in enumerate(districts)}
    gathered = _Gathered(len(names), districts)
    for unit in units:
        at = places[unit.district or unit.id] if by_district else NOWHERE
        placed = msgspec.structs.replace(unit.unit, pool=pool_of.get(unit.id, NO_POOL), district=at)
        gathered.take(placed, doubtful=unit.doubtful)
    groups = tuple(gathered.groups.values())
    parts = [*groups, *(unit.group for unit in gathered.modal)]
    if pools and not reader.faults and min(room_beside(parts, pools)) < 0:
        reader.fault("bad-definition", "more ballots known to be cast than the cap allows", "caps")
    return Completions(
        tuple(gathered.counted), groups, form, tuple(pools), tuple(gathered.modal), annulled_max,
        rankings=tuple(sorted(gathered.rankings.items())), districts=gathered.of_districts(),
        ballots_counted=gathered.ballots,
    )  # fmt: skip


class _Gathered:
    """Sums over units that stand as they are, and the units in doubt."""

    def __init__(self, size: int, districts: dict[str, int]) -> None:
        self.counted = [0] * size
        self.ballots = 0
        self.groups: dict[tuple[int, int, int], Group] = {}
        self.modal: list[ModalUnit] = []
        self.rankings: dict[tuple[int, ...], int] = {}
        self.weights = districts
        self.by_district = [[0] * size for _ in districts]

    def take(self, unit: ModalUnit, *, doubtful: bool) -> None:
        """Add one unit."""
        if doubtful:
            self.modal.append(unit)
            return
        self.ballots += sum(unit.counted) if unit.ballots is None else unit.ballots
        for j, number in enumerate(unit.counted):
            self.counted[j] += number
            if unit.district != NOWHERE:
                self.by_district[unit.district][j] += number
        for ranking, number in unit.rankings:
            self.rankings[ranking] = self.rankings.get(ranking, 0) + number
        key = (unit.on_ballot, unit.pool, unit.district)
        self.groups[key] = _joined(self.groups.get(key), unit.group)

    def of_districts(self) -> tuple[District, ...]:
        """The districts with what is counted in them, in the order in which units first name them."""
        return tuple(
            District(name, weight, tuple(counted))
            for (name, weight), counted in zip(self.weights.items(), self.by_district, strict=True)
        )


def _units(reader: Reader, names: Sequence[str], *, ranked: bool) -> list[_Unit]:
    listed = reader.raw.get("units")
    if not isinstance(listed, list):
        reader.fault("wrong-type", "a list of units", "units")
        listed = []
    units = [
        _unit(entry, f"/units/{index}", names, reader.faults, ranked=ranked)
        for index, entry in enumerate(listed)
    ]
    ids: set[str] = set()
    for index, unit in enumerate(units):
        if unit.id in ids:
            reader.fault("duplicate-key", f"{unit.id} is listed twice", "units", index, "id")
        ids.add(unit.id)
    return units


def _districts(reader: Reader, units: Sequence[_Unit]) -> dict[str, int]:
    """Return each district's weight, in the order in which units first name them; its units must agree."""
    weights: dict[str, int] = {}
    for index, unit in enumerate(units):
        name = unit.district or unit.id
        if weights.setdefault(name, unit.weight) != unit.weight:
            reader.fault(
                "bad-definition",
                f"units of district {name} give it different weights",
                "units",
                index,
                "weight",
            )
    return weights


def _joined(group: Group | None, other: Group) -> Group:
    """Return two groups alike in style, pool and district as one; None counts as an empty one."""
    if group is None:
        return other
    known = group.ballots_max is not None and other.ballots_max is not None
    most = (group.ballots_max or 0) + (other.ballots_max or 0) if known else None
    least = group.ballots_min + other.ballots_min
    return msgspec.structs.replace(group, ballots_max=most, ballots_min=least)


def _unit(entry: object, pointer: str, names: Sequence[str], faults: list[Refusal], *, ranked: bool) -> _Unit:
    size = len(names)
    if not isinstance(entry, dict):
        faults.append(Refusal("wrong-type", pointer, "an object"))
        return _Unit("", ModalUnit((0,) * size), doubtful=False)
    reader = Reader(entry, pointer, faults)
    reader.known(UNIT_FIELDS)
    name = entry.get("id")
    if not isinstance(name, str) or not name:
        reader.fault("field-missing" if name is None else "wrong-type", "the unit's id, a string", "id")
        name = ""
    rankings = _rankings(reader, names) if ranked else ()
    counted = _firsts(rankings, size) if ranked else _counted(reader, size)
    if "outstanding" not in entry:
        reader.fault("field-missing", "a whole number; null where nobody knows a bound", "outstanding")
    outstanding = reader.count_or_null("outstanding")
    least = reader.count("min_outstanding")
    if outstanding is not None and least > outstanding:
        reader.fault("count-out-of-range", f"at most outstanding, {outstanding}", "min_outstanding")
    annullable = reader.flag("annullable", default=False)
    revote = reader.count_or_null("revote")
    revisable = reader.count("revisable")
    unit = ModalUnit(
        counted, outstanding, least, _on_ballot(reader, size), NO_POOL, annullable, revote, revisable,
        None if ranked else reader.count_or_null("ballots"), rankings=rankings,
    )  # fmt: skip
    district = entry.get("district")
    if district is not None and not (isinstance(district, str) and district):
        reader.fault("wrong-type", "the district's name, a string", "district")
        district = None
    doubtful = annullable or revote is not None or revisable > 0
    return _Unit(name, unit, doubtful, district, reader.count("weight", 1))


def _rankings(reader: Reader, names: Sequence[str]) -> tuple[Ranked, ...]:
    """Return the counted ballots by ranking, each ranking once."""
    listed = reader.raw.get("ballots")
    if "counted" in reader.raw:
        reader.fault("unknown-field", "counted ballots are rankings here: give ballots", "counted")
    if not isinstance(listed, list):
        reader.fault("wrong-type", "a list of {ranking, count}", "ballots")
        return ()
    found: dict[tuple[int, ...], int] = {}
    for index, entry in enumerate(listed):
        one = Reader(
            entry if isinstance(entry, dict) else {}, f"{reader.pointer}/ballots/{index}", reader.faults
        )
        one.known(("ranking", "count"))
        ranking = one.raw.get("ranking")
        if not isinstance(ranking, list):
            one.fault("wrong-type", "a list of candidates, the first preference first", "ranking")
            continue
        order = tuple(selection(one, name, names, "ranking", place) for place, name in enumerate(ranking))
        if len(set(order)) < len(order):
            one.fault("duplicate-key", "a candidate is ranked twice", "ranking")
        number = whole(one, one.raw.get("count"), "count") or 0
        found[order] = found.get(order, 0) + number
    return tuple(sorted(found.items()))


def _firsts(rankings: Sequence[Ranked], size: int) -> tuple[int, ...]:
    """Return the first preferences, in selection order."""
    firsts = [0] * size
    for ranking, number in rankings:
        if ranking:
            firsts[ranking[0]] += number
    return tuple(firsts)


def _counted(reader: Reader, size: int) -> tuple[int, ...]:
    listed = reader.raw.get("counted")
    if not isinstance(listed, list) or len(listed) != size:
        reader.fault("wrong-type", f"a list of {size} whole numbers", "counted")
        return (0,) * size
    return tuple(whole(reader, number, "counted", j) or 0 for j, number in enumerate(listed))


def _on_ballot(reader: Reader, size: int) -> int:
    """Return the mask of the selections on the ballot; all of them when the field is null or missing."""
    listed = reader.raw.get("on_ballot")
    if listed is None:
        return ALL
    if not isinstance(listed, list):
        reader.fault("wrong-type", "a list of candidate indices", "on_ballot")
        return ALL
    found = []
    for position, value in enumerate(listed):
        index = whole(reader, value, "on_ballot", position)
        if index is not None and index >= size:
            reader.fault("count-out-of-range", f"below {size}", "on_ballot", position)
        elif index is not None:
            found.append(index)
    mask = mask_of(found)
    return ALL if mask == (1 << size) - 1 else mask


def _pools(reader: Reader, ids: set[str]) -> tuple[list[Pool], dict[str, int]]:
    """Return the caps as nested pools, the widest first, and each unit's innermost one."""
    listed = reader.raw.get("caps")
    if listed is None:
        return [], {}
    if not isinstance(listed, list):
        reader.fault("wrong-type", "a list of {units, max}", "caps")
        return [], {}
    caps = [_cap(entry, f"/caps/{index}", ids, reader.faults) for index, entry in enumerate(listed)]
    order = sorted(range(len(caps)), key=lambda index: -len(caps[index][0]))
    pools: list[Pool] = []
    inside: list[frozenset[str]] = []
    innermost: dict[str, int] = {}
    for index in order:
        members, most = caps[index]
        around = [place for place, other in enumerate(inside) if members <= other]
        if any(members & other and not members <= other for other in inside):
            reader.fault(
                "bad-definition", "caps are nested or have no unit in common", "caps", index, "units"
            )
        pools.append(Pool(most, around[-1] if around else NO_POOL))
        inside.append(members)
        for unit in members:
            innermost[unit] = len(pools) - 1
    return pools, innermost


def _cap(entry: object, pointer: str, ids: set[str], faults: list[Refusal]) -> tuple[frozenset[str], int]:
    if not isinstance(entry, dict):
        faults.append(Refusal("wrong-type", pointer, "an object {units, max}"))
        return frozenset(), 0
    reader = Reader(entry, pointer, faults)
    reader.known(("units", "max"))
    members: list[str] = []
    listed = entry.get("units")
    if not isinstance(listed, list) or not listed:
        reader.fault("wrong-type", "a list of unit ids, at least one", "units")
        listed = []
    for index, name in enumerate(listed):
        if not isinstance(name, str) or name not in ids:
            reader.fault("unknown-unit", "the id of a unit of this instance", "units", index)
        else:
            members.append(name)
    most = whole(reader, entry.get("max"), "max")
    return frozenset(members), most or 0

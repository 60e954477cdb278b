"""An instance of `tally decide`: parsed strictly, judged by its rule, answered as JSON."""

import msgspec

from tally.completions import ALL, NO_POOL, BallotForm, Completions, Group, ModalUnit, Pool, mask_of
from tally.reach import room_beside
from tally.refusal import Refusal
from tally.rules import RULES
from tally.rules._params import Reader, whole

FIELDS = ("id", "rule", "candidates", "params", "units", "caps")
BALLOT_FIELDS = ("ballot", "votes_per_ballot", "no_blank", "max_annulled")
UNIT_FIELDS = (
    "id", "counted", "outstanding", "on_ballot", "min_outstanding", "annullable", "revote", "revisable",
    "ballots", "weight", "district",
)  # fmt: skip
BALLOT_KINDS = ("choose", "cumulative", "score")


class Instance(msgspec.Struct, frozen=True):
    """One parsed instance: the rule's name, the candidates, its parameters, what may still come."""

    rule: str
    names: tuple[str, ...]
    params: object
    completions: Completions


class _Unit(msgspec.Struct):
    """One unit as read; `doubtful` when it may be annulled, voted again or revised."""

    id: str
    unit: ModalUnit
    doubtful: bool


def decide(raw: object) -> dict[str, object]:
    """Return the verdict on one instance, or {"errors": [{pointer, code, detail}, ...]}.

    Pure. Numbers are whole numbers; null says that there is no bound (or nothing to say it of).
    """
    instance = parse(raw)
    if isinstance(instance, list):
        return {"errors": [msgspec.structs.asdict(fault) for fault in instance]}
    rule = RULES[instance.rule]
    return rule.verdict(instance.completions, instance.params, instance.names)


def parse(raw: object) -> Instance | list[Refusal]:
    """Return the instance, or every fault found in it with its JSON pointer (RFC 6901)."""
    if not isinstance(raw, dict):
        return [Refusal("wrong-type", "", "a JSON object")]
    reader = Reader(raw, "")
    reader.known(FIELDS)
    name = raw.get("rule")
    if not isinstance(name, str) or name not in RULES:
        reader.fault("not-in-this-release", f"a rule of this release: {', '.join(RULES)}", "rule")
    names = _names(reader)
    params = raw.get("params")
    params = {} if params is None else params
    if not isinstance(params, dict):
        reader.fault("wrong-type", "an object", "params")
        params = {}
    of_rule = {key: value for key, value in params.items() if key not in BALLOT_FIELDS}
    if not isinstance(name, str) or name not in RULES:
        return reader.faults
    read = RULES[name].read(of_rule, "/params", len(names))
    if isinstance(read, list):
        reader.faults.extend(read)
    ballots = Reader(params, "/params", reader.faults)
    form = _form(ballots)
    annulled_max = ballots.count_or_null("max_annulled")
    completions = _completions(reader, len(names), form, annulled_max)
    return reader.faults or Instance(name, names, read, completions)


def _names(reader: Reader) -> tuple[str, ...]:
    """Return the candidates' names: at least one, all different."""
    listed = reader.raw.get("candidates")
    if not isinstance(listed, list) or not listed:
        reader.fault("wrong-type", "a list of names, at least one", "candidates")
        return ()
    for index, name in enumerate(listed):
        if not isinstance(name, str) or not name:
            reader.fault("wrong-type", "a name", "candidates", index)
        elif name in listed[:index]:
            reader.fault("duplicate-key", f"{name} is listed twice", "candidates", index)
    return tuple(str(name) for name in listed)


def _form(reader: Reader) -> BallotForm:
    kind = reader.one_of("ballot", BALLOT_KINDS)
    votes = reader.count("votes_per_ballot", 1, least=1)
    blank = not reader.flag("no_blank", default=False)
    if kind == "cumulative":
        return BallotForm("cumulative", votes, blank)
    return BallotForm("score" if kind == "score" else "choose", votes, blank)


def _completions(reader: Reader, size: int, form: BallotForm, annulled_max: int | None) -> Completions:
    """Return everything that may still come: units alike made one group, doubtful units each by itself."""
    listed = reader.raw.get("units")
    if not isinstance(listed, list):
        reader.fault("wrong-type", "a list of units", "units")
        listed = []
    units = [_unit(entry, f"/units/{index}", size, reader.faults) for index, entry in enumerate(listed)]
    ids: set[str] = set()
    for index, unit in enumerate(units):
        if unit.id in ids:
            reader.fault("duplicate-key", f"{unit.id} is listed twice", "units", index, "id")
        ids.add(unit.id)
    pools, pool_of = _pools(reader, ids)
    counted = [0] * size
    groups: dict[tuple[int, int], Group] = {}
    modal = []
    for unit in units:
        placed = msgspec.structs.replace(unit.unit, pool=pool_of.get(unit.id, NO_POOL))
        if unit.doubtful:
            modal.append(placed)
            continue
        for j, number in enumerate(placed.counted):
            counted[j] += number
        key = (placed.on_ballot, placed.pool)
        groups[key] = _joined(groups.get(key), placed.group)
    whole_set = tuple(groups.values())
    if (
        pools
        and not reader.faults
        and min(room_beside([*whole_set, *(unit.group for unit in modal)], pools)) < 0
    ):
        reader.fault("bad-definition", "more ballots known to be cast than the cap allows", "caps")
    return Completions(tuple(counted), whole_set, form, tuple(pools), tuple(modal), annulled_max)


def _joined(group: Group | None, other: Group) -> Group:
    """Return two groups alike in style and pool as one; None counts as an empty one."""
    if group is None:
        return other
    known = group.ballots_max is not None and other.ballots_max is not None
    most = (group.ballots_max or 0) + (other.ballots_max or 0) if known else None
    return Group(group.on_ballot, most, group.ballots_min + other.ballots_min, group.pool)


def _unit(entry: object, pointer: str, size: int, faults: list[Refusal]) -> _Unit:
    if not isinstance(entry, dict):
        faults.append(Refusal("wrong-type", pointer, "an object"))
        return _Unit("", ModalUnit((0,) * size), doubtful=False)
    reader = Reader(entry, pointer, faults)
    reader.known(UNIT_FIELDS)
    name = entry.get("id")
    if not isinstance(name, str) or not name:
        reader.fault("field-missing" if name is None else "wrong-type", "the unit's id, a string", "id")
        name = ""
    counted = _counted(reader, size)
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
        reader.count_or_null("ballots"),
    )  # fmt: skip
    return _Unit(name, unit, annullable or revote is not None or revisable > 0)


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

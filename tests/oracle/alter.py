"""One change to a certificate, its rows or its definition, with every hash made to fit again."""

import copy
import hashlib
import json
import random
from typing import Any, NamedTuple

import msgspec

from tally.checks import faults
from tally.layout import compile_definition
from tally.model import Definition

Json = dict[str, Any]


class Case(NamedTuple):
    """What a verifier is given."""

    certificate: Json
    rows: list[Json]
    definition: Json


class Altered(NamedTuple):
    """A case with one thing changed, and where."""

    case: Case
    where: str


def rehashed(case: Case) -> Case:
    """The case with every hash right for what it now says: a liar's work, not a slip's."""
    made = case.certificate
    if isinstance(made.get("data"), dict):
        lines = b"".join(_canonical(row) + b"\n" for row in case.rows)
        if "snapshot_sha256" in made["data"]:
            made["data"]["snapshot_sha256"] = hashlib.sha256(lines).hexdigest()
        if "definition_sha256" in made["data"]:
            made["data"]["definition_sha256"] = hashlib.sha256(_canonical(case.definition)).hexdigest()
    if "certificate_sha256" in made:
        body = {name: value for name, value in made.items() if name != "certificate_sha256"}
        made["certificate_sha256"] = hashlib.sha256(_canonical(body)).hexdigest()
    return case


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def altered(chance: random.Random, case: Case) -> Altered | None:
    """One random change that alters what is said; None: the draw changed nothing that matters."""
    twin = copy.deepcopy(case)
    pick = chance.choice([_in_certificate, _in_certificate, _in_rows, _in_definition])
    where = pick(chance, twin)
    return None if where is None else Altered(rehashed(twin), where)


# What a certificate says that rows and definition cannot know, and a witness says in more ways than one.
UNCHECKABLE = {
    "/data/epoch",
    "/data/as_of",
    "/certificate_sha256",
    "/data/snapshot_sha256",
    "/data/definition_sha256",
}


def _in_certificate(chance: random.Random, case: Case) -> str | None:
    places: list[tuple[str, Any, Any]] = []
    _walk(case.certificate, "", places)
    where, holder, key = chance.choice([place for place in places if place[0] not in UNCHECKABLE])
    if where.startswith("/witness/ballots") or where.rsplit("/", 1)[0].endswith("/shortages"):
        return (
            None  # blank ballots more or fewer leave it a witness; a shortage may be one more than is needed
        )
    before = copy.deepcopy(holder[key])
    if isinstance(holder, dict) and chance.random() < 0.1:
        if key == "whoever":
            return None  # of these very rivals it is as true
        if key == "shown_wrong" and "stated_hard" not in holder:
            return None  # once wrong and not called hard since: nothing rests on it
        if where == "/rule/seats" and before == 1:
            return None  # one seat is what no word about seats means
        del holder[key]
        return f"{where} dropped"
    if isinstance(holder, list) and chance.random() < 0.3:
        del holder[key]
        return f"{where} dropped"
    holder[key] = _other(chance, before)
    return None if holder[key] == before and type(holder[key]) is type(before) else where


def _walk(value: Any, where: str, places: list[tuple[str, Any, Any]]) -> None:
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in entries:
        places.append((f"{where}/{key}", value, key))
        _walk(inner, f"{where}/{key}", places)


def _other(chance: random.Random, value: Any) -> Any:
    """Another value for a field, mostly of its own kind."""
    if chance.random() < 0.1:
        return chance.choice([None, -1, "x", [], {}, 3.0, True])
    match value:
        case bool():
            return not value
        case int():
            return chance.choice([value + 1, value - 1, 0, value * 2, float(value), -value])
        case str():
            return chance.choice(
                [value + "x", value[:-1], "", "a", "open", "certain", "conditional", "rest", "C"]
            )
        case None:
            return chance.choice([0, 1, 7, "a", ["a"], False])
        case list():
            more = value + value[:1] if chance.random() < 0.5 else [*value, chance.choice([0, "a", None])]
            return chance.choice([more, value[1:], value[:-1]])
        case _:
            return value | {"more": 1}


def _in_rows(chance: random.Random, case: Case) -> str | None:
    rows, index = case.rows, chance.randrange(len(case.rows))
    row = rows[index]
    stands = row["standing"] != "annulled"
    match chance.choice(
        ["counts", "counts", "progress", "cap", "cap", "cap", "row", "field", "standing", "unit", "declared"]
    ):
        case "counts" if row["counts"] and stands:
            name = chance.choice(list(row["counts"]))
            row["counts"][name] += chance.choice([1, 2, -1 if row["counts"][name] else 1])
        case "progress" if stands:
            before = row["progress"]
            row["progress"] = chance.choice(["expected", "in-process", "completed", "not-installed"])
            done = {"completed", "not-installed"}
            if row["progress"] == before or {row["progress"], before} == done:
                return None  # a unit that is done is done
            if case_is_open_anyway(rows, row) or {row["progress"], before} <= {"expected", "in-process"}:
                return None  # the cell is open either way
        case "cap" if row["cap"]:
            name = chance.choice([n for n in row["cap"] if n not in {"held_ballots", "declared"}])
            value = row["cap"][name]
            if chance.random() < 0.2 and name != "ballots":
                del row["cap"][name]
            else:
                row["cap"][name] = not value if isinstance(value, bool) else (
                    value + chance.choice([1, -1, 5]) if isinstance(value, int) else _other(chance, value)
                )  # fmt: skip
            name = f"cap/{name}"
            if row["cap"].get("source") == "declared":
                return None  # what a box was declared to hold is the row's own word
            return f"/rows/{name}"
        case "row":
            what = chance.choice(["drop", "twice", "swap"])
            if what == "drop":
                del rows[index]
            elif what == "twice":
                rows.insert(index, copy.deepcopy(row))
            elif len(rows) > 1:
                other = (index + 1) % len(rows)
                rows[index], rows[other] = rows[other], rows[index]
            else:
                return None
            return f"/rows {what}"
        case "field":
            name = chance.choice(list(row))
            if name == "declared" and not everything_declared(row):
                return None  # a box that is not believed, or has a cap full, says nothing
            del row[name]
            return f"/rows/{name} dropped"
        case "standing" if any((row["counts"] or {}).values()):
            row["standing"] = "stands" if not stands else "annulled"
        case "unit":
            row["unit"] = chance.choice(["zz", "u99"])
        case "declared" if everything_declared(row):
            row["declared"] += chance.choice([1, 3, -1 if row["declared"] else 1])
        case _:
            return None
    return "/rows"


def everything_declared(row: Json) -> bool:
    """Whether all that is open in the row's cell declares its ballots, this row among them."""
    return "declared" in row and "declared" in (row["cap"] or {})


def case_is_open_anyway(rows: list[Json], row: Json) -> bool:
    """Whether the row's cell is open whatever its own progress."""
    cap = row["cap"] or {}
    types = cap.get("types", [row["type"]])
    others = [r for r in rows if r["unit"] == row["unit"] and r["type"] in types and r is not row]
    return "held_ballots" in cap or any(r["progress"] in {"expected", "in-process"} for r in others)


def _in_definition(chance: random.Random, case: Case) -> str | None:
    raw = case.definition
    declared = {row["unit"] for row in case.rows if (row["cap"] or {}).get("source") == "declared"}
    before = _meaning(raw, declared)
    contest, unit = chance.choice(raw["contests"]), chance.choice(raw["units"])
    match chance.choice(["unit", "unit", "selection", "contest", "pool", "election", "assumption", "units"]):
        case "unit":
            name = chance.choice(["voters_registered", "cap", "count_types", "parent"])
            unit[name] = {
                "voters_registered": (unit["voters_registered"] or 0) + chance.choice([1, 7]),
                "cap": {"ballots": chance.choice([1, 30]), "source": "x", "hard": chance.random() < 0.5},
                "count_types": contest["count_types"][:1],
                "parent": chance.choice(["n", None]) if any(u["id"] == "n" for u in raw["units"]) else None,
            }[name]
        case "selection":
            selection = chance.choice(contest["selections"])
            name = chance.choice(["id", "electable", "withdrawn", "units"])
            selection[name] = {
                "id": "z",
                "electable": False,
                "withdrawn": True,
                "units": [raw["units"][-1]["id"]],
            }[name]
        case "contest":
            name = chance.choice(["rule", "votes_allowed", "bound", "id", "count_types"])
            contest[name] = {
                "rule": contest["rule"] | {"seats": contest["rule"].get("seats", 1) + 1},
                "votes_allowed": contest["votes_allowed"] + 1,
                "bound": {"kind": "registered", "hard": not contest["bound"]["hard"]},
                "id": "other",
                "count_types": ["day"],
            }[name]
        case "pool" if contest["caps"]:
            pool = chance.choice(contest["caps"])
            name = chance.choice(["ballots", "hard", "units", "id", "source"])
            pool[name] = {
                "ballots": pool["ballots"] + 1, "hard": not pool["hard"], "units": pool["units"][:1], "id": "zz",
                "source": "guess",
            }[name]  # fmt: skip
        case "election":
            name = chance.choice(["id", "label", "is_test"])
            raw["election"][name] = {
                "id": "other",
                "label": "fiction",
                "is_test": not raw["election"]["is_test"],
            }[name]
        case "assumption" if raw["assumptions"]:
            raw["assumptions"][0]["value"] = [2, 3]
            if "half" not in {one["id"] for one in case.certificate["assumptions"]}:
                return None  # the claim does not rest on it
        case "units":
            raw["units"].append({**copy.deepcopy(unit), "id": "new"})
        case _:
            return None
    if faults(msgspec.convert(raw, Definition)) or _meaning(raw, declared) == before:
        return None  # no service can hold such a definition, or it says the same
    return "/definition"


def _meaning(raw: Json, declared: set[str]) -> object:
    """What a definition says of the contest, compiled: two with the same meaning differ in nothing that counts.

    The caps of units whose boxes were `declared` to hold fewer ballots count for nothing at the moment.
    """
    definition = msgspec.convert(raw, Definition)
    layout = compile_definition(definition, "")
    one = layout.contests[0]
    turnout = any(reading.turnout for reading in one.variants)
    by_cell = [
        (one.units[unit].id, rows, None if one.units[unit].id in declared else cap,
         one.styles[one.groups[group].style], one.groups[group].pool)
        for unit, rows, group, *cap in zip(
            one.cells.unit, one.cells.rows, one.cells.group, one.cells.cap, one.cells.hard, one.cells.kind,
            strict=True,
        )
        if rows
    ]  # fmt: skip
    marked = one.rule is None or one.rule.TRAITS.ballot == "votes"
    votes = one.contest.rule.get("votes_per_ballot", one.contest.votes_allowed) if marked else None
    places = {unit.id: at for unit, at in zip(one.units, one.district_of, strict=True)}
    return (
        one.districts, places,
        by_cell, [(p.id, p.ballots, p.hard and p.ballots > 0, p.source) for p in one.pools], one.pool_parent,
        one.electable, one.contest.rule, votes, one.contest.id, [s.id for s in one.contest.selections],
        sorted(zip((u.id for u in one.units), one.registered, strict=True)) if turnout else None,
        definition.election, one.contest.count_types, [(a.id, a.value) for a in definition.assumptions],
    )  # fmt: skip

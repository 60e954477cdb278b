"""An instance of `tally decide` as a night of the running service: definition, reports, state."""

from typing import Any

import msgspec

from tally import engine
from tally.model import Definition, read
from tally.report import CountBatch, CountReport, RankedCount
from tally.state import State

Json = dict[str, Any]


def tellable(raw: Json) -> bool:
    """Whether a night can say all an instance does: for doubts it has the desk, and ballots name who is on them."""
    if raw["params"].get("pool") or "max_annulled" in raw["params"]:
        return False
    for unit in raw["units"]:
        doubt = any(unit.get(name) for name in ("annullable", "revisable", "min_outstanding"))
        names = unit.get("on_ballot", range(len(raw["candidates"])))
        strays = any(votes and j not in names for j, votes in enumerate(unit.get("counted", ())))
        ranked = {name for one in _ranked(unit) for name in one["ranking"]}
        on_ballot = {*names, *(raw["candidates"][j] for j in names)}
        if (
            doubt
            or strays
            or not ranked <= on_ballot
            or unit.get("revote") is not None
            or unit["outstanding"] is None
        ):
            return False
    return True


def definition_of(raw: Json) -> Definition:
    """The election in which that instance can come about: a unit a unit, its cap what is counted and outstanding."""
    size, units = len(raw["candidates"]), raw["units"]
    names = [f"s{j}" for j in range(size)]
    rule = {"type": raw["rule"], **_named(raw["params"], raw["candidates"], names)}
    places = list(dict.fromkeys(unit["district"] for unit in units if unit.get("district")))
    weights = {unit["district"]: unit.get("weight", 1) for unit in units if unit.get("district")}
    contest: Json = {
        "id": "c",
        "rule": rule,
        "selections": [
            {"id": name, "units": [u["id"] for u in units if j in u.get("on_ballot", range(size))] or ["nowhere"]}
            for j, name in enumerate(names)
        ],
        "votes_allowed": 1 if raw["rule"] != "positional" else max(1, sum(raw["params"]["scores"])),
        "reconcile": "flag",
        "caps": [
            {"id": f"p{p}", "units": cap["units"], "source": "printed", "hard": True,
             "ballots": cap["max"] + sum(_cast(raw, u) for u in units if u["id"] in cap["units"])}
            for p, cap in enumerate(raw.get("caps", []))
        ],
        "districts": [{"unit": place, "weight": weights[place]} for place in places],
    }  # fmt: skip
    leaves = [
        {"id": unit["id"], "parent": unit.get("district"), "voters_registered": 9,
         "cap": {"ballots": _cast(raw, unit) + unit["outstanding"], "source": "printed", "hard": True}}
        for unit in units
    ]  # fmt: skip
    nowhere = [{"id": "nowhere", "cap": {"ballots": 1, "source": "printed", "hard": True}}]
    return read({
        "format": "tally-election/1", "election": {"id": "e"}, "contests": [contest],
        "units": [{"id": place, "type": "state"} for place in places] + leaves + nowhere,
    })  # fmt: skip


def _named(value: Any, before: list[str], after: list[str]) -> Any:
    """Parameters with every selection's name changed."""
    if isinstance(value, dict):
        return {key: _named(inner, before, after) for key, inner in value.items()}
    if isinstance(value, list):
        return [_named(inner, before, after) for inner in value]
    return after[before.index(value)] if isinstance(value, str) and value in before else value


def _ranked(unit: Json) -> list[Json]:
    return unit["ballots"] if isinstance(unit.get("ballots"), list) else []


def _cast(raw: Json, unit: Json) -> int:
    if "counted" not in unit:
        return sum(one["count"] for one in _ranked(unit))
    given = unit.get("ballots")
    return max(1, sum(unit["counted"]) if given is None else given) - (not any(unit["counted"]) and not given)


def night_of(raw: Json) -> State:
    """The state in which exactly those votes are counted and those ballots outstanding."""
    definition = msgspec.convert(msgspec.to_builtins(definition_of(raw)), Definition)
    state = engine.open_state(engine.define(definition, 1_000))
    reports = [_report(raw, unit) for unit in raw["units"]]
    nothing = {f"s{j}": 0 for j in range(len(raw["candidates"]))}
    closed = CountReport("nowhere", "c", 1, "completed", nothing, 0, 0)
    step = engine.step(state, CountBatch("e", "b", "s", (*reports, closed)), 2_000)
    assert step.record is not None, step.refusals
    return engine.apply(state, step.record, step.effects)


def _report(raw: Json, unit: Json) -> CountReport:
    names = raw["candidates"]
    status = "in-process" if unit["outstanding"] else "completed"
    if "counted" in unit:
        counts = {f"s{j}": votes for j, votes in enumerate(unit["counted"])}
        return CountReport(unit["id"], "c", 1, status, counts, _cast(raw, unit), 0)
    ballots = []
    counts = dict.fromkeys((f"s{j}" for j in range(len(names))), 0)
    for one in _ranked(unit):
        ranking = tuple(f"s{names.index(name) if isinstance(name, str) else name}" for name in one["ranking"])
        ballots.append(RankedCount(ranking, one["count"]))
        if ranking:
            counts[ranking[0]] += one["count"]
    blank = sum(one.count for one in ballots if not one.ranking)
    return CountReport(unit["id"], "c", 1, status, counts, _cast(raw, unit), blank, ballots=tuple(ballots))

"""Instant runoff, STV and points from rankings, by enumerating every ballot's ranking."""

import random
from collections.abc import Iterable
from itertools import product

from tally.rules import _ground, _mixture, _orders, _points, _quota, _room, _settle, irv, stv
from tests.oracle.families import End, Json, Said
from tests.oracle.families._rankings_law import (
    ballot_of,
    joined,
    packed,
    points_of,
    rankings,
    runoff_winners,
    stv_outcomes,
    tallies_of,
    totals_of,
    ways,
)
from tests.oracle.mutants import Mutant

RULES = ("irv", "positional", "stv")
SHARE = 25
NOT_RARE = (
    "irv certain", "irv open", "irv out", "irv with styles", "irv with caps", "irv with modes", "irv with a tie",
    "irv with nobody yet", "irv skipping", "irv with no bound but a cap", "positional elected", "positional eliminated", "positional full",
    "positional truncated", "positional with styles", "positional with caps", "positional with modes",
    "stv elected", "stv eliminated",
)  # fmt: skip
SUFFICIENT = frozenset({"stv"})


# Drawing


def draw(rng: random.Random) -> Json:
    rule = rng.choice(["irv", "irv", "irv", "positional", "positional", "stv"])
    return {"irv": _draw_irv, "positional": _draw_positional, "stv": _draw_stv}[rule](rng)


def _draw_close(rng: random.Random) -> Json:
    """Instant runoff of four in which rounds are close and two ballots come: often no single lead says it all."""
    names = [f"C{j}" for j in range(4)]
    unit: Json = {"id": "u0", "outstanding": 2, "ballots": _ballots(rng, 4, rng.choice([6, 8, 10, 12]))}
    if rng.random() < 0.4:
        unit["on_ballot"] = sorted(rng.sample(range(4), 3))
    return {"rule": "irv", "candidates": names, "params": {}, "units": [unit]}


def _draw_chain(rng: random.Random) -> Json:
    """Instant runoff that D can win only by ballots that first keep B in and then move on to D."""
    names = [f"C{j}" for j in range(4)]
    a, b, c, d = rng.sample(names, 4)
    more = rng.randint(0, 3)
    few = rng.random() < 0.3
    listed = [([a], 4 + more), ([b, a], 2 + more), ([c, a], 5 + more), ([d], 4 + more - few)]
    ballots = [{"ranking": ranking, "count": count} for ranking, count in listed]
    unit: Json = {"id": "u0", "outstanding": 2, "ballots": ballots}
    if rng.random() < 0.4:
        left_out = rng.choice([b, d])
        unit["on_ballot"] = [j for j, name in enumerate(names) if name != left_out]
    return {"rule": "irv", "candidates": names, "params": {}, "units": [unit]}


def _draw_irv(rng: random.Random) -> Json:
    special = rng.random()
    if special < 0.28:
        return _draw_close(rng) if special < 0.25 else _draw_chain(rng)
    size = rng.choice([1, 2, 3, 3, 3, 4, 4, 4, 4, 5, 3])
    budget = {1: 3, 2: 4, 3: 3, 4: 2, 5: 1}[size] + (size == 3 and rng.random() < 0.1)
    kind = rng.choice(["plain", "plain", "styles", "caps", "modes", "all"])
    params: Json = {}
    if rng.random() < 0.15:
        params["eliminate_first"] = [f"C{j}" for j in range(size) if rng.random() < 0.3]
    if kind in {"modes", "all"} and rng.random() < 0.4:
        params["max_annulled"] = rng.randint(0, 2)
    units = _units(rng, size, budget, kind)
    ended = rng.random() < 0.06
    for unit in units:
        unit["ballots"] = _ballots(rng, size, rng.choice([0, 2, 4, 7, 10]))
        if ended:
            unit.update(outstanding=0, min_outstanding=0)
    raw = {"rule": "irv", "candidates": [f"C{j}" for j in range(size)], "params": params, "units": units}
    return _capped(rng, raw, kind)


def _ballots(rng: random.Random, size: int, number: int, kinds: int = 5) -> list[Json]:
    """Counted ballots; a few rankings have most of them, so that rounds are close."""
    known = [tuple(rng.sample(range(size), rng.randint(1, size))) for _ in range(rng.randint(1, kinds))]
    found: dict[tuple[int, ...], int] = {}
    for _ in range(number):
        order = (
            rng.choice(known) if rng.random() < 0.8 else tuple(rng.sample(range(size), rng.randint(0, size)))
        )
        found[order] = found.get(order, 0) + 1
    return [{"ranking": [f"C{j}" for j in order], "count": count} for order, count in found.items()]


def _units(rng: random.Random, size: int, budget: int, kind: str) -> list[Json]:
    """Units without what is counted: at most so many ballots between them, re-votes included."""
    units = []
    for index in range(rng.choice([1, 2, 2, 3])):
        unit: Json = {"id": f"u{index}", "outstanding": rng.randint(0, budget)}
        budget -= unit["outstanding"]
        if kind in {"styles", "all"} and rng.random() < 0.6:
            unit["on_ballot"] = sorted(rng.sample(range(size), rng.randint(0, size)))
        if rng.random() < 0.25:
            unit["min_outstanding"] = rng.randint(0, unit["outstanding"])
        if kind in {"modes", "all"} and rng.random() < 0.6:
            if rng.random() < 0.7:
                unit["annullable"] = True
            if rng.random() < 0.4 and budget:
                unit["revote"] = rng.randint(0, budget)
                budget -= unit["revote"]
        units.append(unit)
    return units


def _capped(rng: random.Random, raw: Json, kind: str) -> Json:
    """The instance with nested caps, where its kind has them."""
    if kind not in {"caps", "all"}:
        return raw
    ids = [unit["id"] for unit in raw["units"]]
    inner = rng.sample(ids, rng.randint(1, len(ids)))
    caps = [{"units": inner, "max": rng.randint(0, 2)}]
    if rng.random() < 0.5:
        caps.append({"units": ids, "max": rng.randint(0, 3)})
    least = {unit["id"]: unit.get("min_outstanding", 0) for unit in raw["units"]}
    for cap in caps:
        cap["max"] = max(cap["max"], sum(least[name] for name in cap["units"]))
    raw["caps"] = caps if len(caps) == 1 or set(inner) != set(ids) else caps[:1]
    size = len(raw["candidates"])
    few = size <= 3 or (size == 4 and max(cap["max"] for cap in caps) <= 1)
    for unit in raw["units"]:
        if unit["id"] in inner and few and rng.random() < 0.2:
            unit["outstanding"] = None  # only the cap bounds it
    return raw


def _draw_positional(rng: random.Random) -> Json:
    size = rng.choice([1, 2, 3, 3, 4, 4])
    truncation = rng.random() < 0.5
    kind = rng.choice(["plain", "plain", "styles", "caps", "modes", "all"])
    units = _units(rng, size, 2 + (size < 4) + (rng.random() < 0.06), kind)
    for unit in units:
        if not truncation:
            unit.pop("on_ballot", None)
        unit["counted"] = [rng.choice([0, 0, 1, 2, 3, 4, 6, 9]) for _ in range(size)]
        if kind in {"modes", "all"} and rng.random() < 0.3:
            unit["revisable"] = 1
    scores = sorted((rng.randint(0, 4) for _ in range(rng.randint(1, size))), reverse=True)
    if rng.random() < 0.3:
        scores = list(range(size - 1, -1, -1))
    params: Json = {"scores": scores, "truncation": truncation}
    if kind in {"modes", "all"} and rng.random() < 0.4:
        params["max_annulled"] = rng.randint(0, 2)
    names = [f"C{j}" for j in range(size)]
    return _capped(rng, {"rule": "positional", "candidates": names, "params": params, "units": units}, kind)


def _draw_surplus(rng: random.Random) -> Json:
    """Two seats, and one far ahead whose ballots may carry the lowest past the others."""
    names = [f"C{j}" for j in range(4)]
    a, b, c, d = rng.sample(names, 4)
    listed = [([a, c], rng.randint(6, 9)), ([b], rng.randint(3, 4)), ([d], rng.randint(3, 4))]
    listed.append(([c], rng.randint(0, 1)))
    ballots = [{"ranking": ranking, "count": count} for ranking, count in listed]
    unit = {"id": "u0", "outstanding": rng.choice([0, 0, 1]), "ballots": ballots}
    return {"rule": "stv", "candidates": names, "params": {"seats": 2}, "units": [unit]}


def _draw_stv(rng: random.Random) -> Json:
    if rng.random() < 0.05:
        return _draw_surplus(rng)
    size = rng.choice([2, 3, 3, 3, 4])
    kind = rng.choice(["plain", "plain", "styles", "caps", "modes"])
    units = _units(rng, size, 1 if size == 4 else 2, kind)
    for unit in units:
        unit["ballots"] = _ballots(rng, size, rng.choice([0, 2, 4, 7, 10, 14]), rng.choice([2, 3, 5]))
    params = {"seats": rng.choice([1, 2, 2, 3])}
    names = [f"C{j}" for j in range(size)]
    return _capped(rng, {"rule": "stv", "candidates": names, "params": params, "units": units}, kind)


# Ends


def _continuing(raw: Json) -> tuple[int, ...]:
    skipped = raw["params"].get("eliminate_first", [])
    return tuple(j for j, name in enumerate(raw["candidates"]) if name not in skipped)


def _worth(raw: Json, ranking: tuple[int, ...]) -> int:
    """What one ballot of this ranking adds to an end."""
    if raw["rule"] == "positional":
        return points_of(ranking, tuple(raw["params"]["scores"]))
    of = tallies_of if raw["rule"] == "irv" else ballot_of
    return of(ranking, _continuing(raw))


def _counted(raw: Json, unit: Json) -> int:
    if raw["rule"] == "positional":
        return packed(tuple(unit["counted"]))
    place = {name: j for j, name in enumerate(raw["candidates"])}
    return sum(
        one["count"] * _worth(raw, tuple(place[name] for name in one["ranking"])) for one in unit["ballots"]
    )


def _revised(unit: Json) -> frozenset[int]:
    step = unit.get("revisable", 0)
    if not step:
        return frozenset()
    spans = [range(max(0, number - step), number + step + 1) for number in unit["counted"]]
    return frozenset(packed(moved) for moved in product(*spans))


def ends(raw: Json) -> Iterable[End]:
    size = len(raw["candidates"])
    full = raw["rule"] == "positional" and not raw["params"]["truncation"]
    of_units = []
    for unit in raw["units"]:
        names = tuple(unit.get("on_ballot", range(size)))
        ballots = frozenset(_worth(raw, ranking) for ranking in rankings(names, len(names) if full else 0))
        blank = _worth(raw, ())
        bounds = [cap["max"] for cap in raw.get("caps", []) if unit["id"] in cap["units"]]
        bounds += [unit["outstanding"]] if unit["outstanding"] is not None else []
        start = frozenset({_counted(raw, unit)})
        of_units.append(ways(unit | {"outstanding": min(bounds)}, start, _revised(unit), ballots | {blank}))
    return joined(raw, of_units)


def end_of(raw: Json, witness: object) -> End:
    if raw["rule"] == "positional":
        return packed(witness.totals)
    doubtful = [u for u in raw["units"] if u.get("annullable") or u.get("revote") is not None]
    total = sum(_counted(raw, unit) for unit in raw["units"] if unit not in doubtful)
    for unit, fate in zip(doubtful, witness.fates, strict=True):
        total += _counted(raw, unit) if fate.mode == "keep" else 0
    for cast in (*witness.cast, *(fate.cast for fate in witness.fates)):
        said = sum(number for _, number in cast.rankings)
        total += sum(number * _worth(raw, ranking) for ranking, number in cast.rankings)
        total += (cast.ballots - said) * _worth(raw, ())
    return total


# The law


def _outcomes(raw: Json, end: End) -> frozenset[frozenset[int]]:
    """Every set of winners, whatever way ties are broken."""
    if raw["rule"] == "irv":
        return frozenset(frozenset({j}) for j in runoff_winners(end, _continuing(raw)))
    if raw["rule"] == "stv":
        return stv_outcomes(end, _continuing(raw), raw["params"]["seats"])
    totals = totals_of(end, len(raw["candidates"]))
    return frozenset(frozenset({j}) for j, number in enumerate(totals) if number == max(totals))


def answer(raw: Json, ends: Iterable[End]) -> Json:
    names = raw["candidates"]
    possible = frozenset(outcome for end in ends for outcome in _outcomes(raw, end))
    elected = [name for j, name in enumerate(names) if possible and all(j in one for one in possible)]
    out = [name for j, name in enumerate(names) if not any(j in one for one in possible)]
    if raw["rule"] == "irv":
        return {
            "winner_certain": elected[0] if elected else None,
            "possible_winners": [name for name in names if name not in out],
        }
    if raw["rule"] == "stv":
        return {"elected": elected, "eliminated": out}
    leads: dict[str, int | None] = dict.fromkeys(names)
    if len(names) > 1:
        every = [totals_of(end, len(names)) for end in ends]
        for i, name in enumerate(names):
            leads[name] = min(end[i] - max(other for j, other in enumerate(end) if j != i) for end in every)
    return {"elected": elected, "eliminated": out, "worst_margin": leads}


def true_of(raw: Json, said: Said, end: End) -> bool:
    who = raw["candidates"].index(said.who[0])
    possible = _outcomes(raw, end)
    if said.kind == "elected":
        return bool(possible) and all(who in one for one in possible)
    return not any(who in one for one in possible)


def kinds(raw: Json, expected: Json) -> list[str]:
    rule, units = raw["rule"], raw["units"]
    found = [f"{rule} of {len(raw['candidates'])}"]
    features = {
        "with styles": any("on_ballot" in unit for unit in units),
        "with caps": bool(raw.get("caps")),
        "with modes": any(u.get("annullable") or u.get("revote") is not None or u.get("revisable") for u in units),
        "skipping": bool(raw["params"].get("eliminate_first")),
        "full": raw["params"].get("truncation") is False,
        "truncated": raw["params"].get("truncation") is True,
        "with nobody yet": rule == "irv" and not any(unit["ballots"] for unit in units),
        "with a tie": rule == "irv" and len(expected.get("possible_winners", [])) > 1
        and not any(unit["outstanding"] != 0 for unit in units),
        "with no bound but a cap": any(unit["outstanding"] is None for unit in units),
    }  # fmt: skip
    found += [f"{rule} {name}" for name, there in features.items() if there]
    if rule == "irv":
        found.append("irv open" if expected["winner_certain"] is None else "irv certain")
        found += ["irv out"] * (len(raw["candidates"]) - len(expected["possible_winners"]))
        return found
    found += [f"{rule} elected"] * len(expected["elected"])
    found += [f"{rule} eliminated"] * len(expected["eliminated"])
    return found


MUTANTS = (
    Mutant("a tie keeps somebody in the count", _orders._Search._contradiction, ">= self.slack_min", ">= self.slack_min - 1"),
    Mutant("nobody with first preferences is ever passed", _ground.Ground.always_ahead, "one.not_behind(other, who)", "0"),
    Mutant("the strongest goes", _orders._all_to, "lowest = min(", "lowest = max("),
    Mutant("one order stands for all", _orders._Search.explore, "if cut <= len(ending):", "if cut < len(ending) + 2:"),
    Mutant("a vote more than a tie is needed", _mixture._Question._rows, "[self.order[t]])", "[self.order[t]] - 1)"),
    Mutant("a vote less than a tie is enough", _mixture._Question._rows, "[self.order[t]])", "[self.order[t]] + 1)"),
    Mutant("a ballot never moves on", _mixture._supports, "if j >= t)", "if j >= t and j == path[0])"),
    Mutant("ballots of a style come from one group", _ground.Ground.ballots_of, "self.parts[index]]", "self.parts[index][:1]]"),
    Mutant("write-ins stay in", irv.continuing_at_first, "j not in params.eliminate_first", "True"),
    Mutant("annulled ballots still count", _settle._settled, 'if mode in {"keep", "revise"}:', "if True:"),
    Mutant("any number of units changes", _settle._modes, "min(left, len(others))", "len(others)"),
    Mutant("nobody comes to the re-vote", _settle._brings, "unit.revote or 0", "0"),
    Mutant("one way for the modes is enough", irv.Found.out.fget, "all(isinstance", "any(isinstance"),
    Mutant("a full ballot can leave somebody out", _points.loss, "if not scores.partial and", "if False and"),
    Mutant("a short ballot ranks everybody", _points.loss, "if not scores.partial and", "if"),
    Mutant("a tie in points decides", _points.Pair.holds.fget, "self.slack > 0", "self.slack >= 0"),
    Mutant("revised in nobody's favour", _points.pair, "worst - one.fall[who]", "worst"),
    Mutant("revised below nothing", _points.case_of, "min(unit.revisable, number)", "unit.revisable"),
    Mutant("rivals need room to spare", _room._crowd, "room < points", "room <= points"),
    Mutant("rivals share the best places", _room._crowd, "least = sorted(scores)", "least = sorted(scores, reverse=True)"),
    Mutant("a quota of one seat fewer", _quota.quota, "(seats + 1) * firsts", "(seats + 2) * firsts"),
    Mutant("surpluses stay where they are", _quota.kept, "min((seats + 1) * firsts.votes[j], ballots)", "(seats + 1) * firsts.votes[j]"),
    Mutant("level with the kept is out", _quota.kept, "if slack > 0:", "if slack >= 0:"),
    Mutant("the quota does not grow", _quota.Firsts.ballots_max.fget, "+ self.outstanding", ""),
    Mutant("one quota fills all seats", stv._of_way, "len(filled) == seats", "filled"),
)  # fmt: skip

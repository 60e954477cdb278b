"""Bodies made of districts by enumeration: colleges, the district method, a vote with spread."""

import random
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from math import comb
from typing import Any

from tally.rules import _at_large, _bodies, _electors, _majority, _nobody, _spread
from tests.oracle.ballots import ends as all_ends
from tests.oracle.families import End, Json, Said
from tests.oracle.mutants import Mutant

RULES = ("electoral_college", "district_method", "spread")
SHARE = 30
SUFFICIENT: frozenset[str] = frozenset()
NOT_RARE = (
    "winner certain", "no majority possible", "majority certain", "with a pool", "several can win", "at large lost",
    "spread won", "nobody for certain", "somebody for certain", "nobody possible", "with modes", "only sufficient",
)  # fmt: skip

Votes = tuple[int, ...]


ENDS_MAX = 1_500  # roughly, of one instance


def draw(rng: random.Random) -> Json:
    while True:
        raw = _draw(rng)
        if _weight(raw) <= ENDS_MAX:
            return raw


def _weight(raw: Json) -> int:
    """A rough number of ends: votes each unit, and ballots from afar, can bring."""
    size, places = len(raw["candidates"]), len(_districts(raw))
    total = comb(raw["params"].get("pool", 0) + size * places, size * places)
    for unit in raw["units"]:
        names = len(unit.get("on_ballot", range(size)))
        modes = 1 + bool(unit.get("annullable")) + (unit.get("revote") or 0) * names
        total *= comb(unit["outstanding"] + names, names) * modes
    return total


def _draw(rng: random.Random) -> Json:
    rule = rng.choice(["electoral_college", "electoral_college", "district_method", "spread"])
    size = rng.choice([2, 2, 3] if rule == "spread" else [2, 2, 3, 3])
    places = rng.choice([2, 3] if rule == "electoral_college" else [1, 2, 2])
    top = rng.choice([1, 2, 4, 8])
    odd = rng.random() < 0.3
    units = []
    for d in range(places):
        parts = 2 if odd and rng.random() < 0.3 else 1
        units += [_unit(rng, d, part, size, top, odd=odd) for part in range(parts)]
    raw: Json = {
        "rule": rule,
        "candidates": list("ABC"[:size]),
        "params": _params(rng, rule, units),
        "units": units,
    }
    if odd and rng.random() < 0.4:
        some = rng.sample([unit["id"] for unit in units], rng.randint(1, len(units)))
        raw["caps"] = [{"units": some, "max": rng.randint(0, 2)}]
        least = {unit["id"]: unit.get("min_outstanding", 0) for unit in units}
        raw["caps"][0]["max"] = max(raw["caps"][0]["max"], sum(least[name] for name in some))
    return raw


def _unit(rng: random.Random, d: int, part: int, size: int, top: int, *, odd: bool) -> Json:
    unit: Json = {
        "id": f"u{d}{part}",
        "district": f"d{d}",
        "counted": [rng.randint(0, top) for _ in range(size)],
        "outstanding": rng.choice([0, 1, 1, 2, 3]),
    }
    if odd and rng.random() < 0.4:
        unit["on_ballot"] = sorted(rng.sample(range(size), rng.randint(1, size)))
    if odd and rng.random() < 0.3:
        unit["annullable"] = True
    if odd and rng.random() < 0.15:
        unit["revote"] = rng.randint(0, 1)
    if odd and rng.random() < 0.2:
        unit["min_outstanding"] = rng.randint(0, unit["outstanding"])
    return unit


def _params(rng: random.Random, rule: str, units: list[Json]) -> Json:
    params: Json = {}
    if rng.random() < 0.08:
        params["no_blank"] = True
    if rule == "electoral_college":
        if rng.random() < 0.6:
            weights = {unit["district"]: rng.randint(1, 3) for unit in units}
            for unit in units:
                unit["weight"] = weights[unit["district"]]
        if rng.random() < 0.5:
            params["pool"] = rng.randint(0, 3)
        if rng.random() < 0.5:
            params["need"] = rng.randint(1, 5)
    elif rule == "district_method":
        params["at_large"] = rng.randint(0, 3)
    else:
        params["national"] = rng.choice(["plurality", "majority"])
        share = rng.choice([[1, 4], [1, 5], [1, 3], [1, 2], [2, 3]])
        places = len({unit["district"] for unit in units})
        params["spread"] = {"fraction": share, "strict": rng.random() < 0.5, "units": rng.randint(0, places)}
        if rng.random() < 0.1:
            params["max_annulled"] = 1
    return params


def _districts(raw: Json) -> list[str]:
    return list(dict.fromkeys(unit.get("district") or unit["id"] for unit in raw["units"]))


def _weights(raw: Json) -> list[int]:
    found: dict[str, int] = {}
    for unit in raw["units"]:
        found[unit.get("district") or unit["id"]] = unit.get("weight", 1)
    return list(found.values())


def ends(raw: Json) -> Iterator[End]:
    """Every end: votes by district. The units of all districts are enumerated together, one slot a district."""
    names, size = _districts(raw), len(raw["candidates"])
    wide = []
    for unit in raw["units"]:
        at = names.index(unit.get("district") or unit["id"]) * size
        counted = [0] * (size * len(names))
        counted[at : at + size] = unit["counted"]
        on_ballot = [at + j for j in unit.get("on_ballot", range(size))]
        wide.append(unit | {"counted": counted, "on_ballot": on_ballot})
    pool = raw["params"].get("pool", 0)
    slots = [str(j) for j in range(size * len(names))]
    if pool:
        wide.append({"id": "afar", "counted": [0] * len(slots), "outstanding": pool})
    big = raw | {"candidates": slots, "units": wide}
    for end in all_ends(big):
        yield tuple(end[d * size : (d + 1) * size] for d in range(len(names)))


def _winners(votes: Votes) -> list[int]:
    return [j for j, number in enumerate(votes) if number == max(votes)]


def _results(raw: Json, end: End) -> frozenset[Votes]:
    at_large = raw["params"].get("at_large", 0) if raw["rule"] == "district_method" else None
    return _results_of(end, tuple(_weights(raw)), at_large)


@cache
def _results_of(end: End, weights: tuple[int, ...], at_large: int | None) -> frozenset[Votes]:
    """Electors by selection, then districts won by selection, for every way to break ties."""
    size = len(end[0])
    stakes = [(_winners(votes), weight, 1) for votes, weight in zip(end, weights, strict=True)]
    if at_large is not None:
        stakes.append((_winners(tuple(map(sum, zip(*end, strict=True)))), at_large, 0))
    found = set()
    for winners in product(*(able for able, _, _ in stakes)):
        electors, won = [0] * size, [0] * size
        for who, (_, weight, one) in zip(winners, stakes, strict=True):
            electors[who] += weight
            won[who] += one
        found.add((*electors, *won))
    return frozenset(found)


def _need(raw: Json) -> int:
    return raw["params"].get("need") or sum(_weights(raw)) // 2 + 1


def _elected(raw: Json, end: End) -> frozenset[int | None]:
    terms = raw["params"]["spread"]
    majority = raw["params"]["national"] == "majority"
    return _elected_of(end, majority, tuple(terms["fraction"]), terms["strict"], terms["units"])


@cache
def _elected_of(
    end: End, majority: bool, share: tuple[int, int], strict: bool, units: int
) -> frozenset[int | None]:
    """Everybody some tie-break elects under spread; None where it elects nobody."""
    totals = tuple(map(sum, zip(*end, strict=True)))
    over, under = share
    if majority:
        first: list[int | None] = [j for j, votes in enumerate(totals) if 2 * votes > sum(totals)] or [None]
    else:
        first = list(_winners(totals))
    found: set[int | None] = set()
    for j in first:
        having = 0
        for votes in end if j is not None else ():
            has = under * votes[j] > over * sum(votes) or (
                not strict and under * votes[j] == over * sum(votes)
            )
            having += has
        found.add(j if j is not None and having >= units else None)
    return frozenset(found)


def answer(raw: Json, ends: Iterable[End]) -> Json:
    names, size = raw["candidates"], len(raw["candidates"])
    if raw["rule"] == "spread":
        of_ends = [_elected(raw, end) for end in ends]
        possible = set().union(*of_ends)
        return {
            "win_certain": [names[j] for j in range(size) if possible == {j}],
            "win_possible": [names[j] for j in range(size) if j in possible],
            "no_winner_certain": possible == {None},
            "no_winner_possible": None in possible,
        }
    results = {result for end in ends for result in _results(raw, end)}
    least, most = ([pick(of) for of in zip(*results, strict=True)] for pick in (min, max))
    verdict: Json = {"min_electors": least[:size], "max_electors": most[:size]}
    if raw["rule"] == "district_method":
        return verdict
    need = _need(raw)
    sure = [names[j] for j in range(size) if least[j] >= need]
    return verdict | {
        "min_units_won": least[size:],
        "max_units_won": most[size:],
        "winner_certain": sure[0] if len(sure) == 1 else None,
        "possible_winners": [names[j] for j in range(size) if most[j] >= need],
        "no_majority_possible": any(max(result[:size]) < need for result in results),
    }


def true_of(raw: Json, said: Said, end: End) -> bool:
    size = len(raw["candidates"])
    who = raw["candidates"].index(said.who[0]) if said.who else -1
    if raw["rule"] == "spread":
        found = _elected(raw, end)
        return {
            "elected": found == {who},
            "eliminated": who not in found,
            "no-winner": found == {None},
            "winner": None not in found,
        }[said.kind]
    if said.kind == "carries":
        return _winners(end[_districts(raw).index(said.place)]) == [who]
    results = list(_results(raw, end))
    if said.kind == "majority":
        return all(max(result[:size]) >= _need(raw) for result in results)
    own = [result[who + size * said.kind.startswith("units-")] for result in results]
    kind = said.kind.removeprefix("units-")
    number = said.number if said.number is not None else _need(raw)
    if kind in {"at-least", "elected"}:
        return min(own) >= number
    return max(own) <= number if kind == "at-most" else max(own) < number


def end_of(raw: Json, witness: Any) -> End:
    from tally.instance import parse

    completions = parse(raw).completions
    size, names = len(raw["candidates"]), _districts(raw)
    votes = [[0] * size for _ in names]

    def add(d: int, more: Votes) -> None:
        votes[d] = [a + b for a, b in zip(votes[d], more, strict=True)]

    for d, district in enumerate(completions.districts):
        add(d, district.counted)
    for group, cast in zip(completions.groups, witness.cast, strict=True):
        add(group.district, cast.votes)
    for unit, fate in zip(completions.modal, witness.fates, strict=True):
        add(unit.district, fate.counted)
        add(unit.district, fate.cast.votes)
    for d, more in enumerate(witness.afar):
        add(d, more)
    return tuple(map(tuple, votes))


def sufficient(raw: Json) -> bool:
    """Shared pools, forced ballots, a limit on annulments; and for the last two rules all but plain ballots."""
    units = raw["units"]
    modes = any(unit.get("annullable") or "revote" in unit or unit.get("revisable") for unit in units)
    styles = any(len(unit.get("on_ballot", raw["candidates"])) < len(raw["candidates"]) for unit in units)
    forced = raw["params"].get("no_blank") and any(unit.get("min_outstanding") for unit in units)
    shared = any(
        len({unit["district"] for unit in units if unit["id"] in cap["units"]}) > 1
        for cap in raw.get("caps", [])
    )
    if "max_annulled" in raw["params"] or shared or (raw["rule"] != "electoral_college" and forced):
        return True
    if raw["rule"] == "electoral_college":
        return False
    return modes or styles or bool(raw.get("caps"))


def kinds(raw: Json, expected: Json) -> list[str]:
    found = []
    if any(unit.get("annullable") or "revote" in unit for unit in raw["units"]):
        found.append("with modes")
    if sufficient(raw):
        found.append("only sufficient")
    if raw["rule"] == "electoral_college":
        found.append("winner certain" if expected["winner_certain"] else "winner open")
        found.append("no majority possible" if expected["no_majority_possible"] else "majority certain")
        found += ["with a pool"] * bool(raw["params"].get("pool"))
        found += ["several can win"] * (len(expected["possible_winners"]) > 1)
    elif raw["rule"] == "district_method":
        at_large = raw["params"]["at_large"]
        found += ["at large lost"] * (at_large > 0 and min(expected["min_electors"]) == 0)
    else:
        found += ["spread won"] * bool(expected["win_certain"])
        found.append("nobody possible" if expected["no_winner_possible"] else "somebody for certain")
        found += ["nobody for certain"] * expected["no_winner_certain"]
    return found


MUTANTS = (
    Mutant("a tied district is held", _bodies._chance, "max(0, bound.slack)", "max(0, bound.slack + 1)"),
    Mutant("ballots from afar are forgotten", _bodies.afar, "more + sum", "sum"),
    Mutant("afar in every district at once", _bodies.most_weight, "spent <= ballots", "True"),
    Mutant("the dearest district first", _bodies.most_weight, "best = max(cheapest)", "best = min(cheapest)"),
    Mutant(
        "one more than certain",
        _electors.elector_claims,
        '("at-least", least, True)',
        '("at-least", least + 1, True)',
    ),
    Mutant("just short is enough", _majority.deadlock, "after[place] >= need", "after[place] > need"),
    Mutant("nobody else wins a district", _majority._options, "if others:", "if False:"),
    Mutant("the whole is safe where districts are", _at_large.least_electors, "for rival in rivals:\n", "for rival in []:\n"),
    Mutant("ballots against count twice", _at_large._price, "return taken.get(d)", "return None if d not in taken else (0, taken[d][1])"),
    Mutant("who draws level has not won", _at_large._cheapest, "best[0] > room", "best[0] >= room"),
    Mutant("a share is more than", _spread.Span.sure.fget, "self.least == 0 and not self.strict", "False"),
    Mutant("a share is at least", _spread.Span.sure.fget, "self.least == 0 and not self.strict", "self.least == 0"),
    Mutant("one district fewer", _spread.Look.wins, ">= self.units", "+ 1 >= self.units"),
    Mutant("spread is enough", _spread.Look.wins, "self.national_sure[who] and", ""),
    Mutant("possible only if certain", _spread.Look.may_win, ".possible", ".sure"),
    Mutant("others get nothing", _nobody._against, "return -(-excess // over) if terms.strict else excess // over + 1", "return 0"),
    Mutant("everybody else may pass the leader", _nobody._leads_without_spread, "others <= sum(ahead)", "True"),
    Mutant("just enough ballots are too few", _nobody._nobody_has_half, "over > sum(room)", "over >= sum(room)"),
)  # fmt: skip

"""List seats by enumeration: every ballot, every way to break every tie, the law told from scratch."""

import random
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, product
from typing import Any

from tally.instance import Instance, parse
from tally.rules import (
    _averages,
    _count,
    _market,
    _most,
    _outlook,
    _purchase,
    _ranges,
    _remainders,
    _settle,
    parliament,
)
from tally.rules._law import Law as Law_
from tests.oracle import ballots
from tests.oracle.families import End, Json, Said
from tests.oracle.mutants import Mutant

RULES = ("highest_averages", "largest_remainder", "parliament")
SHARE = 30
SUFFICIENT: frozenset[str] = frozenset()
Votes = tuple[int, ...]
Law = tuple[Any, ...]  # (method, seats, fraction, strict, pairs, can have a seat)


# --- the law -----------------------------------------------------------------------------------------


def law_of(raw: Json, params: Json) -> Law:
    names = raw["candidates"]
    place = {name: j for j, name in enumerate(names)} | {j: j for j in range(len(names))}
    threshold = params.get("threshold") or {"fraction": [0, 1]}
    barred = {place[name] for name in params.get("not_electable", [])}
    rule = params.get("rule", raw["rule"])
    if rule == "plurality":
        method = "most"
    elif params.get("quota") or rule == "largest_remainder":
        method = params.get("quota", "hare")
    else:
        method = params.get("divisors", "dhondt")
    return (
        method,
        params.get("seats", 1),
        Fraction(*threshold["fraction"]),
        threshold.get("strict", False),
        tuple(tuple(place[name] for name in pair) for pair in params.get("surplus_agreements", [])),
        tuple(j for j in range(len(names)) if j not in barred),
    )


def chosen(worth: dict[Any, Fraction | int], number: int) -> Iterator[frozenset]:
    """Every set of the `number` largest."""
    order = sorted(worth.values(), reverse=True)
    if number == 0:
        yield frozenset()
        return
    mark = order[number - 1]
    above = [one for one, value in worth.items() if value > mark]
    level = [one for one, value in worth.items() if value == mark]
    for rest in combinations(level, number - len(above)):
        yield frozenset([*above, *rest])


def shared(method: str, votes: dict[Any, int], seats: int, total: int) -> set[tuple]:
    """Every way these claimants can share out the seats: (claimant, seats) pairs in order."""
    divisor = {
        "dhondt": Fraction,
        "sainte_lague": lambda n: Fraction(2 * n - 1),
        "modified_sainte_lague": lambda n: Fraction(7, 5) if n == 1 else Fraction(2 * n - 1),
    }.get(method)
    worth: dict[Any, Fraction | int] = {}
    for one, number in votes.items():
        for n in range(1, seats + 1):
            if divisor:
                worth[one, n] = number / divisor(n)
            elif method == "most":
                if n == 1:
                    worth[one, n] = number
            else:
                quota = Fraction(total, seats) if method == "hare" else total // (seats + 1) + 1
                worth[one, n] = number / Fraction(quota) - (n - 1)
    return {
        tuple((one, sum(who == one for who, _ in set_)) for one in votes)
        for set_ in chosen(worth, min(seats, len(worth)))
    }


@lru_cache(maxsize=200_000)
def outcomes(law: Law, votes: Votes) -> frozenset[Votes]:
    """Every allocation some way to break ties gives on these final votes."""
    method, seats, fraction, strict, pairs, electable = law
    total, size = sum(votes), len(votes)
    inside = [
        j for j in electable if (votes[j] > fraction * total if strict else votes[j] >= fraction * total)
    ]
    if method != "most" and not any(votes[j] for j in inside):
        any_of = product(range(seats + 1), repeat=len(inside))
        found = {
            tuple(dict(zip(inside, given, strict=True)).get(j, 0) for j in range(size))
            for given in any_of
            if sum(given) <= seats
        }
        return frozenset(found)
    together = [pair for pair in pairs if set(pair) <= set(inside)]
    claimants = {pair: sum(votes[j] for j in pair) for pair in together}
    paired = {j for pair in together for j in pair}
    claimants |= {(j,): votes[j] for j in inside if j not in paired}
    found = set()
    for first in shared(method, claimants, seats, total):
        inner = []
        for party, number in first:
            if len(party) == 1:
                inner.append({((party[0], number),)})
            elif not any(votes[j] for j in party):
                inner.append({((party[0], n), (party[1], number - n)) for n in range(number + 1)})
            else:
                inner.append(shared(method, {j: votes[j] for j in party}, number, 0) if number else {()})
        for way in product(*inner):
            given = dict(pair for part in way for pair in part)
            found.add(tuple(given.get(j, 0) for j in range(size)))
    return frozenset(found)


# --- what the comparison asks ------------------------------------------------------------------------


def ends(raw: Json) -> Iterable[End]:
    """Every vector of final votes; of a parliament, one district by district."""
    return _ends_by_district(raw) if raw["rule"] == "parliament" else ballots.ends(raw)


def districts(raw: Json) -> list[str]:
    """Every district that has a law or a unit, those with a law first."""
    return list(dict.fromkeys([*raw["params"]["districts"], *(unit["district"] for unit in raw["units"])]))


def _ends_by_district(raw: Json) -> frozenset[End]:
    size, caps, names = len(raw["candidates"]), raw.get("caps", []), districts(raw)
    most = raw["params"].get("max_annulled")
    limit = len(raw["units"]) if most is None else most
    states = {(((0,) * size,) * len(names), (0,) * len(caps), 0)}
    for unit in raw["units"]:
        at = names.index(unit["district"])
        options = {
            (votes, tuple(cast * (unit["id"] in cap["units"]) for cap in caps), int(mode != "keep"))
            for mode, cast, votes in ballots.ways(raw, unit, ballots.ANY)
        }
        grown = set()
        for totals, used, changed in states:
            for votes, more, change in options:
                load = tuple(map(sum, zip(used, more, strict=True)))
                fits = all(number <= cap["max"] for number, cap in zip(load, caps, strict=True))
                if fits and changed + change <= limit:
                    grown.add((_added(totals, at, votes), load, changed + change))
        states = grown
    return frozenset(totals for totals, _, _ in states)


def _added(totals: tuple[Votes, ...], at: int, votes: Iterable[int]) -> tuple[Votes, ...]:
    own = tuple(map(sum, zip(totals[at], votes, strict=True)))
    return (*totals[:at], own, *totals[at + 1 :])


def results(raw: Json, end: End) -> frozenset[Votes]:
    """Every allocation of seats, all districts together."""
    if raw["rule"] != "parliament":
        return outcomes(law_of(raw, raw["params"]), end)
    found = frozenset({(0,) * len(raw["candidates"])})
    laws = raw["params"]["districts"]
    for name, votes in zip(districts(raw), end, strict=True):
        if name in laws:
            own = outcomes(law_of(raw, {"rule": None, **laws[name]}), votes)
            found = frozenset(tuple(map(sum, zip(one, more, strict=True))) for one in found for more in own)
    return found


def members_of(raw: Json, names: Iterable[Any]) -> list[int]:
    order = raw["candidates"]
    return sorted({order.index(name) if isinstance(name, str) else name for name in names})


def answer(raw: Json, ends_: Iterable[End]) -> Json:
    every = frozenset().union(*(results(raw, end) for end in ends_))
    size = len(raw["candidates"])
    low = [min(one[j] for one in every) for j in range(size)]
    high = [max(one[j] for one in every) for j in range(size)]
    said = {"min_seats": low, "max_seats": high, "allocation_certain": low == high}
    blocs = []
    for names in raw["params"].get("blocs", []):
        inside = members_of(raw, names)
        sums = [sum(one[j] for j in inside) for one in every]
        blocs.append({"members": [raw["candidates"][j] for j in inside], "min": min(sums), "max": max(sums)})
    if raw["rule"] != "largest_remainder" or blocs:
        said["blocs"] = blocs
    return said


def counted_now(raw: Json) -> End:
    if raw["rule"] == "parliament":
        totals: End = ((0,) * len(raw["candidates"]),) * len(districts(raw))
        for unit in raw["units"]:
            totals = _added(totals, districts(raw).index(unit["district"]), unit["counted"])
        return totals
    return tuple(map(sum, zip(*(unit["counted"] for unit in raw["units"]), strict=True)))


def true_of(raw: Json, said: Said, end: End) -> bool:
    found = results(raw, end)
    if said.kind == "allocation":
        return found == results(raw, counted_now(raw)) and len(found) == 1
    inside = members_of(raw, said.who)
    sums = [sum(one[j] for j in inside) for one in found]
    return min(sums) >= said.number if said.kind == "at-least" else max(sums) <= said.number


def end_of(raw: Json, witness: Any) -> End:
    if raw["rule"] != "parliament":
        return witness.totals
    # Units that stand, then what ballots of each group give, then what becomes of each unit in doubt.
    totals: End = ((0,) * len(raw["candidates"]),) * len(districts(raw))
    found = parse(raw)
    assert isinstance(found, Instance)
    place = [districts(raw).index(one.name) for one in found.completions.districts]
    for one, at in zip(found.completions.districts, place, strict=True):
        totals = _added(totals, at, one.counted)
    for group, cast in zip(found.completions.groups, witness.cast, strict=True):
        totals = _added(totals, place[group.district], cast.votes)
    for unit, fate in zip(found.completions.modal, witness.fates, strict=True):
        totals = _added(totals, place[unit.district], fate.counted)
        totals = _added(totals, place[unit.district], fate.cast.votes)
    return totals


# --- drawing -----------------------------------------------------------------------------------------

FRACTIONS = ([1, 20], [1, 10], [1, 5], [1, 4], [1, 3], [2, 5], [1, 2], [3, 5], [0, 1], [1, 1])


def law_drawn(rng: random.Random, rule: str, names: list[str]) -> Json:
    params: Json = {"seats": rng.choice([1, 2, 2, 3, 3, 4, 5, 6])}
    if rule == "highest_averages":
        if rng.random() < 0.8:
            params["divisors"] = rng.choice(["dhondt", "dhondt", "sainte_lague", "modified_sainte_lague"])
        if len(names) > 1 and rng.random() < 0.4:
            order = rng.sample(names, len(names))
            params["surplus_agreements"] = [order[:2]] + ([order[2:4]] if len(names) > 3 else [])
    elif rng.random() < 0.8:
        params["quota"] = rng.choice(["hare", "droop"])
    if rng.random() < (0.75 if "surplus_agreements" in params else 0.45):
        params["threshold"] = {"fraction": rng.choice(FRACTIONS)}
        if rng.random() < 0.5:
            params["threshold"]["strict"] = rng.random() < 0.5
    if rng.random() < 0.2:
        params["not_electable"] = [rng.choice([names[-1], len(names) - 1])]
    if rng.random() < 0.5:
        params["blocs"] = [_bloc(rng, names, params) for _ in range(rng.choice([1, 1, 2]))]
    return params


def _bloc(rng: random.Random, names: list[str], params: Json) -> list[str]:
    """Some lists; mostly both or none of two that have an agreement."""
    bloc = rng.sample(names, rng.randint(1, len(names)))
    if len(bloc) > 1 and rng.random() < 0.9:
        for pair in params.get("surplus_agreements", []):
            if set(pair) & set(bloc):
                bloc += [name for name in pair if name not in bloc]
    return bloc


def units_drawn(rng: random.Random, size: int, *, doubt: bool, styles: bool, most: int) -> list[Json]:
    units = []
    number = rng.choice([1, 1, 2, 3])
    for index in range(number):
        top = rng.choice([1, 3, 6, 12]) if number == 1 else rng.choice([1, 3, 5])
        unit: Json = {
            "id": f"u{index}",
            "counted": [rng.randint(0, top) for _ in range(size)],
            "outstanding": rng.randint(0, max(0, most)),
        }
        most -= unit["outstanding"]
        if styles and rng.random() < 0.6:
            unit["on_ballot"] = sorted(rng.sample(range(size), rng.randint(1, size)))
        if doubt and rng.random() < 0.5:
            kind = rng.choice(["annullable", "revote", "revisable"])
            unit[kind] = {"annullable": True, "revote": rng.randint(0, 2), "revisable": 1}[kind]
        if rng.random() < 0.15:
            unit["min_outstanding"] = rng.randint(0, unit["outstanding"])
        units.append(unit)
    return units


def _parliament(rng: random.Random) -> Json:
    """Two or three districts, each with a law of its own; now and then they share ballots."""
    names = ["a", "b", "c"][: rng.choice([2, 3, 3])]
    laws: Json = {}
    for name in ["d1", "d2", "d3"][: rng.choice([1, 2, 2, 3])]:
        kind = rng.choice(["highest_averages", "largest_remainder", "plurality"])
        law = {key: value for key, value in law_drawn(rng, kind, names).items() if key != "blocs"}
        law["seats"] = rng.choice([1, 1, 2, 3])
        if kind == "plurality":
            law = {key: value for key, value in law.items() if key in {"seats", "not_electable"}}
        if kind == "plurality" or (kind == "largest_remainder" and "quota" not in law) or rng.random() < 0.3:
            law["rule"] = kind
        laws[name] = law
    params: Json = {"districts": laws}
    if rng.random() < 0.5:
        params["blocs"] = [_bloc(rng, names, {}) for _ in range(rng.choice([1, 1, 2]))]
        if rng.random() < 0.5:
            params["majority"] = rng.randint(1, 4)
    doubt = rng.random() < 0.2
    units = units_drawn(rng, len(names), doubt=doubt, styles=rng.random() < 0.15, most=3 - doubt)
    for unit in units:
        unit["district"] = rng.choice([*laws, "d2"])
    raw: Json = {"rule": "parliament", "candidates": names, "params": params, "units": units}
    if rng.random() < 0.3:
        if len(laws) > 1 and rng.random() < 0.5:  # two districts in the balance, and one ballot for both
            units[:] = [
                {
                    "id": f"u{at}",
                    "counted": rng.choices([1, 2, 2, 3], k=len(names)),
                    "outstanding": 1,
                    "district": name,
                }
                for at, name in enumerate([*laws][:2])
            ]
        least = sum(unit.get("min_outstanding", 0) for unit in units)
        raw["caps"] = [{"units": [unit["id"] for unit in units], "max": least + rng.randint(0, 1)}]
    if doubt and rng.random() < 0.5:
        params["max_annulled"] = rng.randint(0, 1)
    return raw


def _narrow(rng: random.Random) -> Json:
    """Many ballots of one kind with one or two selections on them."""
    names = ["a", "b", "c"]
    rule = rng.choice(["highest_averages", "largest_remainder"])
    params = law_drawn(rng, rule, names)
    on_ballot = rng.choice([[0], [1], [2], [0, 1], [1, 2]])
    unit: Json = {
        "id": "u0",
        "counted": [rng.randint(0, 12) for _ in names],
        "outstanding": rng.randint(0, 12 if len(on_ballot) == 1 else 6),
        "on_ballot": on_ballot,
    }
    if rng.random() < 0.3:
        params["no_blank"] = True
        unit["min_outstanding"] = rng.randint(0, unit["outstanding"])
    return {"rule": rule, "candidates": names, "params": params, "units": [unit]}


def draw(rng: random.Random) -> Json:
    if rng.random() < 0.1:
        return _narrow(rng)
    rule = rng.choice(["highest_averages", "highest_averages", "largest_remainder", "parliament"])
    if rule == "parliament":
        return _parliament(rng)
    size = rng.choice([1, 2, 3, 3, 3, 4, 4])
    names = ["a", "b", "c", "d"][:size]
    doubt, styles = rng.random() < 0.2, rng.random() < 0.25
    params = law_drawn(rng, rule, names)
    most = {1: 5, 2: 5, 3: 4, 4: 3}[size]
    units = units_drawn(rng, size, doubt=doubt, styles=styles, most=most - doubt)
    raw: Json = {"rule": rule, "candidates": names, "params": params, "units": units}
    if rng.random() < 0.15:
        params["no_blank"] = True
    if rng.random() < 0.1:
        params["ballot"], params["votes_per_ballot"] = rng.choice(["choose", "cumulative", "score"]), 2
        for unit in units:
            unit["outstanding"] = min(unit["outstanding"], 1)
            unit["min_outstanding"] = min(unit.get("min_outstanding", 0), 1, unit["outstanding"])
    if rng.random() < 0.15:
        inside = rng.sample([unit["id"] for unit in units], rng.randint(1, len(units)))
        cap = sum(unit.get("min_outstanding", 0) for unit in units if unit["id"] in inside) + rng.randint(
            0, 2
        )
        raw["caps"] = [{"units": inside, "max": cap}]
        if rng.random() < 0.2 and inside:
            unit = next(unit for unit in units if unit["id"] == inside[0])
            unit["outstanding"] = None
    if doubt and rng.random() < 0.3:
        params["max_annulled"] = rng.randint(0, 1)
    return raw


def kinds(raw: Json, expected: Json) -> list[str]:
    found = []
    params = raw["params"]
    laws = [params, *params.get("districts", {}).values()]
    found += [
        field
        for field in ("threshold", "surplus_agreements", "blocs", "not_electable", "no_blank", "max_annulled")
        if any(law.get(field) for law in laws) or params.get(field) == 0
    ]
    found.append("allocation certain" if expected["allocation_certain"] else "allocation open")
    if any(low for low in expected["min_seats"]) and not expected["allocation_certain"]:
        found.append("some seats safe")
    if any("on_ballot" in unit for unit in raw["units"]):
        found.append("styles")
    found += [
        field
        for field in ("annullable", "revote", "revisable", "min_outstanding")
        if any(unit.get(field) not in {None, False} for unit in raw["units"])
    ]
    if "caps" in raw:
        found.append("caps")
    return found


NOT_RARE = (
    "threshold", "surplus_agreements", "blocs", "not_electable", "allocation certain", "allocation open",
    "some seats safe", "styles", "annullable", "revote", "revisable", "min_outstanding", "caps", "no_blank",
)  # fmt: skip
MUTANTS = (
    Mutant("more than a share is at least", Law_.bar, "self.under + 1", "self.under"),
    Mutant("the threshold rounded down", Law_.bar, "-(-self.over * total // self.under)", "self.over * total // self.under"),
    Mutant("on the bar is below it", Law_.shut_out, "edge // self.over + 1", "edge // self.over"),
    Mutant("even divisors for odd ones", Law_.divisor, "return 2 * n - 1", "return 2 * n"),
    Mutant("the modified first divisor is one", Law_.divisor, "return 14 if n == 1", "return 10 if n == 1"),
    Mutant("votes for a quotient rounded down", _market._needed, "-(-mark[0] * law.divisor(n) // mark[1])", "mark[0] * law.divisor(n) // mark[1]"),
    Mutant("P6: each rival in turn gets everything", _purchase._tables, "min(never, *map(add, short, best[n::-1]))", "min(best[n], short[n] if n < len(short) else never)"),
    Mutant("P7: every outstanding ballot is cast", _remainders.deny, "        votes = start\n", "        votes = max(start, limit)\n"),
    Mutant("long steps skip an answer", _remainders._skip, "return low + 1", "return 2 * low + 2"),
    Mutant("P8: Droop's quota does not jump", _remainders.most, "tries.append(before)", "pass"),
    Mutant("P9: the threshold stays where it is", _market.market_of, "law.bar(outlook.total + votes)", "law.bar(outlook.total)"),
    Mutant("P10: a bloc has the least seats of its members", _ranges.straddlers, "return apart if", "return list(members) if"),
    Mutant("a partner that is not let in helps", _averages._partner_out, "if edge is None:", "if True:"),
    Mutant("a partner gets no votes", _averages._partner_in, "range(first, law.seats + 1)", "range(first, first + 1)"),
    Mutant("a partner is let in for nothing", _most._shared, "lift = max(0, bar - its)", "lift = 0"),
    Mutant("who is kept out stays out", _averages.keep_out, "if any(edge is None for edge in edges):", "if True:"),
    Mutant("a tie goes a list's way", _most.best, "// own) - 1, seats)", "// own), seats)"),
    Mutant("ties count twice", _count.seats_in, "[: found.spare])\n    high", "[:0])\n    high"),
    Mutant("blank votes win seats", _outlook.outlooks, "if not barred >> j & 1", "if barred >= 0"),
    Mutant("any number of units annulled", _settle._modes, "min(left, len(others))", "len(others)"),
    Mutant("nobody comes to the re-vote", _outlook._settle, "Group(unit.on_ballot, unit.revote)", "Group(unit.on_ballot, 0)"),
    Mutant("nobody has a vote, and seats are won", _averages.nobody, "if outlook.fewest == 0:", "if False:"),
    Mutant("districts that share ballots add up", parliament._chamber, "coupled=completions.couples_districts()", "coupled=False"),
)  # fmt: skip


def sufficient(raw: Json) -> bool:
    """Whether an instance lies outside what docs/rules/seats.md says is exact."""
    params, size = raw["params"], len(raw["candidates"])
    everybody = list(range(size))
    if params.get("ballot", "choose") != "choose" or params.get("votes_per_ballot", 1) != 1:
        return True
    coming = [unit for unit in raw["units"] if unit["outstanding"] != 0 or unit.get("revote")]
    if any(unit.get("on_ballot", everybody) != everybody for unit in coming):
        return True
    if any(unit.get("revisable") for unit in raw["units"]):
        return True
    if raw["rule"] == "parliament":
        in_doubt = {unit["district"] for unit in raw["units"] if unit.get("annullable") or "revote" in unit}
        if "caps" in raw or (len(in_doubt) > 1 and params.get("max_annulled") is not None):
            return True
    laws = [params, *params.get("districts", {}).values()]
    pairs = [set(pair) for law in laws for pair in law.get("surplus_agreements", [])]
    blocs = [set(bloc) for bloc in params.get("blocs", []) if len(bloc) > 1]
    return any(len(pair & bloc) == 1 for pair in pairs for bloc in blocs)

"""Two rounds and ballot measures by enumeration: the law on each finished count, ballot by ballot."""

import random
from collections.abc import Iterable, Iterator
from itertools import pairwise, permutations
from typing import Any, NamedTuple

from tally.rules import _negation, _runoff, _turnout, measure, two_round
from tests.oracle.ballots import ANY, box, form_of, ways
from tests.oracle.families import Json, Said
from tests.oracle.mutants import Mutant

RULES = ("measure", "two_round")
SHARE = 30
SUFFICIENT: frozenset[str] = frozenset()

SHARES = ((1, 2), (1, 2), (1, 2), (2, 5), (9, 20), (2, 5), (1, 3), (1, 4), (1, 5), (2, 3), (3, 5), (1, 1))
LAWS: tuple[list[Json] | None, ...] = (
    None,
    [{"share": [1, 2], "share_strict": False}],
    [{"share": [9, 20], "share_strict": True}, {"share": [2, 5], "share_strict": False, "margin": [1, 10], "margin_strict": True}],
    [{"share": [1, 2], "share_strict": True}, {"share": [2, 5], "share_strict": False, "margin": [1, 10], "margin_strict": False}],
    [{"share": [2, 5], "share_strict": True}],
    [{"share": [2, 5], "share_strict": False}, {"share": [7, 20], "share_strict": False, "margin": [1, 20], "margin_strict": False}],
)  # fmt: skip


class End(NamedTuple):
    """A finished count: votes by selection, and the ballots cast."""

    votes: tuple[int, ...]
    ballots: int


# Drawing.


def draw(rng: random.Random) -> Json:
    while True:
        raw = _draw(rng)
        if _weight(raw) <= 3_000 and _fits(raw):
            return raw


def _draw(rng: random.Random) -> Json:
    return _draw_measure(rng) if rng.random() < 0.3 else _draw_two_round(rng)


def _draw_measure(rng: random.Random) -> Json:
    size = rng.choice([2, 2, 2, 3])
    kind = rng.choice(["plain"] * 5 + ["styles", "caps", "modes", "forms", "all"])
    share = [n or 1 for n in rng.choice(SHARES)]
    params: Json = {"share": share, "share_strict": rng.random() < 0.5} if rng.random() < 0.9 else {}
    raw = _with_units(rng, {"rule": "measure", "params": params}, size, kind)
    if rng.random() < 0.75:
        counted = sum(sum(unit["counted"]) for unit in raw["units"])
        of = rng.choice(["valid", "ballots", "ballots", "yes"])
        part = rng.choice([[1, 2], [1, 3], [1, 4], [1, 5], [0, 1]])
        near = (counted // 2 if of == "yes" else counted) + rng.randint(-2, 5)
        registered = max(0, near) * part[1] // max(1, part[0]) + rng.choice([0, 0, 0, -1, 1])
        params["quorum"] = {"of": of, "fraction": part, "registered": max(0, registered)}
        if of == "ballots" and rng.random() < 0.4:  # more ballots may cost votes: each must say something
            params["no_blank"] = True
            for unit in raw["units"]:
                unit["on_ballot"] = rng.choice([[0], [1], [1], [0, 1]])
    return raw


def _draw_two_round(rng: random.Random) -> Json:
    size = rng.choice([1, 2, 3, 3, 3, 4, 4])
    kind = rng.choice(["plain"] * 5 + ["styles", "caps", "modes", "forms", "all"])
    params: Json = {}
    law = rng.choice(LAWS) if rng.random() < 0.6 else [_way(rng) for _ in range(rng.choice([1, 1, 2, 3]))]
    if law is not None:
        params["alternatives"] = law
    if rng.random() < 0.35:
        names = sorted(rng.sample(range(size), rng.randint(0, max(1, size - 2))))
        params["not_electable"] = [f"C{j}" if rng.random() < 0.5 else j for j in names]
    return _with_units(rng, {"rule": "two_round", "params": params}, size, kind)


def _way(rng: random.Random) -> Json:
    way: Json = {"share": list(rng.choice(SHARES)), "share_strict": rng.random() < 0.5}
    if rng.random() < 0.5:
        way["margin"] = rng.choice([[1, 10], [1, 10], [1, 20], [1, 4], [0, 1]])
        if rng.random() < 0.8:
            way["margin_strict"] = rng.random() < 0.5
    return way


def _with_units(rng: random.Random, raw: Json, size: int, kind: str) -> Json:
    params = raw["params"]
    if kind in {"forms", "all"}:
        params |= rng.choice(
            [
                {"votes_per_ballot": 2},
                {"ballot": "cumulative", "votes_per_ballot": 2},
                {"ballot": "score"},
                {},
            ]
        )
        if rng.random() < 0.5:
            params["no_blank"] = True
    number = rng.choice([1, 1, 2, 3]) if kind == "plain" else rng.choice([1, 2, 2, 3])
    top = rng.choice([0, 1, 3, 6, 12])
    units = [_unit(rng, f"u{index}", size, kind, top) for index in range(number)]
    if kind in {"modes", "all"} and rng.random() < 0.3:
        params["max_annulled"] = rng.randint(0, 2)
    raw |= {"candidates": [f"C{j}" for j in range(size)], "units": units}
    if kind in {"caps", "all"}:
        ids = [unit["id"] for unit in units]
        raw["caps"] = [{"units": ids, "max": rng.randint(0, 4)}] if rng.random() < 0.8 else []
        inner = rng.sample(ids, rng.randint(1, len(ids)))
        if rng.random() < 0.6 and len(inner) < len(ids):
            raw["caps"].append({"units": inner, "max": rng.randint(0, 3)})
        for unit in units:
            if rng.random() < 0.2 and any(unit["id"] in cap["units"] for cap in raw["caps"]):
                unit["outstanding"] = None
    return raw


def _unit(rng: random.Random, name: str, size: int, kind: str, top: int) -> Json:
    unit: Json = {
        "id": name,
        "counted": [rng.randint(0, top) for _ in range(size)],
        "outstanding": rng.choice([0, 0, 1, 1, 2, 3, 5]) if kind == "plain" else rng.choice([0, 1, 1, 2, 3]),
    }
    if kind in {"styles", "caps", "all"} and rng.random() < 0.75:
        unit["on_ballot"] = [j for j in range(size) if rng.random() < 0.55]
    if rng.random() < 0.3:
        unit["min_outstanding"] = rng.randint(0, unit["outstanding"])
    if rng.random() < 0.15:
        unit["ballots"] = sum(unit["counted"]) + rng.randint(0, 3)
    if kind in {"modes", "all"}:
        if rng.random() < 0.6:
            unit["annullable"] = True
        if rng.random() < 0.15:
            unit["revote"] = rng.randint(0, 2)
        if rng.random() < 0.15:
            unit["revisable"] = 1
    return unit


def _weight(raw: Json) -> int:
    """About how many ends there are to go through."""
    size, params = len(raw["candidates"]), raw["params"]
    each = params.get("votes_per_ballot", 1)
    total = 1
    for unit in raw["units"]:
        ballots = 4 if unit["outstanding"] is None else unit["outstanding"]
        names = len(unit.get("on_ballot", range(size)))
        ways_of = (1 + ballots * each) ** min(names, 4)
        ways_of *= 3**size if unit.get("revisable") else 1
        total *= ways_of + (1 + each * unit.get("revote", 0)) ** names
    return total


def _fits(raw: Json) -> bool:
    least = {unit["id"]: unit.get("min_outstanding", 0) for unit in raw["units"]}
    return all(sum(least[name] for name in cap["units"]) <= cap["max"] for cap in raw.get("caps", []))


# Every end.


def ends(raw: Json) -> Iterable[End]:
    caps = raw.get("caps", [])
    size, limit = len(raw["candidates"]), raw["params"].get("max_annulled")
    limit = len(raw["units"]) if limit is None else limit
    states = {((0,) * size, 0, (0,) * len(caps), 0)}
    for unit in raw["units"]:
        inside = [unit["id"] in cap["units"] for cap in caps]
        options = set(_ends_of(raw, unit))
        grown = set()
        for totals, ballots, used, changed in states:
            for votes, cast, capped, change in options:
                load = tuple(n + capped * member for n, member in zip(used, inside, strict=True))
                fits = all(n <= cap["max"] for n, cap in zip(load, caps, strict=True))
                if fits and changed + change <= limit:
                    after = tuple(map(sum, zip(totals, votes, strict=True)))
                    grown.add((after, ballots + cast, load, changed + change))
        states = grown
    return {End(totals, ballots) for totals, ballots, _, _ in states}


def _ends_of(raw: Json, unit: Json) -> Iterator[tuple[tuple[int, ...], int, int, int]]:
    """Votes, ballots cast in all, ballots that fill a cap, whether another mode than keep."""
    counted = unit.get("ballots")
    counted = sum(unit["counted"]) if counted is None else counted
    for mode, ballots, votes in ways(raw, unit, ANY):
        if mode == "annul":
            yield votes, 0, 0, 1
        elif mode != "revote":
            yield votes, counted + ballots, ballots, int(mode == "revise")
    if unit.get("revote") is not None:
        size = len(raw["candidates"])
        names = tuple(sorted(set(unit.get("on_ballot", range(size)))))
        for ballots in range(unit["revote"] + 1):
            for votes in box(form_of(raw), names, size, ballots):
                yield votes, ballots, 0, 1


# The law of two rounds.


def _contenders(raw: Json) -> list[int]:
    names = raw["candidates"]
    barred = {
        names.index(one) if isinstance(one, str) else one for one in raw["params"].get("not_electable", [])
    }
    return [j for j in range(len(names)) if j not in barred]


def _beyond(number: int, whole: int, share: list[int], strict: bool) -> bool:
    left, right = number * share[1], whole * share[0]
    return left > right or (left == right and not strict)


def _wins_at_once(raw: Json, votes: tuple[int, ...], who: int, rivals: list[int]) -> bool:
    """Whether the first of an order meets an alternative."""
    total = sum(votes)
    for way in raw["params"].get("alternatives", [{"share": [1, 2], "share_strict": True}]):
        met = _beyond(votes[who], total, way["share"], way["share_strict"])
        if way.get("margin") is not None and way["margin"][0] > 0:
            strict = way.get("margin_strict", True)
            met = met and all(_beyond(votes[who] - votes[j], total, way["margin"], strict) for j in rivals)
        if met:
            return True
    return False


def _results(raw: Json, votes: tuple[int, ...]) -> list[tuple[int | None, tuple[int, ...]]]:
    """Every result some tie-break gives: who wins at once, or None and who is in the run-off."""
    contenders = _contenders(raw)
    found = []
    for order in permutations(contenders):
        if any(votes[i] < votes[j] for i, j in pairwise(order)):
            continue
        first = order[0] if order else None
        if first is not None and _wins_at_once(raw, votes, first, [j for j in contenders if j != first]):
            found.append((first, (first,)))
        else:
            found.append((None, tuple(sorted(order[:2]))))
    return found


def _two_round_true(raw: Json, said: Said, end: End) -> bool:
    who = tuple(raw["candidates"].index(name) for name in said.who)
    if said.kind == "eliminated" and who[0] not in _contenders(raw):
        return True
    if not any(end.votes):
        return False
    results = _results(raw, end.votes)
    if said.kind == "outright":
        return all(winner == who[0] for winner, _ in results)
    if said.kind == "advances":
        return all(who[0] in on for _, on in results)
    if said.kind == "eliminated":
        return all(who[0] not in on for _, on in results)
    if said.kind == "no-runoff":
        return all(winner is not None for winner, _ in results)
    return all(winner is None and (not who or on == who) for winner, on in results)


def _two_round_answer(raw: Json, all_ends: list[End]) -> Json:
    names = raw["candidates"]

    def sure(kind: str, *who: str) -> bool:
        said = Said(kind, who, None, None)
        return all(_two_round_true(raw, said, end) for end in all_ends)

    possible = set()
    for end in all_ends:
        if any(end.votes):
            possible |= {winner for winner, _ in _results(raw, end.votes)}
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    return {
        "outright_certain": [name for name in names if sure("outright", name)],
        "outright_possible": [name for j, name in enumerate(names) if j in possible],
        "runoff_certain": sure("runoff"),
        "runoff_possible": not sure("no-runoff"),
        "advance_certain": [
            name for j, name in enumerate(names) if j in _contenders(raw) and sure("advances", name)
        ],
        "eliminated": [name for name in names if sure("eliminated", name)],
        "runoff_pair_certain": any(sure("runoff", *pair) for pair in pairs),
    }


# The law of measures: without a vote for or against it nothing has passed, and only a quorum missed has failed.


def _measure_true(raw: Json, said: Said, end: End) -> bool:
    params = raw["params"]
    yes, no = end.votes[:2]
    quorum = params.get("quorum")
    valid = True
    if quorum is not None:
        base = {"valid": yes + no, "ballots": end.ballots, "yes": yes}[quorum.get("of", "valid")]
        valid = base * quorum["fraction"][1] >= quorum["fraction"][0] * quorum["registered"]
    share = _beyond(yes, yes + no, params.get("share", [1, 2]), params.get("share_strict", True))
    if said.kind == "passes":
        return valid and yes + no > 0 and share
    return not valid or (yes + no > 0 and not share)


# The family.


def answer(raw: Json, all_ends: Iterable[End]) -> Json:
    """The verdict by definition."""
    if raw["rule"] == "measure":
        all_ends = list(all_ends)
        kinds_of = {"pass_certain": "passes", "fail_certain": "fails"}
        return {
            name: all(_measure_true(raw, Said(kind, (), None, None), end) for end in all_ends)
            for name, kind in kinds_of.items()
        }
    return _two_round_answer(raw, list(all_ends))


def true_of(raw: Json, said: Said, end: End) -> bool:
    """Whether a claim is true of an end, however ties are broken."""
    if raw["rule"] == "measure":
        return _measure_true(raw, said, end)
    return _two_round_true(raw, said, end)


def end_of(raw: Json, witness: Any) -> End:
    """The end a witness describes."""
    ballots = sum(cast.ballots for cast in witness.cast)
    doubtful = [
        u for u in raw["units"] if u.get("annullable") or u.get("revote") is not None or u.get("revisable")
    ]
    for unit in raw["units"]:
        if unit not in doubtful:
            ballots += sum(unit["counted"]) if unit.get("ballots") is None else unit["ballots"]
    for unit, fate in zip(doubtful, witness.fates, strict=True):
        ballots += fate.cast.ballots
        if fate.mode in {"keep", "revise"}:
            ballots += sum(unit["counted"]) if unit.get("ballots") is None else unit["ballots"]
    return End(tuple(witness.totals), ballots)


def kinds(raw: Json, expected: Json) -> list[str]:
    """What an instance is made of and what is true of it."""
    found = [name for name in ("outright_certain", "advance_certain", "eliminated") if expected.get(name)]
    found += [name for name in ("runoff_certain", "runoff_pair_certain") if expected.get(name)]
    found += [f"{name}" for name in ("pass_certain", "fail_certain") if expected.get(name)]
    if raw["params"].get("quorum"):
        found.append(f"quorum of {raw['params']['quorum']['of']}")
    if expected.get("runoff_possible") is False:
        found.append("no run-off certain")
        if not expected["outright_certain"]:
            found.append("no run-off certain, the winner open")
    if len(expected.get("outright_possible", [])) > 1:
        found.append("two can win at once")
    units = raw["units"]
    if any(u.get("annullable") or u.get("revote") is not None or u.get("revisable") for u in units):
        found.append("units in doubt")
    if any("on_ballot" in u for u in units):
        found.append("styles")
    if raw.get("caps"):
        found.append("caps")
    if raw["params"].get("not_electable"):
        found.append("not electable")
    if raw["params"].get("no_blank"):
        found.append("no blank ballots")
    if not any(n for u in units for n in u["counted"]):
        found.append("no votes yet")
    return found


NOT_RARE = (
    "outright_certain", "advance_certain", "eliminated", "runoff_certain", "runoff_pair_certain", "no run-off certain",
    "pass_certain", "fail_certain", "quorum of valid", "quorum of ballots", "quorum of yes",
    "two can win at once", "units in doubt", "styles", "caps", "not electable", "no blank ballots", "no votes yet",
)  # fmt: skip

MUTANTS = (
    Mutant("half is more than half", _runoff._bar, "int(not way.strict), 0, 0, 0", "1, 0, 0, 0"),
    Mutant("the bar does not move with the votes", _runoff.Round.outright, "self.met(own, lead, self.total)", "self.met(own, lead, self.cast)"),
    Mutant("a tie wins alone", _runoff.Round.outright, "lead = own - rival - self.ballots", "lead = own - rival - self.ballots + 1"),
    Mutant("ballots for a third forgotten", _runoff.Round.between, "- self.ballots", ""),
    Mutant("each rival alone is too far", _runoff.Round.advances, "needed - self.ballots", "needed"),
    Mutant("one above is enough", _runoff.Round.eliminated, "max(second - own, self.met(first, first - own, self.total))", "1"),
    Mutant("whoever is first wins at once", _runoff.Round._winning, "min(self.met(votes, lead, self.total), lead + 1)", "self.met(votes, lead, self.total)"),
    Mutant("nobody catches up", _runoff.Round.no_runoff, "others[0] + self.ballots", "others[0]"),
    Mutant("margins are of no matter", _negation.falls_short, "if way.margin", "if False"),
    Mutant("a margin over one rival will do", _negation.wins, "for j in rivals] if way", "for j in rivals[:1]] if way"),
    Mutant("no votes are votes", _negation.cases, "yield (no_votes(law),)", "pass"),
    Mutant("styles are alike", _runoff.alike, "group.on_ballot & full != full", "False"),
    Mutant("pools are none", _runoff.alike, "completions.modal or completions.pools", "completions.modal"),
    Mutant("the quorum is the votes of today", measure._Bench.passes_by, "fewest(self.completions)[0]", "99"),
    Mutant("the quorum does not matter", measure._Bench._missed, "max(1 - share, 1 - reached)", "1 - share"),
    Mutant("half passes", measure._law, "int(params.strict)", "0"),
    Mutant("nobody votes, and it passes", measure._Bench.passes_by, "[law.share, law.valid,", "[law.share,"),
    Mutant("nobody votes, and it fails", measure._Bench.fails, "if self.params.strict else", "if False else"),
    Mutant("a quorum is rounded down", measure.read, "-(-over * registered // under)", "over * registered // under"),
    Mutant("ballots in the box do not count", _turnout.fewest, "sum(group.ballots_min", "0 * sum(group.ballots_min"),
    Mutant("annulled ballots count", _turnout.fewest, "total += sum(kept) - sum(kept[p] for p in gone)", "total += sum(kept)"),
    Mutant("ballots that cost are never cast", _turnout._spent, "if sum(used) >= wanted", "if True"),
    Mutant("blank votes can win", two_round._law, "if j not in params.barred", "if True"),
)  # fmt: skip

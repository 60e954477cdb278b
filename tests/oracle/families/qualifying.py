"""A first round of France by enumeration: every finished count, ballot by ballot, and its law."""

import random
from collections.abc import Iterable
from itertools import pairwise, permutations

from tally.rules import _negation, qualifying_round
from tests.oracle.families import Json, Said, thresholds
from tests.oracle.families.thresholds import End, end_of, ends
from tests.oracle.mutants import Mutant

RULES = ("qualifying_round",)
SHARE = 8
SUFFICIENT: frozenset[str] = frozenset()

__all__ = ["end_of", "ends"]


def draw(rng: random.Random) -> Json:
    while True:
        size = rng.choice([1, 2, 3, 3, 3, 4, 4])
        kind = rng.choice(["plain"] * 4 + ["styles", "caps", "modes", "forms", "all"])
        raw = thresholds._with_units(rng, {"rule": "qualifying_round", "params": {}}, size, kind)
        votes = [sum(unit["counted"][j] for unit in raw["units"]) for j in range(size)]
        near = max(0, rng.choice(votes) + rng.randint(-1, 4))
        raw["params"]["registered"] = near * rng.choice([1, 4, 4, 8, 8]) + rng.choice(
            [0, 0, 1, -1 if near else 0]
        )
        if rng.random() < 0.2:
            raw["params"] |= {"floor": rng.choice([[0, 1], [1, 3]]), "bar": rng.choice([[1, 10], [1, 5]])}
        if thresholds._weight(raw) <= 3_000 and thresholds._fits(raw):
            return raw


def _standing(raw: Json, votes: tuple[int, ...]) -> list[tuple[int | None, frozenset[int]]]:
    """Who is elected (None: nobody), and who may stand in a second round or is elected, for every order of equals."""
    names, params = raw["candidates"], raw["params"]
    (up, down), (over, under) = params.get("floor", [1, 4]), params.get("bar", [1, 8])
    voters, found = params["registered"], []
    for order in permutations(range(len(names))):
        if any(votes[i] < votes[j] for i, j in pairwise(order)):
            continue
        first = order[0]
        if 2 * votes[first] > sum(votes) and votes[first] * down >= up * voters:
            found.append((first, frozenset({first})))
            continue
        through = [i for i in order if votes[i] * under >= over * voters]
        found.append((None, frozenset(through if len(through) > 1 else order[:2])))
    return found


def true_of(raw: Json, said: Said, end: End) -> bool:
    """Whether a claim is true of an end, however ties are broken."""
    if not any(end.votes):
        return False
    who = [raw["candidates"].index(name) for name in said.who]
    results = _standing(raw, end.votes)
    if said.kind == "outright":
        return all(elected == who[0] for elected, _ in results)
    if said.kind == "runoff":
        return all(elected is None for elected, _ in results)
    return all((who[0] in standing) == (said.kind == "advances") for _, standing in results)


def answer(raw: Json, all_ends: Iterable[End]) -> Json:
    """The verdict by definition."""
    ended = list(all_ends)

    def sure(kind: str, *who: str) -> bool:
        return all(true_of(raw, Said(kind, who, None, None), end) for end in ended)

    keys = {"outright_certain": "outright", "advance_certain": "advances", "eliminated": "eliminated"}
    named = {key: [name for name in raw["candidates"] if sure(kind, name)] for key, kind in keys.items()}
    return named | {"runoff_certain": sure("runoff")}


def kinds(raw: Json, expected: Json) -> list[str]:
    """What an instance is made of and what is true of it."""
    found = [name for name in expected if expected[name]]
    if len(expected["advance_certain"]) > 2:
        found.append("three in the second round")
    units = raw["units"]
    if any(u.get("annullable") or u.get("revote") is not None or u.get("revisable") for u in units):
        found.append("units in doubt")
    return found + (["styles"] if any("on_ballot" in u for u in units) else [])


NOT_RARE = ("outright_certain", "advance_certain", "eliminated", "runoff_certain", "units in doubt", "styles")

MUTANTS = (
    Mutant("half is more than half", _negation.has_share, "int(way.strict)", "0"),
    Mutant("a quarter of the voters is not asked", qualifying_round._Bars.wins, "self.votes(who, self.params.electing)", "self.votes(who, 0)"),
    Mutant("parts of voters are rounded down", qualifying_round.read, "-(-over * registered // under)", "over * registered // under"),
    Mutant("only the two highest go on", qualifying_round._cases, "yield (negated(qualified), *(", "yield (*(qualified for _ in ()), *("),
    Mutant("the bar alone decides who goes on", qualifying_round._cases, "yield (*bars.level(who, [j for j in rivals if j != i]), missed)", "pass"),
    Mutant("who reaches the bar may be out", qualifying_round._cases, "yield (qualified, *bars.level(i, law.rivals(i)), missed)", "pass"),
    Mutant("no votes are votes", qualifying_round._cases, "yield (no_votes(law),)", "pass"),
)  # fmt: skip

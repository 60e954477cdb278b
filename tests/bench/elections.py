"""Made-up nights at real sizes, one for every rule: so many units, a few ballot styles, votes that lean."""

import random
from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

import msgspec

from tally.model import Definition, read
from tally.report import CountReport, RankedCount

Json = dict[str, Any]

VOTERS = 300  # on a unit's roll
PLACES = 25
DIFFERENT = 1_000
"""Units that differ; a larger night is the same so many times over, so its completions are these, multiplied."""
AFAR = 25  # ballots a unit that come from no known district, where there are any


class Made(NamedTuple):
    """A rule at a size: its object, how many selections and places, and what its reports hold."""

    name: str
    rule: Json
    selections: int
    places: int = PLACES
    form: str = "votes"  # or points, ranked
    styles: int = 1
    districts: bool = False
    afar: bool = False  # a pool of ballots of no known district
    disputed: int = 0  # units disputed before anything is counted
    slow: bool = False  # one update takes a large part of a second, so fewer are looked at

    @property
    def doubles(self) -> bool:
        """Whether it is looked at with twice the selections: a question has two, and ten ranked are many."""
        return self.selections > 2 and (self.form != "ranked" or self.selections < 10)


def _seats(total: int) -> Json:
    return {"seats": total, "threshold": {"fraction": [3, 100], "strict": False}}


MADE = (
    Made("plurality, 6", {"type": "plurality"}, 6),
    Made("plurality, 8, 3 seats", {"type": "plurality", "seats": 3}, 8),
    Made("plurality, 6, 1,000 units disputed", {"type": "plurality"}, 6, disputed=1_000),
    Made("disputed, 6, 1,000 units in doubt", {"type": "disputed"}, 6, disputed=1_000, slow=True),
    Made("assertion, each of 6 over each", {"type": "assertion"}, 6),
    Made("measure", {"type": "measure", "quorum": {"of": "ballots", "fraction": [1, 4], "registered": 0}}, 2),
    Made("two_round, 8", {"type": "two_round"}, 8),
    Made("two_round, 8, 30 styles", {"type": "two_round"}, 8, 30, styles=30),
    Made("qualifying_round, 8", {"type": "qualifying_round", "registered": 0}, 8),
    Made("positional, 5", {"type": "positional"}, 5, form="points"),
    Made("stv, 5, 3 seats", {"type": "stv", "seats": 3}, 5, form="ranked"),
    Made("stv, 10, 3 seats", {"type": "stv", "seats": 3}, 10, form="ranked", slow=True),
    Made("irv, 5", {"type": "irv"}, 5, form="ranked"),
    Made("highest_averages, 10 × 150", {"type": "highest_averages", **_seats(150)}, 10),
    Made("largest_remainder, 10 × 150", {"type": "largest_remainder", **_seats(150)}, 10, slow=True),
    Made("parliament, 10 × 25 districts of 6", {"type": "parliament"}, 10, districts=True),
    Made("electoral_college, 4 × 51, a pool", {"type": "electoral_college"}, 4, 51, districts=True, afar=True),
    Made("district_method, 3 × 3 districts", {"type": "district_method", "at_large": 2}, 3, 3, districts=True),
    Made(
        "spread, 4 × 37 states",
        {"type": "spread", "national": "plurality", "spread": {"fraction": [1, 4], "units": 25}},
        4, 37, districts=True, slow=True,
    ),
)  # fmt: skip


def _rule(made: Made, units: int) -> Json:
    """The rule object, with what depends on the size of the night."""
    rule, size = dict(made.rule), made.selections
    if "registered" in rule:
        rule["registered"] = units * VOTERS
    if "quorum" in rule:
        rule["quorum"] = rule["quorum"] | {"registered": units * VOTERS}
    if rule["type"] == "parliament":
        rule["districts"] = {f"p{p:02}": {"seats": 6, "divisors": "dhondt"} for p in range(made.places)}
    if rule["type"] == "positional":
        rule["scores"] = list(range(size - 1, -1, -1))
    if rule["type"] == "assertion":
        pairs = [(a, b) for a in range(size) for b in range(size) if a != b]
        rule["assertions"] = [{"coef": [(j == a) - (j == b) for j in range(size)]} for a, b in pairs]
    return rule


def _place(made: Made, unit: int) -> int:
    return unit % DIFFERENT % made.places


def _missing(made: Made, place: int) -> tuple[int, ...]:
    """The selections not on the ballots of a place: of all styles but the first, some two or three."""
    style = place % made.styles
    if not style:
        return ()
    some = [*combinations(range(made.selections), 2), *combinations(range(made.selections), 3)]
    return some[style - 1]


def definition_of(made: Made, units: int) -> Definition:
    """The election: units spread over the places, each on its roll; weights of places that add up to 538 for 51."""
    places = [f"p{p:02}" for p in range(made.places)]
    missing = [_missing(made, p) for p in range(made.places)]
    weights = [3 + 385 * (made.places - p) // sum(range(1, made.places + 1)) for p in range(made.places)]
    weights[0] += max(0, 538 - sum(weights))
    selections: list[Json] = []
    for j in range(made.selections):
        on = [place for place, off in zip(places, missing, strict=True) if j not in off]
        selections.append({"id": f"s{j}"} | ({} if made.styles == 1 else {"units": on}))
    leaves = [
        {"id": f"u{n:06}", "parent": places[_place(made, n)], "voters_registered": VOTERS}
        for n in range(units)
    ]
    pool = {"ballots": AFAR * units, "source": "printed", "hard": True}
    afar = [{"id": "afar", "cap": pool}] if made.afar else []
    contest: Json = {
        "id": "c", "rule": _rule(made, units), "selections": selections, "reconcile": "flag",
        "votes_allowed": made.selections * made.selections if made.form == "points" else 1,
        "bound": {"kind": "registered", "hard": True},
    }  # fmt: skip
    if made.districts:
        contest["districts"] = [
            {"unit": name, "weight": weight} for name, weight in zip(places, weights, strict=True)
        ]
    return read({
        "format": "tally-election/1", "election": {"id": "e", "date": "2026-01-01"}, "contests": [contest],
        "units": [{"id": place, "type": "state"} for place in places] + leaves + afar,
    })  # fmt: skip


def reports_of(made: Made, units: int) -> Iterator[CountReport]:
    """One report a unit, in a random order: selections of falling strength, leaning from place to place.

    Units that report alike follow one another, so that two nights are alike at every share of their reports.
    """
    chance = random.Random(made.name)
    order = list(range(min(units, DIFFERENT)))
    chance.shuffle(order)
    lean = [[chance.uniform(0.6, 1.4) / (j + 2) for j in range(made.selections)] for _ in range(made.places)]
    for different in order:
        place = _place(made, different)
        one = _report(made, lean[place], place, chance)
        for n in range(different, units, DIFFERENT):
            yield msgspec.structs.replace(one, unit=f"u{n:06}")


def _report(made: Made, lean: list[float], place: int, chance: random.Random) -> CountReport:
    size, off = made.selections, _missing(made, place)
    on = [j for j in range(size) if j not in off]
    ballots = chance.randint(150, 250)
    counts = {f"s{j}": 0 for j in on}
    if made.form == "votes":
        for j in chance.choices(on, [lean[j] for j in on], k=ballots):
            counts[f"s{j}"] += 1
        return CountReport("", "c", 1, "completed", counts, ballots, 0)
    ranked: dict[tuple[str, ...], int] = {}
    for _ in range(ballots):
        order = sorted(on, key=lambda j: chance.expovariate(lean[j]))
        kept = tuple(f"s{j}" for j in order[: size if made.form == "points" else chance.randint(1, size)])
        ranked[kept] = ranked.get(kept, 0) + 1
    if made.form == "points":
        for ranking, number in ranked.items():
            for rank, name in enumerate(ranking):
                counts[name] += number * (size - 1 - rank)
        return CountReport("", "c", 1, "completed", counts, ballots, 0)
    for ranking, number in ranked.items():
        counts[ranking[0]] += number
    listed = tuple(RankedCount(ranking, number) for ranking, number in ranked.items())
    return CountReport("", "c", 1, "completed", counts, ballots, 0, ballots=listed)

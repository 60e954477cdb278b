"""Random small instances of `tally decide`: every feature, sizes an oracle can enumerate."""

import random

WEIGHT_MAX = 60_000  # rough number of completions an instance may have


def draw(rng: random.Random) -> tuple[dict, int]:
    """One instance and the mask of its electable selections, small enough to enumerate."""
    while True:
        raw, electable = rng.choices((_draw, _draw_open, _draw_crossed, _draw_annulled), (74, 6, 12, 8))[0](
            rng
        )
        if _weight(raw) <= WEIGHT_MAX and _fits(raw):
            return raw, electable


def _draw(rng: random.Random) -> tuple[dict, int]:
    size = rng.choice([1, 2, 3, 3, 3, 4, 4, 4])
    rule = rng.choice(["plurality", "plurality", "plurality", "disputed", "disputed", "assertion"])
    params = _params(rng, rule, size)
    kind = rng.choice(["plain", "styles", "styles", "caps", "caps", "modes", "modes", "all"])
    if rule == "disputed":
        kind = rng.choice(["modes", "modes", "all"])
    units = [
        _unit(rng, f"u{index}", size, kind, small=params.get("ballot", "choose") != "choose")
        for index in range(rng.choice([1, 2, 2, 3, 3, 4]))
    ]
    if kind in {"modes", "all"} and rng.random() < 0.3:
        params["max_annulled"] = rng.randint(0, 2)
    raw = {"rule": rule, "candidates": [f"C{j}" for j in range(size)], "params": params, "units": units}
    if kind in {"caps", "all"}:
        raw["caps"] = _caps(rng, [unit["id"] for unit in units])
        if rng.random() < 0.15 and raw["caps"]:
            inside = set().union(*(cap["units"] for cap in raw["caps"]))
            for unit in units:
                if unit["id"] in inside and rng.random() < 0.5:
                    unit["outstanding"] = None
    electable = (1 << size) - 1 if rng.random() < 0.9 else rng.randrange(1 << size)
    return raw, electable


def _draw_open(rng: random.Random) -> tuple[dict, int]:
    """An instance with a unit whose ballots nobody can bound: few selections, few votes."""
    size = rng.randint(1, 3)
    rule = rng.choice(["plurality", "plurality", "disputed", "assertion"])
    params = _params(rng, rule, size)
    params.pop("ballot", None)
    params["votes_per_ballot"] = rng.choice([1, 1, 2])
    units = [_unit(rng, f"u{index}", size, rng.choice(["styles", "all"]), small=True) for index in range(2)]
    for unit in units:
        unit["counted"] = [min(1, number) for number in unit["counted"]]
        unit.pop("revisable", None)
        unit["outstanding"] = min(1, unit["outstanding"])
        unit["min_outstanding"] = min(unit.get("min_outstanding", 0), unit["outstanding"])
    units[rng.randint(0, 1)]["outstanding"] = None
    names = [f"C{j}" for j in range(size)]
    return {"rule": rule, "candidates": names, "params": params, "units": units}, (1 << size) - 1


def _draw_crossed(rng: random.Random) -> tuple[dict, int]:
    """Several seats, several marks a ballot, and pools across styles: where counting marks is not enough."""
    size = rng.choice([3, 4, 4])
    form = rng.choice(["choose", "cumulative", "cumulative", "score"])
    params = {"seats": 2, "ballot": form, "votes_per_ballot": 2}
    if rng.random() < 0.3:
        params["no_blank"] = True
    units = [
        {
            "id": f"u{index}",
            "counted": [rng.choice([0, 0, 1, 1, 2]) for _ in range(size)],
            "outstanding": rng.choice([1, 1, 2]),
            "min_outstanding": rng.choice([0, 0, 0, 1]),
            "on_ballot": sorted(rng.sample(range(size), rng.choice([1, 1, 2, 2, 3]))),
        }
        for index in range(rng.choice([2, 2, 3]))
    ]
    names = [f"C{j}" for j in range(size)]
    caps = _caps(rng, [unit["id"] for unit in units])
    return {"rule": "plurality", "candidates": names, "params": params, "units": units, "caps": caps}, (
        1 << size
    ) - 1


def _draw_annulled(rng: random.Random) -> tuple[dict, int]:
    """Many annullable units, hardly an outstanding ballot: the cheapest set is not the greedy one."""
    size = rng.choice([2, 3])
    units = [
        {
            "id": f"u{index}",
            "counted": [rng.randint(0, 9), *(rng.randint(0, 4) for _ in range(size - 1))],
            "outstanding": rng.choice([0, 0, 0, 1]),
            "annullable": rng.random() < 0.85,
        }
        for index in range(rng.choice([4, 5, 6]))
    ]
    raw = {"rule": "disputed", "candidates": [f"C{j}" for j in range(size)], "params": {}, "units": units}
    if rng.random() < 0.3:
        raw["params"]["max_annulled"] = rng.randint(0, 3)
    return raw, (1 << size) - 1


def _params(rng: random.Random, rule: str, size: int) -> dict:
    params: dict = {}
    if rule == "plurality" and rng.random() < 0.85:
        params["seats"] = rng.choice([1, 1, 2, 2, 2, 3])
    form = rng.choice(["choose", "choose", "choose", "many", "many", "cumulative", "score"])
    if form == "many":
        params["votes_per_ballot"] = rng.randint(2, 3)
    elif form != "choose":
        params |= {"ballot": form, "votes_per_ballot": rng.randint(1, 2)}
    if rng.random() < 0.35:
        params["no_blank"] = True
    if rule == "assertion":
        params["assertions"] = [
            {
                "coef": [rng.randint(-3, 3) for _ in range(size)],
                "c": rng.randint(-4, 4),
                "strict": rng.random() < 0.5,
            }
            for _ in range(2)
        ]
    return params


def _unit(rng: random.Random, name: str, size: int, kind: str, *, small: bool) -> dict:
    top = rng.choice([1, 3, 6])
    unit: dict = {
        "id": name,
        "counted": [rng.randint(0, top) for _ in range(size)],
        "outstanding": rng.choice([0, 1, 1, 2] if small else [0, 1, 1, 2, 2, 3, 4]),
    }
    if kind in {"styles", "caps", "all"} and rng.random() < 0.75:
        unit["on_ballot"] = [j for j in range(size) if rng.random() < 0.55]
    if rng.random() < 0.4:
        unit["min_outstanding"] = rng.randint(0, unit["outstanding"])
    if kind in {"modes", "all"}:
        if rng.random() < 0.6:
            unit["annullable"] = True
        if rng.random() < 0.15:
            unit["revote"] = rng.randint(0, 2)
        if rng.random() < 0.2:
            unit["revisable"] = rng.randint(1, 2)
        if rng.random() < 0.2:
            unit["ballots"] = rng.randint(0, 9)
    return unit


def _caps(rng: random.Random, ids: list[str]) -> list[dict]:
    """Nested or disjoint caps: cut the shuffled units in two, sometimes cap a part, and look inside it."""
    ids = ids[:]
    rng.shuffle(ids)
    caps = []
    if rng.random() < 0.8:
        caps.append({"units": ids[:], "max": rng.randint(0, 4)})
    cut = rng.randint(0, len(ids))
    caps += [
        {"units": part, "max": rng.randint(0, 3)}
        for part in (ids[:cut], ids[cut:])
        if part and rng.random() < 0.45
    ]
    rng.shuffle(caps)
    return caps


def _weight(raw: dict) -> int:
    """A rough number of completions: what the enumeration would have to hold."""
    size = len(raw["candidates"])
    params = raw["params"]
    votes = params.get("votes_per_ballot", 1)
    kind = params.get("ballot", "choose")
    total = 1
    for unit in raw["units"]:
        names = len(unit.get("on_ballot", range(size)))
        ballots = unit["outstanding"] if unit["outstanding"] is not None else 4
        reach = 1 + ballots * (votes if kind != "choose" else 1)
        vectors = reach ** min(names, 2 if kind == "choose" and votes == 1 else names)
        vectors += (2 * unit.get("revisable", 0) + 1) ** size * vectors if unit.get("revisable") else 0
        vectors += (1 + unit.get("revote", 0)) ** names if "revote" in unit else 0
        total *= max(1, vectors)
    return total


def _fits(raw: dict) -> bool:
    """Whether the ballots known to be cast fit the caps (otherwise there is no completion at all)."""
    least = {unit["id"]: unit.get("min_outstanding", 0) for unit in raw["units"]}
    return all(sum(least[name] for name in cap["units"]) <= cap["max"] for cap in raw.get("caps", []))

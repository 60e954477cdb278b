"""Every completion of a small instance, ballot by ballot; shares no code with what it judges."""

from collections.abc import Iterator
from functools import cache
from itertools import combinations, product

Votes = tuple[int, ...]
Form = tuple[str, int, bool]  # kind, votes a ballot, whether a cast ballot may be blank


@cache
def one_ballot(form: Form, names: Votes, size: int) -> tuple[Votes, ...]:
    """Every ballot that can be cast: its votes by selection."""
    kind, votes, blank = form
    if kind == "choose":
        marked = [
            tuple(int(j in chosen) for j in range(size))
            for number in range(min(votes, len(names)) + 1)
            for chosen in combinations(names, number)
        ]
    else:
        marked = []
        for given in product(range(votes + 1), repeat=len(names)):
            if kind == "cumulative" and sum(given) > votes:
                continue
            ballot = [0] * size
            for j, number in zip(names, given, strict=True):
                ballot[j] = number
            marked.append(tuple(ballot))
    if not blank and names:
        marked = [ballot for ballot in marked if any(ballot)]
    return tuple(marked)


@cache
def box(form: Form, names: Votes, size: int, ballots: int) -> frozenset[Votes]:
    """Every sum of so many ballots: each one cast in every way."""
    if ballots == 0:
        return frozenset({(0,) * size})
    return frozenset(
        tuple(map(sum, zip(before, ballot, strict=True)))
        for before in box(form, names, size, ballots - 1)
        for ballot in one_ballot(form, names, size)
    )


def form_of(raw: dict) -> Form:
    params = raw["params"]
    return (
        params.get("ballot", "choose"),
        params.get("votes_per_ballot", 1),
        not params.get("no_blank", False),
    )


def _most(raw: dict, unit: dict) -> int:
    """Outstanding ballots; where nobody knows, what its caps allow (they allow no more in any case).

    Where nothing bounds them at all, `enough`: whoever asks compares two large numbers.
    """
    if unit["outstanding"] is not None:
        return unit["outstanding"]
    return min(
        (cap["max"] for cap in raw.get("caps", []) if unit["id"] in cap["units"]),
        default=raw.get("enough", 0),
    )


def unbounded(raw: dict) -> bool:
    """Whether some unit's ballots are bounded by nothing."""
    capped = {name for cap in raw.get("caps", []) for name in cap["units"]}
    return any(unit["outstanding"] is None and unit["id"] not in capped for unit in raw["units"])


Way = tuple[str, int, Votes]  # mode, ballots cast that count against a cap, final votes of the unit


def ways(raw: dict, unit: dict, modes: tuple[str, ...]) -> Iterator[Way]:
    """Every end of one unit: its mode, its ballots, its votes."""
    size = len(raw["candidates"])
    form, names = form_of(raw), tuple(sorted(set(unit.get("on_ballot", range(size)))))
    counted = tuple(unit["counted"])
    most, least = _most(raw, unit), unit.get("min_outstanding", 0)
    step = unit.get("revisable", 0)
    starts = [("keep", counted)]
    if "revise" in modes and step:
        spans = [range(max(0, number - step), number + step + 1) for number in counted]
        starts += [("revise", moved) for moved in product(*spans)]
    for mode, start in starts:
        for ballots in range(least, most + 1):
            for cast in box(form, names, size, ballots):
                yield mode, ballots, tuple(map(sum, zip(start, cast, strict=True)))
    if "annul" in modes and unit.get("annullable"):
        yield "annul", 0, (0,) * size
    if "revote" in modes and unit.get("revote") is not None:
        for ballots in range(unit["revote"] + 1):
            for cast in box(form, names, size, ballots):
                yield "revote", 0, cast


ANY = ("annul", "revote", "revise")


def ends(raw: dict) -> frozenset[Votes]:
    """Every vector of final totals."""
    most = raw["params"].get("max_annulled")
    limit = len(raw["units"]) if most is None else most
    return frozenset(totals for totals, _, _ in _joined(raw, ANY, limit))


def ends_by_annulment(raw: dict) -> frozenset[tuple[Votes, int, int]]:
    """Every (final totals, units annulled, ballots annulled) when annulling is all that can happen."""
    return _joined(raw, ("annul",), len(raw["units"]))


def _joined(raw: dict, modes: tuple[str, ...], limit: int) -> frozenset[tuple[Votes, int, int]]:
    caps = raw.get("caps", [])
    size = len(raw["candidates"])
    states = {((0,) * size, (0,) * len(caps), 0, 0)}
    for unit in raw["units"]:
        inside = [unit["id"] in cap["units"] for cap in caps]
        cost = unit.get("ballots")
        cost = sum(unit["counted"]) if cost is None else cost
        options = {
            (
                votes,
                tuple(ballots * member for member in inside),
                int(mode != "keep"),
                cost * (mode == "annul"),
            )
            for mode, ballots, votes in ways(raw, unit, modes)
        }
        grown = set()
        for totals, used, changed, spent in states:
            for votes, more, change, price in options:
                if changed + change > limit:
                    continue
                load = tuple(map(sum, zip(used, more, strict=True)))
                if all(number <= cap["max"] for number, cap in zip(load, caps, strict=True)):
                    after = tuple(map(sum, zip(totals, votes, strict=True)))
                    grown.add((after, load, changed + change, spent + price))
        states = grown
    return frozenset((totals, changed, spent) for totals, _, changed, spent in states)

"""Classes, bounds and pools of a certificate, computed again from the cells of its rows."""

from typing import NamedTuple

from msgspec import UNSET

from tally.verifier.arithmetic import Field, Place, Room, Source
from tally.verifier.counted import Cell, Reading, ballots_counted, votes_counted
from tally.verifier.in_box import check_least
from tally.verifier.shapes import Aggregate, Bound, Certificate, Findings, Pool, Row


class Arena(NamedTuple):
    """Which class each unit is in, and how selections, pools and districts are numbered."""

    class_of: dict[str, int]
    selection: dict[str, int]
    pool: dict[str, int]
    district: dict[str, int]


def arena_of(body: Certificate, cells: list[Cell], findings: Findings) -> Arena | None:
    """Units by class as the certificate lists them; None where that cannot be made sense of."""
    before = len(findings.found)
    selection = {name: index for index, name in enumerate(body.selections)}
    pool = {one.id: index for index, one in enumerate(body.pools)}
    listed = () if body.districts is UNSET else body.districts
    district = {one.id: index for index, one in enumerate(listed)}
    if (len(selection), len(pool), len(district)) != (len(body.selections), len(body.pools), len(listed)):
        findings.add("/selections, /pools, /districts: each once", None, None)
    for index, one in enumerate(body.pools):
        if one.parent is not None and one.parent not in pool:
            findings.add(f"/pools/{index}/parent: a pool of this list", sorted(pool), one.parent)
    if len(findings.found) == before and any(_circular(body.pools, index, pool) for index in pool.values()):
        findings.add("/pools: none is inside itself", None, None)
    for index, entry in enumerate(body.aggregates):
        findings.equal(f"/aggregates/{index}/class", f"c{index}", entry.name)
        if entry.pool is not None and entry.pool not in pool:
            findings.add(f"/aggregates/{index}/pool: a pool of this list", sorted(pool), entry.pool)
        if (entry.district is UNSET) == bool(district) or entry.district not in {UNSET, None, *district}:
            findings.add(f"/aggregates/{index}/district: one of this list", sorted(district), None)
        names = entry.on_ballot or ()
        order = [selection.get(name, -1) for name in names]
        if -1 in order or order != sorted(set(order)) or len(names) == len(selection):
            findings.add(
                f"/aggregates/{index}/on_ballot: some selections, in order; null: all", None, list(names)
            )
    class_of = _members(body.aggregates, list(dict.fromkeys(cell.unit for cell in cells)), findings)
    return Arena(class_of, selection, pool, district) if len(findings.found) == before else None


def _circular(pools: tuple[Pool, ...], start: int, index: dict[str, int]) -> bool:
    at: int | None = start
    for _ in pools:
        parent = None if at is None else pools[at].parent
        at = None if parent is None else index[parent]
    return at is not None


def _members(entries: tuple[Aggregate, ...], units: list[str], findings: Findings) -> dict[str, int]:
    class_of: dict[str, int] = {}
    rest: list[int] = []
    known = set(units)
    for index, entry in enumerate(entries):
        if isinstance(entry.members, str):
            findings.equal(f"/aggregates/{index}/members: rest, or a list of units", "rest", entry.members)
            rest.append(index)
            continue
        if list(entry.members) != sorted(entry.members):
            findings.add(f"/aggregates/{index}/members: sorted", None, None)
        for unit in entry.members:
            if unit not in known or unit in class_of:
                findings.add(f"/aggregates/{index}/members: units of the rows, each in one class", None, unit)
            class_of[unit] = index
    others = [unit for unit in units if unit not in class_of]
    if len(rest) != 1 and (rest or others):
        findings.add("/aggregates: one class takes the rest", 1, len(rest))
    elif rest:
        class_of |= dict.fromkeys(others, rest[0])
    counted = [0] * len(entries)
    for index in class_of.values():
        counted[index] += 1
    for index, entry in enumerate(entries):
        findings.equal(f"/aggregates/{index}/units", counted[index], entry.units)
    return class_of


def field_of(
    body: Certificate, arena: Arena, rows: list[Row], cells: list[Cell], reading: Reading, findings: Findings
) -> Field:
    """All that may still come, from the rows alone; differences where the certificate says otherwise."""
    ballots: list[int | None] = [0] * len(body.aggregates)
    bounds: dict[tuple[int, str, bool], tuple[int, int | None]] = {}
    cast = [0] * len(body.pools)
    for cell in cells:
        index = arena.class_of[cell.unit]
        pool = body.aggregates[index].pool
        while pool is not None:
            cast[arena.pool[pool]] += cell.cast
            pool = body.pools[arena.pool[pool]].parent
        if cell.open:
            more = cell.outstanding(reading)
            source = "" if cell.cap.source is UNSET else cell.cap.source
            key = (index, source, cell.cap.hard is True)
            number, total = bounds.get(key, (0, 0))
            bounds[key] = (number + 1, None if total is None or more is None else total + more)
            known = ballots[index]
            ballots[index] = None if known is None or more is None else known + more
    for index, entry in enumerate(body.aggregates):
        findings.equal(
            f"/aggregates/{index}/R: ballots that may still come", ballots[index], entry.outstanding
        )
    expected = [
        Bound(f"c{index}", source, hard, number, total)
        for (index, source, hard), (number, total) in sorted(bounds.items(), key=lambda one: one[0])
    ]
    for index, bound in enumerate(expected[: len(body.bounds)]):
        findings.equal(f"/bounds/{index}", bound, body.bounds[index])
    findings.equal("/bounds: as many", len(expected), len(body.bounds))
    rooms = [_room(pool, cast[p], reading, f"/pools/{p}", findings) for p, pool in enumerate(body.pools)]
    least = check_least(body, arena.class_of, rows, cells, rooms, reading, findings)
    everyone = frozenset(arena.selection.values())
    sources = [
        Source(
            everyone
            if entry.on_ballot is None
            else frozenset(arena.selection[name] for name in entry.on_ballot),
            ballots[index],
            -1 if entry.pool is None else arena.pool[entry.pool],
            arena.district.get(str(entry.district), -1),
            least[index],
        )
        for index, entry in enumerate(body.aggregates)
    ]
    parents = [-1 if pool.parent is None else arena.pool[pool.parent] for pool in body.pools]
    votes = votes_counted(rows, body.selections)
    places = _places(body, arena, rows, findings)
    rankings = _rankings(body, arena, rows, findings)
    rooms_of = tuple(map(Room, rooms, parents))
    all_cast = sum(row.ballots_cast for row in rows if row.standing != "annulled")
    return Field(tuple(votes), body.ballot, tuple(sources), rooms_of, places, rankings, all_cast)


def _places(body: Certificate, arena: Arena, rows: list[Row], findings: Findings) -> tuple[Place, ...]:
    """The districts, their votes summed from the rows of the units whose class is theirs."""
    if body.districts is UNSET:
        return ()
    of_district: list[list[Row]] = [[] for _ in body.districts]
    for row in rows:
        name = body.aggregates[arena.class_of[row.unit]].district
        if isinstance(name, str):
            of_district[arena.district[name]].append(row)
    found = []
    for index, (one, of) in enumerate(zip(body.districts, of_district, strict=True)):
        votes = tuple(votes_counted(of, body.selections))
        findings.equal(f"/districts/{index}/counted: the sum of its rows", votes, one.counted)
        found.append(Place(one.id, one.weight, votes))
    return tuple(found)


def _rankings(
    body: Certificate, arena: Arena, rows: list[Row], findings: Findings
) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Counted ballots by ranking, where the certificate is about ranked ballots."""
    if body.rankings is UNSET:
        if any(row.ballots is not UNSET for row in rows):
            findings.add("/rankings: the sum of the rows' ballots", "rankings", None)
        return ()
    counted = ballots_counted(rows, body.selections, findings)
    said = tuple((tuple(arena.selection.get(n, -1) for n in one.ranking), one.count) for one in body.rankings)
    findings.equal("/rankings: the sum of the rows' ballots", counted, said)
    return counted


def _room(pool: Pool, cast: int, reading: Reading, at: str, findings: Findings) -> int | None:
    """What a pool still takes under a reading; None where it does not count."""
    findings.equal(f"{at}/cast: ballots counted in its units", cast, pool.cast)
    if pool.stated_hard is False or pool.shown_wrong is False:
        findings.add(f"{at}: what does not apply is left out", None, False)
    if (pool.hard and pool.wrong) or (pool.stated_hard is True and (pool.hard or not pool.wrong)):
        findings.add(f"{at}/hard: shown wrong, so not hard", not pool.wrong, pool.hard)
    if pool.hard and cast > pool.ballots:
        findings.add(f"{at}: more ballots than it allows show it not to be hard", pool.ballots, cast)
    counts = (pool.hard if reading.certain else pool.stated) or reading.takes(pool.source)
    room = pool.ballots - cast if counts and pool.ballots > 0 and pool.ballots >= cast else None
    findings.equal(f"{at}/outstanding: ballots it still takes", room, pool.outstanding)
    return room

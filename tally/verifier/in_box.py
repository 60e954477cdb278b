"""Ballots known to be in the box, class by class, worked out again from the rows."""

from msgspec import UNSET

from tally.verifier.counted import Cell, Reading
from tally.verifier.shapes import Certificate, Findings, Row

RULES = frozenset({"plurality", "disputed", "assertion", "two_round", "qualifying_round", "measure"})
"""Rules under which such ballots are sure to come."""


def check_least(
    body: Certificate,
    class_of: dict[str, int],
    rows: list[Row],
    cells: list[Cell],
    rooms: list[int | None],
    reading: Reading,
    findings: Findings,
) -> list[int]:
    """The fewest ballots that come in each class; a difference where the certificate says otherwise.

    `rooms`: what each pool still takes, None where it does not count. Numbers that contradict each other are
    not believed, so that some completion is always left: the boxes of all units under one outermost pool, where
    some pool there has too little room for them; all boxes, where a ballot that may not be blank was.
    """
    least = [0] * len(body.aggregates)
    if body.rule.get("type") in RULES and not (_a_ballot_is_silent(rows) and not body.ballot.blank):
        for cell in cells:
            if cell.open:
                least[class_of[cell.unit]] += cell.least(reading)
        around = [_around(body, entry.pool) for entry in body.aggregates]
        place = {pool.id: p for p, pool in enumerate(body.pools)}
        taken = [0] * len(body.pools)
        for ballots, chain in zip(least, around, strict=True):
            for name in chain:
                taken[place[name]] += ballots
        spoilt = {
            _around(body, pool.id)[-1]
            for pool, room, ballots in zip(body.pools, rooms, taken, strict=True)
            if room is not None and ballots > room
        }
        least = [0 if chain and chain[-1] in spoilt else n for n, chain in zip(least, around, strict=True)]
    for index, entry in enumerate(body.aggregates):
        said = 0 if entry.least is UNSET else entry.least
        findings.equal(f"/aggregates/{index}/L: ballots known to be in the box", least[index], said)
        if entry.least == 0:
            findings.add(f"/aggregates/{index}/L: what does not apply is left out", None, 0)
    return least


def _a_ballot_is_silent(rows: list[Row]) -> bool:
    """Whether some counted ballot is certainly no vote for anybody."""
    return any(
        row.invalid > 0 or sum((row.counts or {}).values()) < row.ballots_cast
        for row in rows
        if row.standing != "annulled"
    )


def _around(body: Certificate, pool: str | None) -> list[str]:
    """A pool and those around it, the outermost last."""
    parent = {one.id: one.parent for one in body.pools}
    found: list[str] = []
    while pool is not None:
        found.append(pool)
        pool = parent[pool]
    return found

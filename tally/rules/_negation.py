"""Two rounds: what makes each claim false, as cases of a few needs on the final votes.

A claim is false of a finished count exactly when one of its cases holds there: all needs of that case at once.
Nobody's claim is true of a count without a single vote, so that is a case of each.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, product

import msgspec

from tally.needs import Need

Case = tuple[Need, ...]


class Alternative(msgspec.Struct, frozen=True):
    """One way to win at once: a share of all votes, and where there is a margin, that lead over each rival.

    Both are fractions of all votes counted in the contest: more than that where strict, at least that otherwise.
    """

    share: tuple[int, int]
    strict: bool = True
    margin: tuple[int, int] | None = None
    margin_strict: bool = True


class Law(msgspec.Struct, frozen=True):
    """Who can win, among how many selections, and the ways to win at once."""

    size: int
    contenders: tuple[int, ...]
    alternatives: tuple[Alternative, ...]

    def rivals(self, who: int) -> list[int]:
        """Return who else can win."""
        return [j for j in self.contenders if j != who]


def negated(need: Need) -> Need:
    """Return the need that holds exactly where `need` does not."""
    return Need(tuple(-weight for weight in need.votes), 1 - need.least)


def no_votes(law: Law) -> Need:
    """Return: nobody has a vote."""
    return Need((-1,) * law.size, 0)


def ahead(law: Law, who: int, rival: int) -> Need:
    """Return: `who` has as many votes as `rival`, or more."""
    return Need(tuple((j == who) - (j == rival) for j in range(law.size)), 0)


def has_share(law: Law, who: int, way: Alternative) -> Need:
    """Return: `who` has the share."""
    over, under = way.share
    return Need(tuple(under * (j == who) - over for j in range(law.size)), int(way.strict))


def has_margin(law: Law, who: int, rival: int, way: Alternative) -> Need:
    """Return: `who` has the margin over `rival`."""
    over, under = way.margin or (0, 1)
    votes = tuple(under * ((j == who) - (j == rival)) - over for j in range(law.size))
    return Need(votes, int(way.margin_strict))


def wins(law: Law, who: int) -> Iterator[Case]:
    """Yield the ways in which `who` wins at once, by a tie-break at least; some vote is taken as given."""
    rivals = law.rivals(who)
    top = [ahead(law, who, j) for j in rivals]
    for way in law.alternatives:
        margins = [has_margin(law, who, j, way) for j in rivals] if way.margin else []
        yield (has_share(law, who, way), *margins, *top)


def falls_short(law: Law, who: int, rival: int | None) -> Iterator[Case]:
    """Yield the ways in which `who`, with `rival` next to it, fails every alternative."""
    members = []
    for way in law.alternatives:
        lacking = [negated(has_share(law, who, way))]
        if way.margin and rival is not None:
            lacking.append(negated(has_margin(law, who, rival, way)))
        members.append(lacking)
    yield from product(*members)


def falls_short_of_any(law: Law, who: int) -> Iterator[Case]:
    """Yield the ways in which `who` fails every alternative, whoever is next to it."""
    rivals: Sequence[int | None] = law.rivals(who) or [None]
    if not any(way.margin for way in law.alternatives):
        rivals = [None]
    for rival in rivals:
        yield from falls_short(law, who, rival)


def cases(law: Law, kind: str, who: tuple[int, ...]) -> Iterator[Case]:
    """Yield the cases in which a claim is false of a count, in the order in which its proof refutes them."""
    yield (no_votes(law),)
    if kind == "outright":
        yield from ((ahead(law, j, who[0]),) for j in law.rivals(who[0]))
        yield from falls_short_of_any(law, who[0])
    elif kind == "no-runoff":
        for i in law.contenders:
            top = [ahead(law, i, j) for j in law.rivals(i)]
            yield from ((*top, *case) for case in falls_short_of_any(law, i))
        if not law.contenders:
            yield ()
    elif kind == "runoff":
        for i in law.contenders:
            yield from wins(law, i)
        if who:
            others = [j for j in law.contenders if j not in who]
            yield from ((ahead(law, j, i),) for j in others for i in who)
    elif kind == "advances":
        for i in law.rivals(who[0]):
            yield from wins(law, i)
        rivals = combinations(law.rivals(who[0]), 2)
        yield from ((ahead(law, i, who[0]), ahead(law, j, who[0])) for i, j in rivals)
    else:
        yield tuple(ahead(law, who[0], j) for j in law.rivals(who[0]))
        for i in law.rivals(who[0]):
            behind = [ahead(law, who[0], j) for j in law.rivals(who[0]) if j != i]
            yield from ((*behind, *case) for case in falls_short(law, i, who[0]))

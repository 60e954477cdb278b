"""What spread asks for: the national vote, and a share in enough districts."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from tally.assertion import Assertion, least
from tally.completions import Completions
from tally.rules._bodies import ended, joined, plain
from tally.rules._seats import seat_bounds
from tally.rules._worst import worst_witness
from tally.witness import Witness


class Terms(msgspec.Struct, frozen=True):
    """Most votes, or more than half, nationally; and at least (strict: more than) a share in so many districts."""

    majority: bool
    share: tuple[int, int]
    strict: bool
    units: int

    def of_share(self, size: int, who: int) -> Assertion:
        """Return "has its share" of one district."""
        over, under = self.share
        return Assertion(tuple(under * (j == who) - over for j in range(size)), 0, self.strict)

    def of_half(self, size: int, who: int) -> Assertion:
        """Return "has more than half"."""
        return Assertion(tuple(2 * (j == who) - 1 for j in range(size)))


class Span(NamedTuple):
    """The least and the most an inequality can come to; None: no such bound. `strict`: 0 is not enough."""

    least: int | None
    most: int | None
    strict: bool

    @property
    def sure(self) -> bool:
        """Whether it holds in every completion."""
        return self.least is not None and (self.least > 0 or (self.least == 0 and not self.strict))

    @property
    def possible(self) -> bool:
        """Whether it holds in some completion."""
        return self.most is None or self.most > 0 or (self.most == 0 and not self.strict)


class Look(msgspec.Struct, frozen=True):
    """One look at the contest: per selection its national vote; per district, per selection, its share.

    `able`: who can win at all. Nationally a tie may be won and may be lost.
    """

    national_sure: tuple[bool, ...]
    national_possible: tuple[bool, ...]
    national: tuple[tuple[int | None, int | None], ...]
    shares: tuple[tuple[Span, ...], ...]
    units: int
    able: tuple[int, ...]
    exact: bool

    def wins(self, who: int) -> bool:
        """Whether a selection wins in every completion."""
        having = sum(of[who].sure for of in self.shares)
        return who in self.able and self.national_sure[who] and having >= self.units

    def may_win(self, who: int) -> bool:
        """Whether a selection wins in some completion."""
        having = sum(of[who].possible for of in self.shares)
        return who in self.able and self.national_possible[who] and having >= self.units

    def proof(self) -> "Look":
        """Return what proves a claim: the numbers themselves."""
        return self

    def published(self, completions: Completions, names: Sequence[str]) -> dict[str, Any]:
        """Return the numbers as JSON values: [least, most] by district and selection, null for no bound."""
        return {
            "logic": "spread",
            "national": {names[j]: list(self.national[j]) for j in self.able},
            "districts": [
                {
                    "district": district.name,
                    "shares": {names[j]: [of[j].least, of[j].most] for j in self.able},
                }
                for district, of in zip(completions.districts, self.shares, strict=True)
            ],
        }


def look_at(completions: Completions, terms: Terms) -> Look:
    """Return the least and the most of everything winning asks for. Cost: O(selections² × districts)."""
    size = len(completions.counted)
    national: list[tuple[int | None, int | None]] = []
    sure, possible = [], []
    if terms.majority:
        for who in range(size):
            span = span_of(terms.of_half(size, who), completions)
            national.append((span.least, span.most))
            sure.append(span.sure)
            possible.append(span.possible)
    else:
        for won, lost in seat_bounds(completions, 1):
            national.append((won.slack, None if lost.slack is None else -lost.slack))
            sure.append(won.holds)
            possible.append(not lost.holds)
    shares = []
    for d in range(len(completions.districts)):
        inner = completions.of_district(d)
        shares.append(tuple(span_of(terms.of_share(size, who), inner) for who in range(size)))
    free = completions.ballot.blank or not any(group.ballots_min for group in completions.groups)
    loose = all(group.district >= 0 for group in completions.groups)
    exact = free and not completions.modal and (not completions.couples_districts() or not loose)
    exact = exact and not (completions.pools and completions.couples_districts())
    able = tuple(completions.contenders())
    return Look(tuple(sure), tuple(possible), tuple(national), tuple(shares), terms.units, able, exact)


def span_of(assertion: Assertion, completions: Completions) -> Span:
    """Return the least and the most of a·V - c over every completion."""
    lowest = least(assertion, completions).slack
    other = Assertion(tuple(-weight for weight in assertion.a), -assertion.c)
    highest = least(other, completions).slack
    return Span(lowest, None if highest is None else -highest, assertion.strict)


def patience_of(completions: Completions, terms: Terms, look: Look) -> int | None:
    """Return how many votes or outstanding ballots may move before any of it can turn; None: unknown."""
    if not plain(completions) or completions.ballot.kind != "choose":
        return None
    over, under = terms.share
    step = max(1, under - over, over)
    found = [abs(slack) - 1 for j in look.able for slack in look.national[j] if slack is not None]
    spans = [of[j] for of in look.shares for j in look.able]
    found += [(abs(n) - 1) // step for span in spans for n in (span.least, span.most) if n is not None]
    return min(found, default=None)


def lose_witness(completions: Completions, terms: Terms, look: Look, who: int) -> Witness | None:
    """Return a completion in which `who` does not win (by some tie-break); None: none was found."""
    size = len(completions.counted)
    if who not in look.able or not look.national_sure[who]:
        if who not in look.able:
            return joined(completions, {})
        rivals = [j for j in look.able if j != who]
        against = (
            [terms.of_half(size, who)]
            if terms.majority
            else [Assertion(tuple((k == who) - (k == j) for k in range(size))) for j in rivals]
        )
        for one in against:
            slack = least(one, completions)
            if not slack.holds(strict=True):
                return worst_witness(one, completions, bounded=slack.slack is not None)
        return None
    lacking = [d for d, of in enumerate(look.shares) if not of[who].sure]
    found: dict[int, Witness] = {}
    for d in lacking:
        inner = completions.of_district(d)
        bounded = look.shares[d][who].least is not None
        lacks = worst_witness(terms.of_share(size, who), inner, bounded=bounded)
        if lacks is None:
            return None
        found[d] = lacks
    return joined(completions, found)


def win_witness(completions: Completions, terms: Terms, who: int) -> Witness | None:
    """Return the completion in which every ballot that can names `who`, if it wins there (by some tie-break)."""
    size = len(completions.counted)
    a = tuple(-int(j == who) for j in range(size))
    if all(group.ballots_max is not None for group in completions.groups):
        found = worst_witness(Assertion(a), completions, bounded=True)
    else:
        enough = (terms.share[1] + 2) * (sum(completions.votes_counted()) + 1)
        found = worst_witness(Assertion(a, -enough), completions, bounded=False)
    if found is None:
        return None
    totals, places = found.totals, ended(completions, found)
    able = completions.contenders()
    level = all(totals[who] >= totals[j] for j in able)
    first = 2 * totals[who] > sum(totals) if terms.majority else level
    having = sum(_has(terms, votes, who) for votes in places)
    return found if first and who in able and having >= terms.units else None


def _has(terms: Terms, votes: Sequence[int], who: int) -> bool:
    over, under = terms.share
    value = under * votes[who] - over * sum(votes)
    return value > 0 or (value == 0 and not terms.strict)

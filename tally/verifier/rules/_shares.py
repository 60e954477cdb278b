"""The law of list seats from a rule object, and seats on a finished count."""

from collections.abc import Sequence
from functools import cmp_to_key
from typing import Any, NamedTuple

from tally.verifier.shapes import Findings

SEATS_MAX = 10_000
METHODS = {
    "highest_averages": ("divisors", ("dhondt", "sainte_lague", "modified_sainte_lague")),
    "largest_remainder": ("quota", ("hare", "droop")),
}


class Shares(NamedTuple):
    """How seats follow from votes in one contest or district."""

    method: str
    seats: int
    share: tuple[int, int]
    strict: bool
    partners: dict[int, int]
    lists: tuple[int, ...]

    @property
    def remainders(self) -> bool:
        """Whether quotas and what is left after them decide, not divisors."""
        return self.method in {"hare", "droop"}

    @property
    def given_out(self) -> int:
        """How many seats there are to have."""
        return min(self.seats, len(self.lists)) if self.method == "plurality" else self.seats

    def let_in(self, votes: int, total: int) -> bool:
        """Whether so many of all votes are enough to take part."""
        lead = votes * self.share[1] - total * self.share[0]
        return lead > 0 if self.strict else lead >= 0

    def entry(self, total: int) -> int:
        """The fewest votes that are let in."""
        edge = total * self.share[0] // self.share[1]
        return edge + (self.strict or edge * self.share[1] < total * self.share[0])

    def divisor(self, n: int) -> int:
        """The n-th divisor; those that begin with 1.4 times ten."""
        if self.method == "modified_sainte_lague":
            return 20 * n - 10 if n > 1 else 14
        return n if self.method == "dhondt" else 2 * n - 1

    def quota(self, total: int) -> tuple[int, int]:
        """The votes of a quota, as a fraction."""
        return (total, self.seats) if self.method == "hare" else (total // (self.seats + 1) + 1, 1)

    def together(self, lists: Sequence[int]) -> list[tuple[int, ...]]:
        """These lists, two with an agreement as one where both are among them."""
        return [
            (j, self.partners[j]) if self.partners.get(j) in lists else (j,)
            for j in lists
            if self.partners.get(j) not in lists or j < self.partners[j]
        ]


def shares_of(
    rule: Any, kind: str, names: list[str], electable: Sequence[int], at: str, findings: Findings
) -> Shares | None:
    """The law a rule object states; None, and a difference, when it states none."""
    raw = rule if isinstance(rule, dict) else {}
    seats = 1 if raw.get("seats") is None else raw["seats"]
    if type(seats) is not int or not 1 <= seats <= SEATS_MAX:
        findings.add(f"{at}/seats: a whole number from 1", SEATS_MAX, seats)
        return None
    method = "plurality"
    if kind in METHODS:
        field, options = METHODS[kind]
        method = options[0] if raw.get(field) is None else raw[field]
        if method not in options:
            findings.add(f"{at}/{field}: one of these", options, method)
            return None
    share = _threshold(raw.get("threshold"))
    partners = _partners(raw.get("surplus_agreements"), names)
    barred = places([] if raw.get("not_electable") is None else raw["not_electable"], names)
    if share is None or partners is None or barred is None:
        findings.add(
            f"{at}: threshold, surplus_agreements and not_electable as the rule has them", None, None
        )
        return None
    lists = tuple(j for j in electable if j not in barred)
    return Shares(method, seats, share[0], share[1], partners, lists)


def _threshold(raw: Any) -> tuple[tuple[int, int], bool] | None:
    """The share that lets a list in, and whether it must be passed; None: it makes no sense."""
    if raw is None:
        return (0, 1), False
    share = raw.get("fraction") if isinstance(raw, dict) else None
    if not isinstance(share, list | tuple) or len(share) != 2 or any(type(part) is not int for part in share):
        return None
    strict = raw.get("strict")
    if not 0 <= share[0] <= share[1] or not share[1] or (strict is not None and type(strict) is not bool):
        return None
    return (share[0], share[1]), bool(strict)


def _partners(raw: Any, names: list[str]) -> dict[int, int] | None:
    """Each list with an agreement and the one it has it with; None: they make no sense."""
    partners: dict[int, int] = {}
    for pair in [] if raw is None else raw if isinstance(raw, list | tuple) else [None]:
        two = places(pair, names)
        if two is None or len(two) != 2 or set(two) & set(partners):
            return None
        partners |= {two[0]: two[1], two[1]: two[0]}
    return partners


def places(listed: Any, names: list[str]) -> list[int] | None:
    """The places of selections given by name or by place, each once, in order; None: they are not."""
    found = []
    for one in listed if isinstance(listed, list | tuple) else [None]:
        if isinstance(one, str) and one in names:
            found.append(names.index(one))
        elif type(one) is int and 0 <= one < len(names):
            found.append(one)
        else:
            return None
    return sorted(set(found)) if len(set(found)) == len(found) else None


class Ranked(NamedTuple):
    """A claim of one party to one more seat: a fraction, the larger the earlier."""

    over: int
    under: int
    party: int


def seated(shares: Shares, votes: Sequence[int], members: frozenset[int]) -> tuple[int, int]:
    """The fewest and the most seats these selections have together on final votes, however ties go."""
    total = sum(votes)
    inside = [j for j in shares.lists if shares.let_in(votes[j], total)]
    if shares.method != "plurality" and not any(votes[j] for j in inside):
        return 0, shares.seats if members & set(inside) else 0
    parties = shares.together(inside)
    sure, tied, spare = _first(
        shares, [sum(votes[j] for j in party) for party in parties], total, shares.given_out
    )
    few = many = 0
    gains: list[tuple[int, int]] = []
    for index, party in enumerate(parties):
        low, high = _of_members(shares, votes, party, sure[index], members)
        few, many = few + low, many + high
        if index in tied:
            more_low, more_high = _of_members(shares, votes, party, sure[index] + 1, members)
            gains.append((more_low - low, more_high - high))
    few += sum(sorted(low for low, _ in gains)[:spare])
    many += sum(sorted((high for _, high in gains), reverse=True)[:spare])
    return few, many


def _first(shares: Shares, sums: Sequence[int], total: int, seats: int) -> tuple[list[int], set[int], int]:
    """Seats that no tie can take, who is tied for one more, and how many of those get it."""
    claims = [one for index, own in enumerate(sums) for one in _claims(shares, own, total, seats, index)]
    claims.sort(key=cmp_to_key(_later))
    if not seats or not claims:
        return [0] * len(sums), set(), 0
    mark = claims[min(seats, len(claims)) - 1]
    above = [one for one in claims if _later(one, mark) < 0]
    level = [one for one in claims if _later(one, mark) == 0]
    sure = [sum(one.party == index for one in above) for index in range(len(sums))]
    return sure, {one.party for one in level}, min(seats, len(claims)) - len(above)


def _later(one: Ranked, other: Ranked) -> int:
    """Above 0 when `one` comes after `other`, below 0 when before, 0 when they are level."""
    return other.over * one.under - one.over * other.under


def _claims(shares: Shares, own: int, total: int, seats: int, party: int) -> list[Ranked]:
    if shares.method == "plurality":
        return [Ranked(own, 1, party)]
    if shares.remainders:
        over, under = shares.quota(total)
        return [Ranked(own * under - (n - 1) * over, 1, party) for n in range(1, seats + 1)]
    return [Ranked(own, shares.divisor(n), party) for n in range(1, seats + 1)]


def _of_members(
    shares: Shares, votes: Sequence[int], party: tuple[int, ...], seats: int, members: frozenset[int]
) -> tuple[int, int]:
    """The fewest and the most of a party's seats that are theirs."""
    mine = [j for j in party if j in members]
    if len(mine) == len(party) or not mine or not seats:
        return (seats, seats) if mine else (0, 0)
    own, other = votes[mine[0]], sum(votes[j] for j in party if j not in mine)
    if own == other == 0:
        return 0, seats
    sure, tied, spare = _first(shares, [own, other], own + other, seats)
    contested = 0 in tied
    return sure[0] + (contested and spare == len(tied)), sure[0] + contested

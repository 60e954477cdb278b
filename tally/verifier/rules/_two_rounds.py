"""The law of two rounds: who wins at once, and what would make each claim false."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Any, NamedTuple

from tally.verifier.infeasible import Need
from tally.verifier.shapes import NUMBER_MAX, Certificate, Findings

WAYS_MAX = 6
"""Ways to win at once that one law may list."""
KINDS = {"outright": (1,), "advances": (1,), "eliminated": (1,), "runoff": (0, 2), "no-runoff": (0,)}
"""What is claimed, and of how many selections."""


class Way(NamedTuple):
    """A share of all votes, and a lead over every rival (0 in 1: none), each more than that where strict."""

    share: tuple[int, int]
    strict: bool
    margin: tuple[int, int]
    margin_strict: bool


class Rounds(NamedTuple):
    """A claim in numbers: its kind, of whom, among so many selections, who can win, and the ways to win at once."""

    kind: str
    who: tuple[int, ...]
    size: int
    contenders: tuple[int, ...]
    ways: tuple[Way, ...]

    def rivals(self, who: int) -> list[int]:
        """Who else can win."""
        return [j for j in self.contenders if j != who]


def rounds_of(body: Certificate, electable: Sequence[int], findings: Findings) -> Rounds | None:
    """The claim in numbers; None, and a difference, when rule and claim do not make one."""
    names, before = list(body.selections), len(findings.found)
    ways = _ways(body.rule.get("alternatives"), findings)
    barred = _barred(body.rule.get("not_electable"), names, findings)
    who = [names.index(name) if name in names else -1 for name in body.claim.who]
    if len(who) not in KINDS.get(body.claim.type, ()):
        findings.add("/claim/type: a claim this rule makes, of so many", KINDS, body.claim.type)
    if -1 in who or who != sorted(set(who)):
        findings.add("/claim/who: selections, in order, each once", names, list(body.claim.who))
    contenders = tuple(j for j in electable if j not in barred)
    if body.claim.type != "eliminated" and not set(who) <= set(contenders):
        findings.add("/claim/who: who can win", [names[j] for j in contenders], list(body.claim.who))
    if len(findings.found) > before:
        return None
    return Rounds(body.claim.type, tuple(who), len(names), contenders, tuple(ways))


def _ways(listed: Any, findings: Findings) -> list[Way]:
    if listed is None:
        return [Way((1, 2), strict=True, margin=(0, 1), margin_strict=True)]
    found = []
    for index, entry in enumerate(listed if isinstance(listed, list) and len(listed) <= WAYS_MAX else []):
        one = entry if isinstance(entry, dict) else {}
        share = fraction_of(one.get("share"))
        margin = (0, 1) if one.get("margin") is None else fraction_of(one["margin"])
        flags = [True if one.get(name) is None else one[name] for name in ("share_strict", "margin_strict")]
        if share is None or margin is None or not all(isinstance(flag, bool) for flag in flags):
            findings.add(f"/rule/alternatives/{index}: a share, and a margin or none", "[n, d]", None)
            return []
        found.append(Way(share, flags[0], margin, flags[1]))
    if not found:
        findings.add(f"/rule/alternatives: from one to {WAYS_MAX} ways to win at once", "a list", None)
    return found


def fraction_of(value: Any) -> tuple[int, int] | None:
    """[n, d] with 0 <= n <= d and d > 0 as two numbers; None when it is none."""
    if not isinstance(value, list) or len(value) != 2 or not all(type(part) is int for part in value):
        return None
    over, under = value
    return (over, under) if 0 <= over <= under <= NUMBER_MAX and under > 0 else None


def _barred(listed: Any, names: list[str], findings: Findings) -> set[int]:
    if listed is None:
        return set()
    places: list[Any] = (
        [names.index(one) if isinstance(one, str) and one in names else one for one in listed]
        if (isinstance(listed, list))
        else [None]
    )
    if not all(type(place) is int and 0 <= place < len(names) for place in places):
        findings.add("/rule/not_electable: selections", names, None)
        return set()
    return set(places)


# What would make a claim false: cases, each a list of needs on the final votes V.


def _not(need: Need) -> Need:
    return Need(tuple(-one for one in need.votes), 1 - need.least)


def _level(q: Rounds, who: int, rival: int) -> Need:
    """V_who >= V_rival."""
    return Need(tuple((j == who) - (j == rival) for j in range(q.size)), 0)


def _share(q: Rounds, way: Way, who: int) -> Need:
    """V_who is more than (or at least) the share of all votes."""
    over, under = way.share
    return Need(tuple(under * (j == who) - over for j in range(q.size)), 1 if way.strict else 0)


def _lead(q: Rounds, way: Way, who: int, rival: int) -> Need:
    """V_who - V_rival is more than (or at least) the margin, a part of all votes."""
    over, under = way.margin
    votes = tuple(under * (j == who) - under * (j == rival) - over for j in range(q.size))
    return Need(votes, 1 if way.margin_strict else 0)


def _first_and_through(q: Rounds, who: int) -> Iterator[list[Need]]:
    """Nobody has more votes than `who`, and one of the ways is met."""
    rivals = q.rivals(who)
    for way in q.ways:
        leads = [_lead(q, way, who, j) for j in rivals] if way.margin[0] else []
        yield [_share(q, way, who), *leads, *(_level(q, who, j) for j in rivals)]


def _held_back(q: Rounds, who: int, rival: int | None) -> Iterator[list[Need]]:
    """No way is met by `who`, each for want of the share or of the lead over `rival`."""
    wanting = [
        [
            _not(_share(q, way, who)),
            *([_not(_lead(q, way, who, rival))] if way.margin[0] and rival is not None else []),
        ]
        for way in q.ways
    ]
    yield from (list(case) for case in product(*wanting))


def _held_back_by_any(q: Rounds, who: int) -> Iterator[list[Need]]:
    by_rival = any(way.margin[0] for way in q.ways) and q.rivals(who)
    for rival in q.rivals(who) if by_rival else [None]:
        yield from _held_back(q, who, rival)


def ways_to_be_false(q: Rounds) -> Iterator[list[Need]]:
    """The cases in which the claim is false, which together leave out none; the order is the proof's."""
    yield [Need((-1,) * q.size, 0)]  # nobody has a vote
    if q.kind == "outright":
        (w,) = q.who
        yield from ([_level(q, j, w)] for j in q.rivals(w))
        yield from _held_back_by_any(q, w)
    elif q.kind == "no-runoff":
        for i in q.contenders:
            top = [_level(q, i, j) for j in q.rivals(i)]
            yield from ([*top, *case] for case in _held_back_by_any(q, i))
        if not q.contenders:
            yield []
    elif q.kind == "runoff":
        for i in q.contenders:
            yield from _first_and_through(q, i)
        if q.who:
            thirds = [j for j in q.contenders if j not in q.who]
            yield from ([_level(q, j, i)] for j in thirds for i in q.who)
    elif q.kind == "advances":
        (a,) = q.who
        for i in q.rivals(a):
            yield from _first_and_through(q, i)
        yield from ([_level(q, i, a), _level(q, j, a)] for i, j in combinations(q.rivals(a), 2))
    else:
        (a,) = q.who
        yield [_level(q, a, j) for j in q.rivals(a)]
        for first in q.rivals(a):
            second = [_level(q, a, j) for j in q.rivals(a) if j != first]
            yield from ([*second, *case] for case in _held_back(q, first, a))


def rounds_hold(q: Rounds, votes: Sequence[int]) -> bool:
    """Whether the claim is true of final votes, however ties are broken."""
    if q.kind == "eliminated" and q.who[0] not in q.contenders:
        return True
    if not any(votes):
        return False
    top = max((votes[j] for j in q.contenders), default=0)
    leaders = [j for j in q.contenders if votes[j] == top]
    through = bool(leaders) and any(_met(q, way, leaders[0], votes) for way in q.ways)
    if q.kind == "no-runoff":
        return through
    if q.kind == "runoff":
        thirds = [j for j in q.contenders if j not in q.who]
        return not through and not any(votes[j] >= votes[i] for j in thirds for i in q.who)
    (who,) = q.who
    if q.kind == "outright":
        return through and leaders == [who]
    if q.kind == "advances":
        level = sum(votes[j] >= votes[who] for j in q.rivals(who))
        return leaders == [who] if through else level <= 1
    above = sum(votes[j] > votes[who] for j in q.rivals(who))
    return who not in leaders if through else above >= 2


def _met(q: Rounds, way: Way, who: int, votes: Sequence[int]) -> bool:
    needs = [_share(q, way, who)]
    if way.margin[0]:
        needs += [_lead(q, way, who, j) for j in q.rivals(who)]
    return all(sum(map(int.__mul__, need.votes, votes)) >= need.least for need in needs)

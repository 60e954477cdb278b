"""Points from rankings: leads between two selections, and whether one can still come first."""

from collections.abc import Sequence

import msgspec

from tally.assertion import plain_ballots
from tally.completions import ALL, Completions, Ranking
from tally.reach import limits, spend
from tally.rules._room import Crowd, Ranks, Searched, rank_within
from tally.rules._settle import Settled
from tally.witness import Cast


class Scores(msgspec.Struct, frozen=True):
    """Points by place, best first, for every place there is; `partial`: a ballot may rank fewer."""

    points: tuple[int, ...]
    partial: bool

    def given(self, ranking: Ranking, selections: int) -> tuple[int, ...]:
        """Return what one ballot of that ranking gives, in selection order."""
        votes = [0] * selections
        for place, j in enumerate(ranking):
            votes[j] = self.points[place]
        return tuple(votes)


class Pair(msgspec.Struct, frozen=True):
    """By how much `who` leads `rival`: as counted, the most outstanding ballots take, and what is left."""

    who: int
    rival: int
    counted: int
    worst: int | None

    @property
    def slack(self) -> int | None:
        """The least lead any completion leaves; None: nothing bounds it from below."""
        return None if self.worst is None else self.counted + self.worst

    @property
    def holds(self) -> bool:
        """Whether `who` stays strictly ahead in every completion."""
        return self.slack is not None and self.slack > 0


class Case(msgspec.Struct, frozen=True):
    """One way the modes fall, and how far revised units can raise or lower each selection.

    `alike` is the number of outstanding ballots where all of them carry every selection and are bounded.
    """

    way: Settled
    rise: tuple[int, ...]
    fall: tuple[int, ...]
    alike: int | None


def case_of(completions: Completions, way: Settled) -> Case:
    """Return that way with what revising its units can do."""
    size = len(completions.counted)
    rise, fall = [0] * size, [0] * size
    for unit, mode in zip(completions.modal, way.modes, strict=True):
        if mode == "revise":
            for j, number in enumerate(unit.counted):
                rise[j] += unit.revisable
                fall[j] += min(unit.revisable, number)
    return Case(way, tuple(rise), tuple(fall), _alike(way.completions))


def _alike(whole: Completions) -> int | None:
    full = (1 << len(whole.counted)) - 1
    bounds = limits(whole.groups, whole.pools)
    if None in bounds or any(group.on_ballot & full != full for group in whole.groups):
        return None
    return sum(spend(whole.groups, whole.pools, range(len(whole.groups))))


def loss(scores: Scores, on_ballot: int, who: int, rival: int, selections: int) -> int:
    """Return the most one ballot takes from the lead of `who` over `rival`: rival first, who not or last."""
    if not on_ballot >> rival & 1:
        return 0
    last = 0
    if not scores.partial and on_ballot >> who & 1:
        last = scores.points[(on_ballot & ((1 << selections) - 1)).bit_count() - 1]
    return scores.points[0] - last


def pair(one: Case, scores: Scores, who: int, rival: int) -> Pair:
    """Return the least lead of `who` over `rival`, units revised as suits the rival. Exact."""
    whole = one.way.completions
    counted = whole.counted[who] - whole.counted[rival]
    size = len(whole.counted)
    if one.alike is not None:
        taken = one.alike * loss(scores, ALL, who, rival, size)
        return Pair(who, rival, counted, -taken - one.fall[who] - one.rise[rival])
    losses = [loss(scores, group.on_ballot, who, rival, size) for group in whole.groups]
    used = plain_ballots(losses, whole)
    if used is None:
        return Pair(who, rival, counted, None)
    worst = -sum(number * lost for number, lost in zip(used, losses, strict=True))
    return Pair(who, rival, counted, worst - one.fall[who] - one.rise[rival])


def ballots_with(whole: Completions, who: int) -> list[int] | None:
    """Return ballots per group when as many as can be name `who`; None: nothing bounds them."""
    members = [p for p, group in enumerate(whole.groups) if group.on_ballot >> who & 1]
    bounds = limits(whole.groups, whole.pools)
    if any(bounds[p] is None for p in members):
        return None
    used = spend(whole.groups, whole.pools, members)
    return [number if p in members else 0 for p, number in enumerate(used)]


class Out(msgspec.Struct, frozen=True):
    """It cannot come first: one rival stays above, or rivals must get more than keeps them below."""

    why: Pair | Crowd | Searched


class Can(msgspec.Struct, frozen=True):
    """It can come first, ties broken its way, with these ballots, group by group."""

    rankings: tuple[tuple[tuple[Ranking, int], ...], ...]


def can_lead(one: Case, scores: Scores, who: int, contenders: Sequence[int]) -> Out | Can | None:
    """Return whether `who` can come first; None: not known. Exact where ballots may rank fewer.

    All ballots that can name it put it first: whatever else a ballot says, that suits it best. Where a
    ballot ranks everybody, rivals must share the other places (`rank_within`).
    """
    rivals = [j for j in contenders if j != who]
    pairs = [pair(one, scores, j, who) for j in rivals]
    best = max((p for p in pairs if p.holds), key=lambda p: p.slack or 0, default=None)
    if best is not None:
        return Out(best)
    whole = one.way.completions
    used = ballots_with(whole, who)
    size = len(whole.counted)
    if used is None:
        return _unbounded(one, scores, who, rivals)
    if scores.partial:
        return Can(tuple((((who,), number),) if number else () for number in used))
    full = (1 << size) - 1
    if any(number and whole.groups[p].on_ballot & full != full for p, number in enumerate(used)):
        return None
    others = [j for j in range(size) if j != who]
    mark = whole.counted[who] + one.rise[who] + sum(used) * scores.points[0]
    rooms = [mark - whole.counted[j] + one.fall[j] if j in rivals else None for j in others]
    found = rank_within(rooms, scores.points[1:], sum(used))
    if isinstance(found, Crowd):
        return Out(Crowd(tuple(others[j] for j in found.rivals), found.points, found.room))
    if isinstance(found, Ranks):
        ballots = [((who, *(others[j] for j in order)), number) for order, number in found.ballots]
        return Can(_dealt(ballots, used))
    return None if found is None else Out(found)


def _unbounded(one: Case, scores: Scores, who: int, rivals: Sequence[int]) -> Can | None:
    """Without a bound enough ballots do it: `who` first, the others in turn."""
    whole = one.way.completions
    size = len(whole.counted)
    bounds = limits(whole.groups, whole.pools)
    free = next(p for p, g in enumerate(whole.groups) if g.on_ballot >> who & 1 and bounds[p] is None)
    behind = max((whole.counted[j] - whole.counted[who] for j in rivals), default=0)
    rounds = max(0, behind)
    if scores.partial:
        ballots: list[tuple[Ranking, int]] = [((who,), rounds)] if rounds else []
    else:
        names = [j for j in range(size) if whole.groups[free].on_ballot >> j & 1 and j != who]
        turns = [(who, *names[k:], *names[:k]) for k in range(max(1, len(names)))]
        ballots = [(turn, rounds) for turn in turns] if rounds else []
    return Can(tuple(tuple(ballots) if p == free else () for p in range(len(whole.groups))))


def _dealt(
    ballots: list[tuple[Ranking, int]], used: Sequence[int]
) -> tuple[tuple[tuple[Ranking, int], ...], ...]:
    """The ballots dealt to groups that bring so many each."""
    found = []
    for wanted in used:
        left, taken = wanted, []
        while left:
            ranking, number = ballots.pop()
            now = min(left, number)
            taken.append((ranking, now))
            left -= now
            if number > now:
                ballots.append((ranking, number - now))
        found.append(tuple(taken))
    return tuple(found)


def casts(one: Case, scores: Scores, rankings: Sequence[Sequence[tuple[Ranking, int]]]) -> list[Cast]:
    """Return the casts of those ballots, group by group, with the points they give."""
    found = []
    size = len(one.way.completions.counted)
    for group, ballots in zip(one.way.completions.groups, rankings, strict=True):
        votes = [0] * size
        for ranking, number in ballots:
            for j, points in enumerate(scores.given(ranking, size)):
                votes[j] += number * points
        number = max(group.ballots_min, sum(number for _, number in ballots))
        found.append(Cast(number, tuple(votes), tuple(ballots)))
    return found


def against(one: Case, scores: Scores, who: int, rival: int) -> tuple[tuple[tuple[Ranking, int], ...], ...]:
    """Return the ballots, group by group, that take most from the lead of `who` over `rival`.

    Where nothing bounds them, as many as undo the lead.
    """
    whole = one.way.completions
    size = len(whole.counted)
    lead = whole.counted[who] - whole.counted[rival]
    losses = [loss(scores, group.on_ballot, who, rival, size) for group in whole.groups]
    bounds = limits(whole.groups, whole.pools)
    used = [0] * len(losses)
    free = [p for p, bound in enumerate(bounds) if bound is None and losses[p]]
    if free:
        used[free[0]] = max(0, lead)
    else:
        used = [
            n if lost else 0 for n, lost in zip(plain_ballots(losses, whole) or used, losses, strict=True)
        ]
    found: list[tuple[tuple[Ranking, int], ...]] = []
    for group, number in zip(whole.groups, used, strict=True):
        names = [j for j in range(size) if group.on_ballot >> j & 1 and j not in {who, rival}]
        last = [who] if group.on_ballot >> who & 1 else []
        ranking = (rival,) if scores.partial else (rival, *names, *last)
        found.append(((ranking, number),) if number else ())
    return tuple(found)

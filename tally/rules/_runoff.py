"""Two rounds, one style and no unit in doubt: every claim's least slack in closed form.

The decisive completions are "all outstanding ballots to one selection" and, for "nobody needs a run-off", those
in which the leader gains nothing and the others catch up; docs/rules/thresholds.md says why no other is worse.
"""

from collections.abc import Sequence

from tally.completions import Completions
from tally.rules._negation import Alternative, Law


def alike(completions: Completions) -> int | None:
    """Return how many outstanding ballots there are when each can name any one selection; -1: no bound.

    None: ballots differ, or say more than one vote, or must name somebody, or share a pool, or units are in doubt.
    """
    form, full = completions.ballot, (1 << len(completions.counted)) - 1
    if completions.modal or completions.pools or form.kind != "choose" or form.votes != 1:
        return None
    ballots = 0
    for group in completions.groups:
        if group.on_ballot & full != full or (group.ballots_min and not form.blank):
            return None
        ballots = -1 if group.ballots_max is None or ballots < 0 else ballots + group.ballots_max
    return ballots


def pace(law: Law) -> int:
    """Return the most by which one vote, or one outstanding ballot, moves a slack of `Round`."""
    found = 2
    for way in law.alternatives:
        found = max(found, sum(way.share), 2 * (way.margin or (0, 0))[1] + (way.margin or (0, 0))[0])
    return found


def unending(law: Law, counted: Sequence[int]) -> int:
    """Return as many ballots as it takes to show what may happen where nothing bounds them."""
    under = max(max(way.share[1], (way.margin or (0, 1))[1]) for way in law.alternatives)
    return 4 * under * (sum(counted) + 1)


class Round:
    """Counted votes and R ballots alike: least slacks, above 0 exactly where the claim is irreversible."""

    def __init__(self, law: Law, counted: Sequence[int], ballots: int) -> None:
        self.law, self.counted, self.ballots = law, counted, ballots
        self.cast = sum(counted)
        self.total = self.cast + ballots
        self.order = sorted(law.contenders, key=counted.__getitem__, reverse=True)
        self._bars = [_bar(way) for way in law.alternatives]
        self.winning = {i: self._winning(i) for i in self.order}
        chances = sorted(self.winning.values(), reverse=True)
        self._likeliest = [1 - chance for chance in chances[:2]]

    def every(self) -> list[tuple[str, tuple[int, ...], int | None]]:
        """Return every claim with its slack, of each selection in order, then of the run-off and its pair.

        None: nobody contests it. Each is made of what single conditions have to spare in their worst completion, the
        least of those that must all hold, the most of those of which one must; so no counted ballot lowers it,
        except that of an open "no-runoff", which is that of the completions looked at.
        """
        found: list[tuple[str, tuple[int, ...], int | None]] = []
        contenders = set(self.order)
        for i in range(self.law.size):
            if i in contenders:
                found.append(("outright", (i,), self.outright(i)))
                found.append(("advances", (i,), self.advances(i)))
                found.append(("eliminated", (i,), self.eliminated(i)))
            else:
                found.append(("eliminated", (i,), None))
        found.append(("runoff", (), self.runoff()))
        found.append(("no-runoff", (), self.no_runoff()))
        if len(self.order) > 1:
            a, b = sorted(self.order[:2])
            found.append(("runoff", (a, b), self.between(a, b)))
        return found

    def met(self, votes: int, lead: int | None, total: int) -> int:
        """Return how far the best alternative is met: above 0 exactly when one is. `lead` None: no rivals."""
        best: int | None = None
        for under, over, level, steps, margin, even in self._bars:
            met = under * votes - over * total + level
            if steps and lead is not None:
                met = min(met, steps * lead - margin * total + even)
            if best is None or met > best:
                best = met
        return 0 if best is None else best

    def _highest_beside(self, who: int) -> int | None:
        """Return the most votes counted for a rival; None: there is none."""
        if who != self.order[0]:
            return self.counted[self.order[0]]
        return self.counted[self.order[1]] if len(self.order) > 1 else None

    def _winning(self, who: int) -> int:
        """Return above 0 exactly when `who` wins at once, by a tie-break at least, with all ballots its own."""
        rival = self._highest_beside(who)
        votes = self.counted[who] + self.ballots
        if rival is None:
            return self.met(votes, None, self.total)
        lead = votes - rival
        return min(self.met(votes, lead, self.total), lead + 1)

    def outright(self, who: int) -> int:
        """All ballots to the highest rival, or to nobody who can win where there is none."""
        rival = self._highest_beside(who)
        own = self.counted[who]
        if rival is None:
            return min(self.cast, self.met(own, None, self.total if self.law.size > 1 else self.cast))
        lead = own - rival - self.ballots
        return min(self.cast, lead, self.met(own, lead, self.total))

    def runoff(self) -> int:
        """Nobody wins at once, though all ballots be its own."""
        return min(self.cast, *self._likeliest[:1], self.cast)

    def between(self, a: int, b: int) -> int:
        """A run-off, and no third reaches either."""
        third = next((self.counted[j] for j in self.order[:3] if j not in {a, b}), None)
        if third is None:
            return self.runoff()
        return min(self.runoff(), min(self.counted[a], self.counted[b]) - third - self.ballots)

    def advances(self, who: int) -> int:
        """No rival wins at once, and the ballots do not lift the two nearest both."""
        found = self.cast
        if len(self.order) > 1:
            likeliest = 1 - self.winning[who] == self._likeliest[0]
            found = min(found, self._likeliest[1 if likeliest else 0])
        if len(self.order) > 2:
            first, second, third = self.order[:3]
            near, next_near = (second, third) if who == first else (first, third if who == second else second)
            own_votes, counted = self.counted[who], self.counted
            needed = max(0, own_votes - counted[near]) + max(0, own_votes - counted[next_near])
            found = min(found, needed - self.ballots)
        return found

    def eliminated(self, who: int) -> int:
        """With all ballots its own, two rivals stay above, or one who then wins at once."""
        first = self._highest_beside(who)
        if first is None:
            return 0
        own = self.counted[who] + self.ballots
        place = 2 if who in self.order[:2] else 1
        second = self.counted[self.order[place]] if len(self.order) > place else -1
        return min(self.cast, first - own, max(second - own, self.met(first, first - own, self.total)))

    def no_runoff(self) -> int:
        """The first wins at once however far the others catch up; at most 1 where that is all that is known."""
        if not self.order:
            return 0
        sure = self.outright(self.order[0])
        if sure > 0:
            return sure
        top, least = self.counted[self.order[0]], [1, self.cast]
        others = [self.counted[j] for j in self.order[1:]]
        room = len(others) * top - sum(others)
        barred = self.law.size > len(self.order)
        spent = self.ballots if barred else min(self.ballots, room)
        second = min(top, others[0] + self.ballots) if others else None
        least.append(self.met(top, None if second is None else top - second, self.cast + spent))
        if spent < self.ballots:
            least += self._level(others)
        return min(least)

    def _level(self, others: list[int]) -> list[int]:
        """Everybody can be level with votes to spare: the highest level they share, and the votes left over."""
        contenders = len(self.order)
        total = self.total
        outside = self.cast - sum(self.counted[j] for j in self.order)
        level, over = divmod(total - outside, contenders)
        lead = None if not others else 0
        found = [self.met(level, lead, contenders * level + outside)]
        if over:
            found.append(self.met(level + 1, None if not others else int(over == 1), total))
        return found


def _bar(way: Alternative) -> tuple[int, int, int, int, int, int]:
    """Return the weights of votes and total, what a level is worth, and the same of the margin (0: none)."""
    over, under = way.share
    if way.margin is None:
        return under, over, int(not way.strict), 0, 0, 0
    margin, steps = way.margin
    return under, over, int(not way.strict), steps, margin, int(not way.margin_strict)

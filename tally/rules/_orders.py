"""Can a selection still win an instant runoff: every order that ends in it, or one."""

from collections.abc import Iterable

import msgspec

from tally.completions import Ranking
from tally.rules._ground import Ground, Margin
from tally.rules._mixture import Mix, Sum, mix_or_refute

STEPS_MAX = 20_000  # endings looked at for one question
MIXTURES_MAX = 500  # of which so many are asked about several rounds at once


class Ahead(msgspec.Struct, frozen=True):
    """`winner` leads `loser` for certain: while exactly `among` are in, or (empty) both are.

    The second whoever else is in: by its first preferences alone, against every ballot that names the
    loser and not it before.
    """

    winner: int
    loser: int
    among: tuple[int, ...]
    margin: Margin


class Leaf(msgspec.Struct, frozen=True):
    """The last to go cannot be `ending`, in that order, and here is why."""

    ending: tuple[int, ...]
    why: Ahead | Sum


class Out(msgspec.Struct, frozen=True):
    """It cannot win: every order that ends in it ends as one of the leaves."""

    leaves: tuple[Leaf, ...]

    @property
    def slack(self) -> int | None:
        """The least lead the leaves name; None where one of them is a sum of leads."""
        found = [leaf.why.margin.slack or 0 for leaf in self.leaves if isinstance(leaf.why, Ahead)]
        return min(found, default=None) if len(found) == len(self.leaves) else None


class Can(msgspec.Struct, frozen=True):
    """It can win, ties broken its way: so many ballots of each ranking, style by style."""

    wanted: tuple[tuple[tuple[Ranking, int], ...], ...]


Answer = Out | Can | None


def can_win(ground: Ground, who: int) -> Answer:
    """Return whether `who` can win; None: the budget ran out.

    First all outstanding ballots are given to it. Then orders are read from their end and given up as soon
    as one lead that no ballots undo contradicts them (RAIRE: Blom, Stuckey and Teague 2019); an order that
    no single lead contradicts is decided over all its rounds at once (`mix_or_refute`). Without units in
    doubt exact within the budgets. Where single leads do, they are those whose least is the largest, so no
    counted ballot lowers it. Cost: endings × rankings; exponential in selections at worst.
    """
    if not ground.completions.modal:
        simple = _all_to(ground, who)
        if simple is not None:
            return Can(simple)
    search = _Search(ground)
    cut = search.explore((who,))
    return search.mix if cut == 0 else search.clearest(Out(tuple(search.leaves)))


def _all_to(ground: Ground, who: int) -> tuple[tuple[tuple[Ranking, int], ...], ...] | None:
    """All ballots that can name it to `who` alone, when that lets it win."""
    more = ground.reach[who]
    left = list(ground.continuing)
    more = 1 + sum(ground.votes(left)) if more is None else more
    while len(left) > 1:
        tallies = ground.votes(left)
        lowest = min((j for j in left if j != who), key=tallies.__getitem__)
        if tallies[who] + more < tallies[lowest]:
            return None
        left.remove(lowest)
    styles = [index for index, style in enumerate(ground.styles) if style >> who & 1]
    wanted: list[tuple[tuple[Ranking, int], ...]] = [()] * len(ground.styles)
    for index, number in _fill(ground, styles, more):
        wanted[index] = (((who,), number),) if number else ()
    return tuple(wanted)


def _fill(ground: Ground, styles: list[int], total: int) -> Iterable[tuple[int, int]]:
    """So many ballots over these styles, as many as each can add to those before it."""
    before = 0
    for position, index in enumerate(styles):
        most = ground.ballots_of(styles[: position + 1])
        number = total - before if most is None else min(most, total) - before
        before += number
        yield index, number


class _Search:
    """Orders read from their end: `leaves` are the endings ruled out so far."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.leaves: list[Leaf] = []
        self.mix: Can | None = None
        self.steps = STEPS_MAX
        self.mixtures = MIXTURES_MAX
        self.always: dict[tuple[int, int], Margin] = {}
        self.firsts = ground.votes(ground.continuing)
        self.leads: dict[tuple[int, int, frozenset[int]], Margin] = {}
        self.slack_min = 1

    def clearest(self, known: Out) -> Out:
        """Return the proof by single leads whose least lead is the largest, looked for as long as steps are left."""
        self.mixtures = 0
        while known.slack is not None:
            self.leaves, self.slack_min = [], known.slack + 1
            if self.explore(known.leaves[0].ending[-1:]) == 0:
                break
            known = Out(tuple(self.leaves))
        return known

    def explore(self, ending: tuple[int, ...]) -> int:
        """Return the length of the ending ruled out, longer, shorter or this one; 0: none was."""
        self.steps -= 1
        if self.steps < 0:
            return 0
        single = self._contradiction(ending)
        if single is not None:
            self.leaves.append(Leaf(ending, single))
            return len(ending)
        if len(ending) == len(self.ground.continuing):
            return self._settle(ending)
        mark = len(self.leaves)
        # Who is strong goes late: an order that can be is met early.
        others = [j for j in self.ground.continuing if j not in ending]
        for j in sorted(others, key=lambda j: -self.firsts[j]):
            cut = self.explore((j, *ending))
            if cut <= len(ending):
                if cut == len(ending):
                    del self.leaves[mark:-1]
                return cut
        return len(ending) + 1

    def _contradiction(self, ending: tuple[int, ...]) -> Ahead | None:
        """The clearest single lead that no order with this ending can have."""
        found: list[Ahead] = []
        first = ending[0]
        for other in ending[1:]:
            margin = self._ahead(first, other, ending)
            if (margin.slack or 0) >= self.slack_min:
                found.append(Ahead(first, other, ending, margin))
        for early in self.ground.continuing:
            if early not in ending:
                margin = self._always(early, first)
                if (margin.slack or 0) >= self.slack_min:
                    found.append(Ahead(early, first, (), margin))
        return max(found, key=lambda one: one.margin.slack or 0, default=None)

    def _ahead(self, who: int, other: int, among: tuple[int, ...]) -> Margin:
        key = (who, other, frozenset(among))
        known = self.leads.get(key)
        if known is None:
            known = self.leads[key] = self.ground.ahead(who, other, among)
        return known

    def _always(self, who: int, other: int) -> Margin:
        known = self.always.get((who, other))
        if known is None:
            known = self.always[who, other] = self.ground.always_ahead(who, other)
        return known

    def _settle(self, order: tuple[int, ...]) -> int:
        """Decide a whole order that no single lead contradicts; the shortest ending that cannot be is cut."""
        if self.ground.completions.modal:
            return 0
        found = self._mix(order)
        if found is None:
            return 0
        if isinstance(found, Mix):
            self.mix = Can(found.wanted)
            return 0
        for length in range(3, len(order)):
            ending = order[-length:]
            shorter = self._mix(ending)
            if shorter is not None and not isinstance(shorter, Mix):
                self.leaves.append(Leaf(ending, shorter))
                return length
        self.leaves.append(Leaf(order, found))
        return len(order)

    def _mix(self, ending: tuple[int, ...]) -> Mix | Sum | None:
        self.mixtures -= 1
        return mix_or_refute(self.ground, ending) if self.mixtures >= 0 else None

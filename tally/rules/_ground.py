"""What ranked ballots say and may still say, for questions about eliminations."""

from collections.abc import Sequence

import msgspec

from tally.assertion import Assertion, least
from tally.completions import BallotForm, Completions, Group, ModalUnit, Ranking, mask_of
from tally.field import Spread, meet, survey
from tally.reach import limits, reach, spend
from tally.rules._rounds import Tallies
from tally.witness import Cast

MARK = BallotForm()


class Margin(msgspec.Struct, frozen=True):
    """A lead among ranked ballots: as counted, and the most outstanding ballots take from it."""

    counted: int
    worst: int | None
    exact: bool = True

    @property
    def slack(self) -> int | None:
        """The least lead any completion leaves; None: nothing bounds it from below."""
        return None if self.worst is None else self.counted + self.worst


class Ground:
    """The ballots of one contest among the `continuing` selections.

    `styles` are the masks of continuing selections that outstanding ballots carry, each once, and
    `parts` the groups of each. Units in doubt enter the margins, each in its worst mode; questions about
    several rounds at once are asked of contests without them.
    """

    def __init__(self, completions: Completions, continuing: Sequence[int]) -> None:
        self.completions = completions
        self.continuing = tuple(continuing)
        size = len(completions.counted)
        self.tallies = Tallies(completions.rankings, size, continuing)
        self.of_units = [Tallies(unit.rankings, size, continuing) for unit in completions.modal]
        self.reach = reach(completions)
        among = mask_of(continuing)
        parts: dict[int, list[int]] = {}
        for p, group in enumerate(completions.groups):
            if group.on_ballot & among:
                parts.setdefault(group.on_ballot & among, []).append(p)
        self.styles = tuple(sorted(parts))
        self.parts = [parts[style] for style in self.styles]
        self._bounds = limits(completions.groups, completions.pools)

    def votes(self, among: Sequence[int]) -> tuple[int, ...]:
        """Return the tallies, units in doubt left out, when exactly those are still in."""
        return self.tallies.of(among)

    def ahead(self, who: int, other: int, among: Sequence[int]) -> Margin:
        """Return by how much `who` leads `other` when exactly those are still in."""
        tallies = self.tallies.of(among)
        of_units = [(one.of(among)[who], one.of(among)[other]) for one in self.of_units]
        return self._margin(other, (tallies[who], tallies[other]), of_units)

    def always_ahead(self, who: int, other: int) -> Margin:
        """Return the lead of `who` by first preferences over all that `other` has while it is in."""
        pairs = [
            (one.of(self.continuing)[who], one.not_behind(other, who))
            for one in (self.tallies, *self.of_units)
        ]
        return self._margin(other, pairs[0], pairs[1:])

    def _margin(self, other: int, pair: tuple[int, int], of_units: Sequence[tuple[int, int]]) -> Margin:
        if not of_units:
            most = self.reach[other]
            return Margin(pair[0] - pair[1], None if most is None else -most)
        found = least(Assertion((1, -1)), self._two(other, pair, of_units))
        return Margin(found.counted, found.worst, found.exact)

    def _two(self, other: int, pair: tuple[int, int], of_units: Sequence[tuple[int, int]]) -> Completions:
        """The same ballots where all that is asked is which of two they support: the second can only gain."""
        whole = self.completions

        def mask(one: Group | ModalUnit) -> int:
            return 2 if one.on_ballot >> other & 1 else 0

        return Completions(
            pair,
            tuple(msgspec.structs.replace(group, on_ballot=mask(group)) for group in whole.groups),
            MARK,
            whole.pools,
            tuple(
                msgspec.structs.replace(unit, counted=votes, on_ballot=mask(unit), rankings=(), revisable=0)
                for unit, votes in zip(whole.modal, of_units, strict=True)
            ),
            whole.annulled_max,
        )

    def ballots_of(self, styles: Sequence[int]) -> int | None:
        """Return the most ballots the styles of those indices bring together; None: nothing bounds them."""
        members = [p for index in styles for p in self.parts[index]]
        if any(self._bounds[p] is None for p in members):
            return None
        used = spend(self.completions.groups, self.completions.pools, members)
        return sum(used[p] for p in members)

    def cast(self, wanted: Sequence[Sequence[tuple[Ranking, int]]]) -> list[Cast]:
        """Return casts, one a group, that bring so many ballots of each ranking, style by style.

        The numbers must be ones the styles can bring together.
        """
        demands = {index: sum(number for _, number in ballots) for index, ballots in enumerate(wanted)}
        spread = self._shared(demands)
        casts: list[Cast] = []
        waiting = [list(ballots) for ballots in wanted]
        of_style = {p: index for index, members in enumerate(self.parts) for p in members}
        for p in range(len(self.completions.groups)):
            number = spread.votes[p].get(of_style.get(p, -1), 0)
            taken = _take(waiting[of_style[p]], number) if number else ()
            casts.append(Cast(spread.ballots[p], firsts(taken, len(self.completions.counted)), taken))
        return casts

    def _shared(self, demands: dict[int, int]) -> Spread:
        """The demands of the styles met by their groups, each pool within its cap."""
        total = sum(demands.values())
        of_style = {p: index for index, members in enumerate(self.parts) for p in members}
        groups = tuple(
            msgspec.structs.replace(
                group,
                on_ballot=1 << of_style[p] if p in of_style else 0,
                ballots_max=group.ballots_min + total if group.ballots_max is None else group.ballots_max,
            )
            for p, group in enumerate(self.completions.groups)
        )
        met = meet(
            survey(Completions((0,) * max(1, len(demands)), groups, MARK, self.completions.pools)), demands
        )
        assert isinstance(met, Spread), "ballots that their groups cannot bring"
        return met


def firsts(rankings: Sequence[tuple[Ranking, int]], selections: int) -> tuple[int, ...]:
    """Return the first preferences those ballots give, in selection order."""
    votes = [0] * selections
    for ranking, number in rankings:
        if ranking:
            votes[ranking[0]] += number
    return tuple(votes)


def _take(waiting: list[tuple[Ranking, int]], number: int) -> tuple[tuple[Ranking, int], ...]:
    """Remove so many ballots from the end of the list and return them, each ranking once, in order."""
    taken: dict[Ranking, int] = {}
    while number:
        ranking, there = waiting.pop()
        used = min(there, number)
        taken[ranking] = taken.get(ranking, 0) + used
        number -= used
        if there > used:
            waiting.append((ranking, there - used))
    return tuple(sorted(taken.items()))

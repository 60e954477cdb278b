"""Ballots in the box that may not be blank: rivals they are sure to lift, whoever they name."""

from collections.abc import Sequence
from itertools import chain, combinations

from tally.verifier.arithmetic import Field, Source

CLASSES_MAX = 10
"""Classes of such ballots that cannot name somebody; all sets of them are looked at."""
WAYS_MAX = 4_000
"""Ways to choose the rivals that may stand above."""


def stay_above(who: int, rivals: Sequence[int], seats: int, field: Field) -> bool:
    """Whether `seats` rivals end strictly above the most `who` can have, wherever those ballots go.

    All but `seats` - 1 rivals have to stay at that mark or below for `who` to be level. Ballots can be placed
    so exactly when no classes of them together hold more than the rivals they can name have room (Hall 1935).
    False where no such ballots are about, and where that is too much to look at.
    """
    loose = [one for one in field.sources if _names_rivals_only(one, who, rivals, field)]
    reach = field.reach(frozenset({who}))
    if not loose or len(loose) > CLASSES_MAX or reach is None:
        return False
    mark = field.counted[who] + reach
    above = [j for j in rivals if field.counted[j] > mark]
    if len(above) >= seats:
        return True
    named = frozenset(chain.from_iterable(one.on_ballot for one in loose))
    rest = [j for j in rivals if j in named and j not in above]
    more = min(seats - 1 - len(above), len(rest))
    for way, chosen in enumerate(combinations(rest, more)):
        if way >= WAYS_MAX or _fit(loose, {j: mark - field.counted[j] for j in rest if j not in chosen}):
            return False
    return True


def _names_rivals_only(one: Source, who: int, rivals: Sequence[int], field: Field) -> bool:
    """Whether ballots of this class are sure to come and each to name a rival."""
    sure = one.least > 0 and not field.form.blank and bool(one.on_ballot)
    return sure and who not in one.on_ballot and one.on_ballot <= frozenset(rivals)


def _fit(loose: Sequence[Source], room: dict[int, int]) -> bool:
    """Whether the ballots can be placed with each selection of `room` getting no more; others take any number."""
    sets = chain.from_iterable(combinations(loose, size) for size in range(1, len(loose) + 1))
    for some in sets:
        named = frozenset(chain.from_iterable(one.on_ballot for one in some))
        if named <= room.keys() and sum(one.least for one in some) > sum(room[j] for j in named):
            return False
    return True

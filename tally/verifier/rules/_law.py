"""The law of bodies on a finished count, ties broken every way."""

from tally.verifier.arithmetic import Final
from tally.verifier.rules._terms import Question


def _winners(votes: tuple[int, ...], electable: tuple[int, ...]) -> list[int]:
    most = max((votes[j] for j in electable), default=0)
    return [j for j in electable if votes[j] == most]


def electors_of(question: Question, final: Final) -> tuple[int, int]:
    """The fewest and the most weight (or districts) a selection wins."""
    least = most = 0
    stakes = [
        (place.counted, 1 if question.kind.startswith("units-") else place.weight) for place in final.places
    ]
    if question.rule == "district_method":
        stakes.append((final.totals, question.at_large))
    for votes, weight in stakes:
        winners = _winners(votes, question.electable)
        least += weight * (winners == [question.who])
        most += weight * (question.who in winners)
    return least, most


def no_majority_in(question: Question, final: Final) -> bool:
    """Whether some way to break ties leaves everybody short of the needed weight."""
    sums = {(0,) * len(question.electable)}
    for place in final.places:
        winners = _winners(place.counted, question.electable)
        grown = set()
        for before in sums:
            for j in winners:
                at = question.electable.index(j)
                after = (*before[:at], before[at] + place.weight, *before[at + 1 :])
                if after[at] < question.needed:
                    grown.add(after)
            if not winners:
                grown.add(before)
        sums = grown
    return bool(sums)


def spread_winners(question: Question, final: Final) -> set[int | None]:
    """Everybody some tie-break elects in this round; None where it elects nobody."""
    over, under = question.share
    if question.majority:
        half = [j for j in question.electable if 2 * final.totals[j] > sum(final.totals)]
        first: list[int | None] = [*half] or [None]
    else:
        first = [*_winners(final.totals, question.electable)] or [None]
    found: set[int | None] = set()
    for j in first:
        having = 0
        if j is not None:
            having = sum(
                question.has(under * place.counted[j] - over * sum(place.counted)) for place in final.places
            )
        found.add(j if j is not None and having >= question.units else None)
    return found

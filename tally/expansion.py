"""Does a change only narrow what may still come, so that what was proved stays so."""

from tally.effects import ContestEffect, UnitEffect
from tally.ledger import Ledger
from tally.outstanding import UNBOUNDED, Row


def expands(ledger: Ledger, effect: ContestEffect) -> bool:
    """Whether a contest may now end in a way it could not before. Judged against the ledger before the change.

    A report that was announced narrows: numbers rise, and no more ballots than were outstanding come in.
    """
    if effect.violations or effect.sums.tainted != ledger.sums(effect.contest).tainted:
        return True
    allowed = ledger.layout.contests[effect.contest].contest.votes_allowed
    if any(_unit_expands(unit, allowed) for unit in effect.units):
        return True
    cast = _cast_by_cell(ledger, effect)
    for cell in cast.keys() | effect.outstanding.keys():
        before = ledger.outstanding(effect.contest, cell)
        if _cell_expands(before, effect.outstanding.get(cell, before), cast.get(cell, 0)):
            return True
    return False


def _unit_expands(unit: UnitEffect, allowed: int) -> bool:
    if unit.standing != unit.standing_before or any(held is not None for held in unit.held.values()):
        return True
    return any(not _grows(unit.before[row], after, allowed) for row, after in unit.rows.items())


def _grows(before: Row, after: Row, allowed: int) -> bool:
    """Whether a row only gained: no number fell, no more votes than new ballots give, not open once complete."""
    numbers = zip((*before.counts, before.ballots_cast), (*after.counts, after.ballots_cast), strict=True)
    ballots = dict(after.rankings)
    kept = all(ballots.get(ranking, 0) >= number for ranking, number in before.rankings)
    gained = sum(after.counts) - sum(before.counts)
    kept = kept and gained <= allowed * (after.ballots_cast - before.ballots_cast)
    return kept and all(was <= now for was, now in numbers) and (before.open or not after.open)


def _cast_by_cell(ledger: Ledger, effect: ContestEffect) -> dict[int, int]:
    """How many more ballots are cast in each cell."""
    layout = ledger.layout.contests[effect.contest]
    more: dict[int, int] = {}
    for unit in effect.units:
        for row, after in unit.rows.items():
            cell = layout.cell_of_row[row]
            more[cell] = more.get(cell, 0) + after.ballots_cast - unit.before[row].ballots_cast
    return more


def _cell_expands(before: tuple[int, ...], after: tuple[int, ...], cast: int) -> bool:
    """Whether more may come in a cell than could: under some reading, cast and outstanding rise together."""
    nothing = (0,) * max(1, len(before), len(after))
    for was, ballots in zip(before or nothing, after or nothing, strict=True):
        if was != UNBOUNDED and (ballots == UNBOUNDED or ballots + cast > was):
            return True
    return False

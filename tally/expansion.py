"""Does a change only narrow what may still come, so that what was proved stays so."""

from tally.decide import usable_pools
from tally.effects import ContestEffect, UnitEffect
from tally.in_box import least_to_come, names_somebody
from tally.layout import ContestLayout
from tally.ledger import Ledger
from tally.outstanding import UNBOUNDED, Row, Sums


def expands(ledger: Ledger, effect: ContestEffect) -> bool:
    """Whether a contest may now end in a way it could not before. Judged against the ledger before the change.

    A report that was announced narrows: numbers rise, and no more ballots than were outstanding come in.
    """
    if effect.violations or effect.sums.tainted != ledger.sums(effect.contest).tainted:
        return True
    layout, sums = ledger.layout.contests[effect.contest], ledger.sums(effect.contest)
    spoken = names_somebody(layout) and any(map(any, sums.least))
    for unit in effect.units:
        if _unit_expands(unit, layout.contest.votes_allowed) or (spoken and _falls_silent(unit)):
            return True
    cast, variants = _cast_by_cell(ledger, effect), len(layout.variants)
    for cell in cast.keys() | effect.outstanding.keys():
        before = ledger.outstanding(effect.contest, cell)
        after, more = effect.outstanding.get(cell, before), cast.get(cell, 0)
        if _cell_expands(before[:variants], after[:variants], more):
            return True
        if _fewer_are_sure(before[variants:], after[variants:], more):
            return True
    return _disbelieved(layout, sums, effect.sums)


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


def _falls_silent(unit: UnitEffect) -> bool:
    """Whether fewer votes than ballots came in: where each ballot in the box was sure to be a vote, one was not."""
    return any(
        sum(after.counts) - sum(unit.before[row].counts) < after.ballots_cast - unit.before[row].ballots_cast
        for row, after in unit.rows.items()
    )


def _fewer_are_sure(before: tuple[int, ...], after: tuple[int, ...], cast: int) -> bool:
    """Whether a box turned out to hold fewer ballots than it was known to, under some reading."""
    return any(was > (after[variant] if after else 0) + cast for variant, was in enumerate(before))


def _disbelieved(layout: ContestLayout, before: Sums, after: Sums) -> bool:
    """Whether numbers of ballots in boxes that were believed no longer are, as they contradict others."""
    for variant in range(len(layout.variants) if any(map(any, before.least)) else 0):
        was = least_to_come(layout, before, variant, usable_pools(layout, before, variant))
        now = least_to_come(layout, after, variant, usable_pools(layout, after, variant))
        if any(w > n == 0 < stated for w, n, stated in zip(was, now, after.least[variant], strict=True)):
            return True
    return False

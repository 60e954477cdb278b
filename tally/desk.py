"""What a person at the desk may do to units: dispute, annul, restore; a cause, or a refusal."""

from tally.events import ANNULLED, DISPUTED, STANDING_NAMES, STANDS, StandingChanged
from tally.ledger import Ledger
from tally.refusal import Refusal, nearest
from tally.report import DeskCommand
from tally.tree import Tree

TARGET = {"dispute": DISPUTED, "annul": ANNULLED, "restore": STANDS}


def judge_desk(ledger: Ledger, command: DeskCommand) -> StandingChanged | Refusal:
    """The verb as a journal cause: reporting units only, those it changes nothing for left out.

    A unit with children stands for all under it. Refused: no reason, unknown ids, nothing to change.
    """
    if not command.reason.strip():
        return Refusal("reason-required", "/reason", f"to {command.action} needs a reason")
    contests = _contests(ledger, command.contest)
    if isinstance(contests, Refusal):
        return contests
    units = _units(ledger, command.units)
    if isinstance(units, Refusal):
        return units
    changed = tuple(
        unit for unit in units if any(_changes(ledger, contest, unit, command.action) for contest in contests)
    )
    if not changed:
        what = STANDING_NAMES[TARGET[command.action]]
        return Refusal("nothing-to-restore" if command.action == "restore" else "not-disputed", "/units",
                       f"every unit named already is {what}")  # fmt: skip
    return StandingChanged(command.action, contests, changed, command.reason, command.operator)


def _contests(ledger: Ledger, contest_id: str | None) -> tuple[int, ...] | Refusal:
    index = ledger.layout.contest_index
    if contest_id is None:
        return tuple(index.values())
    if contest_id not in index:
        return Refusal(
            "unknown-contest",
            "/contest",
            f"no contest {contest_id}; nearest: {nearest(contest_id, list(index))}",
        )
    return (index[contest_id],)


def _units(ledger: Ledger, named: tuple[str, ...]) -> tuple[str, ...] | Refusal:
    if not named:
        return Refusal("field-missing", "/units", "name at least one unit")
    tree = Tree(ledger.layout.definition)
    leaves: dict[str, None] = {}
    for index, unit_id in enumerate(named):
        if unit_id not in tree.unit_of:
            near = nearest(unit_id, list(tree.unit_of))
            return Refusal("unknown-unit", f"/units/{index}", f"no unit {unit_id}; nearest: {near}")
        leaves.update(dict.fromkeys(tree.leaves(unit_id)))
    return tuple(leaves)


def _changes(ledger: Ledger, contest: int, unit_id: str, action: str) -> bool:
    layout = ledger.layout.contests[contest]
    unit = layout.unit_index.get(unit_id)
    if unit is None:
        return False
    return ledger.standing(contest, unit) != TARGET[action]

"""Bounds for nights without a register: ballots counted in the end, an assumption."""

from collections.abc import Iterable

import msgspec

from ingest.night.night import TimedReport
from tally.model import Assumption, Cap, Definition, PoolCap, Unit

KNOWN = "ballots-known"
TEXT = "No more ballots come in than were counted in the end, where they were counted."


def with_known(definition: Definition, reports: Iterable[TimedReport], pool: str | None) -> Definition:
    """The definition with caps that are not hard, and the assumption that they hold.

    `pool` None: every unit without a register has, type by type, the most ballots counted there in any
    contest. Otherwise all of them together are one pool of that name.
    """
    counted: dict[str, dict[str, dict[str, int]]] = {}
    for timed in reports:
        report = timed.report
        of_contest = counted.setdefault(report.unit, {}).setdefault(report.contest, {})
        of_contest[report.type] = report.ballots_cast
    assumption = Assumption(KNOWN, "caps_hold", text=TEXT, sources=(KNOWN,))
    unregistered = {unit.id for unit in definition.units if not unit.voters_registered and unit.id in counted}
    units, contests = definition.units, definition.contests
    if pool is None:
        units = tuple(
            _capped(unit, counted[unit.id]) if unit.id in unregistered else unit for unit in definition.units
        )
    else:
        ballots = sum(max(sum(of.values()) for of in counted[name].values()) for name in unregistered)
        joint = PoolCap(pool, tuple(sorted(unregistered)), ballots, KNOWN)
        contests = tuple(msgspec.structs.replace(contest, caps=(joint,)) for contest in contests)
    return msgspec.structs.replace(definition, units=units, contests=contests, assumptions=(assumption,))


def _capped(unit: Unit, counted: dict[str, dict[str, int]]) -> Unit:
    """The unit with a cap a count type; of 0 ballots it would be none, so the least is 1."""
    most: dict[str, int] = {}
    for of_type in counted.values():
        for name, ballots in of_type.items():
            most[name] = max(most.get(name, 0), ballots)
    return msgspec.structs.replace(unit, type_caps={name: Cap(max(1, n), KNOWN) for name, n in most.items()})


def without_known(definition: Definition) -> Definition:
    """The definition as it was before anything was counted: without the caps that were counted in the end."""
    if all(assumption.id != KNOWN for assumption in definition.assumptions):
        return definition
    units = tuple(
        msgspec.structs.replace(
            unit, type_caps={name: cap for name, cap in unit.type_caps.items() if cap.source != KNOWN}
        )
        for unit in definition.units
    )
    contests = tuple(
        msgspec.structs.replace(contest, caps=tuple(pool for pool in contest.caps if pool.source != KNOWN))
        for contest in definition.contests
    )
    assumptions = tuple(assumption for assumption in definition.assumptions if assumption.id != KNOWN)
    return msgspec.structs.replace(definition, units=units, contests=contests, assumptions=assumptions)

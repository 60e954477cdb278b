"""Which units stand on which page of a copy's tables, and what they are found by."""

from collections.abc import Iterator
from typing import NamedTuple

from deploy.baking.places import ROOTS, TOP, find_file, unit_file
from tally import wire
from tally.layout import ContestLayout, Layout

PAGE_UNITS = 100
"""Units in a file: as many as the page shows at once (`ws/static/units.js`)."""
FIND_UNITS_MAX = 100_000
"""Units and places of a contest that a page of a copy can search: a file of some 4 MB."""


class Page(NamedTuple):
    """A page of the units under a parent (None: the contest's top), of `total`; `following`: where the next begins."""

    file: str
    parent: str | None
    units: tuple[str, ...]
    total: int
    following: str | None


def pages_of(layout: Layout, contest: ContestLayout) -> Iterator[Page]:
    """Every page of a contest's tables, the top first; what is under whom is as `GET …/units` has it."""
    children, name = layout.children, contest.contest.id
    yield from _split(name, TOP, None, _inside(contest, contest.top))
    if apart(layout, contest):
        yield from _split(name, ROOTS, None, _inside(contest, children[None]))
    for place in contest.node_ids[1:]:
        yield from _split(name, place, place, _inside(contest, children.get(place, (place,))))


def apart(layout: Layout, contest: ContestLayout) -> bool:
    """Whether the units without a parent are not the very ones the table begins with."""
    return _inside(contest, layout.children[None]) != _inside(contest, contest.top)


def find_list(layout: Layout, contest: ContestLayout) -> tuple[str, bytes] | None:
    """The file of what units and places are called, in the order they are found in; None: they are too many."""
    units = _inside(contest, tuple(layout.unit_of))
    if len(units) > FIND_UNITS_MAX:
        return None
    called = (layout.unit_of[unit] for unit in units)
    listed = {
        "contest": contest.contest.id,
        "roots": ROOTS if apart(layout, contest) else TOP,
        "units": [[unit.id, unit.name, unit.parent] for unit in called],
    }
    return find_file(contest.contest.id), wire.to_json(listed)


def _inside(contest: ContestLayout, units: tuple[str, ...]) -> tuple[str, ...]:
    if contest.contest.units == "all":
        return units
    return tuple(unit for unit in units if unit in contest.unit_index or unit in contest.node_index)


def _split(contest: str, name: str, parent: str | None, units: tuple[str, ...]) -> Iterator[Page]:
    for first in range(0, len(units) or 1, PAGE_UNITS):
        shown = units[first : first + PAGE_UNITS]
        following = shown[-1] if first + PAGE_UNITS < len(units) else None
        yield Page(unit_file(contest, name, first // PAGE_UNITS + 1), parent, shown, len(units), following)

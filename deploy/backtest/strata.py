"""Which places a contest's rows lie in: areas, and the levels below them."""

from dataclasses import replace

import numpy as np

from tally.layout import ContestLayout, Layout
from tally.projection.facts import AREAS_MAX
from tally.projection.frame import Bools, Floats, Ints, Places

AREA_ROWS_LEAST = 4
"""Rows a place has at least, on average, where places are areas: below that they are single units."""
BLOCKS_LEAST = 5
"""Places from which a level makes blocks."""
Named = tuple[Ints, tuple[str, ...]]
"""For each row a place by number, and the places' names."""


def areas_of(layout: ContestLayout) -> Named:
    """The child of the contest's root that each reporting unit lies in."""
    top = set(layout.top)
    return _places(layout, {n for n, node in enumerate(layout.node_ids) if node in top})


def areas_by_type(whole: Layout, layout: ContestLayout, kind: str) -> Named:
    """The unit of a type that each reporting unit lies in."""
    known = whole.unit_of
    nodes = {n for n, node in enumerate(layout.node_ids) if node in known and known[node].type == kind}
    return _places(layout, nodes)


def _places(layout: ContestLayout, nodes: set[int]) -> Named:
    known = np.zeros(len(layout.node_ids) + 1, dtype=np.bool_)
    known[list(nodes)] = True
    inside = known[layout.lineage]
    node = np.where(inside.any(axis=1), layout.lineage[np.arange(len(inside)), inside.argmax(axis=1)], -1)
    nodes_met, code = np.unique(node, return_inverse=True)
    names = tuple("" if met < 0 else layout.node_ids[met] for met in nodes_met.tolist())
    return code.ravel().astype(np.int64), names


def taken(places: Places, rows: Bools | Ints) -> Places:
    """The places of some rows, numbered anew; places that hold none of them are gone."""
    levels = [np.unique(level[rows], return_inverse=True) for level in places.levels]
    previous: Floats | None = None if places.previous is None else places.previous[rows]
    return replace(
        places,
        size=places.size[rows],
        previous=previous,
        levels=tuple(code.ravel().astype(np.int64) for _, code in levels),
        areas=tuple(places.areas[area] for area in levels[0][0].tolist()),
        kind=places.kind[rows],
    )


def within(places: Places, area: Ints, rows: Bools) -> Places:
    """The places of one area's rows as those of a contest held there alone: the level below is its areas.

    `area`: of all rows. Where there are too many below, or they are too small, the contest is one area.
    """
    finer = [level for level in places.levels if level.max() > area.max()]
    one = tuple("" for _ in range(int(area.max()) + 1))
    inside = taken(replace(places, levels=(area, *finer), areas=one), rows)
    below = inside.levels[1:]
    count = int(below[0].max()) + 1 if below else 0
    if 1 < count <= AREAS_MAX and count * AREA_ROWS_LEAST <= len(inside.size):
        return replace(inside, levels=below, areas=tuple(str(n) for n in range(count)))
    return inside


def blocks_of(places: Places) -> Ints:
    """The places that may come in whole: the coarsest level with a handful of them."""
    return next((level for level in places.levels if level.max() + 1 >= BLOCKS_LEAST), places.levels[0])


def numbered(level: Ints) -> Ints:
    """The same places, numbered from 0 without gaps."""
    return np.unique(level, return_inverse=True)[1].ravel().astype(np.int64)


def evenly(sizes: Ints, least: int, most: int) -> list[int]:
    """At most `most` of the places with `least` rows or more: the largest, and evenly from there on."""
    large = [int(place) for place in np.argsort(-sizes, kind="stable") if sizes[place] >= least]
    if most < 1:
        return []
    return large[:: max(1, len(large) // most)][:most]

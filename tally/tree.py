"""The units as a tree: who is under whom, and what adds up to what."""

import numpy as np
import numpy.typing as npt

from tally.completions import NOWHERE
from tally.model import Contest, Definition, District, Unit

Ints = npt.NDArray[np.int64]


class Tree:
    """The units as a tree: who is under whom. Cost of building: O(units)."""

    def __init__(self, definition: Definition) -> None:
        self.unit_of = {unit.id: unit for unit in definition.units}
        below: dict[str | None, list[str]] = {}
        for unit in definition.units:
            below.setdefault(unit.parent, []).append(unit.id)
        self.children = {parent: tuple(ids) for parent, ids in below.items()}
        self._leaves: dict[str, tuple[str, ...]] = {}

    def leaves(self, unit_id: str) -> tuple[str, ...]:
        """The reporting units at or under a unit, in definition order."""
        if unit_id not in self.children:
            return (unit_id,)
        if unit_id not in self._leaves:
            self._leaves[unit_id] = tuple(
                leaf for child in self.children[unit_id] for leaf in self.leaves(child)
            )
        return self._leaves[unit_id]

    def scope(self, units: str | tuple[str, ...]) -> tuple[str, ...]:
        """The reporting units a definition's `units` names: "all", one id, or a list of ids."""
        if units == "all":
            return tuple(unit_id for unit_id in self.unit_of if unit_id not in self.children)
        named = (units,) if isinstance(units, str) else units
        return tuple(dict.fromkeys(leaf for unit_id in named for leaf in self.leaves(unit_id)))

    def ancestors(self, unit: Unit, contest_id: str) -> tuple[str, ...]:
        """Every unit above this one for a contest, each once: the tree's, then the contest's extra parents."""
        above: dict[str, None] = {}
        waiting = [unit.parent, *unit.parents.get(contest_id, ())]
        while waiting:
            parent_id = waiting.pop(0)
            if parent_id is not None and parent_id not in above:
                above[parent_id] = None
                parent = self.unit_of[parent_id]
                waiting += [parent.parent, *parent.parents.get(contest_id, ())]
        return tuple(above)


def lineage_of(contest: Contest, units: tuple[Unit, ...], tree: Tree) -> tuple[tuple[str, ...], Ints]:
    """Nodes (0 is the whole contest, the last a sink for padding), and for each unit the nodes it adds to."""
    table: dict[str, int] = {"": 0}
    paths = [
        [0, *(table.setdefault(a, len(table)) for a in tree.ancestors(unit, contest.id))] for unit in units
    ]
    deepest = max((len(path) for path in paths), default=1)
    sink = len(table)
    lineage = np.array([path + [sink] * (deepest - len(path)) for path in paths], dtype=np.int64)
    return tuple(table), lineage.reshape(len(units), deepest)


def top_of(contest: Contest, tree: Tree) -> tuple[str, ...]:
    """The children of the contest's root: below a lone top unit, else the top units themselves."""
    if contest.units == "all":
        top = tree.children.get(None, ())
    else:
        top = (contest.units,) if isinstance(contest.units, str) else contest.units
    return tree.children[top[0]] if len(top) == 1 and top[0] in tree.children else top


def districts_of(
    contest: Contest, unit_index: dict[str, int], tree: Tree
) -> tuple[tuple[District, ...], tuple[int, ...]]:
    """The districts of a body, and which of them each unit is in (NOWHERE: none)."""
    kind = contest.districts
    listed = (
        tuple(District(u.id) for u in tree.unit_of.values() if u.type == kind)
        if isinstance(kind, str)
        else kind
    )
    of = [NOWHERE] * len(unit_index)
    for index, district in enumerate(listed):
        for leaf in tree.leaves(district.unit):
            if leaf in unit_index:
                of[unit_index[leaf]] = index
    return listed, tuple(of)

"""The definition compiled to dense indexes: rows, cells, ballot styles, pools, variants."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tally.before import Before, before_of
from tally.completions import NOWHERE
from tally.model import REGISTERED, Assumption, Cap, Contest, Definition, District, PoolCap, Unit
from tally.rules import RULES, Rule
from tally.rules._traits import Traits
from tally.tree import Ints, Tree, districts_of, lineage_of, top_of
from tally.variants import Variant, variants_of

NO_CAP = -1
BALLOT_PARAMETERS = {"type", "ballot", "votes_per_ballot", "no_blank", "max_annulled"}
"""What a rule object says of ballots and units, which the rule itself does not read."""
EVERY_SELECTION = -1
"""A ballot style on which every selection stands (all bits set)."""


class GroupKey(NamedTuple):
    """What makes outstanding ballots interchangeable. `slot` is the cell's one type, or len(types) if shared."""

    style: int
    pool: int
    slot: int
    kind: str
    district: int = NOWHERE


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells are what a cap limits: a unit's types that share one cap, or one type with its own.

    Everything is indexed by cell. `rows[c]` lists the rows of cell c; `group[c]` its group of
    interchangeable outstanding ballots; `cap` is NO_CAP where none is stated.
    """

    unit: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]
    cap: tuple[int, ...]
    hard: tuple[bool, ...]
    kind: tuple[str, ...]
    group: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ContestLayout:
    """One contest in dense indexes. A row is (unit, count type): row = unit * len(types) + type."""

    index: int
    contest: Contest
    selections: int
    types: int
    selection_index: dict[str, int]
    type_index: dict[str, int]
    units: tuple[Unit, ...]
    unit_index: dict[str, int]
    applies: npt.NDArray[np.bool_]
    registered: tuple[int, ...]
    registered_total: int
    node_ids: tuple[str, ...]
    node_index: dict[str, int]
    lineage: Ints
    node_units: Ints
    top: tuple[str, ...]
    styles: tuple[int, ...]
    cells: Cells
    cell_of_row: tuple[int, ...]
    groups: tuple[GroupKey, ...]
    pools: tuple[PoolCap, ...]
    pool_parent: tuple[int, ...]
    pools_of_unit: dict[int, tuple[int, ...]]
    electable: int
    variants: tuple[Variant, ...]
    districts: tuple[District, ...]
    district_of: tuple[int, ...]
    rule: Rule | None
    params: Any
    before: Before | None

    @property
    def aside(self) -> bool:
        """Whether the contest is judged beside the count."""
        traits = Traits() if self.rule is None else self.rule.TRAITS
        return traits.aside or (traits.aside_unless_alike and (len(self.styles) > 1 or bool(self.pools)))

    @property
    def ranked(self) -> bool:
        """Whether reports of this contest carry ballots by ranking."""
        return self.rule is not None and self.rule.TRAITS.ballot == "ranked"

    @property
    def readings(self) -> tuple[str | None, ...]:
        """The names of the variants, in their order; None is the certain one."""
        return tuple(variant.assumption for variant in self.variants)


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole definition, compiled. `children` lists unit ids under a parent, in definition order."""

    definition: Definition
    sha256: str
    contests: tuple[ContestLayout, ...]
    contest_index: dict[str, int]
    unit_of: dict[str, Unit]
    children: dict[str | None, tuple[str, ...]] = field(repr=False)


def compile_definition(definition: Definition, sha256: str) -> Layout:
    """The definition in dense indexes. It must have passed `checks.faults`. Cost: O(units x contests)."""
    tree = Tree(definition)
    contests = tuple(
        _compile_contest(index, contest, tree, definition.assumptions)
        for index, contest in enumerate(definition.contests)
    )
    return Layout(
        definition=definition,
        sha256=sha256,
        contests=contests,
        contest_index={layout.contest.id: layout.index for layout in contests},
        unit_of=tree.unit_of,
        children=tree.children,
    )


def _compile_contest(
    index: int, contest: Contest, tree: Tree, assumptions: tuple[Assumption, ...]
) -> ContestLayout:
    units = tuple(tree.unit_of[unit_id] for unit_id in tree.scope(contest.units))
    unit_index = {unit.id: u for u, unit in enumerate(units)}
    applies = np.array(
        [t in (unit.count_types or contest.count_types) for unit in units for t in contest.count_types],
        dtype=np.bool_,
    )
    style_of, styles = _styles(contest, unit_index, tree)
    pool_parent, pools_of_unit = _pools(contest, unit_index, tree)
    districts, district_of = districts_of(contest, unit_index, tree)
    cells, cell_of_row, groups = _cells(contest, units, style_of, pools_of_unit, applies, district_of)
    nodes, lineage = lineage_of(contest, units, tree)
    registered = tuple(unit.voters_registered or 0 for unit in units)
    return ContestLayout(
        index=index,
        contest=contest,
        selections=len(contest.selections),
        types=len(contest.count_types),
        selection_index={selection.id: s for s, selection in enumerate(contest.selections)},
        type_index={name: t for t, name in enumerate(contest.count_types)},
        units=units,
        unit_index=unit_index,
        applies=applies,
        registered=registered,
        registered_total=sum(registered),
        node_ids=nodes,
        node_index={node: n for n, node in enumerate(nodes)},
        lineage=lineage,
        node_units=np.bincount(lineage.ravel(), minlength=len(nodes) + 1),
        top=top_of(contest, tree),
        styles=styles,
        cells=cells,
        cell_of_row=cell_of_row,
        groups=groups,
        pools=contest.caps,
        pool_parent=pool_parent,
        pools_of_unit=pools_of_unit,
        electable=sum(
            1 << s for s, sel in enumerate(contest.selections) if sel.electable and not sel.withdrawn
        ),
        variants=variants_of(_soft(contest, cells), assumptions),
        districts=districts,
        district_of=district_of,
        rule=RULES.get(contest.rule["type"]),
        params=rule_params(contest),
        before=before_of(contest, units),
    )


def rule_params(contest: Contest) -> Any:
    """The parameters of a contest's rule, or the faults in them; None for a rule not in this release."""
    rule = RULES.get(contest.rule["type"])
    if rule is None:
        return None
    given = {name: value for name, value in contest.rule.items() if name not in BALLOT_PARAMETERS}
    return rule.read(given, "/rule", [selection.id for selection in contest.selections])


def _styles(contest: Contest, unit_index: dict[str, int], tree: Tree) -> tuple[list[int], tuple[int, ...]]:
    """The ballot style of each unit (index into the table of bit masks), and that table."""
    masks = [0] * len(unit_index)
    everywhere = 0
    for s, selection in enumerate(contest.selections):
        if selection.units == "all":
            everywhere |= 1 << s
        else:
            for unit_id in tree.scope(selection.units):
                if unit_id in unit_index:
                    masks[unit_index[unit_id]] |= 1 << s
    whole = (1 << len(contest.selections)) - 1
    table: dict[int, int] = {}
    seen = (EVERY_SELECTION if mask | everywhere == whole else mask | everywhere for mask in masks)
    return [table.setdefault(style, len(table)) for style in seen], tuple(table)


def _pools(
    contest: Contest, unit_index: dict[str, int], tree: Tree
) -> tuple[tuple[int, ...], dict[int, tuple[int, ...]]]:
    """Each pool's enclosing pool (-1: none), and for each unit the pools it is in, innermost first."""
    members = [
        {unit_index[leaf] for unit_id in pool.units for leaf in tree.leaves(unit_id) if leaf in unit_index}
        for pool in contest.caps
    ]
    by_size = sorted(range(len(members)), key=lambda p: (len(members[p]), p))
    parent = [-1] * len(members)
    pools_of_unit: dict[int, list[int]] = {}
    for position, pool in enumerate(by_size):
        for unit in members[pool]:
            pools_of_unit.setdefault(unit, []).append(pool)
        for larger in by_size[position + 1 :]:
            if members[pool] <= members[larger]:
                parent[pool] = larger
                break
    return tuple(parent), {unit: tuple(pools) for unit, pools in pools_of_unit.items()}


def _cells(
    contest: Contest,
    units: tuple[Unit, ...],
    style_of: list[int],
    pools_of_unit: dict[int, tuple[int, ...]],
    applies: npt.NDArray[np.bool_],
    district_of: tuple[int, ...],
) -> tuple[Cells, tuple[int, ...], tuple[GroupKey, ...]]:
    types = len(contest.count_types)
    members: list[tuple[int, ...]] = []
    caps: list[Cap | None] = []
    kinds: list[str] = []
    owner: list[int] = []
    groups: dict[GroupKey, int] = {}
    group: list[int] = []
    for u, unit in enumerate(units):
        pool = pools_of_unit.get(u, (-1,))[0]
        shared = [t for t, name in enumerate(contest.count_types) if name not in unit.type_caps]
        split: list[tuple[list[int], Cap | None, str]] = (
            [(shared, *_unit_cap(unit, contest))] if shared else []
        )
        for name, own in unit.type_caps.items():
            if name in contest.count_types:
                split.append(([contest.count_types.index(name)], own, own.source or f"cap:{name}"))
        for of_types, stated, stated_kind in split:
            cap = stated if stated is not None and stated.ballots > 0 else None
            kind = "" if cap is None else stated_kind
            rows = tuple(u * types + t for t in of_types if applies[u * types + t])
            slot = of_types[0] if len(of_types) == 1 else types
            owner.append(u)
            members.append(rows)
            caps.append(cap)
            kinds.append(kind)
            group.append(
                groups.setdefault(GroupKey(style_of[u], pool, slot, kind, district_of[u]), len(groups))
            )
    cell_of_row = [-1] * (len(units) * types)
    for cell, rows in enumerate(members):
        for row in rows:
            cell_of_row[row] = cell
    cells = Cells(
        unit=tuple(owner),
        rows=tuple(members),
        cap=tuple(cap.ballots if cap else NO_CAP for cap in caps),
        hard=tuple(bool(cap and cap.hard) for cap in caps),
        kind=tuple(kinds),
        group=tuple(group),
    )
    return cells, tuple(cell_of_row), tuple(groups)


def _unit_cap(unit: Unit, contest: Contest) -> tuple[Cap | None, str]:
    """The cap a unit's types share, and its kind: its own, else the contest's bound on its register."""
    if unit.cap is not None:
        return unit.cap, unit.cap.source or "cap"
    if contest.bound.kind == REGISTERED and unit.voters_registered:
        return Cap(unit.voters_registered, REGISTERED, contest.bound.hard), REGISTERED
    return None, ""


def _soft(contest: Contest, cells: Cells) -> frozenset[str]:
    """The sources of caps and pools that the definition does not call hard."""
    of_cells = {
        kind
        for cap, hard, kind in zip(cells.cap, cells.hard, cells.kind, strict=True)
        if cap != NO_CAP and not hard
    }
    return frozenset(of_cells | {pool.source for pool in contest.caps if not pool.hard})

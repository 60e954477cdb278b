"""What was certain at a moment of a past night: the rule's own word, on hard bounds."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tally.decide import SETTLING, claim_id, completions
from tally.layout import NO_CAP, ContestLayout
from tally.outstanding import UNBOUNDED, fresh_sums
from tally.projection.frame import Bools, Ints
from tally.rules import RULES


@dataclass(frozen=True)
class Hard:
    """The hard bound of each row, by the group its outstanding ballots are in; of rows that never came in as well.

    `coming`: ballots that may come at a row while it is open; UNBOUNDED where no hard cap says.
    """

    layout: ContestLayout
    rule: dict[str, Any]
    group: Ints
    coming: Ints
    never_group: Ints
    never_coming: Ints

    def of(self, rows: Bools, never: Bools, rule: dict[str, Any]) -> "Hard":
        """That of some rows, with others that never came in, under a rule."""
        return replace(
            self,
            rule=rule,
            group=self.group[rows],
            coming=self.coming[rows],
            never_group=self.group[never],
            never_coming=self.coming[never],
        )


def hard_of(layout: ContestLayout) -> Hard | None:
    """The hard bounds of a contest; None where nothing is bounded so, or not row by row."""
    cells = layout.cells
    if layout.types > 1 or layout.pools or not any(cells.hard):
        return None
    cap = np.array(
        [
            most if hard and most != NO_CAP else UNBOUNDED
            for most, hard in zip(cells.cap, cells.hard, strict=True)
        ]
    )
    none = np.zeros(0, dtype=np.int64)
    order = np.argsort(np.array(cells.unit))
    group = np.array(cells.group, dtype=np.int64)
    return Hard(layout, layout.contest.rule, group[order], cap[order].astype(np.int64), none, none)


def certain(hard: Hard, votes: Ints, closed: Bools) -> bool:
    """Whether a claim that says how the contest ends is certain, after these votes, rows still open.

    Cost: O(rows), and that of one look by the rule.
    """
    sums = fresh_sums(hard.layout)
    sums.votes = votes.tolist()
    sums.ballots_cast = int(votes.sum())
    group = np.concatenate((hard.group[~closed], hard.never_group))
    coming = np.concatenate((hard.coming[~closed], hard.never_coming))
    groups, unbounded = len(hard.layout.groups), coming == UNBOUNDED
    sums.open_cells = np.bincount(group, minlength=groups).tolist()
    sums.unbounded[0] = np.bincount(group[unbounded], minlength=groups).tolist()
    sums.ballots[0] = [int(coming[~unbounded & (group == one)].sum()) for one in range(groups)]
    rule = RULES[hard.rule["type"]]
    names = [selection.id for selection in hard.layout.contest.selections]
    params = (
        hard.layout.params
        if hard.rule is hard.layout.contest.rule
        else rule.read({name: value for name, value in hard.rule.items() if name != "type"}, "/rule", names)
    )
    claims = rule.statuses(completions(hard.layout, sums), params)
    return any(
        claim.irreversible and claim_id(hard.layout, claim).partition(":")[0] in SETTLING for claim in claims
    )

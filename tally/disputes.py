"""What a contest's claims are worth if disputed units are annulled: all of them, or any."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec
import numpy as np

from tally import decide
from tally.assertion import Assertion, least
from tally.claim import Claim
from tally.completions import NOWHERE, Completions, ModalUnit, Ranking
from tally.decide import Decision
from tally.events import DISPUTED
from tally.implied import carries
from tally.outstanding import UNBOUNDED, Sums
from tally.rules import Rule
from tally.rules.disputed import annulment_gains, fewest_ballots, fewest_units, robust_margin
from tally.state import ContestState
from tally.tree import Ints

DOUBTFUL_UNITS_MAX = 10
"""Disputed units up to which a claim that is not of plurality is judged with each kept or annulled."""


class Robust(NamedTuple):
    """A claim under dispute: does it hold if all, or any, disputed units are annulled; what overturns it.

    `units_to_overturn`, `ballots_to_overturn`: the fewest whose annulment would; None where none can, or
    the claim is open already.
    """

    if_all_annulled: bool
    if_any_annulled: bool
    units_to_overturn: int | None
    ballots_to_overturn: int | None


def robustness(contest: ContestState, found: list[Decision]) -> dict[str, Robust]:
    """Every claim's worth under dispute, by claim id; remembered until totals or disputes change.

    Exact for "elected" by plurality with one seat; for other claims "any" may be late, never early, and the
    fewest units are known where few are disputed.
    Cost: O(disputed units x selections) and one least-cost search. Source: docs/maths.md, "Disputed units".
    """
    disputed = disputed_units(contest)
    if not len(disputed):
        return {d.id: Robust(d.grounds is not None, d.grounds is not None, None, None) for d in found}
    key = (contest.changed_seq, contest.disputes_version)
    if contest.robust_memo is None or contest.robust_memo[0] != key:
        contest.robust_memo = (key, _robustness(contest, found, disputed))
    return contest.robust_memo[1]


def disputed_units(contest: ContestState) -> Ints:
    """The units that are disputed, by index."""
    return np.flatnonzero(contest.standing == DISPUTED)


def _robustness(contest: ContestState, found: list[Decision], disputed: Ints) -> dict[str, Robust]:
    layout = contest.layout
    without = decide.irreversible(layout, sums_without(contest, disputed))
    counted = contest.counts.reshape(len(layout.units), layout.types, layout.selections)[disputed].sum(axis=1)
    ballots = contest.numbers[:, 1].reshape(len(layout.units), layout.types)[disputed].sum(axis=1)
    of_votes = layout.rule is not None and layout.rule.NAME in {"plurality", "disputed"}
    under = {
        variant: (decide.completions(layout, contest.sums, variant), _exposed(contest, disputed, variant))
        for variant in {decision.grounds.variant for decision in found if decision.grounds}
    }
    result = {}
    for decision in found:
        if decision.grounds is None:
            result[decision.id] = Robust(carries(without, decision.id), False, None, None)
            continue
        completions, exposed = under[decision.grounds.variant]
        kind, without_all = decision.claim.kind, carries(without, decision.id)
        if of_votes and kind == "elected" and layout.contest.rule.get("seats", 1) == 1:
            robust = _elected(completions, decision.claim.who[0], counted, exposed, ballots, without_all)
        elif of_votes and kind == "eliminated":
            safe = _eliminated(completions, decision.claim.who[0], counted, exposed)
            robust = Robust(without_all, safe, None, None)
        else:
            robust = _by_units(contest, decision, disputed, without_all)
        result[decision.id] = robust
    return result


def sums_without(contest: ContestState, disputed: Ints) -> Sums:
    """The contest's sums as if the disputed units were annulled: no votes, no outstanding ballots."""
    sums, layout = contest.sums.copy(), contest.layout
    sums.votes = [all_ - theirs for all_, theirs in zip(sums.votes, sums.votes_disputed, strict=True)]
    sums.ballots_cast -= int(contest.numbers[:, 1].reshape(-1, layout.types)[disputed].sum())
    for _, cell in _open_cells(contest, disputed):
        sums.add_cell(int(layout.cells.group[cell]), contest.outstanding[cell], -1)
    if not layout.districts and not sums.rankings:
        return sums
    for unit in disputed.tolist():
        for known in map(contest.row, range(unit * layout.types, (unit + 1) * layout.types)):
            sums.rank(known.rankings, -1)
            if layout.district_of[unit] != NOWHERE:
                of = sums.districts[layout.district_of[unit]]
                for s, votes in enumerate(known.counts):
                    of[s] -= votes
    return sums


def _open_cells(contest: ContestState, units: Ints) -> list[tuple[int, int]]:
    """The cells of these units in which ballots may still come, each with its unit's place among them."""
    of_rows, types = contest.layout.cell_of_row, contest.layout.types
    found = {
        (place, cell)
        for place, unit in enumerate(units.tolist())
        for cell in of_rows[unit * types : (unit + 1) * types]
        if cell >= 0
    }
    return [(place, cell) for place, cell in sorted(found) if contest.outstanding[cell]]


def _elected(
    completions: Completions, who: int, counted: Ints, exposed: Ints, ballots: Ints, without: bool
) -> Robust:
    rivals = [j for j in completions.contenders() if j != who]
    if not rivals:
        return Robust(without, True, None, None)
    margins = _margins(completions, who, rivals)
    gains = annulment_gains(counted, who, rivals, np.repeat(exposed[:, None], len(rivals), axis=1))
    cheapest = fewest_ballots(margins, gains, ballots)
    return Robust(without, robust_margin(margins, gains) > 0, fewest_units(margins, gains), cheapest.cost)


def doubtful(contest: ContestState, disputed: Ints, variant: int) -> Completions | None:
    """Every completion with each disputed unit kept or annulled; None: too many of them, or pools are about."""
    layout = contest.layout
    if len(disputed) > DOUBTFUL_UNITS_MAX or layout.pools:
        return None
    plain = decide.completions(layout, sums_without(contest, disputed), variant)
    units = []
    exposed = _exposed(contest, disputed, variant).tolist()
    for unit, ballots in zip(disputed.tolist(), exposed, strict=True):
        rows = [contest.row(row) for row in range(unit * layout.types, (unit + 1) * layout.types)]
        cell = int(layout.cell_of_row[unit * layout.types])
        style = layout.styles[layout.groups[layout.cells.group[cell]].style]
        rankings: dict[Ranking, int] = {}
        for ranking, number in (ranked for row in rows for ranked in row.rankings):
            rankings[ranking] = rankings.get(ranking, 0) + number
        units.append(
            ModalUnit(
                tuple(map(sum, zip(*(row.counts for row in rows), strict=True))), ballots,
                on_ballot=decide.mask_of_style(style), annullable=True, ballots=sum(r.ballots_cast for r in rows),
                district=layout.district_of[unit], rankings=tuple(sorted(rankings.items())),
            )
        )  # fmt: skip
    return msgspec.structs.replace(plain, modal=tuple(units))


def worth(
    rule: Rule, params: object, doubt: Completions, name_of: Callable[[Claim], str], claim_id: str
) -> tuple[bool, int | None]:
    """Whether a claim holds whatever is annulled, and else the fewest units whose annulment may overturn it.

    Exact where the rule is on units in doubt; where it is only sufficient, fewer than it takes.
    """

    def holds(annulled_max: int) -> bool:
        limited = msgspec.structs.replace(doubt, annulled_max=annulled_max)
        sure = (name_of(one) for one in rule.statuses(limited, params) if one.irreversible)
        return carries(sure, claim_id)

    units = len(doubt.modal)
    if holds(units):
        return True, None
    return False, next(number for number in range(units + 1) if number == units or not holds(number))


def _by_units(contest: ContestState, decision: Decision, disputed: Ints, without: bool) -> Robust:
    """A claim of any other rule, judged with its disputed units in doubt."""
    layout, grounds = contest.layout, decision.grounds
    doubt = None if grounds is None else doubtful(contest, disputed, grounds.variant)
    if doubt is None or layout.rule is None:
        return Robust(without, False, None, None)
    safe, units = worth(
        layout.rule, layout.params, doubt, lambda one: decide.claim_id(layout, one), decision.id
    )
    return Robust(without, safe, units, None)


def _eliminated(completions: Completions, who: int, counted: Ints, exposed: Ints) -> bool:
    """Whether one and the same rival stays ahead of `who` whatever is annulled (with one seat enough)."""
    for rival in completions.contenders():
        if rival != who:
            margins = _margins(completions, rival, [who])
            gains = annulment_gains(counted, rival, [who], exposed[:, None])
            if robust_margin(margins, gains) > 0:
                return True
    return False


def _margins(completions: Completions, who: int, rivals: list[int]) -> Ints:
    """The least lead of `who` over each rival, over every completion; 0 where nothing bounds it."""
    size = len(completions.counted)
    leads = []
    for rival in rivals:
        slack = least(Assertion(tuple((j == who) - (j == rival) for j in range(size))), completions).slack
        leads.append(0 if slack is None else slack)
    return np.array(leads, dtype=np.int64)


def _exposed(contest: ContestState, disputed: Ints, variant: int) -> Ints:
    """Ballots that may still come in each disputed unit, which annulling it would take away."""
    exposed = [0] * len(disputed)
    for place, cell in _open_cells(contest, disputed):
        ballots = contest.outstanding[cell][variant]
        exposed[place] += 0 if ballots == UNBOUNDED else ballots
    return np.array(exposed, dtype=np.int64)

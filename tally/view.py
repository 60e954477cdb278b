"""What a client may see: one whole contest, one election in lines; each with its position."""

from collections.abc import Sequence
from typing import Any

from tally import decide
from tally.coming import by_reading, outstanding_shown
from tally.compared import leaf_columns, swing_view, units_under
from tally.decide import Decision
from tally.disputes import Robust, robustness
from tally.events import ClaimShown
from tally.instant import written
from tally.layout import ContestLayout
from tally.ledger import ClaimState
from tally.outstanding import UNBOUNDED
from tally.state import (
    AWAY,
    BALLOTS,
    CONTESTED,
    DONE,
    HELD,
    INVALID,
    OPEN,
    REGISTERED,
    VOID,
    ContestState,
    State,
)

FORMAT = "tally-contest/1"
ELECTION_FORMAT = "tally-election-view/1"
SUBTOTALS_MAX = 256


def contest_view(state: State, index: int, epoch: str) -> dict[str, Any]:
    """One whole contest as it stands: counted facts and what they make certain. Pure; absolute numbers.

    Cost: O(selections^2 + children of the root), plus O(disputed units) where there are any.
    """
    contest = state.contests[index]
    layout, root = contest.layout, contest.nodes[0].tolist()
    m = layout.selections
    election = state.layout.definition.election
    leader, lead = leading(layout, root[:m])
    return {
        "format": FORMAT,
        "contest": layout.contest.id,
        "name": layout.contest.name,
        "election": election.id,
        "label": election.label,
        "position": {"epoch": epoch, "seq": contest.changed_seq},
        "as_of": written(contest.changed_at_ms),
        "is_test": election.is_test,
        "results_status": results_status(contest),
        "totals": [
            {"selection": selection.id, "votes": root[s], "votes_disputed": contest.sums.votes_disputed[s]}
            for s, selection in enumerate(layout.contest.selections)
        ],
        "valid": root[m + BALLOTS] - root[m + INVALID],
        "invalid": root[m + INVALID],
        "ballots_cast": root[m + BALLOTS],
        "voters_registered": layout.registered_total,
        "voters_registered_counted": root[m + REGISTERED],
        "turnout": [root[m + BALLOTS], layout.registered_total],
        "units": {
            "total": len(layout.units),
            "completed": root[m + DONE],
            "in_process": root[m + OPEN],
            "not_installed": root[m + AWAY],
            "quarantined": root[m + HELD],
            "disputed": root[m + CONTESTED],
            "annulled": root[m + VOID],
            "unreconciled": len(contest.unreconciled),
        },
        "outstanding": outstanding_view(contest),
        "leader": leader,
        "lead": lead,
        "claims": claim_views(contest),
        "call": None,
        **swing_view(contest, None),
        **_subtotals(state, contest),
    }


def leading(layout: ContestLayout, votes: list[int]) -> tuple[str | None, int]:
    """The selection ahead of every other electable one, and by how much; nobody in a tie or before a vote."""
    order = sorted(
        (s for s in range(layout.selections) if layout.electable >> s & 1), key=lambda s: -votes[s]
    )
    if not order or votes[order[0]] == 0:
        return None, 0
    lead = votes[order[0]] - (votes[order[1]] if len(order) > 1 else 0)
    return (layout.contest.selections[order[0]].id if lead else None), lead


def results_status(contest: ContestState) -> str:
    """NIST SP 1500-100 ResultsStatus: nothing yet, some units, or all of them; certified is not ours to say."""
    m, total = contest.layout.selections, len(contest.layout.units)
    root = contest.nodes[0]
    done = int(root[m + DONE] + root[m + AWAY] + root[m + VOID])
    if done == total:
        return "unofficial-complete"
    return "unofficial-partial" if done or root[m + BALLOTS] or root[m + OPEN] else "pre-election"


def outstanding_view(contest: ContestState) -> dict[str, Any]:
    """Ballots that may still come: under hard caps, by count type, and under each assumption.

    A number is null while an open unit has no usable bound; `uncapped` says how many have no hard one.
    """
    layout, sums = contest.layout, contest.sums
    shown = outstanding_shown(layout, sums)
    uncapped = sum(
        sums.open_cells[g] if key.kind in sums.tainted else sums.unbounded[0][g]
        for g, key in enumerate(layout.groups)
    )
    names = (*layout.contest.count_types, "shared")
    by_type: dict[str, int | None] = {}
    for g, key in enumerate(layout.groups):
        name = names[key.slot]
        unknown = bool(sums.unbounded[0][g]) or (key.kind in sums.tainted and bool(sums.open_cells[g]))
        before = by_type.get(name, 0)
        by_type[name] = None if unknown or before is None else before + sums.ballots[0][g]
    return {
        "certain": None if shown[0] == UNBOUNDED else shown[0],
        "by_type": by_type,
        "assumptions": by_reading(layout.readings, shown),
        "uncapped": uncapped,
    }


def claim_views(contest: ContestState) -> list[dict[str, Any]]:
    """Every claim of the contest, in selection order; `since` is the seq its status dates from.

    Of a contest judged beside the count: as last evaluated, with the seq it was evaluated at.
    """
    if contest.layout.aside:
        return [_shown_view(contest, one) for one in contest.shown]
    found = decide.decisions(contest.layout, contest.sums)
    robust = robustness(contest, found)
    return [_claim_view(contest, decision, robust[decision.id]) for decision in found]


def _shown_view(contest: ContestState, one: ClaimShown) -> dict[str, Any]:
    known = contest.claims.get(one.id)
    return {
        "id": one.id,
        "claim": one.kind,
        "who": list(one.who),
        **_how_many(one.number, one.place),
        **_standing(known),
        "slack": one.slack,
        "exact": one.exact,
        "lemma": one.lemma,
        "evaluated_at": contest.shown_seq,
        "robust": {
            "if_all_disputed_annulled": one.if_all_annulled,
            "if_any_disputed_annulled": one.if_any_annulled,
            "units_to_overturn": one.units_to_overturn,
            "ballots_to_overturn": None,
        },
    }


def _how_many(number: int | None, place: str | None) -> dict[str, Any]:
    said: dict[str, Any] = {} if number is None else {"number": number}
    return said if place is None else said | {"place": place}


def _standing(known: ClaimState | None) -> dict[str, Any]:
    """Where a claim stands, on what, and since when."""
    status = "open" if known is None else known.status
    sure = known is not None and status == "irreversible"
    return {
        "status": status,
        "grade": known.grade if known is not None and sure else None,
        "assumptions": list(known.assumptions) if known is not None and sure else [],
        "since": None if known is None else known.since,
    }


def _claim_view(contest: ContestState, decision: Decision, robust: Robust) -> dict[str, Any]:
    claim = decision.claim
    return {
        "id": decision.id,
        "claim": claim.kind,
        "who": decide.claimants(contest.layout, claim.kind, claim.who),
        **_how_many(claim.number, claim.place),
        **_standing(contest.claims.get(decision.id)),
        "slack": claim.slack,
        "exact": claim.exact,
        "lemma": claim.lemma,
        "robust": {
            "if_all_disputed_annulled": robust.if_all_annulled,
            "if_any_disputed_annulled": robust.if_any_annulled,
            "units_to_overturn": robust.units_to_overturn,
            "ballots_to_overturn": robust.ballots_to_overturn,
        },
    }


def _subtotals(state: State, contest: ContestState) -> dict[str, Any]:
    """Totals of the root's children, unless they are too many to travel in every frame."""
    top = contest.layout.top
    if len(top) > SUBTOTALS_MAX:
        return {}
    return {"subtotals": [child_view(state, contest, unit_id) for unit_id in top]}


def child_view(state: State, contest: ContestState, unit_id: str) -> dict[str, Any]:
    """A unit with others under it: its sums for one contest, and how far its count is."""
    layout, m = contest.layout, contest.layout.selections
    unit = state.layout.unit_of[unit_id]
    if unit_id in layout.unit_index:
        columns = leaf_columns(contest, layout.unit_index[unit_id])
    else:
        columns = (
            contest.nodes[layout.node_index[unit_id]].tolist()
            if unit_id in layout.node_index
            else [0] * (m + 9)
        )
    return {
        "unit": unit_id,
        "name": unit.name,
        "type": unit.type,
        "totals": [
            {"selection": selection.id, "votes": columns[s]}
            for s, selection in enumerate(layout.contest.selections)
        ],
        "ballots_cast": columns[m + BALLOTS],
        "invalid": columns[m + INVALID],
        "voters_registered_counted": columns[m + REGISTERED],
        "units": {
            "total": units_under(layout, unit_id),
            "completed": columns[m + DONE],
            "in_process": columns[m + OPEN],
            "quarantined": columns[m + HELD],
            "disputed": columns[m + CONTESTED],
            "annulled": columns[m + VOID],
        },
        **swing_view(contest, unit_id),
    }


def election_view(
    state: State, epoch: str, only: Sequence[int] | None = None, total: int | None = None
) -> dict[str, Any]:
    """Every contest in one line: who leads, by how much, how far the count is, and what is decided.

    `only`: just these, of `total` that could be listed.
    """
    chosen = range(len(state.contests)) if only is None else only
    election = state.layout.definition.election
    return {
        "format": ELECTION_FORMAT,
        "election": election.id,
        "name": election.name,
        "label": election.label,
        "is_test": election.is_test,
        "definition_sha256": state.layout.sha256,
        "position": {"epoch": epoch, "seq": state.seq},
        "as_of": written(state.at_ms),
        "total": len(chosen) if total is None else total,
        "contests": [_line(state.contests[index]) for index in chosen],
    }


def _line(contest: ContestState) -> dict[str, Any]:
    layout, root = contest.layout, contest.nodes[0].tolist()
    m = layout.selections
    leader, lead = leading(layout, root[:m])
    return {
        "contest": layout.contest.id,
        "name": layout.contest.name,
        "leader": leader,
        "lead": lead,
        "ballots_cast": root[m + BALLOTS],
        "units": {"total": len(layout.units), "completed": root[m + DONE]},
        "results_status": results_status(contest),
        "decision": decide.settling(contest.claims),
        "seq": contest.changed_seq,
    }

"""What rules out orders of eliminations, as JSON values."""

from collections.abc import Sequence
from typing import Any

from tally.rules._first_round import Batch
from tally.rules._mixture import Sum
from tally.rules._orders import Ahead, Out


def tree_json(
    ways: Sequence[Sequence[Out]],
    names: Sequence[str],
    *,
    uncontested: bool,
) -> dict[str, Any]:
    """Return the proof that no order of eliminations ends against a claim, selections by their names.

    Leads are listed once each, in the order in which the endings first need them. With units in doubt there
    is one list of endings for each way their modes can fall.
    """
    leads: dict[tuple[int, int, tuple[int, ...], int], int] = {}
    assertions: list[dict[str, Any]] = []
    listed = []
    for number, way in enumerate(ways):
        endings = []
        for leaf in (leaf for tree in way for leaf in tree.leaves):
            entry: dict[str, Any] = {"last": [names[j] for j in leaf.ending]}
            if isinstance(leaf.why, Ahead):
                key = (leaf.why.winner, leaf.why.loser, tuple(sorted(leaf.why.among)), number)
                if key not in leads:
                    leads[key] = len(assertions)
                    assertions.append(_ahead(leaf.why, names))
                entry["assertion"] = leads[key]
            else:
                entry["combination"] = _sum(leaf.why, leaf.ending, names)
            endings.append(entry)
        listed.append(endings)
    return {
        "logic": "orders",
        "uncontested": uncontested,
        "assertions": assertions,
        "endings": listed[0] if len(listed) == 1 else listed,
    }


def _ahead(one: Ahead, names: Sequence[str]) -> dict[str, Any]:
    return {
        "kind": "NEN" if one.among else "NEB",
        "winner": names[one.winner],
        "loser": names[one.loser],
        "continuing": [names[j] for j in sorted(one.among)],
        "counted": one.margin.counted,
        "worst": one.margin.worst,
        "slack": one.margin.slack,
    }


def _sum(one: Sum, order: Sequence[int], names: Sequence[str]) -> dict[str, Any]:
    return {
        "terms": [
            {"out": names[order[term.out]], "over": names[order[term.over]], "weight": term.weight}
            for term in one.terms
        ],
        "weights": sum(term.weight for term in one.terms),
        "counted": one.counted,
        "worst": one.worst,
        "slack": one.slack,
    }


def first_round_json(one: Batch, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof that some go before all others by first preferences, selections by their names."""
    return {
        "logic": "first-round",
        "out": [names[j] for j in one.out],
        "counted": one.counted,
        "unknown": one.unknown,
        "outstanding": one.outstanding,
        "least": one.least,
        "slack": one.slack,
    }

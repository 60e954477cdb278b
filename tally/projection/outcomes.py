"""Who wins in each draw: a rule in floating point, for probabilities only."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tally.projection.frame import Bools, Floats

Json = Mapping[str, Any]


class Outcomes:
    """What draws come to under a rule. `kind`: what `chances` are chances of.

    `chances` by selection; `seats` draws x selections where seats are given; `runoff` the share of draws that
    need one, None where the rule has none.
    """

    def __init__(
        self, kind: str, chances: Floats, seats: Floats | None = None, runoff: float | None = None
    ) -> None:
        self.kind, self.chances, self.seats, self.runoff = kind, chances, seats, runoff


def outcomes(rule: Json, draws: Floats, electable: Bools, weights: Floats) -> Outcomes:
    """What draws (draws x areas x selections) come to. `weights`: what each area counts in a body of areas."""
    votes = np.where(electable, draws.sum(axis=1), -1.0)
    found = _RULES.get(str(rule.get("type")), _plurality)
    return found(rule, draws, votes, weights)


def _plurality(rule: Json, draws: Floats, votes: Floats, weights: Floats) -> Outcomes:
    del draws, weights
    seats = min(int(rule.get("seats", 1)), votes.shape[1])
    place = (-votes).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    return Outcomes("elected", ((place < seats) & (votes >= 0)).mean(axis=0))


def _two_round(rule: Json, draws: Floats, votes: Floats, weights: Floats) -> Outcomes:
    del weights
    total = draws.sum(axis=(1, 2))
    order = np.sort(votes, axis=1)
    first, second = order[:, -1], order[:, -2] if votes.shape[1] > 1 else np.zeros(len(votes))
    met = np.zeros(len(votes), dtype=np.bool_)
    for way in rule.get("alternatives", [{"share": [1, 2]}]):
        over, under = way["share"]
        ok = first * under > total * over
        if way.get("margin"):
            margin, steps = way["margin"]
            ok &= (first - second) * steps > total * margin
        met |= ok
    leads = votes == first[:, None]
    return Outcomes("outright", (leads & met[:, None]).mean(axis=0), runoff=float(1 - met.mean()))


def _measure(rule: Json, draws: Floats, votes: Floats, weights: Floats) -> Outcomes:
    del draws, weights
    over, under = rule.get("share", [1, 2])
    passes = votes[:, 0] * under > votes[:, :2].sum(axis=1) * over
    return Outcomes("passes", np.array([passes.mean(), 1 - passes.mean()]))


def _averages(rule: Json, draws: Floats, votes: Floats, weights: Floats) -> Outcomes:
    del weights
    standing = _over_threshold(rule, draws, votes)
    step = 1.0 if rule.get("divisors", "dhondt") == "dhondt" else 2.0
    seats = np.zeros_like(votes)
    rows = np.arange(len(votes))
    for _ in range(int(rule.get("seats", 1))):
        divisor = 1 + step * seats
        if rule.get("divisors") == "modified_sainte_lague":
            divisor = np.where(seats == 0, 1.4, divisor)
        seats[rows, (standing / divisor).argmax(axis=1)] += 1
    return Outcomes("seats", (seats > 0).mean(axis=0), seats)


def _remainders(rule: Json, draws: Floats, votes: Floats, weights: Floats) -> Outcomes:
    del weights
    standing, places = _over_threshold(rule, draws, votes), int(rule.get("seats", 1))
    total = standing.sum(axis=1, keepdims=True)
    quota = total / places if rule.get("quota", "hare") == "hare" else np.floor(total / (places + 1)) + 1
    quota = np.maximum(quota, 1e-9)
    seats = np.floor(standing / quota)
    left = places - seats.sum(axis=1, keepdims=True)
    place = (-(standing - seats * quota)).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    seats += place < left
    return Outcomes("seats", (seats > 0).mean(axis=0), seats)


def _over_threshold(rule: Json, draws: Floats, votes: Floats) -> Floats:
    standing = np.maximum(votes, 0)
    fraction = (rule.get("threshold") or {}).get("fraction")
    if fraction:
        over, under = fraction
        standing = np.where(standing * under >= draws.sum(axis=(1, 2))[:, None] * over, standing, 0)
    return standing


def _college(rule: Json, draws: Floats, votes: Floats, weights: Floats) -> Outcomes:
    standing = np.where(votes.min(axis=0) >= 0, draws, -1.0)
    won = standing.argmax(axis=2)
    electors = np.stack([(weights * (won == j)).sum(axis=1) for j in range(votes.shape[1])], axis=1)
    need = rule.get("need") or int(weights.sum() // 2) + 1
    return Outcomes("elected", (electors >= need).mean(axis=0), electors)


_RULES: dict[str, Callable[[Json, Floats, Floats, Floats], Outcomes]] = {
    "two_round": _two_round,
    "qualifying_round": _two_round,
    "measure": _measure,
    "highest_averages": _averages,
    "largest_remainder": _remainders,
    "electoral_college": _college,
}

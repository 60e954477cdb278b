"""A linear inequality on final totals, and its least slack over every completion."""

import msgspec

from tally.completions import Completions
from tally.modes import modal_worst
from tally.reach import ballot_gain, limits, spend


class Assertion(msgspec.Struct, frozen=True):
    """a·V > c when strict, a·V >= c otherwise; V are the final votes in selection order."""

    a: tuple[int, ...]
    c: int = 0
    strict: bool = True


class Least(msgspec.Struct, frozen=True):
    """The least slack of an assertion: counted + worst, in votes times weight.

    `counted` is a·(votes counted) − c with every unit kept; `worst` is the most that outstanding
    ballots, annulments, new votes and revisions can take from it (None: without bound). `exact` is
    false when the work budget ran out; the slack is then a lower bound, never too large.
    """

    counted: int
    worst: int | None
    exact: bool = True

    @property
    def slack(self) -> int | None:
        """The least value of a·V − c over every completion; None when it has no lower bound."""
        return None if self.worst is None else self.counted + self.worst

    def holds(self, *, strict: bool) -> bool:
        """Whether the assertion is true in every completion."""
        slack = self.slack
        return slack is not None and (slack > 0 or (slack == 0 and not strict))


def least(assertion: Assertion, completions: Completions) -> Least:
    """Return the least slack of `assertion` over every completion.

    Exact: some completion attains it (with modal units inside pools: within a work budget, else a lower
    bound marked as such). Cost: O(selections × groups) without modal units, O(units log units) with.
    Source: docs/maths.md, "One assertion"; Blom et al. 2021, arXiv 2107.11903, for outcomes as assertions.
    """
    votes = completions.votes_counted()
    counted = sum(weight * number for weight, number in zip(assertion.a, votes, strict=True)) - assertion.c
    if completions.modal:
        worst = modal_worst(assertion.a, completions)
        return Least(counted, worst.change, worst.exact)
    return Least(counted, plain_change(assertion.a, completions))


def plain_change(a: tuple[int, ...], completions: Completions) -> int | None:
    """Return the least a·x over all outstanding ballots x, modal units aside; None: no lower bound."""
    form = completions.ballot
    gains = [ballot_gain(form, a, group.on_ballot) for group in completions.groups]
    used = plain_ballots(gains, completions)
    if used is None:
        return None
    # A ballot known to be in the box may be blank unless the form forbids it: then it takes nothing.
    return -sum(n * (max(0, gain) if form.blank else gain) for n, gain in zip(used, gains, strict=True))


def plain_ballots(gains: list[int], completions: Completions) -> list[int] | None:
    """Return ballots per group when the heaviest gains are served first; None: an unbounded group gains."""
    bounds = limits(completions.groups, completions.pools)
    wanted = [p for p, gain in enumerate(gains) if gain > 0]
    if any(bounds[p] is None for p in wanted):
        return None
    wanted.sort(key=lambda p: -gains[p])
    return spend(completions.groups, completions.pools, wanted)

"""A claim by refuting each case of its negation: mostly by one inequality, else by a tree of sums."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from tally.assertion import Assertion
from tally.claim import Held
from tally.completions import Completions
from tally.integer_program import Impossible, find
from tally.needs import Need, Problem
from tally.reach import limits, spend
from tally.rules._proof import held, held_json
from tally.witness import Cast, Witness, assemble, cast_of, faults

FREELY = 4
"""Where nothing bounds some ballots, so many times all votes are given away in a trial."""


class Refutation(msgspec.Struct, frozen=True):
    """Why no case of a negation can come true.

    A case that has the opposite of one of `assertions` among its needs is refuted by it; the others, in order,
    by `trees`. `sure`: there is no case. `winner`: the claim follows from that selection's winning at once.
    """

    assertions: tuple[Held, ...] = ()
    trees: tuple[Impossible, ...] = ()
    sure: bool = False
    winner: int | None = None


class Judged(NamedTuple):
    """A proof, or a completion in which the claim is false, or neither: not settled."""

    proof: Refutation | None = None
    witness: Witness | None = None


class Court:
    """One contest's completions, and what is known of needs in them."""

    def __init__(self, completions: Completions) -> None:
        self.completions = completions
        self._held: dict[Need, Held | None] = {}

    def opposite(self, need: Need) -> Held | None:
        """Return the assertion that the need fails, when it does in every completion."""
        if need not in self._held:
            self._held[need] = held(opposite(need), self.completions)
        return self._held[need]

    def judge(self, cases: Iterable[Sequence[Need]]) -> Judged:
        """Return the proof that every case is impossible, or a completion of the first that is not."""
        used: dict[Need, Held] = {}
        trees: list[Impossible] = []
        unsettled = False
        for case in cases:
            if any(need in used for need in case):
                continue
            for need in case:
                found = self.opposite(need)
                if found is not None:
                    used[need] = found
                    break
            else:
                said = self._find(case)
                if isinstance(said, Witness):
                    return Judged(witness=said)
                unsettled = unsettled or said is None
                trees += [] if said is None else [said]
        return Judged() if unsettled else Judged(Refutation(tuple(used.values()), tuple(trees)))

    def _find(self, case: Sequence[Need]) -> Witness | Impossible | None:
        if len(case) == 2:
            found = summed_up(self.completions, case)
            if found is not None:
                return found
        return find(self.completions, case)


def opposite(need: Need) -> Assertion:
    """Return the assertion that is true exactly where a need is not met."""
    votes = tuple(-weight for weight in need.votes)
    return Assertion(votes, 0) if need.least == 0 else Assertion(votes, 1 - need.least, strict=False)


def summed_up(completions: Completions, case: Sequence[Need]) -> Impossible | None:
    """Return the refutation of the needs' plain sum, when no completion reaches it."""
    from tally.integer_program import reduced, summed

    problem = Problem(completions, tuple(reduced(need) for need in case))
    step = summed(problem, (1,) * len(case))
    return None if step is None else Impossible((step,))


def trials(completions: Completions) -> list[Witness]:
    """Return the completions a claim is tried on first: nothing more comes, and all that can to each selection."""
    found = [_toward(completions, None)]
    found += [_toward(completions, who) for who in range(len(completions.counted))]
    return [one for one in found if not faults(completions, one)]


def _toward(completions: Completions, who: int | None) -> Witness:
    """Return the completion with every unit kept in which `who` gets all it can, others what they must."""
    form, size = completions.ballot, len(completions.counted)
    parts = [*completions.groups, *(unit.group for unit in completions.modal)]
    free = FREELY * (sum(completions.votes_counted()) + 1)
    bounds = limits(parts, completions.pools)
    closed = [
        part if bound is not None else msgspec.structs.replace(part, ballots_max=part.ballots_min + free)
        for part, bound in zip(parts, bounds, strict=True)
    ]
    order = [p for p, part in enumerate(closed) if who is not None and part.on_ballot >> who & 1]
    casts: list[Cast] = []
    for part, ballots in zip(closed, spend(closed, completions.pools, order), strict=True):
        marks = ballots * form.marks_max(1) if who is not None and part.on_ballot >> who & 1 else 0
        casts.append(
            cast_of(
                form, part, size, ballots, {} if who is None else {who: marks}, -1 if who is None else who
            )
        )
    counted = [unit.counted for unit in completions.modal]
    return assemble(completions, ["keep"] * len(completions.modal), counted, casts)


def published(refutation: Refutation, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof as JSON values."""
    return {
        "assertions": [held_json(one) for one in refutation.assertions],
        "refuted": [tree.published(names) for tree in refutation.trees],
        "uncontested": refutation.sure,
    }

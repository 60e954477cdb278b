"""A claim proved by refuting each case of its negation: by one inequality or a tree of sums."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from tally.assertion import Assertion
from tally.claim import Held
from tally.completions import Completions, Group, Mode
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


def single_votes(completions: Completions) -> bool:
    """Whether one vote, or one ballot, more or less leaves every completion within one vote of another.

    One vote a ballot, every group with a bound, no unit in doubt.
    """
    form = completions.ballot
    if completions.modal or form.kind != "choose" or form.votes != 1:
        return False
    return all(group.ballots_max is not None for group in completions.groups)


def lasting(proof: Refutation) -> int:
    """Return how many votes and ballots may move before an assertion fails; 0 where trees are needed as well."""
    if proof.trees:
        return 0
    return min(((one.slack - one.strict) // max(1, *map(abs, one.a)) for one in proof.assertions), default=0)


def opposite(need: Need) -> Assertion:
    """Return the assertion that is true exactly where a need is not met."""
    votes = tuple(-weight for weight in need.votes)
    return Assertion(votes, 0) if need.least == 0 else Assertion(votes, 1 - need.least, strict=False)


def meets(case: Iterable[Need], votes: Sequence[int]) -> bool:
    """Return whether final votes meet every need of a case."""
    return all(sum(map(int.__mul__, need.votes, votes)) >= need.least for need in case)


def summed_up(completions: Completions, case: Sequence[Need]) -> Impossible | None:
    """Return the refutation of the needs' plain sum, when no completion reaches it."""
    from tally.integer_program import reduced, summed

    problem = Problem(completions, tuple(reduced(need) for need in case))
    step = summed(problem, (1,) * len(case))
    return None if step is None else Impossible((step,))


def trials(completions: Completions) -> list[Witness]:
    """Return the completions a claim is tried on first.

    Nothing more comes, or all that can to one selection; with every unit kept, and with as many as may be annulled.
    """
    found = []
    for gone in dict.fromkeys((frozenset[int](), _annulled(completions))):
        found += [_toward(completions, who, gone) for who in (None, *range(len(completions.counted)))]
    return [one for one in found if not faults(completions, one)]


def _annulled(completions: Completions) -> frozenset[int]:
    """Return the units that may be annulled, the first of them where only so many may."""
    found = [index for index, unit in enumerate(completions.modal) if unit.annullable]
    return frozenset(found[: completions.annulled_max])


def _toward(completions: Completions, who: int | None, gone: frozenset[int]) -> Witness:
    """Return the completion without the units `gone` in which `who` gets all it can, others what they must."""
    form, size = completions.ballot, len(completions.counted)
    units = [Group() if index in gone else unit.group for index, unit in enumerate(completions.modal)]
    parts = [*completions.groups, *units]
    free = FREELY * (sum(completions.votes_counted()) + 1)
    bounds = limits(parts, completions.pools)
    closed = [
        part if bound is not None else msgspec.structs.replace(part, ballots_max=part.ballots_min + free)
        for part, bound in zip(parts, bounds, strict=True)
    ]
    order = [p for p, part in enumerate(closed) if who is not None and part.on_ballot >> who & 1]
    casts: list[Cast] = []
    for part, ballots in zip(closed, spend(closed, completions.pools, order), strict=True):
        reached = who is not None and part.on_ballot >> who & 1
        votes = {who: ballots * form.marks_max(1)} if who is not None and reached else {}
        casts.append(cast_of(form, part, size, ballots, votes, -1 if who is None else who))
    modes: list[Mode] = ["annul" if index in gone else "keep" for index in range(len(units))]
    counted = [(0,) * size if index in gone else unit.counted for index, unit in enumerate(completions.modal)]
    return assemble(completions, modes, counted, casts)


def published(refutation: Refutation, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof as JSON values."""
    return {
        "assertions": [held_json(one) for one in refutation.assertions],
        "refuted": [tree.published(names) for tree in refutation.trees],
        "uncontested": refutation.sure,
    }

"""Instant runoff: the lowest goes, its ballots move on; a tie decides nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tally.claim import Claim
from tally.completions import Completions
from tally.refusal import Refusal
from tally.rules._first_round import Batch, batches
from tally.rules._ground import Ground
from tally.rules._orders import Answer, Can, Out, can_win
from tally.rules._orders_json import first_round_json, tree_json
from tally.rules._params import Reader, selections
from tally.rules._settle import Settled, all_kept, firsts_fit, nothing_more, settlements, unsettle
from tally.rules._traits import Traits
from tally.witness import Witness

NAME = "irv"
TRAITS = Traits(ballot="ranked", aside=True)


class Params(msgspec.Struct, frozen=True):
    """Who is out before the first round, whatever the ballots say (write-ins in Alaska)."""

    eliminate_first: tuple[int, ...] = ()


class Proof(msgspec.Struct, frozen=True):
    """Why a claim is irreversible: nobody else can win, or it cannot, however the modes fall.

    `trees` are per way the modes fall (one where no unit is in doubt), each what rules out every order of
    eliminations that would make the claim false. `batch` instead where only first preferences are known.
    """

    trees: tuple[tuple[Out, ...], ...] = ()
    batch: Batch | None = None
    uncontested: bool = False


class Found(msgspec.Struct, frozen=True):
    """Whether one selection can win, way by way for the modes to fall, as far as it was looked at."""

    answers: tuple[tuple[Settled, Answer], ...] = ()
    batch: Batch | None = None

    @property
    def out(self) -> bool:
        """Whether it cannot win."""
        if self.batch is not None:
            return True
        return bool(self.answers) and all(isinstance(answer, Out) for _, answer in self.answers)

    @property
    def can(self) -> tuple[Settled, Can] | None:
        """A way in which it wins."""
        return next(((way, answer) for way, answer in self.answers if isinstance(answer, Can)), None)


def read(raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Params | list[Refusal]:
    """Return the parameters, or every fault. `eliminate_first` is nobody when not given."""
    reader = Reader(raw, pointer)
    reader.known(("eliminate_first",))
    listed = raw.get("eliminate_first")
    skipped = () if listed is None else selections(reader, listed, names, "eliminate_first")
    return reader.faults or Params(skipped)


def continuing_at_first(completions: Completions, params: Params) -> list[int]:
    """Return who is in for the first round: electable, and not out by law."""
    return [j for j in completions.contenders() if j not in params.eliminate_first]


def _looked_at(completions: Completions, params: Params) -> dict[int, Found]:
    """Whether each selection of the first round can win."""
    continuing = continuing_at_first(completions, params)
    if len(continuing) < 2:
        return {}
    if any(unit.revisable for unit in completions.modal):
        return {j: Found() for j in continuing}  # rankings that may be revised are not looked at
    parts = [(completions.counted, completions.rankings)]
    parts += [(unit.counted, unit.rankings) for unit in completions.modal]
    if not all(firsts_fit(counted, rankings) for counted, rankings in parts):
        return _by_totals(completions, continuing)
    ways = settlements(completions)
    if ways is None:
        ways = (all_kept(completions),)
    grounds = [(way, Ground(way.completions, continuing)) for way in ways]
    return {j: Found(tuple(_until_can(grounds, j))) for j in continuing}


def _until_can(grounds: Sequence[tuple[Settled, Ground]], who: int) -> list[tuple[Settled, Answer]]:
    found: list[tuple[Settled, Answer]] = []
    for way, ground in grounds:
        found.append((way, can_win(ground, who)))
        if not isinstance(found[-1][1], Out):
            break
    return found


def _by_totals(completions: Completions, continuing: Sequence[int]) -> dict[int, Found]:
    """What first preferences settle where the rankings are not known."""
    if completions.modal:
        return {j: Found() for j in continuing}
    known = batches(completions, continuing)
    return {
        j: Found(batch=max((one for one in known if j in one.out), key=lambda one: one.slack, default=None))
        for j in continuing
    }


def statuses(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return what `claims` says of each selection, without proofs. Cost: the same search."""
    return tuple(msgspec.structs.replace(claim, proof=None) for claim in claims(completions, params))


def claims(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return "elected" and "eliminated" (cannot win) for every selection, certain ones with proof.

    Exact for up to eight selections and four styles of ballots within the budgets of `can_win`, with units
    in doubt as long as every way their modes can fall is looked at; otherwise sound. Where the counted
    rankings are not known, only what first preferences settle. `slack` is the least of the leads a proof
    names, of the proof whose least is the largest; None where no single leads are enough. Source:
    docs/rules/rankings.md.
    """
    looked = _looked_at(completions, params)
    continuing = continuing_at_first(completions, params)
    found = []
    for who in range(len(completions.counted)):
        found.append(_elected(who, continuing, looked))
        found.append(_eliminated(who, continuing, looked))
    return tuple(found)


def _elected(who: int, continuing: Sequence[int], looked: Mapping[int, Found]) -> Claim:
    if who not in continuing:
        return Claim("elected", (who,), irreversible=False, slack=None, lemma="orders")
    rivals = [looked[j] for j in continuing if j != who]
    certain = all(one.out for one in rivals)
    if not certain:
        exact = any(one.can for one in rivals)
        return Claim("elected", (who,), irreversible=False, slack=None, exact=exact, lemma="orders")
    return _certain("elected", who, _proof(rivals, together=True))


def _eliminated(who: int, continuing: Sequence[int], looked: Mapping[int, Found]) -> Claim:
    if who not in continuing:
        return _certain("eliminated", who, Proof(uncontested=True))
    if who not in looked:
        return Claim("eliminated", (who,), irreversible=False, slack=None, lemma="orders")
    if not looked[who].out:
        exact = looked[who].can is not None
        return Claim("eliminated", (who,), irreversible=False, slack=None, exact=exact, lemma="orders")
    return _certain("eliminated", who, _proof([looked[who]], together=False))


def _proof(out: Sequence[Found], *, together: bool) -> Proof:
    """The proof that none of these can win; `together`: they are all but one, so the widest batch says it."""
    if not out:
        return Proof(uncontested=True)
    known = [one.batch for one in out if one.batch is not None]
    if known:
        return Proof(batch=max(known, key=lambda one: len(one.out) if together else one.slack))
    ways = zip(*(one.answers for one in out), strict=True)
    trees = tuple(tuple(tree for _, tree in way if isinstance(tree, Out)) for way in ways)
    return Proof(trees=trees)


def _certain(kind: str, who: int, proof: Proof) -> Claim:
    lemma = "first-round" if proof.batch is not None else "orders"
    return Claim(kind, (who,), irreversible=True, slack=_least(proof), proof=proof, lemma=lemma)


def _least(proof: Proof) -> int | None:
    """The least lead the proof names; None when nobody contests, or where a sum of leads is needed."""
    if proof.batch is not None:
        return proof.batch.slack
    found = [tree.slack for way in proof.trees for tree in way]
    known = [slack for slack in found if slack is not None]
    return min(known, default=None) if len(known) == len(found) else None


def publish(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof of a certain claim as JSON values."""
    del completions
    proof = claim.proof
    if not isinstance(proof, Proof):
        raise TypeError("only a certain claim has a proof to publish")
    if proof.batch is not None:
        return first_round_json(proof.batch, names)
    return tree_json(proof.trees, names, uncontested=proof.uncontested)


def witness(completions: Completions, params: Params, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None: the claim holds, or none was found."""
    continuing = continuing_at_first(completions, params)
    who = claim.who[0]
    if claim.kind == "elected" and who not in continuing:
        return nothing_more(completions)
    if claim.kind == "eliminated" and continuing == [who]:
        return nothing_more(completions)
    rivals = [who] if claim.kind == "eliminated" else [j for j in continuing if j != who]
    looked = _looked_at(completions, params)
    for j in rivals:
        can = looked[j].can if j in looked else None
        if can is not None:
            way, answer = can
            casts = Ground(way.completions, continuing).cast(answer.wanted)
            return unsettle(completions, way, casts)
    return None


def verdict(completions: Completions, params: Params, names: tuple[str, ...]) -> dict[str, object]:
    """Return winner_certain (a name or null) and possible_winners, in selection order."""
    known = statuses(completions, params)
    elected = [claim.who[0] for claim in known if claim.kind == "elected" and claim.irreversible]
    out = {claim.who[0] for claim in known if claim.kind == "eliminated" and claim.irreversible}
    return {
        "winner_certain": names[elected[0]] if elected else None,
        "possible_winners": [name for j, name in enumerate(names) if j not in out],
    }

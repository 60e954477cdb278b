"""A ballot measure passes with enough of the votes for or against it, and a quorum of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from tally.assertion import least
from tally.claim import Claim
from tally.completions import Completions
from tally.needs import Need
from tally.refusal import Refusal
from tally.rules._negation import negated
from tally.rules._params import Reader, fraction
from tally.rules._refutation import (
    Court,
    Refutation,
    lasting,
    meets,
    opposite,
    published,
    single_votes,
    trials,
)
from tally.rules._runoff import alike
from tally.rules._traits import Traits
from tally.rules._turnout import fewest, together
from tally.witness import Witness

NAME = "measure"
TRAITS = Traits(aside_unless_alike=True, in_box=True)

BASES = ("valid", "ballots", "yes")


class Params(msgspec.Struct, frozen=True):
    """The share of yes among yes and no; the least number the quorum asks for, and of what. 0: no quorum."""

    share: tuple[int, int] = (1, 2)
    strict: bool = True
    base: Literal["valid", "ballots", "yes"] = "valid"
    least: int = 0


def read(raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Params | list[Refusal]:
    """Return the parameters, or every fault. The first selection is yes, the second no. Default: more than half."""
    reader = Reader(raw, pointer)
    reader.known(("share", "share_strict", "quorum"))
    if len(names) < 2:
        reader.fault("bad-definition", "a measure has two selections, yes first, then no")
    share = fraction(reader, raw["share"], "share") if raw.get("share") is not None else (1, 2)
    if share[0] == 0 and not reader.faults:
        reader.fault("count-out-of-range", "a share above 0", "share", 0)
    strict = reader.flag("share_strict", default=True)
    quorum = raw.get("quorum")
    if quorum is None:
        return reader.faults or Params(share, strict)
    if not isinstance(quorum, dict):
        reader.fault("wrong-type", "an object {of, fraction, registered}", "quorum")
        return reader.faults
    inner = Reader(quorum, f"{pointer}/quorum", reader.faults)
    inner.known(("of", "fraction", "registered"))
    base = inner.one_of("of", BASES)
    for name in ("fraction", "registered"):
        if quorum.get(name) is None:
            inner.fault("field-missing", "which part of how many registered voters", name)
    over, under = (
        fraction(inner, quorum["fraction"], "fraction") if quorum.get("fraction") is not None else (0, 1)
    )
    registered = inner.count("registered")
    wanted = -(-over * registered // under)  # reaching a bound is reaching it rounded up
    return reader.faults or Params(share, strict, base, wanted)  # type: ignore[arg-type]  # one of BASES


class _Law(NamedTuple):
    """The conditions as needs on the votes; `valid` is yes and no, `quorum` None where there is none on votes."""

    share: Need
    valid: Need
    quorum: Need | None
    ballots: int  # the quorum of ballots cast; 0: none


def _law(size: int, params: Params) -> _Law:
    over, under = params.share
    rest = (0,) * (size - 2)
    share = Need((under - over, -over, *rest), int(params.strict))
    of_votes = {"valid": (1, 1, *rest), "yes": (1, 0, *rest)}.get(params.base)
    quorum = Need(of_votes, params.least) if of_votes and params.least else None
    return _Law(share, Need((1, 1, *rest), 1), quorum, params.least if params.base == "ballots" else 0)


class Turnout(msgspec.Struct, frozen=True):
    """What the ballots of a quorum say: `fewest` of them are `wanted` or more.

    Or, with `least` given: no completion that casts `wanted` has a·V of `least`; the most is `most` (None: so
    many cannot be cast).
    """

    wanted: int
    fewest: int | None = None
    least: int | None = None
    most: int | None = None


class Proof(msgspec.Struct, frozen=True):
    """Refuted cases on the votes, and what the ballots say where the quorum is of them."""

    refutation: Refutation = Refutation()
    turnout: tuple[Turnout, ...] = ()


class _Found(NamedTuple):
    """A proof, or a completion in which the claim is false, or neither: not settled."""

    proof: Proof | None = None
    witness: Witness | None = None


def statuses(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return what `claims` says, without proofs. Cost: O(groups) where all ballots are alike."""
    return _claimed(completions, params, prove=False)


def claims(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return "passes" and "fails". Exact, "fails" within the budgets of its searches where ballots are not alike.

    The share and the quorum each have their own worst completion: everybody else votes no; nobody else votes.
    Source: docs/rules/thresholds.md.
    """
    return _claimed(completions, params, prove=True)


def _claimed(completions: Completions, params: Params, *, prove: bool) -> tuple[Claim, ...]:
    bench = _Bench(completions, params)
    steady = single_votes(completions) and params.base != "ballots"
    slack, exact = bench.passes_by()
    certain = slack is not None and slack > 0
    pace = params.share[1] if steady else None
    if alike(completions) == -1 and params.share[0] < params.share[1]:
        pace = 1  # enough ballots for no, or for yes, turn either way: both stay open until there is a bound
    passes = Claim("passes", (), certain, slack, None, exact or certain, "A", pace=pace)
    slack = bench.fails_by()
    found = bench.fails() if slack is None or (prove and slack > 0) else None
    certain = found.proof is not None if found is not None else slack is not None and slack > 0
    fails = Claim("fails", (), certain, slack, None, found != _Found(), "D", pace=pace)
    if slack is None and found is not None and steady:
        fails = msgspec.structs.replace(fails, patience=bench.patience(found))
    if not prove:
        return passes, fails
    replace = msgspec.structs.replace
    if passes.irreversible:
        passes = replace(passes, proof=bench.passes().proof)
    return passes, fails if found is None else replace(fails, proof=found.proof)


class _Bench:
    """Both claims of one measure."""

    def __init__(self, completions: Completions, params: Params) -> None:
        self.completions, self.params = completions, params
        self.law = _law(len(completions.counted), params)

    def passes_by(self) -> tuple[int | None, bool]:
        """Return the least of what the share, the valid votes and the quorum have to spare, and whether exact."""
        law = self.law
        needs = [law.share, law.valid, *([law.quorum] if law.quorum else [])]
        found = [least(opposite(negated(need)), self.completions) for need in needs]
        spare = [one.slack for one in found if one.slack is not None]
        if len(spare) < len(found):
            return None, True
        to_spare = [one + (need.least != 1) * 1 for one, need in zip(spare, needs, strict=True)]
        if law.ballots:
            if self.completions.ballots_counted is None:
                return None, False
            to_spare.append(fewest(self.completions)[0] - law.ballots + 1)
        return min(to_spare), all(one.exact for one in found)

    def fails_by(self) -> int | None:
        """Return, where all ballots are alike, by how much every ballot for yes is not enough; else None."""
        law, ballots = self.law, alike(self.completions)
        cast = self.completions.ballots_counted
        if ballots is None or ballots < 0 or (law.ballots and cast is None):
            return None
        yes, no = self.completions.counted[:2]
        if law.ballots and not yes + no:
            return None  # blank ballots alone may make the quorum
        found = self._missed(yes + ballots, no, (cast or 0) + ballots)
        silent = self.params.strict and not law.quorum and not law.ballots
        return min(found, yes + no) if silent else found

    def _missed(self, yes: int, no: int, cast: int) -> int:
        """Return above 0 exactly when the share or the quorum is missed."""
        law = self.law
        share = law.share.votes[0] * yes + law.share.votes[1] * no - law.share.least + 1
        reached = 1
        if law.ballots:
            reached = cast - law.ballots + 1
        elif law.quorum:
            reached = yes + (no if self.params.base == "valid" else 0) - law.quorum.least + 1
        return max(1 - share, 1 - reached)

    def patience(self, found: _Found) -> int:
        """Return how many votes and ballots may move before "fails" can turn, a quorum of votes or none given."""
        if found.witness is not None:
            yes, no = found.witness.totals[:2]
            missed = self._missed(yes, no, 0) if yes + no else 0
            return max(0, -missed // self.params.share[1])
        return 0 if found.proof is None else lasting(found.proof.refutation)

    def passes(self) -> _Found:
        """Return why it passes, or a completion in which it does not."""
        law = self.law
        cases = [[negated(law.share)], [negated(law.valid)]]
        cases += [[negated(law.quorum)]] if law.quorum else []
        found = Court(self.completions).judge(cases)
        if found.proof is None or not law.ballots:
            return _Found(None if found.proof is None else Proof(found.proof), found.witness)
        if self.completions.ballots_counted is None:
            return _Found()
        ballots, witness = fewest(self.completions)
        if ballots < law.ballots:
            return _Found(witness=witness)
        return _Found(Proof(found.proof, (Turnout(law.ballots, fewest=ballots),)))

    def fails(self) -> _Found:
        """Return why it fails, or a completion in which it does not; without a vote nothing has failed by share."""
        law = self.law
        needs = [law.share, *([negated(law.valid)] if self.params.strict else [])]
        cases = [[one, *([law.quorum] if law.quorum else [])] for one in needs]
        if not law.ballots:
            for trial in trials(self.completions):
                if any(meets(case, trial.totals) for case in cases):
                    return _Found(witness=trial)
            found = Court(self.completions).judge(
                [[one, *([law.quorum] if law.quorum else [])] for one in needs]
            )
            return _Found(None if found.proof is None else Proof(found.proof), found.witness)
        if self.completions.ballots_counted is None:
            return _Found()
        said = []
        for need in needs:
            ways = together(self.completions, need, law.ballots)
            if ways is None:
                return _Found()
            most: int | None = None
            for way in ways:
                if way.value is not None and way.value >= need.least:
                    return _Found(witness=way.witness)
                if way.value is not None:
                    most = way.value if most is None else max(most, way.value)
            said.append(Turnout(law.ballots, least=need.least, most=most))
        return _Found(Proof(turnout=tuple(said)))


def publish(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof of a certain claim as JSON values."""
    del completions
    if not isinstance(claim.proof, Proof):
        raise TypeError("only a certain claim has a proof to publish")
    turnout: list[dict[str, int | None]] = []
    for one in claim.proof.turnout:
        said = {"fewest": one.fewest} if one.fewest is not None else {"least": one.least, "most": one.most}
        turnout.append({"wanted": one.wanted, **said})
    return published(claim.proof.refutation, names) | {"turnout": turnout}


def witness(completions: Completions, params: Params, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None: the claim holds, or none was found."""
    bench = _Bench(completions, params)
    return (bench.passes() if claim.kind == "passes" else bench.fails()).witness


def verdict(completions: Completions, params: Params, names: tuple[str, ...]) -> dict[str, object]:
    """Return whether it passes, and whether it fails, for certain."""
    del names
    passes, fails = statuses(completions, params)
    return {"pass_certain": passes.irreversible, "fail_certain": fails.irreversible}

"""Two rounds: who meets a threshold wins at once, otherwise the two highest go to a run-off."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tally.claim import Claim
from tally.completions import Completions
from tally.needs import Need
from tally.refusal import Refusal
from tally.rules._negation import Alternative, Law, cases, wins
from tally.rules._params import Reader, fraction, selections
from tally.rules._refutation import Court, Judged, Refutation, lasting, published, single_votes, trials
from tally.rules._runoff import Round, alike, pace, unending
from tally.rules._traits import Traits
from tally.witness import Witness

NAME = "two_round"
TRAITS = Traits(aside_unless_alike=True, in_box=True)

ALTERNATIVES_MAX = 6
"""Ways to win at once in one law; the cases of a claim double with each that has a margin."""


class Params(msgspec.Struct, frozen=True):
    """The ways to win at once, and the selections that cannot (blank votes where the law counts them)."""

    alternatives: tuple[Alternative, ...] = (Alternative((1, 2)),)
    barred: frozenset[int] = frozenset()


def read(raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Params | list[Refusal]:
    """Return the parameters, or every fault. Without `alternatives`: more than half of all votes."""
    reader = Reader(raw, pointer)
    reader.known(("alternatives", "not_electable"))
    barred: tuple[int, ...] = ()
    if raw.get("not_electable") is not None:
        barred = selections(reader, raw["not_electable"], names, "not_electable")
    listed = raw.get("alternatives")
    if listed is None:
        return reader.faults or Params(barred=frozenset(barred))
    if not isinstance(listed, list) or not 1 <= len(listed) <= ALTERNATIVES_MAX:
        reader.fault("wrong-type", f"a list of 1 to {ALTERNATIVES_MAX} alternatives", "alternatives")
        return reader.faults
    ways = [_way(one, f"{pointer}/alternatives/{n}", reader.faults) for n, one in enumerate(listed)]
    return reader.faults or Params(tuple(ways), frozenset(barred))


def _way(raw: object, pointer: str, faults: list[Refusal]) -> Alternative:
    if not isinstance(raw, dict):
        faults.append(
            Refusal("wrong-type", pointer, "an object {share, share_strict, margin?, margin_strict?}")
        )
        return Alternative((1, 2))
    reader = Reader(raw, pointer, faults)
    reader.known(("share", "share_strict", "margin", "margin_strict"))
    if "share" not in raw:
        reader.fault("field-missing", "a share of all votes, [numerator, denominator]", "share")
    share = fraction(reader, raw["share"], "share") if "share" in raw else (1, 2)
    margin = None if raw.get("margin") is None else fraction(reader, raw["margin"], "margin")
    if margin is not None and margin[0] == 0:
        margin = None  # a lead of nothing is no condition: who wins is first in any case
    strict = reader.flag("share_strict", default=True)
    return Alternative(share, strict, margin, reader.flag("margin_strict", default=True))


def _law(completions: Completions, params: Params) -> Law:
    contenders = tuple(j for j in completions.contenders() if j not in params.barred)
    return Law(len(completions.counted), contenders, params.alternatives)


def _listed(completions: Completions, law: Law) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield what is claimed: of each selection in order, of the run-off, and of the pair that leads."""
    for i in range(law.size):
        if i in law.contenders:
            yield "outright", (i,)
            yield "advances", (i,)
        yield "eliminated", (i,)
    yield "runoff", ()
    yield "no-runoff", ()
    votes = completions.votes_counted()
    leaders = sorted(law.contenders, key=lambda j: (-votes[j], j))[:2]
    if len(leaders) == 2:
        yield "runoff", tuple(sorted(leaders))


def statuses(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return what `claims` says, without proofs. Cost: O(selections) where all ballots are alike."""
    return _claimed(completions, params, prove=False)


def claims(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return "outright", "advances" and "eliminated" of each selection, "runoff", "no-runoff" and the pair's.

    Exact in closed form where all outstanding ballots are alike; otherwise within the budget of
    `integer_program.find`, and never early. Source: docs/rules/thresholds.md.
    """
    return _claimed(completions, params, prove=True)


def _claimed(completions: Completions, params: Params, *, prove: bool) -> tuple[Claim, ...]:
    law = _law(completions, params)
    bench = _Bench(completions, law)
    if bench.round is None:
        return tuple(_judged(bench, kind, who, prove=prove) for kind, who in _listed(completions, law))
    found = []
    for kind, who, slack in bench.round.every():
        certain = slack is None or slack > 0
        if not bench.bounded and certain:
            found.append(_judged(bench, kind, who, prove=prove))
            continue
        proof = bench.judge(kind, who).proof if prove and certain else None
        if prove and certain and proof is None:
            raise AssertionError("a claim without a proof was called irreversible")
        found.append(bench.claim(kind, who, slack, proof))
    return tuple(found)


def _judged(bench: "_Bench", kind: str, who: tuple[int, ...], *, prove: bool) -> Claim:
    """Return a claim settled case by case, with how much may move before it can turn where that can be said."""
    judged = bench.judge(kind, who)
    certain, settled = judged.proof is not None, judged != Judged()
    if bench.uncontested(kind, who):
        return Claim(kind, who, True, None, judged.proof if prove else None, True, "D", pace=1)
    patience = bench.patience(kind, who, judged)
    return Claim(kind, who, certain, None, judged.proof if prove else None, settled, "D", patience=patience)


class _Bench:
    """The claims of one contest: in closed form where all ballots are alike, case by case otherwise."""

    def __init__(self, completions: Completions, law: Law) -> None:
        self.law = law
        self.court = Court(completions)
        ballots = alike(completions)
        self.bounded = ballots is not None and ballots >= 0
        if ballots is not None and ballots < 0:
            ballots = unending(law, completions.counted)
        self.round = None if ballots is None else Round(law, completions.counted, ballots)
        self.pace = pace(law) if self.bounded or _everybody_can_win(law, completions) else None
        self._trials: list[Witness] | None = None
        self._judged: dict[tuple[str, tuple[int, ...]], Judged] = {}

    def claim(self, kind: str, who: tuple[int, ...], slack: int | None, proof: Refutation | None) -> Claim:
        """Return a claim settled in closed form.

        Of an open "no-runoff" the number is that of a completion looked at, which the next look may replace
        by a lower one: it says when to look again, and is not published.
        """
        certain, shown = slack is None or slack > 0, slack if self.bounded else None
        if kind == "no-runoff" and shown is not None and self.pace is not None and not certain:
            return Claim(kind, who, certain, None, proof, True, "D", patience=-shown // self.pace)
        return Claim(kind, who, certain, shown, proof, True, "D", pace=self.pace)

    def uncontested(self, kind: str, who: tuple[int, ...]) -> bool:
        """Return whether the claim is true by the law alone: out is who cannot win."""
        return kind == "eliminated" and who[0] not in self.law.contenders

    def judge(self, kind: str, who: tuple[int, ...]) -> Judged:
        """Return the proof of a claim, or a completion in which it is false, or neither."""
        if (kind, who) not in self._judged:
            self._judged[kind, who] = self._judge(kind, who)
        return self._judged[kind, who]

    def _judge(self, kind: str, who: tuple[int, ...]) -> Judged:
        if self.uncontested(kind, who):
            return Judged(Refutation(sure=True))
        if kind == "no-runoff":
            for w in self.law.contenders:
                found = self.judge("outright", (w,)).proof
                if found is not None:
                    return Judged(msgspec.structs.replace(found, winner=w))
        for trial in self.trials():
            if not true_of(self.law, kind, who, trial.totals):
                return Judged(witness=trial)
        return self.court.judge(cases(self.law, kind, who))

    def patience(self, kind: str, who: tuple[int, ...], judged: Judged) -> int | None:
        """Return how many votes and ballots may move before the claim can turn; None where nobody says.

        What one vote moves is bounded where a ballot gives one and no unit is in doubt. Open: the completion in
        which it is false stays near. Certain: none of its assertions fails before its slack is used up.
        """
        if not single_votes(self.court.completions):
            return None
        if judged.witness is not None:
            return -slack_of(self.law, kind, who, judged.witness.totals) // pace(self.law)
        return 0 if judged.proof is None else lasting(judged.proof)

    def trials(self) -> list[Witness]:
        """Return the completions tried first."""
        if self._trials is None:
            self._trials = trials(self.court.completions)
        return self._trials

    def can_win(self, who: int) -> bool:
        """Return whether `who` wins at once in some completion, by a tie-break at least; True if not settled."""
        if who not in self.law.contenders:
            return False
        if self.round is not None and self.bounded:
            return self.round.winning[who] > 0 and self.round.cast + self.round.ballots > 0
        for trial in self.trials():
            if any(trial.totals) and Round(self.law, trial.totals, 0).winning[who] > 0:
                return True
        some = Need((1,) * self.law.size, 1)
        return self.court.judge((some, *case) for case in wins(self.law, who)).proof is None


def _everybody_can_win(law: Law, completions: Completions) -> bool:
    """Whether enough ballots let anybody win at once, so that no claim they leave open turns without a bound."""
    fractions = [one for way in law.alternatives for one in (way.share, way.margin or (0, 1))]
    return any(completions.counted) and all(over < under for over, under in fractions)


def true_of(law: Law, kind: str, who: tuple[int, ...], votes: Sequence[int]) -> bool:
    """Return whether a claim is true of final votes, however ties are broken."""
    if kind == "eliminated" and who[0] not in law.contenders:
        return True
    return any(votes) and slack_of(law, kind, who, votes) > 0


def slack_of(law: Law, kind: str, who: tuple[int, ...], votes: Sequence[int]) -> int:
    """Return by how much a claim about who can win is true of final votes: above 0 exactly when it is."""
    ended = Round(law, votes, 0)
    if kind == "no-runoff":
        return ended.no_runoff()
    if kind == "runoff":
        return ended.between(*who) if who else ended.runoff()
    return {"outright": ended.outright, "advances": ended.advances, "eliminated": ended.eliminated}[kind](
        who[0]
    )


def publish(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof of a certain claim as JSON values."""
    del completions
    if not isinstance(claim.proof, Refutation):
        raise TypeError("only a certain claim has a proof to publish")
    winner = claim.proof.winner
    return published(claim.proof, names) | {"winner": None if winner is None else names[winner]}


def witness(completions: Completions, params: Params, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None: the claim holds, or none was found."""
    return _Bench(completions, _law(completions, params)).judge(claim.kind, claim.who).witness


def verdict(completions: Completions, params: Params, names: tuple[str, ...]) -> dict[str, object]:
    """Return who wins at once or may, whether there is a run-off, between whom, and who is out."""
    law = _law(completions, params)
    certain = {(claim.kind, claim.who) for claim in statuses(completions, params) if claim.irreversible}
    bench = _Bench(completions, law)

    def named(kind: str) -> list[str]:
        return [name for i, name in enumerate(names) if (kind, (i,)) in certain]

    return {
        "outright_certain": named("outright"),
        "outright_possible": [name for i, name in enumerate(names) if bench.can_win(i)],
        "runoff_certain": ("runoff", ()) in certain,
        "runoff_possible": ("no-runoff", ()) not in certain,
        "advance_certain": named("advances"),
        "eliminated": named("eliminated"),
        "runoff_pair_certain": any(kind == "runoff" and who for kind, who in certain),
    }

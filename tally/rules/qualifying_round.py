"""France, first round: more than half elect, if of enough voters; an eighth of voters go on."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import msgspec

from tally.claim import Claim
from tally.completions import Completions
from tally.needs import Need
from tally.refusal import Refusal
from tally.rules._negation import Alternative, Case, Law, ahead, has_share, negated, no_votes
from tally.rules._params import Reader, fraction
from tally.rules._refutation import Court, Judged, Refutation, lasting, meets, published, single_votes, trials
from tally.rules._traits import Traits
from tally.witness import Witness

NAME = "qualifying_round"
TRAITS = Traits(aside=True, in_box=True)

MAJORITY = Alternative((1, 2))


class Params(msgspec.Struct, frozen=True):
    """The least votes that elect, beside more than half of them, and the least that qualify by themselves."""

    electing: int
    qualifying: int


def read(raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Params | list[Refusal]:
    """Return the parameters, or every fault: of `registered` voters, a quarter to elect, an eighth to go on."""
    del names
    reader = Reader(raw, pointer)
    reader.known(("registered", "floor", "bar"))
    if raw.get("registered") is None:
        reader.fault("field-missing", "how many voters are registered", "registered")
    registered = reader.count("registered")
    parts = {"floor": (1, 4), "bar": (1, 8)}
    for name in parts:
        if raw.get(name) is not None:
            parts[name] = fraction(reader, raw[name], name)
    wanted = [-(-over * registered // under) for over, under in parts.values()]  # reaching it, rounded up
    return reader.faults or Params(*wanted)


class _Bars(NamedTuple):
    """Who can win, with more than half of the votes, and the two numbers of votes it takes besides."""

    law: Law
    params: Params

    def votes(self, who: int, least: int) -> Need:
        """Return: so many votes."""
        return Need(tuple(int(j == who) for j in range(self.law.size)), least)

    def level(self, who: int, rivals: Sequence[int]) -> Case:
        """Return: as many votes as each of these, or more."""
        return tuple(ahead(self.law, who, rival) for rival in rivals)

    def wins(self, who: int) -> Case:
        """Return: elected at once."""
        return has_share(self.law, who, MAJORITY), self.votes(who, self.params.electing)


def _cases(bars: _Bars, kind: str, who: int) -> Iterator[Case]:
    """Yield the cases in which a claim is false of a count, in the order in which its proof refutes them."""
    law, rivals, qualified = bars.law, bars.law.rivals(who), bars.votes(who, bars.params.qualifying)
    yield (no_votes(law),)
    if kind == "outright":
        yield from ((negated(need),) for need in bars.wins(who))
    elif kind == "runoff":
        yield from (bars.wins(i) for i in law.contenders)
    elif kind == "advances":
        yield from (bars.wins(i) for i in rivals)
        for pair in combinations(rivals, 2):
            yield (negated(qualified), *(ahead(law, j, who) for j in pair))
    else:
        yield bars.level(who, rivals)
        for i in rivals:
            for missed in map(negated, bars.wins(i)):
                yield (*bars.level(who, [j for j in rivals if j != i]), missed)
                yield (qualified, *bars.level(i, law.rivals(i)), missed)


def _true_of(bars: _Bars, kind: str, who: int, votes: Sequence[int]) -> bool:
    """Return whether a claim is true of final votes, however ties are broken."""
    if not any(votes):
        return False
    elected = {i for i in bars.law.contenders if meets(bars.wins(i), votes)}
    if kind in ("outright", "runoff"):
        return elected == ({who} if kind == "outright" else set())
    if elected:
        return (who in elected) == (kind == "advances")
    rivals = [votes[j] for j in bars.law.rivals(who)]
    qualified = votes[who] >= bars.params.qualifying
    if kind == "advances":
        return qualified or sum(one >= votes[who] for one in rivals) < 2
    return not qualified and sum(one > votes[who] for one in rivals) > 1


class _Bench:
    """The claims of one contest, settled case by case."""

    def __init__(self, completions: Completions, params: Params) -> None:
        law = Law(len(completions.counted), tuple(completions.contenders()), (MAJORITY,))
        self.bars = _Bars(law, params)
        self.court = Court(completions)
        self.trials = trials(completions)
        self.steady = single_votes(completions)

    def judge(self, kind: str, who: int) -> Judged:
        """Return the proof of a claim, or a completion in which it is false, or neither."""
        if kind == "eliminated" and who not in self.bars.law.contenders:
            return Judged(Refutation(sure=True))
        for trial in self.trials:
            if not _true_of(self.bars, kind, who, trial.totals):
                return Judged(witness=trial)
        return self.court.judge(_cases(self.bars, kind, who))

    def claim(self, kind: str, who: int) -> Claim:
        """Return a claim with its proof."""
        judged = self.judge(kind, who)
        sure = judged.proof is not None
        patience = lasting(judged.proof) if judged.proof is not None and self.steady else None
        whom = () if kind == "runoff" else (who,)
        return Claim(kind, whom, sure, None, judged.proof, judged != Judged(), "D", patience=patience)


def claims(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return "outright", "advances" and "eliminated" of each selection, and "runoff": a second round is held.

    EXACT within the budget of `integer_program.find`, never early. Cost: one question of several needs a claim
    that no inequality settles. Source: Code électoral, L126 and L162; docs/rules/adding.md.
    """
    bench = _Bench(completions, params)
    found = []
    law = bench.bars.law
    for who in range(law.size):
        kinds = ("outright", "advances", "eliminated") if who in law.contenders else ("eliminated",)
        found += [bench.claim(kind, who) for kind in kinds]
    return (*found, bench.claim("runoff", -1))


def statuses(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return what `claims` says, without proofs."""
    return tuple(msgspec.structs.replace(one, proof=None) for one in claims(completions, params))


def publish(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof of a certain claim as JSON values."""
    del completions
    if not isinstance(claim.proof, Refutation):
        raise TypeError("only a certain claim has a proof to publish")
    return published(claim.proof, names)


def witness(completions: Completions, params: Params, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None: the claim holds, or none was found."""
    return _Bench(completions, params).judge(claim.kind, claim.who[0] if claim.who else -1).witness


def verdict(completions: Completions, params: Params, names: tuple[str, ...]) -> dict[str, object]:
    """Return who is elected at once, who stands in a second round or is elected, who is out, whether there is one."""
    certain = {(claim.kind, claim.who) for claim in statuses(completions, params) if claim.irreversible}

    def named(kind: str) -> list[str]:
        return [name for i, name in enumerate(names) if (kind, (i,)) in certain]

    return {
        "outright_certain": named("outright"),
        "runoff_certain": ("runoff", ()) in certain,
        "advance_certain": named("advances"),
        "eliminated": named("eliminated"),
    }

"""A first round of France: does a proof refute every way in which its claim could be false."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import msgspec

from tally.verifier.arithmetic import Field, Final
from tally.verifier.claimed import electable_of
from tally.verifier.infeasible import Need, Steps
from tally.verifier.rules._cases import check_assertions, check_cases
from tally.verifier.rules._two_rounds import fraction_of
from tally.verifier.shapes import NUMBER_MAX, Assertion, Certificate, Findings, read

TYPES = frozenset({"qualifying_round"})
KINDS = {"outright": 1, "advances": 1, "eliminated": 1, "runoff": 0}
"""What is claimed, and of how many selections."""


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a claim is irreversible: assertions and trees that refute its cases, in order; or nobody can contest it."""

    assertions: tuple[Assertion, ...]
    refuted: tuple[Steps, ...]
    uncontested: bool


class Question(NamedTuple):
    """A claim in numbers: of whom (-1: of nobody), who can win, the least votes to be elected and to go on."""

    kind: str
    who: int
    size: int
    contenders: tuple[int, ...]
    electing: int
    qualifying: int

    def of(self, weights: dict[int, int], least: int, *, all_others: int = 0) -> Need:
        """Weighted votes, `all_others` the weight of selections not named, reach a number."""
        return Need(tuple(weights.get(j, all_others) for j in range(self.size)), least)

    def rivals(self, who: int) -> list[int]:
        """Who else can win."""
        return [j for j in self.contenders if j != who]


def question_of(body: Certificate, findings: Findings) -> Question | None:
    """The claim in numbers; None, and a difference, when claim, rule and lemma do not make one."""
    names, before = list(body.selections), len(findings.found)
    electable = electable_of(body, findings)
    findings.equal("/lemma: the argument for such a claim", "D", body.lemma)
    kind, who = body.claim.type, [names.index(name) if name in names else -1 for name in body.claim.who]
    if KINDS.get(kind) != len(who) or -1 in who:
        findings.add("/claim: one this rule makes, of so many", KINDS, kind)
    elif kind != "eliminated" and not set(who) <= set(electable):
        findings.add("/claim/who: who can win", list(body.electable), list(body.claim.who))
    registered = body.rule.get("registered")
    if type(registered) is not int or not 0 <= registered <= NUMBER_MAX:
        findings.add("/rule/registered: how many voters are registered", "a whole number", None)
        registered = 0
    least = [
        _part(body.rule.get(name), usual, registered) for name, usual in (("floor", (1, 4)), ("bar", (1, 8)))
    ]
    if None in least:
        findings.add("/rule: parts of the registered voters", "[n, d]", None)
    if len(findings.found) > before:
        return None
    electing, qualifying = (one or 0 for one in least)
    return Question(kind, who[0] if who else -1, len(names), electable, electing, qualifying)


def _part(said: Any, usual: tuple[int, int], registered: int) -> int | None:
    """So many of the registered voters, rounded up."""
    part = usual if said is None else fraction_of(said)
    return None if part is None else -(-part[0] * registered // part[1])


def _short(q: Question, who: int) -> list[Need]:
    """The two ways in which one is not elected at once."""
    return [q.of({who: -1}, 0, all_others=1), q.of({who: -1}, 1 - q.electing)]


def _ways_to_be_false(q: Question) -> Iterator[list[Need]]:
    """The cases in which the claim is false."""
    yield [q.of({}, 0, all_others=-1)]

    def at_least(one: int, others: Sequence[int]) -> list[Need]:
        return [q.of({one: 1, j: -1}, 0) for j in others]

    def elected(one: int) -> list[Need]:
        return [q.of({one: 1}, 1, all_others=-1), q.of({one: 1}, q.electing)]

    if q.kind == "outright":
        yield from ([need] for need in _short(q, q.who))
    elif q.kind == "runoff":
        yield from (elected(one) for one in q.contenders)
    elif q.kind == "advances":
        yield from (elected(one) for one in q.rivals(q.who))
        for pair in combinations(q.rivals(q.who), 2):
            yield [
                q.of({q.who: -1}, 1 - q.qualifying),
                *(need for j in pair for need in at_least(j, [q.who])),
            ]
    else:
        yield at_least(q.who, q.rivals(q.who))
        for first in q.rivals(q.who):
            others = [j for j in q.rivals(q.who) if j != first]
            for need in _short(q, first):
                yield [*at_least(q.who, others), need]
                yield [q.of({q.who: 1}, q.qualifying), *at_least(first, q.rivals(first)), need]


def check_proof(body: Certificate, question: Question, field: Field, findings: Findings) -> None:
    """Every difference between a proof and one that carries an irreversible claim."""
    proof = read(body.proof, Proof, "/proof", findings)
    if proof is None:
        return
    alone = question.kind == "eliminated" and question.who not in question.contenders
    findings.equal("/proof/uncontested: of who cannot win", alone, proof.uncontested)
    if alone:
        findings.equal("/proof: nothing else is needed", ((), ()), (proof.assertions, proof.refuted))
        return
    check_assertions(proof.assertions, field, findings)
    check_cases(_ways_to_be_false(question), proof.assertions, proof.refuted, body, field, findings)


def holds(question: Question, final: Final) -> bool:
    """Whether the claim is true of a finished count, however ties are broken."""
    q, votes = question, final.totals
    if q.kind == "eliminated" and q.who not in q.contenders:
        return True
    if not any(votes):
        return False
    elected = {j for j in q.contenders if 2 * votes[j] > sum(votes) and votes[j] >= q.electing}
    if q.kind in ("outright", "runoff"):
        return elected == ({q.who} if q.kind == "outright" else set())
    above = sum(votes[j] > votes[q.who] for j in q.rivals(q.who))
    level = sum(votes[j] >= votes[q.who] for j in q.rivals(q.who))
    if q.kind == "advances":
        return q.who in elected or (not elected and (votes[q.who] >= q.qualifying or level < 2))
    return bool(elected - {q.who}) or (not elected and votes[q.who] < q.qualifying and above > 1)

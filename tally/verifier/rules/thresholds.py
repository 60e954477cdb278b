"""Two rounds and measures: does a proof refute every way in which its claim could be false."""

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, UnsetType

from tally.verifier.arithmetic import Field, Final
from tally.verifier.assertions import check_assertion
from tally.verifier.claimed import electable_of
from tally.verifier.infeasible import Need, Steps, check_infeasible
from tally.verifier.rules import _measures, _two_rounds
from tally.verifier.rules._measures import Measure, Turnout
from tally.verifier.rules._two_rounds import Rounds
from tally.verifier.shapes import Assertion, Certificate, Findings, read

TYPES = frozenset({"two_round", "measure"})

Question = Rounds | Measure


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a claim is irreversible.

    A case that has the opposite of one of `assertions` among its needs is refuted by it, the others, in order, by
    `refuted`. `uncontested`: there is no case. `winner`: of "no-runoff" alone; who wins at once in every completion.
    `turnout`: of a quorum of ballots alone.
    """

    assertions: tuple[Assertion, ...]
    refuted: tuple[Steps, ...]
    uncontested: bool
    winner: str | UnsetType | None = UNSET
    turnout: tuple[Turnout, ...] | UnsetType = UNSET


def question_of(body: Certificate, findings: Findings) -> Question | None:
    """The claim in numbers; None, and a difference, when claim, rule and lemma do not make one."""
    claim, before = body.claim, len(findings.found)
    electable = electable_of(body, findings)
    measure = body.rule.get("type") == "measure"
    findings.equal(
        "/lemma: the argument for such a claim",
        "A" if measure and claim.type == "passes" else "D",
        body.lemma,
    )
    question: Question | None = (
        _measures.measure_of(body, findings) if measure else _two_rounds.rounds_of(body, electable, findings)
    )
    return question if len(findings.found) == before else None


def check_proof(body: Certificate, question: Question, field: Field, findings: Findings) -> None:
    """Every difference between a proof and one that carries an irreversible claim."""
    proof = read(body.proof, Proof, "/proof", findings)
    if proof is None:
        return
    for index, one in enumerate(proof.assertions):
        check_assertion(one, field, f"/proof/assertions/{index}", findings)
    if isinstance(question, Measure):
        turnout = () if proof.turnout is UNSET else proof.turnout
        findings.equal("/proof/turnout: a list, in a proof about a measure", False, proof.turnout is UNSET)
        findings.equal("/proof/winner: of a run-off that is not needed", UNSET, proof.winner)
        findings.equal("/proof/uncontested: a measure can always go either way", False, proof.uncontested)
        _measures.check_turnout(question, turnout, field, findings)
        by_ballots = question.kind == "fails" and question.base == "ballots" and question.least > 0
        cases: Iterable[list[Need]] = [] if by_ballots else _measures.ways_to_be_false(question)
        _check_cases(cases, proof, body, field, findings)
        return
    findings.equal("/proof/turnout: of a measure only", UNSET, proof.turnout)
    if question.kind == "eliminated" and question.who[0] not in question.contenders:
        findings.equal("/proof/uncontested: nobody can contest this", True, proof.uncontested)
        said = (proof.assertions, proof.refuted, proof.winner)
        findings.equal("/proof: nothing else is needed", ((), (), None), said)
        return
    findings.equal("/proof/uncontested: it could be false", False, proof.uncontested)
    if proof.winner is not None:
        place = {body.selections[j]: j for j in question.contenders}
        if question.kind != "no-runoff" or proof.winner not in place:
            findings.add("/proof/winner: of a run-off that is not needed, who can win", list(place), None)
            return
        question = question._replace(kind="outright", who=(place[str(proof.winner)],))
    _check_cases(_two_rounds.ways_to_be_false(question), proof, body, field, findings)


def _check_cases(
    cases: Iterable[list[Need]], proof: Proof, body: Certificate, field: Field, findings: Findings
) -> None:
    """Whether every case is refuted, by assertions and trees in the order in which they are first needed."""
    said = [(one.a, one.c, one.strict) for one in proof.assertions]
    used: set[tuple[tuple[int, ...], int, bool]] = set()
    trees = 0
    for number, case in enumerate(cases):
        opposites = [_opposite(need) for need in case]
        if any(one in used for one in opposites):
            continue
        if len(used) < len(said) and said[len(used)] in opposites:
            used.add(said[len(used)])
        elif trees < len(proof.refuted):
            at = f"/proof/refuted/{trees}"
            check_infeasible(proof.refuted[trees], field, body.selections, (case, ()), at, findings)
            trees += 1
        else:
            findings.add(f"/proof: case {number} in which the claim is false is refuted", len(case), None)
            return
    findings.equal("/proof/assertions: each needed, in the order of need", len(said), len(used))
    findings.equal("/proof/refuted: each needed", len(proof.refuted), trees)


def _opposite(need: Need) -> tuple[tuple[int, ...], int, bool]:
    """The assertion that is true where the need is not met: a·V < least, as a weight, a bound, and strict or not."""
    a = tuple(-one for one in need.votes)
    return (a, 0, True) if need.least == 0 else (a, 1 - need.least, False)


def holds(question: Question, final: Final) -> bool:
    """Whether the claim is true of a finished count, however ties are broken."""
    if isinstance(question, Measure):
        return _measures.measure_holds(question, final)
    return _two_rounds.rounds_hold(question, final.totals)

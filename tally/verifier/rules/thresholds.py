"""Two rounds and measures: does a proof refute every way in which its claim could be false."""

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, UnsetType

from tally.verifier.arithmetic import Field, Final
from tally.verifier.claimed import electable_of
from tally.verifier.infeasible import Need, Steps
from tally.verifier.rules import _measures, _two_rounds
from tally.verifier.rules._cases import check_assertions, check_cases
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
    check_assertions(proof.assertions, field, findings)
    if isinstance(question, Measure):
        turnout = () if proof.turnout is UNSET else proof.turnout
        findings.equal("/proof/turnout: a list, in a proof about a measure", False, proof.turnout is UNSET)
        findings.equal("/proof/winner: of a run-off that is not needed", UNSET, proof.winner)
        findings.equal("/proof/uncontested: a measure can always go either way", False, proof.uncontested)
        _measures.check_turnout(question, turnout, field, findings)
        by_ballots = question.kind == "fails" and question.base == "ballots" and question.least > 0
        cases: Iterable[list[Need]] = [] if by_ballots else _measures.ways_to_be_false(question)
        check_cases(cases, proof.assertions, proof.refuted, body, field, findings)
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
    check_cases(
        _two_rounds.ways_to_be_false(question), proof.assertions, proof.refuted, body, field, findings
    )


def holds(question: Question, final: Final) -> bool:
    """Whether the claim is true of a finished count, however ties are broken."""
    if isinstance(question, Measure):
        return _measures.measure_holds(question, final)
    return _two_rounds.rounds_hold(question, final.totals)

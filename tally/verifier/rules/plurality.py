"""Seats for the most votes, and bare assertions: does a proof imply its claim."""

from typing import Any, Literal, NamedTuple

import msgspec

from tally.verifier import forced, shortages
from tally.verifier.arithmetic import Field, Final
from tally.verifier.assertions import check_assertion
from tally.verifier.claimed import electable_of
from tally.verifier.shapes import Assertion, Certificate, Findings, Number, Shortage, read

TYPES = frozenset({"plurality", "disputed", "assertion"})


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a claim is irreversible."""

    logic: Literal["AND"]
    assertions: tuple[Assertion, ...]
    shortages: tuple[Shortage, ...]
    above: tuple[str, ...]
    uncontested: bool


class BareAssertion(NamedTuple):
    """An inequality a rule object states."""

    a: tuple[int, ...]
    c: int
    strict: bool


class Question(NamedTuple):
    """What a claim is about, in numbers: `who` a selection, or which of the rule's `stated` assertions."""

    kind: str
    who: int
    seats: int
    electable: tuple[int, ...]
    stated: BareAssertion | None

    @property
    def rivals(self) -> tuple[int, ...]:
        """Who else can win."""
        return tuple(j for j in self.electable if j != self.who)


def question_of(body: Certificate, findings: Findings) -> Question | None:
    """The claim in numbers; None, and a difference, when claim and rule do not make one."""
    kind, names = body.claim.type, list(body.selections)
    before = len(findings.found)
    electable = electable_of(body, findings)
    who = body.claim.who[0] if len(body.claim.who) == 1 else None
    rule = str(body.rule.get("type"))
    stated: BareAssertion | None = None
    seats, at = 1, -1
    if rule == "assertion" and kind == "holds":
        listed = _stated(body.rule.get("assertions"), len(names), findings)
        at = int(who) if who is not None and who.isascii() and who.isdigit() and len(who) < 9 else -1
        if at < 0 or at >= len(listed) or str(at) != who:
            findings.add("/claim/who: one of the rule's assertions, by its place", len(listed), who)
        else:
            stated = listed[at]
    elif rule in {"plurality", "disputed"} and kind in {"elected", "eliminated"}:
        at = names.index(who) if who in names else -1
        if at < 0:
            findings.add("/claim/who: one selection", names, list(body.claim.who))
        given = body.rule.get("seats")
        seats = 1 if given is None else given
        if type(seats) is not int or seats < 1 or (rule == "disputed" and seats != 1):
            findings.add("/rule/seats: a whole number, 1 or more", 1, given)
    else:
        findings.add(
            "/claim/type: a claim this rule makes", "elected, eliminated or holds", f"{rule}, {kind}"
        )
    if len(findings.found) > before:
        return None
    lemma = (
        "A" if kind == "holds" or (kind == "elected" and seats == 1) else "C" if kind == "elected" else "B"
    )
    findings.equal("/lemma: the argument for such a claim", lemma, body.lemma)
    return Question(kind, at, seats, tuple(electable), stated)


def _stated(listed: Any, size: int, findings: Findings) -> list[BareAssertion]:
    found = []
    for index, entry in enumerate(listed if isinstance(listed, list) else []):
        at = f"/rule/assertions/{index}"
        one = entry if isinstance(entry, dict) else {}
        a = read(one.get("coef"), tuple[Number, ...], f"{at}/coef", findings)
        c = read(one.get("c", 0), int, f"{at}/c", findings)
        given = one.get("strict")
        strict = read(True if given is None else given, bool, f"{at}/strict", findings)
        if a is None or c is None or strict is None or len(a) != size:
            findings.add(f"{at}: a weight for every selection", size, None)
            return []
        found.append(BareAssertion(a, c, strict))
    return found


def check_proof(body: Certificate, question: Question, field: Field, findings: Findings) -> None:
    """Every difference between a proof and one that carries an irreversible claim."""
    proof = read(body.proof, Proof, "/proof", findings)
    if proof is None:
        return
    for index, one in enumerate(proof.assertions):
        check_assertion(one, field, f"/proof/assertions/{index}", findings)
    if question.kind == "holds":
        _check_holds(proof, question, findings)
    elif _uncontested(question):
        findings.equal("/proof/uncontested: nobody can contest this", True, proof.uncontested)
        unneeded = (proof.assertions, proof.shortages, proof.above)
        findings.equal("/proof: nothing else is needed", ((), (), ()), unneeded)
    elif proof.uncontested:
        findings.add("/proof/uncontested: there are rivals", False, True)
    elif question.kind == "elected":
        _check_elected(body, proof, question, field, findings)
    else:
        _check_eliminated(body, proof, question, field, findings)


def _uncontested(question: Question) -> bool:
    """Whether the law leaves no question: not more rivals than other seats, or who cannot win at all."""
    if question.kind == "eliminated":
        return question.who not in question.electable
    return question.who in question.electable and len(question.rivals) < question.seats


def _check_holds(proof: Proof, question: Question, findings: Findings) -> None:
    said = [(one.a, one.c, one.strict) for one in proof.assertions]
    findings.equal("/proof/assertions: the one the rule states", [question.stated], said)
    rest = (proof.shortages, proof.above, proof.uncontested)
    findings.equal("/proof: nothing else is needed", ((), (), False), rest)


def _rivals_beaten(proof: Proof, question: Question, size: int, sign: int, findings: Findings) -> list[int]:
    """The rivals of assertions V_who > V_rival (sign 1) or V_rival > V_who (sign -1), in their order."""
    pairs = {tuple(sign * ((k == question.who) - (k == j)) for k in range(size)): j for j in question.rivals}
    found: list[int] = []
    for index, one in enumerate(proof.assertions):
        rival = pairs.get(one.a)
        if rival is None or rival in found or one.c != 0 or not one.strict:
            findings.add(
                f"/proof/assertions/{index}: about this claim and one rival, each once", None, list(one.a)
            )
        else:
            found.append(rival)
    return found


def _check_elected(
    body: Certificate, proof: Proof, question: Question, field: Field, findings: Findings
) -> None:
    """Elected: no `seats` rivals can all reach its votes."""
    if question.who not in question.electable:
        findings.add("/claim/who: cannot be elected at all", list(body.electable), body.claim.who)
        return
    findings.equal("/proof/above: of an elimination only", (), proof.above)
    beaten = _rivals_beaten(proof, question, len(field.counted), 1, findings)
    others = [j for j in question.rivals if j not in beaten]
    own = field.counted[question.who]
    for j in others:
        worst = field.worst([(k == question.who) - (k == j) for k in range(len(field.counted))])
        if worst is not None and own - field.counted[j] + worst > 0:
            name = body.selections[j]
            findings.add(
                f"/proof/assertions: one for every rival beaten alone; {name} is missing", name, None
            )
    mark = own + field.sure(question.who)
    index = {name: j for j, name in enumerate(body.selections)}
    true = shortages.check(proof.shortages, index, others, mark, field, findings)
    if len(others) < question.seats:
        findings.equal("/proof/shortages: none is needed", (), proof.shortages)
        return
    shortages.check_cover(true, others, question.seats, mark, field, findings)


def _check_eliminated(
    body: Certificate, proof: Proof, question: Question, field: Field, findings: Findings
) -> None:
    """Eliminated: `seats` rivals stay strictly above, the same ones or whichever must."""
    above = [body.selections[j] for j in question.rivals if body.selections[j] in proof.above]
    findings.equal("/proof/above: rivals who can win, in order, each once", above, list(proof.above))
    beaten = _rivals_beaten(proof, question, len(body.selections), -1, findings)
    names = sorted(body.selections[j] for j in beaten)
    findings.equal("/proof/above: those the assertions are about", sorted(proof.above), names)
    if len(proof.above) > question.seats or not forced.stay_above(
        question.who, question.rivals, question.seats, field
    ):
        findings.equal("/proof/above: as many as there are seats", question.seats, len(proof.above))
    findings.equal("/proof/shortages: none is needed", (), proof.shortages)


def holds(question: Question, final: Final) -> bool:
    """Whether a claim is true of final totals however ties are broken."""
    totals = final.totals
    if question.stated is not None:
        value = sum(map(int.__mul__, question.stated.a, totals)) - question.stated.c
        return value > 0 or (value == 0 and not question.stated.strict)
    own = totals[question.who]
    if question.kind == "elected":
        level = sum(totals[j] >= own for j in question.rivals)
        return question.who in question.electable and level < question.seats
    above = sum(totals[j] > own for j in question.rivals)
    return question.who not in question.electable or above >= question.seats

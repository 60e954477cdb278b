"""Instant runoff, points by place, and STV at its first count: does a proof imply its claim."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from tally.verifier.arithmetic import Field, Final
from tally.verifier.claimed import electable_of
from tally.verifier.orders import Orders, OrdersProof, check_first_round, winners
from tally.verifier.places import Points, PointsProof, QuotaProof, check_quota
from tally.verifier.shapes import NUMBER_MAX, Certificate, Findings, read

TYPES = frozenset({"irv", "positional", "stv"})


class Question(NamedTuple):
    """What a claim is about, in numbers: `contenders` are in at first and can win."""

    rule: str
    kind: str
    who: int
    contenders: tuple[int, ...]
    selections: int
    scores: tuple[int, ...] = ()
    partial: bool = True
    seats: int = 1

    @property
    def against(self) -> tuple[int, ...]:
        """Whose winning an instant runoff makes the claim false."""
        if self.kind == "eliminated":
            return (self.who,)
        return tuple(j for j in self.contenders if j != self.who)

    @property
    def settled(self) -> bool | None:
        """What the law says of the claim without a vote; None: it depends on the votes."""
        elected = self.kind == "elected"
        if self.who not in self.contenders:
            return not elected
        return elected if len(self.contenders) <= self.seats else None


def question_of(body: Certificate, findings: Findings) -> Question | None:
    """The claim in numbers; None, and a difference, when claim and rule do not make one."""
    kind, names = body.claim.type, list(body.selections)
    rule = str(body.rule.get("type"))
    before = len(findings.found)
    who = body.claim.who[0] if len(body.claim.who) == 1 else None
    if who not in names or kind not in {"elected", "eliminated"}:
        findings.add("/claim: one selection elected, or eliminated", names, list(body.claim.who))
    electable = electable_of(body, findings)
    skipped = _skipped(body.rule.get("eliminate_first"), names, findings) if rule == "irv" else frozenset()
    scores = _scores(body.rule.get("scores"), len(names), findings) if rule == "positional" else ()
    partial = True if body.rule.get("truncation") is None else body.rule.get("truncation")
    if rule == "positional" and not isinstance(partial, bool):
        findings.add("/rule/truncation: true or false", True, partial)
    seats = 1
    if rule == "stv":
        given = body.rule.get("seats")
        seats = 1 if given is None else given
        if type(seats) is not int or seats < 1:
            findings.add("/rule/seats: a whole number, 1 or more", 1, given)
    if len(findings.found) > before or who is None:
        return None
    contenders = tuple(j for j in electable if j not in skipped)
    question = Question(
        rule, kind, names.index(who), contenders, len(names), scores, partial is not False, seats
    )
    findings.equal("/lemma: the argument for such a claim", _lemma(body, question), body.lemma)
    return question


def _lemma(body: Certificate, question: Question) -> str:
    """The argument: by its rule, its kind, and what its proof rests on."""
    proof = body.proof or {}
    if question.rule == "stv":
        return "quota"
    if question.rule == "irv":
        return "first-round" if proof.get("logic") == "first-round" else "orders"
    if question.kind == "elected":
        return "A"
    reasons = proof.get("reasons")
    first = reasons[0] if isinstance(reasons, (list, tuple)) and reasons else {}
    return "B" if not isinstance(first, dict) or not first or "above" in first else "places"


def _skipped(listed: Any, names: Sequence[str], findings: Findings) -> frozenset[int]:
    """Who is out before the first round, by name or by place."""
    found = []
    for one in listed if isinstance(listed, list) else [] if listed is None else [None]:
        if isinstance(one, str) and one in names:
            found.append(list(names).index(one))
        elif type(one) is int and 0 <= one < len(names):
            found.append(one)
        else:
            findings.add("/rule/eliminate_first: selections", list(names), None)
    return frozenset(found)


def _scores(listed: Any, size: int, findings: Findings) -> tuple[int, ...]:
    """Points for every place, the first first; places that are not listed give none."""
    given = listed if isinstance(listed, list) else []
    whole = [one for one in given if type(one) is int and 0 <= one <= NUMBER_MAX]
    if not given or len(whole) < len(given) or len(given) > size or whole != sorted(whole, reverse=True):
        findings.add("/rule/scores: whole numbers by place, none larger than the one before", size, None)
        return (0,) * size
    return (*whole, *(0 for _ in range(size - len(whole))))


def check_proof(body: Certificate, question: Question, field: Field, findings: Findings) -> None:
    """Every difference between a proof and one that carries an irreversible claim."""
    if question.settled is False:
        findings.add("/claim/who: cannot be so at all", list(body.electable), body.claim.who)
        return
    if question.rule == "irv":
        _check_irv(body, question, field, findings)
    elif question.rule == "stv":
        quotas = read(body.proof, QuotaProof, "/proof", findings)
        if quotas is not None and not _uncontested(quotas, question, findings):
            check_quota(
                body,
                question.kind,
                question.who,
                question.seats,
                question.contenders,
                field,
                findings,
                quotas,
            )
    else:
        points = read(body.proof, PointsProof, "/proof", findings)
        if points is not None and not _uncontested(points, question, findings):
            check = Points(
                body, field, question.contenders, question.scores, findings, partial=question.partial
            )
            elected = question.kind == "elected"
            (check.check_elected if elected else check.check_eliminated)(question.who, points)


def _check_irv(body: Certificate, question: Question, field: Field, findings: Findings) -> None:
    if (body.proof or {}).get("logic") == "first-round":
        if question.settled is not None:
            findings.add("/proof/logic: nobody can contest this", "orders", "first-round")
            return
        check_first_round(body, field, question.contenders, question.against, findings)
        return
    proof = read(body.proof, OrdersProof, "/proof", findings)
    if proof is None:
        return
    findings.equal("/proof/uncontested", question.settled is True, proof.uncontested)
    if question.settled:
        findings.equal("/proof: nothing else is needed", ((), ()), (proof.assertions, proof.endings))
        return
    Orders(body, field, question.contenders, question.against, findings).check(proof)


def _uncontested(proof: PointsProof | QuotaProof, question: Question, findings: Findings) -> bool:
    """Whether the law leaves no question; then nothing else may be said."""
    settled = question.settled is True
    findings.equal("/proof/uncontested", settled, proof.uncontested)
    if settled:
        findings.equal("/proof/reasons: none is needed", (), proof.reasons)
    return settled


def holds(question: Question, final: Final) -> bool:
    """Whether a claim is true of a finished count however ties are broken.

    Of STV only what needs no count is known; all else is called true, so that no witness is believed.
    """
    if question.settled is not None:
        return question.settled
    if question.rule == "stv":
        return True
    if question.rule == "irv":
        found = winners(final.rankings, question.contenders, question.selections)
        if found is None:
            return True
        if question.kind == "elected":
            return found == {question.who}
        return question.who not in found
    own = final.totals[question.who]
    others = [final.totals[j] for j in question.contenders if j != question.who]
    if question.kind == "elected":
        return own > max(others)
    return own < max(others)


def points(question: Question, ranking: Sequence[int]) -> tuple[int, ...]:
    """What one ballot of this ranking adds to the totals, in selection order.

    Where every ballot ranks all selections, one that does not gives nothing.
    """
    given = [0] * question.selections
    if question.rule == "positional":
        counts = question.partial or len(ranking) == question.selections
        for place, j in enumerate(ranking if counts else ()):
            given[j] = question.scores[place]
    elif ranking:
        given[ranking[0]] = 1
    return tuple(given)

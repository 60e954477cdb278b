"""A claim about a body in numbers: the rule object, who, how many, where."""

from typing import Any, NamedTuple

from msgspec import UNSET

from tally.verifier.arithmetic import Field, Place
from tally.verifier.claimed import electable_of
from tally.verifier.rules._districts import of_place
from tally.verifier.shapes import Certificate, Count, Findings, read

Spans = dict[int, tuple[int | None, int | None]]
KINDS = {
    "electoral_college": {
        "at-least", "at-most", "units-at-least", "units-at-most", "elected", "eliminated", "majority", "carries",
    },
    "district_method": {"at-least", "at-most"},
    "spread": {"elected", "eliminated", "no-winner", "winner"},
}  # fmt: skip
ABOUT_NOBODY = {"majority", "no-winner", "winner"}


class Question(NamedTuple):
    """What a claim is about, and the rule's own numbers. `needed`: the weight that wins a college."""

    rule: str
    kind: str
    who: int
    number: int | None
    place: str | None
    electable: tuple[int, ...]
    needed: int = 0
    pool: int = 0
    at_large: int = 0
    majority: bool = False
    share: tuple[int, int] = (0, 1)
    strict: bool = False
    units: int = 0

    def has(self, slack: int | None) -> bool:
        """Whether a share with this slack is had."""
        return slack is not None and (slack > 0 or (slack == 0 and not self.strict))


def question_of(body: Certificate, findings: Findings) -> Question | None:
    """The claim in numbers; None, and a difference, when claim, rule and lemma do not make one."""
    before = len(findings.found)
    rule, kind, names = str(body.rule.get("type")), body.claim.type, list(body.selections)
    number = None if body.claim.number is UNSET else body.claim.number
    place = None if body.claim.place is UNSET else body.claim.place
    if kind not in KINDS[rule]:
        findings.add("/claim/type: a claim this rule makes", sorted(KINDS[rule]), kind)
        return None
    electable = electable_of(body, findings, numbered=True, placed=True)
    who = names.index(body.claim.who[0]) if len(body.claim.who) == 1 and body.claim.who[0] in names else -1
    if (kind in ABOUT_NOBODY and body.claim.who) or (kind not in ABOUT_NOBODY and who < 0):
        findings.add("/claim/who: one selection, or nobody in particular", None, list(body.claim.who))
    if ("at-" in kind) != (number is not None):
        findings.add("/claim/number: of at least and at most", None, number)
    places = () if body.districts is UNSET else body.districts
    if (kind == "carries") != (place is not None) or (
        place is not None and place not in {one.id for one in places}
    ):
        findings.add("/claim/place: a district, of carries only", [one.id for one in places], place)
    lemmas = {"elected": "A", "winner": "A", "eliminated": "B", "no-winner": "B"} if rule == "spread" else {}
    findings.equal("/lemma: the argument for such a claim", lemmas.get(kind, "C"), body.lemma)
    found = Question(rule, kind, who, number, place, tuple(electable))
    whole = sum(one.weight for one in places)
    found = {"electoral_college": _college, "district_method": _method, "spread": _spread}[rule](
        found, body.rule, whole, findings
    )
    return found if len(findings.found) == before else None


def _number(rule: dict[str, Any], name: str, default: int, findings: Findings, least: int = 0) -> int:
    given = rule.get(name)
    if given is None:
        return default
    if type(given) is not int or given < least:
        findings.add(f"/rule/{name}: a whole number from {least}", least, None)
        return default
    return given


def _college(question: Question, rule: dict[str, Any], whole: int, findings: Findings) -> Question:
    needed = _number(rule, "need", whole // 2 + 1, findings, 1)
    return question._replace(needed=needed, pool=_number(rule, "pool", 0, findings))


def _method(question: Question, rule: dict[str, Any], whole: int, findings: Findings) -> Question:
    del whole
    return question._replace(at_large=_number(rule, "at_large", 0, findings))


def _spread(question: Question, rule: dict[str, Any], whole: int, findings: Findings) -> Question:
    del whole
    terms = rule.get("spread")
    terms = terms if isinstance(terms, dict) else {}
    share = read(terms.get("fraction"), tuple[Count, Count], "/rule/spread/fraction", findings) or (0, 1)
    if not share[0] <= share[1] or share[1] == 0:
        findings.add("/rule/spread/fraction: [n, d] with 0 <= n <= d", None, None)
    national, strict = rule.get("national"), terms.get("strict")
    if national not in (None, "plurality", "majority") or strict not in (None, True, False):
        findings.add("/rule: plurality or majority; strict true or false", None, None)
    units = _number(terms, "units", 0, findings)
    return question._replace(majority=national == "majority", share=share, strict=strict is True, units=units)


def shares_of(question: Question, field: Field) -> tuple[Spans, list[Spans]]:
    """The least and the most of the national vote, and of every district's share, by electable selection."""
    whole = Place("", 0, field.counted)
    if question.majority:
        national = _spans(question, field, field.counted, (1, 2), None)
    else:
        prices = of_place(field, whole, range(len(field.sources)), question.electable)
        national = {
            j: (prices.won.get(j), -prices.beaten[j] if j in prices.beaten else None)
            for j in question.electable
        }
    shares = [
        _spans(question, field, place.counted, question.share, d) for d, place in enumerate(field.places)
    ]
    return national, shares


def _spans(
    question: Question,
    field: Field,
    counted: tuple[int, ...],
    share: tuple[int, int],
    district: int | None,
) -> Spans:
    """The least and the most of d·V_j - n·T over the classes that vote here (None: everywhere)."""
    over, under = share
    found: Spans = {}
    sources = tuple(s if district in {None, s.district} else s._replace(ballots=0) for s in field.sources)
    here = field._replace(counted=counted, sources=sources)
    for who in question.electable:
        a = [under * (j == who) - over for j in range(len(counted))]
        now = sum(map(int.__mul__, a, counted))
        least, most = here.worst(a), here.worst([-weight for weight in a])
        found[who] = (None if least is None else now + least, None if most is None else now - most)
    return found

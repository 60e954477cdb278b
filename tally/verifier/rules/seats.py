"""List seats: are these the seats nobody can lose, or pass; every least cost solved anew."""

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from tally.verifier.arithmetic import Field, Final
from tally.verifier.claimed import electable_of
from tally.verifier.rules._ceilings import ceiling, floor, safe, split
from tally.verifier.rules._denials import fewest, widened
from tally.verifier.rules._prices import Arena, Dear
from tally.verifier.rules._shares import METHODS, Shares, seated, shares_of
from tally.verifier.shapes import Certificate, Count, Findings, read

TYPES = frozenset({"highest_averages", "largest_remainder", "parliament"})
LEMMAS = {"at-least": "C", "at-most": "B", "allocation": "C"}


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seats in one district (null: the whole contest), and the votes that may come and would be needed."""

    district: str | None
    seats: Count
    votes_available: Annotated[int, msgspec.Meta(ge=0)] | None
    votes_needed: Annotated[int, msgspec.Meta(ge=0)] | UnsetType | None = UNSET


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seats part by part, none of which can be lost, or that cannot be passed."""

    logic: Literal["least-cost", "most-seats"]
    parts: tuple[Part, ...]


class Allocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The seats of every list."""

    logic: Literal["allocation"]
    seats: dict[str, Count]


class Ward(NamedTuple):
    """A part of the contest that shares out its own seats; `name` None: the whole of it."""

    name: str | None
    shares: Shares
    counted: tuple[int, ...]


class Question(NamedTuple):
    """What a claim is about, in numbers."""

    kind: str
    who: tuple[int, ...]
    number: int
    wards: tuple[Ward, ...]

    def seats(self, votes: Sequence[Sequence[int]], members: Sequence[int]) -> tuple[int, int]:
        """The fewest and the most seats of these on final votes, ward by ward."""
        few = many = 0
        for ward, own in zip(self.wards, votes, strict=True):
            low, high = seated(ward.shares, own, frozenset(members))
            few, many = few + low, many + high
        return few, many


def question_of(body: Certificate, findings: Findings) -> Question | None:
    """The claim in numbers; None, and a difference, when claim, rule and lemma do not make one."""
    before = len(findings.found)
    kind, names = body.claim.type, list(body.selections)
    if kind not in LEMMAS:
        findings.add("/claim/type: a claim this rule makes", sorted(LEMMAS), kind)
        return None
    number = None if body.claim.number is UNSET else body.claim.number
    electable = electable_of(body, findings, numbered=True)
    who = [names.index(name) if name in names else -1 for name in body.claim.who]
    if -1 in who or who != sorted(set(who)) or bool(who) == (kind == "allocation"):
        findings.add(
            "/claim/who: selections, in order, each once; of an allocation nobody",
            names,
            list(body.claim.who),
        )
    if (number is None) != (kind == "allocation"):
        findings.add("/claim/number: how many seats; of an allocation none", None, number)
    findings.equal("/lemma: the argument for such a claim", LEMMAS[kind], body.lemma)
    wards = _wards(body, names, electable, findings)
    if len(findings.found) > before:
        return None
    return Question(kind, tuple(who), number or 0, wards)


def _wards(
    body: Certificate, names: list[str], electable: Sequence[int], findings: Findings
) -> tuple[Ward, ...]:
    """The parts of the contest with their laws; differences where the rule object states none."""
    kind = str(body.rule.get("type"))
    if kind != "parliament":
        shares = shares_of(body.rule, kind, names, electable, "/rule", findings)
        return () if shares is None else (Ward(None, shares, body.counted),)
    listed = body.rule.get("districts")
    counted = {one.id: one.counted for one in (() if body.districts is UNSET else body.districts)}
    found = []
    for name, raw in listed.items() if isinstance(listed, dict) else ():
        own = raw if isinstance(raw, dict) else {}
        said = own.get("rule")
        if said is None:
            said = "largest_remainder" if own.get("quota") is not None else "highest_averages"
        if said not in (*METHODS, "plurality"):
            findings.add(f"/rule/districts/{name}/rule: one this verifier knows", sorted(METHODS), said)
            continue
        shares = shares_of(own, said, names, electable, f"/rule/districts/{name}", findings)
        if shares is not None:
            found.append(Ward(str(name), shares, counted.get(str(name), (0,) * len(names))))
    if not found:
        findings.add("/rule/districts: at least one", None, None)
    return tuple(found)


def check_proof(body: Certificate, question: Question, field: Field, findings: Findings) -> None:
    """Every difference between a proof and one that carries an irreversible claim."""
    arenas = [_arena(field, ward) for ward in question.wards]
    try:
        if question.kind == "allocation":
            _check_allocation(body, question, arenas, findings)
            return
        proof = read(body.proof, Proof, "/proof", findings)
        if proof is None:
            return
        logic = {"at-least": "least-cost", "at-most": "most-seats"}[question.kind]
        findings.equal("/proof/logic: the argument for such a claim", logic, proof.logic)
        said = [part.district for part in proof.parts]
        if not findings.equal("/proof/parts: one a district", [ward.name for ward in question.wards], said):
            return
        for index, (part, arena) in enumerate(zip(proof.parts, arenas, strict=True)):
            _check_part(question, part, arena, field, f"/proof/parts/{index}", findings)
        total = sum(part.seats for part in proof.parts)
        findings.equal("/proof/parts: seats that add up", question.number, total)
    except Dear:
        findings.add("/proof: cannot be computed again within the budget", None, None)


def _arena(field: Field, ward: Ward) -> Arena:
    """What may still come in a ward by itself: ballots of no known district may all be its own."""
    index = (
        [place.name for place in field.places].index(ward.name)
        if ward.name in {p.name for p in field.places}
        else -2
    )
    inside = [ward.name is None or source.district in {index, -1} for source in field.sources]
    sources = tuple(source for source, here in zip(field.sources, inside, strict=True) if here)
    own = field._replace(sources=sources)
    size = len(ward.counted)
    reach = [own.reach(frozenset({j})) for j in range(size)]
    more = own.reach(frozenset(range(size)))
    known = sum(ward.counted) + sum(source.ballots or 0 for source in sources)
    enough = (
        4 * (known + 1) * ward.shares.divisor(ward.shares.seats) * ward.shares.share[1] * field.form.votes
    )
    open_to = {source.on_ballot for source in sources if source.on_ballot and own.ceiling(source) != 0}
    alike = len(open_to) <= 1 and field.form.votes == 1 and field.form.kind != "score"
    caps = tuple(enough if one is None else one for one in reach)
    return Arena(ward.shares, ward.counted, enough if more is None else more, caps, alike)


def _check_part(
    question: Question, part: Part, arena: Arena, field: Field, at: str, findings: Findings
) -> None:
    """Whether the seats of one part are those, and its numbers of votes right."""
    available = None if _unbounded(field, part.district) else arena.more
    findings.equal(f"{at}/votes_available: votes that can come", available, part.votes_available)
    if question.kind == "at-most":
        findings.equal(f"{at}/votes_needed: of seats that cannot be lost", UNSET, part.votes_needed)
        top = ceiling(arena, question.who)
        if top > part.seats:
            findings.add(f"{at}/seats: more are possible", top, part.seats)
        return
    if not safe(arena, question.who, part.seats):
        findings.add(f"{at}/seats: some can be lost", floor(arena, question.who), part.seats)
        return
    _check_needed(question, part, arena, at, findings)


def _unbounded(field: Field, name: str | None) -> bool:
    place = (
        [one.name for one in field.places].index(name) if name in {one.name for one in field.places} else -2
    )
    return any(
        field.ceiling(source) is None
        for source in field.sources
        if name is None or source.district in {place, -1}
    )


def _check_needed(question: Question, part: Part, arena: Arena, at: str, findings: Findings) -> None:
    """The fewest votes that cost one of these seats: stated once at most a fifth of all is to come."""
    wide = widened(arena, question.who)
    late = 4 * arena.more <= arena.total
    if not late or not part.seats or split(arena.shares, question.who):
        findings.equal(f"{at}/votes_needed: not stated here", None, part.votes_needed)
        return
    most = 2 * (arena.total + arena.more)
    limit = min(part.votes_needed, most) if type(part.votes_needed) is int else most
    # Asked as if more ballots came than can, of those with every selection on them that is on all.
    wide = wide._replace(caps=tuple(most if cap >= wide.more else cap for cap in wide.caps))
    found = fewest(wide, question.who, part.seats, limit)
    findings.equal(f"{at}/votes_needed: the fewest that cost one of them", found, part.votes_needed)


def _check_allocation(
    body: Certificate, question: Question, arenas: Sequence[Arena], findings: Findings
) -> None:
    """Whether every list has the seats it has now, in every completion."""
    proof = read(body.proof, Allocation, "/proof", findings)
    if proof is None:
        return
    names = list(body.selections)
    findings.equal("/proof/seats: every selection", sorted(names), sorted(proof.seats))
    for j, name in enumerate(names):
        total = 0
        for ward, arena in zip(question.wards, arenas, strict=True):
            few, many = seated(ward.shares, ward.counted, frozenset({j}))
            total += few
            if few != many or not safe(arena, [j], few) or ceiling(arena, [j]) > few:
                findings.add(f"/proof/seats/{name}: can be other than now", few, proof.seats.get(name))
        findings.equal(f"/proof/seats/{name}: the seats it has now", total, proof.seats.get(name))


def holds(question: Question, final: Final) -> bool:
    """Whether a claim is true of a finished count however ties are broken."""
    by_name = {place.name: place.counted for place in final.places}
    votes = [
        final.totals if ward.name is None else by_name.get(ward.name, (0,) * len(final.totals))
        for ward in question.wards
    ]
    if question.kind != "allocation":
        few, many = question.seats(votes, question.who)
        return few >= question.number if question.kind == "at-least" else many <= question.number
    now = [ward.counted for ward in question.wards]
    for j in range(len(final.totals)):
        few, many = question.seats(now, (j,))
        if few != many or question.seats(votes, (j,)) != (few, few):
            return False
    return True

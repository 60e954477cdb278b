"""The law of ballot measures as a verifier reads it: a share of yes and no, and a quorum."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from tally.verifier.arithmetic import Field, Final
from tally.verifier.infeasible import Need
from tally.verifier.rules._two_rounds import fraction_of
from tally.verifier.shapes import NUMBER_MAX, Ballot, Certificate, Count, Findings, Number


class Turnout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ballots say: the `fewest` there can be; or the `most` of a·V with `wanted` cast, below `least`."""

    wanted: Count
    fewest: Count | UnsetType = UNSET
    least: Number | UnsetType = UNSET
    most: Number | UnsetType | None = UNSET


class Measure(NamedTuple):
    """A claim in numbers: its kind, among so many selections, the share, and the quorum (0: none) of what."""

    kind: str
    size: int
    share: tuple[int, int]
    strict: bool
    base: str
    least: int

    def enough(self) -> Need:
        """Yes has the share of yes and no."""
        over, under = self.share
        return Need((under - over, -over, *(0,) * (self.size - 2)), 1 if self.strict else 0)

    def anybody(self, number: int, *, yes_alone: bool = False) -> Need:
        """So many voted yes, or no."""
        return Need((1, 0 if yes_alone else 1, *(0,) * (self.size - 2)), number)


def measure_of(body: Certificate, findings: Findings) -> Measure | None:
    """The claim in numbers; None, and a difference, when rule and claim do not make one."""
    rule, before = body.rule, len(findings.found)
    if body.claim.type not in {"passes", "fails"} or body.claim.who:
        findings.add(
            "/claim: it passes, or it fails, and nobody is named", ("passes", "fails"), body.claim.type
        )
    if len(body.selections) < 2:
        findings.add("/selections: yes, then no", 2, len(body.selections))
    share = (1, 2) if rule.get("share") is None else fraction_of(rule["share"])
    strict = True if rule.get("share_strict") is None else rule["share_strict"]
    if share is None or share[0] == 0 or not isinstance(strict, bool):
        findings.add("/rule/share: a share above 0", "[n, d]", None)
        share = (1, 2)
    base, least = _quorum(rule.get("quorum"), findings)
    if len(findings.found) > before:
        return None
    return Measure(body.claim.type, len(body.selections), share, bool(strict), base, least)


def _quorum(raw: Any, findings: Findings) -> tuple[str, int]:
    if raw is None:
        return "valid", 0
    one = raw if isinstance(raw, dict) else {}
    part, registered = fraction_of(one.get("fraction")), one.get("registered")
    base = "valid" if one.get("of") is None else one["of"]
    known = isinstance(base, str) and base in {"valid", "ballots", "yes"}
    if part is None or type(registered) is not int or not 0 <= registered <= NUMBER_MAX or not known:
        findings.add(
            "/rule/quorum: of valid votes, ballots or yes, a fraction of so many registered", "object", None
        )
        return "valid", 0
    return base, -(-part[0] * registered // part[1])


def ways_to_be_false(q: Measure) -> Iterator[list[Need]]:
    """The cases in which the claim is false, as far as votes say it."""
    of_votes = [q.anybody(q.least, yes_alone=q.base == "yes")] if q.least and q.base != "ballots" else []
    nobody = Need(tuple(-one for one in q.anybody(1).votes), 0)
    if q.kind == "passes":
        for need in (q.enough(), q.anybody(1), *of_votes):
            yield [Need(tuple(-one for one in need.votes), 1 - need.least)]
    else:
        yield [q.enough(), *of_votes]
        if q.strict:
            yield [nobody, *of_votes]


def most_together(need: Need, wanted: int, field: Field) -> int | None:
    """The most need.votes·V with so many ballots cast in all, blank ones too; None: so many cannot be cast.

    Ballots are cast dearest first, pool by pool; those that cost something only as long as more are wanted.
    """
    worth = [_worth(field.form, [need.votes[j] for j in source.on_ballot]) for source in field.sources]
    sure = [source.least for source in field.sources]
    room = field.room_beside(sure)
    value = sum(map(int.__mul__, need.votes, field.counted)) + sum(map(int.__mul__, worth, sure))
    short = wanted - (field.ballots or 0) - sum(sure)
    for index in sorted(range(len(worth)), key=lambda index: -worth[index]):
        if worth[index] < 0 and short <= 0:
            break
        chain = field.chain(field.sources[index].pool)
        ballots = field.sources[index].ballots
        limits = [room[pool] for pool in chain] + ([] if ballots is None else [ballots - sure[index]])
        if worth[index] < 0 or not limits:
            limits.append(max(0, short))
        if worth[index] > 0 and ballots is None and not chain:
            return need.least  # nothing bounds what these add
        taken = min(limits)
        for pool in chain:
            room[pool] -= taken
        value += taken * worth[index]
        short -= taken
    return value if short <= 0 else None


def _worth(form: Ballot, weights: Sequence[int]) -> int:
    """The most one ballot that is cast can add."""
    best = max(weights, default=0)
    if best <= 0:
        return 0 if form.blank or not weights else best
    positive = sorted((one for one in weights if one > 0), reverse=True)
    if form.kind == "choose":
        return sum(positive[: form.votes])
    return form.votes * (best if form.kind == "cumulative" else sum(positive))


def check_turnout(q: Measure, turnout: Sequence[Turnout], field: Field, findings: Findings) -> None:
    """Whether the quorum of ballots is proved: met though nobody else votes, or out of reach of a passing share."""
    if not (q.least and q.base == "ballots"):
        findings.equal("/proof/turnout: of a quorum of ballots only", 0, len(turnout))
        return
    if field.ballots is None:
        findings.add("/proof/turnout: the ballots counted are not known", "ballots", None)
        return
    if q.kind == "passes":
        fewest = field.ballots + sum(source.least for source in field.sources)
        said = [Turnout(q.least, fewest=fewest)]
        findings.equal("/proof/turnout: the ballots counted, and those in the box", said, list(turnout))
        if fewest < q.least:
            findings.add("/proof/turnout: fewer than the quorum", q.least, fewest)
        return
    cases = [case[0] for case in ways_to_be_false(q)]
    found = [Turnout(q.least, least=need.least, most=most_together(need, q.least, field)) for need in cases]
    findings.equal("/proof/turnout: the most with a quorum cast", found, list(turnout))
    for index, one in enumerate(found):
        if type(one.most) is int and type(one.least) is int and one.most >= one.least:
            findings.add(f"/proof/turnout/{index}: can be reached", f"< {one.least}", one.most)


def measure_holds(q: Measure, final: Final) -> bool:
    """Whether the claim is true of a finished count; true where it cannot be told, so that no witness passes."""
    yes, no = final.totals[:2]
    base = {"valid": yes + no, "yes": yes, "ballots": final.ballots}[q.base]
    if q.least and base is None:
        return True
    quorum = not q.least or (base or 0) >= q.least
    over, under = q.share
    spare = under * yes - over * (yes + no)
    through = spare > 0 or (spare == 0 and not q.strict)
    if q.kind == "passes":
        return quorum and yes + no > 0 and through
    return not quorum or (yes + no > 0 and not through)

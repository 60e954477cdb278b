"""What a claim says of itself: an id that spells out its parts, and who can win."""

from msgspec import UNSET

from tally.verifier.shapes import Certificate, Findings


def electable_of(
    body: Certificate, findings: Findings, *, numbered: bool = False, placed: bool = False
) -> tuple[int, ...]:
    """Return who can win, by place, the claim's id checked against its parts.

    `numbered`, `placed`: whether claims of the rule may say how many, and where; others may not.
    """
    claim, names = body.claim, list(body.selections)
    number = "" if claim.number is UNSET else str(claim.number)
    place = "" if claim.place is UNSET else claim.place
    parts = (claim.type, "+".join(claim.who), number, place)
    findings.equal("/claim/id: type, who, how many, where", ":".join(filter(None, parts)), claim.id)
    if (number and not numbered) or (claim.place is not UNSET and not placed):
        findings.add("/claim: neither a number nor a place", None, claim.id)
    electable = [names.index(name) if name in names else -1 for name in body.electable]
    if -1 in electable or electable != sorted(set(electable)):
        findings.add("/electable: selections, in order, each once", names, list(body.electable))
    return tuple(electable)

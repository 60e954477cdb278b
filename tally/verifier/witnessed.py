"""Is a witness one way the count can end, and is the claim false in it? Number by number."""

from tally.verifier.arithmetic import Field
from tally.verifier.claims import Question
from tally.verifier.shapes import Certificate, Findings


def check_witness(body: Certificate, question: Question, field: Field, findings: Findings) -> None:
    """Every difference between a witness and a completion that breaks an open claim."""
    witness = body.witness
    if witness is None:
        findings.add("/witness: an open claim has one; without, nothing can be checked", "witness", None)
        return
    size, classes = len(field.counted), len(field.sources)
    shape = [len(witness.ballots), len(witness.votes), len(witness.totals), *map(len, witness.votes)]
    if not findings.equal(
        "/witness: numbers for every class and selection", [classes, classes, size] + [size] * classes, shape
    ):
        return
    unbounded = [f"c{index}" for index, source in enumerate(field.sources) if source.ballots is None]
    findings.equal("/witness/unbounded_classes", unbounded, list(witness.unbounded_classes))
    used = [0] * len(field.rooms)
    totals = list(field.counted)
    for index, source in enumerate(field.sources):
        ballots, votes = witness.ballots[index], witness.votes[index]
        if source.ballots is not None and ballots > source.ballots:
            findings.add(f"/witness/ballots/{index}: more than can come", source.ballots, ballots)
        for pool in field.chain(source.pool):
            used[pool] += ballots
        _check_votes(field, index, ballots, votes, findings)
        totals = [total + more for total, more in zip(totals, votes, strict=True)]
    for p, room in enumerate(field.rooms):
        if room.ballots is not None and used[p] > room.ballots:
            findings.add(f"/witness/ballots: more than pool {body.pools[p].id} takes", room.ballots, used[p])
    findings.equal("/witness/totals: counted and witnessed", totals, list(witness.totals))
    if holds(question, totals):
        findings.add("/witness: the claim is true in it", "false", list(totals))


def _check_votes(field: Field, index: int, ballots: int, votes: tuple[int, ...], findings: Findings) -> None:
    """Whether so many ballots of a class can give those votes."""
    form, source, at = field.form, field.sources[index], f"/witness/votes/{index}"
    if any(number and j not in source.on_ballot for j, number in enumerate(votes)):
        findings.add(f"{at}: only for selections on the ballot", sorted(source.on_ballot), list(votes))
    each = ballots if form.kind == "choose" else form.votes * ballots
    together = form.votes * ballots * (len(source.on_ballot) if form.kind == "score" else 1)
    if max(votes, default=0) > each or sum(votes) > together:
        findings.add(f"{at}: more than so many ballots can give", (each, together), list(votes))
    if not form.blank and source.on_ballot and sum(votes) < ballots:
        findings.add(f"{at}: a ballot may not be blank", ballots, sum(votes))


def holds(question: Question, totals: list[int]) -> bool:
    """Whether a claim is true of final totals however ties are broken."""
    if question.stated is not None:
        value = sum(map(int.__mul__, question.stated.a, totals)) - question.stated.c
        return value > 0 or (value == 0 and not question.stated.strict)
    own = totals[question.who]
    if question.kind == "elected":
        level = sum(totals[j] >= own for j in question.rivals)
        return question.who in question.electable and level < question.seats
    above = sum(totals[j] > own for j in question.rivals)
    return question.who not in question.electable or above >= question.seats

"""Is a witness one way the count can end, and is the claim false in it? Number by number."""

from typing import Any, cast

from msgspec import UNSET

from tally.verifier.arithmetic import Field, Final
from tally.verifier.rules import Checker, RankedChecker
from tally.verifier.shapes import Certificate, Findings, Ranked, Witness


def check_witness(
    body: Certificate, checker: Checker, question: Any, field: Field, findings: Findings
) -> None:
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
    before = len(findings.found)
    unbounded = [f"c{index}" for index, source in enumerate(field.sources) if source.ballots is None]
    findings.equal("/witness/unbounded_classes", unbounded, list(witness.unbounded_classes))
    used = [0] * len(field.rooms)
    for index, source in enumerate(field.sources):
        ballots, votes = witness.ballots[index], witness.votes[index]
        if source.ballots is not None and ballots > source.ballots:
            findings.add(f"/witness/ballots/{index}: more than can come", source.ballots, ballots)
        if ballots < source.least:
            findings.add(f"/witness/ballots/{index}: fewer than are in the box", source.least, ballots)
        for pool in field.chain(source.pool):
            used[pool] += ballots
        if field.form.kind != "ranked":
            _check_votes(field, index, ballots, votes, findings)
    for p, room in enumerate(field.rooms):
        if room.ballots is not None and used[p] > room.ballots:
            findings.add(f"/witness/ballots: more than pool {body.pools[p].id} takes", room.ballots, used[p])
    if field.form.kind == "ranked":
        _check_rankings(body, witness, cast("RankedChecker", checker), question, field, findings)
    else:
        findings.equal("/witness/rankings: of ranked ballots only", UNSET, witness.rankings)
    _check_afar(body, witness, field, findings)
    if len(findings.found) > before:
        return
    final = _final(body, witness, field)
    findings.equal("/witness/totals: counted and witnessed", list(final.totals), list(witness.totals))
    if checker.holds(question, final):
        findings.add("/witness: the claim is true in it", "false", list(final.totals))


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


def _check_rankings(
    body: Certificate,
    witness: Witness,
    checker: RankedChecker,
    question: Any,
    field: Field,
    findings: Findings,
) -> None:
    """Whether each class's rankings are so many of its ballots, and give the votes stated."""
    listed = () if witness.rankings is UNSET else witness.rankings
    if not findings.equal("/witness/rankings: one list a class", len(field.sources), len(listed)):
        return
    place = {name: j for j, name in enumerate(body.selections)}
    for index, of_class in enumerate(listed):
        at, votes = f"/witness/rankings/{index}", [0] * len(field.counted)
        if sum(one.count for one in of_class) > witness.ballots[index]:
            findings.add(f"{at}: no more than the ballots cast", witness.ballots[index], None)
        for one in of_class:
            if not sound(one, place, field.sources[index].on_ballot):
                findings.add(f"{at}: selections on the ballot, each once", None, list(one.ranking))
                return
            for j, points in enumerate(checker.points(question, [place[name] for name in one.ranking])):
                votes[j] += points * one.count
        findings.equal(f"/witness/votes/{index}: what the rankings give", votes, list(witness.votes[index]))


def sound(one: Ranked, place: dict[str, int], on_ballot: frozenset[int]) -> bool:
    """Whether a ranking names selections on the ballot, each at most once."""
    known = all(name in place and place[name] in on_ballot for name in one.ranking)
    return known and len(set(one.ranking)) == len(one.ranking)


def _check_afar(body: Certificate, witness: Witness, field: Field, findings: Findings) -> None:
    """Votes that fall in districts from ballots of none are no more than those ballots give."""
    if witness.afar is UNSET:
        return
    shape = [len(field.counted)] * len(field.places)
    if not findings.equal("/witness/afar: votes by district", shape, [len(votes) for votes in witness.afar]):
        return
    loose = [p for p, source in enumerate(field.sources) if source.district < 0]
    pool = body.rule.get("pool", 0)
    for j, votes in enumerate(zip(*witness.afar, strict=True)):
        given = sum(witness.votes[p][j] for p in loose)
        if type(pool) is not int or sum(votes) > given + pool:
            findings.add("/witness/afar: no more than ballots of no district give", given, sum(votes))
        pool = pool - max(0, sum(votes) - given) if type(pool) is int else 0


def _final(body: Certificate, witness: Witness, field: Field) -> Final:
    """The count as the witness ends it."""
    totals = list(field.counted)
    places = [list(place.counted) for place in field.places]
    for source, votes in zip(field.sources, witness.votes, strict=True):
        for j, more in enumerate(votes):
            totals[j] += more
            if source.district >= 0:
                places[source.district][j] += more
    for d, votes in enumerate(() if witness.afar is UNSET else witness.afar):
        places[d] = [number + more for number, more in zip(places[d], votes, strict=True)]
    numbers = dict(field.rankings)
    index = {name: j for j, name in enumerate(body.selections)}
    for of_class in () if witness.rankings is UNSET else witness.rankings:
        for one in of_class:
            ranking = tuple(index[name] for name in one.ranking)
            numbers[ranking] = numbers.get(ranking, 0) + one.count
    ended = (place._replace(counted=tuple(votes)) for place, votes in zip(field.places, places, strict=True))
    ballots = None if field.ballots is None else field.ballots + sum(witness.ballots)
    return Final(tuple(totals), tuple(ended), tuple(sorted(numbers.items())), ballots)

"""Points by place on each ballot (Borda and its kin): most points win."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tally.claim import Claim
from tally.completions import Completions
from tally.refusal import Refusal
from tally.rules._params import Reader, whole
from tally.rules._points import Can, Case, Out, Pair, Scores, against, can_lead, case_of, casts, pair
from tally.rules._room import Crowd
from tally.rules._settle import nothing_more, settlements, unsettle
from tally.rules._traits import Traits
from tally.witness import Cast, Witness

NAME = "positional"
TRAITS = Traits(ballot="points")


class Params(msgspec.Struct, frozen=True):
    """Points by place, and whether a ballot may rank fewer than all."""

    scores: Scores


class Proof(msgspec.Struct, frozen=True):
    """Why a claim is irreversible, for each way the modes of units in doubt can fall.

    Elected: a lead over every rival. Eliminated: why it cannot come first.
    """

    leads: tuple[tuple[Pair, ...], ...] = ()
    out: tuple[Out, ...] = ()
    uncontested: bool = False


def read(raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Params | list[Refusal]:
    """Return the parameters, or every fault. Places without a score are worth 0; ballots may rank fewer."""
    reader = Reader(raw, pointer)
    reader.known(("scores", "truncation"))
    partial = reader.flag("truncation", default=True)
    listed = raw.get("scores")
    if not isinstance(listed, list) or not listed:
        reader.fault("wrong-type", "points by place, the first place first", "scores")
        return reader.faults
    if len(listed) > len(names):
        reader.fault("bad-definition", f"at most {len(names)} places", "scores")
    points = [whole(reader, value, "scores", place) or 0 for place, value in enumerate(listed)]
    for place in range(1, len(points)):
        if points[place] > points[place - 1] and not reader.faults:
            reader.fault("bad-definition", "no place is worth more than the one before", "scores", place)
    padded = (*points, *(0 for _ in range(len(names) - len(points))))
    return reader.faults or Params(Scores(padded, partial))


def _ways(completions: Completions) -> list[Case] | None:
    ways = settlements(completions)
    return None if ways is None else [case_of(completions, way) for way in ways]


def statuses(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return what `claims` says of each selection, without proofs."""
    return tuple(msgspec.structs.replace(claim, proof=None) for claim in claims(completions, params))


def claims(completions: Completions, params: Params) -> tuple[Claim, ...]:
    """Return "elected" and "eliminated" for every selection, certain ones with proof.

    "elected" is exact. "eliminated" is exact where a ballot may rank fewer; where every ballot ranks all it
    is sound, and exact as far as a ranking is found or few ballots come. Units in doubt are settled way by
    way; where there are too many ways every claim is open. Cost: O(selections² × groups) a way.
    Source: docs/rules/rankings.md.
    """
    ways = _ways(completions)
    contenders = completions.contenders()
    pace = None if completions.pools or completions.modal else max(1, params.scores.points[0])
    found = []
    for who in range(len(completions.counted)):
        found.append(_elected(ways, params.scores, who, contenders, pace))
        found.append(_eliminated(ways, params.scores, who, contenders, pace))
    return tuple(found)


def _elected(
    ways: list[Case] | None, scores: Scores, who: int, contenders: Sequence[int], pace: int | None
) -> Claim:
    if who not in contenders:
        return Claim("elected", (who,), irreversible=False, slack=None, pace=pace)
    if contenders == [who]:
        proof = Proof(uncontested=True)
        return Claim("elected", (who,), irreversible=True, slack=None, proof=proof, pace=pace)
    if ways is None:
        return Claim("elected", (who,), irreversible=False, slack=None, exact=False)
    leads = tuple(tuple(pair(one, scores, who, j) for j in contenders if j != who) for one in ways)
    slack = _least(leads)
    if slack is None or slack <= 0:
        return Claim("elected", (who,), irreversible=False, slack=slack, pace=pace)
    return Claim("elected", (who,), irreversible=True, slack=slack, proof=Proof(leads=leads), pace=pace)


def _least(leads: Sequence[Sequence[Pair]]) -> int | None:
    found: int | None = None
    for lead in (lead for way in leads for lead in way):
        if lead.slack is None:
            return None
        found = lead.slack if found is None else min(found, lead.slack)
    return found


def _eliminated(
    ways: list[Case] | None, scores: Scores, who: int, contenders: Sequence[int], pace: int | None
) -> Claim:
    if who not in contenders:
        proof = Proof(uncontested=True)
        return Claim("eliminated", (who,), irreversible=True, slack=None, proof=proof, lemma="B", pace=pace)
    pace = pace if scores.partial else None  # where places are shared no number says how far it is
    if contenders == [who]:
        return Claim("eliminated", (who,), irreversible=False, slack=None, lemma="B", pace=pace)
    if ways is None:
        return Claim("eliminated", (who,), irreversible=False, slack=None, exact=False, lemma="B")
    slack = _behind(ways, scores, who, contenders) if scores.partial else None
    out = []
    for one in ways:
        found = can_lead(one, scores, who, contenders)
        if not isinstance(found, Out):
            exact = found is not None or any(
                isinstance(can_lead(other, scores, who, contenders), Can) for other in ways
            )
            return Claim(
                "eliminated", (who,), irreversible=False, slack=slack, exact=exact, lemma="B", pace=pace
            )
        out.append(found)
    lemma = "B" if all(isinstance(one.why, Pair) for one in out) else "places"
    proof = Proof(out=tuple(out))
    return Claim("eliminated", (who,), irreversible=True, slack=slack, proof=proof, lemma=lemma, pace=pace)


def _behind(ways: Sequence[Case], scores: Scores, who: int, contenders: Sequence[int]) -> int | None:
    """The least lead of the best rival over `who`; None: nothing bounds it."""
    found: int | None = None
    for one in ways:
        leads = [pair(one, scores, j, who).slack for j in contenders if j != who]
        if any(lead is None for lead in leads):
            return None
        best = max(lead for lead in leads if lead is not None)
        found = best if found is None else min(found, best)
    return found


def publish(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof of a certain claim as JSON values; with units in doubt, a list for each way."""
    del completions
    proof = claim.proof
    if not isinstance(proof, Proof):
        raise TypeError("only a certain claim has a proof to publish")
    ways = [[_lead_json(lead, names) for lead in way] for way in proof.leads]
    ways += [_out_json(one, names) for one in proof.out]
    return {
        "logic": "points",
        "uncontested": proof.uncontested,
        "reasons": ways[0] if len(ways) == 1 else ways,
    }


def _lead_json(lead: Pair, names: Sequence[str]) -> dict[str, Any]:
    return {
        "above": names[lead.who],
        "below": names[lead.rival],
        "counted": lead.counted,
        "worst": lead.worst,
        "slack": lead.slack,
    }


def _out_json(one: Out, names: Sequence[str]) -> list[dict[str, Any]]:
    if isinstance(one.why, Pair):
        return [_lead_json(one.why, names)]
    if isinstance(one.why, Crowd):
        crowd = one.why
        return [{"rivals": [names[j] for j in crowd.rivals], "points": crowd.points, "room": crowd.room}]
    return [{"ballots": one.why.ballots}]


def witness(completions: Completions, params: Params, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None: the claim holds, or none was found."""
    who, scores = claim.who[0], params.scores
    contenders = completions.contenders()
    if claim.kind == "elected" and who not in contenders:
        return nothing_more(completions)
    if claim.kind == "eliminated" and contenders == [who]:
        return nothing_more(completions)
    for one in _ways(completions) or []:
        if claim.kind == "elected":
            leads = [pair(one, scores, who, j) for j in contenders if j != who]
            failing = next((lead for lead in leads if not lead.holds), None)
            if failing is not None:
                ballots = against(one, scores, who, failing.rival)
                return _ended(completions, one, casts(one, scores, ballots), failing.rival)
        else:
            found = can_lead(one, scores, who, contenders)
            if isinstance(found, Can):
                return _ended(completions, one, casts(one, scores, found.rankings), who)
    return None


def _ended(completions: Completions, one: Case, cast: Sequence[Cast], favoured: int) -> Witness:
    """The witness with those ballots in which what is revised is revised in favour of one selection."""
    revised = [
        tuple(
            number + unit.revisable if j == favoured else max(0, number - unit.revisable)
            for j, number in enumerate(unit.counted)
        )
        if mode == "revise"
        else unit.counted
        for unit, mode in zip(completions.modal, one.way.modes, strict=True)
    ]
    return unsettle(completions, one.way, cast, revised)


def verdict(completions: Completions, params: Params, names: tuple[str, ...]) -> dict[str, object]:
    """Return elected, eliminated and worst_margin (null: no rival, or no bound)."""
    known = statuses(completions, params)
    won, lost = known[::2], known[1::2]
    return {
        "elected": [names[claim.who[0]] for claim in won if claim.irreversible],
        "eliminated": [names[claim.who[0]] for claim in lost if claim.irreversible],
        "worst_margin": {name: claim.slack for name, claim in zip(names, won, strict=True)},
    }

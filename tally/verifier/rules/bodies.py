"""Bodies made of districts: who holds which, at what price, and does that carry the claim."""

from typing import Literal

import msgspec

from tally.verifier.arithmetic import Field, Final, Place
from tally.verifier.rules._districts import (
    Prices,
    least_weight,
    most_weight,
    of_place,
    prices_of,
    somebody_always,
)
from tally.verifier.rules._law import electors_of, no_majority_in, spread_winners
from tally.verifier.rules._terms import Question, question_of, shares_of
from tally.verifier.shapes import Certificate, Count, Findings, Number, read

__all__ = ["TYPES", "check_proof", "holds", "question_of"]

TYPES = frozenset({"electoral_college", "district_method", "spread"})


class DistrictHeld(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Least leads, above 0, of who wins a district and over who is beaten in it."""

    district: str
    won: dict[str, Count]
    beaten: dict[str, Count]


class HeldProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who holds which district by how much, and ballots that may fall in any."""

    logic: Literal["districts"]
    ballots_of_no_district: Count | None
    districts: tuple[DistrictHeld, ...]


class DistrictShares(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The least and the most of share times valid votes that each selection is above its share by."""

    district: str
    shares: dict[str, tuple[Number | None, Number | None]]


class SpreadProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The national vote, and the shares of every district."""

    logic: Literal["spread"]
    national: dict[str, tuple[Number | None, Number | None]]
    districts: tuple[DistrictShares, ...]


def check_proof(body: Certificate, question: Question, field: Field, findings: Findings) -> None:
    """Note every difference between the proof and one that carries the claim."""
    if question.rule == "spread":
        _check_spread(body, question, field, findings)
        return
    proof = read(body.proof, HeldProof, "/proof", findings)
    if proof is None:
        return
    prices = prices_of(field, question.electable)
    names = body.selections
    expected = [
        DistrictHeld(
            place.name,
            {names[j]: lead for j, lead in of.won.items() if lead > 0},
            {names[j]: lead for j, lead in of.beaten.items() if lead > 0},
        )
        for place, of in zip(field.places, prices, strict=True)
    ]
    findings.equal("/proof/districts: least leads by district", expected, list(proof.districts))
    ballots = _afar(question, field)
    findings.equal("/proof/ballots_of_no_district", ballots, proof.ballots_of_no_district)
    if not _carried(question, field, prices, ballots):
        findings.add("/proof: it does not follow from who holds which district", body.claim.id, None)


def _afar(question: Question, field: Field) -> int | None:
    """The most ballots of no known district."""
    most = field.most([int(source.district < 0) for source in field.sources])
    return None if most is None else most + question.pool


def _carried(question: Question, field: Field, prices: list[Prices], ballots: int | None) -> bool:
    """Whether the claim is true whoever wins the districts that are not held."""
    weights = [1 if question.kind.startswith("units-") else place.weight for place in field.places]
    kind, who = question.kind.removeprefix("units-"), question.who
    if kind == "carries":
        where = next(d for d, place in enumerate(field.places) if place.name == question.place)
        price = prices[where].lose[who]
        return price is None or (ballots is not None and price > ballots)
    if kind == "majority":
        return somebody_always(prices, weights, question.needed, ballots, question.electable)
    number = question.needed if question.number is None else question.number
    if kind in {"at-least", "elected"}:
        return _least(question, field, prices, weights, ballots) >= number
    most = most_weight([of.win[who] for of in prices], weights, ballots)
    if question.rule == "district_method":
        most += 0 if of_whole(field, question).win[who] is None else question.at_large
    return most <= number if kind == "at-most" else most < number


def _least(
    question: Question, field: Field, prices: list[Prices], weights: list[int], ballots: int | None
) -> int:
    who = question.who
    if question.rule == "district_method":
        return least_weight(field, question.who, question.electable, prices, question.at_large)
    return sum(weights) - most_weight([of.lose[who] for of in prices], weights, ballots)


def of_whole(field: Field, question: Question) -> Prices:
    """The votes of all districts together as one district: who can win them at all."""
    whole = Place("", 0, field.counted)
    found = of_place(field, whole, list(range(len(field.sources))), question.electable)
    return found._replace(win={j: None if price else price for j, price in found.win.items()})


def _check_spread(body: Certificate, question: Question, field: Field, findings: Findings) -> None:
    proof = read(body.proof, SpreadProof, "/proof", findings)
    if proof is None:
        return
    names = body.selections
    national, shares = shares_of(question, field)
    said = {names[j]: spans for j, spans in national.items()}
    findings.equal("/proof/national: least and most by selection", said, proof.national)
    expected = [
        DistrictShares(place.name, {names[j]: spans for j, spans in of.items()})
        for place, of in zip(field.places, shares, strict=True)
    ]
    findings.equal("/proof/districts: least and most by selection", expected, list(proof.districts))

    def wins(j: int) -> bool:
        having = sum(question.has(of[j][0]) for of in shares)
        alone = not question.majority and len(question.electable) == 1
        return having >= question.units and (alone or (national[j][0] or 0) > 0)

    def may_win(j: int) -> bool:
        having = sum(of[j][1] is None or question.has(of[j][1]) for of in shares)
        most = national[j][1]
        level = most is None or most > 0 or (most == 0 and not question.majority)
        return having >= question.units and level

    carried = {
        "elected": lambda: question.who in question.electable and wins(question.who),
        "eliminated": lambda: question.who not in question.electable or not may_win(question.who),
        "no-winner": lambda: not any(may_win(j) for j in question.electable),
        "winner": lambda: any(wins(j) for j in question.electable),
    }
    if not carried[question.kind]():
        findings.add("/proof: it does not follow from the votes and shares", body.claim.id, None)


def holds(question: Question, final: Final) -> bool:
    """Whether a claim is true of a finished count, however ties are broken."""
    if question.rule == "spread":
        found = spread_winners(question, final)
        return {
            "elected": found == {question.who},
            "eliminated": question.who not in found,
            "no-winner": found == {None},
            "winner": None not in found,
        }[question.kind]
    if question.kind == "majority":
        return not no_majority_in(question, final)
    if question.kind == "carries":
        place = next(place for place in final.places if place.name == question.place)
        rivals = [place.counted[j] for j in question.electable if j != question.who]
        return question.who in question.electable and all(place.counted[question.who] > n for n in rivals)
    least, most = electors_of(question, final)
    kind = question.kind.removeprefix("units-")
    number = question.needed if question.number is None else question.number
    if kind in {"at-least", "elected"}:
        return least >= number
    return most <= number if kind == "at-most" else most < number

"""Claims about seats of lists and blocs: at least, at most, all of them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tally.claim import Claim
from tally.reach import limits
from tally.rules._chamber import Chamber, Sum, now, stitched
from tally.rules._ranges import End, needed, views
from tally.witness import Witness


class PartProof(msgspec.Struct, frozen=True):
    """Of one part: the seats that are safe, or cannot be passed, and the votes that would change it."""

    name: str | None
    seats: int
    available: int | None
    needed: int | None = None


class SeatProof(msgspec.Struct, frozen=True):
    """Why a claim about seats is irreversible: part by part; of the allocation the seats of every list."""

    logic: str
    parts: tuple[PartProof, ...] = ()
    seats: tuple[int, ...] = ()


def seat_claims(found: Chamber, *, proofs: bool) -> tuple[Claim, ...]:
    """Return what is safe and the next that is not, of every list and bloc; then whether all is settled."""
    claims: list[Claim] = []
    each = {one.members: one for one in (*found.lists, *found.blocs)}  # a bloc may be one list, or said twice
    for one in each.values():
        claims += _of_group(found, one, proofs=proofs)
    return (*claims, _allocation(found, proofs=proofs))


def majority_claims(found: Chamber, said: Sequence[Claim], number: int, *, proofs: bool) -> tuple[Claim, ...]:
    """Return the claims with one more for every bloc that does not have it: "at-least" so many seats."""
    claims = list(said)
    known = {(claim.who, claim.number) for claim in said if claim.kind == "at-least"}
    for one in found.blocs:
        if (one.members, number) in known:
            continue
        known.add((one.members, number))
        if one.least >= number:
            proof = _least_proof(found, one, number) if proofs else None
            claims.append(Claim("at-least", one.members, True, None, proof, lemma="C", number=number))
        else:
            sure = _sure(found, one.ends("least"))
            claims.append(Claim("at-least", one.members, False, None, None, sure, "C", number))
    return tuple(claims)


def _of_group(found: Chamber, one: Sum, *, proofs: bool) -> list[Claim]:
    claims = []
    if one.least:
        proof = _least_proof(found, one, one.least) if proofs else None
        claims.append(Claim("at-least", one.members, True, None, proof, lemma="C", number=one.least))
    if one.least < one.most:
        sure = _sure(found, one.ends("least"))
        claims.append(Claim("at-least", one.members, False, None, None, sure, "C", one.least + 1))
    if one.most < found.seats:
        proof = _most_proof(found, one) if proofs else None
        claims.append(Claim("at-most", one.members, True, None, proof, lemma="B", number=one.most))
    if one.least < one.most:
        sure = _sure(found, one.ends("most"))
        claims.append(Claim("at-most", one.members, False, None, None, sure, "B", one.most - 1))
    return claims


def _available(found: Chamber, index: int) -> int | None:
    """Return the votes that can come in a part; None: nothing bounds them."""
    part = found.parts[index]
    if None in limits(part.completions.groups, part.completions.pools):
        return None
    return max(outlook.more for outlook in views(part.completions, part.law))


def _least_proof(found: Chamber, one: Sum, number: int) -> SeatProof:
    """Return, part by part, seats that cannot be lost, so many in all, and the fewest votes that would.

    No votes are stated where units are in doubt, or early: while more than a quarter of what is counted is
    to come.
    """
    parts = []
    for index, (part, each) in enumerate(zip(found.parts, one.parts, strict=True)):
        outlook = each.least.outlook
        seats = min(number, each.least.seats)
        number -= seats
        late = not part.completions.modal and 4 * outlook.more <= outlook.total
        votes = needed(part.law, outlook, one.members, seats) if late else None
        parts.append(PartProof(part.name, seats, _available(found, index), votes))
    return SeatProof("least-cost", tuple(parts))


def _most_proof(found: Chamber, one: Sum) -> SeatProof:
    """Return, part by part, the seats that cannot be passed."""
    parts = [
        PartProof(part.name, each.most.seats, _available(found, index))
        for index, (part, each) in enumerate(zip(found.parts, one.parts, strict=True))
    ]
    return SeatProof("most-seats", tuple(parts))


def _sure(found: Chamber, ends: Sequence[End]) -> bool:
    """Whether these ends come about together in some completion."""
    if any(end.gifts is None for end in ends) or found.afar:
        return False
    return not found.coupled or stitched(found, ends) is not None


def _allocation(found: Chamber, *, proofs: bool) -> Claim:
    """Return the claim that the seats are those of the votes counted now."""
    seats = tuple(one.least for one in found.lists)
    holds = all(one.least == one.most for one in found.lists) and now(found) == seats
    if holds:
        return Claim(
            "allocation", (), True, None, SeatProof("allocation", seats=seats) if proofs else None, lemma="C"
        )
    sure = any(_sure(found, ends) for ends in _others(found))
    return Claim("allocation", (), False, None, None, sure, "C")


def _others(found: Chamber) -> list[list[End]]:
    """Return ends in each of which some list has other seats than on the votes counted now."""
    counted = now(found)
    if counted is None or all(one.least == one.most for one in found.lists):
        return [one.ends(side) for one in found.lists for side in ("least", "most")]
    others = []
    for one, seats in zip(found.lists, counted, strict=True):
        if one.least < seats:
            others.append(one.ends("least"))
        if one.most > seats:
            others.append(one.ends("most"))
    return others


def seat_witness(found: Chamber, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None where none is known."""
    if claim.irreversible or found.afar:
        return None
    if claim.kind == "allocation":
        tries = _others(found)
    else:
        side = "least" if claim.kind == "at-least" else "most"
        tries = [one.ends(side) for one in (*found.lists, *found.blocs) if one.members == claim.who][:1]
    for ends in tries:
        if all(end.gifts is not None for end in ends):
            witness = stitched(found, ends)
            if witness is not None:
                return witness
    return None


def seat_verdict(found: Chamber, names: tuple[str, ...]) -> dict[str, object]:
    """Return min_seats, max_seats, allocation_certain and blocs."""
    return {
        "min_seats": [one.least for one in found.lists],
        "max_seats": [one.most for one in found.lists],
        "allocation_certain": all(one.least == one.most for one in found.lists),
        "blocs": [
            {"members": [names[j] for j in one.members], "min": one.least, "max": one.most}
            for one in found.blocs
        ],
    }


def published_seats(claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof of a certain claim about seats as JSON values."""
    proof = claim.proof
    if not isinstance(proof, SeatProof):
        raise TypeError("only a certain claim has a proof to publish")
    if proof.logic == "allocation":
        return {"logic": proof.logic, "seats": dict(zip(names, proof.seats, strict=True))}
    parts = [
        {"district": part.name, "seats": part.seats, "votes_available": part.available}
        | ({"votes_needed": part.needed} if proof.logic == "least-cost" else {})
        for part in proof.parts
    ]
    return {"logic": proof.logic, "parts": parts}

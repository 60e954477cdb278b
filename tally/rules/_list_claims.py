"""Claims about seats of lists and blocs: at least, at most, all of them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tally.claim import Claim
from tally.completions import Completions
from tally.rules._count import seats_of
from tally.rules._law import Law
from tally.rules._outlook import realised
from tally.rules._ranges import End, Range, needed, ranges, views
from tally.witness import Cast, Fate, Witness, faults

NOT_THERE = -1


class Part(msgspec.Struct, frozen=True):
    """Seats that are shared out by themselves: a whole contest, or one district of it.

    `index` is the district's; NOT_THERE: no unit is in it.
    """

    name: str | None
    law: Law
    completions: Completions
    index: int | None = None


class Sum(msgspec.Struct, frozen=True):
    """The seats of some lists over all parts: one range a part."""

    members: tuple[int, ...]
    parts: tuple[Range, ...]

    @property
    def least(self) -> int:
        """The least seats in all."""
        return sum(part.least.seats for part in self.parts)

    @property
    def most(self) -> int:
        """The most seats in all."""
        return sum(part.most.seats for part in self.parts)

    def ends(self, side: str) -> list[End]:
        """Return, part by part, the end with the "least" or the "most" seats."""
        return [part.least if side == "least" else part.most for part in self.parts]


class PartProof(msgspec.Struct, frozen=True):
    """Of one part: the seats that are safe, or cannot be passed, and the votes that would change it."""

    name: str | None
    seats: int
    available: int
    needed: int | None = None


class SeatProof(msgspec.Struct, frozen=True):
    """Why a claim about seats is irreversible: part by part; of the allocation the seats of every list."""

    logic: str
    parts: tuple[PartProof, ...] = ()
    seats: tuple[int, ...] = ()


class Chamber(msgspec.Struct, frozen=True):
    """All parts of a contest with their ranges, and what is counted in each."""

    completions: Completions
    parts: tuple[Part, ...]
    lists: tuple[Sum, ...]
    blocs: tuple[Sum, ...]
    coupled: bool

    @property
    def seats(self) -> int:
        """Return the number of seats in all."""
        return sum(part.law.filled(len(self.completions.counted)) for part in self.parts)


def chamber(
    completions: Completions,
    parts: Sequence[Part],
    blocs: Sequence[tuple[int, ...]],
    *,
    coupled: bool = False,
) -> Chamber:
    """Return the ranges of every list and bloc. `coupled`: parts share ballots, so that sums are bounds."""
    size = len(completions.counted)
    groups = [*((j,) for j in range(size)), *blocs]
    columns = [ranges(part.law, views(part.completions, part.law), groups) for part in parts]
    sums = [Sum(members, tuple(column[n] for column in columns)) for n, members in enumerate(groups)]
    return Chamber(completions, tuple(parts), tuple(sums[:size]), tuple(sums[size:]), coupled)


def now(found: Chamber) -> tuple[int, ...] | None:
    """Return the seats of every list on the votes counted so far; None: a tie leaves some open."""
    seats = []
    for j in range(len(found.completions.counted)):
        low = high = 0
        for part in found.parts:
            lists = tuple(i for i in part.completions.contenders() if not part.law.barred >> i & 1)
            few, many = seats_of(part.law, part.completions.votes_counted(), lists, (j,))
            low, high = low + few, high + many
        if low != high:
            return None
        seats.append(low)
    return tuple(seats)


def seat_claims(found: Chamber, *, proofs: bool) -> tuple[Claim, ...]:
    """Return what is safe and the next that is not, of every list and bloc that can have a seat; then all."""
    claims: list[Claim] = []
    each = {one.members: one for one in (*found.lists, *found.blocs)}  # a bloc may be one list, or said twice
    for one in each.values():
        if one.most:
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
            proof = _proof("least-cost", found, one.ends("least"), _needed(found, one)) if proofs else None
            claims.append(Claim("at-least", one.members, True, None, proof, lemma="C", number=number))
        else:
            sure = _sure(found, one.ends("least"))
            claims.append(Claim("at-least", one.members, False, None, None, sure, "C", number))
    return tuple(claims)


def _of_group(found: Chamber, one: Sum, *, proofs: bool) -> list[Claim]:
    claims = []
    if one.least:
        proof = _proof("least-cost", found, one.ends("least"), _needed(found, one)) if proofs else None
        claims.append(Claim("at-least", one.members, True, None, proof, lemma="C", number=one.least))
    if one.least < one.most:
        sure = _sure(found, one.ends("least"))
        claims.append(Claim("at-least", one.members, False, None, None, sure, "C", one.least + 1))
    if one.most < found.seats:
        proof = _proof("most-seats", found, one.ends("most"), [None] * len(found.parts)) if proofs else None
        claims.append(Claim("at-most", one.members, True, None, proof, lemma="B", number=one.most))
    if one.least < one.most:
        sure = _sure(found, one.ends("most"))
        claims.append(Claim("at-most", one.members, False, None, None, sure, "B", one.most - 1))
    return claims


def _available(found: Chamber, index: int) -> int:
    part = found.parts[index]
    return max(outlook.more for outlook in views(part.completions, part.law))


def _needed(found: Chamber, one: Sum) -> list[int | None]:
    """Return, part by part, the fewest votes that deny one of the seats that are safe there.

    None where units are in doubt, or early: while more than a quarter of what is counted is to come.
    """
    wanted: list[int | None] = []
    for part, each in zip(found.parts, one.parts, strict=True):
        seats, outlook = each.least.seats, each.least.outlook
        late = not part.completions.modal and 4 * outlook.more <= outlook.total
        wanted.append(needed(part.law, outlook, one.members, seats) if late else None)
    return wanted


def _proof(logic: str, found: Chamber, ends: Sequence[End], wanted: Sequence[int | None]) -> SeatProof:
    return SeatProof(
        logic,
        tuple(
            PartProof(part.name, end.seats, _available(found, index), votes)
            for index, (part, end, votes) in enumerate(zip(found.parts, ends, wanted, strict=True))
        ),
    )


def _sure(found: Chamber, ends: Sequence[End]) -> bool:
    """Whether these ends come about together in some completion."""
    if any(end.gifts is None for end in ends):
        return False
    return not found.coupled or _stitched(found, ends) is not None


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
    if claim.irreversible:
        return None
    if claim.kind == "allocation":
        tries = _others(found)
    else:
        side = "least" if claim.kind == "at-least" else "most"
        tries = [one.ends(side) for one in (*found.lists, *found.blocs) if one.members == claim.who][:1]
    for ends in tries:
        if all(end.gifts is not None for end in ends):
            witness = _stitched(found, ends)
            if witness is not None:
                return witness
    return None


def _stitched(found: Chamber, ends: Sequence[End]) -> Witness | None:
    """Return the completion in which every part ends so; None where they do not fit together."""
    size = len(found.completions.counted)
    casts: list[Cast] = [Cast(group.ballots_min, (0,) * size) for group in found.completions.groups]
    fates = [
        Fate("keep", unit.counted, Cast(unit.ballots_min, (0,) * size)) for unit in found.completions.modal
    ]
    totals = list(found.completions.counted)
    for part, end in zip(found.parts, ends, strict=True):
        made = realised(part.completions, end.outlook, end.gifts or {})
        if made is None:
            return None
        whole = found.completions
        if part.index == NOT_THERE:
            continue
        groups = [p for p, one in enumerate(whole.groups) if part.index in {None, one.district}]
        units = [p for p, one in enumerate(whole.modal) if part.index in {None, one.district}]
        for p, cast in zip(groups, made.cast, strict=True):
            casts[p] = cast
        for p, fate in zip(units, made.fates, strict=True):
            fates[p] = fate
    for cast in (*casts, *(fate.cast for fate in fates)):
        totals = [number + more for number, more in zip(totals, cast.votes, strict=True)]
    for fate in fates:
        totals = [number + more for number, more in zip(totals, fate.counted, strict=True)]
    witness = Witness(tuple(casts), tuple(fates), tuple(totals))
    return None if faults(found.completions, witness) else witness


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

"""National vote with spread: the winner needs its share in enough districts too."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tally.claim import Claim
from tally.completions import Completions
from tally.refusal import Refusal
from tally.rules._nobody import Nobody, carried_out, nobody
from tally.rules._params import Reader, fraction
from tally.rules._spread import Look, Terms, look_at, lose_witness, patience_of, win_witness
from tally.rules._traits import Traits
from tally.witness import Witness

NAME = "spread"
TRAITS = Traits(by_district=True, aside=True)


def read(raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Terms | list[Refusal]:
    """Return the terms of winning, or every fault."""
    del names
    reader = Reader(raw, pointer)
    reader.known(("national", "spread"))
    majority = reader.one_of("national", ("plurality", "majority")) == "majority"
    given = raw.get("spread")
    if not isinstance(given, dict):
        reader.fault(
            "field-missing" if given is None else "wrong-type", "{fraction, strict, units}", "spread"
        )
        return reader.faults
    inner = Reader(given, f"{pointer}/spread", reader.faults)
    inner.known(("fraction", "strict", "units"))
    share = fraction(inner, given.get("fraction"), "fraction")
    strict = inner.flag("strict", default=False)
    units = inner.count("units")
    return reader.faults or Terms(majority, share, strict, units)


def statuses(completions: Completions, params: Terms) -> tuple[Claim, ...]:
    """Return what `claims` says, without proofs. Cost: O(selections² + districts × selections)."""
    look = look_at(completions, params)
    patience = patience_of(completions, params, look)

    def claim(kind: str, who: tuple[int, ...], sure: bool, lemma: str, exact: bool = look.exact) -> Claim:
        return Claim(kind, who, sure, None, exact=sure or exact, lemma=lemma, patience=patience)

    found = []
    for j in completions.contenders():
        found.append(claim("elected", (j,), look.wins(j), "A"))
        found.append(claim("eliminated", (j,), not look.may_win(j), "B"))
    found.append(claim("no-winner", (), not any(map(look.may_win, completions.contenders())), "B"))
    if any(map(look.wins, completions.contenders())):
        found.append(claim("winner", (), sure=True, lemma="A"))
    elif (how := nobody(completions, params)) is not None:
        # That somebody wins though nobody knows who is no claim: its proof would be the whole search.
        one = claim("winner", (), sure=False, lemma="A", exact=how is not True)
        found.append(msgspec.structs.replace(one, patience=None))
    return tuple(found)


def _somebody(completions: Completions, params: Terms, look: Look) -> Nobody | bool | None:
    """Return how nobody may win; None: somebody does for certain; True: unknown."""
    if any(look.wins(j) for j in completions.contenders()):
        return None
    return nobody(completions, params)


def claims(completions: Completions, params: Terms) -> tuple[Claim, ...]:
    """Return elected and eliminated of every contender, "no winner" and "a winner" in this round.

    Exact where ballots of a district are alike and districts share nothing, otherwise never early.
    Source: docs/rules/bodies.md, "Spread".
    """
    look = look_at(completions, params)
    proof = look.proof()
    return tuple(
        msgspec.structs.replace(one, proof=proof) if one.irreversible else one
        for one in statuses(completions, params)
    )


def publish(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the national leads, and in which districts each selection has its share, or may have it."""
    if not isinstance(claim.proof, Look):
        raise TypeError("only a certain claim has a proof to publish")
    return claim.proof.published(completions, names)


def witness(completions: Completions, params: Terms, claim: Claim) -> Witness | None:
    """Return a completion in which an open claim is false; None: it holds, or none was found."""
    if claim.irreversible:
        return None
    look = look_at(completions, params)
    if claim.kind == "elected":
        return lose_witness(completions, params, look, claim.who[0])
    if claim.kind == "eliminated":
        return win_witness(completions, params, claim.who[0])
    if claim.kind == "no-winner":
        able = [j for j in completions.contenders() if look.may_win(j)]
        tried = (win_witness(completions, params, j) for j in able)
        return next((found for found in tried if found is not None), None)
    found = _somebody(completions, params, look)
    return carried_out(completions, found) if isinstance(found, Nobody) else None


def verdict(completions: Completions, params: Terms, names: tuple[str, ...]) -> dict[str, object]:
    """Return who wins for certain or may, and whether nobody does."""
    look = look_at(completions, params)
    contenders = completions.contenders()
    may = [names[j] for j in contenders if look.may_win(j)]
    return {
        "win_certain": [names[j] for j in contenders if look.wins(j)],
        "win_possible": may,
        "no_winner_certain": not may,
        "no_winner_possible": _somebody(completions, params, look) is not None,
    }

"""Weight for certain and at most, as claims, and their proof: who holds which district."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from tally.claim import Bound, Claim
from tally.completions import Completions
from tally.rules._bodies import Chances, Spoil, afar, most_weight


class Electors(NamedTuple):
    """Per selection: the weight it can be denied and where, what it has for certain, what it can have."""

    lost: tuple[Spoil, ...]
    least: tuple[Spoil, ...]
    most: tuple[Spoil, ...]
    total: int

    @property
    def least_most(self) -> list[tuple[int, int]]:
        """Per selection, what it has for certain and what it can have."""
        return [(one.weight, other.weight) for one, other in zip(self.least, self.most, strict=True)]

    @classmethod
    def of(
        cls,
        completions: Completions,
        table: Sequence[Sequence[Chances]],
        weights: Sequence[int],
        ballots: int | None,
    ) -> "Electors":
        """Return the three for every selection. Cost: two knapsacks a selection where `ballots` matter."""
        total, everywhere = sum(weights), frozenset(range(len(weights)))
        lost, least, most = [], [], []
        for j in range(len(completions.counted)):
            away = most_weight([of[j].lose for of in table], weights, ballots)
            lost.append(away)
            least.append(Spoil(total - away.weight, everywhere - away.places))
            most.append(most_weight([of[j].win for of in table], weights, ballots))
        return cls(tuple(lost), tuple(least), tuple(most), total)


def elector_claims(
    contenders: Sequence[int],
    least_most: Sequence[tuple[int, int]],
    total: int,
    exact: bool,
    patience: int | None,
) -> list[Claim]:
    """Return "at least" and "at most" of every contender: what is certain, and the next that is not."""
    found = []
    for j in contenders:
        least, most = least_most[j]
        said: list[tuple[str, int, bool]] = []
        if least:
            said.append(("at-least", least, True))
        if least < most:
            said += [("at-least", least + 1, False), ("at-most", most - 1, False)]
        if most < total:
            said.append(("at-most", most, True))
        found += [
            Claim(kind, (j,), sure, None, exact=sure or exact, lemma="C", number=number, patience=patience)
            for kind, number, sure in said
        ]
    return found


class Held(msgspec.Struct, frozen=True):
    """Per district and selection the least lead with which it wins, or is beaten (None: no such number).

    `ballots`: how many of no known district there may be; None: nobody knows.
    """

    won: tuple[tuple[int | None, ...], ...]
    beaten: tuple[tuple[int | None, ...], ...]
    ballots: int | None


def held_in(completions: Completions, bounds: Sequence[Sequence[tuple[Bound, Bound]]], pool: int) -> Held:
    """Return the proof every claim about a body rests on."""
    return Held(
        tuple(tuple(won.slack for won, _ in of) for of in bounds),
        tuple(tuple(lost.slack for _, lost in of) for of in bounds),
        afar(completions, pool),
    )


def proved(claims: Sequence[Claim], proof: object) -> tuple[Claim, ...]:
    """Return the claims, the certain ones with the proof they share."""
    return tuple(msgspec.structs.replace(one, proof=proof) if one.irreversible else one for one in claims)


def publish_held(completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
    """Return the proof of a certain claim as JSON values: positive leads by district and selection."""
    proof = claim.proof
    if not isinstance(proof, Held):
        raise TypeError("only a certain claim has a proof to publish")
    listed = []
    for district, won, beaten in zip(completions.districts, proof.won, proof.beaten, strict=True):
        listed.append(
            {
                "district": district.name,
                "won": {
                    n: slack for n, slack in zip(names, won, strict=True) if slack is not None and slack > 0
                },
                "beaten": {
                    n: slack
                    for n, slack in zip(names, beaten, strict=True)
                    if slack is not None and slack > 0
                },
            }
        )
    return {"logic": "districts", "ballots_of_no_district": proof.ballots, "districts": listed}

"""List seats as a verifier meets them: an instance of `tally decide`, its field and its certificates."""

from typing import Any

from msgspec import UNSET

from tally.claim import Claim
from tally.instance import Instance, parse
from tally.rules import RULES
from tally.verifier.arithmetic import Field, Final, Place, Room, Source
from tally.verifier.rules import CHECKERS
from tally.verifier.shapes import Ballot, Certificate, Data, District, Findings
from tally.verifier.shapes import Claim as Said
from tally.witness import Witness

Json = dict[str, Any]
HASH = "0" * 64


class Case:
    """One instance, parsed, with its claims; units in doubt aside, of which no certificate tells."""

    def __init__(self, raw: Json) -> None:
        found = parse(raw)
        assert isinstance(found, Instance), found
        self.raw, self.parsed = raw, found
        self.rule: Any = RULES[found.rule]
        self.claims: tuple[Claim, ...] = self.rule.claims(found.completions, found.params)

    def claim(self, kind: str, *who: str, number: int | None = None) -> Claim:
        """The claim so worded."""
        names = self.parsed.names
        return next(
            one
            for one in self.claims
            if (one.kind, tuple(names[j] for j in one.who), one.number) == (kind, who, number)
        )

    @property
    def field(self) -> Field:
        """What may still come, as the verifier reads it from rows."""
        found = self.parsed.completions
        size = len(found.counted)
        sources = tuple(
            Source(
                frozenset(j for j in range(size) if group.on_ballot >> j & 1),
                group.ballots_max,
                group.pool,
                group.district,
            )
            for group in found.groups
        )
        rooms = tuple(Room(pool.ballots_max, pool.parent) for pool in found.pools)
        form = Ballot(found.ballot.kind, found.ballot.votes, found.ballot.blank)
        districts = tuple(Place(one.name, one.weight, one.counted) for one in found.districts)
        return Field(found.counted, form, sources, rooms, districts)

    def certificate(self, claim: Claim, proof: Json | None = None, **changes: Any) -> Certificate:
        """The certificate of a claim; its proof is the rule's own unless another is given."""
        names = self.parsed.names
        who = tuple(names[j] for j in claim.who)
        number = UNSET if claim.number is None else claim.number
        parts = [claim.kind, "+".join(who), "" if claim.number is None else str(claim.number)]
        if proof is None and claim.irreversible:
            proof = self.rule.publish(self.parsed.completions, claim, names)
        districts = tuple(
            District(one.name, one.weight, one.counted) for one in self.parsed.completions.districts
        )
        form = self.parsed.completions.ballot
        made: Json = {
            "v": 1, "format": "tally-certificate/1", "election": "e", "label": None, "is_test": True,
            "contest": "c", "rule": {"type": self.raw["rule"], **self.raw["params"]},
            "claim": Said(":".join(filter(None, parts)), claim.kind, who, number),
            "verdict": "irreversible" if claim.irreversible else "open", "grade": "certain",
            "assumptions": (), "lemma": claim.lemma, "exact": True,
            "data": Data("test-1", 1, "2022-11-01T00:00:00.000Z", HASH, "", HASH),
            "selections": names, "electable": names, "ballot": Ballot(form.kind, form.votes, form.blank),
            "counted": self.parsed.completions.counted, "aggregates": (), "bounds": (), "pools": (),
            "proof": proof, "witness": None, "certificate_sha256": HASH,
            "districts": districts or UNSET,
        }  # fmt: skip
        return Certificate(**(made | changes))

    def said(self, claim: Claim, proof: Json | None = None, **changes: Any) -> list[str]:
        """What the verifier says of a certificate; nothing when it is true."""
        body, findings = self.certificate(claim, proof, **changes), Findings()
        checker = CHECKERS[str(body.rule.get("type"))]
        question = checker.question_of(body, findings)
        if question is not None:
            checker.check_proof(body, question, self.field, findings)
        return [one.what for one in findings.found]

    def final(self, witness: Witness) -> Final:
        """The finished count a witness describes."""
        found = self.parsed.completions
        places = [list(one.counted) for one in found.districts]
        for group, cast in zip(found.groups, witness.cast, strict=True):
            for j, number in enumerate(cast.votes):
                if group.district >= 0:
                    places[group.district][j] += number
        ended = tuple(
            Place(one.name, one.weight, tuple(votes))
            for one, votes in zip(found.districts, places, strict=True)
        )
        return Final(witness.totals, ended)

    def holds(self, claim: Claim, final: Final) -> bool:
        """Whether the verifier finds a claim true of a finished count."""
        findings = Findings()
        body = self.certificate(claim)
        checker = CHECKERS[str(body.rule.get("type"))]
        question = checker.question_of(body, findings)
        assert question is not None, findings.found
        return checker.holds(question, final)

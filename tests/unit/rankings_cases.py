"""Contests of ranked ballots as the core and as the verifier see them, written out small."""

from typing import Any

import msgspec

from tally.claim import Claim
from tally.completions import Completions
from tally.instance import Instance, parse
from tally.rules import RULES
from tally.verifier.arithmetic import Field, Room, Source
from tally.verifier.rules import CHECKERS
from tally.verifier.shapes import Ballot, Certificate, Findings


def instance(
    rule: str, names: str, ballots: dict[str, int], outstanding: int | None = 0, **params: Any
) -> dict[str, Any]:
    """One unit of ranked ballots, each ranking a word of one-letter names."""
    listed = [{"ranking": list(order), "count": count} for order, count in ballots.items()]
    unit = {"id": "u", "ballots": listed, "outstanding": outstanding}
    return {"rule": rule, "candidates": list(names), "params": params, "units": [unit]}


def points(names: str, counted: list[int], outstanding: int | None = 0, **params: Any) -> dict[str, Any]:
    """One unit of points already given."""
    unit = {"id": "u", "counted": counted, "outstanding": outstanding}
    return {"rule": "positional", "candidates": list(names), "params": params, "units": [unit]}


def parsed(raw: dict[str, Any]) -> Instance:
    found = parse(raw)
    assert isinstance(found, Instance), found
    return found


def claims(raw: dict[str, Any]) -> dict[str, Claim]:
    """Every claim by its id."""
    one = parsed(raw)
    return {
        f"{claim.kind}:{one.names[claim.who[0]]}": claim
        for claim in RULES[one.rule].claims(one.completions, one.params)
    }


def field_of(completions: Completions) -> Field:
    """The same contest as the verifier sees it."""
    size = len(completions.counted)
    sources = tuple(
        Source(frozenset(j for j in range(size) if group.on_ballot >> j & 1), group.ballots_max, group.pool)
        for group in completions.groups
    )
    rooms = tuple(Room(pool.ballots_max, pool.parent) for pool in completions.pools)
    form = Ballot("ranked", 1, blank=True)
    return Field(completions.counted, form, sources, rooms, (), completions.rankings)


def certificate(raw: dict[str, Any], claim: Claim, proof: dict[str, Any] | None) -> Certificate:
    """The parts of a certificate a checker looks at."""
    one = parsed(raw)
    name = one.names[claim.who[0]]
    made = {
        "v": 1, "format": "tally-certificate/1", "election": "e", "label": None, "is_test": True, "contest": "c",
        "rule": {"type": one.rule, **raw["params"]},
        "claim": {"id": f"{claim.kind}:{name}", "type": claim.kind, "who": [name]},
        "verdict": "irreversible" if proof else "open", "grade": "certain" if proof else None, "assumptions": [],
        "lemma": claim.lemma, "exact": True,
        "data": {"epoch": "test-1", "seq": 1, "as_of": "2022-08-16T00:00:00.000Z", "snapshot_sha256": "0" * 64,
                 "rows": "", "definition_sha256": "0" * 64},
        "selections": list(one.names), "electable": list(one.names),
        "ballot": {"kind": "ranked", "votes": 1, "blank": True}, "counted": list(one.completions.counted),
        "aggregates": [], "bounds": [], "pools": [], "proof": proof, "witness": None,
        "certificate_sha256": "0" * 64,
    }  # fmt: skip
    return msgspec.convert(made, Certificate)


def published(raw: dict[str, Any], claim: Claim) -> dict[str, Any]:
    one = parsed(raw)
    return RULES[one.rule].publish(one.completions, claim, one.names)


def said_of(raw: dict[str, Any], claim: Claim, proof: dict[str, Any]) -> list[str]:
    """What the verifier says of a proof; nothing: it carries the claim."""
    findings = Findings()
    body = certificate(raw, claim, proof)
    checker = CHECKERS[body.rule["type"]]
    question = checker.question_of(body, findings)
    if question is not None:
        checker.check_proof(body, question, field_of(parsed(raw).completions), findings)
    return [one.what for one in findings.found]

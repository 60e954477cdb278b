"""One instance, two answers: what the core says against what enumeration says, down to the witnesses."""

import msgspec

from tally.claim import Claim
from tally.instance import Instance, decide, parse
from tally.rules import RULES
from tally.witness import faults
from tests.oracle.law import winner_sets

Votes = tuple[int, ...]


def judged(raw: dict, electable: int) -> tuple[Instance, dict]:
    """The instance with that electable mask, and the core's verdict on it."""
    parsed = parse(raw)
    assert isinstance(parsed, Instance), parsed
    completions = msgspec.structs.replace(parsed.completions, electable=electable)
    parsed = msgspec.structs.replace(parsed, completions=completions)
    rule = RULES[parsed.rule]
    return parsed, rule.verdict(completions, parsed.params, parsed.names)


def differences(raw: dict, electable: int, expected: dict, totals: frozenset[Votes]) -> list[str]:
    """Everything in which the core differs from the enumeration; empty when they agree."""
    parsed, verdict = judged(raw, electable)
    said = [
        f"{key}: {verdict.get(key)} should be {value}"
        for key, value in expected.items()
        if key != "behind" and verdict.get(key) != value
    ]
    if set(verdict) != set(expected) - {"behind"}:
        said.append(f"keys {sorted(verdict)}")
    if electable == (1 << len(raw["candidates"])) - 1 and decide(raw) != verdict:
        said.append("decide says something else")
    if said:
        return said
    claims = RULES[parsed.rule].claims(parsed.completions, parsed.params)
    for claim in claims:
        said += [
            f"{claim.kind} {claim.who}: {fault}" for fault in _claim_faults(parsed, claim, expected, totals)
        ]
    rule = RULES[parsed.rule]
    if raw["rule"] != "assertion":
        contenders = tuple(parsed.completions.contenders())
        said += [
            f"outcome of {end}"
            for end in sorted(totals)[::97]
            if rule.outcome(end, parsed.params, electable)
            != winner_sets(end, parsed.params.seats, contenders)
        ]
        slow = [(claim.irreversible, claim.slack) for claim in claims]
        quick = [(one.irreversible, one.slack) for one in rule.statuses(parsed.completions, parsed.params)]
        if quick != slow:
            said.append("statuses and claims differ")
    return said


def _claim_faults(parsed: Instance, claim: Claim, expected: dict, totals: frozenset[Votes]) -> list[str]:
    said = [] if claim.exact else ["not exact"]
    if claim.kind == "eliminated" and claim.slack != expected["behind"][claim.who[0]]:
        said.append(f"slack {claim.slack} should be {expected['behind'][claim.who[0]]}")
    if claim.irreversible:
        return said + _proof_faults(claim, totals)
    witness = RULES[parsed.rule].witness(parsed.completions, parsed.params, claim)
    if witness is None:
        return [*said, "open without a witness"]
    said += faults(parsed.completions, witness)
    if totals and witness.totals not in totals:
        said.append(f"witness {witness.totals} is no completion")
    if _true_of(parsed, claim, witness.totals):
        said.append(f"true under its own witness {witness.totals}")
    return said


def _proof_faults(claim: Claim, totals: frozenset[Votes]) -> list[str]:
    if claim.proof is None:
        return ["irreversible without proof"]
    said = []
    for one in claim.proof.assertions if totals else ():
        least = min(sum(w * v for w, v in zip(one.a, end, strict=True)) for end in totals) - one.c
        if least != one.slack or one.counted + one.worst != one.slack:
            said.append(f"proof slack {one.slack} should be {least}")
    return said


def _true_of(parsed: Instance, claim: Claim, end: Votes) -> bool:
    """Whether the claim is true of these final totals however ties are broken, by the oracle's law."""
    if claim.kind == "holds":
        one = parsed.params.assertions[claim.who[0]]
        value = sum(w * v for w, v in zip(one.a, end, strict=True)) - one.c
        return value > 0 or (value == 0 and not one.strict)
    contenders = tuple(parsed.completions.contenders())
    found = winner_sets(end, parsed.params.seats, contenders)
    if claim.kind == "elected":
        return all(claim.who[0] in winners for winners in found)
    return not any(claim.who[0] in winners for winners in found)

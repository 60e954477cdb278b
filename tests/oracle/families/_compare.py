"""One instance of a family, two answers: what the core says against what enumeration says."""

from typing import Any

from tally.claim import Claim
from tally.instance import Instance, decide, parse
from tally.rules import RULES
from tally.witness import faults
from tests.oracle.families import End, Family, Json, Said


def differences(family: Family, raw: Json, expected: Json, ends: frozenset[End]) -> list[str]:
    """Everything in which the core differs from the enumeration; empty when they agree.

    Of a rule that is only sufficient, a certain claim must be true; an open one may be too.
    """
    parsed = parse(raw)
    assert isinstance(parsed, Instance), parsed
    verdict = decide(raw)
    sufficient = _sufficient(family, raw)
    said = [f"keys {sorted(verdict)}"] if set(verdict) != set(expected) else []
    if not sufficient:
        said += [
            f"{key}: {verdict.get(key)} should be {value}"
            for key, value in expected.items()
            if verdict.get(key) != value
        ]
    rule = RULES[parsed.rule]
    claims = rule.claims(parsed.completions, parsed.params)
    quick = [
        (c.kind, c.who, c.number, c.place, c.irreversible)
        for c in rule.statuses(parsed.completions, parsed.params)
    ]
    if quick != [(c.kind, c.who, c.number, c.place, c.irreversible) for c in claims]:
        said.append("statuses and claims differ")
    for claim in claims:
        said += [f"{of(claim, parsed)}: {fault}" for fault in _faults(family, raw, parsed, claim, ends)]
    return said


def of(claim: Claim, parsed: Instance) -> Said:
    """A claim by names."""
    return Said(claim.kind, tuple(parsed.names[j] for j in claim.who), claim.number, claim.place)


def _faults(family: Family, raw: Json, parsed: Instance, claim: Claim, ends: frozenset[End]) -> list[str]:
    said = of(claim, parsed)
    true = all(family.true_of(raw, said, end) for end in ends)
    rule: Any = RULES[parsed.rule]
    if claim.irreversible:
        found = [] if true else ["irreversible, and false in some completion"]
        if claim.proof is None:
            return [*found, "irreversible without proof"]
        rule.publish(parsed.completions, claim, parsed.names)
        return found
    sufficient = _sufficient(family, raw)
    if true:
        return [] if sufficient and not claim.exact else ["open, and true in every completion"]
    witness = rule.witness(parsed.completions, parsed.params, claim)
    if witness is None:
        return [] if sufficient else ["open without a witness"]
    found = faults(parsed.completions, witness)
    end = family.end_of(raw, witness)
    if end not in ends:
        found.append(f"witness {end} is no completion")
    if family.true_of(raw, said, end):
        found.append(f"true under its own witness {end}")
    return found


def _sufficient(family: Family, raw: Json) -> bool:
    """Whether the core only promises never to be early on this instance: by its rule, or by what is in it."""
    of_instance = getattr(family, "sufficient", None)
    return raw["rule"] in family.SUFFICIENT or (of_instance is not None and of_instance(raw))

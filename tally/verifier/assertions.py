"""One assertion of a proof: its numbers, and whether its slack has the sign it needs."""

from tally.verifier.arithmetic import Field
from tally.verifier.shapes import Assertion, Findings


def check_assertion(one: Assertion, field: Field, at: str, findings: Findings) -> None:
    """The numbers of an assertion, and whether its slack has the sign it needs."""
    if len(one.a) != len(field.counted):
        findings.add(f"{at}/a: a weight for every selection", len(field.counted), len(one.a))
        return
    counted = sum(weight * votes for weight, votes in zip(one.a, field.counted, strict=True)) - one.c
    worst = field.worst(one.a)
    findings.equal(f"{at}/counted", counted, one.counted)
    findings.equal(f"{at}/worst: the most outstanding ballots can take", worst, one.worst)
    if worst is not None:
        findings.equal(f"{at}/slack: counted + worst", counted + worst, one.slack)
    if worst is None or counted + worst < (1 if one.strict else 0):
        least = None if worst is None else counted + worst
        findings.add(f"{at}: fails in some completion", "> 0" if one.strict else ">= 0", least)

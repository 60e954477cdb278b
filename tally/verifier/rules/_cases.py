"""A claim proved case by case: every way in which it could be false is refuted."""

from collections.abc import Iterable, Sequence

from tally.verifier.arithmetic import Field
from tally.verifier.assertions import check_assertion
from tally.verifier.infeasible import Need, Steps, check_infeasible
from tally.verifier.shapes import Assertion, Certificate, Findings


def check_assertions(assertions: Sequence[Assertion], field: Field, findings: Findings) -> None:
    """Whether each assertion holds in every completion, its numbers right."""
    for index, one in enumerate(assertions):
        check_assertion(one, field, f"/proof/assertions/{index}", findings)


def check_cases(
    cases: Iterable[list[Need]],
    assertions: Sequence[Assertion],
    refuted: Sequence[Steps],
    body: Certificate,
    field: Field,
    findings: Findings,
) -> None:
    """Whether every case is refuted, by assertions and trees in the order in which they are first needed."""
    said = [(one.a, one.c, one.strict) for one in assertions]
    used: set[tuple[tuple[int, ...], int, bool]] = set()
    trees = 0
    for number, case in enumerate(cases):
        opposites = [_opposite(need) for need in case]
        if any(one in used for one in opposites):
            continue
        if len(used) < len(said) and said[len(used)] in opposites:
            used.add(said[len(used)])
        elif trees < len(refuted):
            at = f"/proof/refuted/{trees}"
            check_infeasible(refuted[trees], field, body.selections, (case, ()), at, findings)
            trees += 1
        else:
            findings.add(f"/proof: case {number} in which the claim is false is refuted", len(case), None)
            return
    findings.equal("/proof/assertions: each needed, in the order of need", len(said), len(used))
    findings.equal("/proof/refuted: each needed", len(refuted), trees)


def _opposite(need: Need) -> tuple[tuple[int, ...], int, bool]:
    """The assertion that is true where the need is not met: a·V < least, as a weight, a bound, and strict or not."""
    a = tuple(-one for one in need.votes)
    return (a, 0, True) if need.least == 0 else (a, 1 - need.least, False)

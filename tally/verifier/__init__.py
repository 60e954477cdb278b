"""Checks a certificate from unit rows alone; imports nothing that decides."""

from typing import Any

from msgspec import UNSET

from tally.verifier.classes import arena_of, field_of
from tally.verifier.counted import Cell, check_rows, reading_of, snapshot_sha256, votes_counted
from tally.verifier.defined import check_definition
from tally.verifier.plain import plain, sha256
from tally.verifier.rules import CHECKERS, Checker
from tally.verifier.shapes import Certificate, Difference, Findings, Row, read
from tally.verifier.witnessed import check_witness

__all__ = ["Difference", "verify"]


def verify(
    certificate: dict[str, Any], rows: list[dict[str, Any]], definition: dict[str, Any] | None
) -> list[Difference]:
    """Every difference found between a certificate and what it stands on; empty: the certificate is true.

    `rows`: the unit rows it names, decoded; `definition`: the canonical one, where styles, pools and caps
    are to be checked as well. Never raises on any JSON: what is missing or of another kind is a
    difference. Cost: O(rows); for several seats also the sets of rivals that could combine, within a
    budget past which it says so. Source: docs/certificates.md.
    """
    findings = Findings()
    body = read(certificate, Certificate, "", findings) if plain(certificate, "", findings) else None
    table = read(rows, list[Row], "/rows", findings)
    if body is None or table is None:
        return findings.found
    digest = snapshot_sha256(rows)
    findings.equal("/data/snapshot_sha256: SHA-256 of the rows", digest, body.data.snapshot_sha256)
    _check_names(body, findings)
    cells = check_rows(table, body.selections, findings)
    votes = votes_counted(table, body.selections)
    findings.equal("/counted: the sum of the rows", votes, list(body.counted))
    _check_ballot(body, findings)
    checker = CHECKERS.get(str(body.rule.get("type")))
    if checker is None:
        findings.add("/rule/type: a rule this verifier knows", sorted(CHECKERS), body.rule.get("type"))
    question = None if checker is None else checker.question_of(body, findings)
    if definition is not None:
        check_definition(body, table, cells, definition, findings)
    if checker is not None and question is not None and _fits(body, findings):
        _check_verdict(body, checker, question, table, cells, findings)
    said = {name: value for name, value in certificate.items() if name != "certificate_sha256"}
    findings.equal("/certificate_sha256: SHA-256 of all else", sha256(said), body.certificate_sha256)
    return findings.found


def _check_names(body: Certificate, findings: Findings) -> None:
    """What needs no rows: where they are, and what goes with what."""
    path = f"/v1/contests/{body.contest}/units.ndjson?at={body.data.seq}"
    findings.equal("/data/rows: of this contest at this position", path, body.data.rows)
    findings.equal(
        "/data/epoch: begins with test- in a test", body.is_test, body.data.epoch.startswith("test-")
    )
    findings.equal("/exact: whether proof or witness is given", True, body.exact)
    graded = {"irreversible": ("certain", "conditional"), "open": (None,)}[body.verdict]
    if body.grade not in graded:
        findings.add("/grade: goes with the verdict", graded, body.grade)


def _check_ballot(body: Certificate, findings: Findings) -> None:
    """The ballot form is the rule's; how many votes, where the rule says it."""
    rule, form = body.rule, body.ballot
    if form.kind == "ranked":
        findings.equal("/ballot: ranked", (1, True), (form.votes, form.blank))
        return
    findings.equal("/ballot/kind: the rule's", rule.get("ballot", "choose"), form.kind)
    findings.equal("/ballot/votes: the rule's", rule.get("votes_per_ballot", form.votes), form.votes)
    findings.equal("/ballot/blank: the rule's", not rule.get("no_blank", False), form.blank)


def _fits(body: Certificate, findings: Findings) -> bool:
    """Whether votes are stated for every selection, in the contest and in every district of it."""
    size, places = len(body.selections), () if body.districts is UNSET else body.districts
    stated = [
        ("/counted", body.counted),
        *((f"/districts/{d}/counted", p.counted) for d, p in enumerate(places)),
    ]
    differ = [
        at for at, votes in stated if not findings.equal(f"{at}: one number a selection", size, len(votes))
    ]
    return not differ


def _check_verdict(
    body: Certificate,
    checker: Checker,
    question: Any,
    rows: list[Row],
    cells: list[Cell],
    findings: Findings,
) -> None:
    """The bounds under the claimed grade, then the proof or the witness on them."""
    reading = reading_of(body, cells, findings)
    arena = arena_of(body, cells, findings)
    if arena is None:
        return
    field = field_of(body, arena, rows, cells, reading, findings)
    if body.verdict == "irreversible":
        findings.equal("/witness: of an open claim only", None, body.witness)
        if body.proof is None:
            findings.add("/proof: an irreversible claim has one", "proof", None)
        else:
            checker.check_proof(body, question, field, findings)
    else:
        findings.equal("/proof: of an irreversible claim only", None, body.proof)
        check_witness(body, checker, question, field, findings)

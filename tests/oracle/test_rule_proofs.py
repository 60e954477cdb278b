"""Every certificate of every rule, made by the service from small nights, is true; no altered one passes."""

import os
import random
import re
from collections import Counter

import pytest

from tally import decide, verifier
from tests.oracle.alter import Case, altered
from tests.oracle.families import FAMILIES, Said
from tests.oracle.instances import night_of, tellable
from tests.oracle.nights import certificates, material

NIGHTLY = os.environ.get("TALLY_NIGHTLY") == "1"
NIGHTS = 120 * (10 if NIGHTLY else 1)  # a family
ALTERATIONS = 400 * (10 if NIGHTLY else 1)  # a family


def _draws(name: str, seed: str, wanted: int):
    rng, found = random.Random(f"{name} {seed}"), 0
    while found < wanted:
        raw = FAMILIES[name].draw(rng)
        if tellable(raw):
            found += 1
            yield raw


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", FAMILIES)
def test_certificates_say_what_is_true_and_verify(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    family, seen = FAMILIES[name], Counter[str]()
    for raw in _draws(name, "true", NIGHTS):
        state = night_of(raw)
        contest = state.contests[0]
        rows, definition = material(state, contest)
        ends = list(family.ends(raw))
        for made in certificates(state, contest):
            differences = verifier.verify(made, rows, definition)
            if made["proof"] is None and made["witness"] is None:
                assert not made["exact"], (raw, made["claim"])
                seen["open without a witness"] += 1
                continue
            assert not differences, (raw, made["claim"], differences[:3], made["proof"], made["witness"])
            who = tuple(raw["candidates"][int(name[1:])] for name in made["claim"]["who"])
            said = Said(made["claim"]["type"], who, made["claim"].get("number"), made["claim"].get("place"))
            true = all(family.true_of(raw, said, end) for end in ends)
            assert made["verdict"] == "open" or true, (raw, said)
            seen[f"{raw['rule']} {made['claim']['type']} {made['verdict']}"] += 1
        turned = {name for name, claim in contest.claims.items() if claim.status == "irreversible"}
        proved = {d.id for d in decide.decisions(contest.layout, contest.sums) if d.grounds is not None}
        assert turned == proved or contest.layout.aside, (raw, turned ^ proved)
    with capsys.disabled():
        print(f"\n{name}: {dict(sorted(seen.items()))}")
    for rule in family.RULES:
        assert any(key.startswith(f"{rule} ") and key.endswith("irreversible") for key in seen), (rule, seen)
        assert any(key.startswith(f"{rule} ") and key.endswith("open") for key in seen), (rule, seen)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", FAMILIES)
def test_no_altered_certificate_passes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With every hash made to fit, something other than a hash must speak against each change."""
    chance, cases = random.Random(f"alter {name}"), []
    for raw in _draws(name, "alter", 40 * (4 if NIGHTLY else 1)):
        state = night_of(raw)
        rows, definition = material(state, state.contests[0])
        made_all = certificates(state, state.contests[0])
        cases += [Case(made, rows, definition) for made in made_all if made["exact"]]
    refused: Counter[str] = Counter()
    while sum(refused.values()) < ALTERATIONS:
        case = chance.choice(cases)
        changed = altered(chance, case)
        if changed is None:
            continue
        found = verifier.verify(*changed.case)
        named = [one.what for one in found if "sha256" not in one.what]
        assert named, (
            changed.where,
            case.certificate["claim"],
            case.certificate["proof"],
            changed.case.certificate,
        )
        refused["/" + re.split("[/: ]", named[0].lstrip("/"))[0]] += 1
    with capsys.disabled():
        print(f"\n{name}, refused by: {dict(sorted(refused.items()))}")

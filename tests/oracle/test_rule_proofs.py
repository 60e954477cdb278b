"""Every certificate of every rule, made by the service from small nights, is true; no altered one passes."""

import copy
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from functools import reduce

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


def _lists(value: object, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every list within a JSON value."""
    if isinstance(value, list):
        yield at
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    ):
        yield from _lists(inner, (*at, key))


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", FAMILIES)
def test_lists_too_short_and_too_long_are_differences_and_nothing_else(name: str) -> None:
    """A verifier that breaks off at a certificate says nothing of it."""
    tried = 0
    for raw in _draws(name, "lists", 20):
        state = night_of(raw)
        rows, definition = material(state, state.contests[0])
        for made in certificates(state, state.contests[0]):
            for way in _lists(made):
                for change in (lambda found: found[:-1], lambda found: found + found[-1:]):
                    changed = copy.deepcopy(made)
                    inner = reduce(lambda value, key: value[key], way[:-1], changed)
                    inner[way[-1]] = change(inner[way[-1]])
                    if changed != made:
                        tried += 1
                        assert verifier.verify(changed, rows, definition), (way, changed)
    assert tried > 1_000

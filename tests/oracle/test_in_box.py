"""Ballots in the box: the service says what `tally decide` says of the same instance, whatever came before."""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tally import decide, engine, freeze, verifier
from tally.amend import migrated
from tally.expansion import expands
from tally.instance import Instance, parse
from tally.outstanding import Sums
from tally.reach import room_beside
from tally.rules import RULES
from tally.state import State
from tests.oracle import boxes
from tests.oracle import draw as votes
from tests.oracle.alter import Case, altered
from tests.oracle.families import FAMILIES, Json, Said
from tests.oracle.nights import certificates, material

NIGHTLY = os.environ.get("TALLY_NIGHTLY") == "1"
NIGHTS = 150 * (10 if NIGHTLY else 1)
ALTERATIONS = 400 * (10 if NIGHTLY else 1)


def of_votes(rng: random.Random) -> Json:
    """An instance of plurality, of disputes or of bare assertions in which everybody can win."""
    while True:
        raw, electable = votes.draw(rng)
        if electable == (1 << len(raw["candidates"])) - 1:
            return raw


DRAWS: dict[str, Callable[[random.Random], Json]] = {
    "votes": of_votes,
    "thresholds": FAMILIES["thresholds"].draw,
    "qualifying": FAMILIES["qualifying"].draw,
}


def drawn(name: str, seed: str, wanted: int) -> Iterator[Json]:
    """Instances that a night can say, with ballots in the box; in every other they carry some claim."""
    rng, found = random.Random(f"{name} {seed}"), 0
    while found < wanted:
        raw = DRAWS[name](rng)
        if boxes.tellable(raw) and any(unit.get("min_outstanding") for unit in raw["units"]):
            empty = [{**unit, "min_outstanding": 0} for unit in raw["units"]]
            if found % 2 == 0 or said_of(raw) != said_of({**raw, "units": empty}):
                found += 1
                yield raw


def said_of(raw: Json) -> set[tuple[str, tuple[int, ...]]]:
    """What `tally decide` says is irreversible."""
    instance = parse(raw)
    assert isinstance(instance, Instance)
    claims = RULES[instance.rule].statuses(instance.completions, instance.params)
    return {(one.kind, one.who) for one in claims if one.irreversible}


def counted(chance: random.Random, raw: Json, seen: Counter[str]) -> State:
    """The night to its end, every invariant looked at after each record."""
    state = boxes.opened(raw)
    for number, command in enumerate(boxes.commands(chance, raw)):
        step = engine.step(state, command, 2_000 + number)
        if step.record is None:
            continue
        before, grows = certain(state), any(expands(state, effect) for effect in step.effects)
        state = engine.apply(state, step.record, step.effects)
        lost = [was - now for was, now in zip(before, certain(state), strict=True)]
        assert not any(lost) or grows, (raw, command, lost)
        seen["a claim undone"] += any(lost)
        check(state, raw)
    return state


def certain(state: State) -> list[set[str]]:
    """What is irreversible under each reading."""
    contest = state.contests[0]
    layout, rule = contest.layout, contest.layout.rule
    assert rule is not None
    return [
        {
            decide.claim_id(layout, one)
            for one in rule.statuses(decide.completions(layout, contest.sums, variant), layout.params)
            if one.irreversible
        }
        for variant in range(len(layout.variants))
    ]


def check(state: State, raw: Json) -> None:
    """Sums kept by difference are those worked out anew; some completion is left; patience hid no turn."""
    contest = state.contests[0]
    layout, sums = contest.layout, contest.sums
    for other in (freeze.thaw(freeze.freeze(state)), migrated(state, state.layout)):
        assert plain(other.contests[0].sums) == plain(sums), raw
    for variant in range(len(layout.variants)):
        groups, pools = decide.to_come(layout, sums, variant)
        assert all(g.ballots_max is None or 0 <= g.ballots_min <= g.ballots_max for g in groups), raw
        assert min(room_beside(groups, pools), default=0) >= 0, raw
    if not layout.aside:
        said = {name for name, claim in contest.claims.items() if claim.status == "irreversible"}
        assert said == set(decide.irreversible(layout, sums)), (raw, "patience hid a turn")


def plain(sums: Sums) -> tuple[object, ...]:
    return sums.ballots, sums.unbounded, sums.least, sums.silent, sums.open_cells, sums.votes


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", DRAWS)
def test_the_service_says_what_deciding_the_instance_says(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: Counter[str] = Counter()
    for number, raw in enumerate(drawn(name, "night", NIGHTS)):
        state = counted(random.Random(number), raw, seen)
        wanted = said_of(raw)
        late = said_of({**raw, "units": [{**unit, "min_outstanding": 0} for unit in raw["units"]]})
        contest = state.contests[0]
        assert not contest.held, raw
        found = {
            (d.claim.kind, d.claim.who) for d in decide.decisions(contest.layout, contest.sums) if d.grounds
        }
        assert found == wanted, (raw, found ^ wanted)
        assert late <= wanted, raw
        for kind, _ in wanted - late:
            seen[f"earlier: {raw['rule']} {kind}"] += 1
        rows, definition = material(state, contest)
        family = FAMILIES.get(name)
        ends = [] if family is None else list(family.ends(raw))
        for made in certificates(state, contest):
            if made["proof"] is None and made["witness"] is None:
                seen["open without a witness"] += 1
                continue
            differences = verifier.verify(made, rows, definition)
            assert not differences, (raw, made["claim"], differences[:3], made["proof"], made["witness"])
            seen[f"{made['verdict']}, L stated"] += any("L" in one for one in made["aggregates"])
            if family is not None:
                who = tuple(raw["candidates"][int(name[1:])] for name in made["claim"]["who"])
                said = Said(made["claim"]["type"], who, None, None)
                true = all(family.true_of(raw, said, end) for end in ends)
                assert made["verdict"] == "open" or true, (raw, said)
    with capsys.disabled():
        print(f"\n{name}: {dict(sorted(seen.items()))}")
    assert sum(number for what, number in seen.items() if what.startswith("earlier")) >= 50, seen
    assert seen["a claim undone"] >= 5, seen
    assert seen["irreversible, L stated"] >= 20, seen
    assert seen["open, L stated"] >= 20, seen


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", DRAWS)
def test_no_altered_certificate_with_ballots_in_the_box_passes(name: str) -> None:
    chance, cases = random.Random(f"alter {name}"), []
    for number, raw in enumerate(drawn(name, "alter", 30)):
        state = counted(random.Random(number), raw, Counter())
        rows, definition = material(state, state.contests[0])
        made_all = certificates(state, state.contests[0])
        cases += [Case(made, rows, definition) for made in made_all if made["exact"]]
    refused = 0
    while refused < ALTERATIONS:
        case = chance.choice(cases)
        changed = altered(chance, case)
        if changed is None:
            continue
        found = verifier.verify(*changed.case)
        named = [one.what for one in found if "sha256" not in one.what]
        assert named, (changed.where, case.certificate, changed.case.certificate, case.rows)
        refused += 1

"""Laws every rule obeys at full size: who is called what, one ballot more, two units made one, reports to come."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from ingest.night.night import TimedReport, batched
from ingest.replay import Night, load, ordered
from tally import decide
from tally.claim import Claim
from tally.completions import ALL, Completions
from tally.layout import ContestLayout
from tally.model import Cap, Definition
from tally.report import CountReport
from tally.rules import RULES, Rule
from tally.state import State
from tests.data.counting import count, counted, opened
from tests.data.judged import with_rule
from tests.data.where import published

NIGHTS = {
    "us_ga_2018_two_round": None,
    "alaska_rcv_2022": None,
    "israel_knesset_25": None,
    "venezuela_2013": {"type": "electoral_college", "need": 13},
}
SHARES = (30, 80, 97)  # percent of the batches in
LOOKS = 40  # at one night along the way

VOTERS = 18_904_364
BESIDE: dict[tuple[str, str], tuple[dict[str, Any], ...]] = {
    ("us_ga_2018_two_round", ""): (),
    ("bolivia_2020", ""): (),
    ("alaska_rcv_2022", ""): ({"type": "stv", "seats": 2},),
    ("israel_knesset_25", ""): (),
    ("venezuela_2013", ""): (
        {"type": "two_round"},
        {"type": "qualifying_round", "registered": VOTERS},
        {
            "type": "measure",
            "share": [2, 5],
            "quorum": {"of": "valid", "fraction": [1, 3], "registered": VOTERS},
        },
        {"type": "plurality", "seats": 2},
        {"type": "largest_remainder", "seats": 7},
    ),
    ("venezuela_2013", "state"): (
        {"type": "electoral_college", "need": 13},
        {"type": "district_method", "at_large": 3},
        {"type": "spread", "spread": {"fraction": [1, 4], "units": 20}},
        {"type": "parliament"},
    ),
}
"""Nights, with the type of unit their districts are, and rules to judge them by beside their own."""


@cache
def night_of(name: str) -> Night:
    night = ordered(load(published(name), reports_per_batch=200), "random:7")
    rule = NIGHTS[name]
    return night if rule is None else with_rule(night, rule, "state")


@cache
def part_way(name: str, share: int) -> State:
    night = night_of(name)
    return counted(replace(night, events=night.events[: len(night.events) * share // 100]))[0]


def readings(state: State) -> Iterator[tuple[ContestLayout, Rule, Completions]]:
    """Every contest under its hard caps and under the last assumption it knows."""
    for contest in state.contests:
        layout = contest.layout
        assert layout.rule is not None
        for variant in (0, len(layout.variants) - 1):
            yield layout, layout.rule, decide.completions(layout, contest.sums, variant)


def certain(
    rule: Rule, layout: ContestLayout, completions: Completions
) -> set[tuple[str, frozenset[int], int | None, str | None]]:
    return {told(one) for one in rule.statuses(completions, layout.params) if one.irreversible}


def told(one: Claim) -> tuple[str, frozenset[int], int | None, str | None]:
    return one.kind, frozenset(one.who), one.number, one.place


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", NIGHTS)
def test_one_more_outstanding_ballot_never_makes_a_claim(name: str, share: int) -> None:
    looked = 0
    for layout, rule, completions in readings(part_way(name, share)):
        before = certain(rule, layout, completions)
        for index, group in enumerate(completions.groups[:3]):
            if group.ballots_max is None:
                continue
            more = msgspec.structs.replace(group, ballots_max=group.ballots_max + 1)
            groups = (*completions.groups[:index], more, *completions.groups[index + 1 :])
            after = certain(rule, layout, msgspec.structs.replace(completions, groups=groups))
            made = [one for one in after - before if not any(implied(known, one) for known in before)]
            assert not made, made
            looked += 1
    assert looked or name == "alaska_rcv_2022"


def implied(known: tuple, one: tuple) -> bool:
    """At least 30 says at least 28."""
    if known[:2] != one[:2] or known[3] != one[3] or None in {known[2], one[2]}:
        return False
    return known[2] >= one[2] if "at-least" in one[0] else known[2] <= one[2]


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", ["us_ga_2018_two_round", "alaska_rcv_2022", "venezuela_2013"])
def test_permuting_selections_permutes_claims(name: str, share: int) -> None:
    for layout, rule, completions in readings(part_way(name, share)):
        size = len(completions.counted)
        place = [(j + 1) % size for j in range(size)]  # selection j becomes selection place[j]
        params = layout.params
        if layout.rule is not None and layout.rule.NAME == "irv":
            names = [""] * size
            for j, selection in enumerate(layout.contest.selections):
                names[place[j]] = selection.id
            params = rule.read({"eliminate_first": ["write_in"]}, "", names)
        moved = permuted(completions, place)
        before = {
            (k, frozenset(place[j] for j in who), n, p) for k, who, n, p in certain(rule, layout, completions)
        }
        after = {told(one) for one in rule.statuses(moved, params) if one.irreversible}
        assert after == before


def permuted(completions: Completions, place: list[int]) -> Completions:
    def votes(of: tuple[int, ...]) -> tuple[int, ...]:
        found = [0] * len(of)
        for j, number in enumerate(of):
            found[place[j]] = number
        return tuple(found)

    def mask(bits: int) -> int:
        return ALL if bits == ALL else sum(1 << place[j] for j in range(len(place)) if bits >> j & 1)

    rankings = sorted((tuple(place[j] for j in ranking), n) for ranking, n in completions.rankings)
    return msgspec.structs.replace(
        completions,
        counted=votes(completions.counted),
        groups=tuple(msgspec.structs.replace(g, on_ballot=mask(g.on_ballot)) for g in completions.groups),
        rankings=tuple(rankings),
        districts=tuple(msgspec.structs.replace(d, counted=votes(d.counted)) for d in completions.districts),
        electable=mask(completions.electable),
    )


@pytest.mark.parametrize("name", ["us_ga_2018_two_round", "israel_knesset_25"])
def test_two_units_of_one_style_made_one_change_nothing(name: str) -> None:
    night = night_of(name)
    events = night.events[: len(night.events) * 80 // 100]
    reports = [r for event in events for r in event.command.reports]
    times = Counter(report.unit for report in reports)
    most = max(times.values())  # a unit whose every contest and type is in
    whole, _ = counted(replace(night, events=events))
    leaves = [
        u for u in night.definition.units if times[u.id] == most and (u.voters_registered or u.type_caps)
    ]
    one, other = next((a, b) for a, b in pairwise(leaves) if a.parent == b.parent)
    joined = merged_definition(night.definition, one.id, other.id)
    timed = [TimedReport(None, report) for report in merged_reports(reports, one.id, other.id)]
    batches = batched(joined, timed, 200)
    merged, _ = counted(Night(night.name, joined, batches, 200))
    for (layout, rule, completions), (_, _, again) in zip(readings(whole), readings(merged), strict=True):
        assert again.counted == completions.counted
        assert certain(rule, layout, again) == certain(rule, layout, completions)


def merged_definition(definition: Definition, one: str, other: str) -> Definition:
    by_id = {unit.id: unit for unit in definition.units}
    gone, kept = by_id[other], by_id[one]
    caps = {
        name: Cap(kept.type_caps[name].ballots + gone.type_caps[name].ballots, kept.type_caps[name].source)
        for name in kept.type_caps
    }
    registered = (kept.voters_registered or 0) + (gone.voters_registered or 0)
    kept = msgspec.structs.replace(kept, type_caps=caps, voters_registered=registered or None)
    units = tuple(kept if unit.id == one else unit for unit in definition.units if unit.id != other)
    return msgspec.structs.replace(definition, units=units)


def merged_reports(reports: list[CountReport], one: str, other: str) -> list[CountReport]:
    pairs: dict[tuple[str, str], list[CountReport]] = {}
    rest = []
    for report in reports:
        (pairs.setdefault((report.contest, report.type), []) if report.unit in {one, other} else rest).append(
            report
        )
    for both in pairs.values():
        assert len(both) == 2
        first, second = both
        counts = {name: votes + second.counts[name] for name, votes in first.counts.items()}
        rest.append(
            msgspec.structs.replace(
                first, unit=one, counts=counts, ballots_cast=first.ballots_cast + second.ballots_cast,
                invalid=first.invalid + second.invalid,
            )
        )  # fmt: skip
    return rest


@pytest.mark.parametrize(("name", "districts"), BESIDE)
def test_reports_keep_claims_and_lower_no_slack(
    name: str, districts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Along a whole night, under the hard caps and under the last assumption; corrections start anew."""
    few = 40 if name == "alaska_rcv_2022" else 200
    night = ordered(load(published(name), reports_per_batch=few), "random:7")
    if districts:
        night = with_rule(night, dict(night.definition.contests[0].rule), districts)
    state, seen, last = opened(night), Counter[str](), dict[tuple[int, int, int], tuple[Claim, ...]]()
    known, corrected = dict[tuple[str, str, str], CountReport](), set[str]()
    for number, record in enumerate(count(state, night.events), 1):
        corrected |= {state.contests[one.contest].layout.contest.id for one in record.violations}
        corrected |= corrections(known, night.events[number - 1].command.reports)
        if number % max(1, len(night.events) // LOOKS) and number < len(night.events):
            continue
        for contest, layout in ((one, one.layout) for one in state.contests):
            for judge, (rule, params) in enumerate(judges(layout, BESIDE[name, districts])):
                for variant in {0, len(layout.variants) - 1}:
                    now = rule.statuses(decide.completions(layout, contest.sums, variant), params)
                    before = last.get((layout.index, judge, variant), ())
                    if layout.contest.id not in corrected:
                        compare(rule.NAME, before, now, seen)
                    last[layout.index, judge, variant] = now
        seen["contests corrected"] += len(corrected)
        corrected.clear()
    with capsys.disabled():
        print(f"\n{name} {districts}: {dict(sorted(seen.items()))}")
    rules = {rule.NAME for one in state.contests for rule, _ in judges(one.layout, BESIDE[name, districts])}
    for rule in rules:
        assert seen[f"{rule} kept"] + seen[f"{rule} turned"] or name == "bolivia_2020", (
            rule
        )  # nothing certain
        assert seen[f"{rule} rose"] or rule not in {"plurality", "two_round", "measure", "irv", "stv"}, rule
    assert (seen["contests corrected"] > 0) == (name == "bolivia_2020")


def corrections(known: dict[tuple[str, str, str], CountReport], reports: tuple[CountReport, ...]) -> set[str]:
    """Contests of which something already said in full, or more than is said now, is said otherwise."""
    found = set()
    for report in reports:
        was = known.get((report.contest, report.unit, report.type))
        counts = report.counts or {}
        if was is not None and was.counts is not None:
            fell = any(counts.get(name, 0) < votes for name, votes in was.counts.items())
            if fell or was.status == "completed":
                found.add(report.contest)
        known[report.contest, report.unit, report.type] = report
    return found


def judges(layout: ContestLayout, beside: tuple[dict[str, Any], ...]) -> Iterator[tuple[Rule, Any]]:
    """The contest's own rule, and others, each with its parameters."""
    assert layout.rule is not None
    yield layout.rule, layout.params
    names = [selection.id for selection in layout.contest.selections]
    for raw in beside:
        params = {key: value for key, value in raw.items() if key != "type"}
        if raw["type"] == "parliament":
            params["districts"] = {district.unit: {"seats": 3} for district in layout.districts}
        read = RULES[raw["type"]].read(params, "", names)
        assert not isinstance(read, list), read
        yield RULES[raw["type"]], read


def compare(name: str, before: tuple[Claim, ...], after: tuple[Claim, ...], seen: Counter[str]) -> None:
    now = {told(one): one for one in after}
    sure = {what for what, one in now.items() if one.irreversible}
    for known in before:
        one, what = now.get(told(known)), told(known)
        if known.irreversible:
            assert what in sure or any(implied(other, what) for other in sure), (name, what)
            seen[f"{name} kept"] += 1
        seen[f"{name} turned"] += what in sure and not known.irreversible
        if one is None or known.slack is None or not known.exact or not one.exact:
            continue
        assert one.slack is not None or one.irreversible, (name, what)  # a number does not get lost
        if one.slack is not None:
            assert one.slack >= known.slack, (name, what, known.slack, one.slack)
        seen[f"{name} rose" if one.slack is not None and one.slack > known.slack else f"{name} level"] += 1

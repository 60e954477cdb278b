"""Replaying: what a folder is, orders, paces, our own form, and a journal played as it was."""

import gzip
import json
from itertools import pairwise

import msgspec
import pytest

from ingest.journal.segments import Segments
from ingest.replay import Night, NightUnreadable, load, ordered, paced
from tally import engine, events, freeze
from tally.checks import faults
from tally.model import FORMAT, Bound, Contest, Definition, Election, Selection, Unit
from tally.report import CountBatch, CountReport, DeskCommand
from tests.data.counting import AT_MS, counted
from tests.data.where import published

DEFINITION = Definition(
    FORMAT,
    Election("village", "A village", is_test=True),
    (Unit("v"), *(Unit(f"v-{n}", parent="v", voters_registered=100) for n in range(4))),
    (
        Contest(
            "mayor", (Selection("ann"), Selection("bo")), {"type": "plurality", "seats": 1},
            bound=Bound("registered", hard=True),
        ),
        Contest(
            "clerk", (Selection("cy"), Selection("di")), {"type": "plurality", "seats": 1},
            bound=Bound("registered", hard=True),
        ),
    ),
)  # fmt: skip


def report(unit: str, revision: int, first: int, second: int, **more) -> CountReport:
    more = {"status": "completed", "contest": "mayor"} | more
    names = {"mayor": ("ann", "bo"), "clerk": ("cy", "di")}[more["contest"]]
    return CountReport(
        unit=unit, revision=revision, counts=dict(zip(names, (first, second), strict=True)),
        ballots_cast=first + second, **more,
    )  # fmt: skip


def batch(number: int, *reports: CountReport) -> CountBatch:
    return CountBatch("village", f"b-{number}", "hall", reports, is_test=True)


COMMANDS = (
    batch(1, report("v-0", 1, 10, 5, status="in-process"), report("v-1", 1, 20, 30)),
    batch(2, report("v-0", 2, 40, 20), report("v-0", 1, 7, 8, contest="clerk")),
    DeskCommand("dispute", "seals broken", "desk-1", ("v-1",), "mayor"),
    DeskCommand("correct", "misread", "desk-1", batch=batch(3, report("v-0", 3, 39, 20))),
    batch(4, report("v-2", 1, 90, 20)),  # over its roll: held
    DeskCommand("annul", "boxes lost", "desk-1", ("v-3",)),
    batch(5, CountReport("v-1", "mayor", 2, "not-processed", None, reason="sent by mistake")),
    DeskCommand("restore", "the roll was longer", "desk-1", ("v-2",), "mayor"),
    DeskCommand(
        "amend", "a late roll", "desk-1",
        definition=msgspec.json.decode(
            msgspec.json.encode(
                msgspec.structs.replace(
                    DEFINITION, units=(*DEFINITION.units, Unit("v-4", parent="v", voters_registered=50))
                )
            )
        ),
    ),
    batch(6, report("v-4", 1, 30, 10)),
)  # fmt: skip


def lived(commands, definition: Definition) -> tuple[list[bytes], object]:
    """Journal payloads and the state after commands one second apart."""
    record = engine.define(definition, AT_MS)
    payloads, state = [events.encode(record)], engine.open_state(record)
    for number, command in enumerate(commands, 1):
        step = engine.step(state, command, AT_MS + number * 1_000)
        assert step.record is not None, step
        payloads.append(events.encode(step.record))
        state = engine.apply(state, step.record, step.effects or None)
    return payloads, state


def test_a_recorded_journal_plays_as_it_was(tmp_path):
    payloads, state = lived(COMMANDS, DEFINITION)
    journal = Segments.create(tmp_path / "journal", "test-epoch")
    journal.append(payloads)
    journal.close()
    night = load(tmp_path)
    assert night.definition == DEFINITION
    assert [event.at_ms for event in night.events] == [AT_MS + n * 1_000 for n in range(1, 11)]
    again_payloads, again = lived([event.command for event in night.events], night.definition)
    assert again_payloads == payloads
    assert freeze.digest(again) == freeze.digest(state)
    with pytest.raises(ValueError, match="desk"):
        ordered(night, "random:1")


def test_a_folder_without_a_night_says_what_one_is(tmp_path):
    with pytest.raises(NightUnreadable, match=r"contest\.json, election\.json or journal/"):
        load(tmp_path)
    (tmp_path / "journal").mkdir()
    with pytest.raises(NightUnreadable, match="holds no journal"):
        load(tmp_path)


def write_own(folder, lines: list, packed: bool) -> None:
    (folder / "election.json").write_bytes(msgspec.json.encode(DEFINITION))
    text = b"\n".join(msgspec.json.encode(line) for line in lines) + b"\n"
    name = "batches.ndjson.gz" if packed else "batches.ndjson"
    (folder / name).write_bytes(gzip.compress(text) if packed else text)


@pytest.mark.parametrize("packed", [False, True])
def test_our_own_form(tmp_path, packed):
    batches = [c for c in COMMANDS[:2] if isinstance(c, CountBatch)]
    whole = [msgspec.to_builtins(b) | {"format": "tally-batch/1"} for b in batches]
    write_own(tmp_path, [{"at": "2013-04-14T18:30:00-04:30", "batch": whole[0]}, {"batch": whole[1]}], packed)
    night = load(tmp_path)
    assert [event.command for event in night.events] == batches
    assert [event.at_ms for event in night.events] == [1_365_980_400_000, None]
    state, _ = counted(night)
    assert state.contests[0].nodes[0, :2].tolist() == [60, 50]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"at": "2013-04-14T18:30:00", "batch": msgspec.to_builtins(COMMANDS[0])}, "line 2.*no offset"),
        ({"at": None, "batch": {"election": "village"}}, "line 2.*batch_id"),
        ({"at": None, "batch": msgspec.to_builtins(COMMANDS[0]) | {"format": "tally-batch/2"}}, "line 2.*is not"),
    ],
)  # fmt: skip
def test_our_own_form_names_the_bad_line(tmp_path, line, why):
    write_own(tmp_path, [{"at": None, "batch": msgspec.to_builtins(COMMANDS[0])}, line], packed=False)
    with pytest.raises(NightUnreadable, match=why):
        load(tmp_path)


def test_rankings_are_played_as_ballots():
    night = load(published("alaska_rcv_2022"))
    report = night.events[0].command.reports[0]
    assert report.ballots is not None
    assert sum(one.count for one in report.ballots) + report.invalid == report.ballots_cast


@pytest.mark.parametrize("name", ["us_ga_2018_two_round", "israel_knesset_25"])
def test_contests_of_other_rules_come_to_the_official_totals(name):
    night = load(published(name), reports_per_batch=1_000)
    assert not faults(night.definition)
    state, _ = counted(night)
    about = json.loads((published(name) / "contest.json").read_text("utf-8"))
    official = {contest["id"]: contest["official_totals"] for contest in about["contests"]}
    for contest in state.contests:
        totals = dict(zip(contest.layout.selection_index, contest.nodes[0].tolist(), strict=False))
        assert {s: totals[s] for s in official[contest.layout.contest.id]} == official[
            contest.layout.contest.id
        ]
        assert contest.layout.rule is not None
    assert any(contest.layout.contest.rule["type"] != "plurality" for contest in state.contests)


def streams(night: Night) -> dict[tuple[str, str, str], list[int]]:
    found: dict[tuple[str, str, str], list[int]] = {}
    for event in night.events:
        for r in event.command.reports:
            found.setdefault((r.unit, r.contest, r.type), []).append(r.revision)
    return found


def test_random_orders_keep_each_rows_revisions_in_order_and_are_the_seeds():
    night = load("demo")
    shuffled = ordered(night, "random:7")
    assert streams(shuffled) == streams(night)
    assert list(streams(shuffled)) != list(streams(night))
    assert shuffled == ordered(night, "random:7") != ordered(night, "random:8")
    assert ordered(night, "random") == ordered(night, "random:0")
    assert [e.at_ms for e in shuffled.events] == sorted(e.at_ms for e in night.events)


def test_file_order_is_the_nights_and_time_order_its_times():
    night = load(published("bolivia_2020"))
    assert ordered(night, "file") is night
    backwards = Night(night.name, night.definition, night.events[::-1])
    times = [event.at_ms for event in ordered(backwards, "time").events]
    assert times == sorted(times)


@pytest.mark.parametrize("order", ["", "files", "random:", "random:x", "time:1", "random:-1"])
def test_no_other_order_is_known(order):
    with pytest.raises(ValueError, match="orders: file, time, random, random:SEED"):
        ordered(load("demo"), order)


def test_a_pace_is_a_schedule_of_times_divided():
    night = load("demo")
    first, last = night.events[0].at_ms, night.events[-1].at_ms
    due = list(paced(night.events, 60))
    assert due[0].due_ms == 0
    assert due[-1].due_ms == (last - first) // 60
    assert [d.due_ms for d in due] == sorted(d.due_ms for d in due)
    assert [d.event for d in due] == list(night.events)
    assert {d.due_ms for d in paced(night.events, None)} == {0}
    with pytest.raises(ValueError, match="forwards"):
        list(paced(night.events, 0))


def test_a_night_without_times_is_spread_evenly_over_six_hours():
    night = load(published("israel_knesset_25"), reports_per_batch=100)
    due = [d.due_ms for d in paced(night.events, 1)]
    assert all(event.at_ms is None for event in night.events)
    gaps = {b - a for a, b in pairwise(due)}
    assert max(gaps) - min(gaps) <= 1
    assert due[-1] < 6 * 3_600_000 <= due[-1] + max(gaps)

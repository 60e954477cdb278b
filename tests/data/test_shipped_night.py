"""The shipped night: every sum that was published is exact, whatever was generated is plausible."""

import hashlib
import json
from collections import defaultdict

import msgspec
import numpy as np
import pytest

from ingest.night import earlier
from ingest.night.night import milliseconds
from ingest.night.shipped import SELECTIONS, state_rows
from ingest.replay import load
from tally.state import BALLOTS, DONE, HELD, INVALID, OPEN, REGISTERED
from tally.view import contest_view
from tests.data.counting import count, counted, opened
from tests.data.where import published, rows

SHA256 = "74a87645f9d8734ec5253f533b6ded3e84fc2fea668f87dba4330e30ea1c1a89"
DEFINITION_SHA256 = "a2f31496ea83e15e63093df93852b6bb2dbd3053dd6a4fde1bf68e37dffb7231"


@pytest.fixture(scope="module")
def night():
    return load("demo")


@pytest.fixture(scope="module")
def state(night):
    return counted(night)[0]


def test_the_shipped_table_is_the_councils_pages():
    pages = {
        page["code"][:2]: page
        for page in rows(published("venezuela_2013") / "official_rollups.csv.gz")
        if page["level"] == "estado"
    }
    ours = {row.code: row for row in state_rows()}
    assert set(ours) - set(pages) == {"98", "99"}
    for code, page in pages.items():
        row = ours[code]
        assert row.votes == tuple(int(page[selection.id]) for selection in SELECTIONS)
        assert (row.null, row.ballots_cast) == (int(page["null"]), int(page["ballots_cast"]))
        assert (row.registered_expected, row.registered_transmitted) == (
            int(page["registered_expected"]), int(page["registered_transmitted"]),
        )  # fmt: skip
        assert (row.tables_total, row.tables_in) == (int(page["actas_total"]), int(page["actas_in"]))
    about = json.loads((published("venezuela_2013") / "contest.json").read_text("utf-8"))
    country = about["contests"][0]["cne_national_page_2013_04_15_1909"]
    assert sum(row.registered_expected for row in ours.values()) == country["registered_expected"]
    assert sum(row.tables_total for row in ours.values()) == country["actas_total"]
    assert ours["98"].registered_expected + ours["99"].registered_expected == 101_716


def test_the_columns_of_2012_are_the_councils_pages():
    pages = {
        page["code"][:2]: page
        for page in rows(published("venezuela_2012") / "official_rollups.csv.gz")
        if page["level"] == "estado"
    }
    ours = {row.code: row.before for row in state_rows()}
    assert ours == {
        code: tuple(int(page[name]) for name in earlier.SELECTIONS) for code, page in pages.items()
    }
    about = json.loads((published("venezuela_2012") / "contest.json").read_text("utf-8"))
    totals = about["contests"][0]["official_totals"]
    assert [sum(column) for column in zip(*ours.values(), strict=True)] == [
        totals[name] for name in earlier.SELECTIONS
    ]


def test_the_tables_had_what_their_state_had_in_2012(night, state):
    previous = night.definition.contests[0].previous
    sums = defaultdict(lambda: defaultdict(int))
    for unit, votes in previous.votes.items():
        for name, count_ in votes.items():
            sums[unit[:2]][name] += count_
    for row in state_rows():
        assert tuple(sums[row.code][name] for name in earlier.SELECTIONS) == row.before
    assert set(previous.votes) == {unit.id for unit in state.contests[0].layout.units}


def test_the_swing_of_a_state_that_is_all_in_is_the_real_one(state):
    view = contest_view(state, 0, "e")
    by_state = {place["unit"]: place["swing"] for place in view["subtotals"]}
    seen = 0
    for row in state_rows():
        if row.tables_in < row.tables_total:
            continue
        seen += 1
        swing = by_state[row.code]
        assert (swing["units"], swing["votes"], swing["votes_before"]) == (
            row.tables_total, sum(row.votes), sum(row.before),
        )  # fmt: skip
        of = {one["selection"]: (one["votes"], one["votes_before"]) for one in swing["totals"]}
        assert of["maduro"] == (row.votes[0], row.before[0])
        assert of["capriles"] == (row.votes[1], row.before[1])
        assert of["mendez"] == (row.votes[2], None)
    assert seen >= 5


def test_every_state_adds_up_to_its_line(night, state):
    contest = state.contests[0]
    m = contest.layout.selections
    rolls, tables = defaultdict(int), defaultdict(int)
    for unit in contest.layout.units:
        rolls[unit.id[:2]] += unit.voters_registered
        tables[unit.id[:2]] += 1
    for row in state_rows():
        sums = contest.nodes[contest.layout.node_index[row.code]].tolist()
        assert tuple(sums[:m]) == row.votes
        assert (sums[m + BALLOTS], sums[m + INVALID]) == (row.ballots_cast, row.null)
        assert (sums[m + REGISTERED], sums[m + DONE]) == (row.registered_transmitted, row.tables_in)
        assert (sums[m + OPEN], sums[m + HELD]) == (0, 0)
        assert (rolls[row.code], tables[row.code]) == (row.registered_expected, row.tables_total)


def test_every_table_is_plausible(state):
    contest = state.contests[0]
    rolls = np.array([unit.voters_registered for unit in contest.layout.units])
    ballots = np.asarray(contest.numbers)[:, 1]
    came = np.asarray(contest.progress) == 2
    assert rolls.min() >= 60
    assert rolls.max() <= 600
    assert (ballots <= rolls).all()
    assert (np.asarray(contest.counts) >= 0).all()
    turnout = ballots[came] * 100 // rolls[came]
    assert turnout.min() >= 40
    assert turnout.std() > 3
    ours = np.asarray(contest.counts)[came]
    share = ours[:, 0] * 100 // ours.sum(axis=1)
    assert share.std() > 5
    assert (share < 50).mean() > 0.2
    assert (share > 50).mean() > 0.2
    assert contest.history.violations == 0


def test_no_page_of_the_tree_is_flat(state):
    assert max(len(children) for children in state.layout.children.values()) <= 100
    assert len(state.layout.children[None]) == 26


def test_the_claim_turns_once_before_the_first_bulletin_was_read(night):
    assert night.definition.election.label == "reconstruction"
    assert not night.definition.election.is_test
    state = opened(night)
    turns = [
        (record.at_ms, change.status, change.grade)
        for record in count(state, night.events)
        for change in record.claims
        if change.claim == "elected:maduro"
    ]
    ((at_ms, status, grade),) = turns
    assert (status, grade) == ("irreversible", "certain")
    assert milliseconds("2013-04-14T23:00:00-04:30") < at_ms < milliseconds("2013-04-14T23:15:00-04:30")


def test_99_12_percent_of_the_register_is_in_at_the_first_bulletin(night):
    rolls = {unit.id: unit.voters_registered for unit in night.definition.units}
    until = milliseconds("2013-04-14T23:15:00-04:30")
    came = {r.unit for e in night.events if e.at_ms <= until for r in e.command.reports}
    assert sum(rolls[unit] for unit in came) * 10_000 // 18_904_364 == 9_912


def test_the_last_totals_are_the_councils(state):
    view = contest_view(state, 0, "e")
    about = json.loads((published("venezuela_2013") / "contest.json").read_text("utf-8"))
    page = about["contests"][0]["cne_national_page_2013_04_15_1909"]
    assert {t["selection"]: t["votes"] for t in view["totals"]} == {s.id: page[s.id] for s in SELECTIONS}
    assert view["invalid"] == page["_invalid"]
    assert (view["units"]["total"], view["units"]["completed"]) == (page["actas_total"], page["actas_in"])
    assert view["outstanding"]["certain"] == page["registered_expected"] - page["registered_transmitted"]
    claim = next(c for c in view["claims"] if c["id"] == "elected:maduro")
    assert claim["slack"] == 148_977


def test_some_reports_are_partial_and_one_is_corrected_with_its_reason(night, state):
    reports = [r for e in night.events for r in e.command.reports]
    assert sum(r.status == "in-process" for r in reports) == 40
    (correction,) = state.contests[0].history.corrections
    assert correction.kind == "correction"
    assert "generated" in correction.reason
    assert correction.before[:2] == correction.after[1::-1]
    times = [event.at_ms for event in night.events]
    assert times == sorted(times)


def test_it_is_the_same_on_every_machine(night):
    data = msgspec.json.encode([(event.at_ms, event.command) for event in night.events])
    assert hashlib.sha256(data).hexdigest() == SHA256
    assert hashlib.sha256(msgspec.json.encode(night.definition)).hexdigest() == DEFINITION_SHA256
